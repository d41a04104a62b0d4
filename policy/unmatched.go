package policy

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/function"
	"github.com/weirgate/weir/policy/pattern"
)

// Cataloged is a database whose catalog is known.
type Cataloged struct {
	Database string // name of the Database document
	Name     string // the database's own name
	Snapshot *catalog.Snapshot
}

// Unmatched is a pattern of a mask or a guard that selects nothing: a slip of the pen,
// or a name of something that is yet to be made.
type Unmatched struct {
	Policy, Rule string
	Field        string // columns, tables, functions
	Pattern      string
	Databases    []Cataloged // that were looked at
	Unknown      []string    // Database documents of the policy of which no catalog is known
	Nearest      []string    // names that exist and are like it, the most alike first
}

// Unmatched finds the patterns of a bundle's own rules that match nothing in any of the
// databases that the rule's policy is about. Where no catalog of a policy's databases is
// known, nothing is said of it. Guards of packs are left out: they are about what may be.
func (b *Bundle) Unmatched(databases []Cataloged) []Unmatched {
	var all []Unmatched
	packs := sync.OnceValue(packFunctions)
	for _, p := range b.policies {
		var of []Cataloged
		for _, d := range databases {
			if p.selects(d.Database) && d.Snapshot != nil {
				of = append(of, d)
			}
		}
		if len(of) == 0 {
			continue
		}
		var unknown []string
		for _, d := range b.databases {
			if p.selects(d.Name) && !slices.ContainsFunc(of, func(c Cataloged) bool { return c.Database == d.Name }) {
				unknown = append(unknown, d.Name)
			}
		}
		look := func(rule, field string, mask bool, names []pattern.Name) {
			for _, n := range names {
				s := search{pattern: n, field: field, mask: mask, packs: packs}
				if slices.ContainsFunc(of, func(d Cataloged) bool { return s.finds(d.Snapshot) }) {
					continue
				}
				all = append(all, Unmatched{Policy: p.Name, Rule: rule, Field: field, Pattern: n.String(), Databases: of, Unknown: unknown, Nearest: s.nearest(of)})
			}
		}
		for _, m := range p.Masks {
			look(m.Name, fieldColumns, true, m.Columns)
		}
		for _, g := range p.Guards {
			if g.Pack != "" {
				continue
			}
			look(g.Name, fieldColumns, false, g.Match.Columns)
			look(g.Name, fieldTables, false, g.Match.Tables)
			look(g.Name, fieldFunctions, false, g.Match.Functions)
		}
	}
	return all
}

// The fields that hold patterns of names of the database.
const (
	fieldColumns   = "columns"
	fieldTables    = "tables"
	fieldFunctions = "functions"
)

// search looks for what a pattern matches.
type search struct {
	pattern pattern.Name
	field   string
	mask    bool // of a mask: PostgreSQL's own schemas match only by their name
	packs   func() []pattern.Glob
}

// each gives what there is of the kind that the pattern is about, as the parts of its
// name, the last one first, until yield says that it is enough.
func (s *search) each(snap *catalog.Snapshot, yield func(parts []string) bool) {
	if s.field == fieldFunctions {
		for _, f := range snap.AllFunctions() {
			if !yield([]string{f.Name, f.Schema}) {
				return
			}
		}
		for name := range snap.BuiltInNames() {
			if !yield([]string{name, "pg_catalog"}) {
				return
			}
		}
		return
	}
	all := snap.Relations()
	for i := range all {
		r := &all[i]
		if s.field == fieldTables {
			if !yield([]string{r.Name, r.Schema}) {
				return
			}
			continue
		}
		if s.mask && r.System() && !s.pattern.FromEnd(2).IsLiteral() {
			continue
		}
		for k := range r.Columns {
			if !yield([]string{r.Columns[k].Name, r.Name, r.Schema}) {
				return
			}
		}
	}
}

func (s *search) finds(snap *catalog.Snapshot) bool {
	if s.known() {
		return true
	}
	found := false
	s.each(snap, func(parts []string) bool {
		found = true
		for i, part := range parts {
			found = found && s.pattern.FromEnd(i).Match(part)
		}
		return !found
	})
	return found
}

// known says that the pattern is about what weir itself has a name for, wherever it is: a
// function of an extension that may be installed, a column that every table has.
func (s *search) known() bool {
	last := s.pattern.FromEnd(0)
	switch s.field {
	case fieldFunctions:
		return slices.ContainsFunc(function.Names(), last.Match) ||
			slices.ContainsFunc(s.packs(), func(g pattern.Glob) bool { return g.Match(last.String()) })
	case fieldColumns:
		return !s.mask && slices.ContainsFunc([]string{"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"}, last.Match)
	}
	return false
}

// packFunctions are the names by which the built-in packs know functions.
func packFunctions() []pattern.Glob {
	var all []pattern.Glob
	r := &reader{diags: &Diagnostics{}, conditions: sync.OnceValues(newConditions)}
	for _, pack := range Packs() {
		for _, g := range r.pack(pack) {
			for _, f := range g.Match.Functions {
				all = append(all, f.FromEnd(0))
			}
		}
	}
	return all
}

// nearest gives the names that are most like the pattern.
func (s *search) nearest(of []Cataloged) []string {
	const most = 3
	type near struct {
		name string
		cost int
	}
	var best []near
	seen := make([]map[string]int, 3) // what a part costs, by its place
	for i := range seen {
		seen[i] = map[string]int{}
	}
	for _, d := range of {
		s.each(d.Snapshot, func(parts []string) bool {
			if catalog.SystemSchema(parts[len(parts)-1]) && s.pattern.Len() < len(parts) {
				return true
			}
			total := 0
			for i, part := range parts {
				cost, ok := seen[i][part]
				if !ok {
					cost = unlike(s.pattern.FromEnd(i), part)
					seen[i][part] = cost
				}
				if total += cost; total >= tooUnlike {
					return true
				}
			}
			if len(best) == most && total >= best[most-1].cost {
				return true
			}
			slices.Reverse(parts)
			name := strings.Join(parts, ".")
			if slices.ContainsFunc(best, func(n near) bool { return n.name == name }) {
				return true
			}
			best = append(best, near{name, total})
			slices.SortStableFunc(best, func(a, b near) int {
				return cmp.Or(cmp.Compare(a.cost, b.cost), strings.Compare(a.name, b.name))
			})
			best = best[:min(len(best), most)]
			return true
		})
	}
	var names []string
	for _, n := range best {
		if n.cost <= best[0].cost+1 || best[0].cost >= another {
			names = append(names, n.name)
		}
	}
	return names
}

// What a part costs that is another name altogether, and the cost of names that are no
// suggestion any more.
const (
	another   = 60
	tooUnlike = 100
)

// unlike is what a name differs from a part of a pattern, 0 for nothing. Another case, and
// wildcards that stand in quotes, are likely slips; a schema or table of another name
// altogether may be one as well, when the rest fits.
func unlike(g pattern.Glob, name string) int {
	if g.Match(name) {
		return 0
	}
	said, is := strings.ToLower(g.String()), strings.ToLower(name)
	if folded, err := pattern.NewGlob(said); err == nil && folded.Match(is) {
		return 1
	}
	longest := max(len(said), len(is))
	if d := editDistance(said, is); d <= max(1, longest/3) {
		return 2 * d
	}
	if strings.Contains(is, said) || strings.Contains(said, is) {
		return 20
	}
	return another
}
