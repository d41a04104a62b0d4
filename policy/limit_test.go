package policy

import (
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/statement"
)

func TestALimitLetsBeginWhatCanBeCounted(t *testing.T) {
	b := compile(t, onePolicy(`
  guards:
  - {name: bulk, match: {commands: [Update, Delete, Insert, Merge]}, limit: {rows: 100}, action: Deny}
  - {name: result, match: {commands: [Select]}, limit: {rows: 1000, bytes: 1Mi}, action: Deny}
  - {name: soft, match: {tables: [public.audit], access: Read}, limit: {rows: 10}, action: Warn}
`))
	rules := b.Rules(bot, b.Database("crm"))
	for _, c := range []struct {
		name, sql string
		action    Action
		limits    string
	}{
		{"a query", "select * from t", Allow, "p/result"},
		{"a query on a table with a softer limit", "select * from audit", Allow, "p/result p/soft"},
		{"an update", "update t set a = 1 where b > 2", Allow, "p/bulk"},
		{"a delete that returns", "delete from t where b > 2 returning *", Allow, "p/bulk"},
		{"an insert with a query", "insert into t select * from u", Allow, "p/bulk"},
		{"an upsert", "insert into t values (1) on conflict (a) do update set a = 2", Allow, "p/bulk"},
		{"a merge", "merge into t using u on t.a = u.a when matched then delete when not matched then insert values (1)", Allow, "p/bulk"},
		{"a prepared update, which runs later", "prepare x as update t set a = 1 where b > 2", Allow, ""},
		{"a delete inside a query", "with d as (delete from t where a > 1 returning *) select count(*) from d", Deny, ""},
		{"a delete inside a delete", "with d as (delete from t where a > 1 returning *) delete from u using d where u.a = d.a", Deny, ""},
		{"an insert of what a delete returns", "with d as (delete from t where a > 1 returning *) insert into u select * from d", Deny, ""},
		{"an insert inside an insert into the same table", "with d as (insert into t values (1) returning *) insert into t select * from d", Deny, ""},
		{"an analysed delete", "explain analyse delete from t where a > 1", Deny, ""},
		{"a block", "do $$ begin delete from t where a > 1; end $$", Deny, ""},
		{"a block that is not read", "do language plperl 'x'", Deny, ""},
		{"an unknown name", "execute x", Deny, ""},
		{"nothing of the kind", "create table x (a int)", Allow, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := judge(t, rules, c.sql)
			var names []string
			for i := range v.Limits {
				names = append(names, v.Limits[i].Name())
			}
			if got := strings.Join(names, " "); v.Action != c.action || got != c.limits {
				t.Errorf("%s with limits %q: %s", v.Action, got, v.Message)
			}
		})
	}
}

// What triggers of an INSERT's table do makes the guard match, and is not counted.
func TestALimitIsAboutTheWritesOfItsCommands(t *testing.T) {
	b := compile(t, onePolicy(`
  guards:
  - {name: bulk, match: {commands: [Update, Delete]}, limit: {rows: 100}, action: Deny}
`))
	rules := b.Rules(bot, b.Database("crm"))
	for sql, want := range map[string]bool{
		"with o as (insert into orders values (1) returning id) insert into items select id from o":          false,
		"with o as (delete from orders where id = 1 returning id) insert into items select id from o":        true,
		"merge into t using u on t.a = u.a when matched then delete when not matched then insert values (1)": true,
		"insert into t values (1) on conflict (a) do update set a = 2":                                       true,
		"select 1": false,
	} {
		facts, err := statement.Parse(sql)
		if err != nil {
			t.Fatal(err)
		}
		if got := rules.guards[0].concerns(&facts.Statements[0]); got != want {
			t.Errorf("%s: got %v, want %v", sql, got, want)
		}
	}
}

func TestALimitThatCannotBeKeptSaysWhatToDo(t *testing.T) {
	b := compile(t, onePolicy(`
  guards: [{name: bulk, match: {commands: [Delete]}, limit: {rows: 100}, action: Deny}]
`))
	v := judge(t, b.Rules(bot, b.Database("crm")), "with d as (delete from t where a > 1 returning *) select 1")
	if !strings.Contains(v.Reason, "100 rows cannot be kept") || !strings.Contains(v.Hint, "a statement of its own") {
		t.Errorf("reason %q, hint %q", v.Reason, v.Hint)
	}
}

func TestTheLengthOfATextIsJudged(t *testing.T) {
	b := compile(t, onePolicy(`
  guards: [{name: long, match: {longerThan: 40, commands: [Select]}, action: Deny}]
`))
	rules := b.Rules(bot, b.Database("crm"))
	for sql, action := range map[string]Action{
		"select 1":                                      Allow,
		"select 1" + strings.Repeat(" ", 32):            Allow,
		"select 1" + strings.Repeat(" ", 33):            Deny,
		"/* " + strings.Repeat("x", 50) + " */select 1": Deny,
		"set a.b = '" + strings.Repeat("x", 50) + "'":   Allow,
	} {
		if v := judge(t, rules, sql); v.Action != action {
			t.Errorf("%q: %s", sql, v.Action)
		} else if action == Deny && !strings.Contains(v.Hint, "at most 40 bytes") {
			t.Errorf("hint %q", v.Hint)
		}
	}
}

func TestAGuardCanBeAboutSomeOfThePolicysIdentities(t *testing.T) {
	b := compile(t, crm+`
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: p}
spec:
  identities:
  - {name: bots, host: {cgroups: [/agents/bot]}}
  - {name: shells, host: {executables: [/usr/bin/psql]}}
  - {name: people, host: {users: [alice]}}
  databases: [crm]
  guards:
  - {name: bots-read, match: {identities: [bots], commands: [Delete]}, action: Deny}
  - {name: people-read, match: {identities: [people], commands: [Update]}, action: Deny}
  - {name: never, match: {identities: [people]}, action: Deny}
`)
	rules := b.Rules(bot, b.Database("crm"))
	if v := judge(t, rules, "delete from t where a = 1"); v.Rule != "bots-read" {
		t.Errorf("%+v", v)
	}
	if v := judge(t, rules, "update t set a = 1 where a = 1"); v.Action != Allow {
		t.Errorf("%+v", v)
	}
	unnamed := *bot
	unnamed.User = "" // may be alice
	if v := judge(t, b.Rules(&unnamed, b.Database("crm")), "update t set a = 1 where a = 1"); v.Action != Deny {
		t.Errorf("whose name is not known: %+v", v)
	}
	e := b.Explain(bot, b.Database("crm"), Request{Facts: facts(t, "select 1"), Text: "select 1"})
	for _, g := range e.Policies[0].Guards {
		if (g.Note != "") != (g.Name != "bots-read") {
			t.Errorf("%s: note %q", g.Name, g.Note)
		}
	}
}
