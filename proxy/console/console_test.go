package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/weirgate/weir/policy/approval"
	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/proxy/journal"
)

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		os.Exit(child())
	}
	goleak.VerifyTestMain(m)
}

// house is everything that the console serves, invented.
type house struct {
	records   []*journal.Record
	live      chan *journal.Record
	filter    journal.Filter
	following chan struct{}
	decided   []Peer
	explained *ExplainRequest
}

func newHouse() *house {
	return &house{live: make(chan *journal.Record), following: make(chan struct{}, 16)}
}

func (h *house) Status(context.Context) (*Status, error) {
	return &Status{Version: "test", PID: os.Getpid(), Policy: PolicyStatus{Revision: "abc"}}, nil
}

func (h *house) Sessions(_ context.Context, f SessionFilter) ([]Session, error) {
	if !f.All {
		return nil, nil
	}
	return []Session{{ID: "s1", Database: f.Database, Started: f.Since}}, nil
}

func (h *house) Session(_ context.Context, id string) (*Session, error) {
	if id != "a/b" {
		return nil, NotFound("list them with `weir sessions list`", "there is no session %q", id)
	}
	return &Session{ID: id}, nil
}

func (h *house) Records(ctx context.Context, f journal.Filter, follow bool) iter.Seq2[*journal.Record, error] {
	h.filter = f
	return func(yield func(*journal.Record, error) bool) {
		for _, r := range h.records {
			if !yield(r, nil) {
				return
			}
		}
		if slices.Contains(f.Verdicts, "broken") {
			yield(nil, errors.New("segment 3 cannot be read"))
			return
		}
		if !follow {
			return
		}
		h.following <- struct{}{}
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

func (h *house) Approvals(_ context.Context, state approval.State) ([]*approval.Request, error) {
	return []*approval.Request{{ID: "ap-1", State: state}}, nil
}

func (h *house) Approval(_ context.Context, id string) (*approval.Request, error) {
	return nil, NotFound("", "there is no request %q", id)
}

func (h *house) Decide(_ context.Context, id string, approve bool, reason string, by Peer) (*approval.Request, error) {
	if id == "used" {
		return nil, Conflict("", "request %q was used already", id)
	}
	h.decided = append(h.decided, by)
	return &approval.Request{ID: id, Decisions: []approval.Decision{{Approver: approval.Approver{UID: by.UID, Name: by.String()}, Approve: approve, Reason: reason}}}, nil
}

func (h *house) Reload(context.Context) (*ReloadResult, error) {
	return nil, Invalid("correct the file; the last good policies stay in force", "p.yaml:3:1: spec.gards: unknown key")
}

func (h *house) Explain(_ context.Context, r *ExplainRequest) (*Explanation, error) {
	h.explained = r
	return &Explanation{Text: r.Text, Verdict: "deny"}, nil
}

func (h *house) Destroy(context.Context) (*DestroyResult, error) {
	return &DestroyResult{Destroyed: []Connection{{ID: "1"}}}, nil
}

// start serves h on a socket of its own and ends with the test.
func start(t *testing.T, o Options, h *house) (*Client, string) {
	t.Helper()
	if o.Socket == "" {
		o.Socket = filepath.Join(folder(t), "admin", "admin.sock")
	}
	if h != nil {
		o.Status, o.Sessions, o.Records, o.Approvals, o.Policy, o.Connections = h, h, h, h, h, h
	}
	server, err := Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx) }()
	client := NewClient(o.Socket)
	t.Cleanup(func() {
		client.Close()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(o.Socket); err == nil {
			t.Error("the socket was left behind")
		}
	})
	return client, o.Socket
}

// folder is a temporary one that other users can enter.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "weir-console")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestEveryEndpointAnswersThroughTheClient(t *testing.T) {
	ctx := t.Context()
	h := newHouse()
	client, _ := start(t, Options{Version: "1.2.3"}, h)
	if health, err := client.Health(ctx); err != nil || health.Version != "1.2.3" || health.Status != "ok" {
		t.Errorf("health %+v, %v", health, err)
	}
	if status, err := client.Status(ctx); err != nil || status.Policy.Revision != "abc" {
		t.Errorf("status %+v, %v", status, err)
	}
	since := time.Date(2025, 1, 2, 3, 4, 5, 6, time.UTC)
	sessions, err := client.Sessions(ctx, SessionFilter{All: true, Since: since, Database: "c&m=1"})
	if err != nil || len(sessions) != 1 || sessions[0].Database != "c&m=1" || !sessions[0].Started.Equal(since) {
		t.Errorf("sessions %+v, %v", sessions, err)
	}
	if sessions, err := client.Sessions(ctx, SessionFilter{}); err != nil || sessions == nil || len(sessions) != 0 {
		t.Errorf("no sessions are %v, %v", sessions, err)
	}
	if session, err := client.Session(ctx, "a/b"); err != nil || session.ID != "a/b" {
		t.Errorf("a session whose id needs escaping: %+v, %v", session, err)
	}
	if _, err := client.Session(ctx, "zz"); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "weir sessions list") {
		t.Errorf("a session that is not there: %v", err)
	}
	if list, err := client.Approvals(ctx, "Pending"); err != nil || len(list) != 1 || list[0].State != "Pending" {
		t.Errorf("approvals %+v, %v", list, err)
	}
	if _, err := client.Approval(ctx, "zz"); !errors.Is(err, ErrNotFound) {
		t.Errorf("an approval that is not there: %v", err)
	}
	if _, err := client.Decide(ctx, "used", true, ""); !errors.Is(err, ErrConflict) {
		t.Errorf("an approval that was used: %v", err)
	}
	if a, err := client.Decide(ctx, "ap-1", false, "no reason given"); err != nil || a.Decisions[0].Approve || a.Decisions[0].Reason != "no reason given" {
		t.Errorf("a denial: %+v, %v", a, err)
	}
	if _, err := client.Reload(ctx); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "p.yaml:3:1") {
		t.Errorf("a reload of broken documents: %v", err)
	}
	if e, err := client.Explain(ctx, &ExplainRequest{Identity: &identity.Identity{Subject: "x"}, Database: "crm", Text: "select '\u202e\x00'"}); err != nil || e.Text != "select '\u202e\x00'" {
		t.Errorf("an explanation: %+v, %v", e, err)
	}
	if _, err := client.Explain(ctx, &ExplainRequest{Text: "select 1"}); !errors.Is(err, ErrInvalid) {
		t.Errorf("an explanation for nobody: %v", err)
	}
	if d, err := client.Destroy(ctx); err != nil || len(d.Destroyed) != 1 {
		t.Errorf("destroy %+v, %v", d, err)
	}
}

func TestASourceThatIsMissingIsUnavailable(t *testing.T) {
	client, _ := start(t, Options{}, nil)
	_, err := client.Status(t.Context())
	var e *Error
	if !errors.As(err, &e) || e.Status != http.StatusServiceUnavailable || !strings.Contains(e.Message, "no status") {
		t.Errorf("got %v", err)
	}
}

func record(text string) *journal.Record {
	return &journal.Record{Kind: journal.KindStatementBegin, Session: "s", Text: text}
}

func TestRecordsAreStreamedOldOnesFirstThenLive(t *testing.T) {
	h := newHouse()
	h.records = []*journal.Record{record("one"), {Line: []byte(`{"kind":"statement.begin","text":"raw","new":1}`)}}
	client, _ := start(t, Options{}, h)
	want := journal.Filter{Since: time.Unix(1, 0).UTC(), Last: 5, Workload: "unit:*", Database: "crm", Verdicts: []string{"Deny", "Failed"}, Session: "s", Kinds: []journal.Kind{"statement.begin"}}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var texts []string
	for r, err := range client.Records(ctx, want, true) {
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, r.Text)
		switch len(texts) {
		case 2:
			if string(r.Line) != `{"kind":"statement.begin","text":"raw","new":1}` {
				t.Errorf("the line became %s", r.Line)
			}
			<-h.following
			go func() { h.live <- record("live") }()
		case 3:
			cancel()
		}
	}
	if !slices.Equal(texts, []string{"one", "raw", "live"}) {
		t.Errorf("got %q", texts)
	}
	if !reflect.DeepEqual(h.filter, want) {
		t.Errorf("the filter arrived as %+v", h.filter)
	}
}

func TestAnErrorOnTheWayEndsTheStreamAndIsTold(t *testing.T) {
	h := newHouse()
	h.records = []*journal.Record{record("one")}
	client, _ := start(t, Options{}, h)
	var got []string
	for r, err := range client.Records(t.Context(), journal.Filter{Verdicts: []string{"broken"}}, false) {
		if err != nil {
			got = append(got, err.Error())
			continue
		}
		got = append(got, r.Text)
	}
	if !slices.Equal(got, []string{"one", "segment 3 cannot be read"}) {
		t.Errorf("got %q", got)
	}
}

func TestManyRecordsArrive(t *testing.T) {
	h := newHouse()
	long := strings.Repeat("x", 20000)
	for i := range 200 {
		h.records = append(h.records, record(fmt.Sprint(i, long)))
	}
	client, _ := start(t, Options{}, h)
	n := 0
	for r, err := range client.Records(t.Context(), journal.Filter{}, false) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Text != fmt.Sprint(n, long) {
			t.Fatalf("record %d is another", n)
		}
		n++
	}
	if n != 200 {
		t.Errorf("%d of 200 arrived", n)
	}
}

func TestAStreamWhoseReaderStopsEnds(t *testing.T) {
	h := newHouse()
	h.records = []*journal.Record{record("one"), record("two")}
	client, _ := start(t, Options{}, h)
	for _, err := range client.Records(t.Context(), journal.Filter{}, true) {
		if err != nil {
			t.Fatal(err)
		}
		break // goleak sees whether the server's side ends
	}
}

func TestAFollowerIsToldThatTheDaemonStopped(t *testing.T) {
	h := newHouse()
	socket := filepath.Join(folder(t), "a.sock")
	server, err := Listen(Options{Socket: socket, Records: h})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx) }()
	go func() { <-h.following; stop() }()
	client := NewClient(socket)
	defer client.Close()
	var last error
	for _, err := range client.Records(t.Context(), journal.Filter{}, true) {
		last = err
	}
	if !errors.Is(last, ErrNotRunning) {
		t.Errorf("the follower got %v", last)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestBadRequestsGetJSONWithAHint(t *testing.T) {
	_, socket := start(t, Options{}, newHouse())
	plain := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"an unknown path", "GET", "/v2/status", "", 404, `"error":"this weir has no GET /v2/status"`},
		{"a wrong method", "DELETE", "/v1/approvals/x", "", 404, `"error":"this weir has no DELETE /v1/approvals/x"`},
		{"an unknown filter", "GET", "/v1/records?verdct=deny", "", 400, `\"verdct\" is not known here`},
		{"a filter twice", "GET", "/v1/records?last=1&last=2", "", 400, "last is given twice"},
		{"a time that is none", "GET", "/v1/records?since=yesterday", "", 400, `since=\"yesterday\" is not a time`},
		{"a negative number", "GET", "/v1/records?last=-1", "", 400, "is not a number from 0 up"},
		{"a truth that is none", "GET", "/v1/sessions?all=maybe", "", 400, "neither true nor false"},
		{"an approver in the body", "POST", "/v1/approvals/x/approve", `{"reason":"ok","approver":"root"}`, 400, `unknown field \"approver\"`},
		{"two values in the body", "POST", "/v1/approvals/x/approve", `{"reason":"ok"} {}`, 400, "something follows"},
		{"a body that is no JSON", "POST", "/v1/explain", `select 1`, 400, "not understood"},
		{"a long reason", "POST", "/v1/approvals/x/deny", `{"reason":"` + strings.Repeat("x", 1001) + `"}`, 400, "1001 bytes"},
		{"a huge body", "POST", "/v1/explain", `{"text":"` + strings.Repeat("x", maxBody) + `"}`, 413, "larger than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), c.method, "http://weir"+c.path, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			response, err := plain.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			text, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != c.status || !strings.Contains(string(text), c.want) || !strings.Contains(response.Header.Get("Content-Type"), "json") {
				t.Errorf("got %d %s, want %d with %s", response.StatusCode, text, c.status, c.want)
			}
		})
	}
}

func FuzzFilters(f *testing.F) {
	f.Add("since=2025-01-02T03:04:05Z&last=4&follow=1")
	f.Add("last=99999999999999999999&database=%00")
	f.Fuzz(func(t *testing.T, query string) {
		request, err := http.NewRequest(http.MethodGet, "http://weir/v1/records?"+query, nil)
		if err != nil {
			return
		}
		filter, _, err := decodeFilter(request.URL.Query())
		if err != nil {
			return
		}
		again, _, err := decodeFilter(encodeFilter(filter))
		if err != nil || !reflect.DeepEqual(again, filter) {
			t.Errorf("%+v came back as %+v, %v", filter, again, err)
		}
	})
}
