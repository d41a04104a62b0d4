package catalog_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirgate/weir/policy/catalog"
	proxycatalog "github.com/weirgate/weir/proxy/catalog"
)

func newCache(t *testing.T) *proxycatalog.Cache {
	t.Helper()
	c, err := proxycatalog.NewCache(proxycatalog.Options{Fresh: time.Minute, Stale: 10 * time.Minute, Databases: 2})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// source makes snapshots and counts them.
type source struct {
	reads atomic.Int32
	fail  error
	delay time.Duration
}

func (s *source) load(ctx context.Context) (*catalog.Snapshot, error) {
	taken := time.Now()
	s.reads.Add(1)
	if s.delay > 0 {
		select {
		case <-time.After(s.delay):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if s.fail != nil {
		return nil, s.fail
	}
	return catalog.New(catalog.Data{Taken: taken})
}

func TestASnapshotIsReadOnceUntilItIsNoLongerFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := newCache(t), &source{}
		for range 5 {
			if _, err := c.Get(t.Context(), "db", s.load); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
		}
		if s.reads.Load() != 1 || c.Peek("db") == nil {
			t.Errorf("read %d times", s.reads.Load())
		}
		time.Sleep(10 * time.Second)
		if c.Peek("db") != nil {
			t.Error("a snapshot of a minute ago is fresh")
		}
		if _, err := c.Get(t.Context(), "db", s.load); err != nil || s.reads.Load() != 2 {
			t.Errorf("read %d times, %v", s.reads.Load(), err)
		}
	})
}

func TestManyCallersShareOneReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := newCache(t), &source{delay: time.Second}
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, err := c.Get(t.Context(), "db", s.load); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if s.reads.Load() != 1 {
			t.Errorf("read %d times", s.reads.Load())
		}
	})
}

func TestACallerThatGoesAwayDoesNotFailTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := newCache(t), &source{delay: time.Minute / 2}
		gone, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := c.Get(gone, "db", s.load); !errors.Is(err, context.Canceled) {
				t.Errorf("the one that left: %v", err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			if _, err := c.Get(t.Context(), "db", s.load); err != nil {
				t.Errorf("the one that waited: %v", err)
			}
		})
		synctest.Wait()
		leave()
		wg.Wait()
	})
}

func TestWhatIsInvalidIsNotUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := newCache(t), &source{}
		first, err := c.Get(t.Context(), "db", s.load)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		c.Invalidate("db")
		if c.Peek("db") != nil {
			t.Error("an invalid snapshot is at hand")
		}
		time.Sleep(time.Second)
		second, err := c.Get(t.Context(), "db", s.load)
		if err != nil || second == first {
			t.Errorf("%v", err)
		}
		c.Invalidate("db")
		s.fail = errors.New("no connection")
		if _, err := c.Get(t.Context(), "db", s.load); err == nil || !strings.Contains(err.Error(), "no connection") {
			t.Errorf("an invalid snapshot was used: %v", err)
		}
	})
}

func TestAStatementCanAskForASnapshotTakenAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := newCache(t), &source{}
		if _, err := c.Get(t.Context(), "db", s.load); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		moment := time.Now()
		got, err := c.Since(t.Context(), "db", moment, s.load)
		if err != nil || got.Taken().Before(moment) {
			t.Errorf("%v", err)
		}
		s.fail = errors.New("no connection")
		time.Sleep(time.Second)
		if _, err := c.Since(t.Context(), "db", time.Now(), s.load); err == nil {
			t.Error("an older one was given")
		}
	})
}

func TestAnOlderSnapshotDoesWhileTheDatabaseCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := newCache(t), &source{}
		if _, err := c.Get(t.Context(), "db", s.load); err != nil {
			t.Fatal(err)
		}
		s.fail = errors.New("no connection")
		time.Sleep(5 * time.Minute)
		if _, err := c.Get(t.Context(), "db", s.load); err != nil {
			t.Errorf("five minutes old: %v", err)
		}
		if status := c.Status()["db"]; status.Usable || status.Failed == nil || status.Age != 5*time.Minute {
			t.Errorf("%+v", status)
		}
		time.Sleep(5 * time.Minute)
		if _, err := c.Get(t.Context(), "db", s.load); err == nil || !strings.Contains(err.Error(), "10m0s old") {
			t.Errorf("ten minutes old: %v", err)
		}
	})
}

func TestOnlySoManyDatabasesAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := newCache(t), &source{}
		for _, key := range []string{"a", "b", "a", "c"} {
			if _, err := c.Get(t.Context(), key, s.load); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if c.Peek("a") == nil || c.Peek("c") == nil || c.Peek("b") != nil {
			t.Error("the one that was not asked for the longest goes first")
		}
	})
}

func TestAReadingThatPanicsHoldsNobodyUp(t *testing.T) {
	c, s := newCache(t), &source{}
	func() {
		defer func() { _ = recover() }()
		_, _ = c.Get(t.Context(), "db", func(context.Context) (*catalog.Snapshot, error) { panic("broken") })
	}()
	if _, err := c.Get(t.Context(), "db", s.load); err != nil {
		t.Error(err)
	}
}

func TestACacheNeedsSensibleBounds(t *testing.T) {
	for _, o := range []proxycatalog.Options{{}, {Fresh: time.Minute, Stale: time.Second, Databases: 1}, {Fresh: time.Minute, Stale: time.Minute}} {
		if _, err := proxycatalog.NewCache(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}
