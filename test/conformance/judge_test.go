package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestDifferencesAreFound(t *testing.T) {
	a := []test{{name: "same", status: passed, output: "x"}, {name: "output", status: passed, output: "x\ny\n"}, {name: "gone", status: passed},
		{name: "fails on both", status: failed, output: "x"}, {name: "twice", status: passed}, {name: "twice", status: passed}}
	b := []test{{name: "same", status: passed, output: "x"}, {name: "output", status: passed, output: "x\nz\n"}, {name: "new", status: passed},
		{name: "fails on both", status: failed, output: "x"}, {name: "twice", status: passed}, {name: "twice", status: failed}}
	dir := t.TempDir()
	r := report{dir: dir}
	found, err := r.differences(context.Background(), dir, outcome{tests: map[string][]test{direct: a, through: b}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range found {
		got = append(got, d.Test+" "+string(d.Direct)+" "+string(d.Weir)+" "+d.signature())
	}
	want := []string{
		"output passed passed -y\n+z\n", "gone passed missing passed missing\n",
		"twice#2 passed failed passed failed\n", "new missing passed missing passed\n",
	}
	if !slices.Equal(got, want) {
		t.Errorf("found %q", got)
	}
}

func TestATestIsSettledByARepetitionThatIsAlikeOrExpected(t *testing.T) {
	once := []test{{name: "alike", status: passed}, {name: "expected", status: passed}, {name: "differs", status: passed}, {name: "gone", status: passed}}
	again := []test{{name: "alike", status: passed}, {name: "expected", status: failed}, {name: "differs", status: failed}}
	o := outcome{tests: map[string][]test{direct: once, through: again}}
	found, err := (&report{}).differences(t.Context(), t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range found {
		if found[i].Test == "expected" {
			found[i].Reason = "weir says it otherwise"
		}
	}
	for name, want := range map[string]bool{"alike": true, "expected": true, "differs": false, "gone": false, "never ran": false} {
		if o.settles(name, found) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

func TestASuiteThatFailsAsAWholeIsNotAlike(t *testing.T) {
	for name, c := range map[string]struct {
		tests []test
		sound bool
	}{
		"one passes":    {[]test{{name: "a", status: failed}, {name: "b", status: passed}}, true},
		"none passes":   {[]test{{name: "a", status: failed}, {name: "b", status: skipped}}, false},
		"there is none": {nil, false},
	} {
		o := outcome{tests: map[string][]test{direct: c.tests, through: c.tests}, errs: map[string]error{}}
		if o.sound(); (o.errs[direct] == nil) != c.sound {
			t.Errorf("%s: %v", name, o.errs[direct])
		}
	}
}

func TestADifferenceIsExpectedLineForLine(t *testing.T) {
	dir := t.TempDir()
	d := difference{Test: "a/b c", Direct: passed, Weir: passed, Diff: "--- x\n+++ y\n@@ -1 +1 @@\n same\n-one\n+two\n"}
	if err := accept(filepath.Join(dir, "suite"), "it is meant so", d); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "suite", "a_b_c"))
	if err != nil || string(text) != "it is meant so\n-one\n+two\n" {
		t.Errorf("wrote %q, %v", text, err)
	}
}

func TestExpectationsBelongToVariants(t *testing.T) {
	for name, c := range map[string]struct {
		v     variant
		label string
		want  []string
	}{
		"as it is installed": {variant{server: installed}, "pq", []string{"pq", "pq@15"}},
		"over TLS":           {variant{server: installed, tls: true}, "pq+tls", []string{"pq", "pq@15", "pq+tls", "pq@15+tls"}},
		"newer, with masks":  {variant{server: "18", masks: true}, "pq@18+masks", []string{"pq", "pq@15", "pq+masks", "pq@15+masks"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.v.expectations("pq", "15"); !slices.Equal(got, c.want) {
				t.Errorf("looked in %q", got)
			}
			if got := c.v.label("pq"); got != c.label {
				t.Errorf("labelled %q", got)
			}
		})
	}
}

func TestEveryExpectedDifferenceIsOfASuiteAndHasAReason(t *testing.T) {
	folders, err := accepted.ReadDir("expected")
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, s := range suites() {
		for _, v := range []variant{{}, {tls: true}, {masks: true}, {tls: true, masks: true}} {
			for _, major := range []string{"15", "16", "17", newer} {
				known = append(known, v.expectations(s.name, major)...)
			}
		}
	}
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		if !slices.Contains(known, folder.Name()) {
			t.Errorf("%s is of no suite", folder.Name())
		}
		files, err := expectedTests(folder.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := accepted.ReadFile("expected/" + folder.Name() + "/" + file)
			if err != nil || len(text) < 30 {
				t.Errorf("%s/%s: %q, %v", folder.Name(), file, text, err)
			}
		}
	}
}

func TestTheQuickPartUsesBothServers(t *testing.T) {
	rounds, err := plan(options{suites: "all", quick: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(rounds) != 2 || rounds[0].server != installed || rounds[1].server != newer || !rounds[1].tls {
		t.Fatalf("%+v", rounds)
	}
	for _, s := range rounds[1].suites {
		if !s.wire {
			t.Errorf("%s again over TLS", s.name)
		}
	}
	if _, err := plan(options{suites: "pgx,nothing"}); err == nil {
		t.Error("a suite that does not exist was found")
	}
}

func TestTheEndsOfGoTestsAreRead(t *testing.T) {
	out := "\x16=== RUN   TestA\nsaid\n\x16=== RUN   TestA/one\n\x16    --- FAIL: TestA/one (0.00s)\n\x16--- FAIL: TestA (0.01s)\n" +
		"\x16=== RUN   TestB\nhalf a line\x16--- PASS: TestB (0.00s)\n\x16=== RUN   TestC\n\x16--- SKIP: TestC (0.00s)\n"
	var got []string
	for _, found := range goTests(out) {
		got = append(got, found.name+" "+string(found.status))
	}
	if !slices.Equal(got, []string{"TestA/one failed", "TestB passed", "TestC skipped"}) {
		t.Errorf("read %q", got)
	}
}

func TestEndsOfTestsAreCountedInPieces(t *testing.T) {
	m := &meter{}
	for _, piece := range []string{"ok 1\n-- o", "k\n-- failed: x\ntest a ... ok    1 ms\n\x16--- PASS: T (0.0", "s)\nno -- ok\n"} {
		if _, err := m.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	if m.ended != 4 {
		t.Errorf("counted %d", m.ended)
	}
}

func TestNumbersThatAServerMakesUpDoNotDiffer(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"   Buffers: shared hit=15 read=2\n":        "   Buffers: N\n",
		"         30033 | r       |        10836\n": " N | r       | N\n",
		"         30033 | v       |        10836\n": "         30033 | v       |        10836\n",
		"say Buffers: 1\n":                          "say Buffers: 1\n",
	} {
		if got := withoutNumbers(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
