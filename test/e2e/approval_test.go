package e2e

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// request is what the tests read of `weir approvals list -o json`.
type request struct {
	ID    string `json:"id"`
	State string `json:"state"`
	Text  string `json:"text"`
	Rule  string `json:"rule"`
}

func (s *site) pending() request {
	s.t.Helper()
	var found []request
	s.eventually("a request for approval", func() (bool, string) {
		text := s.cli("approvals", "list", "-o", "json")
		found = nil
		if err := json.Unmarshal([]byte(text), &found); err != nil {
			return false, err.Error() + ": " + text
		}
		return len(found) > 0, text
	})
	return found[0]
}

func TestAHeldDeleteGoesOnOnceItIsApproved(t *testing.T) {
	t.Parallel()
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeExec, pgx.QueryExecModeCacheStatement} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, options{})
			var mu sync.Mutex
			var notices []string
			conn := s.connect(func(c *pgx.ConnConfig) {
				c.DefaultQueryExecMode = mode
				c.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
					mu.Lock()
					defer mu.Unlock()
					notices = append(notices, n.Message)
				}
			})
			done := make(chan error, 1)
			go func() {
				_, err := conn.Exec(t.Context(), "DELETE FROM orders WHERE id = $1", 7)
				done <- err
			}()
			r := s.pending()
			if !strings.Contains(r.Text, "DELETE FROM orders") || r.Rule != "deletes-need-a-person" {
				t.Errorf("the request is %+v", r)
			}
			if got := s.query1("SELECT count(*) FROM orders WHERE id = 7"); got != "1" {
				t.Error("executed before it was approved")
			}
			select {
			case err := <-done:
				t.Fatalf("not held: %v", err)
			default:
			}
			s.cli("approvals", "approve", r.ID, "--reason", "ticket 4711")
			if err := <-done; err != nil {
				t.Fatalf("after approval: %v", err)
			}
			if got := s.query1("SELECT count(*) FROM orders WHERE id = 7"); got != "0" {
				t.Error("not executed")
			}
			mu.Lock()
			said := strings.Join(notices, "\n")
			mu.Unlock()
			if !strings.Contains(said, r.ID) {
				t.Errorf("no notice names the request: %q", said)
			}
			// Once: the same statement asks again.
			again := make(chan error, 1)
			go func() {
				_, err := conn.Exec(t.Context(), "DELETE FROM orders WHERE id = $1", 7)
				again <- err
			}()
			next := s.pending()
			if next.ID == r.ID {
				t.Error("the approval was used twice")
			}
			s.cli("approvals", "deny", next.ID, "--reason", "not again")
			e := s.refusal(<-again)
			if !strings.Contains(e.Message+e.Detail+e.Hint, "not again") {
				t.Errorf("the denial's reason does not reach the client: %+v", e)
			}
		})
	}
}

func TestInATransactionApprovalIsRefusedAtOnceWithTheIdInTheHint(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	conn := s.connect()
	ctx := t.Context()
	tx, err := conn.Begin(ctx)
	s.must(err)
	start := time.Now()
	_, err = tx.Exec(ctx, "DELETE FROM orders WHERE id = 7")
	e := s.refusal(err)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("held for %s inside a transaction, with its locks", took)
	}
	s.must(tx.Rollback(ctx))
	r := s.pending()
	if !strings.Contains(e.Hint, r.ID) {
		t.Errorf("the hint %q does not name the request %s", e.Hint, r.ID)
	}
	s.cli("approvals", "approve", r.ID, "--reason", "go")
	if _, err := conn.Exec(ctx, "DELETE FROM orders WHERE id = 7"); err != nil {
		t.Errorf("the approved statement, sent again: %v", err)
	}
	if got := s.query1("SELECT count(*) FROM orders WHERE id = 7"); got != "0" {
		t.Error("not executed")
	}
}

func TestWhoIsNotRootCannotDecide(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	program, err := s.lab.Copy(s.weir.Binary, "weir")
	s.must(err)
	c := s.weir.Command("approvals", "list")
	c.Path = program
	c.User = s.nobody
	c.Dir = "/"
	out, err := s.lab.Run(t.Context(), c)
	s.must(err)
	if out.Code == 0 || !strings.Contains(out.Stdout+out.Stderr, "admin.sock") {
		t.Errorf("nobody may list approvals, or something else is wrong: %d %s%s", out.Code, out.Stdout, out.Stderr)
	}
}

func TestAClientThatGoesAwayTakesItsHeldStatementAlong(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	conn := s.connect()
	go func() { _, _ = conn.Exec(t.Context(), "DELETE FROM orders WHERE id = 8") }()
	r := s.pending()
	s.must(conn.PgConn().Conn().Close())
	s.eventually("the end of the session", func() (bool, string) {
		return s.status().Sessions.Open == 0, "still open"
	})
	out, err := s.weir.Run(t.Context(), "approvals", "approve", r.ID, "--reason", "too late")
	s.must(err)
	t.Logf("approving afterwards says: %s%s", out.Stdout, out.Stderr)
	if got := s.query1("SELECT count(*) FROM orders WHERE id = 8"); got != "1" {
		t.Error("executed for a client that was gone")
	}
}
