package upstream

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Defaults of ResolverOptions.
const (
	defaultRefresh       = 30 * time.Second
	defaultRetry         = 5 * time.Second
	defaultLinger        = 10 * time.Minute
	defaultLookupTimeout = 5 * time.Second
)

// Limits of a Resolver.
const (
	parallelLookups = 8
	maxAddresses    = 256 // that are kept per name
)

// ResolverOptions say how often a Resolver asks. Zero values mean the defaults.
type ResolverOptions struct {
	Refresh time.Duration // between two questions for a name, 30 s; ten percent are random
	Retry   time.Duration // the same while some name has no answer, 5 s
	// Linger is how long an address still counts after the last answer that held it,
	// 10 min: a name that stands for many addresses is answered with a few of them at
	// a time, and the agent may have got other ones than weir.
	Linger  time.Duration
	Timeout time.Duration // of one question, 5 s
	// LookupNetIP asks; net.DefaultResolver's when nil.
	LookupNetIP func(ctx context.Context, network, host string) ([]netip.Addr, error)
	Now         func() time.Time // the clock, time.Now when nil
}

// Resolver knows the addresses of a few host names. It asks for them again and
// again in the background and answers from memory, so that nobody who accepts a
// connection waits for a name server. When a question fails, the last good
// answer stays.
type Resolver struct {
	options ResolverOptions
	names   atomic.Pointer[map[string]resolved] // never changed in place

	watching sync.Mutex    // serialises changes of names, guards round
	round    chan struct{} // closed at the end of the round that runs, then made anew
	kick     chan struct{}
	stop     context.CancelFunc
	done     chan struct{}
}

// resolved is what is known of one name.
type resolved struct {
	addresses []netip.Addr // what Lookup answers, sorted
	seen      map[netip.Addr]time.Time
	updated   time.Time // of the last good answer
	tried     bool
	err       error // of the last question
}

// NameStatus tells what a Resolver knows of one name.
type NameStatus struct {
	Host      string
	Addresses []netip.Addr
	Updated   time.Time // of the last good answer, zero when there was none
	Err       error     // of the last question, nil when it was answered
}

// NewResolver starts a Resolver. Close ends it.
func NewResolver(options ResolverOptions) *Resolver {
	setDefault(&options.Refresh, defaultRefresh)
	setDefault(&options.Retry, defaultRetry)
	setDefault(&options.Linger, defaultLinger)
	setDefault(&options.Timeout, defaultLookupTimeout)
	if options.LookupNetIP == nil {
		options.LookupNetIP = net.DefaultResolver.LookupNetIP
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &Resolver{
		options: options,
		kick:    make(chan struct{}, 1),
		round:   make(chan struct{}),
		stop:    stop,
		done:    make(chan struct{}),
	}
	r.names.Store(&map[string]resolved{})
	go r.run(ctx)
	return r
}

func setDefault(value *time.Duration, other time.Duration) {
	if *value <= 0 {
		*value = other
	}
}

// Close ends the background work and waits for it.
func (r *Resolver) Close() {
	r.stop()
	<-r.done
}

// Watch replaces the set of names. What is known of names that stay is kept; new
// ones are asked for at once, in the background. Addresses among the names need
// no question and are ignored.
func (r *Resolver) Watch(hosts ...string) {
	r.watching.Lock()
	defer r.watching.Unlock()
	old := *r.names.Load()
	names := make(map[string]resolved, len(hosts))
	for _, host := range hosts {
		name := canonicalHost(host)
		if _, err := netip.ParseAddr(name); err == nil || name == "" {
			continue
		}
		names[name] = old[name]
	}
	r.names.Store(&names)
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// Lookup gives the addresses that a watched name stands for: those of its last
// good answer, and those that were in an earlier one not longer than Linger ago.
// An address gives itself. It never waits, and takes no lock. The slice must not
// be changed.
func (r *Resolver) Lookup(host string) []netip.Addr {
	name := canonicalHost(host)
	if addr, err := netip.ParseAddr(name); err == nil {
		return []netip.Addr{addr.Unmap()}
	}
	return (*r.names.Load())[name].addresses
}

// WaitTried returns once every watched name was asked for at least once, whether
// or not there was an answer, or when ctx ends.
func (r *Resolver) WaitTried(ctx context.Context) error {
	for {
		r.watching.Lock()
		round := r.round
		missing := false
		for _, known := range *r.names.Load() {
			missing = missing || !known.tried
		}
		r.watching.Unlock()
		if !missing {
			return nil
		}
		select {
		case <-round:
		case <-r.done:
			return errors.New("the resolver is closed")
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Status tells what is known of every watched name, sorted by name.
func (r *Resolver) Status() []NameStatus {
	var all []NameStatus
	for name, known := range *r.names.Load() {
		all = append(all, NameStatus{
			Host: name, Addresses: slices.Clone(known.addresses), Updated: known.updated, Err: known.err})
	}
	slices.SortFunc(all, func(a, b NameStatus) int { return strings.Compare(a.Host, b.Host) })
	return all
}

func (r *Resolver) run(ctx context.Context) {
	defer close(r.done)
	timer := time.NewTimer(r.options.Refresh)
	defer timer.Stop()
	for {
		wait := r.options.Refresh
		if !r.ask(ctx) {
			wait = min(wait, r.options.Retry)
		}
		// A tenth at random, so that many hosts do not ask in step.
		timer.Reset(wait - time.Duration(rand.Int64N(int64(wait)/10+1))) //nolint:gosec // no secret
		select {
		case <-ctx.Done():
			return
		case <-r.kick:
		case <-timer.C:
		}
	}
}

// ask asks for every name once. ok is false when one had no answer.
func (r *Resolver) ask(ctx context.Context) (ok bool) {
	var (
		wait   sync.WaitGroup
		failed atomic.Bool
		slots  = make(chan struct{}, parallelLookups)
	)
	for name := range *r.names.Load() {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			asking, cancel := context.WithTimeout(ctx, r.options.Timeout)
			defer cancel()
			addresses, err := r.options.LookupNetIP(asking, "ip", name)
			if err == nil && len(addresses) == 0 {
				err = errors.New("the name has no address")
			}
			if err != nil {
				failed.Store(true)
			}
			if ctx.Err() == nil {
				r.learn(name, addresses, err)
			}
		})
	}
	wait.Wait()
	r.watching.Lock()
	close(r.round)
	r.round = make(chan struct{})
	r.watching.Unlock()
	return !failed.Load()
}

// learn takes the answer for one name.
func (r *Resolver) learn(name string, addresses []netip.Addr, err error) {
	r.watching.Lock()
	defer r.watching.Unlock()
	old := *r.names.Load()
	known, watched := old[name]
	if !watched {
		return
	}
	known = known.with(addresses, err, r.options.Now(), r.options.Linger)
	names := make(map[string]resolved, len(old))
	for other, value := range old {
		names[other] = value
	}
	names[name] = known
	r.names.Store(&names)
}

// with returns what is known after one more answer.
func (known resolved) with(addresses []netip.Addr, err error, now time.Time, linger time.Duration) resolved {
	next := resolved{addresses: known.addresses, seen: known.seen, updated: known.updated, tried: true, err: err}
	if err != nil {
		return next
	}
	next.updated = now
	next.seen = make(map[netip.Addr]time.Time, len(addresses))
	next.addresses = nil
	for _, addr := range addresses {
		if len(next.seen) < maxAddresses {
			next.seen[addr.Unmap()] = now
		}
	}
	for addr, at := range known.seen {
		if _, again := next.seen[addr]; !again && now.Sub(at) <= linger && len(next.seen) < maxAddresses {
			next.seen[addr] = at
		}
	}
	for addr := range next.seen {
		next.addresses = append(next.addresses, addr)
	}
	slices.SortFunc(next.addresses, netip.Addr.Compare)
	return next
}

// canonicalHost makes the forms of one name alike: DNS knows no case, and a dot
// at the end only says that the name is complete.
func canonicalHost(host string) string {
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
