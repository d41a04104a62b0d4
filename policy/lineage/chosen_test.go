package lineage

import "testing"

// A masked column may get its own values back, chosen or folded, and nothing that tells
// more of them than may be asked.
func TestAColumnMayBeStoredIntoItself(t *testing.T) {
	m := shop(t)
	for sql, refused := range map[string]bool{
		"UPDATE customers SET email = email": false,
		"UPDATE customers SET email = coalesce($1, email), phone = coalesce($2, phone), ssn = coalesce($3, ssn) WHERE id = 1":                                                  false,
		"UPDATE customers SET email = CASE WHEN id = 1 THEN 'a' WHEN id = 2 THEN name ELSE email END WHERE id IN (1, 2)":                                                       false,
		"UPDATE customers SET email = CASE WHEN email = 'a' THEN 'b' ELSE email END":                                                                                           false,
		"UPDATE customers SET email = CASE id WHEN 1 THEN 'b' ELSE email END":                                                                                                  false,
		"UPDATE customers SET ssn = CASE id WHEN 1 THEN 'b' ELSE ssn END":                                                                                                      false,
		"UPDATE customers SET email = lower(upper(email)), phone = NULLIF(phone, '')":                                                                                          false,
		"UPDATE customers SET email = lower(email::text)":                                                                                                                      false,
		"UPDATE customers SET email = coalesce(NULLIF($1, ''), lower(email))":                                                                                                  false,
		"UPDATE customers SET (email, name) = (coalesce($1, email), $2)":                                                                                                       false,
		"INSERT INTO customers AS c (id, email) VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET email = coalesce(excluded.email, c.email)":                                      false,
		"INSERT INTO customers (id, email) VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET email = CASE WHEN excluded.email <> '' THEN excluded.email ELSE customers.email END": false,
		"MERGE INTO customers c USING orders o ON o.customer_id = c.id WHEN MATCHED THEN UPDATE SET email = coalesce(o.note, c.email)":                                         false,
		"UPDATE customers SET email = left(email, 1)":                                                                                                                          true,
		"UPDATE customers SET email = coalesce(left(email, 1), 'a')":                                                                                                           true,
		"UPDATE customers SET email = CASE WHEN id = 1 THEN substr(email, 2) ELSE email END":                                                                                   true,
		"UPDATE customers SET email = CASE WHEN email LIKE 'a%' THEN 'b' ELSE email END":                                                                                       true,
		"UPDATE customers SET email = CASE WHEN email > 'm' THEN 'b' ELSE email END":                                                                                           true,
		"UPDATE customers SET email = greatest(email, 'm')":                                                                                                                    true,
		"UPDATE customers SET email = coalesce(phone, email)":                                                                                                                  true,
		"UPDATE customers SET email = NULLIF(email, name)":                                                                                                                     true,
		"UPDATE customers SET email = NULLIF('a', email)":                                                                                                                      false,
		"UPDATE customers SET ssn = lower(ssn)":                                                                                                                                true,
		"UPDATE customers SET ssn = coalesce(ssn, 'none')":                                                                                                                     true,
		"UPDATE customers SET ssn = NULLIF(ssn, '')":                                                                                                                           true,
		"UPDATE customers SET ssn = CASE WHEN ssn = 'a' THEN 'b' ELSE ssn END":                                                                                                 true,
		"UPDATE customers SET name = coalesce(name, email)":                                                                                                                    true,
		"UPDATE customers SET name = CASE WHEN id = 1 THEN email ELSE name END":                                                                                                true,
		"UPDATE customers SET email = lower(phone)":                                                                                                                            true,
		"UPDATE customers SET email = regexp_replace(email, '@.*', '')":                                                                                                        true,
		"INSERT INTO customers (id, email) VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET name = coalesce(customers.email, '')":                                                true,
		"UPDATE customers SET email = CASE WHEN (SELECT max(email) FROM customers) > 'm' THEN 'b' ELSE email END":                                                              true,
	} {
		plan := m.Judge(facts(t, sql), Env{Fresh: true})
		if plan.Refused != refused {
			t.Errorf("refused is %v, want %v: %s: %s", plan.Refused, refused, sql, plan.Message)
		}
	}
}
