package catalog

import (
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

// question gives the statement that asks for what is wanted.
func question(w *wanted) string {
	relations, functions := "TRUE", "TRUE"
	if w != nil {
		relations, functions = listed(w.relations), listed(w.functions)
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
	return q.String()
}

// listed is the condition that an oid is in a list, to follow the oid.
func listed(oids []uint32) string {
	b := []byte("OPERATOR(pg_catalog.=) ANY ('{")
	for i, oid := range oids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(oid), 10)
	}
	return string(append(b, "}'::pg_catalog.oid[])"...))
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
