package journal_test

import (
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/proxy/journal"
)

var someone = identity.Identity{Subject: "unit:support-bot.service", Kind: "Unit", Unit: "support-bot.service",
	CgroupPath: "/system.slice/support-bot.service", PID: 4711, UID: 1001, User: "bot", Executable: "/usr/bin/psql", Comm: "psql"}

func someInfo() journal.SessionInfo {
	return journal.SessionInfo{Identity: someone, Database: "crm", User: "support_reader", DatabaseName: "crm1", ClientUser: "agent", ServerAddress: "10.0.3.7:5432",
		ClientAddress: "10.0.3.9:43210", How: "Captured", Policies: []string{"support-agent"}, Revision: "4f2a9c"}
}

func openBench(b *testing.B) *journal.Journal {
	b.Helper()
	j, err := journal.Open(b.TempDir(), journal.Options{SegmentSize: 16 << 20, WithoutIndex: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := j.Close(); err != nil {
			b.Error(err)
		}
	})
	return j
}

// One operation is a statement: its begin and its end.
func BenchmarkStatement(b *testing.B) {
	j := openBench(b)
	s, err := j.Session(someInfo())
	if err != nil {
		b.Fatal(err)
	}
	begin := journal.Begin{Text: []byte("SELECT abalance FROM pgbench_accounts WHERE aid = 4711;"), Protocol: "Simple", Verdict: "Allow", Revision: "4f2a9c"}
	end := journal.End{Rows: 1, Bytes: 70, Tag: []byte("SELECT 1")}
	b.ReportAllocs()
	for b.Loop() {
		st, err := s.Begin(&begin)
		if err != nil {
			b.Fatal(err)
		}
		if err := s.End(st, &end); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStatementPreparedWithParameters(b *testing.B) {
	j := openBench(b)
	s, err := j.Session(someInfo())
	if err != nil {
		b.Fatal(err)
	}
	text := j.Text([]byte("SELECT abalance FROM pgbench_accounts WHERE aid = $1;"))
	begin := journal.Begin{Prepared: text, Protocol: "Extended", Verdict: "Allow", Revision: "4f2a9c",
		Parameters: []journal.Parameter{{Type: 23, Value: []byte("4711")}}}
	end := journal.End{Rows: 1, Bytes: 70, Tag: []byte("SELECT 1"), Masked: []string{"public.customers.email"}}
	b.ReportAllocs()
	for b.Loop() {
		st, err := s.Begin(&begin)
		if err != nil {
			b.Fatal(err)
		}
		if err := s.End(st, &end); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStatementParallel(b *testing.B) {
	j := openBench(b)
	var failed atomic.Bool
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		s, err := j.Session(someInfo())
		if err != nil {
			failed.Store(true)
			return
		}
		begin := journal.Begin{Text: []byte("SELECT abalance FROM pgbench_accounts WHERE aid = 4711;"), Protocol: "Simple", Verdict: "Allow"}
		end := journal.End{Rows: 1, Bytes: 70, Tag: []byte("SELECT 1")}
		for pb.Next() {
			st, err := s.Begin(&begin)
			if err != nil {
				failed.Store(true)
				return
			}
			if err := s.End(st, &end); err != nil {
				failed.Store(true)
				return
			}
		}
	})
	if failed.Load() {
		b.Fatal("a record was refused")
	}
}

// The processor's time of a statement at a steady 30,000 a second, with
// everything that goes on behind: segments made and sealed, the index.
func BenchmarkSteadyLoad(b *testing.B) {
	for _, without := range []bool{true, false} {
		b.Run(map[bool]string{true: "without the index", false: "with the index"}[without], func(b *testing.B) {
			j, err := journal.Open(b.TempDir(), journal.Options{WithoutIndex: without})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = j.Close() }()
			s, err := j.Session(someInfo())
			if err != nil {
				b.Fatal(err)
			}
			begin := journal.Begin{Text: []byte("SELECT abalance FROM pgbench_accounts WHERE aid = 4711;"), Protocol: "Simple", Verdict: "Allow", Revision: "4f2a9c"}
			end := journal.End{Rows: 1, Bytes: 70, Tag: []byte("SELECT 1")}
			used := processorTime(b)
			start := time.Now()
			for n := range b.N {
				st, err := s.Begin(&begin)
				if err != nil {
					b.Fatal(err)
				}
				if err := s.End(st, &end); err != nil {
					b.Fatal(err)
				}
				if n%300 == 299 {
					time.Sleep(time.Until(start.Add(time.Duration(n) * time.Second / 30000)))
				}
			}
			b.ReportMetric(float64(processorTime(b)-used)/float64(b.N), "cpu-ns/op")
		})
	}
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
