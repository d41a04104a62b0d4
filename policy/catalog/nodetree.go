package catalog

import (
	"errors"
	"fmt"
	"strconv"
)

// The text form of PostgreSQL's parse trees (nodes/outfuncs.c): a node is
// {NAME :field value ...}, a list is (...), all else are tokens parted by white
// space, in which a backslash takes away the meaning of what comes after it. The
// names of fields are stable from one major version to the next; their order is
// not, and is not relied on.

// maxDepth bounds the nesting of a tree. PostgreSQL's own stack ends far below.
const maxDepth = 20000

// node is a node of a tree.
type node struct {
	name   string
	fields []nodeField
}

type nodeField struct {
	name   string
	values []item
}

// item is a node, a list or a token.
type item struct {
	node  *node
	list  []item
	token string
}

// get gives the first item of a field; ok is false where the field is missing
// or empty ("<>").
func (n *node) get(name string) (item, bool) {
	for i := range n.fields {
		f := &n.fields[i]
		if f.name != name || len(f.values) == 0 {
			continue
		}
		v := f.values[0]
		return v, v.node != nil || v.list != nil || v.token != "<>"
	}
	return item{}, false
}

// integer gives a field that is a number, 0 where it is none.
func (n *node) integer(name string) int64 {
	v, ok := n.get(name)
	if !ok {
		return 0
	}
	i, err := strconv.ParseInt(v.token, 10, 64)
	if err != nil {
		return 0
	}
	return i
}

// nodes gives the nodes of a field that is a list.
func (n *node) nodes(name string) []*node {
	v, _ := n.get(name)
	var all []*node
	for _, i := range v.list {
		if i.node != nil {
			all = append(all, i.node)
		}
	}
	return all
}

// sub gives a field that is a node, nil where it is none.
func (n *node) sub(name string) *node {
	v, _ := n.get(name)
	return v.node
}

// treeParser reads a tree.
type treeParser struct {
	text  string
	at    int
	depth int
}

var errUnexpectedEnd = errors.New("the tree ends too early")

func parseTree(text string) (item, error) {
	p := &treeParser{text: text}
	v, err := p.item()
	if err != nil {
		return item{}, fmt.Errorf("reading a rule's tree at byte %d: %w", p.at, err)
	}
	return v, nil
}

func (p *treeParser) space() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\n' || p.text[p.at] == '\t') {
		p.at++
	}
}

func (p *treeParser) item() (item, error) {
	p.space()
	if p.at == len(p.text) {
		return item{}, errUnexpectedEnd
	}
	if p.depth++; p.depth > maxDepth {
		return item{}, errors.New("the tree is nested too deep")
	}
	defer func() { p.depth-- }()
	switch p.text[p.at] {
	case '{':
		p.at++
		n, err := p.node()
		return item{node: n}, err
	case '(':
		p.at++
		list := []item{}
		for {
			p.space()
			if p.at == len(p.text) {
				return item{}, errUnexpectedEnd
			}
			if p.text[p.at] == ')' {
				p.at++
				return item{list: list}, nil
			}
			v, err := p.item()
			if err != nil {
				return item{}, err
			}
			list = append(list, v)
		}
	case ')', '}':
		return item{}, fmt.Errorf("%q is not expected", p.text[p.at])
	}
	return item{token: p.token()}, nil
}

func (p *treeParser) token() string {
	start := p.at
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\n', '\t', '(', ')', '{', '}':
			return p.text[start:p.at]
		case '\\':
			p.at++
		}
		p.at++
	}
	p.at = min(p.at, len(p.text))
	return p.text[start:p.at]
}

func (p *treeParser) node() (*node, error) {
	p.space()
	n := &node{name: p.token()}
	for {
		p.space()
		if p.at == len(p.text) {
			return nil, errUnexpectedEnd
		}
		if p.text[p.at] == '}' {
			p.at++
			return n, nil
		}
		if p.text[p.at] == ':' {
			p.at++
			n.fields = append(n.fields, nodeField{name: p.token()})
			continue
		}
		v, err := p.item()
		if err != nil {
			return nil, err
		}
		if len(n.fields) == 0 { // a value without a field: "{NAME value}"
			n.fields = append(n.fields, nodeField{})
		}
		f := &n.fields[len(n.fields)-1]
		f.values = append(f.values, v)
	}
}
