package lineage

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/mask"
	"github.com/weirgate/weir/policy/pattern"
)

// Masks are the masks of one session: its rules, resolved in one snapshot. They
// do not change and may be shared.
type Masks struct {
	snapshot  *catalog.Snapshot
	relations map[uint32]*relation
	names     map[string][]*relation
	unmatched []string
	redact    *mask.Masker
	null      *mask.Masker
	trusted   []trusting // of each policy that has masks
	bodies    sync.Map   // uint32 → string: why a function's body is not followed
	triggers  sync.Map   // triggerKey → triggerOutcome
	placing   sync.Once
	places    map[string]string // see placed
}

// trusting are the functions that a policy trusts.
type trusting struct {
	policy    string
	functions []pattern.Name
}

func (t trusting) trusts(f *catalog.Function) bool {
	return slices.ContainsFunc(t.functions, func(n pattern.Name) bool {
		return n.FromEnd(1).Match(f.Schema) && n.FromEnd(0).Match(f.Name)
	})
}

// relation is one that has masked columns.
type relation struct {
	*catalog.Relation
	columns map[int16]*column
	names   map[string]*column
}

// sorted gives the masked columns by number.
func (r *relation) sorted() []*column {
	all := slices.Collect(maps.Values(r.columns))
	slices.SortFunc(all, func(a, b *column) int { return cmp.Compare(a.number, b.number) })
	return all
}

// column is a masked column.
type column struct {
	number     int16
	column     string // "email"
	name       string // "public.customers.email"
	rule       string
	masker     *mask.Masker
	predicates Predicates
	aggregates []string // whose results over it are shown
	builtIn    bool     // masked because it shows others, not by a policy's rule
	// computed: its values are answers to questions about masked columns that are more
	// than which are equal, so that what is asked of it asks these.
	computed bool
	blank    bool // and it may be NULL where they are not
	// unknown says why the column cannot be masked, "" if it can: the
	// statement is refused that touches it.
	unknown string
}

// Compile resolves rules in a snapshot. The masks of a table hold for the tables
// that inherit from it and for its partitions; where a parent shows a masked
// column of a child, the parent's is masked too. A view's column that is a copy
// of a masked one is masked alike; one that is computed from masked columns is
// redacted.
func Compile(rules []Rule, snapshot *catalog.Snapshot) (*Masks, error) {
	m := &Masks{snapshot: snapshot, relations: map[uint32]*relation{}, names: map[string][]*relation{}}
	if len(rules) == 0 {
		return m, nil
	}
	if snapshot == nil {
		return nil, fmt.Errorf("masks cannot be resolved: the database's catalog was not read")
	}
	c, err := newCompiler(m)
	if err != nil {
		return nil, err
	}
	for i := range rules {
		if rules[i].Masker == nil {
			return nil, fmt.Errorf("mask %s has no masker", rules[i].String())
		}
		c.match(&rules[i])
		if r := &rules[i]; !slices.ContainsFunc(m.trusted, func(t trusting) bool { return t.policy == r.Policy }) {
			m.trusted = append(m.trusted, trusting{r.Policy, r.Trusted})
		}
	}
	if len(m.relations) == 0 {
		// Nothing of what the rules name exists, so nothing can show it.
		return m, nil
	}
	c.inherit()
	c.doors()
	c.generated()
	c.views()
	m.bodies.Clear() // what was found before all masks were known
	m.triggers.Clear()
	for _, r := range m.relations {
		m.names[r.Name] = append(m.names[r.Name], r)
	}
	return m, nil
}

// Empty says that there is nothing to mask: every statement is free.
func (m *Masks) Empty() bool { return m == nil || len(m.relations) == 0 }

// Unmatched names the rules' patterns that select no column of the database,
// each as "policy/rule: pattern". Mostly these are slips of the pen.
func (m *Masks) Unmatched() []string { return m.unmatched }

// Columns names every masked column with the rule that masks it, sorted.
func (m *Masks) Columns() []string {
	var names []string
	for _, r := range m.relations {
		for _, c := range r.columns {
			if !c.builtIn {
				names = append(names, c.name+" ("+c.rule+")")
			}
		}
	}
	slices.Sort(names)
	return names
}

// compiler fills Masks.
type compiler struct {
	*Masks
	children map[uint32][]uint32
	done     map[uint32]bool // views that were followed
}

func newCompiler(m *Masks) (*compiler, error) {
	redact, err := mask.New(mask.Spec{Type: mask.Redact})
	if err != nil {
		return nil, fmt.Errorf("making a mask for computed columns: %w", err)
	}
	null, err := mask.New(mask.Spec{Type: mask.Null})
	if err != nil {
		return nil, fmt.Errorf("making a mask for statistics: %w", err)
	}
	m.redact, m.null = redact, null
	c := &compiler{Masks: m, children: map[uint32][]uint32{}, done: map[uint32]bool{}}
	all := m.snapshot.Relations()
	for i := range all {
		for _, p := range all[i].Parents {
			c.children[p] = append(c.children[p], all[i].OID)
		}
	}
	return c, nil
}

// match finds the columns that a rule names.
func (c *compiler) match(rule *Rule) {
	all := c.snapshot.Relations()
	for _, p := range rule.Columns {
		found := false
		for i := range all {
			r := &all[i]
			if !p.Schema.Match(r.Schema) || (r.System() && !p.Schema.IsLiteral()) || !p.Table.Match(r.Name) {
				continue
			}
			for _, col := range r.Columns {
				if p.Column.Match(col.Name) {
					found = true
					c.set(r, col, column{rule: rule.String(), masker: rule.Masker, predicates: rule.Predicates, aggregates: rule.Aggregates})
				}
			}
		}
		if !found {
			c.unmatched = append(c.unmatched, rule.String()+": "+p.String())
		}
	}
}

// set masks a column. Of several masks the strictest masker and the strictest
// word on predicates count, and what cannot be masked stays refused. It says
// whether anything changed.
func (c *compiler) set(r *catalog.Relation, col catalog.Column, with column) bool {
	rel := c.relations[r.OID]
	if rel == nil {
		rel = &relation{Relation: r, columns: map[int16]*column{}, names: map[string]*column{}}
		c.relations[r.OID] = rel
	}
	old := rel.columns[col.Number]
	if old == nil {
		with.number, with.column, with.name = col.Number, col.Name, r.Qualified()+"."+col.Name
		rel.columns[col.Number] = &with
		rel.names[col.Name] = &with
		return true
	}
	changed := false
	if joined := mask.Join(old.masker, with.masker); joined != old.masker {
		old.masker, old.rule, changed = joined, with.rule, true
	}
	if with.predicates.rank() > old.predicates.rank() {
		old.predicates, changed = with.predicates, true
	}
	if kept := slices.DeleteFunc(slices.Clone(old.aggregates), func(a string) bool { return !slices.Contains(with.aggregates, a) }); len(kept) < len(old.aggregates) {
		old.aggregates, changed = kept, true
	}
	if with.unknown != "" && old.unknown == "" {
		old.unknown, changed = with.unknown, true
	}
	if with.computed && !old.computed || with.blank && !old.blank {
		old.computed, old.blank, changed = old.computed || with.computed, old.blank || with.blank, true
	}
	return changed
}

// inherit carries masks down to all descendants, by the column's name, and up
// to all ancestors, since a query on those returns the children's rows.
func (c *compiler) inherit() {
	for _, r := range c.sorted() {
		c.walk(r.Relation, func(r *catalog.Relation) []uint32 { return c.children[r.OID] })
	}
	for _, r := range c.sorted() {
		c.walk(r.Relation, func(r *catalog.Relation) []uint32 { return r.Parents })
	}
}

// sorted gives the relations that have masks so far, by oid, so that one policy
// and one catalog always give the same words.
func (c *compiler) sorted() []*relation {
	all := slices.Collect(maps.Values(c.relations))
	slices.SortFunc(all, func(a, b *relation) int { return cmp.Compare(a.OID, b.OID) })
	return all
}

// walk masks the columns of r's relatives that have the names of its own.
func (c *compiler) walk(r *catalog.Relation, next func(*catalog.Relation) []uint32) {
	for _, oid := range next(r) {
		relative := c.snapshot.Relation(oid)
		if relative == nil {
			continue
		}
		changed := false
		for _, with := range c.relations[r.OID].sorted() {
			if col, ok := relative.Column(with.column); ok {
				changed = c.set(relative, col, *with) || changed
			}
		}
		if changed {
			c.walk(relative, next)
		}
	}
}
