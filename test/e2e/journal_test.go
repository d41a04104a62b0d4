package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/weirgate/weir/test/lab"
)

// everything reads all files of the state, for what must not be in them.
func (s *site) everything() string {
	s.t.Helper()
	var all strings.Builder
	s.must(filepath.WalkDir(s.weir.State, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	}))
	return all.String()
}

func TestTheJournalHoldsWhoAskedWhatAndNoSecret(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	s.psqlIn(s.agents, s.pg.DSN("agent", "what-the-agent-sent", s.database), "-c", "SELECT name, ssn FROM customers", "-c", "DROP TABLE orders")
	var text string
	s.eventually("the records", func() (bool, string) {
		text = s.cli("observe", "--last", "50", "-o", "json")
		return strings.Contains(text, "SELECT name, ssn FROM customers") && strings.Contains(text, "DROP TABLE orders"), text
	})
	for _, want := range []string{s.agents.Name, "no-ddl"} {
		if !strings.Contains(text, want) {
			t.Errorf("the records do not say %q:\n%s", want, text)
		}
	}
	s.must(s.weir.Stop())
	all := s.everything()
	s.hidden(all)
	for _, secret := range []string{password, "what-the-agent-sent"} {
		if strings.Contains(all, secret) {
			t.Errorf("the state holds %q", secret)
		}
	}
}

// Whatever is in the table was executed; each of its rows must have a record.
func TestAKillLosesNoRecordOfAnExecutedStatement(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var writers sync.WaitGroup
	for w := range 4 {
		conn := s.connect()
		writers.Go(func() {
			for i := 0; ; i++ {
				sql := fmt.Sprintf("INSERT INTO notes (body) VALUES ('kill %d %d')", w, i)
				if _, err := conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
					return
				}
			}
		})
	}
	s.eventually("some rows", func() (bool, string) {
		n := s.query1("SELECT count(*) > 500 FROM notes")
		return n == "t", n
	})
	s.must(s.weir.Kill())
	writers.Wait()
	// What the server has received it may still be executing.
	s.eventually("the end of the server's sessions", func() (bool, string) {
		n := s.query1("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = '" + role + "'")
		return n == "0", n
	})
	s.must(s.weir.Start(t.Context()))
	executed := strings.Split(s.query1("SELECT string_agg(body, ',') FROM notes"), ",")
	recorded := s.cli("observe", "--since", "1h", "--last", "1000000", "-o", "json")
	missing := 0
	for _, body := range executed {
		if !strings.Contains(recorded, "'"+body+"'") && !strings.Contains(recorded, `\u0027`+body+`\u0027`) {
			missing++
			if missing <= 3 {
				t.Errorf("%q was executed and is not recorded", body)
			}
		}
	}
	t.Logf("%d executed, %d without a record", len(executed), missing)
}

func TestWithoutAJournalNothingIsExecuted(t *testing.T) {
	t.Parallel()
	l := lab.ForTest(t)
	lab.NeedRoot(t)
	disk, err := l.SmallDisk("disk", 24<<20)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, options{state: filepath.Join(disk, "state"), spec: "journal: {segment: 1Mi, minFree: 1Mi}"})
	conn := s.connect()
	_, err = conn.Exec(t.Context(), "INSERT INTO notes (body) VALUES ('before')")
	s.must(err)

	f, err := os.Create(filepath.Join(disk, "filler"))
	s.must(err)
	_, err = io.Copy(f, zeros{}) // until the disk is full
	if err == nil {
		t.Fatal("the disk does not get full")
	}
	s.must(f.Close())
	var refused error
	s.eventually("a refusal", func() (bool, string) {
		// Small ones, so that there is no room for any other either.
		for range 2000 {
			if _, refused = conn.Exec(t.Context(), "INSERT INTO notes (body) VALUES ('small')", pgx.QueryExecModeSimpleProtocol); refused != nil {
				return true, ""
			}
		}
		return false, "still taken"
	})
	e := s.refusal(refused)
	t.Logf("%s %s: %s; %s", e.Severity, e.Code, e.Message, e.Hint)
	n := s.query1("SELECT count(*) FROM notes")
	_, err = conn.Exec(t.Context(), "INSERT INTO notes (body) VALUES ('after')", pgx.QueryExecModeSimpleProtocol)
	_ = s.refusal(err)
	if now := s.query1("SELECT count(*) FROM notes"); now != n {
		t.Errorf("%s notes, %s before: executed without a record", now, n)
	}

	s.must(os.Remove(filepath.Join(disk, "filler")))
	s.eventually("service again", func() (bool, string) {
		c, err := s.tryConnect()
		if err == nil {
			_, err = c.Exec(t.Context(), "INSERT INTO notes (body) VALUES ('again')", pgx.QueryExecModeSimpleProtocol)
		}
		return err == nil, fmt.Sprint(err)
	})
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestPlayTellsASessionAsItWas(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	s.psql("-c", "SELECT item FROM orders WHERE id = 3", "-c", "DROP TABLE orders")
	type session struct {
		ID       string `json:"id"`
		Denied   int    `json:"denied"`
		Database string `json:"database"`
	}
	var sessions []session
	s.eventually("the ended session", func() (bool, string) {
		text := s.cli("sessions", "list", "--all", "-o", "json")
		if err := json.Unmarshal([]byte(text), &sessions); err != nil {
			return false, err.Error() + text
		}
		sessions = slices.DeleteFunc(sessions, func(s session) bool { return s.Database != "crm" })
		return len(sessions) == 1 && sessions[0].Denied == 1, text
	})
	text := s.cli("play", sessions[0].ID)
	for _, want := range []string{"SELECT item FROM orders WHERE id = 3", "DROP TABLE orders", "no-ddl"} {
		if !strings.Contains(text, want) {
			t.Errorf("play does not show %q:\n%s", want, text)
		}
	}
}

func TestObserveFollowsWhatHappens(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	var said lab.Buffer
	c := s.weir.Command("observe", "--follow", "-o", "json")
	c.Stdout = &said
	p, err := s.lab.Start(c)
	s.must(err)
	conn := s.connect()
	s.eventually("the live record", func() (bool, string) {
		_, err := conn.Exec(t.Context(), "SELECT 'seen live'", pgx.QueryExecModeSimpleProtocol)
		s.must(err)
		return strings.Contains(said.String(), "seen live"), said.String()
	})
	s.must(p.Stop(2, 5*time.Second))
}
