package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// nameServer answers from a table that a test changes.
type nameServer struct {
	sync.Mutex
	answers map[string][]string
	asked   map[string]int
	now     time.Time
}

func newNameServer() *nameServer {
	return &nameServer{answers: map[string][]string{}, asked: map[string]int{}, now: time.Unix(1e9, 0)}
}

func (n *nameServer) LookupNetIP(_ context.Context, network, host string) ([]netip.Addr, error) {
	n.Lock()
	defer n.Unlock()
	n.asked[host]++
	if network != "ip" {
		return nil, errors.New("network " + network)
	}
	answer, ok := n.answers[host]
	if !ok {
		return nil, errors.New("no such host")
	}
	var addresses []netip.Addr
	for _, text := range answer {
		addresses = append(addresses, netip.MustParseAddr(text))
	}
	return addresses, nil
}

func (n *nameServer) set(host string, addresses ...string) {
	n.Lock()
	defer n.Unlock()
	n.answers[host] = addresses
	if addresses == nil {
		delete(n.answers, host)
	}
}

func (n *nameServer) later(d time.Duration) {
	n.Lock()
	defer n.Unlock()
	n.now = n.now.Add(d)
}

func (n *nameServer) clock() time.Time {
	n.Lock()
	defer n.Unlock()
	return n.now
}

// round waits until every name was asked for once more.
func (n *nameServer) round(t *testing.T, host string) {
	t.Helper()
	count := func() int {
		n.Lock()
		defer n.Unlock()
		return n.asked[host]
	}
	before := count()
	waitFor(t, "another question for "+host, func() bool { return count() >= before+2 })
}

func newResolver(t *testing.T, n *nameServer) *Resolver {
	t.Helper()
	noLeaks(t)
	r := NewResolver(ResolverOptions{Refresh: time.Millisecond, Linger: time.Minute, LookupNetIP: n.LookupNetIP, Now: n.clock})
	t.Cleanup(r.Close)
	return r
}

func addresses(r *Resolver, host string) string { return fmt.Sprint(r.Lookup(host)) }

func TestNamesAreAskedForAgainAndAgain(t *testing.T) {
	n := newNameServer()
	n.set("db.example", "192.0.2.1", "::ffff:192.0.2.2")
	r := newResolver(t, n)
	if got := addresses(r, "db.example"); got != "[]" {
		t.Errorf("a name that is not watched: %s", got)
	}
	r.Watch("DB.example.", "192.0.2.77", "")
	if err := r.WaitTried(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := addresses(r, "db.EXAMPLE."); got != "[192.0.2.1 192.0.2.2]" {
		t.Errorf("addresses %s", got)
	}
	n.set("db.example", "2001:db8::1")
	waitFor(t, "the new answer", func() bool { return addresses(r, "db.example") == "[192.0.2.1 192.0.2.2 2001:db8::1]" })
	n.later(2 * time.Minute)
	waitFor(t, "the old addresses to be forgotten", func() bool { return addresses(r, "db.example") == "[2001:db8::1]" })
}

func TestTheLastGoodAnswerIsKept(t *testing.T) {
	n := newNameServer()
	n.set("db.example", "192.0.2.1")
	r := newResolver(t, n)
	r.Watch("db.example")
	if err := r.WaitTried(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, failure := range [][]string{nil, {}} { // an error, an answer without addresses
		n.set("db.example", failure...)
		if failure != nil {
			n.Lock()
			n.answers["db.example"] = failure
			n.Unlock()
		}
		n.later(24 * time.Hour)
		n.round(t, "db.example")
		if got := addresses(r, "db.example"); got != "[192.0.2.1]" {
			t.Errorf("addresses %s", got)
		}
		if status := r.Status(); len(status) != 1 || status[0].Err == nil || !status[0].Updated.Equal(time.Unix(1e9, 0)) {
			t.Errorf("status %+v", status)
		}
	}
	n.set("db.example", "192.0.2.9")
	waitFor(t, "the name to be answered again", func() bool { return addresses(r, "db.example") == "[192.0.2.9]" })
	if status := r.Status(); status[0].Err != nil {
		t.Errorf("status %+v", status)
	}
}

func TestNamesThatAreNotWatchedAnyMoreAreForgotten(t *testing.T) {
	n := newNameServer()
	n.set("a.example", "192.0.2.1")
	n.set("b.example", "192.0.2.2")
	r := newResolver(t, n)
	r.Watch("a.example", "b.example")
	if err := r.WaitTried(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.Watch("b.example")
	if a, b := addresses(r, "a.example"), addresses(r, "b.example"); a != "[]" || b != "[192.0.2.2]" {
		t.Errorf("a %s, b %s", a, b)
	}
}

func TestAnAddressGivesItself(t *testing.T) {
	r := newResolver(t, newNameServer())
	for host, want := range map[string]string{"192.0.2.1": "[192.0.2.1]", "2001:DB8::1": "[2001:db8::1]", "::ffff:192.0.2.1": "[192.0.2.1]"} {
		if got := addresses(r, host); got != want {
			t.Errorf("%s gives %s", host, got)
		}
	}
}

func TestWaitingForAnswersEndsWithItsContextAndTheResolver(t *testing.T) {
	noLeaks(t)
	asked := make(chan struct{}, 10)
	stuck := func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
		asked <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	r := NewResolver(ResolverOptions{LookupNetIP: stuck, Timeout: time.Hour})
	r.Watch("db.example")
	<-asked
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := r.WaitTried(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	done := make(chan error)
	go func() { done <- r.WaitTried(t.Context()) }()
	r.Close() // ends the question that hangs
	if err := <-done; err == nil {
		t.Error("it was tried")
	}
}

func TestManyReadersWhileNamesChange(t *testing.T) {
	n := newNameServer()
	n.set("db.example", "192.0.2.1")
	r := newResolver(t, n)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 1000 {
				_ = r.Lookup("db.example")
				_ = r.Status()
			}
		})
	}
	for i := range 100 {
		r.Watch("db.example", fmt.Sprintf("n%d.example", i))
	}
	wait.Wait()
}

func TestTheSystemsResolverIsAsked(t *testing.T) {
	noLeaks(t)
	r := NewResolver(ResolverOptions{})
	defer r.Close()
	r.Watch("localhost")
	if err := r.WaitTried(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	if len(r.Lookup("localhost")) == 0 {
		t.Errorf("status %+v", r.Status())
	}
}
