package statement

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// facts parses a text that must parse, through the form on the pipe.
func facts(t *testing.T, text string) *Facts {
	t.Helper()
	if err := Scan(text, DefaultLimits()); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	parsed, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	decoded, err := Decode(Encode(nil, parsed))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return decoded
}

func only(t *testing.T, text string) *Statement {
	t.Helper()
	f := facts(t, text)
	if len(f.Statements) != 1 {
		t.Fatalf("%s: %d statements", text, len(f.Statements))
	}
	return &f.Statements[0]
}

func commands(s *Statement) string {
	words := make([]string, 0, len(s.Commands))
	for _, c := range s.Commands {
		words = append(words, string(c))
	}
	return strings.Join(words, " ")
}

// tables writes every table as schema.name=alias:RW, those of the outermost FROM
// with a star.
func tables(s *Statement) string {
	words := make([]string, 0, len(s.Tables))
	for _, t := range s.Tables {
		w := t.Name
		if t.Schema != "" {
			w = t.Schema + "." + w
		}
		if t.Alias != "" {
			w += "=" + t.Alias
		}
		if t.Renames {
			w += "()"
		}
		w += ":"
		for _, a := range t.Access {
			w += string(a[:1])
		}
		if t.Top {
			w += "*"
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

func columnName(schema, qualifier, name string, star bool) string {
	if star {
		name = "*"
	}
	for _, q := range []string{qualifier, schema} {
		if q != "" {
			name = q + "." + name
		}
	}
	return name
}

// columns writes every column as name:Use, in the order in which they were met.
func columns(s *Statement) string {
	words := make([]string, 0, len(s.Columns))
	for _, c := range s.Columns {
		words = append(words, fmt.Sprintf("%s:%s", columnName(c.Schema, c.Qualifier, c.Name, c.Star), c.Use))
	}
	return strings.Join(words, " ")
}

// outputs writes every output: its column where it is one, and its label.
func outputs(s *Statement) string {
	words := make([]string, 0, len(s.Outputs))
	for _, o := range s.Outputs {
		w := columnName(o.Schema, o.Qualifier, o.Name, o.Star)
		if !o.Direct {
			w = "(" + w + ")"
		}
		if o.Label != "" {
			w += " as " + o.Label
		}
		words = append(words, w)
	}
	return strings.Join(words, ", ")
}

func functions(s *Statement) string {
	words := make([]string, 0, len(s.Functions))
	for _, f := range s.Functions {
		w := fmt.Sprintf("%s/%d", f.Name, f.Arguments)
		if f.Schema != "" {
			w = f.Schema + "." + w
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

func writes(s *Statement) string {
	words := make([]string, 0, len(s.Writes))
	for _, w := range s.Writes {
		words = append(words, fmt.Sprintf("%s %s(%s) %s", w.Command, w.Table, strings.Join(w.Columns, ","), w.Where))
	}
	return strings.Join(words, "; ")
}

// sameWords compares two lists as sets.
func sameWords(a, b string) bool {
	set := func(s string) []string {
		words := strings.Fields(s)
		slices.Sort(words)
		return slices.Compact(words)
	}
	return slices.Equal(set(a), set(b))
}
