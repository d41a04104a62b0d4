package lineage

import (
	"fmt"
	"slices"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

func (r *resolver) inserted(n *statement.Node, sc *scope) *entry {
	r.with(n.Node(0), sc)
	target := r.written(n.Node(1))
	columns := n.List(2)
	for i := range columns { // into which element a value is put
		r.assigned(target, columns[i].Name(0), i, true, r.all(columns[i].Nodes, sc))
	}
	source := &entry{}
	if n.Node(3).Kind != statement.NodeNone {
		source = r.query(n.Node(3), sc.inner())
		r.fill(source)
		for i := range source.fields {
			to := ""
			if i < len(columns) {
				to = columns[i].Name(0)
			}
			r.assigned(target, to, i, source.loose, source.fields[i].value)
		}
		if source.loose {
			r.assigned(target, "", 0, true, source.rest)
		}
	}
	sc.items = append(sc.items, visible(target)...)
	if conflict := n.Node(4); conflict.Kind == statement.NodeList {
		excluded, given := r.proposed(target, columns, source)
		r.conflict(conflict, sc, target, excluded, given)
	}
	return r.targets(n.List(5), sc)
}

// proposed gives the row that an INSERT wants to add, as EXCLUDED stands for it: of
// the target's columns, with what is not masked and is put into them. given are those
// that have something put into them. Compared with one that holds any value, a masked
// column becomes known by it.
func (r *resolver) proposed(target *entry, columns []statement.Node, source *entry) (e *entry, given []value) {
	e = r.renamed(target, "excluded", nil)
	r.fill(e)
	e.fields = slices.Clone(e.fields)
	for i := range e.fields {
		from := -1
		if len(columns) == 0 {
			from = i
		}
		for k := range columns {
			if columns[k].Name(0) == e.fields[i].name {
				from = k
			}
		}
		f := &e.fields[i].value
		switch {
		case source.loose, target.loose && len(columns) == 0:
			f.other = true
			given = append(given, *f)
		case from >= 0 && from < len(source.fields):
			v := source.fields[from].value
			f.other = f.other || v.other || !v.tainted() && !v.constant()
			given = append(given, *f)
		}
	}
	return e, given
}

// conflict judges ON CONFLICT. It tells whether the values to be inserted were
// there: in the columns that it names, or in any.
func (r *resolver) conflict(n *statement.Node, around *scope, target, excluded *entry, given []value) {
	asked := around.beside()
	asked.items = append(slices.Clone(around.items), item{entry: excluded, columns: true})
	for i := range n.List(0) {
		r.grouped(r.eval(&n.List(0)[i], around).union(r.eval(&n.List(0)[i], asked)), "ON CONFLICT")
	}
	if len(n.List(0)) == 0 {
		for _, v := range given {
			r.grouped(v, "ON CONFLICT")
		}
	}
	r.predicate(n.Node(1), around, "ON CONFLICT")
	sc := around.beside()
	sc.items = append(slices.Clone(around.items), item{entry: excluded, named: true})
	r.assignments(n.List(2), sc, target)
	r.predicate(n.Node(3), sc, "WHERE")
}

func (r *resolver) updated(n *statement.Node, sc *scope) *entry {
	r.with(n.Node(0), sc)
	target := r.written(n.Node(1))
	sc.items = append(sc.items, visible(target)...)
	r.fromList(n.List(3), sc)
	r.assignments(n.List(2), sc, target)
	r.predicate(n.Node(4), sc, "WHERE")
	return r.targets(n.List(5), sc)
}

func (r *resolver) deleted(n *statement.Node, sc *scope) *entry {
	r.with(n.Node(0), sc)
	sc.items = append(sc.items, visible(r.written(n.Node(1)))...)
	r.fromList(n.List(2), sc)
	r.predicate(n.Node(3), sc, "WHERE")
	return r.targets(n.List(4), sc)
}

func (r *resolver) merged(n *statement.Node, sc *scope) *entry {
	r.with(n.Node(0), sc)
	target := r.written(n.Node(1))
	sc.items = append(sc.items, visible(target)...)
	sc.items = append(sc.items, r.from(n.Node(2), sc)...)
	r.predicate(n.Node(3), sc, "ON")
	for i := range n.List(4) {
		when := &n.List(4)[i]
		r.predicate(when.Node(0), sc, "WHEN")
		r.assignments(when.List(1), sc, target)
	}
	return r.targets(n.List(5), sc)
}

// written gives the entry of the relation that a statement changes, which is one
// even where a common table expression has its name.
func (r *resolver) written(n *statement.Node) *entry {
	e := r.stored(n.Name(0), n.Name(1))
	if alias := n.Node(0).Names; len(alias) > 0 {
		return r.renamed(e, alias[0], alias[1:])
	}
	return e
}

func (r *resolver) assignments(list []statement.Node, sc *scope, target *entry) {
	for i := range list {
		v := r.all(list[i].Nodes, sc)
		if len(list[i].Nodes) == 1 && len(list[i].Names) == 1 {
			v = r.chosen(&list[i].Nodes[0], sc, v)
		}
		for _, name := range list[i].Names {
			r.assigned(target, name, i, list[i].Has(statement.FlagElement), v)
		}
	}
}

// assigned judges that a value is stored in a column: by its name, or where that
// is "" by its place. A masked value may only be stored where it came from.
func (r *resolver) assigned(target *entry, name string, place int, unsure bool, v value) {
	if !v.tainted() || r.failed || r.fires && r.hides(target, name, place, unsure) {
		return
	}
	if !unsure && len(v.derived) == 0 && !target.loose && len(target.relations) > 0 {
		same := true
		for _, rel := range target.relations {
			at := slices.IndexFunc(rel.Columns, func(c catalog.Column) bool { return c.Name == name })
			if name == "" {
				at = place
			}
			if at < 0 || at >= len(rel.Columns) || !r.isCopyOf(v, rel, rel.Columns[at].Number) {
				same = false
				break
			}
		}
		if same {
			return
		}
	}
	var c *column
	v.columns(func(masked *column) bool { c = masked; return false })
	if name == "" {
		name = fmt.Sprintf("number %d", place+1)
	}
	construct := "a value that is stored in column " + name + " of " + target.name
	r.stop(r.refuse(construct, c.name, c.rule, fmt.Sprintf("column %s is masked and cannot be copied into column %s of %s", c.name, name, target.name),
		fmt.Sprintf("Mask %s hides it, and the copy would be without the mask.", c.rule), "Write constants, parameters or values of columns that are not masked."))
}

// isCopyOf says whether a value is that of one column and nothing else.
func (r *resolver) isCopyOf(v value, rel *catalog.Relation, number int16) bool {
	masked := r.relations[rel.OID]
	return masked != nil && len(v.copies) == 1 && v.copies[0] == masked.columns[number]
}
