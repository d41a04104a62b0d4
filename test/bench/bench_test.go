package main

import (
	"strings"
	"testing"
	"time"
)

func TestPgbenchReportsOfOldAndNewVersionsAreRead(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"14 and newer": "number of transactions actually processed: 1234\nlatency average = 0.081 ms\ninitial connection time = 3.1 ms\ntps = 12345.678 (without initial connection time)\n",
		"13 and older": "number of transactions actually processed: 1234\nlatency average = 0.081 ms\ntps = 12000.0 (including connections establishing)\ntps = 12345.678 (excluding connections establishing)\n",
	} {
		var s sample
		if err := s.parse(text); err != nil || s.TPS != 12345.678 || s.Transactions != 1234 || s.Latency != 81*time.Microsecond {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	var s sample
	if err := s.parse("pgbench: error"); err == nil {
		t.Error("a report without figures was taken")
	}
}

func TestTheTableHasMediansAndTheirRatios(t *testing.T) {
	t.Parallel()
	p := plan{Rounds: 3, Duration: time.Second, Clients: []int{8}, Modes: []string{"simple"}}
	var samples []sample
	for i, tps := range []float64{90, 100, 5000} {
		samples = append(samples,
			sample{Way: weir, Mode: "simple", Clients: 8, Round: i, TPS: tps, Transactions: 100, ProxyCPU: 5 * time.Millisecond},
			sample{Way: pgbouncer, Mode: "simple", Clients: 8, Round: i, TPS: tps * 2, Transactions: 200, ProxyCPU: 4 * time.Millisecond},
			sample{Way: direct, Mode: "simple", Clients: 8, Round: i, TPS: tps * 4})
	}
	var out strings.Builder
	r := result{Plan: p, Samples: samples}
	r.summarise()
	r.judge()
	r.print(&out)
	for _, want := range []string{"weir/pgbouncer 0.50", "weir/direct 0.25", "400       200       100", " 20.0      50.0"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("does not say %q:\n%s", want, out.String())
		}
	}
}
