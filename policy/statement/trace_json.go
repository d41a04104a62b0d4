package statement

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// A step of a NodePart is one of these letters, and the key behind it.
const (
	StepKey     = 'k' // of an object
	StepElement = 'e' // of an array, whichever
	StepEither  = 'x' // a key of an object or the number of an element
)

// part gives ->, ->>, #> and #>> of something with constants as a NodePart; ok is false
// for all else. What is a part of a part is one NodePart.
func (t *tracer) part(operator string, of Node, by *pg_query.Node) (n Node, ok bool) {
	if of.Kind == NodeNone || of.Kind == NodeConstant {
		return Node{}, false
	}
	var steps []string
	switch operator {
	case "@>":
		return t.contained(of, by)
	case "->", "->>":
		steps, ok = t.key(by)
	case "#>", "#>>":
		steps, ok = t.keys(by)
	}
	if !ok {
		return Node{}, false
	}
	n = Node{Kind: NodePart, Names: append([]string{operator}, steps...), Nodes: []Node{of}}
	if of.Kind == NodePart && (of.Name(0) == "->" || of.Name(0) == "#>") {
		n.Names = append(append([]string{operator}, of.Names[1:]...), steps...)
		n.Nodes = of.Nodes
	}
	return n, true
}

// mostLeaves is how many values a constant may have that @> is told by its paths.
const mostLeaves = 64

// contained gives of @> with a constant on its right the ways to all that is compared;
// ok is false for all else.
func (t *tracer) contained(of Node, by *pg_query.Node) (n Node, ok bool) {
	if cast := by.GetTypeCast(); cast != nil && lastName(cast.GetTypeName().GetNames()) == "jsonb" {
		by = cast.Arg
	}
	if of.Kind == NodeNone || of.Kind == NodeConstant || !isString(t, by) {
		return Node{}, false
	}
	text := t.constants.value(by.GetAConst()).text
	if !strings.HasPrefix(strings.TrimSpace(text), "{") && !strings.HasPrefix(strings.TrimSpace(text), "[") {
		return Node{}, false // an array, a range
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil || d.More() {
		return Node{}, false
	}
	var ways []Node
	var follow func(value any, way []string) bool
	follow = func(value any, way []string) bool {
		if len(ways) > mostLeaves || len(way) > mostLeaves {
			return false
		}
		switch v := value.(type) {
		case map[string]any:
			for key, inner := range v {
				if !follow(inner, append(slices.Clip(way), string(StepKey)+key)) {
					return false
				}
			}
		case []any:
			for _, inner := range v {
				if !follow(inner, way) {
					return false
				}
			}
		}
		ways = append(ways, Node{Kind: NodeConstant, Names: way})
		return true
	}
	if !follow(value, nil) {
		return Node{}, false
	}
	slices.SortFunc(ways, func(a, b Node) int { return slices.Compare(a.Names, b.Names) })
	return Node{Kind: NodePart, Names: []string{"@>"}, Nodes: []Node{of, list(ways)}}, true
}

// key gives the step that a constant on the right of -> is.
func (t *tracer) key(n *pg_query.Node) ([]string, bool) {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_TypeCast:
		if name := lastName(v.TypeCast.GetTypeName().GetNames()); name == "text" && len(v.TypeCast.GetTypeName().GetArrayBounds()) == 0 && isString(t, v.TypeCast.Arg) {
			return t.key(v.TypeCast.Arg)
		}
	case *pg_query.Node_AConst:
		switch got := t.constants.value(v.AConst); got.kind {
		case stringConstant:
			return []string{string(StepKey) + got.text}, true
		case integerConstant:
			return []string{string(StepElement)}, true
		}
	}
	return nil, false
}

// keys gives the steps of a constant on the right of #>.
func (t *tracer) keys(n *pg_query.Node) (steps []string, ok bool) {
	switch v := n.GetNode().(type) {
	case *pg_query.Node_TypeCast:
		if lastName(v.TypeCast.GetTypeName().GetNames()) == "text" && len(v.TypeCast.GetTypeName().GetArrayBounds()) == 1 {
			return t.keys(v.TypeCast.Arg)
		}
	case *pg_query.Node_AArrayExpr:
		for _, e := range v.AArrayExpr.Elements {
			if !isString(t, e) {
				return nil, false
			}
			steps = append(steps, either(t.constants.value(e.GetAConst()).text))
		}
		return steps, len(steps) > 0
	case *pg_query.Node_AConst:
		if !isString(t, n) {
			return nil, false
		}
		inner, open := strings.CutPrefix(t.constants.value(v.AConst).text, "{")
		inner, closed := strings.CutSuffix(inner, "}")
		// What is quoted, nested, blank or NULL is left to what knows nothing of the path.
		if !open || !closed || inner == "" || strings.ContainsAny(inner, "\\\"{} \t\r\n\v\f") {
			return nil, false
		}
		for _, key := range strings.Split(inner, ",") {
			if key == "" || strings.EqualFold(key, "null") {
				return nil, false
			}
			steps = append(steps, either(key))
		}
		return steps, true
	}
	return nil, false
}

// either gives the step of a word of a path: one that is a number may be of an array.
func either(word string) string {
	if strings.Trim(word, "+-0123456789 \t\r\n\v\f") == "" {
		return string(StepEither) + word
	}
	return string(StepKey) + word
}

func isString(t *tracer, n *pg_query.Node) bool {
	return t.constants.kind(n.GetAConst()) == stringConstant
}

// arrayOf gives ARRAY[n].
func arrayOf(n *pg_query.Node) *pg_query.Node {
	return &pg_query.Node{Node: &pg_query.Node_AArrayExpr{AArrayExpr: &pg_query.A_ArrayExpr{Elements: []*pg_query.Node{n}}}}
}
