package redirect

import (
	"errors"
	"time"

	"github.com/cilium/ebpf"

	"github.com/weirgate/weir/bpf"
)

// sweepRegularly leaves namespaces that nobody uses and drops old records.
func (c *Capture) sweepRegularly() {
	tick := time.NewTicker(c.cfg.SweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-c.done:
			return
		case <-tick.C:
		}
		c.leaveUnused()
		if err := c.sweepRecords(bootTime()); err != nil {
			c.log.Warn("sweep records", "cause", err)
		}
	}
}

// leaveUnused closes listeners in namespaces with no thread and no mount, at
// the second look in a row.
func (c *Capture) leaveUnused() {
	used, err := usedNamespaces()
	if err != nil {
		c.log.Warn("look for unused network namespaces", "cause", err)
		return
	}
	c.mu.Lock()
	var unused []*namespace
	for _, ns := range c.namespaces {
		if ns.file == nil || used[ns.inode] {
			ns.idle = false
			continue
		}
		if ns.idle {
			unused = append(unused, ns)
		}
		ns.idle = true
	}
	c.mu.Unlock()
	for _, ns := range unused {
		c.log.Debug("a network namespace is left", "namespace", ns.cookie)
		c.drop(ns)
	}
}

// recordLife is the age beyond which no connect() is on its way any more: longer
// than the kernel sends SYNs again by default (127 s).
const recordLife = 10 * time.Minute

// sweepRecords drops reservations and records that nothing cleaned up, which
// happens only to connections made while programs were being taken away, and
// accounts that stand at 0.
func (c *Capture) sweepRecords(now uint64) error {
	old := func(at uint64) bool { return now > at && now-at > uint64(recordLife) }
	return errors.Join(
		sweep(c.objects.Pending, func(_ uint64, r bpf.CaptureReservation) bool { return old(r.At) }, c.giveBack),
		sweep(c.objects.Flows, func(_ bpf.CaptureFlowKey, f bpf.CaptureFlow) bool { return old(f.At) }, nil),
		// One that is taken in this moment is made again by the next connect(); what
		// it loses is one count.
		sweep(c.objects.Accounts, func(_ uint64, n uint32) bool { return n == 0 }, nil),
	)
}

// giveBack takes a swept reservation off its cgroup's account. A connect() at
// the same time may be miscounted by one, which the account outlives: it is
// removed when it stands at 0, and never goes below.
func (c *Capture) giveBack(r bpf.CaptureReservation) error {
	var n uint32
	if err := c.objects.Accounts.Lookup(r.Cgroup, &n); err != nil {
		return ignoreMissing(err)
	}
	if n == 0 {
		return nil
	}
	return ignoreMissing(c.objects.Accounts.Update(r.Cgroup, n-1, ebpf.UpdateExist))
}

// sweep deletes the entries that are done with, and tells after of each.
func sweep[K, V any](m *ebpf.Map, done func(K, V) bool, after func(V) error) error {
	var key K
	var value V
	var keys []K
	var values []V
	entries := m.Iterate()
	for entries.Next(&key, &value) {
		if done(key, value) {
			keys, values = append(keys, key), append(values, value)
		}
	}
	errs := []error{ignoreMissing(entries.Err())}
	for i := range keys {
		err := m.Delete(&keys[i])
		if err == nil && after != nil {
			err = after(values[i])
		}
		errs = append(errs, ignoreMissing(err))
	}
	return errors.Join(errs...)
}

func ignoreMissing(err error) error {
	// A map that changes under the iteration ends it early; the next sweep goes on.
	if errors.Is(err, ebpf.ErrKeyNotExist) || errors.Is(err, ebpf.ErrIterationAborted) {
		return nil
	}
	return err
}
