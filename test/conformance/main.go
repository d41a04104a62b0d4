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
	"time"

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

// run says whether weir was found to differ from what is expected of it.
func run() (differs bool, err error) {
	binary := flag.String("weir", "", "the weir to test (built when empty)")
	names := flag.String("suite", "all", "suites to run, joined by commas")
	only := flag.String("test", "", "tests of the suites to run alone, joined by commas")
	folder := flag.String("cache", "build/conformance", "folder of what is fetched and built, and of the results")
	server := flag.String("server", "", "the server: a major version that npm has, or a folder of programs (the newest installed when empty)")
	tls := flag.Bool("tls", false, "have clients insist on TLS and check the certificate, and weir log in")
	masked := flag.Bool("masks", false, "mask columns of a table that no suite uses")
	fetch := flag.Bool("fetch", false, "only fetch and build what the suites need")
	accepting := flag.String("accept", "", "write the differences that are found to test/conformance/expected, with this reason")
	list := flag.Bool("list", false, "list the suites")
	flag.Parse()
	if *list {
		for _, s := range suites() {
			fmt.Printf("%-16s %s\n", s.name, s.about)
		}
		return false, nil
	}
	chosen, err := selectSuites(*names)
	if err != nil {
		return false, err
	}
	dir, err := filepath.Abs(*folder)
	if err != nil {
		return false, err
	}
	c := cache{dir: dir}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	for _, s := range chosen {
		if err := s.prepare(ctx, c); err != nil {
			return false, fmt.Errorf("prepare %s: %w", s.name, err)
		}
	}
	bin, err := c.serverBin(ctx, *server)
	if err != nil {
		return false, err
	}
	if *fetch {
		return false, nil
	}
	if missing := lab.Missing(); len(missing) > 0 {
		return false, fmt.Errorf("this machine cannot run it:\n  %s", strings.Join(missing, "\n  "))
	}
	if *binary == "" {
		if *binary, err = lab.BuildWeir(ctx, "", c.path("weir")); err != nil {
			return false, err
		}
	}
	r := report{dir: c.path("results")}
	for _, s := range chosen {
		s.server.bin, s.server.tls, s.server.masks = bin, *tls, *masked
		if *tls {
			s.name += "+tls" // what is meant to differ is another matter
		}
		if *masked {
			s.name += "+masks"
		}
		if err := judge(ctx, &r, s, c, *binary, split(*only), *accepting); err != nil {
			return false, err
		}
	}
	r.print(os.Stdout)
	return r.differs(), nil
}

// judge runs a suite and takes what it gave into the report. Tests that differ
// unexpectedly are repeated where they can be: what depends on chance or on the
// machine's load must not be taken for weir's doing.
func judge(ctx context.Context, r *report, s suite, c cache, binary string, only []string, accepting string) error {
	results, err := r.clear(s.name)
	if err != nil {
		return err
	}
	o := runSuite(ctx, s, c, results, binary, only)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	found, err := r.differences(ctx, o)
	if err != nil {
		return err
	}
	var again []string
	for _, d := range found {
		if d.counts() {
			again = append(again, d.test)
		}
	}
	if s.single && len(again) > 0 && len(again) <= 20 {
		repeated := runSuite(ctx, s, c, filepath.Join(results, "again"), binary, again)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for i, d := range found {
			found[i].unsteady = d.counts() && repeated.alike(d.test)
		}
	}
	for _, d := range found {
		if accepting != "" && d.counts() {
			if err := accept("test/conformance/expected", s.name, accepting, d); err != nil {
				return err
			}
		}
	}
	r.add(o, found)
	return nil
}

// outcome is what a suite gave on both ways.
type outcome struct {
	suite   suite
	server  string // version
	tests   map[string][]test
	errs    map[string]error // the suite itself failed
	took    map[string]time.Duration
	refused []string // what weir said meanwhile
}

// runSuite runs a suite on each way, one after the other. What it writes goes to
// files in the folder results.
func runSuite(ctx context.Context, s suite, c cache, results, binary string, only []string) outcome {
	o := outcome{suite: s, tests: map[string][]test{}, errs: map[string]error{}, took: map[string]time.Duration{}}
	for _, way := range []string{direct, through} {
		progress("%s, %s ...", s.name, way)
		o.errs[way] = func() (err error) {
			site, err := openSite(ctx, way, binary, s.server)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, site.close()) }()
			if err := os.MkdirAll(results, 0o755); err != nil {
				return err
			}
			log, err := os.Create(filepath.Join(results, strings.ReplaceAll(way, " ", "-")+".log"))
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, log.Close()) }()
			site.only, site.log, o.server = only, log, site.postgres.Version
			began := time.Now()
			o.tests[way], err = s.run(ctx, site, c)
			o.took[way] = time.Since(began)
			o.refused = site.refusals()
			return errors.Join(err, site.writeDenied(ctx, filepath.Join(results, "refused.txt")))
		}()
		if ctx.Err() != nil {
			break
		}
	}
	return o
}

// alike says whether a test ran on both ways and ended alike.
func (o outcome) alike(name string) bool {
	for _, pair := range pairs(o.tests[direct], o.tests[through]) {
		if pair[0].name == name {
			return pair[0].status == pair[1].status && pair[0].output == pair[1].output
		}
	}
	return false
}

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

// progress says on standard error what goes on.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}
