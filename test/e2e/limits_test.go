package e2e

import (
	"bytes"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

// limitRules bound results to ten rows and 4000 bytes, and changes to three rows.
const limitRules = `
  guards:
  - name: results
    match: {any: true}
    limit: {rows: 10, bytes: 4000, of: Result}
    action: Deny
    message: Aggregate in the database.
  - name: writes
    match: {commands: [Insert, Update, Delete, Merge]}
    limit: {rows: 3}
    action: Deny
`

// answered is what messages of a client were answered with: how many rows came, the
// first error, the last tag, and the state of the transaction.
type answered struct {
	rows int
	code string
	tag  string
	tx   byte
}

// ask sends messages and reads to the next ReadyForQuery.
func (s *site) ask(f *pgproto3.Frontend, messages ...pgproto3.FrontendMessage) answered {
	s.t.Helper()
	for _, m := range messages {
		f.Send(m)
	}
	s.must(f.Flush())
	var a answered
	for {
		m, err := f.Receive()
		s.must(err)
		switch m := m.(type) {
		case *pgproto3.DataRow, *pgproto3.CopyData:
			a.rows++
		case *pgproto3.CommandComplete:
			a.tag = string(m.CommandTag)
		case *pgproto3.ErrorResponse:
			if a.code == "" {
				a.code = m.Code
			}
		case *pgproto3.ReadyForQuery:
			a.tx = m.TxStatus
			return a
		}
	}
}

func simpleQuery(text string) []pgproto3.FrontendMessage {
	return []pgproto3.FrontendMessage{&pgproto3.Query{String: text}}
}

func extendedQuery(text string) []pgproto3.FrontendMessage {
	return portions(text, 0)
}

// portions asks for a result in portions of so many rows, as often as it takes to pass
// every limit here.
func portions(text string, rows uint32) []pgproto3.FrontendMessage {
	messages := []pgproto3.FrontendMessage{&pgproto3.Parse{Query: text}, &pgproto3.Bind{DestinationPortal: "p"}}
	times := 1
	if rows > 0 {
		times = 4
	}
	for range times {
		messages = append(messages, &pgproto3.Execute{Portal: "p", MaxRows: rows})
	}
	return append(messages, &pgproto3.Sync{})
}

func TestAResultBeyondItsLimitEndsAndTheSessionGoesOn(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{policy: limitRules})
	_, f := s.startup()
	for _, c := range []struct {
		name string
		send []pgproto3.FrontendMessage
		rows int // that come before the error
	}{
		{"too many rows of a Query", simpleQuery("SELECT id FROM orders"), 10},
		{"too many rows of a prepared statement", extendedQuery("SELECT id FROM orders"), 10},
		{"too many rows in portions", portions("SELECT id FROM orders", 4), 10},
		{"too many rows of COPY", simpleQuery("COPY orders TO STDOUT"), 10},
		{"too many rows of a prepared COPY", extendedQuery("COPY (SELECT id FROM orders) TO STDOUT"), 10},
		{"a Query without an end", simpleQuery("SELECT generate_series(1, 2000000000)"), 10},
		{"a prepared statement without an end", extendedQuery("SELECT generate_series(1, 2000000000)"), 10},
		{"a COPY without an end", simpleQuery("COPY (SELECT generate_series(1, 2000000000)) TO STDOUT"), 10},
		{"too many bytes of a Query", simpleQuery("SELECT repeat('x', 1500) FROM orders"), 2},
		{"too many bytes of a prepared statement", extendedQuery("SELECT repeat('x', 1500) FROM orders"), 2},
		{"too many bytes of COPY", simpleQuery("COPY (SELECT repeat('x', 1500) FROM orders) TO STDOUT"), 2},
		{"one row of too many bytes", simpleQuery("SELECT repeat('x', 1000000)"), 0},
	} {
		if got := s.ask(f, c.send...); got.code != "54000" || got.rows != c.rows || got.tx != 'I' {
			t.Errorf("%s: %d rows, SQLSTATE %q, transaction %q; want %d rows and 54000", c.name, got.rows, got.code, got.tx, c.rows)
		}
		if got := s.ask(f, simpleQuery("SELECT id FROM orders LIMIT 10")...); got.code != "" || got.rows != 10 {
			t.Errorf("after %s: %d rows, SQLSTATE %q", c.name, got.rows, got.code)
		}
	}
	_, err := s.connect().Exec(t.Context(), "SELECT id FROM orders")
	e := s.refusal(err)
	for _, want := range []string{"bots/results", "10 rows", "Aggregate in the database."} {
		if !strings.Contains(e.Message+e.Detail+e.Hint, want) {
			t.Errorf("the error does not say %q: %s; %s; %s", want, e.Message, e.Detail, e.Hint)
		}
	}
}

func TestAWriteBeyondItsLimitIsUndone(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{policy: limitRules})
	_, f := s.startup()
	changed := func() string {
		t.Helper()
		return s.query1("SELECT count(*) || ' ' || count(*) FILTER (WHERE cents = -1) FROM orders")
	}
	for _, c := range []struct {
		name string
		send []pgproto3.FrontendMessage
	}{
		{"a Query", simpleQuery("UPDATE orders SET cents = -1 WHERE id <= 4")},
		{"a Query that returns", simpleQuery("DELETE FROM orders WHERE id <= 4 RETURNING id")},
		{"a Query of two statements", simpleQuery("UPDATE orders SET cents = -1 WHERE id = 1; DELETE FROM orders WHERE id > 50")},
		{"a prepared statement", extendedQuery("UPDATE orders SET cents = -1 WHERE id <= 4")},
		{"a prepared statement that returns", extendedQuery("DELETE FROM orders WHERE id <= 4 RETURNING id")},
		{"a result in portions", portions("DELETE FROM orders RETURNING id", 1)},
		{"an INSERT of a query", simpleQuery("INSERT INTO orders SELECT 1000 + g FROM generate_series(1, 4) g")},
	} {
		if got := s.ask(f, c.send...); got.code != "54000" || got.tx != 'I' {
			t.Errorf("%s: SQLSTATE %q, transaction %q", c.name, got.code, got.tx)
		}
		if got := changed(); got != "100 0" {
			t.Fatalf("%s: the table has %s", c.name, got)
		}
		s.ask(f, simpleQuery("BEGIN")...)
		if got := s.ask(f, c.send...); got.code != "54000" || got.tx != 'E' {
			t.Errorf("%s in a transaction: SQLSTATE %q, transaction %q", c.name, got.code, got.tx)
		}
		if got := s.ask(f, simpleQuery("COMMIT")...); got.tag != "ROLLBACK" || got.tx != 'I' {
			t.Errorf("%s in a transaction: COMMIT gives %s, transaction %q", c.name, got.tag, got.tx)
		}
		if got := changed(); got != "100 0" {
			t.Fatalf("%s in a transaction: the table has %s", c.name, got)
		}
	}

	for _, text := range []string{"BEGIN", "UPDATE orders SET cents = -1 WHERE id = 1", "SAVEPOINT here"} {
		if got := s.ask(f, simpleQuery(text)...); got.code != "" || got.tx != 'T' {
			t.Errorf("%s: SQLSTATE %q, transaction %q", text, got.code, got.tx)
		}
	}
	if got := s.ask(f, simpleQuery("DELETE FROM orders")...); got.code != "54000" || got.tx != 'E' {
		t.Errorf("behind a savepoint: SQLSTATE %q, transaction %q", got.code, got.tx)
	}
	s.ask(f, simpleQuery("ROLLBACK TO here")...)
	if got := s.ask(f, simpleQuery("COMMIT")...); got.tag != "COMMIT" {
		t.Errorf("after ROLLBACK TO, COMMIT gives %s", got.tag)
	}
	if got := changed(); got != "100 1" {
		t.Errorf("what the client did before its savepoint is not there: the table has %s", got)
	}
	for _, send := range [][]pgproto3.FrontendMessage{
		simpleQuery("UPDATE orders SET cents = -1 WHERE id IN (2, 3)"), extendedQuery("UPDATE orders SET cents = -1 WHERE id IN (4, 5, 6)"),
	} {
		if got := s.ask(f, send...); got.code != "" {
			t.Errorf("a write within the limit: SQLSTATE %q", got.code)
		}
	}
	if got := changed(); got != "100 6" {
		t.Errorf("after writes within the limit the table has %s", got)
	}
}

func TestACopyInBeyondItsLimitIsUndone(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{policy: `
  guards:
  - {name: imports, match: {commands: [Copy], access: Write}, limit: {rows: 3}, action: Deny}
`})
	conn := s.connect()
	copyIn := func(rows int) error {
		_, err := conn.PgConn().CopyFrom(t.Context(), bytes.NewReader(bytes.Repeat([]byte("line\n"), rows)), "COPY notes (body) FROM STDIN")
		return err
	}
	if e := s.refusal(copyIn(4)); e.Code != "54000" {
		t.Errorf("got %s: %s", e.Code, e.Message)
	}
	s.must(copyIn(3))
	tx, err := conn.BeginTx(t.Context(), pgx.TxOptions{})
	s.must(err)
	if e := s.refusal(copyIn(4)); e.Code != "54000" {
		t.Errorf("in a transaction: got %s: %s", e.Code, e.Message)
	}
	s.must(tx.Rollback(t.Context()))
	if got := s.query1("SELECT count(*) FROM notes"); got != "3" {
		t.Errorf("%s notes, want 3", got)
	}
}
