package journal

import (
	"encoding/binary"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// shard is a row of segments that some of the sessions write to.
type shard struct {
	j     *Journal
	index int
	self  *Session // whose records are the segments' first ones

	sessions atomic.Int64 // that write here
	appended atomic.Int64 // records

	mu       sync.Mutex
	clock    clock
	current  *segment  // nil until it is needed
	next     *segment  // prepared, or nil
	number   int64     // of the newest segment that was made
	began    time.Time // when current became current
	lastName string    // of the segment before
	damaged  bool      // current cannot be written any more
	reserved int       // bytes of current that end records will need
	failure  *UnavailableError
	failed   time.Time // when failure was last seen
	closed   bool
}

// retryAfter is how long a failure to make a segment is believed.
const retryAfter = 200 * time.Millisecond

// entry is what is to be appended; which fields count depends on kind.
type entry struct {
	kind   Kind
	begin  *Begin
	text   *Text
	denied *Denied
	end    *End
	st     Statement
	event  *Event
	reason string
	least  bool // leave out what is not needed (a full disk)
}

// urgent entries may use reserved space and are not refused when the disk is
// nearly full: they tell what has happened already.
func (e *entry) urgent() bool {
	return e.kind == KindStatementEnd || e.kind == KindSessionEnd || e.kind == KindDaemonStop
}

// append writes one record. The lock of the shard is held.
func (sh *shard) append(s *Session, e *entry) (time.Time, error) {
	if sh.closed {
		return time.Time{}, ErrClosed
	}
	if !e.urgent() {
		if refused := sh.j.refused.Load(); refused != nil {
			return time.Time{}, refused
		}
	}
	if sh.current == nil || sh.damaged {
		if err := sh.roll(); err != nil {
			return time.Time{}, err
		}
	}
	now := time.Now()
	over, err := sh.put(s, e, now)
	if over == nil && err == nil {
		return now, nil
	}
	// The segment is full, or it faulted.
	if rerr := sh.roll(); rerr != nil {
		if err == nil && e.kind == KindStatementEnd && !e.least {
			least := *e
			least.least = true
			if over, err = sh.put(s, &least, now); over == nil && err == nil {
				return now, nil
			}
		}
		return time.Time{}, rerr
	}
	if err != nil {
		over, err = sh.put(s, e, now)
		if err == nil && over == nil {
			return now, nil
		}
	}
	if err == nil {
		err = sh.copy(s, e, now, over)
	}
	if err != nil {
		return time.Time{}, err
	}
	return now, nil
}

// put encodes a record into the current segment. When it does not fit it
// returns the record instead, finished but for lineStart.
func (sh *shard) put(s *Session, e *entry, now time.Time) (over []byte, err error) {
	old := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(old)
		if r := recover(); r != nil {
			over, err = nil, sh.faulted(r)
		}
	}()
	g := sh.current
	at := int(g.committed.Load())
	limit := len(g.data)
	if !e.urgent() {
		limit -= sh.reserved
	}
	if limit-at < lineEnd {
		limit = at // append allocates at once
	}
	rec := g.data[at:at:limit]
	rec = append(rec, 0, 0, 0, 0)
	rec = sh.encode(rec, s, e, now)
	rec = finish(rec)
	if len(rec) > limit-at {
		return rec, nil
	}
	sh.commit(g, at, len(rec))
	sh.counted(s, e, now, len(rec))
	return nil, nil
}

// copy writes a record that put has returned.
func (sh *shard) copy(s *Session, e *entry, now time.Time, rec []byte) (err error) {
	old := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(old)
		if r := recover(); r != nil {
			err = sh.faulted(r)
		}
	}()
	g := sh.current
	at := int(g.committed.Load())
	if len(rec) > len(g.data)-at {
		return sh.unavailable("a record is larger than a segment", nil)
	}
	copy(g.data[at+len(lineStart):], rec[len(lineStart):])
	sh.commit(g, at, len(rec))
	sh.counted(s, e, now, len(rec))
	return nil
}

// commit makes the n bytes at at a record. Everything else of it is in the
// mapping before: the processor keeps a thread's own stores in order as far as
// the thread's death is concerned, the compiler keeps them before the atomic.
func (sh *shard) commit(g *segment, at, n int) {
	start := (*uint32)(unsafe.Pointer(&g.data[at]))
	atomic.StoreUint32(start, binary.NativeEndian.Uint32([]byte(lineStart)))
	g.committed.Store(int64(at + n))
	if at+n > len(g.data)/2 && sh.next == nil {
		sh.j.wakeKeeper()
	}
}

// counted counts the record of n bytes that was appended last.
func (sh *shard) counted(s *Session, e *entry, now time.Time, n int) {
	sh.current.tell(s, e, now, int(sh.current.committed.Load())-n, n)
	sh.appended.Add(1)
	s.seq++
	if sh.j.followers.Load() > 0 {
		sh.j.wakeFollow()
	}
}

// faulted is what a memory fault becomes: the file was cut, or the disk under
// it failed. The segment is given up.
func (sh *shard) faulted(r any) error {
	sh.damaged = true
	return sh.unavailable("writing to a segment failed; see the kernel's log", fmt.Errorf("%v", r))
}

func (sh *shard) unavailable(reason string, err error) *UnavailableError {
	return &UnavailableError{Dir: sh.j.dir, Reason: reason, Err: err}
}

// roll makes the next segment current. When there can be none, the current one
// stays, for the records that have room reserved.
func (sh *shard) roll() error {
	if sh.next == nil {
		if sh.failure != nil && time.Since(sh.failed) < retryAfter {
			return sh.failure
		}
		sh.number++
		next, err := sh.j.makeSegment(sh, sh.number)
		if err != nil {
			sh.failure, sh.failed = err, time.Now()
			return err
		}
		sh.next = next
	}
	old := sh.current
	sh.current, sh.next, sh.failure, sh.damaged = sh.next, nil, nil, false
	sh.began = time.Now()
	if old != nil {
		sh.lastName = old.name.String()
	}
	if over, err := sh.put(sh.self, &entry{kind: KindSegmentStart}, sh.began); err != nil || over != nil {
		sh.damaged = true
		if err == nil {
			err = sh.unavailable("a segment has no room for its first record", nil)
		}
		sh.j.activated(sh.current, old)
		return err
	}
	sh.current.first = sh.current.committed.Load()
	sh.j.activated(sh.current, old)
	return nil
}

// encode appends all of a record but lineStart and the checksum.
func (sh *shard) encode(rec []byte, s *Session, e *entry, now time.Time) []byte {
	rec = append(rec, `:1,"time":"`...)
	rec = sh.clock.append(rec, now)
	rec = append(rec, `","kind":"`...)
	rec = append(rec, e.kind...)
	rec = append(rec, `","session":"`...)
	rec = append(rec, s.id...)
	rec = appendSeq(rec, s.seq)
	switch e.kind {
	case KindSegmentStart:
		rec = appendNumber(rec, "shard", int64(sh.index))
		rec = appendField(rec, "segment", sh.current.name.String())
		return appendField(rec, "previous", sh.lastName)
	case KindSessionStart, KindSessionContinued:
		return append(rec, s.whole...)
	case KindSessionEnd:
		rec = append(rec, s.who...)
		return appendMessage(rec, "reason", e.reason)
	case KindStatementBegin:
		return e.begin.append(rec, s, e.text)
	case KindStatementDenied:
		return e.denied.append(rec, s, e.text)
	case KindStatementEnd:
		return e.end.append(rec, s, e.st, now, e.least)
	}
	return e.event.append(rec, s, e.text)
}
