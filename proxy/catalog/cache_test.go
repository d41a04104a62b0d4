package catalog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	proxycatalog "github.com/weirgate/weir/proxy/catalog"
	"github.com/weirgate/weir/proxy/upstream"
)

// fake is a server that answers weir's questions: its schema has a revision.
type fake struct {
	mu       sync.Mutex
	revision int
	reads    int
	checks   int
	opened   int
	open     int
	fail     error
	vanish   int // how many questions fail since something was dropped
	delay    time.Duration
	notify   chan struct{}
}

func (f *fake) source(context.Context) (proxycatalog.Connection, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return nil, f.fail
	}
	f.opened++
	f.open++
	return &fakeConn{f}, nil
}

func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fake) count(of *int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return *of
}

type fakeConn struct{ *fake }

func (c *fakeConn) Query(ctx context.Context, sql string) ([][][]byte, error) {
	if strings.HasPrefix(sql, "LISTEN") || strings.HasPrefix(sql, "COMMIT") {
		return nil, nil
	}
	check := strings.HasPrefix(sql, "BEGIN")
	c.mu.Lock()
	delay, fail, revision := c.delay, c.fail, c.revision
	if check {
		c.checks++
	} else {
		c.reads++
	}
	c.mu.Unlock()
	if delay > 0 && !check {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if fail != nil {
		return nil, fail
	}
	if !check && c.vanishes() {
		return nil, &upstream.ServerError{Severity: "ERROR", Code: "XX000", Message: "could not open relation with OID 20002"}
	}
	if check {
		return [][][]byte{{[]byte("R"), fmt.Appendf(nil, "0:1:1 20000:1:%d", revision)}}, nil
	}
	row := func(values ...string) [][]byte {
		r := make([][]byte, 8)
		for i, v := range values {
			r[i] = []byte(v)
		}
		return r
	}
	return [][][]byte{
		row("i", "db", "150000", "UTF8"), row("b", "1", "lower"),
		row("r", "20000", "public", fmt.Sprintf("t%d", revision), "r", "false", "false", "20001 f 0 20002"),
	}, nil
}

func (f *fake) vanishes() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.vanish--
	return f.vanish >= 0
}

func (c *fakeConn) Notified(ctx context.Context) (bool, error) {
	select {
	case <-c.notify:
		return true, nil
	case <-ctx.Done():
		return false, nil
	}
}

func (c *fakeConn) Close() error {
	c.set(func() { c.open-- })
	return nil
}

// cached runs a test of a database with one user, in a bubble of its own.
func cached(t *testing.T, test func(t *testing.T, d *proxycatalog.Database, f *fake, c *proxycatalog.Cache)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := proxycatalog.NewCache(proxycatalog.Options{Poll: 10 * time.Second, Refresh: 10 * time.Minute, MaxAge: time.Minute, Databases: 2})
		if err != nil {
			t.Fatal(err)
		}
		f := &fake{notify: make(chan struct{})}
		d := c.Use("db")
		test(t, d, f, c)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if n := f.count(&f.open); n != 0 {
			t.Errorf("%d connections were left open", n)
		}
	})
}

func get(t *testing.T, d *proxycatalog.Database, f *fake) string {
	t.Helper()
	s, err := d.Get(t.Context(), f.source)
	if err != nil {
		t.Fatal(err)
	}
	return s.Relations()[0].Name
}

func TestACatalogIsReadOnceAndThenOnlyAskedAfter(t *testing.T) {
	cached(t, func(t *testing.T, d *proxycatalog.Database, f *fake, _ *proxycatalog.Cache) {
		for range 30 {
			if got := get(t, d, f); got != "t0" {
				t.Fatal(got)
			}
			time.Sleep(10 * time.Second)
		}
		if f.count(&f.reads) != 1 || f.count(&f.opened) != 1 || f.count(&f.checks) < 25 {
			t.Errorf("%d reads, %d connections, %d checks", f.count(&f.reads), f.count(&f.opened), f.count(&f.checks))
		}
		if d.Peek() == nil {
			t.Error("it is not at hand")
		}
	})
}

func TestAChangeIsSeenWithinTheInterval(t *testing.T) {
	cached(t, func(t *testing.T, d *proxycatalog.Database, f *fake, _ *proxycatalog.Cache) {
		get(t, d, f)
		f.set(func() { f.revision = 1 })
		time.Sleep(21 * time.Second)
		if got := d.Peek().Relations()[0].Name; got != "t1" {
			t.Errorf("still %s", got)
		}
	})
}

func TestAChangeThatIsAnnouncedIsSeenAtOnce(t *testing.T) {
	cached(t, func(t *testing.T, d *proxycatalog.Database, f *fake, c *proxycatalog.Cache) {
		get(t, d, f)
		synctest.Wait()
		f.set(func() { f.revision = 1 })
		f.notify <- struct{}{}
		synctest.Wait()
		if got := d.Peek().Relations()[0].Name; got != "t1" || !c.Status()["db"].Announced {
			t.Errorf("still %s", got)
		}
	})
}

func TestACatalogIsReadAnewNowAndThen(t *testing.T) {
	cached(t, func(t *testing.T, d *proxycatalog.Database, f *fake, _ *proxycatalog.Cache) {
		get(t, d, f)
		time.Sleep(11 * time.Minute)
		if n := f.count(&f.reads); n != 2 {
			t.Errorf("read %d times", n)
		}
	})
}

func TestManyCallersShareOneReading(t *testing.T) {
	cached(t, func(t *testing.T, d *proxycatalog.Database, f *fake, _ *proxycatalog.Cache) {
		f.delay = time.Second
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { get(t, d, f) })
		}
		wg.Wait()
		if n := f.count(&f.reads); n != 1 {
			t.Errorf("read %d times", n)
		}
	})
}

func TestManyCallersShareOneFailure(t *testing.T) {
	cached(t, func(t *testing.T, d *proxycatalog.Database, f *fake, _ *proxycatalog.Cache) {
		tries := 0
		down := func(context.Context) (proxycatalog.Connection, error) {
			tries++
			time.Sleep(10 * time.Second)
			return nil, errors.New("no route to the server")
		}
		began := time.Now()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, err := d.Get(t.Context(), down); err == nil {
					t.Error("a catalog out of nothing")
				}
			})
		}
		wg.Wait()
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("they waited %s, with %d tries", took, tries)
		}
	})
}

func TestACallerThatGoesAwayDoesNotFailTheOthers(t *testing.T) {
	cached(t, func(t *testing.T, d *proxycatalog.Database, f *fake, _ *proxycatalog.Cache) {
		f.delay = 30 * time.Second
		gone, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := d.Get(gone, f.source); !errors.Is(err, context.Canceled) {
				t.Errorf("the one that left: %v", err)
			}
		})
		synctest.Wait()
		wg.Go(func() { get(t, d, f) })
		synctest.Wait()
		leave()
		wg.Wait()
	})
}

func TestWhatIsInvalidIsNotUsedUntilTheServerWasAsked(t *testing.T) {
	cached(t, func(t *testing.T, d *proxycatalog.Database, f *fake, _ *proxycatalog.Cache) {
		get(t, d, f)
		time.Sleep(time.Second)
		d.Invalidate()
		if d.Peek() != nil {
			t.Error("an invalid catalog is at hand")
		}
		time.Sleep(time.Second)
		if get(t, d, f); f.count(&f.reads) != 1 {
			t.Error("it was read again although nothing had changed")
		}
		f.set(func() { f.revision = 1 })
		d.Invalidate()
		time.Sleep(time.Second)
		if got := get(t, d, f); got != "t1" {
			t.Errorf("got %s", got)
		}
		d.Invalidate()
		f.set(func() { f.fail = errors.New("no connection") })
		time.Sleep(time.Second)
		if _, err := d.Get(t.Context(), f.source); err == nil || !strings.Contains(err.Error(), "the schema has changed since") {
			t.Errorf("an invalid catalog was used: %v", err)
		}
	})
}

func TestAStatementCanAskForWhatTheServerSaysNow(t *testing.T) {
	cached(t, func(t *testing.T, d *proxycatalog.Database, f *fake, _ *proxycatalog.Cache) {
		get(t, d, f)
		time.Sleep(time.Second)
		f.set(func() { f.revision = 1 })
		s, err := d.Since(t.Context(), time.Now(), f.source)
		if err != nil || s.Relations()[0].Name != "t1" {
			t.Errorf("%v", err)
		}
		checks := f.count(&f.checks)
		time.Sleep(time.Second)
		if _, err := d.Since(t.Context(), time.Now(), f.source); err != nil || f.count(&f.reads) != 2 || f.count(&f.checks) != checks+1 {
			t.Errorf("%d reads, %d checks, %v", f.count(&f.reads), f.count(&f.checks)-checks, err)
		}
		f.set(func() { f.fail = errors.New("no connection") })
		time.Sleep(time.Second)
		if _, err := d.Since(t.Context(), time.Now(), f.source); err == nil {
			t.Error("an older one was given")
		}
	})
}

func TestACatalogIsUsedUntilItIsTooOld(t *testing.T) {
	cached(t, func(t *testing.T, d *proxycatalog.Database, f *fake, c *proxycatalog.Cache) {
		get(t, d, f)
		f.set(func() { f.fail = errors.New("no connection") })
		time.Sleep(50 * time.Second)
		if d.Peek() == nil {
			t.Error("after 50 seconds it is not used")
		}
		if s := c.Status()["db"]; !s.Usable || s.Failed == nil || s.Age < 40*time.Second {
			t.Errorf("%+v", s)
		}
		time.Sleep(15 * time.Second)
		if d.Peek() != nil {
			t.Error("after more than a minute it is used")
		}
		if _, err := d.Get(t.Context(), f.source); err == nil || !strings.Contains(err.Error(), "at most 1m0s is allowed") {
			t.Errorf("%v", err)
		}
		if s := c.Status()["db"]; s.Usable {
			t.Errorf("%+v", s)
		}
		f.set(func() { f.fail = nil })
		time.Sleep(15 * time.Second)
		if d.Peek() == nil {
			t.Error("it was not looked for again")
		}
	})
}

func TestAServerThatWasStartedAgainIsAskedOnANewConnection(t *testing.T) {
	cached(t, func(t *testing.T, d *proxycatalog.Database, f *fake, _ *proxycatalog.Cache) {
		get(t, d, f)
		f.set(func() { f.fail = errors.New("terminating connection") })
		source := func(ctx context.Context) (proxycatalog.Connection, error) {
			f.set(func() { f.fail = nil })
			return f.source(ctx)
		}
		time.Sleep(time.Second)
		if _, err := d.Since(t.Context(), time.Now(), source); err != nil {
			t.Error(err)
		}
	})
}

func TestNobodyIsAskedOnceNoSessionUsesIt(t *testing.T) {
	cached(t, func(t *testing.T, d *proxycatalog.Database, f *fake, c *proxycatalog.Cache) {
		get(t, d, f)
		d.Done()
		time.Sleep(5 * time.Minute)
		checks := f.count(&f.checks)
		if f.count(&f.open) != 0 || c.Status()["db"].Users != 0 {
			t.Error("the connection is kept")
		}
		time.Sleep(5 * time.Minute)
		if f.count(&f.checks) != checks {
			t.Error("the server is asked all the same")
		}
		again := c.Use("db")
		if again != d || again.Peek() != nil {
			t.Error("what is too old is used")
		}
		get(t, again, f)
		time.Sleep(30 * time.Second)
		if f.count(&f.checks) < checks+3 {
			t.Error("it is not kept up to date again")
		}
	})
}

func TestOnlySoManyDatabasesAreKeptThatNobodyUses(t *testing.T) {
	cached(t, func(t *testing.T, _ *proxycatalog.Database, f *fake, c *proxycatalog.Cache) {
		for _, key := range []string{"a", "b", "c", "d"} {
			d := c.Use(key)
			get(t, d, f)
			d.Done()
			time.Sleep(time.Second)
		}
		c.Use("e").Done()
		c.Use("f").Done()
		if s := c.Status(); len(s) != 3 {
			t.Errorf("%d are kept", len(s))
		}
	})
}

func TestWithoutASourceThereIsNoCatalog(t *testing.T) {
	cached(t, func(t *testing.T, d *proxycatalog.Database, _ *fake, _ *proxycatalog.Cache) {
		if _, err := d.Get(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "no login") {
			t.Error(err)
		}
	})
}

func TestAReadingThatPanicsHoldsNobodyUp(t *testing.T) {
	cached(t, func(t *testing.T, d *proxycatalog.Database, f *fake, _ *proxycatalog.Cache) {
		func() {
			defer func() { _ = recover() }()
			_, _ = d.Get(t.Context(), func(context.Context) (proxycatalog.Connection, error) { panic("broken") })
		}()
		get(t, d, f)
	})
}

func TestACacheNeedsSensibleBounds(t *testing.T) {
	for _, o := range []proxycatalog.Options{
		{}, {Poll: time.Minute, Refresh: time.Second, MaxAge: time.Hour, Databases: 1}, {Poll: time.Minute, Refresh: time.Minute, MaxAge: time.Second, Databases: 1},
		{Poll: time.Minute, Refresh: time.Minute, MaxAge: time.Minute},
	} {
		if _, err := proxycatalog.NewCache(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

// What is dropped while the catalog is read makes a question fail, and the next one
// does not see it any more.
func TestAReadingIsBegunAnewWhenSomethingVanished(t *testing.T) {
	for vanish, ok := range map[int]bool{1: true, 3: true, 4: false} {
		cached(t, func(t *testing.T, d *proxycatalog.Database, f *fake, _ *proxycatalog.Cache) {
			get(t, d, f)
			time.Sleep(time.Second) // a bubble's, and shorter than the poll, which asks too
			f.set(func() { f.vanish, f.revision = vanish, f.revision+1 })
			d.Invalidate()
			s, err := d.Get(t.Context(), f.source)
			if ok != (err == nil) || ok != (s != nil) {
				t.Errorf("%d times: %v, %v", vanish, s, err)
			}
		})
	}
}
