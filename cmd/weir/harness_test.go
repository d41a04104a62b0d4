package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"iter"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/weirgate/weir/policy/approval"
	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/parser"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) {
	// The parser starts this binary again, as it does weir.
	if len(os.Args) == 2 && os.Args[1] == "parse-worker" {
		os.Exit(parser.WorkerMain())
	}
	time.Local = time.UTC
	goleak.VerifyTestMain(m)
}

// noon is when everything in these tests happens.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// golden compares with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

// result is what a command line gave.
type result struct {
	out, err string
	status   int
}

// weir runs a command line against a socket.
func weir(t *testing.T, in string, args ...string) result {
	t.Helper()
	return weirUntil(t.Context(), in, args...)
}

func weirUntil(ctx context.Context, in string, args ...string) result {
	out, errs := &watched{}, &watched{}
	status := execute(ctx, args, strings.NewReader(in), out, errs, func(string) string { return "" })
	return result{out.text.String(), errs.text.String(), status}
}

// watched keeps what is written, and tells when a text has come.
type watched struct {
	text bytes.Buffer
	want string
	came chan struct{}
}

func (w *watched) Write(p []byte) (int, error) {
	n, err := w.text.Write(p)
	if w.want != "" && strings.Contains(w.text.String(), w.want) {
		w.want = ""
		close(w.came)
	}
	return n, err
}

// house is a daemon's admin API with invented contents.
type house struct {
	records  []*journal.Record
	live     chan *journal.Record
	followed chan journal.Filter
	broker   *approval.Broker
	status   *console.Status
	sessions []console.Session
	asked    *console.ExplainRequest
}

func (h *house) Status(context.Context) (*console.Status, error) { return h.status, nil }

func (h *house) Sessions(_ context.Context, f console.SessionFilter) ([]console.Session, error) {
	if f.All {
		return h.sessions, nil
	}
	return h.sessions[:1], nil
}

func (h *house) Session(_ context.Context, id string) (*console.Session, error) {
	for i := range h.sessions {
		if h.sessions[i].ID == id {
			return &h.sessions[i], nil
		}
	}
	return nil, console.NotFound("`weir sessions list --all` lists those that are kept", "there is no session %q", id)
}

func (h *house) Records(ctx context.Context, f journal.Filter, follow bool) iter.Seq2[*journal.Record, error] {
	return func(yield func(*journal.Record, error) bool) {
		for _, r := range h.records {
			if (f.Session == "" || f.Session == r.Session) && (f.Until.IsZero() || r.Time.Before(f.Until)) && !r.Time.Before(f.Since) && !yield(r, nil) {
				return
			}
		}
		if !follow {
			return
		}
		h.followed <- f
		for {
			select {
			case r := <-h.live:
				if !yield(r, nil) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

func (h *house) Reload(context.Context) (*console.ReloadResult, error) {
	return &console.ReloadResult{Changed: true, Policy: h.status.Policy}, nil
}

func (h *house) Explain(_ context.Context, r *console.ExplainRequest) (*console.Explanation, error) {
	h.asked = r
	return explanation(), nil
}

func (h *house) Destroy(context.Context) (*console.DestroyResult, error) {
	return nil, errors.New("not in this test")
}

// serve gives the path of a socket on which h answers, until the test ends.
func serve(t *testing.T, h *house) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "weir-cli")
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "admin.sock")
	server, err := console.Listen(console.Options{
		Socket: socket, Version: "1.2.3", Status: h, Sessions: h, Records: h,
		Approvals: console.BrokerApprovals{Broker: h.broker}, Policy: h, Connections: h,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return socket
}

var bot = &identity.Identity{
	Subject: "unit:nightly-etl.service", Kind: "Unit", Unit: "nightly-etl.service", CgroupPath: "/system.slice/nightly-etl.service",
	PID: 4711, UID: 1001, User: "etl", Executable: "/usr/bin/psql",
}

// newHouse has a day's records, sessions and one request.
func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{
		live: make(chan *journal.Record), followed: make(chan journal.Filter, 4),
		broker: approval.NewBroker(approval.NewMemory(), approval.Options{Now: func() time.Time { return noon }}),
		status: status(),
		sessions: []console.Session{
			{ID: "s-open", Open: true, Started: noon.Add(-time.Hour), Identity: bot, Database: "crm", User: "reader", State: "active", Running: "select\n1", Statements: 12, Denied: 2, Rows: 300},
			{ID: "s-gone", Started: noon.Add(-3 * time.Hour), Ended: noon.Add(-2 * time.Hour), Reason: "the client left", Identity: bot, Database: "crm", User: "reader", Server: "10.0.3.7:5432", Client: "127.0.0.1:40000", How: "captured", Policies: []string{"support"}, Statements: 1, Bytes: 20480},
		},
	}
	h.records = day()
	return h
}

func status() *console.Status {
	return &console.Status{
		Version: "1.2.3", PID: 99, Started: noon.Add(-26 * time.Hour), Config: "/etc/weir/weir.yaml", State: "/var/lib/weir",
		Policy: console.PolicyStatus{Revision: "0123abcd", Loaded: noon.Add(-time.Minute), Databases: []string{"crm"}, Policies: []string{"people", "support"}, Unmatched: "Observe",
			Refused: []string{"/etc/weir/policy.d/a.yaml:3:1: unknown key \"gards\""}},
		Capture: console.CaptureStatus{Mode: "Transparent", Cgroup: "/", Ports: []uint16{5432, 6543},
			Links:    []console.LinkStatus{{Name: "connect4", Attached: true}, {Name: "connect6", Problem: "detached by somebody"}},
			Counters: map[string]uint64{"redirected": 7, "denied": 1, "full": 0},
			Unseen:   []console.Connection{{Local: "10.0.0.2:40000", Remote: netip.MustParseAddrPort("10.0.3.7:5432").String(), PID: 321, User: "etl", Executable: "/usr/bin/python3", Cgroup: "/system.slice/old.service"}}},
		Listeners: []console.ListenerStatus{{Name: "local", Network: "unix", Address: "/run/weir/.s.PGSQL.5432", Database: "crm"}},
		Sessions:  console.SessionStatus{Open: 3, Limit: 10000, Total: 40, Refused: 2},
		Journal:   console.JournalStatus{Folder: "/var/lib/weir/journal", Writable: true, Records: 1234, Bytes: 5 << 20, Free: 3 << 30},
		Parser:    console.ParserStatus{Workers: 2, Hits: 98, Misses: 2, Lost: 1, Restarts: 1},
		Approvals: console.ApprovalStatus{Pending: 1, Limit: 100},
		Problems:  []string{"the name db.internal of a Database has no known address"},
	}
}

// day is what a session did: allowed and masked, denied, failed, held and
// approved, warned, audited, and one that is still running.
func day() []*journal.Record {
	at := noon.Add
	begin := func(seq uint64, d time.Duration, verdict, rule, text string) *journal.Record {
		return &journal.Record{Version: 1, Time: at(d), Kind: journal.KindStatementBegin, Session: "s-open", Seq: seq, Identity: bot, Database: "crm", Verdict: verdict, Rule: rule, Text: text}
	}
	end := func(seq, of uint64, d time.Duration, rows int64) *journal.Record {
		return &journal.Record{Version: 1, Time: at(d), Kind: journal.KindStatementEnd, Session: "s-open", Seq: seq, Statement: of, Identity: bot, Database: "crm", Outcome: journal.OutcomeCompleted, Rows: rows, Nanoseconds: int64(1500 * time.Microsecond)}
	}
	masked := end(2, 1, 2*time.Millisecond, 3)
	masked.Masked = []string{"public.customers.email"}
	failed := end(5, 4, 20*time.Millisecond, 0)
	failed.Outcome, failed.SQLState, failed.Message, failed.Nanoseconds = journal.OutcomeFailed, "42P01", `relation "nosuch" does not exist`, int64(90*time.Second)
	held := begin(6, time.Second, "RequireApproval", "bulk", "delete from customers where region = 'EU'")
	held.Kind, held.Approval = journal.KindStatementHeld, "ap-7k2m9q"
	approved := begin(7, 9*time.Second, "RequireApproval", "bulk", held.Text)
	approved.Approval = held.Approval
	warned := begin(9, 24*time.Hour, "Warn", "wide", "select * from customers")
	warned.Warnings = []string{"Warn support/wide: it reads all columns"}
	audited := begin(11, 24*time.Hour+time.Second, "Allow", "", "select '\u202e', '\x1b[2J'")
	audited.Audited = []string{"Deny trial/none: every statement"}
	return []*journal.Record{
		{Version: 1, Time: at(0), Kind: journal.KindSessionStart, Session: "s-open", Identity: bot, Database: "crm", User: "reader", Server: "10.0.3.7:5432"},
		begin(1, time.Millisecond, "Allow", "", "select email\nfrom   customers"),
		masked,
		{Version: 1, Time: at(10 * time.Millisecond), Kind: journal.KindStatementDenied, Session: "s-open", Seq: 3, Identity: bot, Database: "crm", Verdict: "Deny", Rule: "no-ddl", Text: "drop table customers", SQLState: "42501", Message: "weir refused this statement by rule support/no-ddl"},
		begin(4, 15*time.Millisecond, "Allow", "", "select * from nosuch"),
		failed,
		held, approved, end(8, 7, 9*time.Second+5*time.Millisecond, 17),
		warned, end(10, 9, 24*time.Hour+time.Millisecond, 250000),
		audited, end(12, 11, 24*time.Hour+2*time.Second, 1),
		{Version: 1, Time: at(24*time.Hour + 3*time.Second), Kind: journal.KindPolicyLoaded, Session: "weir-x", Seq: 9, Revision: "0123abcd"},
		{Version: 1, Time: at(24*time.Hour + 4*time.Second), Kind: console.KindLost, Data: map[string]string{"records": "12"}},
		begin(13, 24*time.Hour+5*time.Second, "Allow", "", "select pg_sleep(1000)"),
	}
}

// request asks for the approval that the tests show.
func (h *house) request(t *testing.T) *approval.Request {
	t.Helper()
	ticket, err := h.broker.Ask(t.Context(), approval.Request{
		Statement: approval.Statement{
			Server: "10.0.3.7:5432", Database: "crm", Identity: *bot, User: "reader", SearchPath: "public", Policy: "support", Rule: "bulk",
			Text: "delete from customers\n where name = $1 -- \u202etesni tluafed\n   or nаme is null",
			Parameters: []approval.Parameter{
				{Type: 25, Value: []byte("O'Neill\x1b[2J")}, {Null: true}, {Type: 23, Format: 1, Value: []byte{0, 0, 0, 7}},
			},
		},
		Session: "s-open", Approval: "dba", Revision: "0123abcd", Message: "ask the team first", Wait: time.Minute,
		Approvers: []string{"user:root", "group:dba"},
	})
	if err != nil {
		t.Fatal(err)
	}
	ticket.Close()
	return ticket.Request()
}

func explanation() *console.Explanation {
	return &console.Explanation{
		Identity: bot, Database: "crm", Text: "delete from customers;\nselect email from customers", Revision: "0123abcd",
		Recorded: &console.RecordedDecision{Time: noon, Verdict: "Allow", Revision: "ffff0000"},
		Verdict:  "Deny", Policy: "support", Rule: "unbounded", Reason: "it deletes without WHERE", Message: "weir refused this", Hint: "Add a WHERE.",
		Warnings: []string{"Warn support/wide: it reads all columns"}, Audited: []string{"Deny trial/none: every statement"},
		Notes: []string{"the catalog is an hour old"},
		Policies: []console.ExplainedPolicy{
			{Name: "lab", Mode: "Enforce", Selected: "No", Why: `it does not name Database "crm"`, Identities: []console.ExplainedIdentity{{Name: "all", Matched: "Yes", Why: []string{"any workload is selected"}}}},
			{Name: "support", Mode: "Enforce", Selected: "Yes", Why: `its identity "nightly" is the workload`, Masks: []string{"contact"}, Guards: []console.ExplainedGuard{
				{Name: "no-ddl", Action: "Deny", About: "DROP", Statements: []console.ExplainedStatement{{Statement: 0, Why: "it is a DELETE"}, {Statement: 1, Why: "it is a SELECT"}}},
				{Name: "unbounded", Action: "Deny", About: "DELETE without WHERE", When: "true", Matched: true, Decided: true, Statements: []console.ExplainedStatement{{Statement: 0, Matched: true, Why: "it deletes without WHERE"}}},
			}},
		},
		Masks: []console.ExplainedMask{{Statement: 0}, {Statement: 1, Touches: true, Columns: []string{"public.customers.email"}}, {Statement: 2, Refused: true, Rule: "support/contact", Why: "the argument of upper()"}},
	}
}
