package policy

import "testing"

// A guard on a column is about what shows or asks of it, and not about other columns
// of a subquery, a join or a table beside it.
func TestAGuardOnAColumnLeavesOthersAlone(t *testing.T) {
	b := compile(t, onePolicy(`
  guards:
  - {name: secret, match: {columns: [public.users.password], access: Read}, action: Deny}
`))
	rules := b.Rules(bot, b.Database("crm"))
	for sql, denied := range map[string]bool{
		"SELECT row_to_json(t) FROM (SELECT (SELECT count(*) FROM users) AS n) t":              false,
		"SELECT t.* FROM (SELECT id, name FROM users) t":                                       false,
		"SELECT * FROM (SELECT id, name FROM users) t":                                         false,
		"SELECT * FROM (SELECT id, name FROM users) t ORDER BY 2":                              false,
		"WITH u AS (SELECT id FROM users) SELECT * FROM u":                                     false,
		"WITH u AS (SELECT id FROM users) SELECT count(u), to_json(u) FROM u GROUP BY u":       false,
		"SELECT o.* FROM orders o JOIN (SELECT id FROM users) u ON u.id = o.user_id":           false,
		"SELECT * FROM orders o WHERE EXISTS (SELECT 1 FROM users u WHERE u.id = o.user_id)":   false,
		"SELECT o.total, u.name FROM orders o JOIN users u USING (id)":                         false,
		"SELECT * FROM generate_series(1, 2) g, LATERAL (SELECT id FROM users WHERE id = g) x": false,
		"SELECT * FROM users":                                                                   true,
		"SELECT * FROM orders, users":                                                           true,
		"SELECT * FROM orders o LEFT JOIN users u ON true":                                      true,
		"SELECT u.* FROM orders o, users u":                                                     true,
		"SELECT row_to_json(t) FROM (SELECT * FROM users) t":                                    true,
		"SELECT row_to_json(t) FROM (SELECT password AS p FROM users) t":                        true,
		"SELECT t.* FROM (SELECT users FROM users) t":                                           true,
		"SELECT j.* FROM (orders o JOIN users u ON true) AS j":                                  true,
		"SELECT j FROM (orders o JOIN users u ON true) AS j":                                    true,
		"SELECT o.total FROM orders o JOIN users u USING (password)":                            true,
		"SELECT o.total FROM orders o NATURAL JOIN users u":                                     true,
		"SELECT x FROM users AS u (a, b, x)":                                                    true,
		"WITH u AS (TABLE users) SELECT u.* FROM u":                                             true,
		"WITH u AS (DELETE FROM users WHERE id = 1 RETURNING *) SELECT * FROM u":                true,
		"DELETE FROM orders USING users WHERE users.id = orders.id RETURNING *":                 true,
		"DECLARE c CURSOR FOR SELECT * FROM users":                                              true,
		"PREPARE p AS SELECT * FROM users":                                                      true,
		"EXPLAIN ANALYZE SELECT * FROM users":                                                   true,
		"CREATE TEMP TABLE t AS SELECT * FROM users":                                            true,
		"INSERT INTO copies SELECT * FROM users":                                                true,
		"COPY (SELECT * FROM users) TO STDOUT":                                                  true,
		"COPY users TO STDOUT":                                                                  true,
		"SELECT 1 UNION SELECT * FROM users":                                                    true,
		"SELECT (SELECT password FROM users LIMIT 1)":                                           true,
		"SELECT * FROM (SELECT * FROM users) t":                                                 true,
		"CREATE RULE r AS ON UPDATE TO users DO ALSO INSERT INTO copies SELECT OLD.*":           true,
		"DO $$ DECLARE r record; BEGIN SELECT * INTO r FROM users; END $$":                      true,
		"SELECT * FROM users TABLESAMPLE SYSTEM (10)":                                           true,
		"SELECT * FROM ONLY users FOR UPDATE":                                                   true,
		"MERGE INTO copies USING users ON true WHEN MATCHED THEN UPDATE SET a = users.password": true,
	} {
		v := judge(t, rules, sql)
		if got := v.Action == Deny; got != denied {
			t.Errorf("denied is %v, want %v: %s", got, denied, sql)
		}
	}
}
