package journal_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/proxy/journal"
)

// smallDisk mounts a file system of the given size.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if os.Geteuid() != 0 {
		t.Skip("NEEDS ROOT: mounting a small tmpfs to fill")
	}
	if err := unix.Mount("journal-test", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("NEEDS ROOT: mounting a small tmpfs to fill: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmounting: %v", err)
		}
	})
	return dir
}

func fill(t *testing.T, dir string) string {
	t.Helper()
	name := filepath.Join(dir, "filler")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for block := make([]byte, 64<<10); len(block) > 0; {
		if _, err := f.Write(block); err != nil {
			block = block[:len(block)/2]
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestAFullDiskRefusesStatementsUntilThereIsRoom(t *testing.T) {
	dir := smallDisk(t, "4m")
	o := small()
	o.Shards = 1
	o.WithoutIndex = true
	j := open(t, filepath.Join(dir, "journal"), o)
	s := begin(t, j)
	st, err := s.Begin(&journal.Begin{Text: []byte("select 'before'")})
	if err != nil {
		t.Fatal(err)
	}
	filler := fill(t, dir)
	begun, refused := 1, error(nil)
	for i := 0; i < 100000 && refused == nil; i++ {
		var st journal.Statement
		if st, refused = s.Begin(&journal.Begin{Text: []byte("select 'while'")}); refused == nil {
			begun++
			if err := s.End(st, &journal.End{}); err != nil {
				t.Fatalf("an end was lost: %v", err)
			}
		}
	}
	var why *journal.UnavailableError
	if !errors.Is(refused, journal.ErrUnavailable) || !errors.As(refused, &why) || !strings.Contains(refused.Error(), "free") {
		t.Fatalf("a full disk gave %v", refused)
	}
	if j.Unavailable() == nil || j.Stats().Refused == 0 {
		t.Error("nobody would notice")
	}
	if _, err := j.Session(someInfo()); !errors.Is(err, journal.ErrUnavailable) {
		t.Errorf("a new session gave %v", err)
	}
	// What was begun before can still be ended.
	if err := s.End(st, &journal.End{Rows: 1, Failure: &journal.Failure{Message: strings.Repeat("m", 8000)}}); err != nil {
		t.Errorf("the end of an earlier statement gave %v", err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "recovery", func() bool {
		st, err := s.Begin(&journal.Begin{Text: []byte("select 'after'")})
		if err != nil {
			return false
		}
		begun++
		return s.End(st, &journal.End{}) == nil
	})
	if err := j.Unavailable(); err != nil {
		t.Errorf("after it there is still %v", err)
	}
	if n := len(collect(t, j.Query(t.Context(), journal.Filter{Kinds: []journal.Kind{journal.KindStatementBegin}}))); n != begun {
		t.Errorf("%d of %d statements are on record", n, begun)
	}
}

func TestTooLittleFreeSpaceRefuses(t *testing.T) {
	dir := smallDisk(t, "8m")
	o := small()
	o.MinFree = 2 << 20
	j := open(t, filepath.Join(dir, "journal"), o)
	s := begin(t, j)
	run(t, s, "select 1")
	filler := fill(t, dir)
	waitFor(t, "the refusal", func() bool {
		_, err := s.Begin(&journal.Begin{Text: []byte("select 2")})
		return errors.Is(err, journal.ErrUnavailable)
	})
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "recovery", func() bool {
		_, err := s.Begin(&journal.Begin{Text: []byte("select 3")})
		return err == nil
	})
}

func TestAReadOnlyFileSystemRefuses(t *testing.T) {
	dir := smallDisk(t, "8m")
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Open(filepath.Join(dir, "journal"), small()); err == nil {
		t.Error("it was opened")
	}
}

func TestAFolderThatIsTakenAwayRefuses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j := open(t, dir, small())
	s := begin(t, j)
	run(t, s, "select 1")
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the refusal", func() bool {
		_, err := s.Begin(&journal.Begin{Text: []byte("select 2")})
		return errors.Is(err, journal.ErrUnavailable)
	})
	if err := os.Rename(dir+".away", dir); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "recovery", func() bool {
		_, err := s.Begin(&journal.Begin{Text: []byte("select 3")})
		return err == nil
	})
}

// Somebody cuts the file below a mapping: the kernel answers a store with
// SIGBUS, which must cost a record's place and not the process.
func TestACutSegmentIsReplaced(t *testing.T) {
	dir := t.TempDir()
	o := small()
	o.Shards = 1
	j := open(t, dir, o)
	s := begin(t, j)
	for range 20 { // past the first page
		run(t, s, strings.Repeat("x", 900))
	}
	active, err := filepath.Glob(filepath.Join(dir, "*.active"))
	if err != nil || len(active) != 1 {
		t.Fatalf("the segments are %v, %v", active, err)
	}
	if err := os.Truncate(active[0], 4096); err != nil {
		t.Fatal(err)
	}
	run(t, s, "select 'after'")
	all := collect(t, j.Query(t.Context(), journal.Filter{Last: 2}))
	if len(all) != 2 || all[0].Text != "select 'after'" {
		t.Errorf("after the cut the last records are %v", all)
	}
}

func TestARemovedSegmentIsReplaced(t *testing.T) {
	dir := t.TempDir()
	o := small()
	o.Shards = 1
	j := open(t, dir, o)
	s := begin(t, j)
	active, err := filepath.Glob(filepath.Join(dir, "*.active"))
	if err != nil || len(active) != 1 {
		t.Fatalf("the segments are %v, %v", active, err)
	}
	if err := os.Remove(active[0]); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "a new segment", func() bool {
		run(t, s, "select 1")
		now, err := filepath.Glob(filepath.Join(dir, "*.active"))
		return err == nil && len(now) > 0
	})
}
