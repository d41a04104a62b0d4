package catalog

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/weirgate/weir/policy/catalog"
)

// version is a catalog with what is needed to build the next one on it.
type version struct {
	snapshot *catalog.Snapshot
	marks    *marks
	whole    time.Time // when all of it was read
	grown    int       // bytes that were read of parts since
}

// grownAtMost bounds what is taken over from one catalog to the next, in bytes: beyond
// that all is read anew, so that what bounds one answer bounds a catalog.
const grownAtMost = 64 << 20

// vanishedAtMost is how often a reading that lost what it was reading begins anew.
const vanishedAtMost = 3

// Vanished says whether a question failed with an SQLSTATE by which the server tells
// that something was dropped while it was read: functions such as pg_get_viewdef look
// at what is committed now, whatever their transaction sees. To ask again helps.
func Vanished(code string) bool { return code == "XX000" }

// Reading asks a server for a catalog, question by question: whether it is another
// one than that at hand, and then for what has changed. All must be asked in one
// transaction that sees one moment (ISOLATION LEVEL REPEATABLE READ), which begins
// after the Reading does. It is used once, by one goroutine at a time.
type Reading struct {
	database *Database
	began    time.Time
	base     *version // that it is built on, nil for none
	marks    *marks
	wanted   *wanted // nil for everything
	step     readingStep
	rows     [][][]byte
}

type readingStep uint8

const (
	readingBegin readingStep = iota
	readingMark
	readingRows
	readingDone
)

// Reading begins to ask for the catalog.
func (d *Database) Reading() *Reading {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := &Reading{database: d, began: d.cache.options.Now()}
	if d.last != nil && r.began.Sub(d.last.whole) < d.cache.options.Refresh && d.last.grown < grownAtMost {
		r.base = d.last
	}
	return r
}

// Again begins a Reading anew whose question failed because something had vanished,
// where that may still help; failed is how often it did. nil for no more.
func (r *Reading) Again(failed int) *Reading {
	if failed > vanishedAtMost {
		return nil
	}
	return r.database.Reading()
}

// Began is when the Reading began: the catalog that it gives is not older.
func (r *Reading) Began() time.Time { return r.began }

// Next takes the answer to the last question, nil at first, and gives the next
// question, "" for no more.
func (r *Reading) Next(answer [][][]byte) (question string, err error) {
	a, err := r.next(answer)
	if a == nil {
		return "", err
	}
	return a.plain(), nil
}

// next is Next, nil for no more.
func (r *Reading) next(answer [][][]byte) (*ask, error) {
	var before *marks
	if r.base != nil {
		before = r.base.marks
	}
	switch r.step {
	case readingBegin:
		r.step = readingMark
		a := askMarks("")
		if before != nil {
			a = askMarks(before.seen)
		}
		return &a, nil
	case readingMark:
		var err error
		if r.marks, err = marksOf(answer, before); err != nil {
			return nil, err
		}
		if r.marks == before {
			r.step = readingDone
			return nil, nil
		}
		return r.ask(), nil
	case readingRows:
		r.step, r.rows = readingDone, answer
	case readingDone:
	}
	return nil, nil
}

// last says that no question follows the one that was given.
func (r *Reading) last() bool { return r.step == readingRows }

// ask gives the question for what has changed, nil for none.
func (r *Reading) ask() *ask {
	r.step = readingRows
	if r.base != nil {
		w, whole := r.marks.since(r.base.marks)
		if r.renames(w) {
			r.addNaming(w)
		}
		if !whole && len(w.relations)+len(w.functions) <= rereadAtMost {
			r.wanted = w
		}
	}
	if r.wanted == nil {
		r.base = nil
	} else if r.wanted.none() {
		r.step = readingDone // but what was dropped
		return nil
	}
	a := question(r.wanted)
	return &a
}

// renames says that what was there before may have another name or other columns.
func (r *Reading) renames(w *wanted) bool {
	was := func(marks map[uint32]string) func(uint32) bool {
		return func(oid uint32) bool { _, ok := marks[oid]; return ok }
	}
	return slices.Contains(w.parts, ofTypes) || slices.Contains(w.parts, ofOperators) ||
		slices.ContainsFunc(w.relations, was(r.base.marks.relations)) || slices.ContainsFunc(w.functions, was(r.base.marks.functions))
}

// addNaming adds the functions whose text is made with the names of other objects
// whenever it is asked for: those with a body that is kept as a tree, and those whose
// arguments have types that are not built in.
func (r *Reading) addNaming(w *wanted) {
	all := r.base.snapshot.AllFunctions()
	for i := range all {
		f := &all[i]
		if _, there := r.marks.functions[f.OID]; !there || f.OID < catalog.FirstUser {
			continue
		}
		if f.Body != nil && f.Body.Tree != nil || slices.ContainsFunc(f.Types, func(t uint32) bool { return t >= catalog.FirstUser }) {
			w.functions = append(w.functions, f.OID)
		}
	}
	slices.Sort(w.functions)
	w.functions = slices.Compact(w.functions)
}

// Finish gives the catalog and makes it the current one of its database. bodies
// reads functions' bodies. It is an error where not all was asked and answered.
func (r *Reading) Finish(ctx context.Context, bodies Bodies) (*catalog.Snapshot, error) {
	v, err := r.version(ctx, bodies)
	if err != nil {
		return nil, err
	}
	r.database.publish(v, r.began, nil)
	return v.snapshot, nil
}

// version makes what was read a catalog.
func (r *Reading) version(ctx context.Context, bodies Bodies) (*version, error) {
	if r.step != readingDone {
		return nil, errForm
	}
	if r.base != nil && r.marks.equal(r.base.marks) {
		return &version{snapshot: r.base.snapshot, marks: r.marks, whole: r.base.whole, grown: r.base.grown}, nil
	}
	rows := r.rows
	r.rows = nil
	if r.base == nil {
		s, err := Digest(ctx, rows, r.began, bodies)
		return &version{snapshot: s, marks: r.marks, whole: r.began}, err
	}
	v := &version{marks: r.marks, whole: r.base.whole, grown: r.base.grown}
	for _, row := range rows {
		for _, value := range row {
			v.grown += len(value)
		}
	}
	var err error
	if v.snapshot, err = digest(ctx, r.kept(), rows, bodies); err != nil {
		return nil, fmt.Errorf("reading what has changed of the database's catalog: %w", err)
	}
	return v, nil
}

// kept is what of the catalog at hand still holds.
func (r *Reading) kept() catalog.Data {
	data := r.base.snapshot.Data()
	data.Taken = r.began
	data.Relations = slices.DeleteFunc(data.Relations, func(rel catalog.Relation) bool {
		return gone(rel.OID, r.marks.relations, r.wanted.relations)
	})
	data.Functions = slices.DeleteFunc(data.Functions, func(f catalog.Function) bool {
		return gone(f.OID, r.marks.functions, r.wanted.functions)
	})
	for _, p := range r.wanted.parts {
		switch p {
		case ofTypes:
			data.Types = nil
		case ofOperators:
			data.Operators = nil
		case ofCasts:
			data.Casts = nil
		case ofEventTriggers:
			data.EventTriggers = nil
		}
	}
	return data
}

// gone says that what has an oid was dropped, or was asked for again.
func gone(oid uint32, now map[uint32]string, again []uint32) bool {
	if oid < catalog.FirstUser {
		return false
	}
	if _, ok := now[oid]; !ok {
		return true
	}
	_, asked := slices.BinarySearch(again, oid)
	return asked
}
