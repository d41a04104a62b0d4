package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/weirgate/weir/test/lab"
)

// sample is one run of pgbench.
type sample struct {
	Way          string        `json:"way"`
	Mode         string        `json:"mode"`
	Clients      int           `json:"clients"`
	Round        int           `json:"round"`
	TPS          float64       `json:"tps"`
	Latency      time.Duration `json:"latencyNanoseconds"`
	Transactions int64         `json:"transactions"`
	ProxyCPU     time.Duration `json:"proxyCPUNanoseconds"` // of the proxy's processes over the run, set-up of connections included
}

// throughput runs all rounds. Within a round the ways take turns, and each round begins
// with another one.
func (b *bench) throughput(ctx context.Context) ([]sample, error) {
	var samples []sample
	for round := range b.plan.Rounds {
		for _, mode := range b.plan.Modes {
			for _, clients := range b.plan.Clients {
				for i := range b.ways {
					w := b.ways[(i+round)%len(b.ways)]
					progress("pgbench: round %d of %d, %s, %d clients, %s", round+1, b.plan.Rounds, mode, clients, w.name)
					s, err := b.one(ctx, w, mode, clients)
					if err != nil {
						return nil, err
					}
					s.Round = round + 1
					samples = append(samples, s)
				}
			}
		}
	}
	return samples, nil
}

// command is pgbench over one way.
func (b *bench) command(w way, mode string, clients int, more ...string) lab.Command {
	threads := min(clients, 2)
	args := append([]string{"-n", "-S", "-M", mode, "-c", strconv.Itoa(clients), "-j", strconv.Itoa(threads),
		"-h", w.addr.Addr().String(), "-p", strconv.Itoa(int(w.addr.Port())), "-U", role}, more...)
	env := []string{"PATH=" + os.Getenv("PATH"), "PGSSLMODE=disable", "PGPASSWORD=" + b.passwordFor(w)}
	return lab.Command{Path: b.pgbench, Args: append(args, database), Dir: "/", User: b.user, Cgroup: w.client, Env: env}
}

func (b *bench) one(ctx context.Context, w way, mode string, clients int) (sample, error) {
	s := sample{Way: w.name, Mode: mode, Clients: clients}
	before, err := w.proxy.read()
	if err != nil {
		return s, err
	}
	out, err := b.lab.Run(ctx, b.command(w, mode, clients, "-T", strconv.Itoa(int(b.plan.Duration/time.Second))))
	if err != nil {
		return s, err
	}
	if out.Code != 0 {
		return s, fmt.Errorf("pgbench through %s ended with %d:\n%s%s", w.name, out.Code, out.Stdout, out.Stderr)
	}
	after, err := w.proxy.read()
	if err != nil {
		return s, err
	}
	s.ProxyCPU = after - before
	err = s.parse(out.Stdout)
	return s, err
}

var (
	tpsLine     = regexp.MustCompile(`(?m)^tps = ([0-9.]+) \((?:without initial connection time|excluding connections establishing)\)`)
	latencyLine = regexp.MustCompile(`(?m)^latency average = ([0-9.]+) ms`)
	countLine   = regexp.MustCompile(`(?m)^number of transactions actually processed: ([0-9]+)`)
)

// parse reads pgbench's report.
func (s *sample) parse(text string) error {
	number := func(r *regexp.Regexp) (float64, error) {
		m := r.FindStringSubmatch(text)
		if m == nil {
			return 0, fmt.Errorf("pgbench's report is not understood:\n%s", text)
		}
		return strconv.ParseFloat(m[1], 64)
	}
	var err error
	if s.TPS, err = number(tpsLine); err != nil {
		return err
	}
	latency, err := number(latencyLine)
	if err != nil {
		return err
	}
	count, err := number(countLine)
	if err != nil {
		return err
	}
	s.Latency, s.Transactions = time.Duration(latency*float64(time.Millisecond)), int64(count)
	return nil
}
