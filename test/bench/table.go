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

func summarise(p plan, samples []sample) result {
	r := result{Plan: p, Samples: samples}
	for _, mode := range p.Modes {
		for _, clients := range p.Clients {
			l := line{Mode: mode, Clients: clients, Ways: map[string]figure{}}
			for _, name := range []string{direct, pgbouncer, weir} {
				if f, ok := figureOf(samples, name, mode, clients); ok {
					l.Ways[name] = f
				}
			}
			l.WeirPgBouncer = ratio(l.Ways[weir].TPS, l.Ways[pgbouncer].TPS)
			l.WeirDirect = ratio(l.Ways[weir].TPS, l.Ways[direct].TPS)
			r.Lines = append(r.Lines, l)
		}
	}
	return r
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

func (r result) print(out io.Writer) {
	fmt.Fprintf(out, "\npgbench -S at scale %d: medians of %d rounds of %s, interleaved. CPU is that of the proxy per transaction.\n",
		r.Plan.Scale, r.Plan.Rounds, r.Plan.Duration)
	fmt.Fprintf(out, "%d CPUs, kernel %s, %s, %s\n\n", r.Host.CPUs, r.Host.Kernel, r.Host.Postgres, r.Host.PgBouncer)
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
	if r.JournalBytes > 0 {
		fmt.Fprintf(out, "weir's journal holds %d MiB.\n", r.JournalBytes>>20)
	}
}

func figureOrDash(f float64) string {
	if f == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", f)
}
