package lineage

import "testing"

// Who may write PostgreSQL's own catalogs, or have the server run programs, takes a column
// from under its mask.
func TestCatalogsAreNotChangedByHand(t *testing.T) {
	m := shop(t)
	for _, sql := range []string{
		"UPDATE pg_stats SET tablename = 'x'", "DELETE FROM pg_catalog.pg_stats", "INSERT INTO pg_stats SELECT * FROM pg_stats LIMIT 0",
		"WITH x AS (UPDATE pg_catalog.pg_attribute SET attname = 'zz' RETURNING 1) SELECT * FROM x", "TRUNCATE pg_catalog.pg_class",
		"COPY pg_catalog.pg_rewrite FROM STDIN", "DO $$BEGIN UPDATE pg_catalog.pg_class SET relname = 'x'; END$$",
		"COPY orders FROM PROGRAM 'psql'", "COPY orders FROM '/tmp/x'", "COPY orders TO PROGRAM 'psql'", "COPY (SELECT 1) TO PROGRAM 'psql'",
	} {
		if plan := m.Judge(facts(t, sql), Env{Fresh: true}); !plan.Refused {
			t.Errorf("%s passes", sql)
		}
	}
	for _, sql := range []string{
		"UPDATE orders SET id = 1", "COPY orders FROM STDIN", "COPY (SELECT 1) TO STDOUT", "SELECT relname FROM pg_class", "COPY pg_catalog.pg_class TO STDOUT",
		"INSERT INTO orders (id) SELECT oid::int FROM pg_class", "DO $$BEGIN PERFORM relname FROM pg_catalog.pg_class; END$$",
	} {
		if plan := m.Judge(facts(t, sql), Env{Fresh: true}); plan.Refused {
			t.Errorf("%s is refused: %s", sql, plan.Message)
		}
	}
}
