package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics is a registry of its own with weir's metrics in it. Rooms count for
// themselves and are asked when Prometheus reads, so that nothing on the way of a
// statement waits for this one.
type Metrics struct{ registry *prometheus.Registry }

// NewMetrics makes a registry with the numbers of the rooms, the process's and
// Go's.
func NewMetrics(version string, c Counted) (*Metrics, error) {
	m := &Metrics{registry: prometheus.NewRegistry()}
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "weir_build_info", Help: "1, with the version of weir.", ConstLabels: prometheus.Labels{"version": version},
	}, func() float64 { return 1 })
	for _, collector := range []prometheus.Collector{
		&counted{source: c}, build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := m.registry.Register(collector); err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	return m, nil
}

// ProxyStats is what the sessions count.
type ProxyStats struct {
	Open             int               // sessions at this moment
	Connections      uint64            // accepted
	Refused          uint64            // before a session began
	Unattested       uint64            // refused because nobody knows who called
	Statements       map[string]uint64 // by verdict: Allow, Warn, RequireApproval, Deny
	Masked           uint64            // statements of which rows were masked
	RefusedByJournal uint64            // statements that could not be recorded
	Rows             uint64            // sent to clients
}

// ParserStats is what the parser counts.
type ParserStats struct {
	Hits, Misses uint64        // texts that were in the cache, and that had to be parsed
	Lost         uint64        // texts that a worker died of or did not finish
	Restarts     uint64        // workers started again
	Cached       int64         // bytes in the cache
	Time         time.Duration // that callers waited for texts to be parsed; 0 when nobody measures it
}

// JournalStats is what the journal counts.
type JournalStats struct {
	Records uint64
	Bytes   uint64
	Errors  uint64
	Usable  bool
}

// Counted are the numbers that other rooms keep. A nil function leaves its
// metrics out. Each is called whenever Prometheus reads.
type Counted struct {
	Proxy            func() ProxyStats
	Parser           func() ParserStats
	Journal          func() JournalStats
	ApprovalsPending func() (int, error)
	Capture          func() (map[string]uint64, error) // by name of the counter
	Catalogs         func() []CatalogStatus
	PolicyRefused    func() bool // the newest documents are not the ones in force
}

// counted asks for numbers when Prometheus reads.
type counted struct{ source Counted }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// Describe sends nothing: which metrics there are depends on the functions.
func (c *counted) Describe(chan<- *prometheus.Desc) {}

// Collect asks every function.
func (c *counted) Collect(out chan<- prometheus.Metric) {
	counter := func(name, help string, value float64) {
		out <- prometheus.MustNewConstMetric(desc(name, help), prometheus.CounterValue, value)
	}
	gauge := func(name, help string, value float64) {
		out <- prometheus.MustNewConstMetric(desc(name, help), prometheus.GaugeValue, value)
	}
	if f := c.source.Proxy; f != nil {
		s := f()
		gauge("weir_sessions", "Sessions that are open.", float64(s.Open))
		counter("weir_connections_total", "Connections that were accepted.", float64(s.Connections))
		counter("weir_connections_refused_total", "Connections that were refused before a session began.", float64(s.Refused))
		counter("weir_connections_unattested_total", "Connections that were refused because nobody knows who called.", float64(s.Unattested))
		statements := desc("weir_statements_total", "Statements by verdict.", "verdict")
		for verdict, n := range s.Statements {
			out <- prometheus.MustNewConstMetric(statements, prometheus.CounterValue, float64(n), verdict)
		}
		counter("weir_statements_masked_total", "Statements of which rows were masked.", float64(s.Masked))
		counter("weir_statements_unrecorded_total", "Statements that were refused because they could not be recorded.", float64(s.RefusedByJournal))
		counter("weir_result_rows_total", "Rows sent to clients.", float64(s.Rows))
	}
	if f := c.source.PolicyRefused; f != nil {
		gauge("weir_policy_refused", "1 when the newest policy documents have errors and older ones are in force.", truth(f()))
	}
	if f := c.source.Parser; f != nil {
		s := f()
		counter("weir_parser_cache_hits_total", "Texts whose facts were in the cache.", float64(s.Hits))
		counter("weir_parser_cache_misses_total", "Texts that had to be parsed.", float64(s.Misses))
		counter("weir_parser_lost_total", "Texts that a worker died of or did not finish.", float64(s.Lost))
		counter("weir_parser_restarts_total", "Parse workers that were started again.", float64(s.Restarts))
		if s.Time > 0 {
			counter("weir_parser_seconds_total", "Time that was spent on parsing.", s.Time.Seconds())
		}
		gauge("weir_parser_cache_bytes", "Size of the cached facts.", float64(s.Cached))
	}
	if f := c.source.Catalogs; f != nil {
		age := desc("weir_catalog_age_seconds", "Time since the server last confirmed what is known of its schema.", "database")
		usable := desc("weir_catalog_usable", "1 when what is known of the schema may be used without asking the server.", "database")
		reads := desc("weir_catalog_reads_total", "How often a schema was read.", "database")
		for _, s := range f() {
			if !s.Confirmed.IsZero() {
				out <- prometheus.MustNewConstMetric(age, prometheus.GaugeValue, s.Age, s.Database)
			}
			out <- prometheus.MustNewConstMetric(usable, prometheus.GaugeValue, truth(s.Usable), s.Database)
			out <- prometheus.MustNewConstMetric(reads, prometheus.CounterValue, float64(s.Reads), s.Database)
		}
	}
	if f := c.source.Journal; f != nil {
		s := f()
		counter("weir_journal_records_total", "Records written.", float64(s.Records))
		counter("weir_journal_bytes_total", "Bytes written.", float64(s.Bytes))
		counter("weir_journal_errors_total", "Records that could not be written.", float64(s.Errors))
		gauge("weir_journal_writable", "1 when statements can be recorded, 0 when they are refused.", truth(s.Usable))
	}
	if f := c.source.ApprovalsPending; f != nil {
		name, help := "weir_approvals_pending", "Requests that wait for an approver."
		if n, err := f(); err != nil {
			out <- prometheus.NewInvalidMetric(desc(name, help), fmt.Errorf("counting approvals: %w", err))
		} else {
			gauge(name, help, float64(n))
		}
	}
	if f := c.source.Capture; f != nil {
		events := desc("weir_capture_events_total", "What the programs in the kernel counted.", "event")
		values, err := f()
		if err != nil {
			out <- prometheus.NewInvalidMetric(events, fmt.Errorf("reading the capture's counters: %w", err))
		}
		for name, value := range values {
			out <- prometheus.MustNewConstMetric(events, prometheus.CounterValue, float64(value), name)
		}
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Handler gives the metrics over HTTP. A number that cannot be had is logged and
// left out; the others are given.
func (m *Metrics) Handler(logger *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: 4,
		Timeout:             10 * time.Second,
	})
}

// ServeMetrics serves /metrics on the listener until ctx ends.
func ServeMetrics(ctx context.Context, listener net.Listener, m *Metrics, logger *slog.Logger) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.Handler(logger))
	server := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      20 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return fmt.Errorf("serving metrics on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	err := server.Close()
	if served := <-done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	if err != nil {
		return fmt.Errorf("ending the metrics on %s: %w", listener.Addr(), err)
	}
	return nil
}
