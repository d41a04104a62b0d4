package proxy_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/weirgate/weir/policy/approval"
)

// atOnce asks for approvals without a wait, and lets the schema be changed.
var atOnce = strings.Replace(strings.Replace(rules, "wait: 20s", "wait: 0s", 1), "commands: [Drop, Truncate]", "commands: [Vacuum]", 1)

// An approval is for what the approver could look at: the statement with the tables, views
// and functions that its names stood for.
func TestWhatIsApprovedDoesNotComeToMeanSomethingElse(t *testing.T) {
	const setup = `
CREATE TABLE orders@ AS SELECT * FROM orders; CREATE TABLE spare@ AS SELECT * FROM orders; CREATE TABLE unrelated@ (id integer);
CREATE VIEW recent@ AS SELECT * FROM orders@ WHERE id > 90;
CREATE VIEW outer_recent@ AS SELECT * FROM recent@;
CREATE FUNCTION purge@() RETURNS void LANGUAGE sql AS 'DELETE FROM orders@ WHERE id = 1';
CREATE FUNCTION chosen@() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION fires@() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
ALTER TABLE orders@ OWNER TO shop_app; ALTER TABLE spare@ OWNER TO shop_app; ALTER TABLE unrelated@ OWNER TO shop_app;
ALTER VIEW recent@ OWNER TO shop_app; ALTER VIEW outer_recent@ OWNER TO shop_app;
ALTER FUNCTION purge@() OWNER TO shop_app; ALTER FUNCTION chosen@() OWNER TO shop_app; ALTER FUNCTION fires@() OWNER TO shop_app;
`
	cases := []struct {
		name                  string
		before, text, between string
		passes                bool
	}{
		{"nothing happens", "", "DELETE FROM orders@ WHERE id = 1", "", true},
		{"another table changes", "", "DELETE FROM orders@ WHERE id = 1", "ALTER TABLE unrelated@ RENAME TO others", true},
		{"another table is temporary", "", "DELETE FROM orders@ WHERE id = 1", "CREATE TEMP TABLE scratch (id integer)", true},
		{"tables change places", "", "DELETE FROM orders@ WHERE id = 1", "ALTER TABLE orders@ RENAME TO kept; ALTER TABLE spare@ RENAME TO orders@", false},
		{"a temporary one covers it", "", "DELETE FROM orders@ WHERE id = 1", "CREATE TEMP TABLE orders@ (id integer)", false},
		{"a temporary one uncovers it", "CREATE TEMP TABLE orders@ (id integer)", "DELETE FROM orders@ WHERE id = 1", "DROP TABLE orders@", false},
		{"a view shows more", "", "DELETE FROM recent@ WHERE id > 95", "CREATE OR REPLACE VIEW recent@ AS SELECT * FROM orders@ WHERE id > 0", false},
		{"a view of a view shows more", "", "DELETE FROM outer_recent@ WHERE id > 95", "CREATE OR REPLACE VIEW recent@ AS SELECT * FROM orders@ WHERE id > 0", false},
		{"a function deletes more", "", "SELECT purge@()", "CREATE OR REPLACE FUNCTION purge@() RETURNS void LANGUAGE sql AS 'DELETE FROM orders@ WHERE id > 0'", false},
		{"a condition chooses another", "", "DELETE FROM orders@ WHERE id = chosen@()", "CREATE OR REPLACE FUNCTION chosen@() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 2'", false},
		{"a temporary function changes", "CREATE FUNCTION pg_temp.mine() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1'", "DELETE FROM orders@ WHERE id = pg_temp.mine()", "CREATE OR REPLACE FUNCTION pg_temp.mine() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 2'", false},
		{"a trigger comes", "", "DELETE FROM orders@ WHERE id = 1", "CREATE TRIGGER t BEFORE DELETE ON orders@ FOR EACH ROW EXECUTE FUNCTION fires@()", false},
		{"a schema comes in front", "", "DELETE FROM orders@ WHERE id = 1", "SET search_path TO pg_catalog, public", false},
		{"another table has its columns", "", "DELETE FROM orders@ WHERE id = 1", "DROP TABLE orders@ CASCADE; CREATE TABLE orders@ AS SELECT * FROM spare@", false},
	}
	var all strings.Builder
	for i := range cases {
		all.WriteString(strings.ReplaceAll(setup, "@", fmt.Sprint(i)))
	}
	s := newSite(t, options{rules: atOnce, setup: all.String()})
	for i, c := range cases {
		for _, text := range []*string{&c.before, &c.text, &c.between} {
			*text = strings.ReplaceAll(*text, "@", fmt.Sprint(i))
		}
		t.Run(c.name, func(t *testing.T) {
			conn := s.connect(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol })
			run := func(text string) error {
				_, err := conn.Exec(t.Context(), text)
				return err
			}
			approved := func(text string) {
				t.Helper()
				err := run(text)
				if err == nil {
					return
				}
				refused(t, err, "42501", "ap-")
				s.decide(s.pending(1).ID, true)
				must(t, run(text))
			}
			if c.before != "" {
				approved(c.before)
			}
			refused(t, run(c.text), "42501")
			r := s.pending(1)
			if r.Text != c.text || r.Meaning == "" {
				t.Errorf("asked for %q, meaning %q", r.Text, r.Meaning)
			}
			s.decide(r.ID, true)
			if c.between != "" {
				approved(c.between)
			}
			err := run(c.text)
			if c.passes {
				must(t, err)
				return
			}
			refused(t, err, "42501")
			again := s.pending(1)
			if again.ID == r.ID {
				t.Error("it is the same request")
			}
			s.decide(again.ID, false)
		})
	}
}

// Who may give an approval is what the documents say when it is used.
func TestAnApprovalByWhoMayNotGiveItAnyMoreDoesNotCount(t *testing.T) {
	narrow := strings.Replace(rules, "approvers: {any: true}", "approvers: {users: [chief]}", 1)
	const text = "DELETE FROM orders WHERE id = 1"
	t.Run("before it is sent again", func(t *testing.T) {
		s := newSite(t, options{rules: atOnce})
		c := s.connect()
		_, err := c.Exec(t.Context(), text)
		refused(t, err, "42501")
		r := s.pending(1)
		s.decide(r.ID, true)
		s.use(strings.Replace(narrow, "wait: 20s", "wait: 0s", 1))
		_, err = c.Exec(t.Context(), text)
		refused(t, err, "42501", "chief")
		if old, err := s.broker.Get(t.Context(), r.ID); err != nil || old.State != approval.Cancelled {
			t.Errorf("the old request is %+v, %v", old, err)
		}
		if again := s.pending(1); again.ID == r.ID || len(again.Approvers) != 1 {
			t.Errorf("asked for %+v", again)
		}
	})
	for _, mode := range modes {
		t.Run("while it is held, "+mode.String(), func(t *testing.T) {
			s := newSite(t, options{})
			c := s.connect(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode })
			done := later(func() error {
				_, err := c.Exec(context.Background(), text)
				return err
			})
			r := s.pending(1)
			within(func() bool { return s.gateway.Holds(r.ID) })
			s.use(narrow)
			s.decide(r.ID, true)
			refused(t, <-done, "42501", r.ID, "has changed since")
			if s.count("SELECT count(*) FROM orders") != "100" {
				t.Error("it was executed")
			}
		})
	}
	t.Run("while it is bound", func(t *testing.T) {
		s := newSite(t, options{rules: atOnce})
		w := s.raw()
		w.send(pipeline(parse("", text), bind("", ""), execute("", 0), syncs()))
		wants(t, w.until(1), "1 E:42501 Z:I")
		s.decide(s.pending(1).ID, true)
		w.send(pipeline(parse("", text), bind("", ""), flushes()))
		for _, want := range []string{"1", "2"} {
			if typ, body := w.next(); string(typ) != want {
				t.Fatalf("got %s, want %s", show(typ, body), want)
			}
		}
		s.use(strings.Replace(narrow, "wait: 20s", "wait: 0s", 1))
		w.send(pipeline(execute("", 0), syncs()))
		wants(t, w.until(1), "E:42501 Z:I")
		if s.count("SELECT count(*) FROM orders") != "100" {
			t.Error("it was executed")
		}
	})
}
