package proxy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// What a transaction makes itself shows nothing that is masked, whatever it is called,
// replaced by or rolled back to, with a login of weir's own and without one.
func TestWhatATransactionMakesLiftsNoMask(t *testing.T) {
	o := options{rules: `
  masks:
  - {name: contact, columns: [public.customers.email, "*.*.ssn"], with: {type: Redact}}
`, setup: vault + `
CREATE FUNCTION same(t text) RETURNS text LANGUAGE sql AS 'SELECT t';
CREATE FUNCTION first_mail() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT email FROM customers ORDER BY id LIMIT 1';
CREATE FUNCTION calls() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN helper(); END';
CREATE FUNCTION fine() RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
CREATE FUNCTION copies() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO plain SELECT 7, email FROM customers; RETURN NEW; END';
CREATE VIEW mails AS SELECT id, email FROM customers; CREATE VIEW harmless AS SELECT id, name FROM customers;
ALTER FUNCTION same(text) OWNER TO shop_app; ALTER FUNCTION first_mail() OWNER TO shop_app; ALTER FUNCTION calls() OWNER TO shop_app;
ALTER FUNCTION fine() OWNER TO shop_app; ALTER FUNCTION copies() OWNER TO shop_app; ALTER VIEW mails OWNER TO shop_app; ALTER VIEW harmless OWNER TO shop_app;
CREATE SCHEMA aside; ALTER SCHEMA aside OWNER TO shop_app;
`}
	attacks := []string{
		"CREATE FUNCTION f() RETURNS SETOF text LANGUAGE sql AS 'SELECT email FROM customers'|SELECT * FROM f()",
		"CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT max(ssn) FROM customers); END'|SELECT f()",
		"CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS 'DECLARE t text; BEGIN EXECUTE ''SELECT email FROM customers WHERE id = 1'' INTO t; RETURN t; END'|SELECT f()",
		"CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT first_mail()'|SELECT f()",
		"ALTER FUNCTION fine() RENAME TO was|ALTER FUNCTION first_mail() RENAME TO fine|SELECT fine()",
		"ALTER FUNCTION first_mail() RENAME TO helper|SELECT calls()",
		"ALTER FUNCTION first_mail() SET SCHEMA aside|SELECT aside.first_mail()",
		"CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT 1::text'|ALTER FUNCTION f() RENAME TO g|ALTER FUNCTION first_mail() RENAME TO f|SELECT f()",
		"CREATE FUNCTION lower2(t text) RETURNS text LANGUAGE sql AS 'SELECT t'|ALTER FUNCTION lower2(text) RENAME TO lower|SELECT public.lower(email) FROM customers|SELECT lower(email) FROM customers",
		"CREATE FUNCTION first_mail(int) RETURNS text LANGUAGE sql AS 'SELECT NULL::text'|ALTER FUNCTION first_mail() IMMUTABLE|SELECT first_mail()",
		"CREATE FUNCTION helper() RETURNS text LANGUAGE sql AS 'SELECT max(email) FROM customers'|SELECT calls()",
		"CREATE OR REPLACE FUNCTION same(t text) RETURNS text LANGUAGE sql AS 'SELECT reverse(t)'|SELECT same(email) FROM customers",
		"CREATE FUNCTION f(t text) RETURNS text LANGUAGE sql AS 'SELECT reverse(t)'|SELECT f(email) FROM customers|SELECT f(c.email) FROM customers c",
		"CREATE FUNCTION f(c customers) RETURNS text LANGUAGE sql AS 'SELECT c.email'|SELECT f(c) FROM customers c|SELECT c.f FROM customers c",
		"CREATE FUNCTION f(t text) RETURNS text LANGUAGE sql AS 'SELECT t'|SAVEPOINT a|CREATE OR REPLACE FUNCTION f(t text) RETURNS text LANGUAGE sql AS 'SELECT upper(t)'|ROLLBACK TO a|SELECT f(ssn) FROM customers",
		"CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT max(body) FROM later); END'|CREATE VIEW later AS SELECT email AS body FROM customers|SELECT f()",
		"CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT max(email) FROM later); END'|ALTER VIEW mails RENAME TO later|SELECT f()",
		"CREATE VIEW v AS SELECT email FROM customers|SELECT * FROM v", "CREATE TABLE t AS SELECT email FROM customers|SELECT * FROM t",
		"CREATE TABLE t (e text)|INSERT INTO t SELECT email FROM customers|SELECT * FROM t", "CREATE TABLE t (e text)|INSERT INTO t SELECT email FROM mails|SELECT * FROM t",
		"CREATE MATERIALIZED VIEW t AS SELECT email FROM mails|SELECT * FROM t",
		"CREATE OR REPLACE VIEW harmless AS SELECT id, email AS name FROM customers|SELECT * FROM harmless",
		"ALTER TABLE customers RENAME TO open|SELECT email FROM open", "ALTER TABLE customers RENAME COLUMN email TO name2|SELECT name2 FROM customers",
		"ALTER TABLE customers SET SCHEMA aside|SELECT email FROM aside.customers", "ALTER VIEW mails RENAME TO open|SELECT email FROM open", "ALTER SCHEMA public RENAME TO other|SELECT email FROM other.customers",
		"CREATE TRIGGER t BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION copies()|UPDATE customers SET name = 'x' WHERE id = 1|SELECT * FROM plain",
		"CREATE TRIGGER t AFTER INSERT ON plain FOR EACH ROW WHEN (NEW.id < 5) EXECUTE FUNCTION copies()|INSERT INTO plain VALUES (4, '')|SELECT * FROM plain",
		"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.secret := (SELECT max(email) FROM customers); RETURN NEW; END'|CREATE TRIGGER t BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION f()|INSERT INTO plain VALUES (4, '') RETURNING secret",
		"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', OLD.email; RETURN NEW; END'|CREATE TRIGGER t BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION f()|UPDATE customers SET name = 'x'",
		"CREATE TABLE kids () INHERITS (customers)|SELECT email FROM kids", "CREATE TABLE t (id int, name text NOT NULL, email text, ssn text, born date)|ALTER TABLE customers INHERIT t|SELECT email FROM t",
		"ALTER TABLE plain ALTER secret SET DEFAULT first_mail()|INSERT INTO plain (id) VALUES (4) RETURNING secret",
		"CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT secret FROM plain'|ALTER TABLE plain RENAME TO p2|ALTER VIEW mails RENAME TO plain|SELECT f()",
		"CREATE RULE r AS ON INSERT TO plain DO ALSO SELECT email FROM customers|INSERT INTO plain VALUES (4, '')",
		"CREATE AGGREGATE a(text) (sfunc = textcat, stype = text, initcond = '')|SELECT a(email) FROM customers",
		"CREATE DOMAIN d AS text CHECK (first_mail() <> '')|SELECT 'x'::d", "CREATE OPERATOR ### (rightarg = text, function = same)|SELECT ### email FROM customers",
		"DO $$ BEGIN EXECUTE 'CREATE FUNCTION f() RETURNS text LANGUAGE sql AS ''SELECT max(email) FROM customers'''; END $$|SELECT f()",
		"DO $$ BEGIN CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT max(email) FROM customers'; RAISE NOTICE '%', f(); END $$",
		"CREATE TABLE t (id int PRIMARY KEY, e text REFERENCES customers (email))|INSERT INTO t VALUES (1, 'x')",
		"CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT 1::text'|PREPARE p AS SELECT f(), same(email) FROM customers|CREATE OR REPLACE FUNCTION same(t text) RETURNS text LANGUAGE sql AS 'SELECT reverse(t)'|EXECUTE p",
		"CREATE TABLE customers2 (LIKE customers)|INSERT INTO customers2 SELECT * FROM customers|SELECT * FROM customers2",
	}
	for _, login := range []string{"a login of weir's own", "the session's own connection"} {
		t.Run(login, func(t *testing.T) {
			var s *site
			if login == "the session's own connection" {
				s = passing(t, o)
			} else {
				s = newSite(t, o)
			}
			harmful := 0
			for _, attack := range attacks {
				parts := strings.Split("BEGIN|"+attack, "|")
				if shows(everything(t, s, parts, at(s.pg.Addr().String()))) {
					harmful++
				}
				for _, texts := range [][]string{parts, {strings.Join(parts, "; ")}} {
					if got := everything(t, s, texts); shows(got) {
						t.Errorf("%s: shown: %s", attack, got)
					}
				}
			}
			if harmful < len(attacks)*2/3 {
				t.Errorf("%d of %d show something past weir", harmful, len(attacks))
			}
		})
	}
}

// everything gives all texts that a client gets in answer to some.
func everything(t *testing.T, s *site, texts []string, change ...func(*pgx.ConnConfig)) string {
	t.Helper()
	var seen strings.Builder
	conn := s.connect(append(change, simple, asRole, func(c *pgx.ConnConfig) {
		c.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { seen.WriteString(n.Message + n.Detail + "\n") }
	})...)
	defer func() { _ = conn.Close(t.Context()) }()
	for _, text := range texts {
		results, err := conn.PgConn().Exec(t.Context(), text).ReadAll()
		for _, r := range results {
			for _, row := range r.Rows {
				for _, value := range row {
					seen.Write(value)
					seen.WriteByte('\n')
				}
			}
		}
		if e := pgError(err); e != nil {
			seen.WriteString(e.Message + e.Detail + e.Hint + "\n")
		}
	}
	return seen.String()
}

// shows says whether a secret is in a text, forwards or backwards.
func shows(text string) bool {
	return slices.ContainsFunc(secrets, func(secret string) bool {
		backwards := []byte(secret)
		slices.Reverse(backwards)
		return strings.Contains(strings.ToLower(text), secret) || strings.Contains(text, string(backwards))
	})
}
