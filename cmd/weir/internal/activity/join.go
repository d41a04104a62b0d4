package activity

import (
	"slices"

	"github.com/weirgate/weir/proxy/journal"
)

// Entry is what one line is about: a statement with what is known of it, or
// something else that happened.
type Entry struct {
	// First is the record that the entry began with: the statement's begin,
	// its refusal, its hold, or an event.
	First *journal.Record
	// End is the statement's end, nil when it was refused, runs still, or was
	// running when the journal ends.
	End *journal.Record
}

// Statement says whether the entry is about a statement of a client.
func (e Entry) Statement() bool {
	return e.First.Kind == journal.KindStatementBegin || e.First.Kind == journal.KindStatementDenied || e.First.Kind == journal.KindStatementHeld
}

// maxRunning bounds the statements whose end is waited for. Beyond it the oldest
// are given without their end.
const maxRunning = 100000

type key struct {
	session string
	seq     uint64
}

// Joiner brings the two records of a statement together. It gives an entry when
// the statement has ended, so the order is that of the ends.
type Joiner struct {
	running map[key]*journal.Record
	order   []key
}

// NewJoiner returns an empty joiner.
func NewJoiner() *Joiner { return &Joiner{running: make(map[key]*journal.Record)} }

// Add takes a record, in the order of the journal, and gives the entries that it
// completes.
func (j *Joiner) Add(r *journal.Record) []Entry {
	switch r.Kind {
	case journal.KindStatementBegin:
		k := key{r.Session, r.Seq}
		j.running[k] = r
		j.order = append(j.order, k)
		return j.overflow()
	case journal.KindStatementEnd:
		k := key{r.Session, r.Statement}
		begin := j.running[k]
		if begin == nil {
			return nil // it began before what is looked at
		}
		delete(j.running, k)
		return []Entry{{First: begin, End: r}}
	case journal.KindSessionEnd:
		return append(j.ended(r.Session), Entry{First: r})
	}
	return []Entry{{First: r}}
}

// Rest gives the statements that have no end.
func (j *Joiner) Rest() []Entry {
	var rest []Entry
	for _, k := range j.order {
		if begin := j.running[k]; begin != nil {
			rest = append(rest, Entry{First: begin})
		}
	}
	clear(j.running)
	j.order = nil
	return rest
}

// ended gives the statements of a session that is over.
func (j *Joiner) ended(session string) []Entry {
	var rest []Entry
	for k, begin := range j.running {
		if k.session == session {
			rest = append(rest, Entry{First: begin})
			delete(j.running, k)
		}
	}
	slices.SortFunc(rest, func(a, b Entry) int { return int(a.First.Seq) - int(b.First.Seq) })
	return rest
}

// overflow keeps what is waited for within bounds. A tenth is given up at a time,
// so that going through the list is paid for by the records that made it long.
func (j *Joiner) overflow() []Entry {
	if len(j.order) < 2*maxRunning && len(j.running) <= maxRunning {
		return nil
	}
	keep := maxRunning
	if len(j.running) > maxRunning {
		keep = maxRunning - maxRunning/10
	}
	var out []Entry
	kept := j.order[:0]
	for _, k := range j.order {
		begin := j.running[k]
		switch {
		case begin == nil:
		case len(j.running) > keep:
			out = append(out, Entry{First: begin})
			delete(j.running, k)
		default:
			kept = append(kept, k)
		}
	}
	j.order = kept
	return out
}
