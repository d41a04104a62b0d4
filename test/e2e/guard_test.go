package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestADropIsRefusedReadablyAndTheSessionGoesOn(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	out := s.psql("-v", "VERBOSITY=verbose", "-c", "DROP TABLE orders", "-c", "SELECT count(*) FROM orders")
	if !strings.Contains(out.Stdout, "100") {
		t.Errorf("the session did not go on: %s%s", out.Stdout, out.Stderr)
	}
	for _, want := range []string{"ERROR:  42501", "no-ddl", "Schema changes go through a migration pull request."} {
		if !strings.Contains(out.Stderr, want) {
			t.Errorf("the error does not say %q:\n%s", want, out.Stderr)
		}
	}
	if s.query1("SELECT count(*) FROM orders") != "100" {
		t.Error("the table is gone")
	}
}

func TestAWriteWithoutOrWithAConstantWhereIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	conn := s.connect()
	for _, sql := range []string{
		"UPDATE orders SET cents = 0", "UPDATE orders SET cents = 0 WHERE true", "DELETE FROM orders WHERE 1 = 1",
		"WITH x AS (DELETE FROM orders RETURNING *) SELECT count(*) FROM x", "EXPLAIN ANALYSE DELETE FROM orders",
		"SELECT 1; UPDATE orders SET cents = 0",
	} {
		_, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
		if e := s.refusal(err); e.Severity != "ERROR" {
			t.Errorf("%s: %v", sql, e)
		}
	}
	if _, err := conn.Exec(t.Context(), "UPDATE orders SET cents = 1 WHERE id = 1"); err != nil {
		t.Errorf("a bounded write is refused: %v", err)
	}
	if got := s.query1("SELECT count(*) FROM orders WHERE cents >= 100"); got != "99" {
		t.Errorf("%s orders are as they were, want 99", got)
	}
}

func TestARefusalInATransactionFailsTheTransactionAsPostgreSQLDoes(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	conn := s.connect()
	ctx := t.Context()
	tx, err := conn.Begin(ctx)
	s.must(err)
	_, err = tx.Exec(ctx, "INSERT INTO notes (body) VALUES ('before')")
	s.must(err)
	_, err = tx.Exec(ctx, "DROP TABLE orders")
	_ = s.refusal(err)
	if status := conn.PgConn().TxStatus(); status != 'E' {
		t.Errorf("transaction status %q, want E", status)
	}
	_, err = tx.Exec(ctx, "SELECT 1")
	if e := s.refusal(err); e.Code != "25P02" {
		t.Errorf("got %s, want 25P02", e.Code)
	}
	s.must(tx.Rollback(ctx))
	if got := s.query1("SELECT count(*) FROM notes"); got != "0" {
		t.Errorf("%s notes were committed", got)
	}
	var one int
	s.must(conn.QueryRow(ctx, "SELECT 1").Scan(&one))
}

// Swallowing the refused message and sending the Sync would commit the statements
// before it.
func TestARefusalInAPipelineUndoesWhatCameBefore(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	conn := s.connect()
	ctx := t.Context()
	batch := &pgx.Batch{}
	batch.Queue("INSERT INTO notes (body) VALUES ($1)", "before")
	batch.Queue("DROP TABLE orders")
	batch.Queue("INSERT INTO notes (body) VALUES ($1)", "after")
	err := conn.SendBatch(ctx, batch).Close()
	_ = s.refusal(err)
	if got := s.query1("SELECT count(*) FROM notes"); got != "0" {
		t.Errorf("%s notes were committed, want 0", got)
	}
	if _, err := conn.Exec(ctx, "INSERT INTO notes (body) VALUES ('later')"); err != nil {
		t.Errorf("the connection is of no use afterwards: %v", err)
	}
}

func TestAnUnmatchedWorkloadIsRefusedOrObserved(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ unmatched, login string }{{"Deny", ""}, {"Observe", passthrough}} {
		t.Run(tc.unmatched, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, options{unmatched: tc.unmatched, login: tc.login})
			stranger, err := s.lab.Cgroup("strangers/one")
			s.must(err)
			out := s.psqlIn(stranger, s.pg.DSN(role, password, s.database), "-c", "SELECT ssn FROM customers WHERE id = 1")
			if tc.unmatched == "Deny" {
				if out.Code == 0 || !strings.Contains(out.Stderr, "polic") {
					t.Errorf("ended with %d: %s%s", out.Code, out.Stdout, out.Stderr)
				}
				return
			}
			if out.Code != 0 || strings.TrimSpace(out.Stdout) != "900-45-1001" {
				t.Errorf("ended with %d: %s%s", out.Code, out.Stdout, out.Stderr)
			}
			if seen := s.cli("observe", "--last", "50", "-o", "json"); !strings.Contains(seen, "SELECT ssn FROM customers") {
				t.Errorf("not recorded:\n%s", seen)
			}
		})
	}
}

func TestABatchOfQueriesGoesThroughUndisturbed(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	conn := s.connect()
	batch := &pgx.Batch{}
	const n = 300
	for i := range n {
		batch.Queue("SELECT $1::int, item FROM orders WHERE id = $2", i, 1+i%100)
	}
	results := conn.SendBatch(t.Context(), batch)
	for i := range n {
		var got int
		var item string
		if err := results.QueryRow().Scan(&got, &item); err != nil || got != i {
			t.Fatalf("answer %d is %d, %v", i, got, err)
		}
	}
	s.must(results.Close())
	s.must(conn.Ping(context.Background()))
}
