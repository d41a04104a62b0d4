package proxy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/weirgate/weir/proxy/journal"
)

func TestAGuardRefusesAndTheSessionGoesOn(t *testing.T) {
	s := newSite(t, options{})
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		c := s.connect(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode })
		for _, text := range []string{"DROP TABLE orders", "drop/**/table orders", "SELECT 1; DROP TABLE orders", "UPDATE orders SET cents = 0",
			"UPDATE orders SET cents = 0 WHERE true", "UPDATE orders SET cents = 0 WHERE id = id",
			"EXPLAIN ANALYSE UPDATE orders SET cents = 0", "WITH x AS (DELETE FROM orders RETURNING id) SELECT * FROM x"} {
			if mode != pgx.QueryExecModeSimpleProtocol && strings.Contains(text, ";") {
				continue
			}
			_, err := c.Exec(t.Context(), text)
			refused(t, err, "42501")
			must(t, c.Ping(t.Context()))
		}
		if c.PgConn().TxStatus() != 'I' {
			t.Error("a transaction is open")
		}
	}
	if s.count("SELECT sum(cents) FROM orders") != "505000" {
		t.Error("something was executed")
	}
	for _, r := range s.records(8, journal.KindStatementDenied) {
		if r.Rule == "" || r.Policy != "bot" || r.SQLState != "42501" || r.Text == "" || r.Verdict != "Deny" {
			t.Errorf("recorded %+v", r)
		}
	}
	if n := s.gateway.Counters(); n.Denied == 0 || n.Allowed == 0 {
		t.Errorf("counted %+v", n)
	}
}

// A refusal in a pipeline is an error of the server's own kind there: what came
// before it in the same segment is undone, what comes behind is skipped.
func TestARefusalInAPipelineUndoesItsSegment(t *testing.T) {
	s := newSite(t, options{})
	w := s.raw()
	one := func(text string) []byte { return pipeline(parse("", text), bind("", ""), execute("", 0)) }
	w.send(pipeline(
		one("INSERT INTO notes (body) VALUES ('kept')"), syncs(),
		one("INSERT INTO notes (body) VALUES ('undone')"), one("DROP TABLE orders"), one("INSERT INTO notes (body) VALUES ('skipped')"), syncs(),
		one("INSERT INTO notes (body) VALUES ('kept too')"), syncs()))
	wants(t, w.until(3), "1 2 C:INSERT 0 1 Z:I 1 2 C:INSERT 0 1 E:42501 Z:I 1 2 C:INSERT 0 1 Z:I")
	if got := s.count("SELECT string_agg(body, ',' ORDER BY id) FROM notes"); got != "kept,kept too" {
		t.Errorf("the table has %s", got)
	}
	// And by pgx's own pipeline and batch.
	c := s.connect()
	p := c.PgConn().StartPipeline(t.Context())
	p.SendQueryParams("INSERT INTO notes (body) VALUES ('a')", nil, nil, nil, nil)
	p.SendQueryParams("TRUNCATE notes", nil, nil, nil, nil)
	p.SendQueryParams("INSERT INTO notes (body) VALUES ('b')", nil, nil, nil, nil)
	must(t, p.Sync())
	var failed error
	for {
		r, err := p.GetResults()
		if r == nil && err == nil {
			break
		}
		if rr, ok := r.(*pgconn.ResultReader); ok {
			_, err = rr.Close()
		}
		failed = errors.Join(failed, err)
		if _, ok := r.(*pgconn.PipelineSync); ok {
			break
		}
	}
	refused(t, failed, "42501", "no-ddl")
	must(t, p.Close())
	must(t, c.Ping(t.Context()))
	if got := s.count("SELECT count(*) FROM notes"); got != "2" {
		t.Errorf("the table has %s rows", got)
	}
}

func TestARefusalInATransactionFailsIt(t *testing.T) {
	s := newSite(t, options{})
	c := s.connect()
	tx, err := c.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), "INSERT INTO notes (body) VALUES ('undone')")
	must(t, err)
	_, err = tx.Exec(t.Context(), "DROP TABLE orders")
	refused(t, err, "42501", "no-ddl", "migration")
	_, err = tx.Exec(t.Context(), "SELECT 1")
	refused(t, err, "25P02")
	if err := tx.Commit(t.Context()); !errors.Is(err, pgx.ErrTxCommitRollback) {
		t.Errorf("COMMIT gave %v", err)
	}
	if s.count("SELECT count(*) FROM notes") != "0" {
		t.Error("it was not undone")
	}
	// A savepoint saves.
	tx, err = c.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), "INSERT INTO notes (body) VALUES ('kept')")
	must(t, err)
	inner, err := tx.Begin(t.Context())
	must(t, err)
	_, err = inner.Exec(t.Context(), "DROP TABLE orders")
	refused(t, err, "42501")
	must(t, inner.Rollback(t.Context()))
	must(t, tx.Commit(t.Context()))
	if s.count("SELECT count(*) FROM notes") != "1" {
		t.Error("what stood before the savepoint is gone")
	}
}

func TestWarningsAreSaidAndRecorded(t *testing.T) {
	s := newSite(t, options{rules: `
  guards:
  - name: careful
    match: {tables: [public.orders]}
    action: Warn
    message: Orders are slow.
`})
	w := s.raw()
	wants(t, w.query("SELECT count(*) FROM orders"), "N:01000 T D:100 C:SELECT 1 Z:I")
	r := s.records(1, journal.KindStatementBegin)[0]
	if r.Verdict != "Warn" || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "careful") {
		t.Errorf("recorded %+v", r)
	}
}

func TestAPolicyThatAuditsOnlyTells(t *testing.T) {
	s := newSite(t, options{rules: "  mode: Audit\n" + strings.TrimPrefix(rules, "\n")})
	w := s.raw()
	wants(t, w.query("SELECT ssn FROM customers WHERE id = 1"), "T D:900-45-1001 C:SELECT 1 Z:I")
	wants(t, w.query("UPDATE orders SET cents = cents"), "C:UPDATE 100 Z:I")
	list := s.records(2, journal.KindStatementBegin)
	for _, r := range list {
		if len(r.Audited) == 0 || r.Verdict != "Allow" {
			t.Errorf("recorded %+v", r)
		}
	}
}

// Everything that cannot be read is refused with an error of its kind, and
// disturbs nobody.
func TestHostileTexts(t *testing.T) {
	s := newSite(t, options{rules: open})
	w, other := s.raw(), s.raw()
	for _, text := range []struct{ name, sql, code string }{
		{"no SQL", "this is no statement", "42601"},
		{"an unfinished string", "SELECT 'x", "42601"},
		{"49 KB of a sum", "SELECT " + strings.Repeat("1+", 25000) + "1", "54001"},
		{"nested comments", strings.Repeat("/*", 200000), ""},
		{"bytes that are not UTF-8", "SELECT '\xff\xfe'", "22021"},
		{"a long text", "SELECT '" + strings.Repeat("x", 2<<20) + "'", "54000"},
	} {
		t.Run(text.name, func(t *testing.T) {
			got := w.query(text.sql)
			if !strings.HasPrefix(got, "E:"+text.code) || !strings.HasSuffix(got, " Z:I") {
				t.Errorf("simple: %s", got)
			}
			w.send(pipeline(parse("", text.sql), bind("", ""), execute("", 0), syncs()))
			got = w.until(1)
			if !strings.HasPrefix(got, "E:"+text.code) || !strings.HasSuffix(got, " Z:I") {
				t.Errorf("extended: %s", got)
			}
			wants(t, w.query("SELECT 1"), "T D:1 C:SELECT 1 Z:I")
			wants(t, other.query("SELECT 2"), "T D:2 C:SELECT 1 Z:I")
		})
	}
	t.Run("a NUL", func(t *testing.T) {
		x := s.raw()
		x.send(frame('Q', "SELECT 1\x00; DROP TABLE orders\x00"))
		typ, body := x.next()
		wants(t, show(typ, body), "E:08P01")
	})
	t.Run("a function call", func(t *testing.T) {
		x := s.raw()
		x.send(frame('F', "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"))
		wants(t, x.until(1), "E:0A000 Z:I")
	})
	if s.count("SELECT count(*) FROM orders") != "100" {
		t.Error("something was executed")
	}
}
