package proxy_test

import (
	"fmt"
	"strings"
	"testing"
)

// What a text that is sent in pieces leaves behind: in the session, and in between.

const leavingSetup = `
CREATE TABLE ledger (id integer);
INSERT INTO ledger SELECT generate_series(1, 3);
CREATE FUNCTION loosen() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN set_config(''standard_conforming_strings'', ''off'', false); END';
CREATE FUNCTION empties() RETURNS integer LANGUAGE plpgsql AS 'BEGIN DELETE FROM spare; RETURN 1; END';
ALTER TABLE ledger OWNER TO shop_app;
`

const leavingRules = `
  guards:
  - name: ledger
    match: {commands: [Delete], tables: [public.ledger]}
    action: Deny
  - name: rows
    match: {any: true}
    limit: {rows: 1000}
    action: Deny
`

func TestAPieceRunsAsItWasJudgedWhateverHasBeenSet(t *testing.T) {
	s := newSite(t, options{setup: leavingSetup, rules: leavingRules})
	for _, text := range []string{
		`SELECT loosen(); SELECT 'a\'' ; DELETE FROM ledger; -- '; COMMIT`,
		`BEGIN; SELECT loosen(); SELECT 'a\'' ; DELETE FROM ledger; -- '; COMMIT`,
		`SELECT loosen(); COMMIT; SELECT 'a\'' ; DELETE FROM ledger; -- '`,
	} {
		w := s.raw()
		got := short(w.query(text))
		if !strings.Contains(got, " D*1 ") || !strings.Contains(got, " E:") {
			t.Errorf("%s: %s", text, got)
		}
		if n := s.count("SELECT count(*) FROM ledger"); n != "3" {
			t.Fatalf("%s: the ledger has %s rows: %s", text, n, got)
		}
		_ = w.Close()
	}
}

func TestWhatATextDefinesInATransactionThatStaysOpenIsJudged(t *testing.T) {
	s := newSite(t, options{setup: leavingSetup, rules: leavingRules})
	const made = "ALTER TABLE ledger RENAME TO spare"
	for _, texts := range [][]string{
		{"BEGIN", made},
		{"BEGIN; SELECT 1; " + made},
		{"SELECT 1; COMMIT; BEGIN; " + made},
		{"BEGIN; SELECT 1; COMMIT; BEGIN; " + made},
	} {
		w := s.raw()
		for _, text := range texts {
			if got := short(w.query(text)); strings.Contains(got, "E:") || !strings.HasSuffix(got, "Z:T") {
				t.Fatalf("%s: %s", text, got)
			}
		}
		w.query("SAVEPOINT a")
		if got := short(w.query("SELECT empties()")); !strings.HasPrefix(got, "E:42501") {
			t.Errorf("behind %s, in a function: %s", texts, got)
		}
		w.query("ROLLBACK TO a")
		if got := short(w.query("DELETE FROM spare")); !strings.HasPrefix(got, "E:42501") {
			t.Errorf("behind %s: %s", texts, got)
		}
		w.query("ROLLBACK")
		if n := s.count("SELECT count(*) FROM ledger"); n != "3" {
			t.Fatalf("behind %s: the ledger has %s rows", texts, n)
		}
		_ = w.Close()
	}
}

// A cancel request ends a text wherever it is.
func TestATextInPiecesIsCancelled(t *testing.T) {
	driven(t, func(t *testing.T, loops int) {
		s := newSite(t, options{setup: leavingSetup, rules: leavingRules, loops: loops})
		c := s.connect(simple)
		for i := range 4 {
			text := fmt.Sprintf("SELECT pg_advisory_lock(%d); ", i) + strings.Repeat("UPDATE orders SET cents = 0 WHERE id = 1; ", 1500) + "SELECT pg_sleep(60); COMMIT; INSERT INTO notes (body) VALUES ('it ran to its end')"
			done := later(func() error {
				_, err := c.Exec(t.Context(), text)
				return err
			})
			if !within(func() bool {
				return s.count(fmt.Sprintf("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %d AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", i)) == "1"
			}) {
				t.Fatal("the text has not begun")
			}
			must(t, c.PgConn().CancelRequest(t.Context()))
			refused(t, <-done, "57014")
			if c.PgConn().TxStatus() != 'I' {
				t.Errorf("state %c", c.PgConn().TxStatus())
			}
		}
		if n := s.count("SELECT count(*) FROM notes"); n != "0" {
			t.Errorf("%s texts ran to their end", n)
		}
	})
}
