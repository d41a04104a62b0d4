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
	broken := false
	m, err := NewMetrics("1.2.3", Counted{
		Proxy: func() ProxyStats {
			return ProxyStats{Open: 1, Connections: 9, Unattested: 2, Statements: map[string]uint64{"Deny": 2, "Allow": 30}, Rows: 10}
		},
		Parser: func() ParserStats { return ParserStats{Misses: 3, Hits: 40, Time: 1500 * time.Millisecond} },
		Catalogs: func() []CatalogStatus {
			return []CatalogStatus{{Database: "10.0.0.1:5432#7/crm", Age: 2.5, Confirmed: time.Unix(1, 0), Usable: true, Reads: 3}, {Database: "never"}}
		},
		Journal: func() JournalStats { return JournalStats{Records: 7, Errors: 1} },
		ApprovalsPending: func() (int, error) {
			if broken {
				return 0, errors.New("store closed")
			}
			return 2, nil
		},
		Capture:       func() (map[string]uint64, error) { return map[string]uint64{"redirected": 5}, nil },
		PolicyRefused: func() bool { return true },
	})
	if err != nil {
		t.Fatal(err)
	}
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
		"\nweir_connections_total 9\n",
		"\nweir_connections_unattested_total 2\n",
		`weir_statements_total{verdict="Deny"} 2`,
		"\nweir_result_rows_total 10\n",
		"\nweir_policy_refused 1\n",
		"\nweir_parser_cache_hits_total 40\n",
		"\nweir_parser_seconds_total 1.5\n",
		`weir_catalog_age_seconds{database="10.0.0.1:5432#7/crm"} 2.5`,
		`weir_catalog_usable{database="10.0.0.1:5432#7/crm"} 1`,
		`weir_catalog_usable{database="never"} 0`,
		`weir_catalog_reads_total{database="10.0.0.1:5432#7/crm"} 3`,
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
