package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
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

// measure runs all rounds. Within a round the ways take turns, and each round begins
// with another one.
func (b *bench) measure(ctx context.Context) ([]sample, error) {
	var samples []sample
	total := b.plan.total(len(b.ways))
	start := time.Now()
	for round := range b.plan.Rounds {
		for _, mode := range b.plan.Modes {
			for _, clients := range b.plan.Clients {
				for i := range b.ways {
					w := b.ways[(i+round)%len(b.ways)]
					progress("%s of about %s: round %d of %d, %s, %d clients, %s",
						time.Since(start).Round(time.Second), total, round+1, b.plan.Rounds, mode, clients, w.name)
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
	progress("measured in %s\n", time.Since(start).Round(time.Second))
	return samples, nil
}

// command is pgbench over one way.
func (b *bench) command(w way, mode string, clients int, more ...string) lab.Command {
	threads := min(clients, 2)
	args := append([]string{"-n", "-S", "-M", mode, "-c", strconv.Itoa(clients), "-j", strconv.Itoa(threads),
		"-h", w.addr.Addr().String(), "-p", strconv.Itoa(int(w.addr.Port())), "-U", role}, more...)
	env := []string{"PATH=" + os.Getenv("PATH"), "PGSSLMODE=disable", "PGPASSWORD=not-the-password"}
	if w.name == direct {
		env[2] = "PGPASSWORD=" + b.password
	}
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

// cpuMeter reads how much CPU time a proxy has used, its children included.
type cpuMeter struct {
	cgroup *lab.Cgroup
	pid    int
}

// read gives the cgroup's own figure, in microseconds; where the kernel has none,
// that of /proc, in clock ticks of 10 ms. A nil meter reads 0.
func (m *cpuMeter) read() (time.Duration, error) {
	if m == nil {
		return 0, nil
	}
	text, err := os.ReadFile(filepath.Join(m.cgroup.Path, "cpu.stat"))
	if err == nil {
		for _, line := range strings.Split(string(text), "\n") {
			if value, ok := strings.CutPrefix(line, "usage_usec "); ok {
				usec, err := strconv.ParseInt(value, 10, 64)
				return time.Duration(usec) * time.Microsecond, err
			}
		}
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", m.pid))
	if err != nil {
		return 0, err
	}
	// utime, stime, cutime and cstime are the 14th to 17th field (proc(5)); the
	// second, the name, may hold blanks.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 15 {
		return 0, fmt.Errorf("/proc/%d/stat is not understood", m.pid)
	}
	var ticks int64
	for _, field := range fields[11:15] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}
