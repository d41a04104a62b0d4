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

// Metrics are what Prometheus reads, in a registry of their own. What happens
// often is counted through the methods, which take no lock and allocate nothing
// for the values that are named here; what other rooms count themselves is asked
// for when Prometheus reads.
type Metrics struct {
	registry *prometheus.Registry

	open        prometheus.Gauge
	connections counters
	statements  counters
	seconds     prometheus.Histogram
	decisions   prometheus.Histogram
	rows, bytes prometheus.Counter
	reloads     counters
}

// counters is a counter vector of one label with its usual values at hand.
type counters struct {
	vector *prometheus.CounterVec
	known  map[string]prometheus.Counter // never written after it was made
}

func newCounters(name, help, label string, values ...string) counters {
	c := counters{
		vector: prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label}),
		known:  make(map[string]prometheus.Counter, len(values)),
	}
	for _, v := range values {
		c.known[v] = c.vector.WithLabelValues(v)
	}
	return c
}

// add counts one. What is not a known value is counted as "other", so that
// nobody can make series.
func (c counters) add(value string) {
	counter, ok := c.known[value]
	if !ok {
		counter = c.vector.WithLabelValues("other")
	}
	counter.Inc()
}

// NewMetrics makes a registry with weir's metrics, the process's and Go's.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		open:     prometheus.NewGauge(prometheus.GaugeOpts{Name: "weir_sessions", Help: "Sessions that are open."}),
		connections: newCounters("weir_connections_total", "Connections by what became of them.", "result",
			"accepted", "denied", "limit", "unattested", "tls", "startup", "upstream", "cancel"),
		statements: newCounters("weir_statements_total", "Statements by verdict.", "verdict",
			"allow", "warn", "approval", "deny", "audit", "observe"),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "weir_statement_seconds", Help: "Time from forwarding a statement to its end at the server.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 4, 10)}),
		decisions: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "weir_decision_seconds", Help: "Time to decide a statement that was not decided before, parsing included.",
			Buckets: prometheus.ExponentialBuckets(0.00001, 4, 10)}),
		rows:  prometheus.NewCounter(prometheus.CounterOpts{Name: "weir_result_rows_total", Help: "Rows sent to clients."}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{Name: "weir_result_bytes_total", Help: "Bytes of results sent to clients."}),
		reloads: newCounters("weir_policy_reloads_total", "Loads of the policy documents by result.", "result",
			"loaded", "unchanged", "refused"),
	}
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "weir_build_info", Help: "1, with the version of weir.", ConstLabels: prometheus.Labels{"version": version},
	}, func() float64 { return 1 })
	m.registry.MustRegister(m.open, m.connections.vector, m.statements.vector, m.seconds, m.decisions, m.rows, m.bytes, m.reloads.vector,
		build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// SessionOpened counts a session that begins.
func (m *Metrics) SessionOpened() { m.open.Inc() }

// SessionClosed counts its end.
func (m *Metrics) SessionClosed() { m.open.Dec() }

// Connection counts a connection by what became of it: accepted, denied (by
// policy), limit, unattested, tls, startup, upstream, cancel.
func (m *Metrics) Connection(result string) { m.connections.add(result) }

// Statement counts a statement by its verdict: allow, warn, approval, deny,
// audit, observe.
func (m *Metrics) Statement(verdict string) { m.statements.add(verdict) }

// StatementEnded counts what a statement took and gave.
func (m *Metrics) StatementEnded(d time.Duration, rows, bytes int64) {
	m.seconds.Observe(d.Seconds())
	m.rows.Add(float64(max(rows, 0)))
	m.bytes.Add(float64(max(bytes, 0)))
}

// Decided counts the time of a decision that was not at hand.
func (m *Metrics) Decided(d time.Duration) { m.decisions.Observe(d.Seconds()) }

// PolicyLoad counts a load of the documents: loaded, unchanged, refused.
func (m *Metrics) PolicyLoad(result string) { m.reloads.add(result) }

// ParserStats is what the parser counts.
type ParserStats struct {
	Parsed   uint64        // texts parsed
	Hits     uint64        // texts that were in the cache
	Refused  uint64        // texts that could not be parsed
	Restarts uint64        // workers started again
	Time     time.Duration // spent on Parsed
	Cached   int64         // bytes in the cache
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
	Parser           func() ParserStats
	Journal          func() JournalStats
	ApprovalsPending func() (int, error)
	Capture          func() (map[string]uint64, error) // by name of the counter
}

// Include adds the numbers of other rooms. It is called once.
func (m *Metrics) Include(c Counted) error {
	if err := m.registry.Register(&counted{source: c}); err != nil {
		return fmt.Errorf("registering metrics: %w", err)
	}
	return nil
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
	if f := c.source.Parser; f != nil {
		s := f()
		counter("weir_parser_texts_total", "Texts that were parsed.", float64(s.Parsed))
		counter("weir_parser_cache_hits_total", "Texts whose facts were in the cache.", float64(s.Hits))
		counter("weir_parser_refused_total", "Texts that could not be parsed.", float64(s.Refused))
		counter("weir_parser_restarts_total", "Parse workers that were started again.", float64(s.Restarts))
		counter("weir_parser_seconds_total", "Time spent on parsing.", s.Time.Seconds())
		gauge("weir_parser_cache_bytes", "Size of the cached facts.", float64(s.Cached))
	}
	if f := c.source.Journal; f != nil {
		s := f()
		usable := 0.0
		if s.Usable {
			usable = 1
		}
		counter("weir_journal_records_total", "Records written.", float64(s.Records))
		counter("weir_journal_bytes_total", "Bytes written.", float64(s.Bytes))
		counter("weir_journal_errors_total", "Records that could not be written.", float64(s.Errors))
		gauge("weir_journal_writable", "1 when statements can be recorded, 0 when they are refused.", usable)
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
