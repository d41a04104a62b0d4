package journal

import (
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A segment that is written to ends in activeSuffix and has NUL bytes after its
// last record; one that is complete ends in sealedSuffix and has records only.
const (
	activeSuffix = ".active"
	sealedSuffix = ".ndjson"
)

// segmentName is what a segment's file name says, without its suffix.
type segmentName struct {
	shard  int
	number int64 // counts the shard's segments
	start  time.Time
}

const nameTime = "20060102T150405Z"

func (n segmentName) String() string {
	return fmt.Sprintf("s%02d-%08d-%s", n.shard, n.number, n.start.UTC().Format(nameTime))
}

func parseSegmentName(s string) (segmentName, bool) {
	parts := strings.Split(s, "-")
	if len(parts) != 3 || !strings.HasPrefix(parts[0], "s") {
		return segmentName{}, false
	}
	shard, err := strconv.Atoi(parts[0][1:])
	if err != nil || shard < 0 {
		return segmentName{}, false
	}
	number, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || number < 0 {
		return segmentName{}, false
	}
	start, err := time.Parse(nameTime, parts[2])
	if err != nil {
		return segmentName{}, false
	}
	return segmentName{shard, number, start}, true
}

// segment is a file of records. What is not atomic is set before the segment is
// shared and not changed any more, except by the shard that writes it, under
// its lock.
type segment struct {
	name segmentName
	dir  string

	committed atomic.Int64 // bytes of complete records
	sealed    atomic.Bool

	// Of a segment that is written to:
	file  *os.File
	data  []byte   // the mapping
	first int64    // where the record that starts it ends
	owner *shard   // nil for those that an earlier process wrote
	told  *telling // under the owner's lock; nil when the index has to read
}

func (g *segment) path() string {
	if g.sealed.Load() {
		return filepath.Join(g.dir, g.name.String()+sealedSuffix)
	}
	return filepath.Join(g.dir, g.name.String()+activeSuffix)
}

// openFile opens the segment for reading, whether it is sealed meanwhile or
// not: another process may do that.
func (g *segment) openFile() (*os.File, error) {
	base := filepath.Join(g.dir, g.name.String())
	f, err := os.Open(base + activeSuffix)
	if errors.Is(err, os.ErrNotExist) {
		f, err = os.Open(base + sealedSuffix)
	}
	return f, err
}

// lineStart is the beginning of every record. It is written last, in one store,
// so a record that was being written when the process was killed begins with
// NUL bytes.
const lineStart = `{"v"`

// align is what the length of each line is a multiple of, so that lineStart can
// be stored at once.
const align = 4

var (
	crcTable = crc32.MakeTable(crc32.Castagnoli)
	crcStart = crc32.Update(0, crcTable, []byte(lineStart))
)

// crcField precedes the last field's eight digits.
const crcField = `,"crc":"`

// lineEnd is the length of what finish adds at least: the crc and the newline.
const lineEnd = len(crcField) + 8 + len("\"}\n")

// finish adds the checksum, blanks and the newline to a record that was encoded
// with lineStart left out (four NUL bytes in its place).
func finish(rec []byte) []byte {
	crc := crc32.Update(crcStart, crcTable, rec[len(lineStart):])
	rec = append(rec, crcField...)
	for shift := 28; shift >= 0; shift -= 4 {
		rec = append(rec, hexDigits[crc>>shift&15])
	}
	rec = append(rec, '"', '}')
	for (len(rec)+1)%align != 0 {
		rec = append(rec, ' ')
	}
	return append(rec, '\n')
}

// checkLine reports whether line, without its newline, is a whole record.
func checkLine(line []byte) bool {
	line = trimBlanks(line)
	body := len(line) - len(crcField) - len(`00000000"}`)
	if body < len(lineStart) || string(line[:len(lineStart)]) != lineStart ||
		string(line[body:body+len(crcField)]) != crcField || string(line[len(line)-2:]) != `"}` {
		return false
	}
	var want uint32
	for _, c := range line[body+len(crcField) : len(line)-2] {
		d := strings.IndexByte(hexDigits, c)
		if d < 0 {
			return false
		}
		want = want<<4 | uint32(d)
	}
	return crc32.Update(0, crcTable, line[:body]) == want
}

func trimBlanks(line []byte) []byte {
	for len(line) > 0 && line[len(line)-1] == ' ' {
		line = line[:len(line)-1]
	}
	return line
}

// createSegment makes the file of a segment with all its space, and maps it. It
// leaves nothing behind when it fails.
func createSegment(dir string, name segmentName, size int64) (g *segment, err error) {
	g = &segment{name: name, dir: dir}
	f, err := os.OpenFile(g.path(), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(g.path())
		}
	}()
	if err := allocate(f, size); err != nil {
		return nil, fmt.Errorf("allocating %d bytes: %w", size, err)
	}
	data, err := unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mapping the segment: %w", err)
	}
	g.file, g.data = f, data
	return g, nil
}

// allocate reserves the space of the whole file, by writing zeros where the file
// system cannot (EOPNOTSUPP). Elsewhere nothing is written ahead: measured, it
// doubles the processor time of a record, since the memory is touched twice.
func allocate(f *os.File, size int64) error {
	for {
		err := unix.Fallocate(int(f.Fd()), 0, 0, size)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EINTR):
			continue
		case !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.ENOSYS):
			return err
		}
		break
	}
	zeros := make([]byte, 256<<10)
	for at := int64(0); at < size; {
		n, err := f.WriteAt(zeros[:min(int64(len(zeros)), size-at)], at)
		if err != nil {
			return err
		}
		at += int64(n)
	}
	return f.Sync()
}

// warm makes the mapping's pages present, so that the stores of records do not
// fault. It saves no processor time, but who appends does not wait for it.
func (g *segment) warm() {
	const piece = 1 << 20
	for at := 0; at < len(g.data); at += piece {
		// An error (before Linux 5.14) means that they fault.
		if err := unix.Madvise(g.data[at:min(at+piece, len(g.data))], unix.MADV_POPULATE_WRITE); err != nil {
			return
		}
	}
}

// seal ends writing: the file is cut after its last record and renamed. A
// segment without a record, besides the one that starts it, is removed. After a
// failure it can be tried again.
func (g *segment) seal(sync bool) (removed bool, err error) {
	if g.data != nil {
		if err := unix.Munmap(g.data); err != nil {
			return false, fmt.Errorf("unmapping %s: %w", g.path(), err)
		}
		g.data = nil
	}
	if g.committed.Load() <= g.first {
		if err := os.Remove(g.path()); err != nil && !errors.Is(err, os.ErrNotExist) {
			return false, fmt.Errorf("removing an empty segment: %w", err)
		}
		return true, g.file.Close()
	}
	if err := g.file.Truncate(g.committed.Load()); err != nil {
		return false, fmt.Errorf("cutting %s: %w", g.path(), err)
	}
	if sync {
		if err := g.file.Sync(); err != nil {
			return false, fmt.Errorf("writing %s to the disk: %w", g.path(), err)
		}
	}
	return false, g.rename()
}

// release has a sealed segment written to the disk and lets go of the kernel's memory
// for it. Nobody will read most of it soon, and the next segment gets the same memory:
// measured, pages that were just in use cost a third of others, on virtual machines
// less. An error means that the kernel writes it when it sees fit.
func (g *segment) release() {
	fd := int(g.file.Fd())
	if unix.SyncFileRange(fd, 0, 0, unix.SYNC_FILE_RANGE_WAIT_BEFORE|unix.SYNC_FILE_RANGE_WRITE|unix.SYNC_FILE_RANGE_WAIT_AFTER) == nil {
		_ = unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED)
	}
}

func (g *segment) rename() error {
	active, sealed := g.path(), filepath.Join(g.dir, g.name.String()+sealedSuffix)
	if err := os.Rename(active, sealed); err != nil {
		return fmt.Errorf("renaming a complete segment: %w", err)
	}
	g.sealed.Store(true)
	return nil
}

// listSegments reads the folder. The order is by shard, then number.
func listSegments(dir string) ([]*segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("reading the journal's folder: %w", err)
	}
	var all []*segment
	for _, e := range entries {
		base, suffix := e.Name(), filepath.Ext(e.Name())
		if suffix != activeSuffix && suffix != sealedSuffix || !e.Type().IsRegular() {
			continue
		}
		name, ok := parseSegmentName(strings.TrimSuffix(base, suffix))
		if !ok {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // removed meanwhile
		}
		g := &segment{name: name, dir: dir}
		g.sealed.Store(suffix == sealedSuffix)
		g.committed.Store(info.Size())
		all = append(all, g)
	}
	return sortSegments(all), nil
}
