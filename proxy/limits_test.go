package proxy_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/wire"
	"github.com/weirgate/weir/test/lab"
)

func TestTooManySessions(t *testing.T) {
	s := newSite(t, options{sessions: 2, rules: open})
	a, b := s.connect(), s.connect()
	for range 3 {
		_, err := s.dial()
		refused(t, err, "53300", "limit is 2")
		// One that would rather have TLS gets the same answer, in its place.
		_, err = s.dial(func(c *pgx.ConnConfig) {
			other, parseErr := pgx.ParseConfig("postgres://agent:nothing@" + s.address + "/" + s.database + "?sslmode=prefer")
			must(t, parseErr)
			*c = *other
		})
		refused(t, err, "53300")
	}
	// Cancel requests come through all the same.
	done := later(func() error { _, err := a.Exec(context.Background(), "SELECT pg_sleep(600)"); return err })
	s.sleeps()
	must(t, a.PgConn().CancelRequest(t.Context()))
	refused(t, <-done, "57014")
	// And there is room again.
	must(t, b.Close(t.Context()))
	var c *pgx.Conn
	if !within(func() bool {
		var err error
		c, err = s.dial()
		return err == nil
	}) {
		t.Fatal("there is no room")
	}
	must(t, c.Ping(t.Context()))
}

// Connections beyond the limit that say nothing do not pile up.
func TestConnectionsBeyondTheLimitThatSayNothing(t *testing.T) {
	s := newSite(t, options{sessions: 1, rules: open})
	_ = s.connect()
	var silent []*wireConn
	for range 80 {
		silent = append(silent, newWireConn(t, dialTCP(t, s.address)))
	}
	told := 0
	for _, w := range silent {
		_ = w.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		if typ, body, err := w.read(); err == nil {
			told++
			wants(t, show(typ, body), "E:53300")
			break // the others were heard out, or told alike
		}
	}
	if told == 0 {
		t.Error("all are heard out for ever")
	}
}

func TestAJournalThatCannotBeWrittenRefusesStatements(t *testing.T) {
	lab.NeedRoot(t)
	l := lab.ForTest(t)
	disk, err := l.SmallDisk("journal", 24<<20)
	must(t, err)
	s := newSite(t, options{rules: open, folder: filepath.Join(disk, "journal"),
		journal: journal.Options{SegmentSize: 1 << 20, Shards: 1, CheckEvery: 20 * time.Millisecond, MinFree: 4 << 20, WithoutIndex: true}})
	for _, protocol := range []string{"simple", "extended"} {
		w := s.raw()
		ask := wire.AppendQuery(nil, "INSERT INTO notes (body) VALUES ('"+protocol+"')")
		if protocol == "extended" {
			ask = pipeline(parse("", "INSERT INTO notes (body) VALUES ('"+protocol+"')"), bind("", ""), execute("", 0), syncs())
		}
		filler := filepath.Join(disk, "filler")
		fillUp(t, filler, disk)
		if !within(func() bool { return s.journal.Unavailable() != nil }) {
			t.Fatal("the journal does not notice")
		}
		w.send(ask)
		if got := w.until(1); !strings.HasSuffix(got, "E:58030 Z:I") {
			t.Fatalf("got %s", got)
		}
		_, err = s.dial()
		refused(t, err, "58030", "journal")
		if s.count("SELECT count(*) FROM notes WHERE body = '"+protocol+"'") != "0" {
			t.Error("it was executed")
		}
		must(t, os.Remove(filler))
		if !within(func() bool { return s.journal.Unavailable() == nil }) {
			t.Fatal("the journal does not recover")
		}
		w.send(ask)
		if got := w.until(1); !strings.HasSuffix(got, "C:INSERT 0 1 Z:I") {
			t.Fatalf("got %s", got)
		}
	}
	if n := s.gateway.Counters().RefusedByJournal; n != 4 {
		t.Errorf("%d were refused by the journal", n)
	}
}

// fillUp leaves next to nothing free.
func fillUp(t *testing.T, file, disk string) {
	t.Helper()
	var st unix.Statfs_t
	must(t, unix.Statfs(disk, &st))
	f, err := os.Create(file)
	must(t, err)
	defer func() { _ = f.Close() }()
	free := int64(st.Bavail) * st.Bsize
	must(t, unix.Fallocate(int(f.Fd()), 0, 0, free-64<<10))
}

func TestAServerThatIsNotThere(t *testing.T) {
	s := newSite(t, options{rules: open})
	c := s.connect()
	// The session's own server process goes.
	s.direct("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + role + "' AND datname = '" + s.database + "'")
	_, err := c.Exec(t.Context(), "SELECT 1")
	if e := pgError(err); e == nil || e.Code != "57P01" || !strings.Contains(e.Message, "administrator") {
		t.Errorf("got %v", err)
	}
	s.direct("ALTER DATABASE " + s.database + " CONNECTION LIMIT 0")
	_, err = s.dial()
	refused(t, err, "53300", "too many connections for database")
	s.direct("ALTER DATABASE " + s.database + " CONNECTION LIMIT -1")
	_, err = s.dial()
	must(t, err)
	if why := s.records(1, journal.KindSessionEnd); why[0].Reason == "" {
		t.Errorf("recorded %+v", why[0])
	}
}

func TestAStopOfWeirEndsSessionsWithAReason(t *testing.T) {
	for _, loops := range []int{1, -1} {
		s := newSite(t, options{rules: open, loops: loops})
		c := s.connect()
		done := later(func() error { _, err := c.Exec(context.Background(), "SELECT pg_sleep(600)"); return err })
		s.sleeps()
		s.stop()
		refused(t, <-done, "57P01", "weir is stopping")
		s.gateway.Wait()
		if open := s.gateway.Sessions(); len(open) != 0 {
			t.Errorf("sessions: %+v", open)
		}
		if _, err := s.dial(); err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("dialled after the end: %v", err)
		}
		end := s.records(1, journal.KindStatementEnd)[0]
		if end.Outcome != journal.OutcomeUnknown {
			t.Errorf("recorded %+v", end)
		}
		_ = s.journal.Close()
	}
}
