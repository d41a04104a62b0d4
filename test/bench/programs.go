package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// programTime is what one program, weir's or an empty one, took in the kernel for each time that a
// task was done, by the kernel's own count. It holds what the counting takes (two
// readings of a clock for each run), and nothing of what else the machine does.
type programTime struct {
	Way         string  `json:"way"`
	Task        string  `json:"task"`
	Program     string  `json:"program"`
	Runs        float64 `json:"runs"`        // for each time
	Nanoseconds float64 `json:"nanoseconds"` // for each time, all runs together
}

// inPrograms measures how long weir's programs run for those who are not captured:
// medians over the rounds.
func (b *bench) inPrograms(ctx context.Context, task string, n int) ([]programTime, error) {
	pinned, err := pinnedPrograms(b.weir.Pins)
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, p := range pinned {
			_ = p.Close()
		}
	}()
	counting, err := ebpf.EnableStats(unix.BPF_STATS_RUN_TIME)
	if err != nil {
		return nil, fmt.Errorf("have the kernel count the time of programs: %w", err)
	}
	defer func() { _ = counting.Close() }()
	rounds := make(map[programTime][]float64) // nanoseconds, by what else is the same
	for range b.plan.Rounds {
		for _, w := range b.others {
			programs := pinned
			if w.name == emptied {
				programs = b.empty
			}
			progress("%s: in programs, %s", task, w.name)
			before, err := timesOf(programs)
			if err != nil {
				return nil, err
			}
			if _, err := b.client(ctx, w, task, n); err != nil {
				return nil, fmt.Errorf("%s, %s: %w", task, w.name, err)
			}
			after, err := timesOf(programs)
			if err != nil {
				return nil, err
			}
			for name := range after {
				// What runs now and then has to do with the client's start.
				runs := (after[name].RunCount - before[name].RunCount) / uint64(n)
				if runs > 0 {
					of := programTime{Way: w.name, Task: task, Program: name, Runs: float64(runs)}
					rounds[of] = append(rounds[of], float64(after[name].Runtime-before[name].Runtime)/float64(n))
				}
			}
		}
	}
	var all []programTime
	for t, nanoseconds := range rounds {
		t.Nanoseconds = median(nanoseconds)
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b programTime) int {
		return strings.Compare(a.Way+"\x00"+a.Program, b.Way+"\x00"+b.Program)
	})
	return all, nil
}

// pinnedPrograms opens the programs behind the links that weir has pinned.
func pinnedPrograms(pins string) (map[string]*ebpf.Program, error) {
	const prefix = "link_"
	found, err := filepath.Glob(filepath.Join(pins, prefix+"*"))
	if err != nil {
		return nil, err
	}
	programs := make(map[string]*ebpf.Program, len(found))
	for _, pin := range found {
		p, err := programBehind(pin)
		if err != nil {
			return nil, fmt.Errorf("weir's program behind %s: %w", pin, err)
		}
		programs[strings.TrimPrefix(filepath.Base(pin), prefix)] = p
	}
	if len(programs) == 0 {
		return nil, fmt.Errorf("weir has no programs in %s: %w", pins, os.ErrNotExist)
	}
	return programs, nil
}

func programBehind(pin string) (*ebpf.Program, error) {
	l, err := link.LoadPinnedLink(pin, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = l.Close() }()
	info, err := l.Info()
	if err != nil {
		return nil, err
	}
	return ebpf.NewProgramFromID(info.Program)
}

func timesOf(programs map[string]*ebpf.Program) (map[string]ebpf.ProgramStats, error) {
	times := make(map[string]ebpf.ProgramStats, len(programs))
	for name, p := range programs {
		stats, err := p.Stats()
		if err != nil {
			return nil, fmt.Errorf("how long program %s ran: %w", name, err)
		}
		times[name] = *stats
	}
	return times, nil
}

// printPrograms shows the programs of each way and their sum.
func printPrograms(out io.Writer, title string, all []programTime) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(out, "\n%-48s %12s %12s %12s\n", title, "runs", "time", "each run")
	way := ""
	for _, t := range all {
		if t.Way != way {
			way = t.Way
			runs, sum := sumOf(all, way)
			fmt.Fprintf(out, "  %-46s %12.0f %12s\n", way, runs, sum)
		}
		fmt.Fprintf(out, "    %-44s %12.0f %9.0f ns %9.0f ns\n", t.Program, t.Runs, t.Nanoseconds, t.Nanoseconds/t.Runs)
	}
}

// sumOf adds up the programs of one way.
func sumOf(all []programTime, way string) (runs float64, sum time.Duration) {
	for _, t := range all {
		if t.Way == way {
			runs += t.Runs
			sum += time.Duration(t.Nanoseconds)
		}
	}
	return runs, sum
}
