package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/weirgate/weir/test/lab"
)

func main() {
	differs, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(2)
	}
	if differs {
		os.Exit(1)
	}
}

// options are those of the command line.
type options struct {
	binary, cache, output  string
	suites, tests, server  string
	tls, masks, quick      bool
	fetch, list            bool
	accepting, acceptingTo string
}

const usage = `conformance runs the tests that others wrote for PostgreSQL, each directly and
through weir, and names every difference.

Usage:
  conformance [flags]

Examples:
  conformance                                  everything, on both servers, plain and over TLS
  conformance -quick                           the part that CI runs
  conformance -suite psycopg,pgjdbc -tls       two client libraries over TLS
  conformance -suite programs -server 18       all client libraries against a newer server
  conformance -suite isolation -test deadlock-hard,eval-plan-qual
  conformance -suite pg_regress -masks         with masks on a table that no test uses
  conformance -fetch                           only fetch and build what is needed
  conformance -quick -o json | jq .suites[].differences

With make: make conformance CONFORMANCEFLAGS="-quick"

Exit status: 0 alike, but for what is expected; 1 there are other differences; 2 it
could not be run.

Flags:
`

func parseOptions() options {
	var o options
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	flag.StringVar(&o.binary, "weir", "", "the weir to test (built when empty)")
	flag.StringVar(&o.cache, "cache", "build/conformance", "folder of what is fetched and built, and of the results")
	flag.StringVar(&o.output, "o", "table", "table or json")
	flag.StringVar(&o.suites, "suite", "all", "suites to run, joined by commas; all, or programs for the client libraries")
	flag.StringVar(&o.tests, "test", "", "tests of the suites to run alone, joined by commas")
	flag.StringVar(&o.server, "server", "", "the one server to use: installed, 18 (from npm), or a folder of programs")
	flag.BoolVar(&o.tls, "tls", false, "only over TLS: clients check the certificate, weir logs in")
	flag.BoolVar(&o.masks, "masks", false, "only beside masks on a table that no suite uses")
	flag.BoolVar(&o.quick, "quick", false, "leave out what takes long and finds little")
	flag.BoolVar(&o.fetch, "fetch", false, "only fetch and build what the suites need")
	flag.BoolVar(&o.list, "list", false, "list the suites")
	flag.StringVar(&o.accepting, "accept", "", "take the differences that are found as expected, with this reason")
	flag.StringVar(&o.acceptingTo, "accept-to", "test/conformance/expected", "folder in which -accept writes")
	flag.Parse()
	return o
}

// run says whether weir was found to differ from what is expected of it.
func run() (differs bool, err error) {
	o := parseOptions()
	switch {
	case flag.NArg() > 0:
		return false, fmt.Errorf("%q is no flag; see -help", flag.Arg(0))
	case o.output != "table" && o.output != "json":
		return false, fmt.Errorf("-o is table or json, not %q", o.output)
	case o.list:
		for _, s := range suites() {
			fmt.Printf("%-16s %s\n", s.name, s.about)
		}
		return false, nil
	}
	rounds, err := plan(o)
	if err != nil {
		return false, err
	}
	dir, err := filepath.Abs(o.cache)
	if err != nil {
		return false, err
	}
	if o.binary != "" { // suites run in folders of their own
		if o.binary, err = filepath.Abs(o.binary); err != nil {
			return false, err
		}
	}
	c := cache{dir: dir}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := prepare(ctx, c, rounds); err != nil || o.fetch {
		return false, err
	}
	if missing := lab.Missing(); len(missing) > 0 {
		return false, fmt.Errorf("this machine cannot run it:\n  %s", strings.Join(missing, "\n  "))
	}
	if o.binary == "" {
		if o.binary, err = lab.BuildWeir(ctx, "", c.path("weir")); err != nil {
			return false, err
		}
	}
	r := report{dir: c.path("results"), Quick: o.quick}
	for _, round := range rounds {
		bin, err := c.serverBin(ctx, round.server)
		if err != nil {
			return false, err
		}
		for _, s := range round.suites {
			s.server.bin, s.server.tls, s.server.masks, s.quick = bin, round.tls, round.masks, o.quick
			j := judge{report: &r, variant: round.variant, suite: s, cache: c, binary: o.binary, only: split(o.tests), options: o}
			if err := j.run(ctx); err != nil {
				return false, err
			}
		}
	}
	if o.output == "json" {
		return r.differs(), r.printJSON(os.Stdout)
	}
	r.print(os.Stdout)
	return r.differs(), nil
}

// prepare fetches and builds what the rounds need.
func prepare(ctx context.Context, c cache, rounds []round) error {
	done := map[string]bool{}
	for _, r := range rounds {
		if _, err := c.serverBin(ctx, r.server); err != nil {
			return fmt.Errorf("get the server %s: %w", r.server, err)
		}
		for _, s := range r.suites {
			if done[s.name] {
				continue
			}
			done[s.name] = true
			if err := s.prepare(ctx, c); err != nil {
				return fmt.Errorf("prepare %s: %w", s.name, err)
			}
		}
	}
	return nil
}

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

// errInterrupted is why a suite ended before its time.
var errInterrupted = errors.New("interrupted")
