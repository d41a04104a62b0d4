package lineage

import (
	"slices"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// trusts says whether the policies of all masks trust a function: then what happens
// inside it counts as nothing.
func (m *Masks) trusts(f *catalog.Function) bool {
	return len(m.trusted) > 0 && !slices.ContainsFunc(m.trusted, func(p trusting) bool { return !p.trusts(f) })
}

// effects gives what happens, as Snapshot.OfFunction and the like do, without what
// happens in trusted functions. except asks for that where it is something.
func (m *Masks) effects(e *catalog.Effects, except func(func(*catalog.Function) bool) *catalog.Effects) *catalog.Effects {
	if e == nil || len(m.trusted) == 0 || !slices.ContainsFunc(e.Functions, m.trusts) {
		return e
	}
	return except(m.trusts)
}

func (m *Masks) ofFunction(oid uint32) *catalog.Effects {
	return m.effects(m.snapshot.OfFunction(oid), func(t func(*catalog.Function) bool) *catalog.Effects { return m.snapshot.OfFunctionExcept(oid, t) })
}

func (m *Masks) ofRead(oid uint32) *catalog.Effects {
	return m.effects(m.snapshot.OfRead(oid), func(t func(*catalog.Function) bool) *catalog.Effects { return m.snapshot.OfReadExcept(oid, t) })
}

func (m *Masks) ofWrite(oid uint32, c statement.Command) *catalog.Effects {
	return m.effects(m.snapshot.OfWrite(oid, c), func(t func(*catalog.Function) bool) *catalog.Effects { return m.snapshot.OfWriteExcept(oid, c, t) })
}
