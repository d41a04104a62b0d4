package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Journal writes and reads the segments of one folder. Its methods may be
// called by several goroutines.
type Journal struct {
	dir    string
	opts   Options
	lock   *os.File
	shards []*shard
	self   *Session // of events that belong to no session

	refused   atomic.Pointer[UnavailableError] // set while no statement is accepted
	refusals  atomic.Int64
	lost      atomic.Int64
	followers atomic.Int64

	mu       sync.Mutex
	segments []*segment // that were written to; order by shard, then number
	closing  []*segment // to be sealed
	closed   bool

	wake    chan struct{} // for the keeper
	sealed  chan *segment // to be released
	done    chan struct{}
	running sync.WaitGroup

	follow *follow
	index  *index // nil without one
}

// Open makes dir a journal's folder if it is not one, seals what a killed
// process left open, and returns the journal. Only one process can have a
// folder open; another gets ErrInUse.
func Open(dir string, o Options) (*Journal, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	j := &Journal{dir: dir, opts: o, lock: lock, wake: make(chan struct{}, 1), done: make(chan struct{}), sealed: make(chan *segment, 4)}
	if err := j.start(); err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	return j, nil
}

func (j *Journal) start() error {
	all, err := listSegments(j.dir)
	if err != nil {
		return err
	}
	newest := make(map[int]int64)
	for _, g := range all {
		newest[g.name.shard] = max(newest[g.name.shard], g.name.number)
	}
	if j.segments, err = recoverSegments(all, j.opts.Logger); err != nil {
		return err
	}
	for i := range j.opts.Shards {
		sh := &shard{j: j, index: i, number: newest[i]}
		sh.self = &Session{sh: sh, id: fmt.Sprintf("shard-%02d", i)}
		j.shards = append(j.shards, sh)
	}
	j.self = &Session{sh: j.shards[0], id: "weir-" + NewSessionID()[2:]}
	j.self.who = []byte(`,"identity":{"subject":"weir","kind":"Daemon","uid":` + fmt.Sprint(os.Geteuid()) + `}`)
	j.self.whole = j.self.who
	j.check()
	j.follow = newFollow(j)
	if !j.opts.WithoutIndex {
		j.index = newIndex(j)
	}
	j.running.Go(j.keep)
	j.running.Go(j.releaseSealed)
	return nil
}

func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %s", ErrInUse, dir)
		}
		return nil, fmt.Errorf("locking %s: %w", f.Name(), err)
	}
	return f, nil
}

// Event records something that belongs to no session.
func (j *Journal) Event(e *Event) error { return j.self.Event(e) }

func errKind(k Kind) error { return fmt.Errorf("journal: %q cannot be a record's kind", k) }

// Unavailable returns nil while statements are accepted, otherwise why not.
func (j *Journal) Unavailable() error {
	if e := j.refused.Load(); e != nil {
		return e
	}
	for _, sh := range j.shards {
		sh.mu.Lock()
		failure := sh.failure
		sh.mu.Unlock()
		if failure != nil {
			return failure
		}
	}
	return nil
}

// Stats counts since Open.
type Stats struct {
	Records  int64 // written
	Refused  int64 // statements that were not accepted
	Lost     int64 // ends and denials that could not be written
	Segments int   // in the folder
	Bytes    int64 // of records in these
}

// Stats returns the journal's counters.
func (j *Journal) Stats() Stats {
	st := Stats{Refused: j.refusals.Load(), Lost: j.lost.Load()}
	for _, sh := range j.shards {
		st.Records += sh.appended.Load()
	}
	for _, g := range j.snapshot() {
		st.Segments++
		st.Bytes += g.committed.Load()
	}
	return st
}

// snapshot returns the segments that there are now.
func (j *Journal) snapshot() []*segment {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]*segment(nil), j.segments...)
}

// Close seals the segments. Sessions that are still open can record nothing
// more. Subscriptions end.
func (j *Journal) Close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil
	}
	j.closed = true
	j.mu.Unlock()

	close(j.done)
	j.running.Wait()
	j.follow.close()
	for _, sh := range j.shards {
		sh.mu.Lock()
		sh.closed = true
		open := []*segment{sh.current, sh.next}
		sh.current, sh.next = nil, nil
		sh.mu.Unlock()
		for _, g := range open {
			if g != nil {
				j.closing = append(j.closing, g)
			}
		}
	}
	err := j.sealAll()
	for len(j.sealed) > 0 {
		err = errors.Join(err, (<-j.sealed).file.Close())
	}
	if j.index != nil {
		err = errors.Join(err, j.index.close())
	}
	return errors.Join(err, j.lock.Close())
}
