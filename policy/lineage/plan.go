package lineage

import "github.com/weirgate/weir/policy/statement"

// Env is what a judgement depends on besides the statement.
type Env struct {
	// Fresh says that the snapshot was read after the statement had arrived:
	// a relation that it does not have is none that others see.
	Fresh bool
	// Known says that the session may name a relation, or a function with () behind
	// its name, although the snapshot does not have it: one that it made itself, or one
	// that a later snapshot showed not to exist. Nil knows none.
	Known func(schema, name string) bool
	// Unsure says that a relation may have other columns than the snapshot has, since the
	// session has changed it, or another of that name, and nobody else sees it yet. Nil says
	// so of none but those that are Known.
	Unsure func(schema, name string) bool
	// Prepared gives the statement that EXECUTE names, nil for none. Without
	// it an EXECUTE is taken for what was judged when it was prepared.
	Prepared func(name string) *statement.Statement
	// Redefines: functions may be others than the snapshot has, since the session's
	// open transaction has changed some. Then none is followed.
	Redefines bool
	// lasting: what is judged runs again later, when functions may be others.
	lasting bool
	// Outputs asks for the outputs also where no masked column is near, for a
	// person who wants to see them.
	Outputs bool
}

// Plan says what becomes of one statement.
type Plan struct {
	// Refused: the statement must not run. The other words say why.
	Refused   bool
	Construct string // what is not allowed, "the argument of upper()"
	Column    string // the masked column, relation or function it is about, "public.customers.email"
	Rule      string // the mask rule, "policy/rule"
	Message   string // for the error's message
	Detail    string
	Hint      string
	// Stale: refused because the snapshot does not have something that the
	// statement names. With a snapshot read since then (Env.Fresh) it may pass.
	Stale   bool
	Unknown []string // what it does not have
	// Missing: it names a column that the snapshot does not have.
	Missing bool

	// Touches: the result may have masked columns, so no row may pass before
	// its RowDescription went through Row.
	Touches bool
	// RedactErrors: texts of errors and notices may hold masked values.
	RedactErrors bool
	// Masked are the masked columns that the result shows, as far as names
	// tell, for records.
	Masked []string

	// Outputs are the columns of the result, as far as they were followed: where
	// nothing masked is named, there are none.
	Outputs []Output
	// Placed: what is masked is known by the places of columns in the result alone, as
	// in the data of a COPY, so that the snapshot must be one of after the statement's
	// arrival.
	Placed bool
	// Starred: some of these places follow from a * and are known from the snapshot.
	Starred bool
	// Held is the plan of the rows that a cursor gives which the statement
	// declares, nil for none.
	Held *Plan

	own bool // a name of the session's own may shadow those that the outputs are of
}

// takes what a statement inside this one was judged to need.
func (p *Plan) takes(o Plan) {
	p.Touches = p.Touches || o.Touches
	p.RedactErrors = p.RedactErrors || o.RedactErrors
	p.Masked, p.Outputs = o.Masked, o.Outputs
}

// later says that the rows come with another statement.
func (p *Plan) later() { p.Touches, p.Masked, p.Outputs = false, nil, nil }
