package policy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/catalog"
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
		{"a delete inside a query", "with d as (delete from t where a > 1 returning *) select count(*) from d", Allow, "p/bulk p/result"},
		{"a delete inside a delete", "with d as (delete from t where a > 1 returning *) delete from u using d where u.a = d.a", Allow, "p/bulk"},
		{"an insert of what a delete returns", "with d as (delete from t where a > 1 returning *) insert into u select * from d", Allow, "p/bulk p/result"},
		{"an insert inside an insert into the same table", "with d as (insert into t values (1) returning *) insert into t select * from d", Allow, "p/bulk p/result"},
		{"an analysed delete", "explain analyse delete from t where a > 1", Allow, "p/bulk"},
		{"a block", "do $$ begin delete from t where a > 1; end $$", Allow, "p/bulk"},
		{"a block that ends the transaction", "do $$ begin delete from t where a > 1; commit; end $$", Deny, ""},
		{"a block that empties a table", "do $$ begin delete from t where a > 1; truncate u; end $$", Deny, ""},
		{"a block that sets what is counted", "do $$ begin set local track_counts = off; delete from t where a > 1; end $$", Deny, ""},
		{"a block that resets everything", "do $$ begin delete from t where a > 1; reset all; end $$", Deny, ""},
		{"a block of which a part is not read", "do $$ begin delete from t where a > 1; execute 'x'; end $$", Deny, ""},
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

// What is counted is what the guard is about.
func TestALimitCountsWhatItsGuardIsAbout(t *testing.T) {
	b := compile(t, onePolicy(`
  guards:
  - {name: all, match: {any: true}, limit: {rows: 100}, action: Deny}
  - {name: delete, match: {commands: [Delete]}, limit: {rows: 100}, action: Deny}
  - {name: update, match: {commands: [Update]}, limit: {rows: 100}, action: Deny}
  - {name: insert, match: {commands: [Insert]}, limit: {rows: 100}, action: Deny}
  - {name: copy, match: {commands: [Copy, Insert]}, limit: {rows: 100}, action: Deny}
  - {name: merge, match: {commands: [Merge]}, limit: {rows: 100}, action: Deny}
  - {name: select, match: {commands: [Select]}, limit: {rows: 100}, action: Deny}
  - {name: result, match: {any: true}, limit: {rows: 100, of: Result}, action: Deny}
  - {name: pay, match: {tables: [public.payments], access: Write}, limit: {rows: 100}, action: Deny}
  - {name: pay-delete, match: {tables: [public.payments], commands: [Delete]}, limit: {rows: 100}, action: Deny}
  - {name: pay-any, match: {tables: [public.payments]}, limit: {rows: 100}, action: Deny}
  - {name: view, match: {tables: [public.paid], access: Write}, limit: {rows: 100}, action: Deny}
`))
	rules := b.Rules(bot, b.Database("crm"))
	snapshot, err := catalog.New(catalog.Data{Database: "crm", Version: 150000, Taken: time.Unix(0, 0), Relations: []catalog.Relation{
		{OID: 20000, Schema: "public", Name: "payments", Kind: catalog.Table},
		{OID: 20001, Schema: "public", Name: "archive", Kind: catalog.PartitionedTable},
		{OID: 20002, Schema: "public", Name: "far", Kind: catalog.ForeignTable},
	}})
	if err != nil {
		t.Fatal(err)
	}
	known := NewCatalog(snapshot)
	for _, c := range []struct{ sql, want string }{
		{"with d as (delete from payments where id = 1 returning *) insert into archive select * from d",
			"all:iud delete:d- insert:i copy:i select:iud- pay:iud(payments) pay-any:iud pay-delete:d(payments)-"},
		{"with d as (delete from payments where id = 1 returning *) select * from d",
			"all:iud delete:d- select:iud result pay:iud(payments) pay-any:iud pay-delete:d(payments)-"},
		{"with d as (insert into payments values (1) on conflict (id) do update set id = 2 returning *) select * from d",
			"all:iud insert:iu- update:u- copy:iu- select:iud result pay:iud(payments) pay-any:iud"},
		{"with d as (insert into archive select * from payments returning *) select * from d",
			"all:iud insert:i- copy:i- select:iud result pay-any:iud"},
		{"do $$ begin delete from payments where id = 1; alter table payments rename to p; end $$",
			"all:iud delete:d- pay:iud pay-any:iud pay-delete:d-"},
		{"explain analyse update archive set id = 1 where id = 2", "all:iud update:u- result"},
		{"update archive set id = 1 where id = 2", "all update"},
	} {
		v := rules.Judge(Request{Facts: facts(t, c.sql), Text: c.sql, Catalog: known})
		if v.Action != Allow {
			t.Errorf("%s: %s", c.sql, v.Message)
			continue
		}
		var got []string
		for i := range v.Limits {
			l := &v.Limits[i]
			one := l.Rule
			if n := l.Count; n != nil {
				one += ":"
				for _, part := range []struct {
					is   bool
					name string
				}{{n.Inserted, "i"}, {n.Updated, "u"}, {n.Deleted, "d"}, {len(n.Tables) > 0, "(payments)"}, {n.Changes, "-"}} {
					if part.is {
						one += part.name
					}
				}
			}
			got = append(got, one)
		}
		want := strings.Fields(c.want)
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", c.sql, got, want)
		}
	}
	v := rules.Judge(Request{Facts: facts(t, "with d as (delete from far where id = 1 returning *) select * from d"), Catalog: known})
	if v.Action != Deny || !strings.Contains(v.Reason, "the foreign table public.far") {
		t.Errorf("of a foreign table: %s %s", v.Action, v.Reason)
	}
}

func TestALimitThatCannotBeKeptSaysWhatToDo(t *testing.T) {
	b := compile(t, onePolicy(`
  guards: [{name: bulk, match: {commands: [Delete]}, limit: {rows: 100}, action: Deny}]
`))
	v := judge(t, b.Rules(bot, b.Database("crm")), "do $$ begin delete from t where a > 1; commit; end $$")
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
