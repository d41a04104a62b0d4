package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// judge runs one suite in one variant and takes what it gave into the report.
type judge struct {
	report  *report
	variant variant
	suite   suite
	cache   cache
	binary  string
	only    []string // tests to run, nil for all
	options options
}

func (j *judge) label() string { return j.variant.label(j.suite.name) }

// run runs the suite on both ways. Tests that differ unexpectedly are repeated, or
// the suite where its tests need each other: what depends on chance or on the
// machine's load must not be taken for weir's doing.
func (j *judge) run(ctx context.Context) error {
	results, err := j.report.clear(j.label())
	if err != nil {
		return err
	}
	o := j.both(ctx, results, j.only)
	if ctx.Err() != nil {
		return errInterrupted
	}
	o.sound()
	found, err := j.report.differences(ctx, results, o)
	if err != nil {
		return err
	}
	expected, err := j.explain(o, found)
	if err != nil {
		return err
	}
	var again []string
	for _, d := range found {
		if d.counts() {
			again = append(again, d.Test)
		}
	}
	if len(again) > 0 && len(again) <= 20 && o.errs[direct] == nil && o.errs[through] == nil {
		only := again
		if !j.suite.single {
			only = j.only
		}
		results = filepath.Join(results, "again")
		repeated := j.both(ctx, results, only)
		if ctx.Err() != nil {
			return errInterrupted
		}
		rest, err := j.report.differences(ctx, results, repeated)
		if err != nil {
			return err
		}
		if _, err := j.explain(repeated, rest); err != nil {
			return err
		}
		for i, d := range found {
			found[i].Unsteady = d.counts() && repeated.settles(d.Test, rest)
		}
	}
	if j.options.accepting != "" {
		for i, d := range found {
			if !d.counts() {
				continue
			}
			folder := j.suite.name
			if j.variant != (variant{server: installed}) {
				folder += "@" + o.major() + j.variant.suffix()
			}
			if err := accept(filepath.Join(j.options.acceptingTo, folder), j.options.accepting, d); err != nil {
				return err
			}
			found[i].Reason = j.options.accepting
		}
	}
	j.report.add(j.label(), o, found, expected)
	return nil
}

// explain gives the differences that are expected their reasons, and returns the
// expected ones that did not occur although their tests ran.
func (j *judge) explain(o outcome, found []difference) (stale []string, err error) {
	folders := j.variant.expectations(j.suite.name, o.major())
	differing := map[string]bool{}
	for i, d := range found {
		differing[fileName(d.Test)] = true
		if found[i].Reason, err = expectedReason(folders, d); err != nil {
			return nil, err
		}
	}
	ran := map[string]string{}
	for _, pair := range pairs(o.tests[direct], o.tests[through]) {
		if pair[0].status != missing && pair[1].status != missing {
			ran[fileName(pair[0].name)] = pair[0].name
		}
	}
	for _, folder := range folders {
		files, err := expectedTests(folder)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if name, ok := ran[file]; ok && !differing[file] {
				stale = append(stale, name)
			}
		}
	}
	return stale, nil
}

// outcome is what a suite gave on both ways.
type outcome struct {
	server  string // as it says its version
	tests   map[string][]test
	errs    map[string]error // the suite itself failed
	took    map[string]time.Duration
	refused []string // what weir logged meanwhile
	denied  []denied // statements that weir refused
}

// sound takes a suite that nothing of passes directly for one that could not run here:
// failing alike proves nothing of weir.
func (o *outcome) sound() {
	passes := func(t test) bool { return t.status == passed }
	if o.errs[direct] == nil && !slices.ContainsFunc(o.tests[direct], passes) {
		o.errs[direct] = errors.New("no test passes directly, so that the suite says nothing: see its output in results")
	}
}

// major is the server's major version.
func (o outcome) major() string { return majorVersion.FindString(o.server) }

// both runs the suite on each way, one after the other. What it writes goes to files
// in the folder results.
func (j *judge) both(ctx context.Context, results string, only []string) outcome {
	o := outcome{tests: map[string][]test{}, errs: map[string]error{}, took: map[string]time.Duration{}}
	for _, way := range []string{direct, through} {
		meter := begin("%s, %s", j.label(), way)
		o.errs[way] = j.way(ctx, way, results, only, meter, &o)
		meter.end()
		if ctx.Err() != nil {
			break
		}
	}
	return o
}

// way runs the suite on one way, into o.
func (j *judge) way(ctx context.Context, way, results string, only []string, m *meter, o *outcome) (err error) {
	site, err := openSite(ctx, way, j.binary, j.suite.server)
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
	m.writer = log
	site.only, site.quick, site.log, o.server = only, j.suite.quick, m, site.postgres.Version
	began := time.Now()
	o.tests[way], err = j.suite.run(ctx, site, j.cache)
	o.took[way] = time.Since(began)
	if ctx.Err() != nil || way == direct {
		return err
	}
	o.refused = site.refusals()
	var reading error
	o.denied, reading = site.denials(ctx)
	return errors.Join(err, reading, writeDenied(o.denied, filepath.Join(results, "refused.txt")))
}

// settles says whether a test ran and ended alike on both ways, or as it is expected
// to: found are the differences of this outcome.
func (o outcome) settles(name string, found []difference) bool {
	return slices.ContainsFunc(pairs(o.tests[direct], o.tests[through]), func(pair [2]test) bool { return pair[0].name == name }) &&
		!slices.ContainsFunc(found, func(d difference) bool { return d.Test == name && d.counts() })
}
