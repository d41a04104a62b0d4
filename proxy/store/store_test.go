package store_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/weirgate/weir/policy/approval"
	"github.com/weirgate/weir/policy/approval/approvaltest"
	"github.com/weirgate/weir/proxy/store"
)

func TestMain(m *testing.M) {
	if path := os.Getenv("STORE_TEST_CONSUMER"); path != "" {
		consumeForever(path)
		return
	}
	goleak.VerifyTestMain(m)
}

func open(t *testing.T, path string) *store.DB {
	t.Helper()
	d, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestTheFileIsAStore(t *testing.T) {
	approvaltest.Store(t, func(t *testing.T) approval.Store {
		return open(t, filepath.Join(t.TempDir(), "a file?#%41.db")).Approvals()
	})
}

func TestTwoProcessesShareTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "weir.db")
	one, two := open(t, path).Approvals(), open(t, path).Approvals()
	before, err := two.Revision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := one.Create(t.Context(), approvaltest.Request("ap-1", "a")); err != nil {
		t.Fatal(err)
	}
	if after, err := two.Revision(t.Context()); err != nil || after == before {
		t.Errorf("the change is not seen: %v", err)
	}
	if err := two.Create(t.Context(), approvaltest.Request("ap-2", "a")); !errors.Is(err, approval.ErrExists) {
		t.Errorf("the same digest gave %v", err)
	}
}

func TestOnlyTheOwnerReadsTheFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "weir.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	d := open(t, path)
	if err := d.Approvals().Create(t.Context(), approvaltest.Request("ap-1", "a")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", e.Name(), info.Mode(), err)
		}
	}
}

func TestTextThatIsNotUTF8IsKept(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "weir.db")).Approvals()
	r := approvaltest.Request("ap-1", "select '\xff\x00\u202e'")
	if err := s.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	got, err := s.Get(t.Context(), "ap-1")
	if err != nil || got.Text != r.Text || got.Statement.Digest() != r.Digest {
		t.Errorf("it came back as %q, %v", got.Text, err)
	}
}

func TestAFileOfALaterVersionIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "weir.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "version is 99") {
		t.Errorf("opening it gave %v", err)
	}
}

func TestAFileThatIsNoStoreIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "weir.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), path); err == nil {
		t.Error("it was opened")
	}
	if _, err := store.Open(t.Context(), filepath.Join(path, "below")); err == nil {
		t.Error("a file below a file was opened")
	}
}

// consumeForever is the child: it asks, approves, uses, and says so.
func consumeForever(path string) {
	ctx := context.Background()
	d, err := store.Open(ctx, path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	b := approval.NewBroker(d.Approvals(), approval.Options{})
	for i := 0; ; i++ {
		r := approvaltest.Request("", fmt.Sprintf("select %d", i))
		r.Expires = time.Time{}
		ticket, err := b.Ask(ctx, *r)
		if err == nil && ticket.Request().State == approval.Pending {
			_, err = b.Decide(ctx, ticket.ID(), approval.Decision{Approver: approval.Approver{UID: 1}, Approve: true, Reason: "yes"})
		}
		var used *approval.Request
		if err == nil {
			used, err = b.Consume(ctx, ticket.ID(), ticket.Request().Digest)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(used.ID)
	}
}

func TestAKillLeavesEveryUseOnRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "weir.db")
	var used []string
	for round := range 4 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "STORE_TEST_CONSUMER="+path)
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
		for first := true; lines.Scan(); first = false {
			if first {
				time.AfterFunc(time.Duration(30+13*round)*time.Millisecond, func() { _ = cmd.Process.Kill() })
			}
			used = append(used, lines.Text())
		}
		_ = cmd.Wait() // it was killed
		if complaints.Len() > 0 {
			t.Fatalf("the child complained: %s", complaints.String())
		}
	}
	s := open(t, path).Approvals()
	if len(used) < 4 {
		t.Fatalf("only %d were used", len(used))
	}
	for _, id := range used {
		if r, err := s.Get(t.Context(), id); err != nil || r.State != approval.Used {
			t.Fatalf("%s is %+v, %v", id, r, err)
		}
	}
	t.Logf("%d approvals used over 4 kills", len(used))
}

func TestAFileOfAnEarlierVersionIsBroughtUpToDate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "weir.db")
	d, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	r := approvaltest.Request("ap-1", strings.Repeat("x", 100_000))
	if err := errors.Join(d.Approvals().Create(t.Context(), r), d.Close()); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"DROP INDEX approvals_expires", "ALTER TABLE approvals DROP COLUMN expires", "ALTER TABLE approvals DROP COLUMN brief",
		"ALTER TABLE approvals DROP COLUMN bytes", "PRAGMA user_version = 1",
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if d, err = store.Open(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	all, err := d.Approvals().List(t.Context(), approval.Filter{Due: r.Expires, Brief: true})
	if err != nil || len(all) != 1 || !all[0].Cut || len(all[0].Text) > 2000 {
		t.Errorf("listed %d, %v", len(all), err)
	}
	if got, err := d.Approvals().Get(t.Context(), "ap-1"); err != nil || got.Text != r.Text {
		t.Errorf("got %v", err)
	}
}
