package lineage

import "testing"

// A cast and a collation mean what they are called, so that nothing new gets a name that
// is taken for PostgreSQL's own.
func TestNothingIsMadeWithANameThatIsTakenForPostgreSQLsOwn(t *testing.T) {
	m := shop(t)
	for sql, refused := range map[string]bool{
		"CREATE DOMAIN varchar AS pg_catalog.text":                           true,
		"CREATE DOMAIN crm.text AS pg_catalog.text":                          true,
		"CREATE TYPE crm.name AS ENUM ('a')":                                 true,
		"ALTER DOMAIN mine RENAME TO text":                                   true,
		"ALTER TYPE mine RENAME TO date":                                     true,
		`ALTER COLLATION mine RENAME TO "C"`:                                 true,
		"CREATE DOMAIN mine AS pg_catalog.text":                              false,
		"ALTER DOMAIN mine ADD CHECK (VALUE <> '')":                          false,
		"ALTER DOMAIN mine RENAME TO other":                                  false,
		"CREATE TYPE shade AS ENUM ('red')":                                  false,
		"ALTER TYPE shade ADD VALUE 'blue'":                                  false,
		`ALTER COLLATION mine RENAME TO "other"`:                             false,
		"CREATE FUNCTION fresh(int) RETURNS int LANGUAGE sql AS 'SELECT $1'": false,
	} {
		if plan := m.Judge(facts(t, sql), Env{Fresh: true}); plan.Refused != refused {
			t.Errorf("refused is %v, want %v: %s: %s", plan.Refused, refused, sql, plan.Message)
		}
	}
}
