package lineage

import (
	"github.com/weirgate/weir/policy/statement"
)

// eval gives what an expression is made of. What in it can fail or branch by a
// masked value is judged like a condition, since that it fails is an answer.
func (r *resolver) eval(n *statement.Node, sc *scope) value {
	if n.Kind == statement.NodeNone || n.Kind == statement.NodePosition || !r.step(1) {
		return value{}
	}
	switch n.Kind {
	case statement.NodeConstant:
		return value{vast: !n.Has(statement.FlagSmall)}
	case statement.NodeColumn:
		return r.reference(n.Names, sc)
	case statement.NodeStar:
		v := r.rowOf(r.star(n.Names, sc))
		return v
	case statement.NodeCall:
		return r.call(n, sc)
	case statement.NodeOperator:
		return r.operated(n, sc)
	case statement.NodeComparison, statement.NodeAnd, statement.NodeNot, statement.NodeTest:
		return r.condition(n, sc)
	case statement.NodeRow, statement.NodeList:
		return r.all(n.Nodes, sc).made()
	case statement.NodeArray:
		return r.arrayOf(n, sc)
	case statement.NodeBranch:
		return r.firstOf(n, sc)
	case statement.NodeCase:
		return r.branching(n, sc)
	case statement.NodeNullIf:
		r.comparison(n.Node(0), n.Node(1), sc, "NULLIF")
		v := r.all(n.Nodes, sc).made()
		v.nullable = v.nullable || v.tainted()
		return v
	case statement.NodeCast:
		return r.cast(n, sc)
	case statement.NodeNamed:
		return r.eval(n.Node(0), sc)
	case statement.NodeCollate:
		v := r.eval(n.Node(0), sc)
		switch {
		case bytewise(n.Name(0)):
		case v.tainted():
			return v.made()
		default: // whatever the collation takes as equal to it
			v.other = true
		}
		return v
	case statement.NodeField:
		return r.fieldOf(n, sc)
	case statement.NodeFields:
		return r.eval(n.Node(0), sc).part()
	case statement.NodeElement:
		return r.all(n.Nodes, sc).part()
	case statement.NodePart:
		return r.partOf(n, sc)
	case statement.NodeSublink:
		return r.sublink(n, sc)
	case statement.NodeWindow:
		r.window(n, sc)
		return value{other: true}
	case statement.NodeParameter:
		return sc.parameter(r, n.Flags)
	case statement.NodeDerived:
		return r.strange(n, sc)
	}
	if isQuery(n.Kind) {
		return r.rowOf(r.query(n, sc.inner())).made()
	}
	r.unknown("an expression of an unknown kind", value{})
	return value{other: true}
}

func isQuery(k statement.NodeKind) bool {
	return k >= statement.NodeSelect && k <= statement.NodeMerge
}

// all gives what may be any of several expressions.
func (r *resolver) all(list []statement.Node, sc *scope) value {
	var v value
	for i := range list {
		v = v.union(r.eval(&list[i], sc))
	}
	return v
}

// strange gives what a construct without a case of its own is made of.
func (r *resolver) strange(n *statement.Node, sc *scope) value {
	v := r.all(n.Nodes, sc).made()
	if !v.tainted() {
		return v
	}
	switch {
	case n.Has(statement.FlagTotal):
	case n.Name(0) == "an XML expression" || n.Name(0) == "a JSON expression" || n.Name(0) == "XMLTABLE":
		r.require(v, Allow, n.Name(0))
		v.nullable = true
	default:
		r.unknown(n.Name(0), v)
	}
	return v
}

// operated gives the result of an operator.
func (r *resolver) operated(n *statement.Node, sc *scope) value {
	var v value
	operands := make([]value, len(n.Nodes))
	for i := range n.Nodes {
		operands[i] = r.eval(&n.Nodes[i], sc)
		v = v.union(operands[i])
	}
	v = v.made()
	if !v.tainted() {
		v.vast = v.vast || n.Name(0) == "*" || n.Name(0) == "^" || n.Name(0) == "/"
		return v
	}
	switch n.Name(0) {
	case "||", "-":
		if json, ok := r.edited(n.Name(0), operands); ok {
			return json
		}
	case "?", "?|", "?&": // the keys of a document are not masked
		if len(operands) == 2 && r.contains(operands[0], []statement.Node{{}}) && r.ownOperator(n.Name(0)) && !operands[1].tainted() {
			return value{other: true}
		}
	}
	if !r.ownOperator(n.Name(0)) {
		r.unknown("the operator "+n.Name(0), v)
		return v
	}
	switch n.Name(0) {
	case "||":
		if v.array { // fails where the shapes do not fit
			r.require(v, Allow, "the operator ||")
		}
		v.typeOID = r.text(operands)
	case "@>", "<@", "&&", "?", "?|", "?&":
	case "@@": // a path of json can be neither true nor false
		v.nullable = true
	case "->", "->>", "#>", "#>>": // NULL where there is no such part
		v.nullable = true
	case "~~", "!~~", "~~*", "!~~*", "~", "!~", "~*", "!~*", "^@": // a pattern can be malformed
		for i := 1; i < len(n.Nodes); i++ {
			if pattern := r.eval(&n.Nodes[i], sc); pattern.tainted() {
				r.require(v, Allow, "a pattern")
			}
		}
	case "-":
		if !r.isRowJSON(n.Node(0), sc) { // of which a key can be taken away
			r.require(v, Allow, "the operator -")
		}
	case "+", "*", "/", "%", "^", "|/", "||/", "@", "&", "|", "#", "<<", ">>", "~=", "<->", "!!", "-|-", "&<", "&>":
		r.require(v, Allow, "the operator "+n.Name(0))
	default:
		r.unknown("the operator "+n.Name(0), v)
	}
	return v
}

// text gives the type text if all of several values are texts, or constants beside them,
// else 0.
func (r *resolver) text(of []value) uint32 {
	found := uint32(0)
	for i := range of {
		switch {
		case isText(r.wire(of[i].typeOID)):
			found = textOID
		case !of[i].constant():
			return 0
		}
	}
	return found
}

// ownOperator says whether an operator is PostgreSQL's own alone, or an extension's
// that computes and does nothing else. What reads and writes values of the types of
// extensions is often stable, such as citext's.
func (r *resolver) ownOperator(name string) bool {
	e := r.snapshot.OfOperator("", name)
	if e == nil {
		return true
	}
	for _, f := range e.Functions {
		compiled := f.Language == "c" || f.Language == "internal"
		if f.Extension == "" || f.Volatility != 'i' && (f.Volatility != 's' || !compiled) {
			return false
		}
	}
	return r.shows(e) == "" && len(e.Writes) == 0
}

// tested gives the result of a comparison that is not itself a condition.
func (r *resolver) tested(n *statement.Node, sc *scope) value {
	right := r.eval(n.Node(1), sc)
	v := r.eval(n.Node(0), sc).union(right).made()
	if !v.tainted() {
		return v
	}
	if !r.ownOperator(n.Name(0)) {
		r.unknown("the operator "+n.Name(0), v)
		return v
	}
	switch n.Name(0) {
	case "=", "<>", "<", ">", "<=", ">=", "BETWEEN":
	case "LIKE", "SIMILAR TO":
		if right.tainted() {
			r.require(v, Allow, "a pattern")
		}
	case "~~", "!~~", "~", "!~", "~~*", "!~~*", "~*", "!~*", "^@", "@>", "<@", "&&", "?", "@@":
		r.require(v, Allow, "the operator "+n.Name(0))
	default:
		r.unknown("the operator "+n.Name(0), v)
	}
	return v
}

// branching gives the result of a CASE. Its conditions are conditions: what they
// may ask is no secret, so the result is made of what it chooses from.
func (r *resolver) branching(n *statement.Node, sc *scope) value {
	argument := n.Node(0)
	var decided value
	for i := range n.List(2) {
		when := &n.List(2)[i]
		if argument.Kind == statement.NodeNone {
			r.predicate(when, sc, "CASE")
		} else {
			r.comparison(argument, when, sc, "CASE")
		}
		decided = decided.union(r.eval(when, sc))
	}
	decided = decided.union(r.eval(argument, sc)).made()
	results := make([]value, 0, len(n.List(3))+1)
	for i := range n.List(3) {
		results = append(results, r.eval(&n.List(3)[i], sc))
	}
	if n.Node(1).Kind != statement.NodeNone {
		results = append(results, r.eval(n.Node(1), sc))
	}
	var v value
	for i := range results {
		v = v.union(results[i])
	}
	v = v.made()
	v.other = v.other || decided.other || decided.tainted()
	v.nullable = v.nullable || v.tainted() && (decided.nullable || decided.tainted())
	if !decided.tainted() {
		v.row = r.oneRow(results)
	}
	return v
}

// cast gives a value in another type. Texts become others without a change, and
// everything has a form as text.
func (r *resolver) cast(n *statement.Node, sc *scope) value {
	v := r.eval(n.Node(0), sc)
	if !v.tainted() {
		v.row, v.typeOID = nil, 0
		v.refs = nil
		v.vast = n.Name(0) != "int2" && n.Name(0) != "int4" && n.Name(0) != "int8"
		return v
	}
	if !r.builtInType(n.Name(0)) {
		r.unknown("a cast to "+n.Name(0), v)
		return v.made()
	}
	if n.Has(statement.FlagList) {
		r.require(v, Allow, "a cast")
		v.array = true
		return v.made()
	}
	from := r.wire(v.typeOID)
	switch n.Name(0) {
	case "text", "varchar":
		if !n.Has(statement.FlagStrict) && isText(from) && len(v.derived) == 0 {
			v.row, v.typeOID = nil, textOID
			return v
		}
		v = v.made()
		v.typeOID = textOID
		return v
	case "bpchar", "json", "jsonb":
		if n.Name(0) != "bpchar" && !isJSON(from) {
			r.require(v, Allow, "a cast")
		}
	case "int8", "numeric", "float8", "date", "timestamp", "timestamptz":
		if !widens(from, n.Name(0)) || n.Has(statement.FlagStrict) {
			r.require(v, Allow, "a cast")
		}
	default:
		r.require(v, Allow, "a cast")
	}
	return v.made()
}

func (m *Masks) wire(oid uint32) uint32 {
	if oid == 0 {
		return 0
	}
	base, _, _ := m.snapshot.Wire(oid)
	return base
}

// The oids of types (catalog/pg_type.dat).
const (
	boolOID        = 16
	byteaOID       = 17
	int8OID        = 20
	int2OID        = 21
	int4OID        = 23
	textOID        = 25
	jsonOID        = 114
	float4OID      = 700
	float8OID      = 701
	inetOID        = 869
	bpcharOID      = 1042
	varcharOID     = 1043
	dateOID        = 1082
	timestampOID   = 1114
	timestamptzOID = 1184
	intervalOID    = 1186
	moneyOID       = 790
	numericOID     = 1700
	uuidOID        = 2950
	jsonbOID       = 3802
)

func isText(oid uint32) bool { return oid == textOID || oid == varcharOID || oid == bpcharOID }

func isJSON(oid uint32) bool { return oid == jsonOID || oid == jsonbOID }

// widens says whether every value of a type has one in the other.
func widens(from uint32, to string) bool {
	switch from {
	case int2OID, int4OID, int8OID:
		return to == "int8" || to == "numeric" || to == "float8"
	case float4OID:
		return to == "float8"
	case numericOID:
		return to == "numeric"
	case float8OID:
		return to == "float8"
	case dateOID, timestampOID, timestamptzOID:
		return to == "date" || to == "timestamp" || to == "timestamptz"
	}
	return false
}

// fieldOf gives (x).name: of a whole row it is the column.
func (r *resolver) fieldOf(n *statement.Node, sc *scope) value {
	v := r.eval(n.Node(0), sc)
	if v.row != nil {
		got, ok, maybe := r.find(v.row, n.Name(0))
		switch {
		case ok && !maybe || ok && v.row.relations == nil:
			return got
		case ok:
			return got
		case maybe:
			return got.union(v.made())
		}
		return r.ofRow(v.row, n.Name(0))
	}
	if o := r.own("", n.Name(0), []argument{{value: v}}); o != nil {
		return r.outcomeValue(o).union(v.part())
	}
	return v.part()
}

// sublink gives the value of a subquery in an expression.
func (r *resolver) sublink(n *statement.Node, sc *scope) value {
	test := r.eval(n.Node(0), sc)
	e := r.query(n.Node(1), sc.inner())
	switch {
	case n.Has(statement.FlagExists):
		return value{other: true}
	case n.Has(statement.FlagScalar) && len(e.fields) == 1 && !e.loose:
		v := e.fields[0].value
		v.refs, v.other = nil, v.other || !v.tainted()
		return v
	}
	v := r.rowOf(e).made().union(test.made())
	v.row, v.other = nil, true
	switch {
	case !v.tainted():
	case n.Has(statement.FlagAny):
		// Where nothing is equal and something is NULL, so is the answer; and the
		// subquery's rows are made until one is equal.
		if r.member(n, sc, e) {
			return value{other: true}
		}
		r.require(v, Allow, "IN (SELECT ...)")
	case n.Has(statement.FlagArray):
		if v.array {
			r.require(v, Allow, "ARRAY(SELECT ...)")
		}
		v.array = true
	}
	return v
}

// builtInType says whether a type is PostgreSQL's own, whose conversions run nothing
// else.
func (r *resolver) builtInType(name string) bool {
	return ownType(name) && len(r.snapshot.TypesNamed("", name)) == 0
}

// ownType says whether PostgreSQL has a type of its own of that name.
func ownType(name string) bool {
	switch name {
	case "int2", "int4", "int8", "float4", "float8", "numeric", "bool", "bytea", "uuid", "date", "time", "timetz", "timestamp", "timestamptz",
		"interval", "json", "jsonb", "xml", "inet", "cidr", "macaddr", "oid", "name", "char", "bpchar", "varchar", "text", "money", "bit", "varbit",
		"point", "box", "tsvector", "tsquery", "int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange", "regclass", "regtype":
		return true
	}
	return false
}
