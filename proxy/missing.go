package proxy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	snapshot "github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// knows says whether the session may name a relation that the catalog does not
// have.
func (j *judge) knows(schema, name string) bool {
	return j.own.knows(name) || j.known[schema+"."+name] || j.known["."+name]
}

// lacks says that the catalog does not have something that a text uses: it was
// made since, and may stand for anything.
func (j *judge) lacks(s *standing, facts *statement.Facts) bool {
	lacks, knows := false, j.knowing(s, facts)
	s.missing(facts, func(schema, name string) { lacks = lacks || !knows(schema, name) })
	return lacks
}

// learn remembers what a text uses and a fresh catalog does not have: it is the
// session's own, or of nobody.
func (j *judge) learn(s *standing, facts *statement.Facts) {
	s.missing(facts, func(schema, name string) { j.note(schema + "." + name) })
}

func (j *judge) note(name string) {
	if j.known == nil || len(j.known) > maxSeen {
		j.known = make(map[string]bool)
	}
	j.known[name] = true
}

// missing gives the relations and functions, these with () behind their name,
// that a text uses and the catalog does not have.
func (s *standing) missing(facts *statement.Facts, yield func(schema, name string)) {
	if s.snapshot == nil {
		return
	}
	for i := range facts.Statements {
		st := &facts.Statements[i]
		for k := range st.Tables {
			t := &st.Tables[k]
			if !s.snapshot.Known(t.Schema, t.Name) && uses(st, t) {
				yield(t.Schema, t.Name)
			}
		}
		for k := range st.Functions {
			f := &st.Functions[k]
			builtIn := (f.Schema == "" || f.Schema == "pg_catalog") && s.snapshot.BuiltIn(f.Name)
			column := f.Schema == "" && f.Arguments == 1 && s.notation(st, f.Name)
			if !builtIn && !column && len(s.snapshot.Functions(f.Schema, f.Name)) == 0 {
				yield(f.Schema, f.Name+"()")
			}
		}
	}
}

// notation says whether what looks like a call with one argument may be a column, or a
// cast to a type.
func (s *standing) notation(st *statement.Statement, name string) bool {
	return len(s.snapshot.TypesNamed("", name)) > 0 || slices.ContainsFunc(st.Tables, func(t statement.Table) bool {
		relations := s.snapshot.Named(t.Schema, t.Name)
		return len(relations) == 0 || slices.ContainsFunc(relations, func(r *snapshot.Relation) bool { _, ok := r.Column(name); return ok })
	})
}

// nowhere gives a function that a refused query calls and that does not exist, "" for
// none: that is what the client is told then, as the server would tell it. Nothing is
// said of what the session may have made and others cannot see yet.
func (j *judge) nowhere(s *standing, facts *statement.Facts, fresh bool) (name string) {
	if s.former || len(facts.Statements) != 1 || j.changing.all || len(j.changing.names) > 0 {
		return ""
	}
	st := &facts.Statements[0]
	if st.Dynamic || slices.ContainsFunc(st.Commands, func(c statement.Command) bool {
		return !slices.Contains([]statement.Command{statement.CommandSelect, statement.CommandInsert, statement.CommandUpdate, statement.CommandDelete}, c)
	}) {
		return ""
	}
	s.missing(facts, func(schema, what string) {
		if function, ok := strings.CutSuffix(what, "()"); ok && name == "" && (fresh || j.knows(schema, what)) {
			name = function
			if schema != "" {
				name = schema + "." + function
			}
		}
	})
	return name
}

// uses says that a statement reads or changes rows of a table, as against one
// that a definition names.
func uses(st *statement.Statement, t *statement.Table) bool {
	return slices.Contains(t.Access, statement.AccessRead) ||
		slices.ContainsFunc(st.Writes, func(w statement.Write) bool { return w.Schema == t.Schema && w.Table == t.Name })
}

// origins looks at relations of a result that the catalog at hand does not have,
// or has with other columns. What the session made itself is its own; otherwise
// the catalog is too old to tell what is masked in them, until one that was confirmed
// since does not have them either.
func (j *judge) origins(s *standing, st *statement.Statement, unknown []uint32) error {
	if len(unknown) == 0 {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.mayOwn(st) {
		return nil
	}
	for _, oid := range unknown {
		if asked, ok := j.seen[oid]; ok {
			if fresh := j.catalog.After(asked); fresh != nil && fresh.Relation(oid) == nil {
				continue
			}
		}
		j.catalog.Invalidate()
		if j.seen == nil || len(j.seen) > maxSeen {
			j.seen = make(map[uint32]time.Time)
		}
		j.seen[oid] = time.Now()
		if s.snapshot != nil && s.snapshot.Relation(oid) != nil {
			return fmt.Errorf("a table or view has columns that weir had not seen yet; they are known from now on")
		}
		return fmt.Errorf("a table or view is new, and weir had not seen it yet; it is known from now on")
	}
	return nil
}

// mayOwn says whether what a statement shows may come from something that the session
// made itself and the catalog does not have. It is called under the lock.
func (j *judge) mayOwn(st *statement.Statement) bool {
	if st == nil || len(st.Tables) == 0 {
		return j.alters
	}
	if j.alters && (len(j.own.altered) > 0 || j.own.loose || j.own.full) {
		return true
	}
	return slices.ContainsFunc(st.Tables, func(t statement.Table) bool { return j.knows(t.Schema, t.Name) })
}
