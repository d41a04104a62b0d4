package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestTheStatusFollowsFromWhatHappened(t *testing.T) {
	t.Parallel()
	const pkg = "github.com/weirgate/weir/a"
	for _, tc := range []struct {
		name   string
		events []event
		noSkip bool
		status int
		says   string
	}{
		{"a test that passed", []event{{Action: "pass", Package: pkg, Test: "TestA"}, {Action: "pass", Package: pkg}}, true, 0, "1 tests: 0 failed"},
		{"a test that failed shows its output", []event{
			{Action: "output", Package: pkg, Test: "TestA", Output: "    a_test.go:1: wrong\n"},
			{Action: "fail", Package: pkg, Test: "TestA"}, {Action: "fail", Package: pkg},
		}, false, 1, "a_test.go:1: wrong"},
		{"a skip is told with its reason", []event{
			{Action: "output", Package: pkg, Test: "TestA", Output: "=== RUN   TestA\n"},
			{Action: "output", Package: pkg, Test: "TestA", Output: "    a_test.go:1: NEEDS ROOT: because\n"},
			{Action: "skip", Package: pkg, Test: "TestA"}, {Action: "pass", Package: pkg},
		}, false, 0, "NEEDS ROOT: because"},
		{"a skip fails where skips are refused", []event{
			{Action: "skip", Package: pkg, Test: "TestA"}, {Action: "pass", Package: pkg},
		}, true, 1, "refused"},
		{"a package that does not build", []event{
			{Action: "build-output", ImportPath: pkg, Output: "a.go:1: no\n"},
			{Action: "fail", Package: pkg, FailedBuild: pkg},
		}, false, 1, "a.go:1: no"},
		{"a panic outside of every ended test", []event{
			{Action: "output", Package: pkg, Test: "TestA", Output: "panic: oh\n"},
			{Action: "fail", Package: pkg},
		}, false, 1, "panic: oh"},
		{"nothing ran", nil, false, 1, "No test ran"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var in, out strings.Builder
			for _, e := range tc.events {
				line, err := json.Marshal(e)
				if err != nil {
					t.Fatal(err)
				}
				in.Write(append(line, '\n'))
			}
			r := &report{
				out: &out, module: "github.com/weirgate/weir/",
				output: map[key]*strings.Builder{}, build: map[string]*strings.Builder{}, passed: map[string]int{},
			}
			if err := r.read(strings.NewReader(in.String())); err != nil {
				t.Fatal(err)
			}
			if got := r.finish(time.Second, tc.noSkip); got != tc.status {
				t.Errorf("status %d, want %d\n%s", got, tc.status, out.String())
			}
			if !strings.Contains(out.String(), tc.says) {
				t.Errorf("does not say %q:\n%s", tc.says, out.String())
			}
		})
	}
}
