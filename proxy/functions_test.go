package proxy_test

import (
	"strings"
	"testing"
)

// What a function is, the catalog shows when the transaction that changed it has ended:
// until then no result of one is masked by what the old one did.
func TestAFunctionThatTheTransactionChangedIsNotFollowed(t *testing.T) {
	s := newSite(t, options{setup: `
CREATE FUNCTION same(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION first_email() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT email FROM customers WHERE id = 1); END';
ALTER FUNCTION same(text) OWNER TO shop_app; GRANT CREATE ON SCHEMA public TO shop_app;`})
	const changed = "CREATE OR REPLACE FUNCTION same(text) RETURNS text LANGUAGE sql AS 'SELECT reverse($1)'"
	masked := "T D:*****************.com C:SELECT 1 Z:"
	w := s.raw()
	for _, text := range []string{"SELECT same(email) FROM customers WHERE id = 1", "SELECT first_email()", "SELECT x FROM first_email() x"} {
		wants(t, w.query(text), masked+"I")
	}
	for _, text := range []string{"SELECT same(email) FROM customers WHERE id = 1", "SELECT first_email()"} {
		if got := w.query("BEGIN; " + changed + "; " + text); !strings.Contains(got, "E:42501") {
			t.Errorf("in one text: %s", got)
		}
		w.query("ROLLBACK")
		if got := w.query("BEGIN; " + changed); !strings.HasSuffix(got, "Z:T") {
			t.Fatalf("changing the function: %s", got)
		}
		if got := w.query(text); !strings.Contains(got, "E:42501") {
			t.Errorf("after the change: %s", got)
		}
		w.query("ROLLBACK")
		wants(t, w.query(text), masked+"I")
	}
	if got := w.query("BEGIN; " + changed + "; COMMIT"); !strings.HasSuffix(got, "Z:I") {
		t.Fatalf("changing the function: %s", got)
	}
	wants(t, w.query("SELECT same(email) FROM customers WHERE id = 1"), "T D:**** C:SELECT 1 Z:I")
}
