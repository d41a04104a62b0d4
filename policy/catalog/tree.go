package catalog

import (
	"fmt"
	"slices"

	"github.com/weirgate/weir/policy/statement"
)

// The kinds of command of a query (CmdType in nodes/nodes.h). What is not a query
// of its own has a statement besides and is not told by its number, which MERGE
// has moved.
const (
	commandUpdate = 2
	commandInsert = 3
	commandDelete = 4
	commandMerge  = 5
)

// ParseExpression reads an expression that belongs to a relation: a default, a
// check, an index, a policy, a trigger's condition. Its variables are the
// relation's columns (OLD and NEW likewise). relation is 0 for one that belongs to
// none, like a domain's check.
func ParseExpression(relation uint32, text string) (*Definition, error) {
	tree, err := parseTree(text)
	if err != nil {
		return nil, err
	}
	a := &analysis{queries: map[*node][]source{}}
	var all source
	a.everything(&all, tree, belongingTo(relation))
	if a.strange != "" {
		return nil, fmt.Errorf("an expression of the catalog: %s", a.strange)
	}
	d := &Definition{}
	a.finish(d, &all)
	return d, nil
}

// belongingTo is the scope of an expression: a query with one relation in it. OLD
// and NEW are its first and second entry.
func belongingTo(relation uint32) *scope {
	query := &node{name: "QUERY"}
	if relation != 0 {
		oid := fmt.Sprint(relation)
		entry := func() item {
			return item{node: &node{name: "RTE", fields: []nodeField{
				{name: "rtekind", values: []item{{token: "0"}}}, {name: "relid", values: []item{{token: oid}}},
			}}}
		}
		query.fields = []nodeField{{name: "rtable", values: []item{{list: []item{entry(), entry()}}}}}
	}
	return &scope{query: query}
}

// ParseAction reads the action of a rewrite rule, or the body of a function that
// is kept as a tree: a list of queries, or one. condition is the rule's, "" for
// none. relation is what the rule belongs to, 0 for a function: the trees of a rule
// name it although they need not read it.
func ParseAction(relation uint32, action, condition string) (*Definition, error) {
	a := &analysis{view: relation, queries: map[*node][]source{}}
	var all source
	for _, text := range []string{action, condition} {
		if text == "" || text == "<>" {
			continue
		}
		tree, err := parseTree(text)
		if err != nil {
			return nil, err
		}
		a.everything(&all, tree, belongingTo(relation))
	}
	if a.strange != "" {
		return nil, fmt.Errorf("a rule or function: %s", a.strange)
	}
	d := &Definition{}
	a.finish(d, &all)
	return d, nil
}

// change notes what a query writes.
func (a *analysis) change(query *node) {
	target := query.integer("resultRelation")
	if target == 0 {
		return
	}
	var c statement.Command
	switch query.integer("commandType") {
	case commandUpdate:
		c = statement.CommandUpdate
	case commandInsert:
		c = statement.CommandInsert
	case commandDelete:
		c = statement.CommandDelete
	case commandMerge:
		c = statement.CommandMerge
	default:
		a.stranger("a change of an unknown kind")
		return
	}
	table := query.nodes("rtable")
	if target < 1 || target > int64(len(table)) {
		a.stranger("a change of an entry that is not there")
		return
	}
	w := Change{Relation: uint32(table[target-1].integer("relid")), Command: c, Where: statement.WherePresent}
	if from := query.sub("jointree"); from != nil && (c == statement.CommandUpdate || c == statement.CommandDelete) {
		switch quals, ok := from.get("quals"); {
		case !ok || quals.node == nil:
			w.Where = statement.WhereMissing
		case quals.node.name == "CONST": // WHERE true
			w.Where = statement.WhereConstant
		}
	}
	if w.Relation == a.view && a.view != 0 && !slices.Contains(a.relations, w.Relation) {
		a.relations = append(a.relations, w.Relation)
	}
	if !slices.ContainsFunc(a.writes, func(o Change) bool {
		return o.Relation == w.Relation && o.Command == w.Command && o.Where == w.Where
	}) {
		a.writes = append(a.writes, w)
	}
}
