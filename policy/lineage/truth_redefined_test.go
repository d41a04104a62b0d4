package lineage_test

import (
	"testing"

	"github.com/weirgate/weir/policy/lineage"
	"github.com/weirgate/weir/policy/statement"
)

func TestNoFunctionIsFollowedThatTheTransactionMayHaveChanged(t *testing.T) {
	s := newSite(t, lineage.Equality, functions+`
CREATE PROCEDURE redefines() LANGUAGE plpgsql AS 'BEGIN CREATE OR REPLACE FUNCTION same(text) RETURNS text LANGUAGE sql AS ''SELECT reverse($1)''; END';
CREATE FUNCTION moves() RETURNS int LANGUAGE sql AS 'ALTER FUNCTION same(text) RENAME TO other; SELECT 1';`)
	for _, sql := range []string{
		"SELECT same(email) FROM customers", "SELECT email_of(1)", "SELECT * FROM listing()", "SELECT pl_same(email) FROM customers", "SELECT nested(1)",
		"SELECT c.of_row FROM customers c", "SELECT o.of_order FROM orders o",
	} {
		facts, err := statement.Parse(sql)
		must(t, err)
		if plan := s.masks.Judge(&facts.Statements[0], lineage.Env{Fresh: true}); plan.Refused {
			t.Errorf("refused without a change: %s: %s", sql, plan.Message)
		}
		if plan := s.masks.Judge(&facts.Statements[0], lineage.Env{Fresh: true, Redefines: true}); !plan.Refused {
			t.Errorf("not refused: %s", sql)
		}
	}
	for sql, want := range map[string]bool{
		"CREATE OR REPLACE FUNCTION same(text) RETURNS text LANGUAGE sql AS 'SELECT reverse($1)'": true,
		"ALTER FUNCTION same(text) RENAME TO other":                                               true,
		"DROP FUNCTION same(text)":                                                                true,
		"DO 'BEGIN CREATE FUNCTION x() RETURNS int LANGUAGE sql AS ''SELECT 1''; END'":            true,
		"CALL redefines()":                          true,
		"SELECT moves()":                            true,
		"CREATE EXTENSION hstore":                   true,
		"ALTER SCHEMA other RENAME TO x":            true,
		"SELECT same('x')":                          false,
		"INSERT INTO orders (id) VALUES (1)":        false,
		"CREATE TABLE x (a int)":                    false,
		"SELECT total_of(1)":                        false,
		"UPDATE orders SET note = 'x' WHERE id = 1": false,
	} {
		facts, err := statement.Parse(sql)
		must(t, err)
		if got := s.masks.Redefines(&facts.Statements[0]); got != want {
			t.Errorf("%s: %t", sql, got)
		}
	}
}

// What a trigger asks of columns that it reads itself is not judged, whatever its table:
// nor would be what another body of a function asks that it calls.
func TestAFunctionThatATriggerAsksWithKeepsItsBody(t *testing.T) {
	s := newSite(t, lineage.Equality, `
CREATE TABLE visits (id int, at timestamptz);
CREATE FUNCTION seen(t text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN t <> ''''; END';
CREATE FUNCTION visited() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF seen((SELECT email FROM customers WHERE id = NEW.id)) THEN RETURN NEW; END IF; RETURN NULL; END';
CREATE TRIGGER visited BEFORE INSERT ON visits FOR EACH ROW EXECUTE FUNCTION visited();`)
	for sql, refused := range map[string]bool{
		"CREATE OR REPLACE FUNCTION seen(t text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN IF left(t, 1) = ''a'' THEN RAISE EXCEPTION ''x''; END IF; RETURN true; END'": true,
		"CREATE OR REPLACE FUNCTION visited() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.id := abs(NEW.id); RETURN NEW; END'":                                        false,
		"CREATE FUNCTION other(t text) RETURNS boolean LANGUAGE sql AS 'SELECT true'":                                                                                    false,
		"INSERT INTO visits VALUES (1)": false,
	} {
		facts, err := statement.Parse(sql)
		must(t, err)
		if plan := s.masks.Judge(&facts.Statements[0], lineage.Env{Fresh: true}); plan.Refused != refused {
			t.Errorf("refused is %v, want %v: %s: %s", plan.Refused, refused, sql, plan.Message)
		}
	}
}
