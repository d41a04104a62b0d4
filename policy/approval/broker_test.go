package approval_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/approval"
)

// clock is a time that a test sets.
type clock struct{ at atomic.Pointer[time.Time] }

func newClock() *clock {
	c := new(clock)
	at := noon
	c.at.Store(&at)
	return c
}
func (c *clock) now() time.Time { return *c.at.Load() }
func (c *clock) add(d time.Duration) {
	at := c.now().Add(d)
	c.at.Store(&at)
}

func asked(text string) approval.Request {
	r := approval.Request{Statement: statement(), Wait: time.Minute, Needed: 1}
	r.Text = text
	return r
}

func ask(t *testing.T, b *approval.Broker, text string) *approval.Ticket {
	t.Helper()
	ticket, err := b.Ask(t.Context(), asked(text))
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func isDone(t *approval.Ticket) bool {
	select {
	case <-t.Done():
		return true
	default:
		return false
	}
}

func TestADecisionWakesEverybodyWhoWaits(t *testing.T) {
	b := approval.NewBroker(approval.NewMemory(), approval.Options{Now: newClock().now})
	one, two, other := ask(t, b, "a"), ask(t, b, "a"), ask(t, b, "b")
	if one.ID() != two.ID() || one.ID() == other.ID() {
		t.Fatalf("the tickets are for %s, %s, %s", one.ID(), two.ID(), other.ID())
	}
	if isDone(one) {
		t.Fatal("it is done before it was decided")
	}
	if _, err := b.Decide(t.Context(), one.ID(), yes(ann)); err != nil {
		t.Fatal(err)
	}
	if !isDone(one) || !isDone(two) || isDone(other) {
		t.Error("not those who wait were woken")
	}
	r := two.Request()
	if r.State != approval.Approved || r.Decisions[0].Approver != ann || !r.Decisions[0].At.Equal(noon) {
		t.Errorf("the ticket says %+v", r)
	}
	if third := ask(t, b, "a"); !isDone(third) || third.ID() != one.ID() {
		t.Error("an approved statement is not known again")
	}
	if _, err := b.Consume(t.Context(), one.ID(), r.Digest); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Consume(t.Context(), one.ID(), r.Digest); !errors.Is(err, approval.ErrUsed) {
		t.Errorf("the second use gave %v", err)
	}
	if again := ask(t, b, "a"); isDone(again) || again.ID() == one.ID() {
		t.Error("a used approval is found again")
	}
}

func TestAnApprovalIsUsedOnceByManyWhoTry(t *testing.T) {
	b := approval.NewBroker(approval.NewMemory(), approval.Options{Now: newClock().now})
	ticket := ask(t, b, "a")
	r, err := b.Decide(t.Context(), ticket.ID(), yes(ann))
	if err != nil {
		t.Fatal(err)
	}
	var used atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			_, err := b.Consume(t.Context(), ticket.ID(), r.Digest)
			if err == nil {
				used.Add(1)
			} else if !errors.Is(err, approval.ErrUsed) {
				t.Errorf("one that was too late got %v", err)
			}
		})
	}
	wg.Wait()
	if used.Load() != 1 {
		t.Errorf("it was used %d times", used.Load())
	}
}

func TestPendingRequestsAreBounded(t *testing.T) {
	b := approval.NewBroker(approval.NewMemory(), approval.Options{Now: newClock().now, MaxPending: 5, MaxPendingPerIdentity: 3})
	for i := range 3 {
		ask(t, b, fmt.Sprint(i))
	}
	if _, err := b.Ask(t.Context(), asked("3")); !errors.Is(err, approval.ErrTooMany) {
		t.Errorf("one too many of an identity gave %v", err)
	}
	if _, err := b.Ask(t.Context(), asked("2")); err != nil {
		t.Errorf("one that is pending already gave %v", err)
	}
	var last error
	for i := range 3 {
		r := asked("x")
		r.Identity.Subject = fmt.Sprintf("unit:%d.service", i)
		_, last = b.Ask(t.Context(), r)
	}
	if !errors.Is(last, approval.ErrTooMany) {
		t.Errorf("one too many gave %v", last)
	}
}

func TestTimeEndsARequestAndWakesWhoWaits(t *testing.T) {
	c := newClock()
	b := approval.NewBroker(approval.NewMemory(), approval.Options{Now: c.now})
	ticket := ask(t, b, "a")
	approved := ask(t, b, "b")
	if _, err := b.Decide(t.Context(), approved.ID(), yes(ann)); err != nil {
		t.Fatal(err)
	}
	c.add(15 * time.Minute)
	if found, err := b.Find(t.Context(), approved.Request().Digest); found != nil || err != nil {
		t.Errorf("an expired approval is found: %v, %v", found, err)
	}
	if _, err := b.Consume(t.Context(), approved.ID(), approved.Request().Digest); !errors.Is(err, approval.ErrExpired) {
		t.Errorf("an expired approval gave %v", err)
	}
	if n, err := b.Expire(t.Context()); n != 2 || err != nil {
		t.Errorf("%d expired, %v", n, err)
	}
	if !isDone(ticket) || ticket.Request().State != approval.Expired {
		t.Error("who waits was not woken")
	}
	if next := ask(t, b, "a"); next.ID() == ticket.ID() {
		t.Error("an expired request is asked again")
	}
}

func TestAnotherProcessMayDecide(t *testing.T) {
	store := approval.NewMemory()
	here := approval.NewBroker(store, approval.Options{Poll: time.Millisecond})
	there := approval.NewBroker(store, approval.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { here.Run(ctx, func(err error) { t.Error(err) }) })
	defer wg.Wait()
	defer cancel()
	ticket := ask(t, here, "a")
	if _, err := there.Decide(t.Context(), ticket.ID(), no(bob)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ticket.Done():
	case <-time.After(5 * time.Second):
		t.Fatal("the decision was not noticed")
	}
	if r := ticket.Request(); r.State != approval.Denied || r.Decisions[0].Reason != "not so" {
		t.Errorf("the ticket says %+v", r)
	}
}

func TestAPolicyThatAsksForMoreStartsAgain(t *testing.T) {
	b := approval.NewBroker(approval.NewMemory(), approval.Options{Now: newClock().now})
	ticket := ask(t, b, "a")
	if _, err := b.Decide(t.Context(), ticket.ID(), yes(ann)); err != nil {
		t.Fatal(err)
	}
	r := asked("a")
	r.Needed = 2
	next, err := b.Ask(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if next.ID() == ticket.ID() || isDone(next) {
		t.Error("an approval by one counts where two are needed")
	}
	if old, err := b.Get(t.Context(), ticket.ID()); err != nil || old.State != approval.Cancelled {
		t.Errorf("the old one is %v, %v", old, err)
	}
}

func TestChangesAreAnnounced(t *testing.T) {
	var states []approval.State
	b := approval.NewBroker(approval.NewMemory(), approval.Options{Now: newClock().now, Changed: func(r *approval.Request) { states = append(states, r.State) }})
	ticket := ask(t, b, "a")
	r, err := b.Decide(t.Context(), ticket.ID(), yes(ann))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Consume(t.Context(), r.ID, r.Digest); err != nil {
		t.Fatal(err)
	}
	other := ask(t, b, "b")
	other.Close()
	if _, err := b.Cancel(t.Context(), other.ID(), "not needed"); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(states) != "[Pending Approved Used Pending Cancelled]" {
		t.Errorf("announced: %v", states)
	}
	if isDone(other) {
		t.Error("a closed ticket was told")
	}
}
