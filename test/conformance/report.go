package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// report collects what the suites gave, and writes each difference to a file of its
// own below dir.
type report struct {
	dir    string
	suites []comparison
}

// comparison is a suite's two runs beside each other.
type comparison struct {
	outcome     outcome
	tests       int
	passed      map[string]int
	skipped     map[string]int
	differences []difference
}

// difference is a test that ended otherwise through weir.
type difference struct {
	test     string
	statuses [2]status // direct, through weir
	diff     string    // of the outputs
	unsteady bool      // repeated, it ended alike
	reason   string    // why it is expected, "" when it is not
}

// counts says whether nothing explains the difference.
func (d difference) counts() bool { return d.reason == "" && !d.unsteady }

// clear empties the folder of a suite's results.
func (r *report) clear(suite string) (string, error) {
	dir := filepath.Join(r.dir, suite)
	return dir, os.RemoveAll(dir)
}

// differences compares a suite's runs.
func (r *report) differences(ctx context.Context, o outcome) ([]difference, error) {
	var list []difference
	for _, pair := range pairs(o.tests[direct], o.tests[through]) {
		d, err := compare(ctx, filepath.Join(r.dir, o.suite.name), pair)
		if err != nil {
			return nil, err
		}
		if d == nil {
			continue
		}
		if d.reason, err = expectedReason(o.suite.name, *d); err != nil {
			return nil, err
		}
		list = append(list, *d)
	}
	return list, nil
}

// add takes up what a suite gave.
func (r *report) add(o outcome, differences []difference) {
	c := comparison{
		outcome: o, differences: differences, passed: map[string]int{}, skipped: map[string]int{},
		tests: len(pairs(o.tests[direct], o.tests[through])),
	}
	for _, way := range []string{direct, through} {
		for _, t := range o.tests[way] {
			switch t.status {
			case passed:
				c.passed[way]++
			case skipped:
				c.skipped[way]++
			}
		}
	}
	r.suites = append(r.suites, c)
}

// pairs brings the two ends of each test together, in the order of their running.
// A name that comes again, as in two packages of one Go program, is another test.
func pairs(a, b []test) [][2]test {
	a, b = distinct(a), distinct(b)
	var list [][2]test
	at := map[string]int{}
	for _, t := range a {
		at[t.name] = len(list)
		list = append(list, [2]test{t, {name: t.name, status: missing}})
	}
	for _, t := range b {
		if i, ok := at[t.name]; ok {
			list[i][1] = t
		} else {
			list = append(list, [2]test{{name: t.name, status: missing}, t})
		}
	}
	return list
}

// distinct puts a number to names that come again.
func distinct(tests []test) []test {
	seen := map[string]int{}
	list := slices.Clone(tests)
	for i, t := range list {
		if seen[t.name]++; seen[t.name] > 1 {
			list[i].name = fmt.Sprintf("%s#%d", t.name, seen[t.name])
		}
	}
	return list
}

// compare gives nil for two ends that are alike. Otherwise both outputs and their
// difference are left in dir.
func compare(ctx context.Context, dir string, pair [2]test) (*difference, error) {
	if pair[0].status == pair[1].status && pair[0].output == pair[1].output {
		return nil, nil //nolint:nilnil // nil is: no difference
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	d := &difference{test: pair[0].name, statuses: [2]status{pair[0].status, pair[1].status}}
	base := filepath.Join(dir, fileName(d.test))
	files := []string{base + ".direct", base + ".weir"}
	for i, t := range pair {
		if err := os.WriteFile(files[i], []byte(t.output), 0o600); err != nil {
			return nil, err
		}
		if t.detail != "" {
			if err := os.WriteFile(files[i]+".said", []byte(t.detail), 0o600); err != nil {
				return nil, err
			}
		}
	}
	out, err := exec.CommandContext(ctx, "diff", "-U3", "--text", files[0], files[1]).Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return nil, fmt.Errorf("diff: %w", err)
	}
	d.diff = string(out)
	return d, os.WriteFile(base+".diff", out, 0o600)
}

// differs says whether there is a difference that nothing explains.
func (r *report) differs() bool {
	for _, c := range r.suites {
		if c.outcome.errs[direct] != nil || c.outcome.errs[through] != nil {
			return true
		}
		if slices.ContainsFunc(c.differences, difference.counts) {
			return true
		}
	}
	return false
}

func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "\n%-16s %6s %18s %18s %6s %9s\n", "suite", "tests", "passed direct", "passed weir", "differ", "explained")
	for _, c := range r.suites {
		explained := 0
		for _, d := range c.differences {
			if !d.counts() {
				explained++
			}
		}
		fmt.Fprintf(w, "%-16s %6d %18s %18s %6d %9d\n", c.outcome.suite.name, c.tests,
			c.count(direct), c.count(through), len(c.differences), explained)
	}
	for _, c := range r.suites {
		c.print(w)
	}
	fmt.Fprintf(w, "\nBoth outputs of each test that differs, and their differences, are in %s.\n", r.dir)
}

func (c comparison) count(way string) string {
	return fmt.Sprintf("%d (%s)", c.passed[way], c.outcome.took[way].Round(time.Second))
}

func (c comparison) print(w io.Writer) {
	for _, way := range []string{direct, through} {
		if err := c.outcome.errs[way]; err != nil {
			fmt.Fprintf(w, "\n%s, %s, did not run to its end: %v\n", c.outcome.suite.name, way, err)
		}
	}
	if len(c.differences) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s against %s:\n", c.outcome.suite.name, c.outcome.server)
	for _, d := range c.differences {
		fmt.Fprintf(w, "  %-28s direct %s, through weir %s", d.test, d.statuses[0], d.statuses[1])
		switch {
		case d.reason != "":
			fmt.Fprintf(w, ": expected, %s", d.reason)
		case d.unsteady:
			fmt.Fprint(w, ": alike when repeated")
		}
		fmt.Fprintln(w)
	}
	for _, line := range c.outcome.refused {
		fmt.Fprintf(w, "  weir: %s\n", line)
	}
}
