package journal_test

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weirgate/weir/proxy/journal"
)

// appendForever is the child: it records statements and says, after each begin
// record, which one may be executed.
func appendForever(dir string) {
	o := small()
	o.CheckEvery = time.Second
	j, err := journal.Open(dir, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var mu sync.Mutex
	var sessions []*journal.Session
	for range 3 {
		s, err := j.Session(someInfo())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		sessions = append(sessions, s)
	}
	for _, s := range sessions {
		go func() {
			for i := 0; ; i++ {
				st, err := s.Begin(&journal.Begin{Text: []byte("select " + strings.Repeat("x", i%700))})
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				mu.Lock()
				fmt.Printf("%s %d\n", s.ID(), st.Seq)
				mu.Unlock()
				if err := s.End(st, &journal.End{}); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
			}
		}()
	}
	select {}
}

func TestAKillLeavesNoAcknowledgedStatementUnrecorded(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	dir := t.TempDir()
	acknowledged := make(map[string]bool)
	for round := range rounds {
		killAppender(t, dir, time.Duration(20+7*round)*time.Millisecond, acknowledged)
	}
	var complaints strings.Builder
	o := small()
	o.Logger = slog.New(slog.NewTextHandler(&complaints, &slog.HandlerOptions{Level: slog.LevelWarn}))
	j := open(t, dir, o)
	if len(acknowledged) < rounds*(acknowledgedAtLeast-1) { // a line may have been cut
		t.Fatalf("only %d statements were acknowledged", len(acknowledged))
	}
	found := 0
	for r, err := range j.Query(t.Context(), journal.Filter{Kinds: []journal.Kind{journal.KindStatementBegin}}) {
		if err != nil {
			t.Fatal(err)
		}
		if acknowledged[r.Session+" "+strconv.FormatUint(r.Seq, 10)] {
			found++
		}
	}
	if found != len(acknowledged) {
		t.Errorf("%d of %d executed statements are on record", found, len(acknowledged))
	}
	sessions, err := j.Sessions(t.Context(), journal.Filter{})
	if err != nil || len(sessions) != 3*rounds {
		t.Errorf("%d sessions instead of %d: %v", len(sessions), 3*rounds, err)
	}
	for _, s := range sessions {
		if s.Ended.IsZero() || s.Identity != someone {
			t.Errorf("a killed session came out as %+v", s)
		}
	}
	closeJournal(t, j)
	if complaints.Len() > 0 {
		t.Errorf("the start complained: %s", complaints.String())
	}
	r, err := journal.OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	rep, err := r.Verify(t.Context())
	if err != nil || len(rep.Problems) > 0 {
		t.Errorf("verifying: %+v, %v", rep, err)
	}
	t.Logf("%d acknowledged statements over %d kills, %d records", len(acknowledged), rounds, rep.Records)
}

// acknowledgedAtLeast is how many statements a child says before its end is near,
// however slow it is.
const acknowledgedAtLeast = 10

func killAppender(t *testing.T, dir string, after time.Duration, acknowledged map[string]bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "JOURNAL_TEST_APPENDER="+dir)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 1; lines.Scan(); n++ {
		if n == acknowledgedAtLeast {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		if _, number, ok := strings.Cut(lines.Text(), " "); ok && number != "" {
			acknowledged[lines.Text()] = true
		}
	}
	_ = cmd.Wait() // it was killed
	if complaints.Len() > 0 {
		t.Fatalf("the appender complained: %s", complaints.String())
	}
}
