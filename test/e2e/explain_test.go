package e2e

import (
	"strings"
	"testing"
)

// What weir policy explain says of a statement is what becomes of it, also where that
// takes the database's catalog.
func TestExplainDecidesAsASessionDoes(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{before: func(s *site) {
		s.must(s.pg.Exec(t.Context(), s.database, `
CREATE VIEW people AS SELECT id, email FROM customers;
GRANT SELECT ON people TO crm_app;
CREATE FUNCTION gone() RETURNS void LANGUAGE plpgsql AS $$BEGIN DELETE FROM orders; END$$;
CREATE FUNCTION nothing() RETURNS integer LANGUAGE sql AS 'SELECT 1'`))
	}})
	conn := s.connect()
	for _, c := range []struct{ sql, verdict, rule, says string }{
		{"SELECT gone()", "Deny", "bots/unbounded-write", "DELETE of public.orders that has no WHERE"},
		{"SELECT nothing()", "Allow", "no rule", "nothing of this statement is masked"},
		{"SELECT id, email FROM people", "Allow", "no rule", "Partial by bots/contact"},
		{"SELECT id FROM people ORDER BY email", "Deny", "bots/contact", "cannot be used in ORDER BY"},
		{"DROP TABLE orders", "Deny", "bots/no-ddl", "it contains DROP"},
		{"SELECT * FROM nosuch", "Allow", "no rule", "the database's catalog has no nosuch"},
	} {
		// The database's name follows from the Database document, which has one only.
		told := s.cli("policy", "explain", "--as", "cgroup="+s.agents.Name+",user=nobody", c.sql)
		for _, want := range []string{c.verdict + " by " + c.rule, c.says} {
			if !strings.Contains(told, want) {
				t.Errorf("%s: explain does not say %q:\n%s", c.sql, want, told)
			}
		}
		_, err := conn.Exec(t.Context(), c.sql)
		if denied := err != nil && s.refusal(err).Code == "42501"; denied != (c.verdict == "Deny") {
			t.Errorf("%s: a session gets %v", c.sql, err)
		}
	}
}
