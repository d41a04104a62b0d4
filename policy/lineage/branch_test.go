package lineage

import "testing"

// What is NULL, fails or does something by a masked value inside of an expression
// answers a question, although the result itself is redacted.
func TestExpressionsThatTellByWhatTheyDoAreRefused(t *testing.T) {
	m := shop(t)
	for _, expression := range []string{
		"left(email, 1) IS NULL AND email = 'a'", "email LIKE 'a%' AND NULL", "email LIKE 'a%' OR 1 / (id - id) = 1", "(email, name) = (name, 'a')",
		"(left(email, 1), NULL) = ('a', 'x')", "email BETWEEN 'a' AND NULL", "left(email, 1) IN ('a', NULL)", "email < ANY (ARRAY['a', NULL])",
		"left(email, 1) = ANY (SELECT 'a' UNION ALL SELECT NULL)", "coalesce(substring(email FROM '^a'), (1 / (id - id))::text)",
		"coalesce(substring(email FROM '^a'), ($1::int / 0)::text)", "json_build_object(substring(email FROM '^a'), 1)",
		"regexp_match('x', email)", "substr('abc', 1, strpos(email, 'a'))", "overlay('abc' PLACING 'x' FROM strpos(email, 'a'))",
		"split_part('a', ',', strpos(email, 'a'))", "to_char(1, email)", "date_trunc(email, now())",
	} {
		plan := m.Judge(facts(t, "SELECT "+expression+" FROM customers"), Env{Fresh: true})
		if !plan.Refused {
			t.Errorf("passes: %s", expression)
		}
	}
	for _, expression := range []string{
		"coalesce(email, 'none')", "coalesce(substring(email FROM 'x'), 'none', name, $1)", "email IS NULL AND name = 'a'", "regexp_replace(email, 'a', 'b')",
		"substr(email, 2)", "left(email, 1) = 'a'", "email < 'b'", "ARRAY[email, name]", "email || name",
	} {
		if plan := m.Judge(facts(t, "SELECT "+expression+" FROM customers"), Env{Fresh: true}); plan.Refused {
			t.Errorf("refused: %s: %s", expression, plan.Message)
		}
	}
}

// Masks of one key make the same of equal values: beside values of choice they would
// tell which they are.
func TestKeyedMasksHideWhatIsMixedWithChosenValues(t *testing.T) {
	m := shop(t)
	for sql, refused := range map[string]bool{
		"SELECT email FROM customers UNION SELECT 'a'":                                                                          true,
		"SELECT DISTINCT ON (email) id FROM (SELECT id, email FROM customers UNION ALL SELECT 0, 'a') s":                        true,
		"SELECT id FROM customers JOIN (VALUES ('a')) v(email) USING (email)":                                                   false,
		"SELECT c.id FROM (VALUES ('a'), ('b')) v(x), (VALUES ('c')) w(y), customers c WHERE c.email = v.x || w.y":              true,
		"WITH RECURSIVE n(v) AS (SELECT 'a' UNION ALL SELECT v || 'b' FROM n) SELECT c.id FROM n JOIN customers c ON email = v": true,
		"INSERT INTO customers (id, email) SELECT id, note FROM orders ON CONFLICT (email) DO NOTHING":                          true,
		"INSERT INTO customers (id, email) SELECT id, note FROM orders ON CONFLICT DO NOTHING":                                  true,
		"INSERT INTO customers (id, email) SELECT id, note FROM orders ON CONFLICT (id) DO UPDATE SET email = EXCLUDED.email":   false,
		"INSERT INTO customers (id, email) VALUES (1, 'a') ON CONFLICT DO NOTHING":                                              false,
		"INSERT INTO customers (id, ssn) VALUES (1, 'a') ON CONFLICT DO NOTHING":                                                true,
		"INSERT INTO customers (id, name) VALUES (1, 'a') ON CONFLICT DO NOTHING":                                               false,
	} {
		if plan := m.Judge(facts(t, sql), Env{Fresh: true}); plan.Refused != refused {
			t.Errorf("refused is %v, want %v: %s: %s", plan.Refused, refused, sql, plan.Message)
		}
	}
}
