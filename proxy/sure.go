package proxy

import (
	"maps"
	"slices"
	"strings"

	"github.com/weirgate/weir/policy/statement"
)

// sure are names of relations and functions, these with () behind them, that mean what
// the session's open transaction has made under them, as its texts write them: schema,
// a dot, name.
type sure struct {
	names map[string]struct{}
	// before are those of before the first savepoint: they outlive every ROLLBACK TO.
	before map[string]struct{}
	saved  bool
}

// note adds what a statement makes.
func (s *sure) note(st *statement.Statement) {
	if s.names == nil {
		s.names = make(map[string]struct{})
	}
	s.moves(st)
	if st.Command == statement.CommandDo {
		for i := range st.Inside {
			s.note(&st.Inside[i])
		}
		return
	}
	for i := range st.Objects {
		o := &st.Objects[i]
		behind := ""
		switch {
		case isRelation(o.Kind):
		case o.Kind == statement.KindFunction, o.Kind == statement.KindProcedure, o.Kind == statement.KindAggregate:
			behind = "()"
		default:
			continue
		}
		at := o.Schema + "." + o.Name + behind
		switch {
		case o.Command == statement.CommandDrop:
			delete(s.names, at)
		case o.Command == statement.CommandCreate && len(s.names) < definedKept:
			s.names[at] = struct{}{}
			if o.Temporary {
				s.names["pg_temp."+o.Name] = struct{}{}
			}
		case o.Command == statement.CommandAlter && o.NewName != "":
			if _, ok := s.names[at]; ok {
				s.names[o.Schema+"."+o.NewName+behind] = struct{}{}
			}
		}
	}
}

// moves takes away names that mean something else from now on: with another search path
// those without a schema, after a rollback those that were made since.
func (s *sure) moves(st *statement.Statement) {
	if slices.ContainsFunc(st.Settings, func(g statement.Setting) bool {
		return g.Scope == statement.ScopeSession && (g.Name == "search_path" || g.Name == "role" || g.Name == "session_authorization" || g.Name == "all" || g.Name == "")
	}) {
		unqualified := func(name string, _ struct{}) bool { return strings.HasPrefix(name, ".") }
		maps.DeleteFunc(s.names, unqualified)
		maps.DeleteFunc(s.before, unqualified)
	}
	switch {
	case slices.Contains(st.Commands, statement.CommandSavepoint):
		if !s.saved {
			s.before, s.saved = maps.Clone(s.names), true
		}
	case slices.Contains(st.Commands, statement.CommandRollbackTo) && s.saved:
		s.names = maps.Clone(s.before)
	case undoes(st):
		*s = sure{}
	}
}

// fork gives a copy that can be added to.
func (s *sure) fork() sure {
	return sure{names: maps.Clone(s.names), before: maps.Clone(s.before), saved: s.saved}
}

// knowing gives what says whether the session may name something that the catalog does
// not have. Where masks are judged by a catalog from before the open transaction, others
// may have made a view since that a name means: only what is sure counts then, also of
// what a text itself makes.
func (j *judge) knowing(s *standing, facts *statement.Facts) func(schema, name string) bool {
	if !s.former || !masks(s.rules) {
		return j.knows
	}
	known := j.own.sure.fork()
	for i := range facts.Statements {
		known.note(&facts.Statements[i])
	}
	return func(schema, name string) bool {
		_, ok := known.names[schema+"."+name]
		return ok
	}
}
