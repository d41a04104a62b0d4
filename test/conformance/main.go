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
	bin := flag.String("server", "", "folder of the server's programs (the newest installed when empty)")
	fetch := flag.Bool("fetch", false, "only fetch and build what the suites need")
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
		s.server.bin = *bin
		results, err := r.clear(s.name)
		if err != nil {
			return false, err
		}
		o := runSuite(ctx, s, c, results, *binary, split(*only))
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if err := r.add(ctx, o); err != nil {
			return false, err
		}
	}
	r.print(os.Stdout)
	return r.differs(), nil
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
			return err
		}()
		if ctx.Err() != nil {
			break
		}
	}
	return o
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
