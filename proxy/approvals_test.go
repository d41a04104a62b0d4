package proxy_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/weirgate/weir/policy/approval"
	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/upstream"
	"github.com/weirgate/weir/proxy/wire"
)

// pending waits for so many requests and gives the newest.
func (s *site) pending(n int) *approval.Request {
	s.t.Helper()
	var list []*approval.Request
	if !within(func() bool {
		var err error
		list, err = s.broker.List(context.Background(), approval.Filter{States: []approval.State{approval.Pending}})
		must(s.t, err)
		return len(list) >= n
	}) {
		s.t.Fatalf("%d requests, want %d", len(list), n)
	}
	return list[len(list)-1]
}

// decide says yes or no to a request.
func (s *site) decide(id string, yes bool) {
	s.t.Helper()
	_, err := s.broker.Decide(context.Background(), id, approval.Decision{
		Approver: approval.Approver{UID: 1, User: "dba"}, Approve: yes, Reason: "because", At: time.Now(),
	})
	must(s.t, err)
}

// later runs f and gives its error when it has ended.
func later(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return done
}

// withNotices collects what a client is told.
func withNotices(list *[]string) func(*pgx.ConnConfig) {
	return func(c *pgx.ConnConfig) {
		c.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { *list = append(*list, n.Message) }
	}
}

var modes = []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeExec, pgx.QueryExecModeCacheStatement}

func TestAStatementWaitsForItsApproval(t *testing.T) {
	s := newSite(t, options{})
	for i, mode := range modes {
		var notices []string
		c := s.connect(withNotices(&notices), func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode })
		done := later(func() error {
			tag, err := c.Exec(context.Background(), "DELETE FROM orders WHERE id = $1", i+1)
			if err == nil && tag.RowsAffected() != 1 {
				err = fmt.Errorf("%s", tag)
			}
			return err
		})
		r := s.pending(1)
		if r.Rule != "deletes-need-a-person" || r.Identity.Subject != "unit:bot.service" || !strings.HasPrefix(r.Text, "DELETE FROM orders WHERE id = ") {
			t.Errorf("asked for %+v", r)
		}
		if mode != pgx.QueryExecModeSimpleProtocol && len(r.Parameters) != 1 {
			t.Errorf("asked with parameters %v", r.Parameters)
		}
		if !within(func() bool { return s.gateway.Holds(r.ID) }) {
			t.Error("nobody waits")
		}
		if open := s.gateway.Sessions(); open[len(open)-1].State != "held" {
			t.Errorf("the session is %s", open[len(open)-1].State)
		}
		if got := s.count("SELECT count(*) FROM orders"); got != fmt.Sprint(100-i) {
			t.Errorf("it did not wait: %s", got)
		}
		s.decide(r.ID, true)
		must(t, <-done)
		if len(notices) != 1 || !strings.Contains(notices[0], r.ID) {
			t.Errorf("told: %q", notices)
		}
		if s.gateway.Holds(r.ID) {
			t.Error("it waits on")
		}
		// It was for one use.
		done = later(func() error {
			_, err := c.Exec(context.Background(), "DELETE FROM orders WHERE id = $1", i+1)
			return err
		})
		again := s.pending(1)
		if again.ID == r.ID {
			t.Error("the approval counts twice")
		}
		s.decide(again.ID, false)
		refused(t, <-done, "42501", again.ID, "denied by dba", "because")
	}
	for _, r := range s.records(3, journal.KindApprovalUsed) {
		if r.Approval == "" || r.Rule != "deletes-need-a-person" {
			t.Errorf("recorded %+v", r)
		}
	}
	begun := s.records(3, journal.KindStatementBegin)
	if r := begun[0]; r.Verdict != "RequireApproval" || r.Approval == "" {
		t.Errorf("recorded %+v", r)
	}
}

func TestAnApprovalThatDoesNotComeInTime(t *testing.T) {
	s := newSite(t, options{rules: strings.Replace(rules, "wait: 20s", "wait: 300ms", 1)})
	for i, mode := range modes {
		c := s.connect(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode })
		text := fmt.Sprintf("DELETE FROM orders WHERE id = %d", i+1)
		_, err := c.Exec(t.Context(), text)
		r := s.pending(1)
		refused(t, err, "42501", r.ID, "none came within 300ms", "passes once")
		must(t, c.Ping(t.Context()))
		// Approved later, it passes when it is sent again, once.
		s.decide(r.ID, true)
		_, err = c.Exec(t.Context(), text)
		must(t, err)
		_, err = c.Exec(t.Context(), text)
		refused(t, err, "42501")
		s.decide(s.pending(1).ID, false)
	}
}

func TestInsideATransactionNothingWaits(t *testing.T) {
	s := newSite(t, options{})
	for i, mode := range modes {
		c := s.connect(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode })
		attempt := func() error {
			tx, err := c.Begin(context.Background())
			if err != nil {
				return err
			}
			defer func() { _ = tx.Rollback(context.Background()) }()
			if _, err := tx.Exec(context.Background(), "SET LOCAL search_path TO public"); err != nil {
				return err
			}
			if _, err := tx.Exec(context.Background(), "DELETE FROM orders WHERE id = $1", 50+i); err != nil {
				return err
			}
			return tx.Commit(context.Background())
		}
		began := time.Now()
		refused(t, attempt(), "42501", s.pending(1).ID, "Outside of a transaction it would have waited")
		if time.Since(began) > 10*time.Second {
			t.Error("it waited")
		}
		s.decide(s.pending(1).ID, true)
		must(t, attempt())
		refused(t, attempt(), "42501")
		s.decide(s.pending(1).ID, false)
	}
	if got := s.count("SELECT count(*) FROM orders"); got != "97" {
		t.Errorf("%s orders", got)
	}
}

// What is approved is one statement with one set of values.
func TestAnApprovalIsForExactlyOneStatement(t *testing.T) {
	s := newSite(t, options{rules: strings.Replace(rules, "wait: 20s", "wait: 0s", 1)})
	c := s.connect()
	exec := func(text string, args ...any) error {
		_, err := c.Exec(t.Context(), text, args...)
		return err
	}
	const text = "DELETE FROM orders WHERE id = $1"
	refused(t, exec(text, 10), "42501")
	s.decide(s.pending(1).ID, true)
	refused(t, exec(text, 11), "42501")
	refused(t, exec("DELETE FROM orders WHERE id =  $1", 10), "42501")
	refused(t, exec("DELETE FROM orders WHERE id = 10"), "42501")
	if s.count("SELECT count(*) FROM orders") != "100" {
		t.Error("something was deleted")
	}
	_, err := c.Exec(t.Context(), "SET search_path TO pg_catalog, public")
	must(t, err)
	refused(t, exec(text, 10), "42501")
	_, err = c.Exec(t.Context(), "DISCARD ALL")
	must(t, err)
	c2 := s.connect()
	_, err = c2.Exec(t.Context(), text, 10)
	must(t, err)
	if s.count("SELECT count(*) FROM orders") != "99" {
		t.Error("the one was not deleted")
	}
}

func TestTwoSessionsRaceForOneApproval(t *testing.T) {
	s := newSite(t, options{})
	const people = 4
	var done []<-chan error
	for range people {
		c := s.connect()
		done = append(done, later(func() error {
			_, err := c.Exec(context.Background(), "DELETE FROM orders WHERE id > 90")
			return err
		}))
	}
	r := s.pending(1)
	// All of them wait for the same request.
	if !within(func() bool {
		n := 0
		for _, i := range s.gateway.Sessions() {
			if i.State == "held" {
				n++
			}
		}
		return n == people
	}) {
		t.Error("not all of them wait")
	}
	s.decide(r.ID, true)
	passed := 0
	for _, d := range done {
		if err := <-d; err == nil {
			passed++
		} else {
			refused(t, err, "42501")
		}
	}
	if passed != 1 {
		t.Errorf("%d passed", passed)
	}
}

func TestAClientCancelsWhileItsStatementIsHeld(t *testing.T) {
	for _, loops := range []int{1, -1} {
		s := newSite(t, options{loops: loops})
		for _, mode := range modes {
			c := s.connect(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode })
			done := later(func() error {
				_, err := c.Exec(context.Background(), "DELETE FROM orders WHERE id = 1")
				return err
			})
			r := s.pending(1)
			within(func() bool { return s.gateway.Holds(r.ID) })
			must(t, c.PgConn().CancelRequest(t.Context()))
			refused(t, <-done, "57014", r.ID)
			must(t, c.Ping(t.Context()))
			_, err := s.broker.Cancel(context.Background(), r.ID, "test")
			must(t, err)
		}
		if s.count("SELECT count(*) FROM orders") != "100" {
			t.Error("it was executed")
		}
	}
}

func TestAClientThatLeavesWhileItsStatementIsHeld(t *testing.T) {
	for _, loops := range []int{1, -1} {
		s := newSite(t, options{loops: loops})
		w := s.raw()
		w.send(wire.AppendQuery(nil, "DELETE FROM orders WHERE id = 1"))
		r := s.pending(1)
		within(func() bool { return s.gateway.Holds(r.ID) })
		_ = w.Close()
		if !within(func() bool { return !s.gateway.Holds(r.ID) && len(s.gateway.Sessions()) == 0 }) {
			t.Error("the session is still there")
		}
		s.decide(r.ID, true)
		if s.count("SELECT count(*) FROM orders") != "100" {
			t.Error("it was executed")
		}
	}
}

// A batch of several statements cannot wait as a whole.
func TestABatchWithAStatementThatNeedsAnApproval(t *testing.T) {
	s := newSite(t, options{})
	c := s.connect()
	attempt := func() error {
		b := &pgx.Batch{}
		b.Queue("INSERT INTO notes (body) VALUES ('a')")
		b.Queue("DELETE FROM orders WHERE id = $1", 1)
		return c.SendBatch(context.Background(), b).Close()
	}
	began := time.Now()
	err := attempt()
	refused(t, err, "42501", s.pending(1).ID)
	if time.Since(began) > 10*time.Second {
		t.Error("it waited")
	}
	if s.count("SELECT count(*) FROM notes") != "0" {
		t.Error("a part of the batch was kept")
	}
	s.decide(s.pending(1).ID, true)
	must(t, attempt())
	if s.count("SELECT count(*) FROM notes") != "1" || s.count("SELECT count(*) FROM orders") != "99" {
		t.Error("the batch was not executed")
	}
}

func TestDocumentsThatChangeWhileAStatementIsHeld(t *testing.T) {
	s := newSite(t, options{})
	c := s.connect()
	done := later(func() error {
		_, err := c.Exec(context.Background(), "DELETE FROM orders WHERE id = 1")
		return err
	})
	r := s.pending(1)
	within(func() bool { return s.gateway.Holds(r.ID) })
	s.use(strings.Replace(rules, "  guards:\n", "  guards:\n  - name: never\n    match: {commands: [Delete]}\n    action: Deny\n", 1))
	s.decide(r.ID, true)
	refused(t, <-done, "42501", "never")
	if s.count("SELECT count(*) FROM orders") != "100" {
		t.Error("it was executed")
	}
}

func TestTooManyRequests(t *testing.T) {
	s := newSite(t, options{rules: strings.Replace(rules, "wait: 20s", "wait: 0s", 1)})
	c := s.connect()
	var last error
	for i := range 12 {
		_, last = c.Exec(t.Context(), fmt.Sprintf("DELETE FROM orders WHERE id = %d", i))
		refused(t, last, "42501")
	}
	refused(t, last, "42501", "too many")
}

// Cancel requests carry a key of weir's own, and reach one session alone.
func TestACancelReachesItsOwnSession(t *testing.T) {
	for name, way := range map[string]options{
		"on a loop": {rules: open}, "on goroutines": {rules: open, loops: -1},
		"over TLS":                   {rules: open, secure: true, tls: "{mode: VerifyFull, caFile: @ca@}"},
		"where the client logged in": {rules: open, login: "{type: Passthrough}"},
	} {
		t.Run(name, func(t *testing.T) { cancelOne(t, way) })
	}
}

func cancelOne(t *testing.T, way options) {
	s := newSite(t, way)
	user := func(c *pgx.ConnConfig) { c.User, c.Password = role, password }
	a, b := s.connect(user), s.connect(user)
	var pid uint32
	must(t, a.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&pid))
	if pid != a.PgConn().PID() {
		t.Errorf("the client knows the process as %d, the server as %d", a.PgConn().PID(), pid)
	}
	holder, err := s.pg.Connect(t.Context(), s.database)
	must(t, err)
	defer func() { _ = holder.Close(context.Background()) }()
	_, err = holder.Exec(t.Context(), "SELECT pg_advisory_lock(17)")
	must(t, err)
	sleepA := later(func() error { _, err := a.Exec(context.Background(), "SELECT pg_sleep(600)"); return err })
	waitB := later(func() error { _, err := b.Exec(context.Background(), "SELECT pg_advisory_lock(17)"); return err })
	s.sleeps()
	if !within(func() bool {
		return s.count("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory' AND objid = 17") == "1"
	}) {
		t.Fatal("nobody waits for the lock")
	}
	// Weir's key is not the server's, and neither does a wrong one do anything.
	must(t, upstream.Cancel(t.Context(), upstream.Target{Address: s.pg.Addr(), TLS: upstream.TLS{Mode: upstream.Disable}}, a.PgConn().PID(), a.PgConn().SecretKey()))
	wrong := append([]byte(nil), a.PgConn().SecretKey()...)
	wrong[0]++
	for _, c := range []struct {
		pid uint32
		key []byte
	}{{pid, wrong}, {pid + 1, a.PgConn().SecretKey()}, {b.PgConn().PID(), a.PgConn().SecretKey()}} {
		conn := newWireConn(t, dialTCP(t, s.address))
		p := []byte{0, 0, 0, 16, 4, 210, 22, 46, byte(c.pid >> 24), byte(c.pid >> 16), byte(c.pid >> 8), byte(c.pid)}
		conn.send(append(p, c.key...))
		if _, _, err := conn.read(); err == nil {
			t.Error("a cancel request got an answer")
		}
	}
	must(t, holder.Close(t.Context())) // and with it goes the lock
	select {
	case err := <-sleepA:
		t.Fatalf("it ended: %v", err)
	case err := <-waitB:
		must(t, err)
	}
	must(t, a.PgConn().CancelRequest(t.Context()))
	refused(t, <-sleepA, "57014")
	must(t, a.Ping(t.Context()))
}
