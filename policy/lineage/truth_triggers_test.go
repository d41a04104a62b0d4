package lineage_test

import (
	"context"
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/lineage"
	"github.com/weirgate/weir/policy/mask"
	"github.com/weirgate/weir/policy/pattern"
)

// audited are tables with triggers as people have them.
const audited = `
CREATE TABLE audit (id serial, what text, row jsonb);
CREATE TABLE audit_masked (id serial, what text, ssn jsonb);
CREATE TABLE person (id int PRIMARY KEY, name text, ssn text, region int, changed timestamptz);
INSERT INTO person SELECT i, 'n'||i, 'qzxv'||i, 1 FROM generate_series(1, 3) i;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.changed := now(); RETURN NEW; END';
CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.ssn := upper(trim(NEW.ssn)); IF NEW.ssn = '''' THEN RAISE EXCEPTION ''empty: %'', NEW; END IF; RETURN NEW; END';
CREATE FUNCTION log_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO audit (what, row) VALUES (TG_OP, to_jsonb(NEW)); RETURN NULL; END';
CREATE FUNCTION log_old() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF TG_OP = ''DELETE'' THEN INSERT INTO audit (what, row) VALUES (TG_OP, row_to_json(OLD)::jsonb); RETURN OLD; ELSE INSERT INTO audit (what, row) SELECT TG_OP, to_jsonb(OLD.*); RETURN NEW; END IF; END';
CREATE FUNCTION log_masked() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO audit_masked (what, ssn) VALUES (TG_TABLE_NAME, to_jsonb(NEW)); RETURN NULL; END';
CREATE FUNCTION log_clean() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO audit (what, row) VALUES (TG_OP || NEW.name, jsonb_build_object(''id'', NEW.id, ''n'', (SELECT count(*) FROM customers))); RETURN NULL; END';
CREATE FUNCTION mixes() RETURNS trigger LANGUAGE plpgsql AS 'DECLARE r person; BEGIN r := NEW; r.name := NEW.ssn; RETURN r; END';
CREATE FUNCTION copies() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note := (SELECT email FROM customers WHERE id = NEW.customer_id); RETURN NEW; END';
CREATE FUNCTION log_rows() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO audit (what) SELECT ssn FROM rows_after; RETURN NULL; END';
CREATE FUNCTION routed() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN EXECUTE format(''INSERT INTO notes_%s SELECT ($1).*'', NEW.n) USING NEW; RETURN NULL; END';
CREATE TABLE p_touch () INHERITS (person); CREATE TRIGGER a BEFORE UPDATE OR INSERT ON p_touch FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TABLE p_tidy () INHERITS (person); CREATE TRIGGER a BEFORE UPDATE OR INSERT ON p_tidy FOR EACH ROW EXECUTE FUNCTION tidy();
CREATE TABLE p_log () INHERITS (person); CREATE TRIGGER a AFTER UPDATE OR INSERT ON p_log FOR EACH ROW EXECUTE FUNCTION log_it();
CREATE TABLE p_old () INHERITS (person); CREATE TRIGGER a BEFORE UPDATE OR DELETE ON p_old FOR EACH ROW EXECUTE FUNCTION log_old();
CREATE TABLE p_masked () INHERITS (person); CREATE TRIGGER a AFTER UPDATE OR INSERT ON p_masked FOR EACH ROW EXECUTE FUNCTION log_masked();
CREATE TABLE p_clean () INHERITS (person); CREATE TRIGGER a AFTER UPDATE OR INSERT ON p_clean FOR EACH ROW EXECUTE FUNCTION log_clean();
CREATE TABLE p_mixes () INHERITS (person); CREATE TRIGGER a BEFORE UPDATE OR INSERT ON p_mixes FOR EACH ROW EXECUTE FUNCTION mixes();
CREATE TABLE p_rows () INHERITS (person); CREATE TRIGGER a AFTER UPDATE ON p_rows REFERENCING NEW TABLE AS rows_after FOR EACH STATEMENT EXECUTE FUNCTION log_rows();
CREATE TABLE o_touch (id int, changed timestamptz); CREATE TRIGGER a BEFORE UPDATE OR INSERT ON o_touch FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TABLE o_log (id int, changed timestamptz); CREATE TRIGGER a AFTER UPDATE OR INSERT ON o_log FOR EACH ROW EXECUTE FUNCTION log_it();
CREATE TABLE o_copies (id int, customer_id int, note text); CREATE TRIGGER a BEFORE UPDATE OR INSERT ON o_copies FOR EACH ROW EXECUTE FUNCTION copies();
CREATE TABLE o_routed (n int, note text); CREATE TRIGGER a BEFORE INSERT ON o_routed FOR EACH ROW EXECUTE FUNCTION routed();
CREATE TABLE parent (id int PRIMARY KEY, name text);
CREATE TABLE part (id int, parent_id int REFERENCES parent ON DELETE CASCADE, ssn text); CREATE TRIGGER a BEFORE DELETE ON part FOR EACH ROW EXECUTE FUNCTION log_old();
`

func TestTriggersMayDoWhatShowsNoMaskedValue(t *testing.T) {
	s := newSite(t, lineage.Equality, audited)
	redact := masker(t, mask.Spec{Type: mask.Redact})
	rules := []lineage.Rule{{Policy: "p", Name: "ssn", Columns: names(t, "*.*.ssn", "public.customers.email"), Masker: redact}}
	var err error
	s.masks, err = lineage.Compile(rules, s.snapshot)
	must(t, err)
	for sql, passes := range map[string]bool{
		"UPDATE p_touch SET name = 'x' WHERE id = 1":                                                    true,
		"INSERT INTO p_touch (id) VALUES (1)":                                                           true,
		"UPDATE p_tidy SET name = 'x' WHERE id = 1":                                                     true,
		"INSERT INTO p_tidy (id, ssn) VALUES (1, 'x')":                                                  true,
		"INSERT INTO p_log (id, ssn) VALUES (1, 'x')":                                                   true,
		"INSERT INTO p_log (id, ssn) VALUES (1, 'x') RETURNING id, ssn":                                 true,
		"INSERT INTO p_log (id, ssn) SELECT id, ssn FROM person":                                        false,
		"INSERT INTO p_log (id, ssn) VALUES (1, (SELECT max(ssn) FROM p_log))":                          false,
		"UPDATE p_log SET name = 'x' WHERE id = 1":                                                      false,
		"WITH x AS (UPDATE p_log SET name = 'x' RETURNING id) SELECT * FROM x":                          false,
		"UPDATE person SET name = 'x' WHERE id = 1":                                                     false, // its children fire
		"UPDATE p_old SET name = 'x' WHERE id = 1":                                                      false,
		"DELETE FROM p_old WHERE id = 1":                                                                false,
		"INSERT INTO p_old (id) VALUES (1)":                                                             true,
		"UPDATE p_masked SET name = 'x' WHERE id = 1":                                                   true,
		"UPDATE p_clean SET name = 'x' WHERE id = 1":                                                    true,
		"UPDATE p_mixes SET name = 'x' WHERE id = 1":                                                    false,
		"INSERT INTO p_mixes (id, ssn) VALUES (1, 'x')":                                                 true,
		"UPDATE p_rows SET name = 'x' WHERE id = 1":                                                     false,
		"UPDATE o_touch SET id = 2":                                                                     true,
		"UPDATE o_log SET id = 2":                                                                       true,
		"INSERT INTO o_log (id) VALUES (1)":                                                             true,
		"INSERT INTO o_copies (id, customer_id) VALUES (1, 1)":                                          false,
		"UPDATE o_copies SET id = 1":                                                                    false,
		"DELETE FROM o_copies":                                                                          true,
		"INSERT INTO o_routed VALUES (1, 'x')":                                                          false,
		"DELETE FROM parent WHERE id = 1":                                                               false,
		"UPDATE parent SET name = 'x'":                                                                  true,
		"COPY p_log FROM STDIN":                                                                         true,
		"MERGE INTO p_log USING person ON false WHEN NOT MATCHED THEN INSERT (id, ssn) VALUES (1, 'x')": false,
		"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'UPDATE p_log SET name = name RETURNING id'":   false,
		"INSERT INTO o_log (id) SELECT id FROM customers":                                               true,
		"INSERT INTO p_log (id) VALUES (1); UPDATE p_log SET name = 'x'":                                true, // the first of two
	} {
		v := judgeOnly(t, s, sql)
		if (v == "") != passes {
			t.Errorf("%s: refused by %q", sql, v)
		}
	}
	trusted, err := pattern.ParseName("public.routed")
	must(t, err)
	other, err := pattern.ParseName("public.log_*")
	must(t, err)
	rules[0].Trusted = []pattern.Name{trusted, other}
	s.masks, err = lineage.Compile(rules, s.snapshot)
	must(t, err)
	for sql, passes := range map[string]bool{
		"INSERT INTO o_routed VALUES (1, 'x')":                 true,
		"UPDATE p_log SET name = 'x' WHERE id = 1":             true,
		"DELETE FROM parent WHERE id = 1":                      true,
		"UPDATE p_mixes SET name = 'x' WHERE id = 1":           false,
		"INSERT INTO o_copies (id, customer_id) VALUES (1, 1)": false,
	} {
		if v := judgeOnly(t, s, sql); (v == "") != passes {
			t.Errorf("with trusted functions: %s: refused by %q", sql, v)
		}
	}
	// One policy's word is not enough where another has masks, too.
	s.masks, err = lineage.Compile(append(rules, lineage.Rule{Policy: "q", Name: "other", Columns: names(t, "public.made.ssn"), Masker: redact}), s.snapshot)
	must(t, err)
	if v := judgeOnly(t, s, "INSERT INTO o_routed VALUES (1, 'x')"); v == "" {
		t.Error("a function is trusted although one of two policies does not say so")
	}
}

func TestWhatATriggerIsRefusedForIsStored(t *testing.T) {
	s := newSite(t, lineage.Equality, audited)
	ctx := context.Background()
	for _, sql := range []string{
		"INSERT INTO p_log SELECT * FROM person; UPDATE p_log SET name = 'x'; SELECT row FROM audit",
		"INSERT INTO p_mixes SELECT * FROM person; UPDATE p_mixes SET region = 2; SELECT name FROM p_mixes",
		"INSERT INTO p_rows SELECT * FROM person; UPDATE p_rows SET region = 2; SELECT what FROM audit",
		"INSERT INTO parent VALUES (1); INSERT INTO part VALUES (1, 1, 'qzxv'); DELETE FROM parent; SELECT row FROM audit",
	} {
		r, err := s.conn.Exec(ctx, "BEGIN; "+sql).ReadAll()
		must(t, err)
		found := false
		for _, row := range r[len(r)-1].Rows {
			found = found || canary(row[0]) != ""
		}
		if !found {
			t.Errorf("nothing is stored: %s", sql)
		}
		_, err = s.conn.Exec(ctx, "ROLLBACK").ReadAll()
		must(t, err)
	}
}

// judgeOnly gives the construct for which a statement is refused.
func judgeOnly(t testing.TB, s *site, sql string) string {
	t.Helper()
	plan := s.plan(t, sql)
	if !plan.Refused {
		return ""
	}
	return strings.TrimSpace(plan.Construct + ": " + plan.Detail)
}
