package proxy

import (
	"errors"
	"slices"
	"strings"

	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// defined is what a session has made by definitions, in the order in which they came:
// what follows is judged with them, in this session alone.
type defined struct {
	// open are of the transaction that is open, lasting are about temporary relations
	// and stay until the session ends.
	open, lasting []*statement.Statement
	full, lost    bool // there were more of the one, or of the other, than are remembered
	// names are those by which statements lead to what was defined; everywhere says that
	// there is something to which any statement may.
	names      map[string]struct{}
	functions  map[string]struct{} // names of functions that were made
	everywhere bool

	extension extension // the last one
}

// extension is a catalog with what was defined.
type extension struct {
	of      *policy.Catalog
	with    []*statement.Statement
	catalog *policy.Catalog
}

// How many definitions are remembered, and how many names.
const (
	definedKept = 5000
	namesAtMost = 50_000
)

// defines says whether something follows from a statement that no catalog shows yet.
func defines(st *statement.Statement) bool {
	if st.Command == statement.CommandDo {
		return slices.ContainsFunc(st.Inside, func(inner statement.Statement) bool { return defines(&inner) })
	}
	return catalog.Makes(st)
}

// follow notes a definition.
func (d *defined) follow(st *statement.Statement, temporary bool) (changed bool) {
	if !defines(st) {
		return false
	}
	if slices.Contains(d.open, st) || slices.Contains(d.lasting, st) {
		return true // again
	}
	switch {
	case temporary && bare(st):
		return false
	case temporary && len(d.lasting) >= definedKept:
		d.lost = true
	case temporary:
		d.lasting = append(slices.Clip(d.lasting), st)
	case len(d.open) >= definedKept:
		d.full = true
	default:
		d.open = append(slices.Clip(d.open), st)
	}
	d.name(st)
	return true
}

// bare says that a temporary table is made of which nothing follows, as sessions do again
// and again.
func bare(st *statement.Statement) bool {
	if slices.ContainsFunc(st.Objects, func(o statement.Object) bool {
		return o.Command != statement.CommandCreate || o.Kind != statement.KindTable && o.Kind != statement.KindSequence
	}) {
		return false
	}
	return slices.Contains(st.Commands, statement.CommandSelect) || len(st.Objects) == len(st.Tables) && len(st.Functions)+len(st.Operators) == 0 &&
		!slices.ContainsFunc(st.Types, func(t statement.Type) bool {
			return t.Column || t.Schema != "pg_catalog" && (t.Schema != "" || !slices.Contains(ownTypes(), t.Name))
		})
}

// name notes what leads to what a statement makes.
func (d *defined) name(st *statement.Statement) {
	if st.Command == statement.CommandDo {
		for i := range st.Inside {
			d.name(&st.Inside[i])
		}
		return
	}
	if d.names == nil {
		d.names, d.functions = make(map[string]struct{}), make(map[string]struct{})
	}
	add := func(name string) {
		if len(d.names) >= namesAtMost {
			d.everywhere = true
		} else if name != "" {
			d.names[name] = struct{}{}
		}
	}
	for i := range st.Objects {
		o := &st.Objects[i]
		if o.Command != statement.CommandCreate && o.Command != statement.CommandAlter {
			continue
		}
		add(o.Name)
		add(o.NewName)
		add(o.Relation)
		switch o.Kind {
		case statement.KindFunction, statement.KindProcedure, statement.KindAggregate:
			d.functions[o.Name] = struct{}{}
			if o.NewName != "" {
				d.functions[o.NewName] = struct{}{}
			}
		case statement.KindTable, statement.KindForeignTable, statement.KindConstraint, statement.KindColumn:
			for k := range st.Tables {
				if t := &st.Tables[k]; t.Referred || slices.Contains(t.Access, statement.AccessWrite) {
					add(t.Name)
				}
			}
		case statement.KindView, statement.KindMaterializedView, statement.KindSequence, statement.KindIndex, statement.KindTrigger, statement.KindRule,
			statement.KindPolicy, statement.KindType, statement.KindDomain:
		default:
			d.everywhere = true
		}
	}
}

// rested forgets what the transaction has made that is over.
func (d *defined) rested() {
	was := *d
	*d = defined{lasting: was.lasting, lost: was.lost}
	if d.lost { // the names of some of them are known alone
		d.names, d.functions, d.everywhere = was.names, was.functions, was.everywhere
	}
	for _, st := range d.lasting {
		d.name(st)
	}
}

// calls says whether a name may be that of a function that the session made.
func (d *defined) calls(name string) bool {
	_, ok := d.functions[name]
	return ok
}

// errTooMany is why a catalog cannot be extended.
var errTooMany = errors.New("this transaction has made more than weir remembers")

// extended gives a catalog with what was defined and with what a text itself defines,
// where one of its statements may lead to something of that. prepared gives what EXECUTE
// runs.
func (d *defined) extended(c *policy.Catalog, facts *statement.Facts, prepared func(string) *statement.Statement) (*policy.Catalog, error) {
	if c == nil {
		return nil, nil
	}
	own := *d
	own.names = nil
	for i := range facts.Statements {
		if st := &facts.Statements[i]; defines(st) && (len(facts.Statements) > 1 || remembers(st)) && !slices.Contains(d.open, st) && !slices.Contains(d.lasting, st) {
			own.open = append(slices.Clip(own.open), st)
			own.name(st)
		}
	}
	if len(own.open)+len(own.lasting) == 0 && !d.full && !d.lost {
		return c, nil
	}
	has := func(name string) bool {
		_, before := d.names[name]
		_, now := own.names[name]
		return before || now
	}
	if !slices.ContainsFunc(facts.Statements, func(st statement.Statement) bool {
		if len(st.Commands) == 1 && slices.Contains(transactions(), st.Command) {
			return false
		}
		run := &st
		if p := st.Prepared; p != nil && p.What == "Execute" {
			run = prepared(p.Name)
		}
		return own.everywhere || run == nil || c.Touches(run, has)
	}) {
		return c, nil
	}
	if d.full || d.lost {
		return nil, errTooMany
	}
	with := slices.Concat(own.lasting, own.open)
	if d.extension.of == c && slices.Equal(d.extension.with, with) {
		return d.extension.catalog, nil
	}
	before, more := c, with
	if e := &d.extension; e.of == c && len(e.with) <= len(with) && slices.Equal(e.with, with[:len(e.with)]) {
		before, more = e.catalog, with[len(e.with):] // a migration adds one after the other
	}
	d.extension = extension{c, with, before.After(more)}
	return d.extension.catalog, nil
}

// remembers says whether a statement may be about what it makes itself: a function may
// call itself, and a DO whatever it has made.
func remembers(st *statement.Statement) bool {
	return st.Command == statement.CommandDo || slices.ContainsFunc(st.Objects, func(o statement.Object) bool {
		return o.Command == statement.CommandCreate && (o.Kind == statement.KindFunction || o.Kind == statement.KindProcedure)
	})
}

// function takes the name of a function out of one with () behind it.
func function(name string) (string, bool) { return strings.CutSuffix(name, "()") }
