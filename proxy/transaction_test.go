package proxy_test

import (
	"testing"

	"github.com/weirgate/weir/proxy/wire"
)

// Conditions on session.inTransaction see the transaction in which a statement runs,
// wherever it stands: in a text of several, or in a pipeline.
func TestConditionsSeeTheTransactionThatAStatementRunsIn(t *testing.T) {
	s := newSite(t, options{setup: differentialSchema, rules: `
  guards:
  - name: only-in-a-transaction
    match: {commands: [Alter]}
    when: "!session.inTransaction"
    action: Deny
  - name: never-in-a-transaction
    match: {commands: [Insert]}
    when: "session.inTransaction"
    action: Deny
`})
	run := func(text string) []byte { return pipeline(parse("", text), bind("", ""), execute("", 0)) }
	alter, insert := "alter table d alter a set default 1", "insert into d values (1)"
	for _, test := range []struct {
		name   string
		within bool // a transaction is open before
		send   []byte
		want   string
	}{
		{"outside", false, wire.AppendQuery(nil, alter), "E:42501 Z:I"},
		{"inside", true, wire.AppendQuery(nil, alter), "C:ALTER TABLE Z:T"},
		{"behind a COMMIT in its text", true, wire.AppendQuery(nil, "commit; "+alter), "E:42501 Z:E"},
		{"behind a ROLLBACK in its text", true, wire.AppendQuery(nil, "rollback; "+alter), "E:42501 Z:E"},
		{"behind a COMMIT that chains, in its text", true, wire.AppendQuery(nil, "commit and chain; "+alter), "C:COMMIT C:ALTER TABLE Z:T"},
		{"behind a BEGIN in its text", false, wire.AppendQuery(nil, "begin; "+alter), "C:BEGIN C:ALTER TABLE Z:T"},
		{"behind a COMMIT in a pipeline", true, pipeline(run("commit"), run(alter), syncs()), "1 2 C:COMMIT 1 2 E:42501 Z:I"},
		{"bound before a COMMIT", true, pipeline(parse("s", alter), bind("p", "s"), run("commit"), execute("p", 0), syncs()), "1 2 1 2 C:COMMIT E:42501 Z:I"},
		{"what must not be inside, behind a BEGIN", false, wire.AppendQuery(nil, "begin; "+insert), "E:42501 Z:I"},
		{"what must not be inside, behind a BEGIN in a pipeline", false, pipeline(run("begin"), run(insert), syncs()), "1 2 C:BEGIN 1 2 E:42501 Z:E"},
		{"what must not be inside, behind a COMMIT", true, wire.AppendQuery(nil, "commit; "+insert), "C:COMMIT C:INSERT 0 1 Z:I"},
		{"what must not be inside, behind one that chains", true, wire.AppendQuery(nil, "commit and chain; "+insert), "E:42501 Z:E"},
		{"what must not be inside, behind one that chains in a pipeline", true, pipeline(run("commit and chain"), run(insert), syncs()), "1 2 C:COMMIT E:42501 Z:E"},
		{"what must not be inside, behind a savepoint's ROLLBACK", true, wire.AppendQuery(nil, "savepoint a; rollback to a; "+insert), "E:42501 Z:E"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := s.raw()
			w.t = t
			defer func() { _ = w.Close() }() // which lets locks go
			if test.within {
				wants(t, w.query("begin"), "C:BEGIN Z:T")
			}
			w.send(test.send)
			wants(t, w.until(1), test.want)
		})
	}
}
