package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/weirgate/weir/test/lab"
)

// sizes are how much is done in each part.
type sizes struct {
	Queries  int `json:"queries"`  // results of 100,000 rows, by each way in each round
	Connects int `json:"connects"` // log-ins, by each way in each round
	Reaches  int `json:"reaches"`  // sockets connected, by each way in each round
	Echoes   int `json:"echoes"`   // bytes sent and received, by each way in each round
	Idle     int `json:"idle"`     // sessions that are open at a time
}

// table is what the rows are read from: a number and two texts.
const (
	table     = "customers"
	tableRows = 100_000
)

const tableSQL = `CREATE TABLE ` + table + ` AS SELECT g AS id, 'Customer number ' || g AS name,
	'user' || md5(g::text) || '@example.com' AS email FROM generate_series(1, 100000) g;
ALTER TABLE ` + table + ` OWNER TO ` + role + ``

// timing holds how long something took by one way.
type timing struct {
	Way    string        `json:"way"`
	Median time.Duration `json:"medianNanoseconds"` // of the rounds' medians
	P99    time.Duration `json:"p99Nanoseconds"`    // of all rounds together
	Spread float64       `json:"spread"`            // of the rounds' medians: (highest - lowest) / median
}

// timings measures a task of the client, n times by each of the ways in each round.
func (b *bench) timings(ctx context.Context, task string, n int, ways []way) ([]timing, error) {
	all := make(map[string][]time.Duration)
	medians := make(map[string][]time.Duration)
	for round := range b.plan.Rounds {
		for i := range ways {
			w := ways[(i+round)%len(ways)]
			progress("%s: round %d of %d, %s", task, round+1, b.plan.Rounds, w.name)
			times, err := b.client(ctx, w, task, n)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", task, w.name, err)
			}
			all[w.name] = append(all[w.name], times...)
			medians[w.name] = append(medians[w.name], median(times))
		}
	}
	var out []timing
	for _, w := range ways {
		t := timing{Way: w.name, Median: median(medians[w.name])}
		slices.Sort(all[w.name])
		t.P99 = all[w.name][len(all[w.name])*99/100]
		t.Spread = ratio(float64(slices.Max(medians[w.name])-slices.Min(medians[w.name])), float64(t.Median))
		out = append(out, t)
	}
	return out, nil
}

// client runs a task in a process of its own, in the way's cgroup.
func (b *bench) client(ctx context.Context, w way, task string, n int) ([]time.Duration, error) {
	out, err := b.lab.Run(ctx, b.clientCommand(w, task, n))
	if err != nil {
		return nil, err
	}
	if out.Code != 0 {
		return nil, fmt.Errorf("ended with %d: %s%s", out.Code, out.Stdout, out.Stderr)
	}
	var times []time.Duration
	if err := json.Unmarshal([]byte(out.Stdout), &times); err != nil {
		return nil, err
	}
	return times, nil
}

func (b *bench) clientCommand(w way, task string, n int) lab.Command {
	return lab.Command{Path: "/proc/self/exe", Args: []string{"client", task, w.addr.String(), strconv.Itoa(n)},
		Cgroup: w.client, Env: []string{"PATH=" + os.Getenv("PATH"), "PGPASSWORD=" + b.passwordFor(w)}}
}

// idle is what sessions cost that do nothing, in bytes each.
type idle struct {
	Sessions  int     `json:"sessions"`
	Anonymous float64 `json:"anonymousBytes"` // the daemon's own memory
	Resident  float64 `json:"residentBytes"`  // with the journal's segments, which are mapped
	Cgroup    float64 `json:"cgroupBytes"`    // with the kernel's sockets; 0 where the kernel does not count it here
}

// idleSessions opens one session and then many more, and compares what weir takes.
func (b *bench) idleSessions(ctx context.Context, w way) (*idle, error) {
	first, err := b.holding(ctx, w, 1)
	if err != nil {
		return nil, err
	}
	rest := b.plan.Sizes.Idle - 1
	all, err := b.holding(ctx, w, rest)
	if err != nil {
		return nil, err
	}
	each := func(of func(memory) int64) float64 { return float64(of(all)-of(first)) / float64(rest) }
	return &idle{
		Sessions:  b.plan.Sizes.Idle,
		Anonymous: each(func(m memory) int64 { return m.Anonymous }),
		Resident:  each(func(m memory) int64 { return m.Resident }),
		Cgroup:    each(func(m memory) int64 { return m.Cgroup }),
	}, nil
}

// settling is what is waited for after sessions were opened, for the collector to
// give back what opening them took.
const settling = 3 * time.Second

// holding opens n sessions, which stay, and reads what weir takes then.
func (b *bench) holding(ctx context.Context, w way, n int) (memory, error) {
	progress("idle: %d sessions", n)
	c := b.clientCommand(w, "hold", n)
	var said lab.Buffer
	c.Stdout, c.Stderr = &said, &said
	p, err := b.lab.Start(c) // the lab ends it
	if err != nil {
		return memory{}, err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !bytes.Contains([]byte(said.String()), []byte(holding)) {
		select {
		case <-p.Done():
			return memory{}, fmt.Errorf("opening %d sessions: %s", n, said.String())
		case <-ctx.Done():
			return memory{}, ctx.Err()
		case <-tick.C:
		}
	}
	select {
	case <-time.After(settling):
	case <-ctx.Done():
		return memory{}, ctx.Err()
	}
	return w.proxy.memory()
}
