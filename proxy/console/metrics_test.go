package console

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func scrape(t *testing.T, address string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", response.Status, text, err)
	}
	return string(text)
}

func TestMetricsAreServed(t *testing.T) {
	m := NewMetrics("1.2.3")
	broken := false
	if err := m.Include(Counted{
		Parser:  func() ParserStats { return ParserStats{Parsed: 3, Hits: 40, Time: 1500 * time.Millisecond} },
		Journal: func() JournalStats { return JournalStats{Records: 7, Errors: 1} },
		ApprovalsPending: func() (int, error) {
			if broken {
				return 0, errors.New("store closed")
			}
			return 2, nil
		},
		Capture: func() (map[string]uint64, error) { return map[string]uint64{"redirected": 5}, nil },
	}); err != nil {
		t.Fatal(err)
	}
	m.SessionOpened()
	m.SessionOpened()
	m.SessionClosed()
	m.Connection("accepted")
	m.Statement("deny")
	m.Statement("deny")
	m.Statement("made up by somebody")
	m.StatementEnded(3*time.Millisecond, 10, 2000)
	m.Decided(time.Millisecond)
	m.PolicyLoad("refused")

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- ServeMetrics(ctx, listener, m, slog.New(slog.DiscardHandler)) }()
	text := scrape(t, listener.Addr().String())
	for _, want := range []string{
		"\nweir_sessions 1\n",
		`weir_connections_total{result="accepted"} 1`,
		`weir_connections_total{result="denied"} 0`,
		`weir_statements_total{verdict="deny"} 2`,
		`weir_statements_total{verdict="other"} 1`,
		"\nweir_statement_seconds_count 1\n",
		"\nweir_result_rows_total 10\n",
		"\nweir_decision_seconds_count 1\n",
		`weir_policy_reloads_total{result="refused"} 1`,
		"\nweir_parser_cache_hits_total 40\n",
		"\nweir_parser_seconds_total 1.5\n",
		"\nweir_journal_records_total 7\n",
		"\nweir_journal_errors_total 1\n",
		"\nweir_journal_writable 0\n",
		"\nweir_approvals_pending 2\n",
		`weir_capture_events_total{event="redirected"} 5`,
		`weir_build_info{version="1.2.3"} 1`,
		"\nprocess_open_fds ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	broken = true
	text = scrape(t, listener.Addr().String())
	if strings.Contains(text, "weir_approvals_pending") || !strings.Contains(text, "weir_sessions 1") {
		t.Error("a number that cannot be had must be left out, and only it")
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func BenchmarkStatement(b *testing.B) {
	m := NewMetrics("x")
	b.ReportAllocs()
	for b.Loop() {
		m.Statement("allow")
		m.StatementEnded(time.Millisecond, 1, 1)
	}
}
