// Command bench measures what weir costs, beside the same made directly and through
// pgbouncer in session mode: transactions of `pgbench -S` and the processor time that
// they take, a result of 100,000 rows with and without masks, connecting, the memory
// of idle sessions, and what those pay who have nothing to do with weir.
//
// weir captures its clients transparently and has guards and its journal on. The ways
// take turns in every round, so that what else the machine does hits them alike; the
// figures are medians over the rounds. Everything runs on throwaway instances that
// the program starts itself.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/weirgate/weir/test/lab"
)

// plan is what is measured.
type plan struct {
	Rounds   int           `json:"rounds"`
	Duration time.Duration `json:"-"` // of one run of pgbench
	Seconds  float64       `json:"seconds"`
	Scale    int           `json:"scale"`
	Clients  []int         `json:"clients"`
	Modes    []string      `json:"modes"` // of pgbench -M
	Ways     []string      `json:"ways"`
	Parts    []string      `json:"parts"`
	Sizes    sizes         `json:"sizes"`
}

// The parts that can be measured.
const (
	partThroughput = "pgbench"
	partRows       = "rows"
	partConnect    = "connect"
	partIdle       = "idle"
	partOthers     = "others"
)

func main() {
	do := run
	if len(os.Args) > 1 && os.Args[1] == "client" {
		do = func() error { return client(os.Args[2:]) }
	}
	if err := do(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	binary := flag.String("weir", "", "the weir to measure (built when empty)")
	rounds := flag.Int("rounds", 5, "rounds; the figures are their medians")
	duration := flag.Duration("duration", 3*time.Second, "of each run of pgbench, in whole seconds")
	scale := flag.Int("scale", 10, "pgbench's scale: 100,000 rows each")
	clients := flag.String("clients", "1,8,32", "numbers of clients")
	modes := flag.String("modes", "simple,prepared", "query modes of pgbench")
	sessions := flag.Int("idle", 5000, "idle sessions")
	output := flag.String("o", "table", "table or json")
	parts := flag.String("parts", strings.Join([]string{partThroughput, partRows, partConnect, partIdle, partOthers}, ","), "what to measure")
	quick := flag.Bool("quick", false, "one short round, to see that it all works; the figures mean nothing")
	ways := flag.String("ways", "direct,pgbouncer,weir", "the ways to measure")
	flag.Parse()
	if *output != "table" && *output != "json" {
		return fmt.Errorf("-o is table or json, not %q", *output)
	}
	p := plan{
		Rounds: *rounds, Duration: duration.Round(time.Second), Scale: *scale, Modes: strings.Split(*modes, ","),
		Ways: strings.Split(*ways, ","), Parts: strings.Split(*parts, ","), Sizes: sizes{Queries: 10, Connects: 200, Reaches: 2000, Echoes: 10000, Idle: *sessions},
	}
	for _, c := range strings.Split(*clients, ",") {
		n, err := strconv.Atoi(c)
		if err != nil || n < 1 {
			return fmt.Errorf("-clients holds %q, which is no number of clients", c)
		}
		p.Clients = append(p.Clients, n)
	}
	if *quick {
		p.Rounds, p.Duration, p.Scale, p.Clients = 1, time.Second, 1, []int{1, 8}
		p.Sizes = sizes{Queries: 2, Connects: 20, Reaches: 200, Echoes: 1000, Idle: 200}
	}
	p.Seconds = p.Duration.Seconds()
	if p.Rounds < 1 || p.Duration < time.Second {
		return fmt.Errorf("there must be a round of a second at least")
	}
	if missing := lab.Missing(); len(missing) > 0 {
		return fmt.Errorf("this machine cannot run it:\n  %s", strings.Join(missing, "\n  "))
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	l, err := lab.New()
	if err != nil {
		return err
	}
	defer func() {
		if closing := l.Close(); err == nil {
			err = closing
		}
	}()
	if err := openFiles(2*p.Sizes.Idle + 1000); err != nil {
		return err
	}
	b, err := setUp(ctx, l, p, *binary)
	if err != nil {
		return err
	}
	start := time.Now()
	r, err := b.measure(ctx)
	if err != nil {
		return err
	}
	progress("measured in %s\n", time.Since(start).Round(time.Second))
	r.Host = host{CPUs: runtime.NumCPU(), Kernel: lab.Kernel(), Postgres: b.postgres.Version, PgBouncer: b.pgbouncerVersion}
	r.JournalBytes = b.journalBytes()
	r.judge()
	if *output == "json" {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	r.print(os.Stdout)
	return nil
}

// measure measures the parts of the plan.
func (b *bench) measure(ctx context.Context) (*result, error) {
	r := &result{Plan: b.plan}
	var err error
	for _, part := range b.plan.Parts {
		switch part {
		case partThroughput:
			if r.Samples, err = b.throughput(ctx); err == nil {
				r.summarise()
			}
		case partRows:
			r.Rows, err = b.timings(ctx, "query", b.plan.Sizes.Queries, append(b.ways, b.masked...))
		case partConnect:
			r.Connects, err = b.timings(ctx, "connect", b.plan.Sizes.Connects, b.ways)
		case partOthers:
			err = b.measureOthers(ctx, r)
		case partIdle:
			if b.idle.proxy != nil {
				r.Idle, err = b.idleSessions(ctx, b.idle)
			}
		default:
			err = fmt.Errorf("-parts holds %q", part)
		}
		if err != nil {
			return nil, err
		}
	}
	return r, nil
}

// measureOthers measures those who are not captured: what they see, and what the
// kernel says of weir's programs meanwhile. The counting is off while they are timed.
func (b *bench) measureOthers(ctx context.Context, r *result) (err error) {
	if r.Reaches, err = b.timings(ctx, "reach", b.plan.Sizes.Reaches, b.others); err != nil {
		return err
	}
	if r.Echoes, err = b.timings(ctx, "echo", b.plan.Sizes.Echoes, b.others); err != nil {
		return err
	}
	if b.weir == nil {
		return nil
	}
	if r.ReachPrograms, err = b.inPrograms(ctx, "reach", b.plan.Sizes.Reaches); err != nil {
		return err
	}
	r.EchoPrograms, err = b.inPrograms(ctx, "echo", b.plan.Sizes.Echoes)
	return err
}

// openFiles lets this process and all that it starts have so many files open, as a
// service manager would.
func openFiles(n int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("reading the limit of open files: %w", err)
	}
	limit.Cur = max(limit.Cur, min(uint64(n), limit.Max))
	if limit.Cur < uint64(n) {
		limit.Cur, limit.Max = uint64(n), uint64(n)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("raising the limit of open files to %d (fewer do with -parts, or -idle): %w", n, err)
	}
	return nil
}

// progress says on standard error what goes on: on one line of a terminal, and
// otherwise once in a while.
func progress(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		fmt.Fprintf(os.Stderr, "\r\x1b[K%s", line)
		return
	}
	fmt.Fprintln(os.Stderr, line)
}
