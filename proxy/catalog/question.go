package catalog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// wanted is what is asked for of a catalog. nil is all of it.
type wanted struct {
	relations []uint32 // by oid, with all that belongs to them
	functions []uint32
	parts     []part // of which everything is asked for
}

// none says that nothing is wanted.
func (w *wanted) none() bool {
	return w != nil && len(w.relations)+len(w.functions)+len(w.parts) == 0
}

// question gives the statement that asks for what is wanted. What is asked for after most
// changes is worth keeping prepared.
func question(w *wanted) ask {
	relations, functions := "TRUE", "TRUE"
	var a ask
	if w != nil {
		if len(w.parts) == 0 {
			a.kept = "changed"
		}
		relations, functions = a.listed(w.relations), a.listed(w.functions)
	}
	var q strings.Builder
	for _, s := range sections() {
		switch {
		case s.of == always, w == nil, s.of == ofRelations && len(w.relations) > 0, s.of == ofFunctions && len(w.functions) > 0,
			slices.Contains(w.parts, s.of):
		default:
			continue
		}
		if q.Len() > 0 {
			q.WriteString("\nUNION ALL")
		}
		q.WriteString(filled(filled(s.text, "RELATION(", relations), "FUNCTION(", functions))
	}
	a.text = q.String()
	return a
}

// listed gives the condition that an oid is in a list, to follow the oid. An empty list
// is asked for nothing.
func (a *ask) listed(oids []uint32) string {
	if len(oids) == 0 {
		return "TRUE"
	}
	b := []byte{'{'}
	for i, oid := range oids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(oid), 10)
	}
	a.values = append(a.values, value{string(append(b, '}')), "pg_catalog.oid[]"})
	return fmt.Sprintf("OPERATOR(pg_catalog.=) ANY ($%d)", len(a.values))
}

// filled puts a condition in the place of those that a text has a token for: TRUE as it
// is, another one behind what stands in the token's parentheses.
func filled(text, token, condition string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, token)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		argument, rest, _ := strings.Cut(after, ")")
		if condition != "TRUE" {
			b.WriteString(argument + " ")
		}
		b.WriteString(condition)
		text = rest
	}
}
