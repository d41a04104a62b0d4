// Command report reads what `go test -json` writes and says it so that nothing can
// be overlooked: a line for each package as it ends, the output of what failed, and
// at the end every skipped test with its reason, since `go test` hides those.
//
// Its exit status is 1 when a test failed, a package did not build, or a test was
// skipped while skips are refused (-no-skip, or WEIR_TEST_NO_SKIP=1).
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"time"
)

// event is one line of `go test -json` (go doc cmd/test2json).
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build-output
	Test        string
	Output      string
	Elapsed     float64
	FailedBuild string
}

type key struct{ pkg, test string }

// report gathers events and prints as it goes.
type report struct {
	out      io.Writer
	module   string
	output   map[key]*strings.Builder
	build    map[string]*strings.Builder
	passed   map[string]int // tests per package, subtests not counted
	failed   []key
	skipped  []key
	packages int
	broken   int // packages without a failed test that failed all the same
	tests    int
}

func main() {
	noSkip := flag.Bool("no-skip", os.Getenv("WEIR_TEST_NO_SKIP") == "1", "fail when a test was skipped")
	flag.Parse()
	r := &report{
		out: os.Stdout, module: "github.com/weirgate/weir/",
		output: map[key]*strings.Builder{}, build: map[string]*strings.Builder{}, passed: map[string]int{},
	}
	start := time.Now()
	if err := r.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
	os.Exit(r.finish(time.Since(start), *noSkip))
}

// read takes events until the end; lines that are none are passed on as they are.
func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil && e.Action != "" {
				r.take(e)
			} else {
				fmt.Fprint(r.out, string(line))
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) take(e event) {
	k := key{e.Package, e.Test}
	switch e.Action {
	case "output":
		if r.output[k] == nil {
			r.output[k] = &strings.Builder{}
		}
		r.output[k].WriteString(e.Output)
	case "build-output":
		if r.build[e.ImportPath] == nil {
			r.build[e.ImportPath] = &strings.Builder{}
		}
		r.build[e.ImportPath].WriteString(e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.packageEnded(e)
			return
		}
		r.testEnded(k, e.Action)
	}
}

func (r *report) testEnded(k key, action string) {
	if !strings.Contains(k.test, "/") {
		r.tests++
	}
	switch action {
	case "pass":
		if !strings.Contains(k.test, "/") {
			r.passed[k.pkg]++
		}
		delete(r.output, k)
	case "fail":
		r.failed = append(r.failed, k)
	case "skip":
		r.skipped = append(r.skipped, k)
	}
}

func (r *report) packageEnded(e event) {
	name := strings.TrimPrefix(e.Package, r.module)
	switch e.Action {
	case "pass":
		r.packages++
		fmt.Fprintf(r.out, "ok    %-34s %6.1fs  %4d tests\n", name, e.Elapsed, r.passed[e.Package])
	case "skip": // no test files
	case "fail":
		r.packages++
		fmt.Fprintf(r.out, "FAIL  %-34s %6.1fs\n", name, e.Elapsed)
		if b := r.build[e.FailedBuild]; b != nil {
			fmt.Fprint(r.out, indent(b.String()))
			delete(r.build, e.FailedBuild)
		}
		own := false
		for _, k := range r.failed {
			if k.pkg != e.Package {
				continue
			}
			own = true
			if b := r.output[k]; b != nil {
				fmt.Fprint(r.out, indent(b.String()))
			}
		}
		if !own {
			// A data race, a panic, a TestMain: it is in the package's own output, or
			// in that of the tests that had not ended.
			r.broken++
			for _, k := range r.open(e.Package) {
				fmt.Fprint(r.out, indent(r.output[k].String()))
			}
		}
	}
}

// open lists what of a package still has output, the package's own last.
func (r *report) open(pkg string) []key {
	var list []key
	for k := range r.output {
		if k.pkg == pkg {
			list = append(list, k)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].test > list[j].test })
	return list
}

// finish prints the summary and gives the exit status.
func (r *report) finish(took time.Duration, noSkip bool) int {
	for _, b := range r.build { // of packages that no test event came for
		fmt.Fprint(r.out, indent(b.String()))
		r.broken++
	}
	if len(r.skipped) > 0 {
		fmt.Fprintf(r.out, "\n!!! %d SKIPPED: what these check was NOT checked\n", len(r.skipped))
		for _, k := range r.skipped {
			fmt.Fprintf(r.out, "    %s %s\n        %s\n", strings.TrimPrefix(k.pkg, r.module), k.test, reason(r.output[k]))
		}
	}
	if len(r.failed) > 0 {
		fmt.Fprintf(r.out, "\n!!! %d FAILED\n", len(r.failed))
		for _, k := range r.failed {
			fmt.Fprintf(r.out, "    %s %s\n", strings.TrimPrefix(k.pkg, r.module), k.test)
		}
	}
	fmt.Fprintf(r.out, "\n%d packages, %d tests: %d failed, %d skipped, %d packages broken, in %s\n",
		r.packages, r.tests, len(r.failed), len(r.skipped), r.broken, took.Round(time.Second))
	switch {
	case len(r.failed) > 0 || r.broken > 0:
		return 1
	case len(r.skipped) > 0 && noSkip:
		fmt.Fprintln(r.out, "Skips are refused here.")
		return 1
	case r.packages == 0:
		fmt.Fprintln(r.out, "No test ran.")
		return 1
	}
	return 0
}

// reason finds the line that t.Skip wrote: "file.go:12: NEEDS ROOT: ...".
func reason(b *strings.Builder) string {
	if b == nil {
		return "no reason given"
	}
	for _, line := range strings.Split(b.String(), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "===") || strings.HasPrefix(line, "---") {
			continue
		}
		if _, after, ok := strings.Cut(line, ".go:"); ok {
			if _, text, ok := strings.Cut(after, ": "); ok {
				return text
			}
		}
		return line
	}
	return "no reason given"
}

func indent(s string) string {
	return "      " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n      ") + "\n"
}
