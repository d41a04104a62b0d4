package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"go.yaml.in/yaml/v4"
)

// maxSource is the longest text that is read as documents, in bytes.
const maxSource = 4 << 20

// reader reads the documents of one source. It notes what is wrong and goes on,
// so that everything is reported at once.
type reader struct {
	file  string
	lines []string // of the source, for places inside block texts
	diags *Diagnostics
	// conditions gives the environment that CEL is compiled in.
	conditions func() (*cel.Env, error)
}

// place is where something stands.
type place struct {
	file         string
	line, column int
}

func (r *reader) at(n *yaml.Node) place {
	return place{r.file, n.Line, n.Column}
}

func (r *reader) reportAt(p place, hint, format string, args ...any) {
	*r.diags = append(*r.diags, Diagnostic{File: p.file, Line: p.line, Column: p.column,
		Message: fmt.Sprintf(format, args...), Hint: hint})
}

func (r *reader) report(n *yaml.Node, hint, format string, args ...any) {
	r.reportAt(r.at(n), hint, format, args...)
}

// documents splits a source into the root nodes of its documents.
func (r *reader) documents(data []byte) []*yaml.Node {
	if len(data) > maxSource {
		r.reportAt(place{file: r.file}, "split it", "the file is longer than %d bytes", maxSource)
		return nil
	}
	if line, column, bad := badByte(data); bad {
		r.reportAt(place{r.file, line, column}, "save the file as UTF-8 text", "the text is not valid UTF-8 or holds a control character")
		return nil
	}
	r.lines = strings.Split(string(data), "\n")
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithUniqueKeys(false))
	if err != nil {
		r.reportAt(place{file: r.file}, "", "the file cannot be read: %v", err)
		return nil
	}
	var roots []*yaml.Node
	for {
		var n yaml.Node
		err := loader.Load(&n)
		if errors.Is(err, io.EOF) {
			return roots
		}
		if err != nil {
			r.reportSyntax(err)
			return roots
		}
		root := &n
		if root.Kind == yaml.DocumentNode {
			if len(root.Content) != 1 {
				continue
			}
			root = root.Content[0]
		}
		if root.Kind == 0 || (root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null") {
			continue // nothing between two separators
		}
		roots = append(roots, root)
	}
}

func (r *reader) reportSyntax(err error) {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		r.reportAt(place{file: r.file}, "", "not valid YAML: %v", err)
		return
	}
	message := "not valid YAML: " + load.Message
	if load.ContextMsg != "" {
		message += " " + load.ContextMsg
	}
	r.reportAt(place{r.file, load.Mark.Line, max(load.Mark.Column, 1)}, "", "%s", message)
}

// badByte finds what YAML does not allow in a text, because the YAML reader
// does not tell where it is.
func badByte(data []byte) (line, column int, bad bool) {
	line, column = 1, 1
	for i := 0; i < len(data); {
		c, size := utf8.DecodeRune(data[i:])
		switch {
		case c == utf8.RuneError && size == 1, c < ' ' && c != '\n' && c != '\r' && c != '\t', c == 0x7f:
			return line, column, true
		case c == '\n':
			line, column = line+1, 0
		}
		column++
		i += size
	}
	return 0, 0, false
}

// mapping is a YAML mapping that is being read. Every key that is asked for is
// a known one; close reports those that were not asked for.
type mapping struct {
	r      *reader
	node   *yaml.Node
	what   string // in words, for messages: "a guard"
	known  []string
	keys   map[string]*yaml.Node
	values map[string]*yaml.Node
	broken bool // not a mapping at all: nothing more is said about it
}

// mapping begins to read a node as a mapping.
func (r *reader) mapping(n *yaml.Node, what string) *mapping {
	m := &mapping{r: r, node: n, what: what, keys: map[string]*yaml.Node{}, values: map[string]*yaml.Node{}}
	if n.Kind != yaml.MappingNode || n.ShortTag() != "!!map" {
		r.report(n, "", "%s must be a mapping of keys to values, this is %s", what, kindOf(n))
		m.broken = true
		return m
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str" {
			r.report(key, "write it out in full", "a key must be plain text, this is %s", kindOf(key))
			continue
		}
		if first, ok := m.keys[key.Value]; ok {
			r.report(key, "", "%q was already given in line %d", key.Value, first.Line)
			continue
		}
		m.keys[key.Value], m.values[key.Value] = key, value
	}
	return m
}

// close reports the unknown keys.
func (m *mapping) close() {
	for name, key := range m.keys {
		if !slices.Contains(m.known, name) {
			m.r.report(key, didYouMean(name, m.known), "unknown key %q in %s", name, m.what)
		}
	}
}

// has says whether a key is there, whatever its value.
func (m *mapping) has(key string) bool {
	_, ok := m.values[key]
	return ok
}

// get gives the value of a key that may be missing, nil then.
func (m *mapping) get(key string) *yaml.Node {
	if !slices.Contains(m.known, key) {
		m.known = append(m.known, key)
	}
	return m.values[key]
}

// need is get for a key that must be there.
func (m *mapping) need(key, hint string) *yaml.Node {
	n := m.get(key)
	if n == nil && !m.broken {
		m.r.report(m.node, hint, "%q is missing in %s", key, m.what)
	}
	return n
}

// unavailable knows keys that a later version will have.
func (m *mapping) unavailable(hint string, keys ...string) {
	for _, key := range keys {
		m.get(key)
		if k, ok := m.keys[key]; ok {
			m.r.report(k, hint, "%q in %s is not available in this version", key, m.what)
		}
	}
}

// kindOf names what a node is, for messages.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias, which documents must not have"
	}
	switch n.ShortTag() {
	case "!!str":
		return "text"
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	case "!!null":
		return "empty"
	case "!!merge":
		return "a merge key, which documents must not have"
	case "!!timestamp":
		return "a date"
	}
	return "a value with the tag " + n.ShortTag()
}

// list gives the elements of a list that must not be empty.
func (r *reader) list(n *yaml.Node, what string) []*yaml.Node {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode || n.ShortTag() != "!!seq" {
		r.report(n, "write [value] for a single one", "%s must be a list, this is %s", what, kindOf(n))
		return nil
	}
	if len(n.Content) == 0 {
		r.report(n, "name at least one", "%s is empty", what)
	}
	return n.Content
}

// text gives a scalar text without control characters; ok is false after a
// report.
func (r *reader) text(n *yaml.Node, what string) (string, bool) {
	switch {
	case n == nil:
		return "", false
	case n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str":
		hint := ""
		if n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null" {
			hint = "put it in quotes if it is meant as text"
		}
		r.report(n, hint, "%s must be text, this is %s", what, kindOf(n))
		return "", false
	case n.Value == "":
		r.report(n, "", "%s is empty", what)
		return "", false
	case strings.ContainsFunc(n.Value, func(c rune) bool { return (c < ' ' && c != '\n' && c != '\t') || c == 0x7f }):
		r.report(n, "", "%s must not hold control characters", what)
		return "", false
	}
	return n.Value, true
}
