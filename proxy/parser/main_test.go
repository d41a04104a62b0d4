package parser

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// The test binary is its own worker.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "parse-worker":
			os.Exit(WorkerMain())
		case "probe-worker":
			os.Exit(probeMain())
		case "orphan-maker":
			os.Exit(orphanMain())
		}
	}
	goleak.VerifyTestMain(m)
}

// newPool starts a pool that is closed when the test ends.
func newPool(t testing.TB, change func(*Config)) *Pool {
	t.Helper()
	config := Config{Workers: 1, Cache: 8 << 20}
	if change != nil {
		change(&config)
	}
	p, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}
