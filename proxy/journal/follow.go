package journal

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Followed is a record that a subscriber gets.
type Followed struct {
	*Record
	// Lost is how many matching records were passed over before this one
	// because the subscriber was too slow.
	Lost int64
}

// followBuffer is how many records wait for a subscriber.
const followBuffer = 1024

// followPause is the least time between two looks at the segments.
const followPause = 10 * time.Millisecond

type subscriber struct {
	m    *matcher
	out  chan Followed
	in   chan struct{} // closed when records are delivered from then on
	lost int64
	gone atomic.Bool
}

// follow delivers new records to subscribers. It reads them from the segments,
// so that appending does not wait for anybody.
type follow struct {
	j       *Journal
	wake    chan struct{}
	join    chan *subscriber
	done    chan struct{}
	running sync.WaitGroup
	once    sync.Once
	// Of the goroutine:
	subscribers []*subscriber
	places      map[*segment]*place
}

// place is how far a segment was read.
type place struct {
	file *os.File
	at   int64
}

func newFollow(j *Journal) *follow {
	f := &follow{j: j, wake: make(chan struct{}, 1), join: make(chan *subscriber), done: make(chan struct{}), places: make(map[*segment]*place)}
	f.running.Go(f.run)
	return f
}

func (j *Journal) wakeFollow() {
	select {
	case j.follow.wake <- struct{}{}:
	default:
	}
}

// Subscribe returns the records that match f and are written from now on, in
// about the order of their time; Last, Since and Until are ignored. The caller
// must call cancel at the end. The channel is closed after cancel, or when the
// journal is closed.
func (j *Journal) Subscribe(f Filter) (records <-chan Followed, cancel func()) {
	f.Last, f.Since, f.Until = 0, time.Time{}, time.Time{}
	s := &subscriber{m: newMatcher(f), out: make(chan Followed, followBuffer), in: make(chan struct{})}
	j.followers.Add(1)
	select {
	case j.follow.join <- s:
		<-s.in
	case <-j.follow.done:
		close(s.out)
	}
	return s.out, func() {
		if !s.gone.Swap(true) {
			j.followers.Add(-1)
			j.wakeFollow()
		}
	}
}

func (f *follow) close() {
	f.once.Do(func() { close(f.done) })
	f.running.Wait()
}

func (f *follow) run() {
	defer func() {
		f.deliver()
		for _, s := range f.subscribers {
			close(s.out)
		}
		f.leave()
	}()
	pause := time.NewTimer(0)
	<-pause.C
	for {
		select {
		case <-f.done:
			return
		case s := <-f.join:
			f.deliver()
			if len(f.subscribers) == 0 {
				f.leave()
				for _, g := range f.j.snapshot() {
					f.places[g] = &place{at: g.committed.Load()}
				}
			}
			f.subscribers = append(f.subscribers, s)
			close(s.in)
			continue
		case <-f.wake:
		}
		f.deliver()
		pause.Reset(followPause)
		select {
		case <-f.done:
			return
		case <-pause.C:
		}
	}
}

// leave forgets the places.
func (f *follow) leave() {
	for g, p := range f.places {
		if p.file != nil {
			_ = p.file.Close() // only read
		}
		delete(f.places, g)
	}
}

type fresh struct {
	header header
	line   []byte
}

// deliver reads what is new and gives it to the subscribers.
func (f *follow) deliver() {
	f.subscribers = slices.DeleteFunc(f.subscribers, func(s *subscriber) bool {
		if s.gone.Load() {
			close(s.out)
			return true
		}
		return false
	})
	if len(f.subscribers) == 0 {
		return
	}
	var batch []fresh
	for _, g := range f.j.snapshot() {
		batch = f.readNew(g, batch)
	}
	slices.SortStableFunc(batch, func(a, b fresh) int { return bytes.Compare(a.header.time, b.header.time) })
	for _, n := range batch {
		var r *Record
		for _, s := range f.subscribers {
			if !s.m.match(n.header, n.line) {
				continue
			}
			if len(s.out) == cap(s.out) {
				s.lost++
				continue
			}
			if r == nil {
				var err error
				if r, err = Decode(n.line); err != nil {
					break
				}
			}
			s.out <- Followed{Record: r, Lost: s.lost} // nobody else sends
			s.lost = 0
		}
	}
}

// wanted tells whether a line must be kept for the batch.
func (f *follow) wanted(h header, line []byte) bool {
	for _, s := range f.subscribers {
		if s.m.match(h, line) {
			return true
		}
	}
	return false
}

func (f *follow) readNew(g *segment, batch []fresh) []fresh {
	p := f.places[g]
	if p == nil {
		p = new(place)
		f.places[g] = p
	}
	// The order matters: a sealed segment grows no more.
	sealed, end := g.sealed.Load(), g.committed.Load()
	if p.at < end && p.file == nil {
		file, err := g.openFile()
		if err != nil {
			p.at = end
			return batch
		}
		p.file = file
	}
	if p.at < end {
		scan := newLines(p.file, p.at, end, true)
		for {
			line, err := scan.next()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					f.j.opts.Logger.Warn("following the journal: a segment cannot be read", "error", err)
				}
				break
			}
			if h, ok := parseHeader(line); ok && f.wanted(h, line) {
				kept := bytes.Clone(line)
				h, _ = parseHeader(kept)
				batch = append(batch, fresh{h, kept})
			}
		}
		p.at = end
	}
	if sealed && p.file != nil {
		_ = p.file.Close() // only read
		p.file = nil
	}
	return batch
}
