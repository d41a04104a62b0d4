package lineage

import (
	"testing"
)

// What may be asked by WHERE may be asked among the outputs, too, and only that.
func TestConditionsThatMayBeAskedAreClean(t *testing.T) {
	m := shop(t)
	for sql, clean := range map[string]bool{
		"SELECT email IS NULL AS x FROM customers":                                              true,
		"SELECT email IS NOT NULL AND name = 'a' AS x FROM customers":                           true,
		"SELECT email = 'a' AS x FROM customers":                                                true,
		"SELECT NOT (email IN ('a', 'b')) AS x FROM customers":                                  true,
		"SELECT lower(email) = $1 AS x FROM customers":                                          true,
		"SELECT email = 'a' COLLATE \"C\" AS x FROM customers":                                  true,
		"SELECT email = 'a' COLLATE folding AS x FROM customers":                                false,
		"SELECT lower(email) = lower('a' COLLATE folding) AS x FROM customers":                  false,
		"SELECT a.email = b.email AS x FROM customers a, customers b":                           true,
		"SELECT CASE WHEN email IS NULL THEN 'no' ELSE 'yes' END AS x FROM customers":           true,
		"SELECT CASE email WHEN 'a' THEN 1 ELSE 2 END AS x FROM customers":                      true,
		"SELECT sum(CASE WHEN email = 'a' THEN 1 ELSE 0 END) AS x FROM customers":               true,
		"SELECT bool_or(email = 'a') AS x FROM customers":                                       true,
		"SELECT email = name AS x FROM customers":                                               false,
		"SELECT email = (SELECT note FROM orders LIMIT 1) AS x FROM customers":                  false,
		"SELECT upper(email) || 'x' = 'AX' AS x FROM customers":                                 false,
		"SELECT left(email, 1) = 'a' AS x FROM customers":                                       false,
		"SELECT nullif(email, 'a') IS NULL AS x FROM customers":                                 false,
		"SELECT email < 'b' AS x FROM customers":                                                false,
		"SELECT ssn IS NULL AS x FROM customers":                                                false,
		"SELECT ssn = '1' AS x FROM customers":                                                  false,
		"SELECT customers IS NULL AS x FROM customers":                                          false,
		"SELECT CASE WHEN email IS NULL THEN name ELSE email END AS x FROM customers":           false,
		"SELECT coalesce(email, 'none') AS x FROM customers":                                    false,
		"SELECT (email IS NULL)::text || email AS x FROM customers":                             false,
		"SELECT x = 'a' AS x FROM (SELECT email || '' AS x FROM customers) s":                   false,
		"SELECT x = 'a' AS x FROM (SELECT email AS x FROM customers) s":                         true,
		"SELECT (SELECT c.email FROM customers c WHERE c.id = o.id) IS NULL AS x FROM orders o": true,
		"SELECT x = 'a' AS x FROM (SELECT lower(email) AS x FROM customers) s":                  true,
		"SELECT lower(email) IS NULL AS x FROM customers":                                       true,
		"SELECT x = y AS x FROM (SELECT lower(email) AS x, name AS y FROM customers) s":         false,
	} {
		plan := m.Judge(facts(t, sql), Env{Fresh: true})
		if plan.Refused {
			t.Errorf("refused: %s: %s", sql, plan.Message)
			continue
		}
		if got := len(plan.Outputs) == 1 && plan.Outputs[0].Class == Clean; got != clean {
			t.Errorf("clean is %v, want %v: %s", got, clean, sql)
		}
	}
}

// Rows are put together by a masked text in one case as by the text itself.
func TestGroupingByLowerIsGroupingByTheColumn(t *testing.T) {
	m := shop(t)
	for sql, passes := range map[string]bool{
		"SELECT count(*) FROM customers GROUP BY lower(email)":                                                           true,
		"SELECT lower(upper(email)) AS k, count(*) FROM customers GROUP BY k HAVING count(*) > 1":                        true,
		"SELECT count(DISTINCT lower(email)) FROM customers":                                                             true,
		"SELECT count(DISTINCT (email, name)) FROM customers":                                                            true,
		"SELECT DISTINCT upper(email) FROM customers":                                                                    true,
		"SELECT lower(email) FROM customers UNION SELECT lower(email) FROM customers":                                    true,
		"SELECT count(*) OVER (PARTITION BY lower(email)) FROM customers":                                                true,
		"SELECT 1 FROM (SELECT lower(email) e FROM customers) a JOIN (SELECT lower(email) e FROM customers) b USING (e)": true,
		"SELECT id FROM customers WHERE lower(email) IN (SELECT lower(email) FROM customers)":                            true,
		"SELECT count(*) FROM customers GROUP BY left(email, 1)":                                                         false,
		"SELECT count(*) FROM customers GROUP BY lower(left(email, 1))":                                                  false,
		"SELECT count(*) FROM customers GROUP BY ltrim(email, 'a')":                                                      false,
		"SELECT count(*) FROM customers GROUP BY lower(email || 'x')":                                                    false,
		"SELECT count(*) FROM customers GROUP BY lower(email COLLATE folding)":                                           false,
		"SELECT count(*) FROM customers GROUP BY lower(email) COLLATE folding":                                           false,
		"SELECT count(*) FROM customers GROUP BY lower(coalesce(email, name))":                                           false,
		"SELECT count(DISTINCT (left(email, 1), name)) FROM customers":                                                   false,
		"SELECT count(DISTINCT (ssn, name)) FROM customers":                                                              false,
		"SELECT count(*) FROM customers GROUP BY lower(ssn)":                                                             false,
		"SELECT lower(email) FROM customers UNION SELECT lower(name) FROM customers":                                     false,
		"SELECT 1 FROM (SELECT lower(email) e FROM customers) a JOIN (SELECT name AS e FROM customers) b USING (e)":      false,
		"SELECT id FROM customers ORDER BY lower(email)":                                                                 false,
	} {
		if plan := m.Judge(facts(t, sql), Env{Fresh: true}); plan.Refused == passes {
			t.Errorf("refused is %v, want %v: %s: %s", plan.Refused, !passes, sql, plan.Message)
		}
	}
}

// A schema for temporary objects is looked through without a change to what all
// sessions share: the names of the catalog mean the same afterwards.
func TestLookingForTemporaryTablesLeavesTheCatalogAsItIs(t *testing.T) {
	m := shop(t)
	for _, sql := range []string{"SELECT 1 FROM pg_temp.customers", "INSERT INTO pg_temp.customers SELECT * FROM public.customers", "SELECT email FROM customers"} {
		m.Judge(facts(t, sql), Env{Fresh: true})
		if found := m.snapshot.Named("", "customers"); len(found) != 1 || found[0] == nil {
			t.Fatalf("%s: the catalog has %v of that name", sql, found)
		}
	}
}

// A column that the relation of a name may be without is looked for further out: where the
// session has a table of its own of that name, or has changed it, and in a view, which has
// no system columns.
func TestColumnsThatMayNotBeThereMeanWhatStandsFurtherOut(t *testing.T) {
	m := shop(t)
	own := func(_, name string) bool { return name == "orders" }
	for sql, hidden := range map[string]bool{
		"SELECT (SELECT note FROM orders LIMIT 1) FROM (SELECT email AS note FROM customers) c":          true,
		"SELECT (SELECT upper(note) FROM orders LIMIT 1) FROM (SELECT email AS note FROM customers) c":   true,
		"SELECT (SELECT note FROM public.orders o LIMIT 1) FROM (SELECT email AS note FROM customers) c": true,
		"SELECT (SELECT o.note FROM orders o LIMIT 1) FROM (SELECT email AS note FROM customers) c":      false,
		"SELECT (SELECT note FROM orders LIMIT 1) FROM (SELECT name AS note FROM customers) c":           false,
		"SELECT (SELECT upper(xmin) FROM contacts LIMIT 1) FROM (SELECT email AS xmin FROM customers) c": true,
		"SELECT (SELECT ctid FROM contacts LIMIT 1) FROM (SELECT email AS ctid FROM customers) c":        true,
		"SELECT c.note FROM orders c, customers":                                                         false,
	} {
		plan := m.Judge(facts(t, sql), Env{Fresh: true, Known: own})
		if plan.Refused {
			continue
		}
		if got := len(plan.Outputs) == 1 && plan.Outputs[0].Class != Clean; got != hidden {
			t.Errorf("hidden is %v, want %v: %s: %+v", got, hidden, sql, plan.Outputs)
		}
	}
}

// What a migration does to the columns that are not masked passes beside those that are.
func TestDefinitionsOfOtherColumnsPass(t *testing.T) {
	m := shop(t)
	for sql, passes := range map[string]bool{
		"CREATE INDEX ON customers (id) WHERE name IS NOT NULL":                                                      true,
		"CREATE INDEX ON customers (lower(name))":                                                                    true,
		"CREATE STATISTICS s ON id, name FROM customers":                                                             true,
		"ALTER TABLE customers ADD CONSTRAINT c CHECK (name <> '') NOT VALID":                                        true,
		"ALTER TABLE customers VALIDATE CONSTRAINT c":                                                                true,
		"ALTER TABLE customers DROP CONSTRAINT c":                                                                    true,
		"ALTER TABLE customers SET (fillfactor = 90), ALTER name SET DEFAULT ''":                                     true,
		"ALTER TABLE customers ADD COLUMN loud text GENERATED ALWAYS AS (upper(name)) STORED":                        true,
		"ALTER TABLE customers RENAME COLUMN name TO called":                                                         true,
		"CREATE TABLE x (LIKE customers INCLUDING ALL)":                                                              true,
		"CREATE TEMP TABLE x (LIKE public.customers INCLUDING DEFAULTS) ON COMMIT DROP":                              true,
		"VACUUM FULL customers":                                                                                      true,
		"ALTER TABLE customers ADD CHECK (region <> 1 OR name < CURRENT_DATE::text)":                                 true,
		"ALTER TABLE customers ADD CHECK (CASE WHEN region = 1 THEN name IS NOT NULL ELSE now() > '2024-01-01' END)": true,
		"ALTER TABLE customers RENAME CONSTRAINT a TO b":                                                             true,
		"ALTER TABLE customers ADD CHECK (CASE region WHEN 1 THEN email IS NOT NULL END)":                            false,
		"ALTER TABLE customers ADD CHECK (CASE WHEN region = 1 THEN name ELSE phone END <> '')":                      false,
		"ALTER TABLE customers ADD CHECK (customers.row_to_json IS NULL)":                                            false,
		"CREATE INDEX ON customers (id) WHERE email < 'm'":                                                           false,
		"CREATE INDEX ON customers (lower(email))":                                                                   false,
		"CREATE INDEX ON customers (id) WHERE customers IS NULL":                                                     false,
		"CREATE STATISTICS s ON id, email FROM customers":                                                            false,
		"CREATE STATISTICS s ON id, (email || '') FROM customers":                                                    false,
		"ALTER TABLE customers ADD CONSTRAINT c CHECK (name < email)":                                                false,
		"ALTER TABLE customers ADD COLUMN loud text GENERATED ALWAYS AS (upper(email)) STORED":                       false,
		"ALTER TABLE customers ALTER name TYPE text USING email":                                                     false,
		"ALTER TABLE customers RENAME COLUMN email TO mail":                                                          false,
		"ALTER TABLE customers RENAME COLUMN name TO email":                                                          false,
		"ALTER TABLE customers RENAME TO people":                                                                     false,
		"ALTER TABLE customers VALIDATE CONSTRAINT c, INHERIT orders":                                                false,
		"CREATE TABLE x (LIKE customers) INHERITS (customers)":                                                       false,
		"CREATE TABLE x PARTITION OF customers FOR VALUES IN (1)":                                                    false,
		"CLUSTER customers": false,
	} {
		if plan := m.Judge(facts(t, sql), Env{Fresh: true}); plan.Refused == passes {
			t.Errorf("refused is %v, want %v: %s: %s", plan.Refused, !passes, sql, plan.Message)
		}
	}
}
