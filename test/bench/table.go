package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// result is everything that was found out.
type result struct {
	Host         host     `json:"host"`
	Plan         plan     `json:"plan"`
	Lines        []line   `json:"lines"`
	JournalBytes int64    `json:"journalBytes"`
	Samples      []sample `json:"samples"`
	Rows         []timing `json:"rows"`
	Connects     []timing `json:"connects"`
	Idle         *idle    `json:"idle,omitempty"`
	Reaches      []timing `json:"reaches"` // of a socket that is not captured
	Echoes       []timing `json:"echoes"`
	// What of it was in eBPF programs, by the kernel's count.
	ReachPrograms []programTime `json:"reachPrograms"`
	EchoPrograms  []programTime `json:"echoPrograms"`
	Aims          []aim         `json:"aims"`
}

type host struct {
	CPUs      int    `json:"cpus"`
	Kernel    string `json:"kernel"`
	Postgres  string `json:"postgres"`
	PgBouncer string `json:"pgbouncer"`
}

// line compares the ways for one mode and number of clients.
type line struct {
	Mode          string            `json:"mode"`
	Clients       int               `json:"clients"`
	WeirPgBouncer float64           `json:"weir/pgbouncer"` // ratio of median transactions per second
	WeirDirect    float64           `json:"weir/direct"`
	Ways          map[string]figure `json:"ways"`
}

// figure holds medians over the rounds of one way.
type figure struct {
	TPS     float64       `json:"tps"`
	Spread  float64       `json:"spread"` // (highest - lowest) / median
	Latency time.Duration `json:"latencyNanoseconds"`
	CPU     float64       `json:"cpuMicrosecondsPerTransaction"` // of the proxy; 0 for direct
}

// summarise makes lines of the samples.
func (r *result) summarise() {
	for _, mode := range r.Plan.Modes {
		for _, clients := range r.Plan.Clients {
			l := line{Mode: mode, Clients: clients, Ways: map[string]figure{}}
			for _, name := range []string{direct, pgbouncer, weir} {
				if f, ok := figureOf(r.Samples, name, mode, clients); ok {
					l.Ways[name] = f
				}
			}
			l.WeirPgBouncer = ratio(l.Ways[weir].TPS, l.Ways[pgbouncer].TPS)
			l.WeirDirect = ratio(l.Ways[weir].TPS, l.Ways[direct].TPS)
			r.Lines = append(r.Lines, l)
		}
	}
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func figureOf(samples []sample, name, mode string, clients int) (figure, bool) {
	var tps, cpu []float64
	var latency []time.Duration
	for _, s := range samples {
		if s.Way != name || s.Mode != mode || s.Clients != clients {
			continue
		}
		tps, latency = append(tps, s.TPS), append(latency, s.Latency)
		cpu = append(cpu, ratio(float64(s.ProxyCPU.Microseconds()), float64(s.Transactions)))
	}
	if len(tps) == 0 {
		return figure{}, false
	}
	f := figure{TPS: median(tps), Latency: median(latency), CPU: median(cpu)}
	f.Spread = ratio(slices.Max(tps)-slices.Min(tps), f.TPS)
	return f, true
}

// median sorts values; of an even number it is the mean of the two in the middle.
func median[T float64 | time.Duration](values []T) T {
	slices.Sort(values)
	n := len(values)
	if n%2 == 1 {
		return values[n/2]
	}
	return (values[n/2-1] + values[n/2]) / 2
}

func (r *result) print(out io.Writer) {
	fmt.Fprintf(out, "\n%d CPUs, kernel %s, %s, %s. Medians of %d rounds in which the ways take turns.\n",
		r.Host.CPUs, r.Host.Kernel, r.Host.Postgres, r.Host.PgBouncer, r.Plan.Rounds)
	if len(r.Lines) > 0 {
		r.printLines(out)
	}
	printTimings(out, "SELECT of 100,000 rows", r.Rows)
	printTimings(out, "Connecting: a session from start to ready", r.Connects)
	if i := r.Idle; i != nil {
		fmt.Fprintf(out, "\n%d idle sessions: %.1f KiB each of weir's own memory, %.1f KiB with what it maps", i.Sessions, i.Anonymous/1024, i.Resident/1024)
		if i.Cgroup > 0 {
			fmt.Fprintf(out, ", %.1f KiB with the kernel's", i.Cgroup/1024)
		}
		fmt.Fprintf(out, ".\n")
	}
	printTimings(out, "Not captured: connecting a socket", r.Reaches)
	printTimings(out, "Not captured: a byte there and back", r.Echoes)
	printPrograms(out, "In programs: connecting a socket", r.ReachPrograms)
	printPrograms(out, "In programs: a byte there and back", r.EchoPrograms)
	r.printAims(out)
	if r.JournalBytes > 0 {
		fmt.Fprintf(out, "\nweir's journal holds %d MiB.\n", r.JournalBytes>>20)
	}
}

func (r *result) printLines(out io.Writer) {
	fmt.Fprintf(out, "\npgbench -S at scale %d, %s each. CPU is that of the proxy per transaction.\n\n", r.Plan.Scale, r.Plan.Duration)
	fmt.Fprintf(out, "%-9s %7s   %-20s %-17s   %9s %9s %9s   %9s %9s\n",
		"", "", "", "", "direct", "pgbouncer", "weir", "pgbouncer", "weir")
	fmt.Fprintf(out, "%-9s %7s   %-20s %-17s   %9s %9s %9s   %9s %9s\n",
		"mode", "clients", "", "", "tps", "tps", "tps", "CPU us", "CPU us")
	for _, l := range r.Lines {
		fmt.Fprintf(out, "%-9s %7d   weir/pgbouncer %-5s weir/direct %-5s   %9.0f %9.0f %9.0f   %9.1f %9.1f\n",
			l.Mode, l.Clients, figureOrDash(l.WeirPgBouncer), figureOrDash(l.WeirDirect),
			l.Ways[direct].TPS, l.Ways[pgbouncer].TPS, l.Ways[weir].TPS, l.Ways[pgbouncer].CPU, l.Ways[weir].CPU)
	}
	var worst float64
	for _, l := range r.Lines {
		for _, f := range l.Ways {
			worst = max(worst, f.Spread)
		}
	}
	fmt.Fprintf(out, "\nWidest spread between the rounds of one figure: %.0f %% of its median.\n", worst*100)
}

func printTimings(out io.Writer, title string, all []timing) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(out, "\n%-48s %12s %12s %8s\n", title, "median", "99 %", "spread")
	for _, t := range all {
		fmt.Fprintf(out, "  %-46s %12s %12s %7.0f%%\n", t.Way, t.Median.Round(100*time.Nanosecond), t.P99.Round(100*time.Nanosecond), 100*t.Spread)
	}
}

func figureOrDash(f float64) string {
	if f == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", f)
}
