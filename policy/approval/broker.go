package approval

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Options are the settings of a Broker.
type Options struct {
	Now func() time.Time // the clock; nil is time.Now
	// MaxPending and MaxPendingPerIdentity bound the pending requests.
	// Defaults 100 and 10.
	MaxPending            int
	MaxPendingPerIdentity int
	// Poll is how often Run looks for requests that are over and for what
	// other processes decided. Default 500 ms.
	Poll time.Duration
	// Keep is how long final requests are kept, default 30 days, and KeepBytes how
	// many bytes of them, default 256 MiB: the journal has what became of the others.
	Keep      time.Duration
	KeepBytes int64
	// Changed is told of every change that this Broker makes, after it is
	// stored. It must not call the Broker.
	Changed func(*Request)
}

// Broker stands between sessions that ask, approvers that decide, and the store.
// Its methods may be called by several goroutines.
type Broker struct {
	store Store
	o     Options

	asking sync.Mutex // one Ask at a time, so that the bounds hold

	mu      sync.Mutex
	tickets map[string]map[*Ticket]struct{} // by request
}

// NewBroker returns a Broker on the store.
func NewBroker(store Store, o Options) *Broker {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxPending == 0 {
		o.MaxPending = 100
	}
	if o.MaxPendingPerIdentity == 0 {
		o.MaxPendingPerIdentity = 10
	}
	if o.Poll == 0 {
		o.Poll = 500 * time.Millisecond
	}
	if o.Keep == 0 {
		o.Keep = 30 * 24 * time.Hour
	}
	if o.KeepBytes == 0 {
		o.KeepBytes = 256 << 20
	}
	return &Broker{store: store, o: o, tickets: make(map[string]map[*Ticket]struct{})}
}

// Ticket waits for a request to be decided.
type Ticket struct {
	b    *Broker
	id   string
	done chan struct{}

	// Under the broker's lock:
	request *Request
	closed  bool // done is
}

// ID is the request's id.
func (t *Ticket) ID() string { return t.id }

// Done is closed when the request is not pending any more.
func (t *Ticket) Done() <-chan struct{} { return t.done }

// Request is the request as far as it is known: after Done, with the decision.
func (t *Ticket) Request() *Request {
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	return t.request.Clone()
}

// Close gives the ticket up. The request lives on.
func (t *Ticket) Close() {
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	t.b.drop(t)
}

// drop is called under the lock.
func (b *Broker) drop(t *Ticket) {
	delete(b.tickets[t.id], t)
	if len(b.tickets[t.id]) == 0 {
		delete(b.tickets, t.id)
	}
}

// ticket makes a ticket for a request.
func (b *Broker) ticket(ctx context.Context, r *Request) (*Ticket, error) {
	t := b.register(r)
	// It may have been decided before the ticket was there to be told.
	now, err := b.store.Get(ctx, r.ID)
	if err != nil {
		t.Close()
		return nil, fmt.Errorf("waiting for an approval: %w", err)
	}
	b.tell(now)
	return t, nil
}

func (b *Broker) register(r *Request) *Ticket {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := &Ticket{b: b, id: r.ID, done: make(chan struct{}), request: r}
	if b.tickets[r.ID] == nil {
		b.tickets[r.ID] = make(map[*Ticket]struct{})
	}
	b.tickets[r.ID][t] = struct{}{}
	b.settle(t)
	return t
}

// settle closes done when there is nothing to wait for. The lock is held.
func (b *Broker) settle(t *Ticket) {
	if t.request.State != Pending && !t.closed {
		t.closed = true
		close(t.done)
		b.drop(t)
	}
}

// tell wakes the tickets of a request. Old news is not taken.
func (b *Broker) tell(r *Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for t := range b.tickets[r.ID] {
		if r.Version > t.request.Version {
			t.request = r.Clone()
			b.settle(t)
		}
	}
}

// Find returns the live request for a digest: approved and not used, or
// pending; nil when there is none.
func (b *Broker) Find(ctx context.Context, digest Digest) (*Request, error) {
	live, err := b.store.List(ctx, Filter{States: []State{Pending, Approved}, Digest: digest})
	if err != nil {
		return nil, fmt.Errorf("looking for an approval: %w", err)
	}
	for _, r := range live {
		if b.o.Now().Before(r.Expires) {
			return r, nil
		}
	}
	return nil, nil
}

// Ask makes a request and returns a ticket to wait with. While there is a live
// request for the same statement, that one is returned; it may be approved
// already. Of r the fields ID, Version, State, Digest, Created, Changed and
// Decisions are filled in here; Expires may be left zero and is then fifteen
// minutes from now. ErrTooMany: too many are pending.
func (b *Broker) Ask(ctx context.Context, r Request) (*Ticket, error) {
	b.asking.Lock()
	defer b.asking.Unlock()
	now := b.o.Now()
	r.Digest = r.Statement.Digest()
	for attempt := 0; ; attempt++ {
		// Before the look, so that a stale one does not block the digest.
		if _, err := b.Expire(ctx); err != nil {
			return nil, err
		}
		found, err := b.Find(ctx, r.Digest)
		if err != nil {
			return nil, err
		}
		if found != nil {
			if found.Needed >= r.Needed && slices.Equal(found.Approvers, r.Approvers) {
				return b.ticket(ctx, found)
			}
			// Who said yes, or was asked, may not be who is to be asked now.
			if _, err := b.change(ctx, found.ID, func(o *Request) error {
				return o.Cancel("the policy asks for other approvers now", now)
			}); err != nil && !errors.Is(err, ErrFinal) {
				return nil, err
			}
		}
		if err := b.room(ctx, r.Identity.Subject); err != nil {
			return nil, err
		}
		made, err := b.create(ctx, r, now)
		if err == nil {
			return b.ticket(ctx, made)
		}
		// The id was taken, or another process asked for the same.
		if !errors.Is(err, ErrExists) || attempt == 5 {
			return nil, fmt.Errorf("asking for an approval: %w", err)
		}
	}
}

func (b *Broker) create(ctx context.Context, r Request, now time.Time) (*Request, error) {
	c := r.Clone()
	c.ID, c.Version, c.State, c.Decisions = newID(), 1, Pending, nil
	c.Created, c.Changed = now, now
	c.Needed = max(c.Needed, 1)
	if c.Expires.IsZero() {
		c.Expires = now.Add(15 * time.Minute)
	}
	if err := b.store.Create(ctx, c); err != nil {
		return nil, err
	}
	b.announce(c)
	return c, nil
}

// room checks the bounds.
func (b *Broker) room(ctx context.Context, subject string) error {
	pending, err := b.store.List(ctx, Filter{States: []State{Pending}, Brief: true})
	if err != nil {
		return fmt.Errorf("asking for an approval: %w", err)
	}
	if len(pending) >= b.o.MaxPending {
		return fmt.Errorf("%w: %d", ErrTooMany, len(pending))
	}
	mine := 0
	for _, p := range pending {
		if p.Identity.Subject == subject {
			mine++
		}
	}
	if mine >= b.o.MaxPendingPerIdentity {
		return fmt.Errorf("%w: %d of %s", ErrTooMany, mine, subject)
	}
	return nil
}

// newID returns "ap-" and six letters or digits that are not mistaken for each
// other.
func newID() string {
	const letters = "23456789abcdefghjkmnpqrstuvwxyz_"
	id := []byte("ap-")
	for len(id) < 9 {
		var b [1]byte
		_, _ = rand.Read(b[:]) // never fails
		if c := letters[b[0]&31]; c != '_' {
			id = append(id, c)
		}
	}
	return string(id)
}

// Consume takes the approval for the statement with this digest, and only when
// that is stored returns without an error. Then, and only then, may the
// statement be sent, once. Two that try at the same time: one gets ErrUsed.
func (b *Broker) Consume(ctx context.Context, id string, digest Digest) (*Request, error) {
	r, err := b.change(ctx, id, func(r *Request) error { return r.Use(digest, b.o.Now()) })
	if err != nil {
		return nil, fmt.Errorf("using an approval: %w", err)
	}
	return r, nil
}

// Decide adds an approver's decision.
func (b *Broker) Decide(ctx context.Context, id string, d Decision) (*Request, error) {
	r, err := b.change(ctx, id, func(r *Request) error { return r.Decide(d, b.o.Now()) })
	if err != nil {
		return nil, fmt.Errorf("deciding on %s: %w", id, err)
	}
	return r, nil
}

// Cancel ends a live request.
func (b *Broker) Cancel(ctx context.Context, id, reason string) (*Request, error) {
	r, err := b.change(ctx, id, func(r *Request) error { return r.Cancel(reason, b.o.Now()) })
	if err != nil {
		return nil, fmt.Errorf("cancelling %s: %w", id, err)
	}
	return r, nil
}

// change applies mutate to the request as it is, again when somebody else was
// quicker, since the answer may be another one then.
func (b *Broker) change(ctx context.Context, id string, mutate func(*Request) error) (*Request, error) {
	for {
		r, err := b.store.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		changed, err := b.store.Update(ctx, id, r.Version, mutate)
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err != nil {
			return nil, err
		}
		b.announce(changed)
		return changed, nil
	}
}

func (b *Broker) announce(r *Request) {
	b.tell(r)
	if b.o.Changed != nil {
		b.o.Changed(r.Clone())
	}
}

// Get returns one request, or ErrNotFound.
func (b *Broker) Get(ctx context.Context, id string) (*Request, error) { return b.store.Get(ctx, id) }

// List returns the requests that match, the newest last.
func (b *Broker) List(ctx context.Context, f Filter) ([]*Request, error) {
	return b.store.List(ctx, f)
}

// Expire ends the live requests whose time is over, and says how many.
func (b *Broker) Expire(ctx context.Context) (int, error) {
	live, err := b.store.List(ctx, Filter{States: []State{Pending, Approved}, Due: b.o.Now(), Brief: true})
	if err != nil {
		return 0, fmt.Errorf("looking for expired approvals: %w", err)
	}
	n := 0
	for _, r := range live {
		if b.o.Now().Before(r.Expires) {
			continue
		}
		_, err := b.change(ctx, r.ID, func(r *Request) error {
			if !r.Expire(b.o.Now()) {
				return ErrFinal
			}
			return nil
		})
		switch {
		case err == nil:
			n++
		case errors.Is(err, ErrFinal) || errors.Is(err, ErrNotFound):
		default:
			return n, fmt.Errorf("expiring %s: %w", r.ID, err)
		}
	}
	return n, nil
}

// Run expires requests, and wakes tickets whose request another process
// decided, until ctx is done. Failures are given to report, which may be nil,
// and tried again.
func (b *Broker) Run(ctx context.Context, report func(error)) {
	tick := time.NewTicker(b.o.Poll)
	defer tick.Stop()
	var revision int64
	var removed time.Time
	rested := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if rested++; rested < restPolls && !b.waiting() {
			continue
		}
		rested = 0
		err := b.sweep(ctx, &revision, &removed)
		if err != nil && ctx.Err() == nil && report != nil {
			report(err)
		}
	}
}

// restPolls is how many times less often is looked while nobody waits.
const restPolls = 4

// waiting says whether a ticket waits for a decision.
func (b *Broker) waiting() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.tickets) > 0
}

func (b *Broker) sweep(ctx context.Context, revision *int64, removed *time.Time) error {
	_, err := b.Expire(ctx)
	if now := b.o.Now(); err == nil && now.Sub(*removed) >= time.Minute {
		*removed = now
		_, err = b.store.Remove(ctx, now.Add(-b.o.Keep), b.o.KeepBytes)
	}
	if err != nil {
		return err
	}
	is, err := b.store.Revision(ctx)
	if err != nil || is == *revision {
		return err
	}
	b.mu.Lock()
	ids := make([]string, 0, len(b.tickets))
	for id := range b.tickets {
		ids = append(ids, id)
	}
	b.mu.Unlock()
	for _, id := range ids {
		r, err := b.store.Get(ctx, id)
		if err != nil {
			return err
		}
		b.tell(r)
	}
	*revision = is
	return nil
}
