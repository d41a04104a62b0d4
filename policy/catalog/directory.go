package catalog

import (
	"maps"
	"slices"
)

// directory finds things of one kind by their oid and by their name. What it was made of
// does not change; one that was extended has others besides and in their place, and
// shares the rest, so that extending it costs by what changes and not by what there is.
type directory[T any] struct {
	id    func(*T) (oid uint32, name string)
	all   []T
	oids  []uint32        // of all, ascending
	names map[string][]*T // in all

	over map[uint32]*T       // in the place of those in all, or besides
	also map[string][]uint32 // the names of what is besides, where it has one
}

// newDirectory makes a directory of a list by oid, which it takes over.
func newDirectory[T any](all []T, id func(*T) (uint32, string)) directory[T] {
	d := directory[T]{id: id, all: all, oids: make([]uint32, len(all)), names: make(map[string][]*T, len(all))}
	places := make([]*T, len(all)) // most names are those of one thing
	for i := range all {
		oid, name := id(&all[i])
		d.oids[i] = oid
		if had, ok := d.names[name]; ok {
			d.names[name] = append(had, &all[i])
			continue
		}
		places[i] = &all[i]
		d.names[name] = places[i : i+1 : i+1]
	}
	return d
}

// find gives the one with an oid, nil if there is none.
func (d *directory[T]) find(oid uint32) *T {
	if t, ok := d.over[oid]; ok {
		return t
	}
	i, ok := slices.BinarySearch(d.oids, oid)
	if !ok {
		return nil
	}
	return &d.all[i]
}

func (d *directory[T]) oid(t *T) uint32 {
	oid, _ := d.id(t)
	return oid
}

// named gives those of a name, by oid, what is besides last. The list must not be
// changed.
func (d *directory[T]) named(name string) []*T {
	list := slices.Clip(d.names[name])
	if len(d.over) == 0 {
		return list
	}
	besides := d.also[name]
	if len(besides) == 0 && !slices.ContainsFunc(list, func(t *T) bool { return d.over[d.oid(t)] != nil }) {
		return list
	}
	both := make([]*T, 0, len(list)+len(besides))
	for _, t := range list {
		both = append(both, d.find(d.oid(t)))
	}
	for _, oid := range besides {
		both = append(both, d.over[oid])
	}
	return both
}

// list gives all by oid. It must not be changed.
func (d *directory[T]) list() []T {
	if len(d.over) == 0 {
		return d.all
	}
	all := slices.Clone(d.all)
	oids := slices.Sorted(maps.Keys(d.over))
	for _, oid := range oids {
		if i, ok := slices.BinarySearch(d.oids, oid); ok {
			all[i] = *d.over[oid]
		}
	}
	for _, oid := range oids { // above all others
		if _, ok := slices.BinarySearch(d.oids, oid); !ok {
			all = append(all, *d.over[oid])
		}
	}
	return all
}

// extended gives a directory that can be changed without changing d.
func (d *directory[T]) extended() directory[T] {
	e := *d
	e.over, e.also = map[uint32]*T{}, map[string][]uint32{}
	maps.Copy(e.over, d.over)
	maps.Copy(e.also, d.also)
	return e
}

// edit gives one to be changed, in the place of the one that there was. Only one that was
// extended can be.
func (d *directory[T]) edit(oid uint32) *T {
	t := *d.find(oid)
	d.over[oid] = &t
	return &t
}

// add adds one. What is not to be called is found by its oid alone.
func (d *directory[T]) add(t T, called bool) {
	oid, name := d.id(&t)
	d.over[oid] = &t
	if called {
		d.also[name] = append(slices.Clip(d.also[name]), oid)
	}
}

// relatives are the oids that belong to an oid, with those that were added.
type relatives struct{ all, added map[uint32][]uint32 }

func (r *relatives) of(oid uint32) []uint32 {
	if len(r.added) == 0 || len(r.added[oid]) == 0 {
		return r.all[oid]
	}
	return slices.Concat(r.all[oid], r.added[oid])
}

func (r *relatives) extended() relatives {
	e := relatives{all: r.all, added: map[uint32][]uint32{}}
	maps.Copy(e.added, r.added)
	return e
}

func (r *relatives) add(oid, other uint32) {
	r.added[oid] = append(slices.Clip(r.added[oid]), other)
}
