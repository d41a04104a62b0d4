package journal

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"modernc.org/sqlite" // the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// index is a SQLite file beside the segments that says where to look: a row for
// each session, with its counts, and for each block of a segment, with its
// times, counts and the sessions in it. It has no row for a statement, so it
// costs little when there are many. It is made of what shards tell it of their
// records, and of the segments themselves where that is missing: it can be deleted.
type index struct {
	j       *Journal
	path    string
	done    chan struct{}
	running sync.WaitGroup
	opened  time.Time

	mu        sync.Mutex
	db        *sql.DB
	positions map[string]int64 // by segment: how far it is indexed
	tally     *tally
	blockID   int64
}

// indexVersion is the schema's version; another one is built anew.
const indexVersion = 1

const indexSchema = `
CREATE TABLE segments (name TEXT PRIMARY KEY, indexed INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE blocks (segment TEXT NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL,
	first TEXT NOT NULL, last TEXT NOT NULL, records INTEGER NOT NULL,
	masked INTEGER NOT NULL, failed INTEGER NOT NULL, verdicts TEXT NOT NULL, sessions BLOB NOT NULL,
	PRIMARY KEY (segment, start)) WITHOUT ROWID;
CREATE TABLE sessions (id TEXT PRIMARY KEY, subject TEXT NOT NULL, database TEXT NOT NULL,
	started TEXT NOT NULL, last TEXT NOT NULL, ended TEXT NOT NULL, known INTEGER NOT NULL, summary TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX sessions_started ON sessions (started);
CREATE INDEX sessions_last ON sessions (last);
`

// blockSize is about how many bytes of a segment a block covers.
const blockSize = 512 << 10

func newIndex(j *Journal) *index {
	x := &index{j: j, path: filepath.Join(j.dir, "index.db"), done: make(chan struct{}), opened: time.Now()}
	x.running.Go(x.run)
	return x
}

func (x *index) run() {
	tick := time.NewTicker(x.j.opts.IndexEvery)
	defer tick.Stop()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-x.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	failed := false
	for {
		err := x.catchUp(ctx)
		if err != nil && ctx.Err() == nil && !failed {
			x.j.opts.Logger.Warn("the journal's index cannot be brought up to date; recording goes on", "error", err)
		}
		failed = err != nil
		select {
		case <-x.done:
			return
		case <-tick.C:
		}
	}
}

func (x *index) close() error {
	close(x.done)
	x.running.Wait()
	// What is missing is read at the next start.
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := x.catchUp(ctx)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.db != nil {
		err = errors.Join(err, x.db.Close())
		x.db = nil
	}
	if err != nil {
		// It is made again from the segments when it is found to be behind.
		x.j.opts.Logger.Warn("closing the journal's index", "error", err)
	}
	return nil
}

// open opens the file, or makes it anew when it is damaged or of another
// version.
func (x *index) open(ctx context.Context) error {
	if x.db != nil {
		return nil
	}
	err := x.openFile(ctx)
	if useless(err) {
		if err := x.remove(err); err != nil {
			return err
		}
		err = x.openFile(ctx)
	}
	return err
}

func (x *index) remove(reason error) error {
	x.j.opts.Logger.Info("the journal's index is built anew", "reason", reason)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(x.path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("removing a journal index that cannot be used: %w", err)
		}
	}
	return nil
}

// errStale says that the index does not belong to the segments.
var errStale = errors.New("the index does not belong to the segments")

// useless reports whether the file cannot serve any more; a full disk, say, is
// no reason to remove it.
func useless(err error) bool {
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_SCHEMA:
			return true
		}
	}
	return errors.Is(err, errStale)
}

func (x *index) openFile(ctx context.Context) (err error) {
	// SQLite would make it readable by others.
	f, err := os.OpenFile(x.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	// The file can be built again, so nothing waits for the disk.
	db, err := sql.Open("sqlite", fileURI(x.path)+"?_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(4)
	defer func() {
		if err != nil {
			_ = db.Close()
		}
	}()
	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	switch version {
	case 0:
		if _, err := db.ExecContext(ctx, fmt.Sprintf("BEGIN IMMEDIATE; %s PRAGMA user_version=%d; COMMIT", indexSchema, indexVersion)); err != nil {
			return err
		}
	case indexVersion:
		var ok string
		if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&ok); err != nil {
			return err
		}
		if ok != "ok" {
			return fmt.Errorf("%w: %s", errStale, ok)
		}
	default:
		return fmt.Errorf("%w: its version is %d, not %d", errStale, version, indexVersion)
	}
	positions, err := loadPositions(ctx, db)
	if err != nil {
		return err
	}
	for _, g := range x.j.snapshot() {
		// The disk may have kept the index and lost the end of a segment.
		if at := positions[g.name.String()]; at > g.committed.Load() {
			return fmt.Errorf("%w: %s is shorter than it was", errStale, g.name)
		}
	}
	x.db, x.positions = db, positions
	x.tally = newTally()
	x.tally.load = func(id string) *tallied { return loadSession(ctx, db, id) }
	return nil
}

// fileURI makes a path into a file: URI.
func fileURI(p string) string {
	return (&url.URL{Scheme: "file", OmitHost: true, Path: p}).String()
}

func loadPositions(ctx context.Context, db *sql.DB) (map[string]int64, error) {
	rows, err := db.QueryContext(ctx, "SELECT name, indexed FROM segments")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	positions := make(map[string]int64)
	for rows.Next() {
		var name string
		var at int64
		if err := rows.Scan(&name, &at); err != nil {
			return nil, err
		}
		positions[name] = at
	}
	return positions, rows.Err()
}

// catchUp reads what was appended since the last time.
func (x *index) catchUp(ctx context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	err := x.open(ctx)
	for _, g := range x.j.snapshot() {
		if err != nil {
			break
		}
		if x.positions[g.name.String()] != g.committed.Load() {
			err = x.follow(ctx, g)
		}
	}
	if err == nil {
		err = x.removeGone(ctx)
	}
	if err != nil {
		// Nothing is kept for an index that cannot be written: it reads then.
		for _, g := range x.j.snapshot() {
			g.takeTold()
		}
	}
	if err != nil && x.db != nil {
		// What was counted and not written must be counted again.
		_ = x.db.Close()
		x.db = nil
		if useless(err) {
			err = errors.Join(err, x.remove(err))
		}
	}
	return err
}

// follow indexes what was appended to a segment: as it was told where that is what
// is missing, otherwise by reading.
func (x *index) follow(ctx context.Context, g *segment) error {
	name := g.name.String()
	told, end := g.takeTold()
	if told == nil || told.from != x.positions[name] {
		return x.read(ctx, g, end)
	}
	return x.write(ctx, name, end, x.take(told))
}

// removeGone forgets segments that somebody removed.
func (x *index) removeGone(ctx context.Context) error {
	if len(x.positions) <= len(x.j.snapshot()) {
		return nil
	}
	there := make(map[string]bool)
	for _, g := range x.j.snapshot() {
		there[g.name.String()] = true
	}
	oldest := ""
	for name := range x.positions {
		if there[name] {
			continue
		}
		if _, err := x.db.ExecContext(ctx, "DELETE FROM blocks WHERE segment = ?", name); err != nil {
			return err
		}
		if _, err := x.db.ExecContext(ctx, "DELETE FROM segments WHERE name = ?", name); err != nil {
			return err
		}
		delete(x.positions, name)
	}
	// A session goes with its last record.
	if err := x.db.QueryRowContext(ctx, "SELECT coalesce(min(first), '9') FROM blocks").Scan(&oldest); err != nil {
		return err
	}
	_, err := x.db.ExecContext(ctx, "DELETE FROM sessions WHERE last < ? AND (ended <> '' OR started < ?)",
		oldest, x.opened.UTC().Format(timeFormat))
	return err
}

// block collects what a row of blocks says.
type block struct {
	id             int64
	start, end     int64
	first          string
	last           []byte
	records        int64
	masked, failed int64
	verdicts       []string
	sessions       []uint32
}

// read indexes a segment from where it was left up to end.
func (x *index) read(ctx context.Context, g *segment, end int64) error {
	name := g.name.String()
	blocks, err := x.scan(ctx, g, x.positions[name], end)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return x.write(ctx, name, end, blocks)
}

// scan counts the records in a part of a segment, and gives it as blocks.
func (x *index) scan(ctx context.Context, g *segment, from, end int64) ([]*block, error) {
	file, err := g.openFile()
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // only read
	var blocks []*block
	current := x.newBlock(from)
	// What this process has written needs no second look at its checksums.
	scan := newLines(file, from, end, g.file != nil)
	for n := 0; ; n++ {
		line, err := scan.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if n%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		h, ok := parseHeader(line)
		if !ok {
			continue
		}
		current.add(h, x.tally.add(h, line))
		current.end = scan.offset + scan.length
		if current.end-current.start >= blockSize {
			blocks = append(blocks, current)
			current = x.newBlock(current.end)
		}
	}
	if current.records > 0 {
		blocks = append(blocks, current)
	}
	return blocks, nil
}

func (x *index) newBlock(start int64) *block {
	x.blockID++
	return &block{id: x.blockID, start: start, end: start}
}

func (b *block) add(h header, s *tallied) {
	b.records++
	if b.records == 1 {
		b.first = string(h.time)
		b.last = append(b.last, h.time...)
	}
	// Time may go back when the clock is set.
	if string(h.time) > string(b.last) {
		copy(b.last, h.time)
	} else if string(h.time) < b.first {
		b.first = string(h.time)
	}
	if s != nil && s.block != b.id {
		s.block = b.id
		b.sessions = append(b.sessions, s.hash)
	}
	var verdict []byte
	if h.kind == KindStatementEnd {
		o, _ := parseEnd(h.rest)
		if o.failed {
			b.failed++
		}
		if o.masked {
			b.masked++
		}
		verdict = o.verdict
	} else {
		verdict = parseVerdict(h.rest)
	}
	for _, v := range b.verdicts {
		if v == string(verdict) {
			return
		}
	}
	if len(verdict) > 0 && len(b.verdicts) < 32 {
		b.verdicts = append(b.verdicts, string(verdict))
	}
}

// write stores blocks and the sessions that changed, in one transaction.
func (x *index) write(ctx context.Context, name string, end int64, blocks []*block) error {
	tx, err := x.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("writing the journal's index: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // nothing after Commit
	insert, err := tx.PrepareContext(ctx, "INSERT OR REPLACE INTO blocks VALUES (?,?,?,?,?,?,?,?,?,?)")
	if err != nil {
		return err
	}
	defer func() { _ = insert.Close() }() // with the transaction at the latest
	for _, b := range blocks {
		slices.Sort(b.sessions)
		blob := make([]byte, 0, 4*len(b.sessions))
		for _, h := range b.sessions {
			blob = binary.LittleEndian.AppendUint32(blob, h)
		}
		if _, err := insert.ExecContext(ctx, name, b.start, b.end-b.start, b.first, string(b.last), b.records,
			b.masked, b.failed, joinVerdicts(b.verdicts), blob); err != nil {
			return err
		}
	}
	if err := x.writeSessions(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO segments VALUES (?,?)", name, end); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	x.positions[name] = end
	// All are on disk; only those that live stay in memory.
	for id, s := range x.tally.sessions {
		s.dirty = false
		if !s.Ended.IsZero() || s.Started.Before(x.opened) {
			delete(x.tally.sessions, id)
		}
	}
	return nil
}
