// Command bench compares `pgbench -S` made directly, through pgbouncer in session
// mode and through weir, which captures pgbench transparently and has guards and its
// journal on.
//
// The three take turns in every round, so that what else the machine does hits them
// alike; the figures are medians over the rounds. Everything runs on throwaway
// instances that the program starts itself.
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
}

// total is how long the measuring takes, without setting up.
func (p plan) total(ways int) time.Duration {
	return time.Duration(p.Rounds*len(p.Clients)*len(p.Modes)*ways) * p.Duration
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	binary := flag.String("weir", "", "the weir to measure (built when empty)")
	rounds := flag.Int("rounds", 5, "rounds; the figures are their medians")
	duration := flag.Duration("duration", 6*time.Second, "of each run of pgbench, in whole seconds")
	scale := flag.Int("scale", 10, "pgbench's scale: 100,000 rows each")
	clients := flag.String("clients", "1,8,32", "numbers of clients")
	modes := flag.String("modes", "simple,prepared", "query modes of pgbench")
	output := flag.String("o", "table", "table or json")
	quick := flag.Bool("quick", false, "one short round, to see that it all works; the figures mean nothing")
	without := flag.Bool("without-weir", false, "measure only what weir is compared with")
	flag.Parse()
	if *output != "table" && *output != "json" {
		return fmt.Errorf("-o is table or json, not %q", *output)
	}
	p := plan{Rounds: *rounds, Duration: duration.Round(time.Second), Scale: *scale, Modes: strings.Split(*modes, ",")}
	for _, c := range strings.Split(*clients, ",") {
		n, err := strconv.Atoi(c)
		if err != nil || n < 1 {
			return fmt.Errorf("-clients holds %q, which is no number of clients", c)
		}
		p.Clients = append(p.Clients, n)
	}
	if *quick {
		p.Rounds, p.Duration, p.Scale, p.Clients = 1, time.Second, 1, []int{1, 8}
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
	b, err := setUp(ctx, l, p, *binary, !*without)
	if err != nil {
		return err
	}
	samples, err := b.measure(ctx)
	if err != nil {
		return err
	}
	r := summarise(p, samples)
	r.Host = host{CPUs: runtime.NumCPU(), Kernel: lab.Kernel(), Postgres: b.postgres.Version, PgBouncer: b.pgbouncerVersion}
	r.JournalBytes = b.journalBytes()
	if *output == "json" {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	r.print(os.Stdout)
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
