package journal

import (
	"fmt"
	"log/slog"
	"runtime"
	"time"
)

// Sync says when records are forced from the kernel's memory to the disk. A
// killed process loses nothing either way; a power failure may.
type Sync string

// The kinds of Sync.
const (
	SyncNone     Sync = "None"     // the kernel writes when it sees fit, usually within 30 s, a full segment at once
	SyncInterval Sync = "Interval" // Options.SyncEvery at the latest
)

// Options are the settings of a journal. The zero value has the defaults.
type Options struct {
	// SegmentSize is the size in bytes of each segment, allocated before it
	// is used. Default 16 MiB; at least MinimumSegment(o).
	SegmentSize int64
	// Shards is the number of segments written at once; sessions are spread
	// over them so that they do not wait for each other. Default twice the
	// processors, at least 4, at most 16. A shard that no session uses costs
	// nothing.
	Shards int
	// Sync and SyncEvery: see Sync. Defaults None and 1 s.
	Sync      Sync
	SyncEvery time.Duration
	// Retention is how long a segment is kept after its last record; 0 keeps
	// all.
	Retention time.Duration
	// MaxAge is when a segment is sealed though it is not full, so that
	// Retention finds it. Default 24 h.
	MaxAge time.Duration
	// MinFree is how many bytes of the file system must stay free; below, no
	// statement is accepted. Default 0: only a full disk refuses.
	MinFree int64
	// CheckEvery is how often free space, the folder and the segments are
	// looked at. Default 1 s.
	CheckEvery time.Duration
	// MaxText, MaxParameters and MaxResult cap, in bytes as encoded, what a
	// record keeps of a statement's text, its parameters, and its rows.
	// Defaults 64 KiB, 16 KiB and 64 KiB.
	MaxText       int
	MaxParameters int
	MaxResult     int
	// WithoutIndex leaves the index out; queries then read the segments.
	WithoutIndex bool
	// IndexEvery is how often the index is brought up to date when nobody
	// asks. Default 5 s.
	IndexEvery time.Duration
	// Logger gets what the operator may want to know; nil discards.
	Logger *slog.Logger
}

// fixedRoom bounds everything in a record that is not text, parameters or rows:
// identity, names of rules and columns, messages. Each part has its own cap.
const fixedRoom = 96 << 10

// MinimumSegment is the smallest SegmentSize that holds the largest record that
// o allows, twice.
func MinimumSegment(o Options) int64 {
	o = o.withDefaults()
	return 2 * int64(o.MaxText+o.MaxParameters+o.MaxResult+fixedRoom)
}

// RoomForText is the MaxText with which texts of so many bytes are recorded whole,
// whatever characters they have, or the largest that segments of a size have room for,
// beside the other defaults. What stands beyond it would be on record as a hash only,
// and a client chooses what stands where.
func RoomForText(segment int64, text int) int {
	least := MinimumSegment(Options{})
	room := int64(Options{}.withDefaults().MaxText) + max(0, segment-least)/2
	const longest = 6 // the form of a control character, in JSON
	return int(min(room, int64(longest*text+2)))
}

func (o Options) withDefaults() Options {
	set := func(v *int, to int) {
		if *v == 0 {
			*v = to
		}
	}
	setTime := func(v *time.Duration, to time.Duration) {
		if *v == 0 {
			*v = to
		}
	}
	if o.SegmentSize == 0 {
		o.SegmentSize = 16 << 20
	}
	set(&o.Shards, min(16, max(4, 2*runtime.GOMAXPROCS(0))))
	set(&o.MaxText, 64<<10)
	set(&o.MaxParameters, 16<<10)
	set(&o.MaxResult, 64<<10)
	setTime(&o.SyncEvery, time.Second)
	setTime(&o.MaxAge, 24*time.Hour)
	setTime(&o.CheckEvery, time.Second)
	setTime(&o.IndexEvery, 5*time.Second)
	if o.Sync == "" {
		o.Sync = SyncNone
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func (o Options) validate() error {
	if least := MinimumSegment(o); o.SegmentSize < least {
		return fmt.Errorf("a segment of %d bytes is too small for the largest record: it needs %d", o.SegmentSize, least)
	}
	if o.SegmentSize > 1<<30 {
		return fmt.Errorf("a segment of %d bytes is too large: at most 1 GiB", o.SegmentSize)
	}
	if o.Shards < 1 || o.Shards > 64 {
		return fmt.Errorf("%d shards: from 1 to 64 are possible", o.Shards)
	}
	if o.Sync != SyncNone && o.Sync != SyncInterval {
		return fmt.Errorf("sync %q: None or Interval are possible", o.Sync)
	}
	for _, v := range []int{o.MaxText, o.MaxParameters, o.MaxResult} {
		if v < 64 {
			return fmt.Errorf("a limit of %d bytes is too small: at least 64", v)
		}
	}
	if o.MinFree < 0 || o.Retention < 0 || o.MaxAge < 0 || o.CheckEvery < 0 || o.IndexEvery < 0 || o.SyncEvery < 0 {
		return fmt.Errorf("a negative size or duration")
	}
	return nil
}
