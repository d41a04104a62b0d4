package lineage_test

import (
	"testing"

	"github.com/weirgate/weir/policy/lineage"
	"github.com/weirgate/weir/policy/mask"
	"github.com/weirgate/weir/policy/pattern"
)

// A table of a composite type has its columns changed with the type.
func TestAttributesOfTypesThatMaskedColumnsMayBeOfStay(t *testing.T) {
	s := newSite(t, lineage.Equality, "CREATE TYPE pair AS (id int, ssn text); CREATE TABLE typed OF pair;")
	var err error
	s.masks, err = lineage.Compile([]lineage.Rule{{Policy: "p", Name: "ssn", Columns: names(t, "*.*.ssn"), Masker: masker(t, mask.Spec{Type: mask.Redact})}}, s.snapshot)
	must(t, err)
	for sql, passes := range map[string]bool{
		"ALTER TYPE pair RENAME ATTRIBUTE ssn TO b CASCADE":             false,
		"ALTER TYPE pair ALTER ATTRIBUTE ssn TYPE varchar CASCADE":      false,
		"ALTER TYPE public.pair RENAME ATTRIBUTE ssn TO b":              false,
		"ALTER TYPE pair RENAME ATTRIBUTE id TO b CASCADE":              true,
		"ALTER TYPE pair ADD ATTRIBUTE c int CASCADE":                   true,
		"ALTER TABLE typed RENAME COLUMN ssn TO b":                      false,
		"DO $$ BEGIN ALTER TYPE pair RENAME ATTRIBUTE ssn TO b; END $$": false,
	} {
		if v := judgeOnly(t, s, sql); (v == "") != passes {
			t.Errorf("%s: refused by %q", sql, v)
		}
	}
}

func TestListeningIsRefusedWhereATriggerSendsMaskedValues(t *testing.T) {
	const table = "CREATE TABLE person (id int PRIMARY KEY, name text, ssn text); CREATE TABLE task (id int, customer_id int);"
	function := func(name, body string) string {
		return "CREATE FUNCTION " + name + "() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN " + body + " RETURN NEW; END $f$;"
	}
	trigger := func(table, function string) string {
		return "CREATE TRIGGER t_" + function + " AFTER INSERT ON " + table + " FOR EACH ROW EXECUTE FUNCTION " + function + "();"
	}
	for name, c := range map[string]struct {
		setup   string
		trusted string
		passes  bool
	}{
		"no triggers":                  {"", "", true},
		"it sends a key":               {function("f", "PERFORM pg_notify('c', NEW.id::text);") + trigger("person", "f"), "", true},
		"it sends the name of a table": {function("f", "NOTIFY c, 'person';") + trigger("person", "f"), "", true},
		"it sends whole rows":          {function("f", "PERFORM pg_notify('c', row_to_json(NEW)::text);") + trigger("person", "f"), "", false},
		"it is trusted":                {function("f", "PERFORM pg_notify('c', row_to_json(NEW)::text);") + trigger("person", "f"), "public.f", true},
		"it sends a masked value":      {function("f", "PERFORM pg_notify('c', 'new: ' || NEW.ssn);") + trigger("person", "f"), "", false},
		"it sends text made later":     {function("f", "EXECUTE format('NOTIFY c, %L', NEW.ssn);") + trigger("person", "f"), "", false},
		"it looks one up":              {function("f", "PERFORM pg_notify('c', (SELECT email FROM customers WHERE id = NEW.customer_id));") + trigger("task", "f"), "", false},
		"rows without masked columns":  {function("f", "PERFORM pg_notify('c', row_to_json(NEW)::text);") + trigger("task", "f"), "", true},
		"it only stores rows":          {"CREATE TABLE log (r jsonb);" + function("f", "INSERT INTO log VALUES (to_jsonb(NEW));") + trigger("person", "f"), "", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, lineage.Equality, table+c.setup)
			rule := lineage.Rule{Policy: "p", Name: "ssn", Columns: names(t, "*.*.ssn", "public.customers.email"), Masker: masker(t, mask.Spec{Type: mask.Redact})}
			if c.trusted != "" {
				f, err := pattern.ParseName(c.trusted)
				must(t, err)
				rule.Trusted = []pattern.Name{f}
			}
			var err error
			s.masks, err = lineage.Compile([]lineage.Rule{rule}, s.snapshot)
			must(t, err)
			for sql, passes := range map[string]bool{
				"LISTEN c": c.passes, "UNLISTEN c": true, "NOTIFY c, 'x'": true,
				"CLUSTER person USING person_pkey": false, "CLUSTER": true, "CREATE INDEX i ON task (id)": true, "CLUSTER task USING i": true,
			} {
				if v := judgeOnly(t, s, sql); (v == "") != passes {
					t.Errorf("%s: refused by %q", sql, v)
				}
			}
		})
	}
}
