package catalog

import (
	"slices"
	"strings"

	"github.com/weirgate/weir/policy/statement"
)

// statement follows a statement of a function's body.
func (f *follower) statement(fn *Function, st *statement.Statement, via string) {
	f.effects.Statements = append(f.effects.Statements, st)
	for _, c := range st.Commands {
		f.command(c)
	}
	for i := range st.Settings {
		if st.Settings[i].Scope != statement.ScopeFunction { // its own, which end with it
			f.effects.Settings = append(f.effects.Settings, st.Settings[i])
		}
	}
	if st.Dynamic {
		f.hidden(fn, "runs text that is made when it runs", via)
	}
	if st.Prepared != nil && st.Prepared.What == "Execute" {
		f.hidden(fn, "runs a prepared statement", via)
	}
	for i := range st.Tables {
		f.table(st, &st.Tables[i], via)
	}
	for _, r := range f.snapshot.roots(st) {
		f.push(r, via)
	}
	for i := range st.Functions {
		if c := &st.Functions[i]; (c.Schema == "" || c.Schema == "pg_catalog") && f.snapshot.BuiltIn(c.Name) {
			f.builtIn(c.Name, c.Arguments, via)
		}
	}
}

// table notes a relation that a body names, and the columns that it reads of it.
func (f *follower) table(st *statement.Statement, t *statement.Table, via string) {
	for _, r := range f.snapshot.Named(t.Schema, t.Name) {
		if slices.Contains(t.Access, statement.AccessRead) {
			f.relation(r.OID)
			f.columns(st, t, r, via)
		}
		if !slices.Contains(t.Access, statement.AccessWrite) {
			continue
		}
		f.columns(st, t, r, via)
		written := false
		for i := range st.Writes {
			if w := &st.Writes[i]; w.Table == t.Name && w.Schema == t.Schema {
				written = true
				f.change(Change{Relation: r.OID, Command: w.Command, Where: f.snapshot.Where(w), Columns: numbers(r, w.Columns)}, via)
			}
		}
		if !written {
			f.change(Change{Relation: r.OID, Command: touching(st), Where: statement.WhereMissing}, via)
		}
	}
}

// touching gives the command by which a statement without a write of its own
// changes a relation.
func touching(st *statement.Statement) statement.Command {
	for _, c := range []statement.Command{statement.CommandTruncate, statement.CommandCopy} {
		if slices.Contains(st.Commands, c) {
			return c
		}
	}
	return st.Command
}

// numbers gives the numbers of the columns that a write names, nil for all.
func numbers(r *Relation, names []string) []int16 {
	var all []int16
	for _, name := range names {
		c, ok := r.Column(name)
		if !ok {
			return nil
		}
		all = append(all, c.Number)
	}
	return all
}

// columns notes the columns of a relation that a statement may read.
func (f *follower) columns(st *statement.Statement, t *statement.Table, r *Relation, via string) {
	if t.Renames || len(st.Opaque) > 0 || st.Copy != nil && !st.Copy.From && !st.Copy.Query && len(st.Copy.Columns) == 0 {
		f.column(ColumnRef{Relation: r.OID}, via)
		return
	}
	refname := t.Alias
	if refname == "" {
		refname = t.Name
	}
	for i := range st.Columns {
		c := &st.Columns[i]
		if c.Use == statement.UseWrite && !c.Star {
			continue
		}
		if c.Qualifier != "" && c.Qualifier != refname && c.Qualifier != "old" && c.Qualifier != "new" {
			continue
		}
		col, ok := r.Column(c.Name)
		switch {
		case c.Star, !ok && c.Name == refname, !ok && c.Qualifier == refname: // the whole row, or a function of it
			f.column(ColumnRef{Relation: r.OID}, via)
		case ok:
			f.column(ColumnRef{Relation: r.OID, Column: col.Number}, via)
		}
	}
	if cp := st.Copy; cp != nil && !cp.From && cp.Table == t.Name {
		for _, name := range cp.Columns {
			if col, ok := r.Column(name); ok {
				f.column(ColumnRef{Relation: r.OID, Column: col.Number}, via)
			}
		}
	}
}

// OfStatement gives the effects of a statement, beyond what its text names. What the
// text itself reads, writes and calls is not repeated: the functions that it calls
// are in Functions, the relations that it names are in neither Relations nor Reads
// unless something else leads to them again.
func (s *Snapshot) OfStatement(st *statement.Statement) *Effects {
	var e *Effects
	for _, r := range s.roots(st) {
		e = merged(e, s.effects(r))
	}
	return e
}

// OfStatementExcept is OfStatement without what happens inside the functions for
// which trusted says so. It is not remembered: ask only where OfStatement gave such
// a function.
func (s *Snapshot) OfStatementExcept(st *statement.Statement, trusted func(*Function) bool) *Effects {
	f := s.follower()
	f.trusted = trusted
	for _, r := range s.roots(st) {
		f.push(r, "")
	}
	f.run()
	if f.effects.None() {
		return nil
	}
	return f.effects
}

// roots gives the first steps of what a statement leads to.
func (s *Snapshot) roots(st *statement.Statement) []step {
	var all []step
	for i := range st.Tables {
		t := &st.Tables[i]
		for _, r := range s.relations.named(t.Name) {
			if means(t.Schema, r.Schema) {
				all = s.touched(all, st, t, r)
			}
		}
	}
	for i := range st.Functions {
		c := &st.Functions[i]
		for _, f := range s.functions.named(c.Name) {
			// What a definition only names counts as called: it will be.
			if means(c.Schema, f.Schema) && (c.Named || f.Accepts(c.Arguments)) {
				all = append(all, step{stepFunction, f.OID, 0})
			}
		}
	}
	for i := range st.Columns {
		for _, f := range s.functions.named(st.Columns[i].Name) { // a function of a row may be written like its column
			if f.Accepts(1) && len(f.Types) > 0 && s.takesRow(f.Types[0]) {
				all = append(all, step{stepFunction, f.OID, 0})
			}
		}
	}
	for i := range st.Operators {
		o := &st.Operators[i]
		for _, u := range s.operators.named(o.Name) {
			if means(o.Schema, u.Schema) {
				all = append(all, step{stepFunction, u.Function, 0})
			}
		}
	}
	for i := range st.Types {
		all = s.converted(all, st.Types[i].Schema, st.Types[i].Name)
		if element, isArray := strings.CutPrefix(st.Types[i].Name, "_"); isArray { // the name of an array's own type
			all = s.converted(all, st.Types[i].Schema, element)
		}
	}
	for _, oid := range s.every {
		all = append(all, step{stepFunction, oid, 0})
	}
	if slices.ContainsFunc(st.Commands, Defines) && len(s.eventTriggers) > 0 {
		all = append(all, step{stepDefinition, 0, 0})
	}
	return all
}

// converted adds the steps of making a value of a type that the statement names.
func (s *Snapshot) converted(all []step, schema, name string) []step {
	for _, u := range s.types.named(name) {
		if means(schema, u.Schema) {
			all = append(all, step{stepType, u.OID, 0})
		}
	}
	for _, r := range s.relations.named(name) { // a relation's name is that of the type of its rows
		if r.Type == 0 || schema != "" && r.Schema != schema {
			continue
		}
		if len(s.castsOf[r.Type]) > 0 {
			all = append(all, step{stepRead, r.OID, 0})
		}
		if _, ok := s.rows[r.Type]; ok {
			all = append(all, step{stepType, r.Type, 0})
		}
	}
	return all
}

// takesRow says whether an argument of a type can be the row of a relation.
func (s *Snapshot) takesRow(oid uint32) bool {
	switch oid {
	case 2249, 2283, 5077: // record, anyelement, anycompatible
		return true
	}
	t := s.types.find(oid)
	return oid >= FirstUser && (t == nil || t.Kind == 'c')
}

// touched adds the steps of touching a relation that the statement names.
func (s *Snapshot) touched(all []step, st *statement.Statement, t *statement.Table, r *Relation) []step {
	if slices.Contains(t.Access, statement.AccessRead) && !r.quiet {
		all = append(all, step{stepRead, r.OID, 0})
	}
	if !slices.Contains(t.Access, statement.AccessWrite) {
		return all
	}
	written := false
	for i := range st.Writes {
		if w := &st.Writes[i]; w.Table == t.Name && w.Schema == t.Schema {
			written = true
			if !r.inert {
				all = append(all, step{stepWrite, r.OID, eventsOf(w.Command)})
			}
		}
	}
	switch {
	case written || r.inert:
	case st.Command == statement.CommandTruncate, slices.Contains(st.Commands, statement.CommandTruncate):
		// One of the session's own temporary tables is not listed among the commands.
		all = append(all, step{stepWrite, r.OID, OnTruncate})
	case st.Copy != nil && st.Copy.From:
		all = append(all, step{stepWrite, r.OID, OnInsert})
	default:
		all = append(all, step{stepRefresh, r.OID, 0})
	}
	return all
}

// Defines says whether a command changes the schema, so that event triggers may
// fire.
func Defines(c statement.Command) bool {
	switch c {
	case statement.CommandCreate, statement.CommandAlter, statement.CommandDrop, statement.CommandImport,
		statement.CommandComment, statement.CommandSecurityLabel, statement.CommandGrant, statement.CommandRevoke,
		statement.CommandRefresh, statement.CommandReassign, statement.CommandReindex:
		return true
	}
	return false
}
