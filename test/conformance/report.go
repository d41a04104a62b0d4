package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// report collects what the suites gave, and writes each difference to a file of its
// own below dir. As JSON it is what -o json prints.
type report struct {
	dir    string
	Quick  bool         `json:"quick"`
	Differ bool         `json:"differs"` // in something that nothing explains
	Suites []comparison `json:"suites"`
}

// comparison is a suite's two runs beside each other.
type comparison struct {
	Suite       string       `json:"suite"`
	Server      string       `json:"server"`
	Tests       int          `json:"tests"`
	Direct      tally        `json:"direct"`
	Weir        tally        `json:"weir"`
	Differences []difference `json:"differences"`
	Stale       []string     `json:"stale,omitempty"`  // tests whose expected differences did not occur
	Denied      int          `json:"denied,omitempty"` // statements that weir refused, syntax errors among them
	Logged      []string     `json:"logged,omitempty"` // what weir logged, where something differs
}

// tally is how a suite's tests ended on one way.
type tally struct {
	Passed  int     `json:"passed"`
	Failed  int     `json:"failed"`
	Skipped int     `json:"skipped"`
	Seconds float64 `json:"seconds"`
	Error   string  `json:"error,omitempty"` // the suite did not run to its end
}

// difference is a test that ended otherwise through weir.
type difference struct {
	Test     string `json:"test"`
	Direct   status `json:"direct"`
	Weir     status `json:"weir"`
	Unsteady bool   `json:"unsteady,omitempty"` // repeated, it ended alike or as expected
	Reason   string `json:"reason,omitempty"`   // why it is expected, "" when it is not
	Diff     string `json:"diff"`               // of the outputs
}

// counts says whether nothing explains the difference.
func (d difference) counts() bool { return d.Reason == "" && !d.Unsteady }

// clear empties the folder of a suite's results.
func (r *report) clear(suite string) (string, error) {
	dir := filepath.Join(r.dir, suite)
	return dir, os.RemoveAll(dir)
}

// differences compares a suite's runs; what differs is left in the folder results.
func (r *report) differences(ctx context.Context, results string, o outcome) ([]difference, error) {
	var list []difference
	for _, pair := range pairs(o.tests[direct], o.tests[through]) {
		d, err := compare(ctx, results, pair)
		if err != nil {
			return nil, err
		}
		if d != nil {
			list = append(list, *d)
		}
	}
	return list, nil
}

// add takes up what a suite gave.
func (r *report) add(label string, o outcome, found []difference, stale []string) {
	c := comparison{
		Suite: label, Server: o.server, Differences: found, Stale: stale,
		Tests:  len(pairs(o.tests[direct], o.tests[through])),
		Direct: o.tally(direct), Weir: o.tally(through),
	}
	for _, d := range o.denied {
		c.Denied += d.count
	}
	if slices.ContainsFunc(found, difference.counts) || c.Weir.Error != "" {
		c.Logged = o.refused
	}
	r.Suites = append(r.Suites, c)
}

func (o outcome) tally(way string) tally {
	t := tally{Seconds: o.took[way].Round(100 * time.Millisecond).Seconds()}
	for _, each := range o.tests[way] {
		switch each.status {
		case passed:
			t.Passed++
		case skipped:
			t.Skipped++
		default:
			t.Failed++
		}
	}
	if err := o.errs[way]; err != nil {
		t.Error = err.Error()
	}
	return t
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
	d := &difference{Test: pair[0].name, Direct: pair[0].status, Weir: pair[1].status}
	base := filepath.Join(dir, fileName(d.Test))
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
	d.Diff = string(out)
	return d, os.WriteFile(base+".diff", out, 0o600)
}

// differs says whether there is a difference that nothing explains.
func (r *report) differs() bool {
	return slices.ContainsFunc(r.Suites, comparison.differs)
}

func (c comparison) differs() bool {
	return c.Direct.Error != "" || c.Weir.Error != "" || slices.ContainsFunc(c.Differences, difference.counts)
}

func (r *report) printJSON(w io.Writer) error {
	r.Differ = r.differs()
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

func (r *report) print(w io.Writer) {
	width := len("suite")
	for _, c := range r.Suites {
		width = max(width, len(c.Suite))
	}
	fmt.Fprintf(w, "\n%-*s %6s %16s %16s %7s %9s\n", width, "suite", "tests", "passed directly", "through weir", "differ", "expected")
	server := ""
	for _, c := range r.Suites {
		if c.Server != server {
			server = c.Server
			fmt.Fprintf(w, "%s\n", server)
		}
		explained := 0
		for _, d := range c.Differences {
			if !d.counts() {
				explained++
			}
		}
		fmt.Fprintf(w, "%-*s %6d %16s %16s %7d %9d\n", width, c.Suite, c.Tests, c.Direct, c.Weir, len(c.Differences), explained)
	}
	for _, c := range r.Suites {
		c.print(w)
	}
	if r.differs() {
		fmt.Fprintf(w, "\nThere are differences that nothing explains. Both outputs of each test that differs are in %s.\n", r.dir)
		return
	}
	fmt.Fprintf(w, "\nNothing differs but for what is expected. What was written is in %s.\n", r.dir)
}

func (t tally) String() string {
	return fmt.Sprintf("%d (%.0fs)", t.Passed, t.Seconds)
}

func (c comparison) print(w io.Writer) {
	for way, t := range map[string]tally{direct: c.Direct, through: c.Weir} {
		if t.Error != "" {
			fmt.Fprintf(w, "\n%s, %s, did not run to its end: %s\n", c.Suite, way, t.Error)
		}
	}
	if len(c.Differences)+len(c.Stale) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s:\n", c.Suite)
	for _, d := range c.Differences {
		fmt.Fprintf(w, "  %-28s directly %s, through weir %s", d.Test, d.Direct, d.Weir)
		switch {
		case d.Reason != "":
			fmt.Fprintf(w, "; expected: %s\n", d.Reason)
		case d.Unsteady:
			fmt.Fprint(w, "; alike, or as expected, when repeated\n")
		default:
			fmt.Fprintf(w, "\n%s", indented(d.Diff, 40))
		}
	}
	for _, name := range c.Stale {
		fmt.Fprintf(w, "  %-28s alike, though a difference is expected: remove it from test/conformance/expected\n", name)
	}
	for _, line := range c.Logged {
		fmt.Fprintf(w, "  weir: %s\n", line)
	}
}

// indented is the beginning of a difference without the names of its files, for the
// reader of a report.
func indented(diff string, lines int) string {
	all := strings.Split(strings.TrimRight(diff, "\n"), "\n")
	all = all[min(len(all), 2):]
	more := ""
	if len(all) > lines {
		more = fmt.Sprintf("      ... and %d more lines\n", len(all)-lines)
		all = all[:lines]
	}
	var b strings.Builder
	for _, line := range all {
		b.WriteString("      " + line[:min(len(line), 300)] + "\n")
	}
	return b.String() + more
}
