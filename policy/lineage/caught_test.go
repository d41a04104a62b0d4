package lineage

import "testing"

func TestTextsOfCaughtErrorsAreNotReadNearMaskedColumns(t *testing.T) {
	m := shop(t)
	for sql, refused := range map[string]bool{
		"DO $$ DECLARE d text; BEGIN UPDATE customers SET name = NULL; EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL; END $$": true,
		"DO $$ BEGIN UPDATE customers SET name = NULL; EXCEPTION WHEN OTHERS THEN INSERT INTO orders (note) VALUES (SQLERRM); END $$":                      true,
		"DO $$ BEGIN UPDATE customers SET name = NULL; EXCEPTION WHEN OTHERS THEN INSERT INTO newsletter (id) VALUES (1); END $$":                          false,
		"DO $$ BEGIN UPDATE newsletter SET id = NULL; EXCEPTION WHEN OTHERS THEN RAISE NOTICE '%', SQLERRM; END $$":                                        false,
	} {
		if plan := m.Judge(facts(t, sql), Env{Fresh: true}); plan.Refused != refused {
			t.Errorf("refused is %v, want %v: %s: %s", plan.Refused, refused, sql, plan.Message)
		}
	}
}
