package main

import (
	"fmt"
	"io"
	"time"
)

// What weir is to reach, as ratios of figures of one run.
const (
	aimThroughput = 0.95 // of pgbouncer's, at least
	aimCPU        = 1.3  // times pgbouncer's, at most
	aimRows       = 1.1  // times direct
	aimMasked     = 2.0  // times direct, with one text column masked
	aimConnect    = 1500 * time.Microsecond
	aimIdle       = 16 << 10 // bytes each above the first
)

// aim is a figure and what it should be.
type aim struct {
	What   string  `json:"what"`
	Figure float64 `json:"figure"`
	Unit   string  `json:"unit"` // "" for a ratio
	Aim    float64 `json:"aim"`
	Least  bool    `json:"least"`  // the aim is a lower bound
	Spread float64 `json:"spread"` // of what the figure was made of, between rounds: (highest - lowest) / median
	Met    bool    `json:"met"`
}

func (r *result) aim(what string, figure float64, unit string, bound float64, least bool, spread float64) {
	met := figure <= bound
	if least {
		met = figure >= bound
	}
	r.Aims = append(r.Aims, aim{What: what, Figure: figure, Unit: unit, Aim: bound, Least: least, Spread: spread, Met: met})
}

// judge compares what was measured with what was aimed at.
func (r *result) judge() {
	for _, l := range r.Lines {
		w, p := l.Ways[weir], l.Ways[pgbouncer]
		if w.TPS == 0 || p.TPS == 0 {
			continue
		}
		name := fmt.Sprintf("pgbench -S, %s, %d clients", l.Mode, l.Clients)
		spread := max(w.Spread, p.Spread)
		r.aim(name+": transactions, of pgbouncer's", ratio(w.TPS, p.TPS), "", aimThroughput, true, spread)
		r.aim(name+": CPU each, of pgbouncer's", ratio(w.CPU, p.CPU), "", aimCPU, false, spread)
	}
	base, _ := timingOf(r.Rows, direct)
	for _, t := range r.Rows {
		bound := aimMasked
		switch t.Way {
		case direct, pgbouncer:
			continue
		case weir:
			bound = aimRows
		}
		r.aim("100,000 rows, "+t.Way+": time, of direct", ratio(float64(t.Median), float64(base.Median)), "", bound, false, max(t.Spread, base.Spread))
	}
	base, _ = timingOf(r.Connects, direct)
	if t, ok := timingOf(r.Connects, weir); ok {
		r.aim("connecting: added at the median", float64(t.Median-base.Median)/1e6, "ms", float64(aimConnect)/1e6, false, max(t.Spread, base.Spread))
	}
	if r.Idle != nil {
		r.aim(fmt.Sprintf("%d idle sessions: memory each", r.Idle.Sessions), r.Idle.Anonymous/1024, "KiB", aimIdle/1024, false, 0)
	}
	r.judgeOthers("connecting a socket", r.Reaches)
	r.judgeOthers("a byte there and back", r.Echoes)
}

// judgeOthers compares what those take who are not captured with what it takes where
// there is no capture. They shall pay nothing that can be measured: no more than the
// rounds differ by among themselves.
func (r *result) judgeOthers(what string, all []timing) {
	base, _ := timingOf(all, nowhere)
	for _, t := range all {
		if t.Way == nowhere || t.Way == emptied {
			continue
		}
		spread := max(t.Spread, base.Spread)
		added := ratio(float64(t.Median-base.Median), float64(base.Median))
		r.aim(what+", "+t.Way+": added", 100*max(added, 0), "%", 100*spread, false, spread)
	}
}

func timingOf(all []timing, way string) (timing, bool) {
	for _, t := range all {
		if t.Way == way {
			return t, true
		}
	}
	return timing{}, false
}

func (r *result) printAims(out io.Writer) {
	fmt.Fprintf(out, "\n%-62s %10s %12s %8s   %s\n", "", "figure", "aim", "spread", "")
	for _, a := range r.Aims {
		sign, verdict := "<=", "met"
		if a.Least {
			sign = ">="
		}
		if !a.Met {
			verdict = "not met"
		}
		fmt.Fprintf(out, "%-62s %10s %12s %7.0f%%   %s\n", a.What, quantity(a.Figure, a.Unit), sign+" "+quantity(a.Aim, a.Unit), 100*a.Spread, verdict)
	}
}

func quantity(v float64, unit string) string {
	if unit == "" {
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3g %s", v, unit)
}
