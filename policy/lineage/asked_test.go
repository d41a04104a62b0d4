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
