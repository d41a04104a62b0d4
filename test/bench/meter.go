package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/weirgate/weir/test/lab"
)

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

// memory is what a process takes, in bytes.
type memory struct {
	Anonymous int64 // of its own: RssAnon of /proc/PID/status
	Resident  int64 // with files that it maps: VmRSS
	Cgroup    int64 // with what the kernel keeps for it, memory.current; 0 where there is none
}

func (m *cpuMeter) memory() (memory, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.pid))
	if err != nil {
		return memory{}, err
	}
	var out memory
	for _, line := range strings.Split(string(status), "\n") {
		name, value, _ := strings.Cut(line, ":")
		into := map[string]*int64{"RssAnon": &out.Anonymous, "VmRSS": &out.Resident}[name]
		if into == nil {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return memory{}, fmt.Errorf("/proc/%d/status is not understood: %w", m.pid, err)
		}
		*into = kib << 10
	}
	if text, err := os.ReadFile(filepath.Join(m.cgroup.Path, "memory.current")); err == nil {
		out.Cgroup, err = strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err != nil {
			return memory{}, err
		}
	}
	return out, nil
}
