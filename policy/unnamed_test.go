package policy

import "testing"

// A DROP or ALTER that names no table may be about any, but for kinds of objects
// that hold none.
func TestDefinitionsThatNameNoTable(t *testing.T) {
	b := compile(t, onePolicy(`
  guards:
  - {name: payments, match: {tables: [public.payments]}, action: Deny}
`))
	rules := b.Rules(bot, b.Database("crm"))
	for sql, denied := range map[string]bool{
		"ALTER TYPE mood ADD VALUE 'calm'":                            false,
		"ALTER TYPE mood RENAME TO temper":                            false,
		"DROP TYPE mood":                                              false,
		"DROP TYPE mood CASCADE":                                      true,
		"ALTER DOMAIN age ADD CHECK (VALUE > 0)":                      false,
		"DROP DOMAIN age CASCADE":                                     true,
		"ALTER FUNCTION f() RENAME TO g":                              false,
		"DROP FUNCTION f(), g(int)":                                   false,
		"DROP FUNCTION f CASCADE":                                     true,
		"GRANT EXECUTE ON FUNCTION f() TO bob":                        false,
		"GRANT SELECT ON ALL TABLES IN SCHEMA public TO bob":          true,
		"GRANT app TO bob":                                            true,
		"GRANT SELECT ON payments TO bob":                             true,
		"DROP SCHEMA public":                                          true,
		"ALTER SCHEMA public RENAME TO x":                             true,
		"ALTER EXTENSION e UPDATE":                                    true,
		"DROP EXTENSION e":                                            true,
		"DROP OWNED BY app":                                           true,
		"REASSIGN OWNED BY app TO bob":                                true,
		"ALTER TABLE payments RENAME TO x":                            true,
		"ALTER TABLE notes RENAME TO payments2":                       false,
		"DO $$ BEGIN ALTER TYPE mood ADD VALUE 'a'; END $$":           true,
		"DO $$ BEGIN DROP SCHEMA s; ALTER TYPE m RENAME TO n; END $$": true,
	} {
		if v := judge(t, rules, sql); (v.Action == Deny) != denied {
			t.Errorf("%s: %s by %q", sql, v.Action, v.Rule)
		}
	}
}
