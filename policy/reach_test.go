package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// testCatalog has hr.salaries behind a view of a view, a partitioned table, a
// table with a rule, and functions of several kinds.
func testCatalog(t testing.TB) *Catalog {
	t.Helper()
	columns := func(names ...string) []catalog.Column {
		var all []catalog.Column
		for i, n := range names {
			all = append(all, catalog.Column{Number: int16(i + 1), Name: n})
		}
		return all
	}
	view := func(from uint32, calls []uint32, reads ...int16) *catalog.Definition {
		d := &catalog.Definition{Relations: []uint32{from}, Calls: calls}
		for _, n := range reads {
			d.Reads = append(d.Reads, catalog.ColumnRef{Relation: from, Column: n})
		}
		return d
	}
	body := func(sql string) *catalog.Body { return &catalog.Body{Statements: facts(t, sql).Statements} }
	dynamic := &catalog.Body{Statements: []statement.Statement{{Command: statement.CommandSelect, Dynamic: true}}}
	s, err := catalog.New(catalog.Data{
		Database: "crm", Version: 150000, Taken: time.Unix(0, 0),
		Relations: []catalog.Relation{
			{OID: 20001, Schema: "hr", Name: "salaries", Kind: 'r', Columns: columns("id", "amount", "note")},
			{OID: 20002, Schema: "public", Name: "pay", Kind: 'v', Columns: columns("id", "a"), Query: view(20001, nil, 1, 2)},
			{OID: 20003, Schema: "public", Name: "pay2", Kind: 'v', Columns: columns("b"), Query: view(20002, nil, 2)},
			{OID: 20004, Schema: "public", Name: "ids", Kind: 'v', Columns: columns("id"), Query: view(20001, nil, 1)},
			{OID: 20005, Schema: "public", Name: "paycopy", Kind: 'm', Columns: columns("a"), Query: view(20001, nil, 2)},
			{OID: 20010, Schema: "public", Name: "events", Kind: 'p', Columns: columns("id", "secret")},
			{OID: 20011, Schema: "public", Name: "events_2026", Kind: 'r', Parents: []uint32{20010}, Columns: columns("id", "secret")},
			{OID: 20012, Schema: "public", Name: "events_2027", Kind: 'r', Parents: []uint32{20010}, Columns: columns("id", "secret")},
			{OID: 20020, Schema: "public", Name: "ruled", Kind: 'r', Rules: true, Columns: columns("id")},
			{OID: 20021, Schema: "public", Name: "free", Kind: 'r', Triggers: true, Columns: columns("id")},
			{OID: 20022, Schema: "public", Name: "instead", Kind: 'v', Triggers: true, Columns: columns("id"), Query: view(20021, nil, 1)},
			{OID: 20024, Schema: "public", Name: "audited", Kind: 'r', Columns: columns("id"), Fires: []catalog.Trigger{{Name: "t", Function: 30008, Events: catalog.OnUpdate}}},
			{OID: 20025, Schema: "public", Name: "rates", Kind: 'r', Columns: columns("id", "rate")},
			{OID: 20026, Schema: "public", Name: "parents", Kind: 'r', Columns: columns("id"), Keys: []catalog.ForeignKey{{Table: 20001, OnDelete: 'c', OnUpdate: 'a'}}},
			{OID: 20027, Schema: "public", Name: "defaulted", Kind: 'r', Columns: columns("id"), Runs: []catalog.Expression{
				{Moment: catalog.WhenWritten, What: "a column default", Uses: &catalog.Definition{Calls: []uint32{30007}}}}},
			{OID: 20023, Schema: "public", Name: "calling", Kind: 'v', Columns: columns("id"), Query: view(20021, []uint32{30002}, 1)},
		},
		Functions: []catalog.Function{
			{OID: 30001, Schema: "public", Name: "do_drop", Kind: 'f', Language: "plpgsql", Volatility: 'v'},
			{OID: 30002, Schema: "public", Name: "total", Kind: 'f', Language: "sql", Volatility: 's', Body: body("select sum(amount) from hr.salaries")},
			{OID: 30003, Schema: "ext", Name: "uuid_generate_v4", Kind: 'f', Language: "c", Volatility: 'v', Extension: "uuid-ossp"},
			{OID: 30004, Schema: "cron", Name: "schedule", Kind: 'f', Language: "c", Volatility: 'v', Extension: "pg_cron", Arguments: 2},
			{OID: 30005, Schema: "public", Name: "proc", Kind: 'p', Language: "plpgsql", Volatility: 'v'},
			{OID: 30007, Schema: "public", Name: "purge", Kind: 'f', Language: "plpgsql", Volatility: 's', Body: body("delete from hr.salaries")},
			{OID: 30008, Schema: "public", Name: "purges", Kind: 'f', Language: "sql", Volatility: 'i', Body: body("select purge(), purges()")},
			{OID: 30009, Schema: "public", Name: "harmless", Kind: 'f', Language: "sql", Volatility: 'v', Body: body("select upper('x'), harmless()")},
			{OID: 30010, Schema: "app", Name: "trusted_purge", Kind: 'f', Language: "sql", Volatility: 'v', Body: body("select purge()")},
			{OID: 30011, Schema: "public", Name: "writes_rates", Kind: 'f', Language: "plpgsql", Volatility: 'v', Body: body("update rates set rate = 1 where id = 1")},
			{OID: 30012, Schema: "public", Name: "builds", Kind: 'f', Language: "plpgsql", Volatility: 's', Body: dynamic},
			{OID: 30006, Schema: "app", Name: "next_number", Kind: 'f', Language: "plpgsql", Volatility: 'v'},
		},
		Operators: []catalog.Operator{{OID: 40001, Schema: "public", Name: "===", Left: 25, Right: 25, Function: 30007}},
		BuiltIn:   map[uint32]string{1: "lower", 2: "now", 3: "count"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return NewCatalog(s)
}

func TestGuardsReachWhatTheTextDoesNotName(t *testing.T) {
	b := compile(t, onePolicy(`
  trustedFunctions: [app.*]
  guards:
  - {name: a-no-ddl, match: {commands: [Drop]}, action: Deny}
  - {name: amounts, match: {columns: [hr.salaries.amount], access: Read}, action: Deny}
  - {name: salary-writes, match: {tables: [hr.salaries], access: Write}, action: Deny}
  - {name: unbounded, match: {commands: [Delete], tables: [hr.salaries], where: Missing}, action: Deny}
  - {name: partition, match: {tables: [public.events_2026]}, action: Deny}
  - {name: parent, match: {columns: [public.events.secret]}, action: Deny}
`))
	rules := b.Rules(bot, b.Database("crm"))
	c := testCatalog(t)
	for sql, want := range map[string]string{
		"select lower('x'), now()":                 "",
		"select id from hr.salaries":               "",
		"select amount from hr.salaries":           "amounts",
		"select id from ids":                       "",
		"select b from pay2":                       "amounts", // a view of a view
		"select a from pay":                        "amounts",
		"select x.a from public.pay x":             "amounts",
		"select a from paycopy":                    "amounts",
		"select a from other.pay":                  "",
		"refresh materialized view paycopy":        "amounts",
		"update pay set a = 1 where id = 2":        "amounts", // the view reads it
		"update ids set id = 1 where id = 2":       "salary-writes",
		"insert into ids values (1)":               "salary-writes",
		"delete from ids":                          "salary-writes",
		"drop view ids":                            "a-no-ddl",
		"select id from events_2026":               "partition",
		"select id from events":                    "partition", // its rows are among them
		"select id from events_2027":               "partition",
		"select e.secret from events_2027 e":       "parent",
		"insert into ruled values (1)":             "a-no-ddl",
		"select id from ruled":                     "",
		"insert into free values (1)":              "",
		"insert into instead values (1)":           "a-no-ddl",
		"select id from instead":                   "",
		"select do_drop()":                         "a-no-ddl",
		"select public.do_drop()":                  "a-no-ddl",
		"select 1 where exists (select do_drop())": "a-no-ddl",
		"call proc()":                              "a-no-ddl",
		"select total()":                           "amounts", // its body says so
		"select harmless()":                        "",
		"select purge()":                           "salary-writes", // whatever its volatility says
		"select purges()":                          "salary-writes", // by way of another, and itself
		"select app.trusted_purge()":               "",
		"select writes_rates()":                    "",
		"select builds()":                          "a-no-ddl", // text that is made when it runs
		"select 'a' === 'b'":                       "salary-writes",
		"select 'a' operator(public.===) 'b'":      "salary-writes",
		"update audited set id = 2":                "salary-writes", // its trigger
		"select id from audited":                   "",
		"insert into defaulted default values":     "salary-writes",
		"delete from parents where id = 1":         "salary-writes", // the foreign key carries it on
		"update parents set id = 1 where id = 2":   "",
		"create trigger t before insert on free execute function purge()": "salary-writes",
		"select id from calling":                            "amounts",
		"select app.next_number()":                          "", // trusted
		"select next_number()":                              "",
		"select ext.uuid_generate_v4()":                     "",
		"select cron.schedule('* * * * *', 'drop table x')": "a-no-ddl",
		"select made_just_now()":                            "a-no-ddl",
		"select note(s) from hr.salaries s":                 "amounts", // the whole row is named
	} {
		q := Request{Facts: facts(t, sql), Catalog: c}
		v := rules.Judge(q)
		rule := v.Rule
		if rule != want {
			t.Errorf("%s: %s by %q, want %q: %s", sql, v.Action, rule, want, v.Reason)
		}
		if e := b.Explain(bot, b.Database("crm"), q).Verdict; e.Action != v.Action || e.Rule != v.Rule {
			t.Errorf("%s: explained as %s by %q", sql, e.Action, e.Rule)
		}
		if strings.Contains(v.Reason, "()(") || v.Refused() && !strings.HasPrefix(v.Reason, "it ") {
			t.Errorf("%s: reason %q", sql, v.Reason)
		}
	}
}

func TestGuardsThatStopNothingDoNotMindFunctions(t *testing.T) {
	b := compile(t, onePolicy("  guards: [{name: note, match: {commands: [Drop]}, action: Warn}]\n"))
	v := b.Rules(bot, b.Database("crm")).Judge(Request{Facts: facts(t, "select do_drop()"), Catalog: testCatalog(t)})
	if v.Action != Allow || len(v.Warnings) != 0 {
		t.Errorf("%+v", v)
	}
}

func TestNoCatalogOutOfNoSnapshot(t *testing.T) {
	if NewCatalog(nil) != nil {
		t.Error("a catalog out of nothing")
	}
}
