package proxy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/weirgate/weir/policy"
	snapshot "github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// terms say what an approval of a text is for, besides the text: who may give it by
// which rule, and what the text's names stand for.
func (j *judge) terms(s *standing, v *policy.Verdict, facts *statement.Facts) (terms, meaning string) {
	meaning = j.meaning(s, facts)
	who := append(slices.Clone(v.Approval.Users), "\x00")
	who = append(who, v.Approval.Groups...)
	return strings.Join(append([]string{meaning, v.Policy, v.Rule}, who...), "\x00"), meaning
}

// meaning stands for what the names of a text lead to: a digest of the relations and
// functions that they may mean, of how these are made and what they use, and of what the
// session itself has made by these names. "" where no catalog is at hand.
func (j *judge) meaning(s *standing, facts *statement.Facts) string {
	if s.snapshot == nil || facts == nil {
		return ""
	}
	m := meaning{snapshot: s.snapshot, relations: make(map[uint32]struct{}), functions: make(map[uint32]struct{})}
	for i := range facts.Statements {
		m.statement(&facts.Statements[i])
	}
	var lines []string
	for oid := range m.relations {
		if r := s.snapshot.Relation(oid); r != nil {
			lines = append(lines, fmt.Sprintf("r %d %q %q %c %x %v", r.OID, r.Schema, r.Name, r.Kind, r.Source, triggers(r)))
		}
	}
	for oid := range m.functions {
		if f := s.snapshot.Function(oid); f != nil {
			lines = append(lines, fmt.Sprintf("f %d %q %q %x", f.OID, f.Schema, f.Name, f.Source))
		}
	}
	slices.Sort(lines)
	j.mu.Lock()
	if j.own.concerns(facts) {
		lines = append(lines, "own "+j.made)
	}
	j.mu.Unlock()
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:])
}

// meaning collects the relations and functions that statements lead to.
type meaning struct {
	snapshot             *snapshot.Snapshot
	relations, functions map[uint32]struct{}
}

func (m *meaning) statement(st *statement.Statement) {
	for i := range st.Tables {
		for _, r := range m.snapshot.Named(st.Tables[i].Schema, st.Tables[i].Name) {
			m.relation(r.OID)
		}
	}
	e := m.snapshot.OfStatement(st)
	if e == nil {
		return
	}
	for _, oid := range e.Relations {
		m.relation(oid)
	}
	for i := range e.Writes {
		m.relation(e.Writes[i].Relation)
	}
	for _, f := range e.Functions {
		m.functions[f.OID] = struct{}{}
	}
}

// relation adds a relation, and those that a view is made of.
func (m *meaning) relation(oid uint32) {
	if _, again := m.relations[oid]; again {
		return
	}
	m.relations[oid] = struct{}{}
	r := m.snapshot.Relation(oid)
	if r == nil || r.Query == nil {
		return
	}
	for _, of := range r.Query.Relations {
		m.relation(of)
	}
	for _, f := range r.Query.Calls {
		m.functions[f] = struct{}{}
	}
}

func triggers(r *snapshot.Relation) []uint32 {
	all := make([]uint32, 0, len(r.Fires))
	for i := range r.Fires {
		all = append(all, r.Fires[i].Function)
	}
	slices.SortFunc(all, cmp.Compare)
	return all
}

// concerns says whether a text names what the session has made, or may.
func (o *own) concerns(facts *statement.Facts) bool {
	d := &o.defined
	if o.empty() && len(d.open)+len(d.lasting) == 0 && !d.full && !d.lost {
		return false
	}
	if o.loose || o.full || d.full || d.lost || d.everywhere {
		return true
	}
	named := func(name string) bool {
		_, defined := d.names[name]
		return defined || o.knows(name)
	}
	return slices.ContainsFunc(facts.Statements, func(st statement.Statement) bool {
		return slices.ContainsFunc(st.Tables, func(t statement.Table) bool { return named(t.Name) }) ||
			slices.ContainsFunc(st.Functions, func(f statement.Function) bool { return named(f.Name) || named(f.Name+"()") }) ||
			slices.ContainsFunc(st.Operators, func(p statement.Operator) bool { return named(p.Name) }) ||
			slices.ContainsFunc(st.Types, func(t statement.Type) bool { return named(t.Name) }) ||
			slices.ContainsFunc(st.Columns, func(c statement.Column) bool { return named(c.Name) })
	})
}
