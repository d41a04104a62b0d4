package policy

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/ext"
	"go.yaml.in/yaml/v4"

	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/policy/statement"
)

// Bounds of a condition.
const (
	longestCondition = 4096   // characters
	deepestCondition = 100    // levels of nesting
	dearestCondition = 100000 // cost of one evaluation, in CEL's units
)

// condition is a compiled "when".
type condition struct {
	program   cel.Program
	statement bool // reads the variable statement
	varies    bool // reads session.inTransaction, session.readOnly or now, so that one session's same facts may be judged differently
}

// The variables of a condition. Fields that are named here are the whole of
// what a document can ask.
type (
	celTable struct {
		Schema string   `cel:"schema"`
		Name   string   `cel:"name"`
		Access []string `cel:"access"`
	}
	celColumn struct {
		Schema    string `cel:"schema"`
		Qualifier string `cel:"qualifier"`
		Name      string `cel:"name"` // "*" for a star
		Use       string `cel:"use"`
	}
	celFunction struct {
		Schema string `cel:"schema"`
		Name   string `cel:"name"`
	}
	celSetting struct {
		Name  string `cel:"name"`
		Value string `cel:"value"`
		Known bool   `cel:"known"`
	}
	celStatement struct {
		Command   string        `cel:"command"`
		Commands  []string      `cel:"commands"`
		Tables    []celTable    `cel:"tables"`
		Columns   []celColumn   `cel:"columns"`
		Functions []celFunction `cel:"functions"`
		Settings  []celSetting  `cel:"settings"`
		Where     string        `cel:"where"` // the weakest of its UPDATEs and DELETEs, "" without one
		Limit     int64         `cel:"limit"` // -1 without one
		Copy      string        `cel:"copy"`  // "Client", "File", "Program", "" without a COPY
		Dynamic   bool          `cel:"dynamic"`
		Length    int64         `cel:"length"` // of the whole text, in bytes
	}
	celIdentity struct {
		Subject    string `cel:"subject"`
		Kind       string `cel:"kind"`
		Unit       string `cel:"unit"`
		Container  string `cel:"container"`
		PodUID     string `cel:"podUid"`
		Cgroup     string `cel:"cgroup"`
		UID        int64  `cel:"uid"`
		User       string `cel:"user"`
		Executable string `cel:"executable"`
	}
	celSession struct {
		Database      string `cel:"database"`
		User          string `cel:"user"`
		InTransaction bool   `cel:"inTransaction"`
		ReadOnly      bool   `cel:"readOnly"`
	}
)

// newConditions makes the environment in which conditions are compiled.
func newConditions() (*cel.Env, error) {
	object := func(name string) cel.NativeTypeOption { return cel.NativeTypeAlias("weir." + name) }
	tags := ext.ParseStructTags(true)
	env, err := cel.NewEnv(
		cel.Types(
			cel.NativeTypeFor[celTable](tags, object("Table")),
			cel.NativeTypeFor[celColumn](tags, object("Column")),
			cel.NativeTypeFor[celFunction](tags, object("Function")),
			cel.NativeTypeFor[celSetting](tags, object("Setting")),
			cel.NativeTypeFor[celStatement](tags, object("Statement")),
			cel.NativeTypeFor[celIdentity](tags, object("Identity")),
			cel.NativeTypeFor[celSession](tags, object("Session")),
		),
		cel.Variable("statement", cel.ObjectType("weir.Statement")),
		cel.Variable("identity", cel.ObjectType("weir.Identity")),
		cel.Variable("session", cel.ObjectType("weir.Session")),
		cel.Variable("now", cel.TimestampType),
		cel.ParserExpressionSizeLimit(longestCondition),
		cel.ParserRecursionLimit(deepestCondition),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(),
			cel.ValidateComprehensionNestingLimit(3)),
	)
	if err != nil {
		return nil, fmt.Errorf("making the environment of conditions: %w", err)
	}
	return env, nil
}

// when compiles a guard's condition.
func (r *reader) when(g *Guard, n *yaml.Node) {
	text, ok := r.text(n, "when")
	if !ok {
		return
	}
	g.When = strings.TrimSpace(text)
	env, err := r.conditions()
	if err != nil {
		r.report(n, "", "%v", err)
		return
	}
	checked, issues := env.Compile(text)
	if issues.Err() != nil {
		for _, e := range issues.Errors() {
			r.reportAt(r.within(n, e.Location.Line(), e.Location.Column()), "", "when: %s", conditionError(e.Message))
		}
		return
	}
	if !checked.OutputType().IsExactType(cel.BoolType) {
		r.report(n, "compare it with something", "when must be true or false, this is %s", checked.OutputType())
		return
	}
	c := &condition{}
	variables, sessions, kept := 0, 0, 0 // kept counts what is read of a session that stays as it is
	visit(checked, func(e ast.Expr) {
		switch e.Kind() {
		case ast.IdentKind:
			switch e.AsIdent() {
			case "statement":
				c.statement = true
				variables++
			case "now":
				c.varies = true
				variables++
			case "session":
				variables++
				sessions++
			case "identity":
				variables++
			}
		case ast.SelectKind:
			s := e.AsSelect()
			if o := s.Operand(); o.Kind() == ast.IdentKind && o.AsIdent() == "session" && s.FieldName() != "inTransaction" && s.FieldName() != "readOnly" {
				kept++
			}
		case ast.CallKind:
			r.timeZone(n, e.AsCall())
		}
	})
	c.varies = c.varies || sessions > kept
	c.program, err = env.Program(checked, cel.EvalOptions(cel.OptOptimize, cel.OptPartialEval), cel.CostLimit(dearestCondition))
	if err != nil {
		r.report(n, "", "when: %v", err)
		return
	}
	if variables == 0 {
		r.constant(n, c)
	}
	g.condition = c
}

// constant reports a condition without variables.
func (r *reader) constant(n *yaml.Node, c *condition) {
	value, _, err := c.program.Eval(cel.NoVars())
	switch {
	case err != nil:
		r.report(n, "", "when: %v", err)
	case value == types.False:
		r.report(n, "leave the guard out", "when is always false: the guard can never match")
	default:
		r.report(n, "leave it out", "when is always true")
	}
}

// timeZone reports the name of a time zone that does not exist: it would fail
// when it is too late.
func (r *reader) timeZone(n *yaml.Node, call ast.CallExpr) {
	name := call.FunctionName()
	if !strings.HasPrefix(name, "get") || !call.IsMemberFunction() || len(call.Args()) != 1 {
		return
	}
	arg := call.Args()[0]
	if arg.Kind() != ast.LiteralKind {
		return
	}
	zone, ok := arg.AsLiteral().Value().(string)
	if !ok || strings.Contains(zone, ":") { // an offset such as +02:00
		return
	}
	if _, err := time.LoadLocation(zone); err != nil {
		r.report(n, `use a name such as "UTC" or "Europe/Berlin"`, "when: time zone %q is not known on this host", shorten(zone))
	}
}

// visit calls see for every expression of a condition.
func visit(checked *cel.Ast, see func(ast.Expr)) {
	ast.PostOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(see))
}

// conditionError makes CEL's longest message readable.
func conditionError(message string) string {
	if before, _, found := strings.Cut(message, " expecting {"); found {
		return before
	}
	return message
}

// within gives the place of a position inside a text value: line from 1, column
// from 0, as CEL counts.
func (r *reader) within(n *yaml.Node, line, column int) place {
	p := r.at(n)
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		if n.Style&yaml.FoldedStyle != 0 {
			line, column = 1, 0 // folding joined the lines: only the beginning is sure
		}
		at := n.Line + line // the text begins in the line after the indicator
		if at-1 >= len(r.lines) {
			return p
		}
		text := r.lines[at-1]
		return place{r.file, at, len(text) - len(strings.TrimLeft(text, " ")) + column + 1}
	case line > 1:
		return p
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		column++
	}
	p.column += column
	return p
}

// errUnknown is the result of a condition that asks for an attribute which
// could not be obtained.
var errUnknown = errors.New("it asks for an attribute of the workload that could not be obtained")

// holds evaluates a condition.
func (c *condition) holds(vars *variables) (bool, error) {
	activation, err := vars.activation()
	if err != nil {
		return false, err
	}
	value, _, err := c.program.Eval(activation)
	if err != nil {
		return false, err
	}
	switch value {
	case types.True:
		return true, nil
	case types.False:
		return false, nil
	}
	if types.IsUnknown(value) {
		return false, errUnknown
	}
	return false, fmt.Errorf("it gave %v", value)
}

// variables are what conditions of one judgement see, made when the first
// condition asks.
type variables struct {
	identity *celIdentity
	request  *Request
	st       *statement.Statement
	open     bool // a transaction is
	made     cel.PartialActivation
}

func (v *variables) activation() (cel.PartialActivation, error) {
	if v.made != nil {
		return v.made, nil
	}
	var unknown []*cel.AttributePatternType
	attribute := func(field string) {
		unknown = append(unknown, cel.AttributePattern("identity").QualString(field))
	}
	if v.identity.Executable == "" {
		attribute("executable")
	}
	if v.identity.User == "" {
		attribute("user")
	}
	if v.identity.Cgroup == "" {
		attribute("cgroup")
	}
	if v.identity.Kind == "Unit" && v.identity.Unit == "" {
		attribute("unit")
	}
	made, err := cel.PartialVars(map[string]any{
		"statement": statementVariable(v.st, len(v.request.Text)),
		"identity":  v.identity,
		"session": &celSession{Database: v.request.Session.Database, User: v.request.Session.User,
			InTransaction: v.open, ReadOnly: v.request.Session.ReadOnly},
		"now": v.request.Now,
	}, unknown...)
	if err != nil {
		return nil, fmt.Errorf("making the variables of a condition: %w", err)
	}
	v.made = made
	return made, nil
}

func identityVariable(id *identity.Identity) *celIdentity {
	return &celIdentity{
		Subject: id.Subject, Kind: id.Kind, Unit: id.Unit, Container: id.ContainerID, PodUID: id.PodUID,
		Cgroup: id.CgroupPath, UID: int64(id.UID), User: id.User, Executable: id.Executable,
	}
}

func statementVariable(st *statement.Statement, length int) *celStatement {
	v := &celStatement{Length: int64(length), Command: string(st.Command), Limit: st.Limit, Dynamic: st.Dynamic, Where: weakest(st)}
	for _, c := range st.Commands {
		v.Commands = append(v.Commands, string(c))
	}
	for _, t := range st.Tables {
		one := celTable{Schema: t.Schema, Name: t.Name}
		for _, a := range t.Access {
			one.Access = append(one.Access, string(a))
		}
		v.Tables = append(v.Tables, one)
	}
	for _, c := range st.Columns {
		one := celColumn{Schema: c.Schema, Qualifier: c.Qualifier, Name: c.Name, Use: string(c.Use)}
		if c.Star {
			one.Name = "*"
		}
		v.Columns = append(v.Columns, one)
	}
	for _, f := range st.Functions {
		v.Functions = append(v.Functions, celFunction{Schema: f.Schema, Name: f.Name})
	}
	for _, s := range st.Settings {
		v.Settings = append(v.Settings, celSetting{Name: s.Name, Value: s.Value, Known: s.Known})
	}
	if st.Copy != nil {
		v.Copy = st.Copy.Target
	}
	return v
}

// weakest gives the condition of the least limited write.
func weakest(st *statement.Statement) string {
	worst := ""
	for _, w := range st.Writes {
		if !limited(w.Command) {
			continue
		}
		switch {
		case w.Where == statement.WhereMissing:
			return string(w.Where)
		case w.Where == statement.WhereConstant, worst == "":
			worst = string(w.Where)
		}
	}
	return worst
}
