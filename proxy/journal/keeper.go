package journal

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// The keeper is the goroutine that does what appending should not wait for:
// it makes the next segments, seals the old ones, removes those past their
// time, and looks whether the folder can still be written.

func (j *Journal) wakeKeeper() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

func (j *Journal) keep() {
	tick := time.NewTicker(j.opts.CheckEvery)
	defer tick.Stop()
	var synced, retained time.Time
	for {
		select {
		case <-j.done:
			return
		case <-j.wake:
		case now := <-tick.C:
			j.check()
			j.checkSegments(now)
			if j.opts.Sync == SyncInterval && now.Sub(synced) >= j.opts.SyncEvery {
				synced = now
				j.syncAll()
			}
			if j.opts.Retention > 0 && now.Sub(retained) >= min(time.Minute, j.opts.Retention/2) {
				retained = now
				j.retain(now)
			}
		}
		j.prepare()
		if err := j.sealAll(); err != nil {
			j.opts.Logger.Warn("a journal segment could not be sealed and will be tried again", "error", err)
		}
	}
}

// check decides whether statements are accepted.
func (j *Journal) check() {
	var refused *UnavailableError
	var fs unix.Statfs_t
	if err := unix.Faccessat(unix.AT_FDCWD, j.dir, unix.W_OK|unix.X_OK, unix.AT_EACCESS); err != nil {
		refused = &UnavailableError{Dir: j.dir, Reason: "the folder must exist and be writable", Err: err}
	} else if err := unix.Statfs(j.dir, &fs); err != nil {
		refused = &UnavailableError{Dir: j.dir, Reason: "the file system does not answer", Err: err}
	} else if free := freeBytes(&fs); free < j.opts.MinFree {
		refused = &UnavailableError{Dir: j.dir, Reason: fmt.Sprintf(
			"%d MiB are free, less than the %d MiB that must stay free; free some space there", free>>20, j.opts.MinFree>>20)}
	}
	before := j.refused.Swap(refused)
	switch {
	case refused != nil && before == nil:
		j.opts.Logger.Error("statements are refused from now on", "error", refused)
	case refused == nil && before != nil:
		j.opts.Logger.Info("the journal can be written again; statements are accepted")
	}
}

func freeBytes(fs *unix.Statfs_t) int64 {
	return int64(fs.Bavail) * fs.Bsize
}

// makeSegment makes the segment of sh with the given number.
func (j *Journal) makeSegment(sh *shard, number int64) (*segment, *UnavailableError) {
	var fs unix.Statfs_t
	if err := unix.Statfs(j.dir, &fs); err != nil {
		return nil, sh.unavailable("the file system does not answer", err)
	}
	if free := freeBytes(&fs); free-j.opts.SegmentSize < j.opts.MinFree {
		return nil, sh.unavailable(fmt.Sprintf("%d MiB are free, a segment needs %d MiB and %d MiB must stay free; free some space there",
			free>>20, j.opts.SegmentSize>>20, j.opts.MinFree>>20), nil)
	}
	g, err := createSegment(j.dir, segmentName{sh.index, number, time.Now()}, j.opts.SegmentSize)
	if err != nil {
		return nil, sh.unavailable("a new segment cannot be made", err)
	}
	g.owner = sh
	if !j.opts.WithoutIndex {
		g.told = new(telling)
	}
	return g, nil
}

// prepare makes the next segment of shards that will need one soon.
func (j *Journal) prepare() {
	for _, sh := range j.shards {
		sh.mu.Lock()
		g := sh.current
		need := g != nil && sh.next == nil && g.committed.Load() > int64(len(g.data)/2)
		if need {
			sh.number++
		}
		number := sh.number
		sh.mu.Unlock()
		if !need {
			continue
		}
		// Made without the lock, so that the sessions go on.
		next, err := j.makeSegment(sh, number)
		if err == nil {
			next.warm()
		}
		sh.mu.Lock()
		switch {
		case err != nil:
			sh.failure, sh.failed = err, time.Now()
		case sh.next == nil && sh.number == number:
			sh.next, sh.failure = next, nil
		default: // the shard could not wait and made one with a higher number
			j.mu.Lock()
			j.closing = append(j.closing, next)
			j.mu.Unlock()
		}
		sh.mu.Unlock()
	}
}

// activated is called when current begins to be written and old is no more.
func (j *Journal) activated(current, old *segment) {
	j.mu.Lock()
	j.segments = sortSegments(append(j.segments, current))
	if old != nil {
		j.closing = append(j.closing, old)
	}
	j.mu.Unlock()
	j.wakeKeeper()
}

// sealAll seals what waits for it. Only the keeper calls it, or Close after the
// keeper's end.
func (j *Journal) sealAll() error {
	j.mu.Lock()
	waiting := j.closing
	j.closing = nil
	j.mu.Unlock()
	var errs []error
	var again []*segment
	for _, g := range waiting {
		removed, err := g.seal(j.opts.Sync == SyncInterval)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
			again = append(again, g)
		}
		if removed || errors.Is(err, os.ErrNotExist) {
			j.forget(g)
		}
		if err == nil && !removed {
			errs = append(errs, j.finish(g))
		}
	}
	j.mu.Lock()
	j.closing = append(j.closing, again...)
	j.mu.Unlock()
	return errors.Join(errs...)
}

// finish closes a sealed segment's file, after its memory was released where that
// is not behind: a slow disk must not hold the keeper up.
func (j *Journal) finish(g *segment) error {
	select {
	case <-j.done:
		return g.file.Close()
	default:
	}
	select {
	case j.sealed <- g:
		return nil
	default:
		return g.file.Close()
	}
}

// releaseSealed releases segments until the journal is closed.
func (j *Journal) releaseSealed() {
	for {
		select {
		case <-j.done:
			return
		case g := <-j.sealed:
			g.release()
			_ = g.file.Close() // only read from here on
		}
	}
}

func (j *Journal) forget(g *segment) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.segments = slices.DeleteFunc(j.segments, func(o *segment) bool { return o == g })
}

// checkSegments gives up segments whose file was removed or cut by somebody, and
// rolls those that are old.
func (j *Journal) checkSegments(now time.Time) {
	for _, sh := range j.shards {
		sh.mu.Lock()
		g := sh.current
		old := g != nil && now.Sub(sh.began) >= j.opts.MaxAge && g.committed.Load() > g.first
		sh.mu.Unlock()
		if g == nil {
			continue
		}
		// Only this goroutine closes the file.
		var st unix.Stat_t
		err := unix.Fstat(int(g.file.Fd()), &st)
		broken := err != nil || st.Nlink == 0 || st.Size < int64(len(g.data))
		if !broken && !old {
			continue
		}
		sh.mu.Lock()
		if sh.current == g {
			if broken && !sh.damaged {
				sh.damaged = true
				j.opts.Logger.Error("a journal segment was removed or cut by somebody; records in it may be lost", "segment", g.path())
			}
			if err := sh.roll(); err != nil {
				j.opts.Logger.Warn("the next journal segment cannot be begun", "error", err)
			}
		}
		sh.mu.Unlock()
	}
}

func (j *Journal) syncAll() {
	for _, sh := range j.shards {
		sh.mu.Lock()
		g := sh.current
		sh.mu.Unlock()
		if g == nil {
			continue
		}
		if err := unix.Fdatasync(int(g.file.Fd())); err != nil {
			j.opts.Logger.Error("writing the journal to the disk failed", "segment", g.path(), "error", err)
			sh.mu.Lock()
			if sh.current == g {
				sh.damaged = true
			}
			sh.mu.Unlock()
		}
	}
}

// retain removes the segments whose last record is older than the retention.
func (j *Journal) retain(now time.Time) {
	for _, g := range j.snapshot() {
		if !g.sealed.Load() {
			continue
		}
		info, err := os.Stat(g.path())
		if err == nil && now.Sub(info.ModTime()) < j.opts.Retention {
			continue
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err := os.Remove(g.path()); err != nil && !errors.Is(err, os.ErrNotExist) {
			j.opts.Logger.Warn("a journal segment past its retention cannot be removed", "error", err)
			continue
		}
		j.forget(g)
		j.opts.Logger.Info("a journal segment past its retention was removed", "segment", g.name.String())
	}
}
