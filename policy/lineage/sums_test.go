package lineage

import "testing"

// What a sum fails by is how large a masked value is, where a number that is chosen
// stands beside it.
func TestSumsOfChosenNumbersAreQuestions(t *testing.T) {
	m := shop(t)
	for sql, refused := range map[string]bool{
		"SELECT sum(length(email)) FROM customers":                                                                          false,
		"SELECT sum(CASE WHEN id > 2 THEN length(email) ELSE 0 END) FROM customers":                                         false,
		"SELECT sum(CASE WHEN id > 2 THEN length(email) END) FROM customers":                                                false,
		"SELECT sum(coalesce(length(email), 0)) FROM customers":                                                             false,
		"SELECT sum(coalesce(length(email), NULL::numeric, -1, $1::int)) FROM customers":                                    false,
		"SELECT sum(CASE WHEN id > 2 THEN length(email) ELSE id END) FROM customers":                                        false,
		"SELECT sum(s) FROM (SELECT id, sum(length(email)) AS s FROM customers GROUP BY id) x":                              false,
		"SELECT sum(v) FROM (SELECT length(email) AS v FROM customers UNION ALL SELECT 1) x":                                false,
		"SELECT sum(coalesce(length(email), 1e131071)) FROM customers":                                                      true,
		"SELECT avg(coalesce(length(email), '1e131071'::numeric)) FROM customers":                                           true,
		"SELECT sum(CASE WHEN id > 2 THEN length(email) ELSE $1 END) FROM customers":                                        true,
		"SELECT sum(CASE WHEN id > 2 THEN length(email) ELSE repeat('9', 131072)::numeric END) FROM customers":              true,
		"SELECT sum(CASE WHEN id > 2 THEN length(email) ELSE power(10::numeric, 131071) END) FROM customers":                true,
		"SELECT sum(v) FROM (SELECT length(email) AS v FROM customers UNION ALL SELECT '1e131071') x":                       true,
		"SELECT variance(v) FROM (SELECT length(email) AS v FROM customers UNION ALL VALUES (1e131071)) x":                  true,
		"SELECT sum(CASE WHEN id > 2 THEN length(email) ELSE (SELECT 1e131071) END) OVER () FROM customers":                 true,
		"WITH big AS (SELECT 1e131071 AS n) SELECT sum(coalesce(length(email), (SELECT n FROM big))) FROM customers":        true,
		"SELECT sum(g) FROM (SELECT coalesce(length(c.email), v.n) AS g FROM (VALUES (1), (1e131071)) v(n), customers c) x": true,
	} {
		if plan := m.Judge(facts(t, sql), Env{Fresh: true}); plan.Refused != refused {
			t.Errorf("%s: refused %v: %s", sql, plan.Refused, plan.Message)
		}
	}
}
