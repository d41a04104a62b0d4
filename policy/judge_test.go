package policy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/policy/statement"
)

var bot = &identity.Identity{Subject: "cgroup:/agents/bot", Kind: "Cgroup", CgroupPath: "/agents/bot", UID: 1000, User: "bot", Executable: "/usr/bin/psql"}

const crm = `
apiVersion: weir.dev/v1alpha1
kind: Database
metadata: {name: crm}
spec: {hosts: [10.0.3.1], databases: [crm], tls: {mode: Disable}, login: {type: Static, user: app, passwordFile: /p}}
---
`

// onePolicy is a policy for everyone on crm with the rest of its spec.
func onePolicy(spec string) string {
	return crm + `
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: p}
spec:
  identities: [{name: all, any: true}]
  databases: [crm]
` + spec
}

// facts reads SQL or ends the test.
func facts(t testing.TB, sql string) *statement.Facts {
	t.Helper()
	f, err := statement.Parse(sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return f
}

func judge(t testing.TB, r *Rules, sql string) Verdict {
	t.Helper()
	return r.Judge(Request{Facts: facts(t, sql), Text: sql, Now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)})
}

func TestGuards(t *testing.T) {
	const spec = `
  approvals: [{name: dba, approvers: {groups: [dba]}}]
  guards:
  - {name: no-ddl, match: {commands: [Drop, Truncate, Alter]}, action: Deny}
  - {name: unbounded, match: {commands: [Update, Delete], where: Missing}, action: Deny}
  - {name: payments, match: {tables: [public.payments], access: Write}, action: RequireApproval, approval: dba}
  - {name: salaries, match: {tables: [hr.salaries]}, action: Deny}
  - {name: secret-read, match: {columns: [public.users.password], access: Read}, action: Deny}
  - {name: files, match: {functions: [pg_read_file, "lo_*"]}, action: Deny}
  - {name: roles, match: {settings: [role, session_authorization]}, action: Deny}
  - {name: noisy, match: {commands: [Copy]}, action: Warn}
  - {name: fine, match: {commands: [Select]}, action: Allow}
`
	b := compile(t, onePolicy(spec))
	rules := b.Rules(bot, b.Database("crm"))
	for _, c := range []struct {
		sql    string
		action Action
		rule   string
	}{
		{"select 1", Allow, ""},
		{"", Allow, ""},
		{"drop table t", Deny, "no-ddl"},
		{"drop/**/table t", Deny, "no-ddl"},
		{"DROP OWNED BY app", Deny, "no-ddl"},
		{"truncate a, b", Deny, "no-ddl"},
		{"select 1; delete from t where id = 1; drop table t", Deny, "no-ddl"},
		{"explain analyse delete from t", Deny, "unbounded"},
		{"explain (costs off, analyze) delete from t", Deny, "unbounded"},
		{"explain (analyze false) delete from t", Allow, ""},
		{"explain delete from t", Allow, ""},
		{"with x as materialized (delete from t returning *) select * from x", Deny, "unbounded"},
		{"delete from t", Deny, "unbounded"},
		{"delete from t where true", Deny, "unbounded"},
		{"delete from t where 1=1", Deny, "unbounded"},
		{"delete from t where id=id", Deny, "unbounded"},
		{"delete from t where id = 7", Allow, ""},
		{"update t set a = 1", Deny, "unbounded"},
		{"update t set a = 1 where id = $1", Allow, ""},
		{"with d as (delete from log) update t set a = 1 where id = 3", Deny, "unbounded"},
		{"select * from payments", Allow, ""},
		{"insert into payments values (1)", RequireApproval, "payments"},
		{"insert into public.payments values (1)", RequireApproval, "payments"},
		{"insert into archive.payments values (1)", Allow, ""},
		{"with i as (insert into payments values (1)) select 1", RequireApproval, "payments"},
		{"insert into payments values (1); drop table x", Deny, "no-ddl"},
		{"prepare p as insert into payments values (1)", RequireApproval, "payments"},
		{"copy payments from stdin", RequireApproval, "payments"},
		{"copy payments to stdout", Warn, "noisy"},
		{"select * from salaries", Deny, "salaries"},
		{"select * from hr.salaries", Deny, "salaries"},
		{"select * from public.salaries", Allow, ""},
		{"select (select max(amount) from hr.salaries)", Deny, "salaries"},
		{"select password from users", Deny, "secret-read"},
		{"select u.password from users u", Deny, "secret-read"},
		{"select * from users", Deny, "secret-read"},
		{"select u from users u", Deny, "secret-read"},
		{"table users", Deny, "secret-read"},
		{"select users from users", Deny, "secret-read"},
		{"select password(users) from users", Deny, "secret-read"},
		{"select x.* from (select password from users) x", Deny, "secret-read"},
		{"select a from users t(a, b)", Deny, "secret-read"},
		{"select 1 from users where password like 'a%'", Deny, "secret-read"},
		{"copy users to stdout", Deny, "secret-read"},
		{"copy users(name) to stdout", Warn, "noisy"},
		{"select name from users", Allow, ""},
		{"select name from users order by password", Deny, "secret-read"},
		{"update users set password = 'x' where id = 1", Allow, ""},
		{"update users set password = 'x' where id = 1 returning password", Deny, "secret-read"},
		{"select password from staff", Allow, ""},
		{"select pg_read_file('/etc/passwd')", Deny, "files"},
		{"select pg_catalog.pg_read_file('/etc/passwd')", Deny, "files"},
		{"select lo_export(1, '/tmp/x')", Deny, "files"},
		{"set role postgres", Deny, "roles"},
		{"set local role postgres", Deny, "roles"},
		{"reset role", Deny, "roles"},
		{"reset all", Allow, ""},
		{"set session authorization postgres", Deny, "roles"},
		{"reset session authorization", Deny, "roles"},
		{"select set_config('role', 'postgres', false)", Deny, "roles"},
		{"select set_config('ROLE', 'postgres', false)", Deny, "roles"},
		{"discard all", Deny, "roles"},
		{"set search_path = x", Allow, ""},
		{"do $$ begin perform 1; end $$", Allow, ""},
		{"do $$ begin execute 'drop ' || (select 'table t'); end $$", Deny, "files"},
		{"select ext.dblink_exec('', 'drop table t')", Deny, "files"},
		{"do language plpython3u $$ x() $$", Deny, "files"},
	} {
		t.Run(c.sql, func(t *testing.T) {
			v := judge(t, rules, c.sql)
			if v.Action != c.action || (c.rule != "" && v.Rule != c.rule) {
				t.Fatalf("%s by %q, want %s by %q: %s", v.Action, v.Rule, c.action, c.rule, v.Reason)
			}
			if v.Refused() && (v.SQLState != "42501" || v.Message == "" || v.Hint == "" || v.Reason == "") {
				t.Errorf("a refusal without words: %+v", v)
			}
			if !v.Cacheable {
				t.Error("no rule depends on the session or the time")
			}
		})
	}
}

func TestSchemaChangesReachUnnamedTables(t *testing.T) {
	b := compile(t, onePolicy(`
  guards:
  - {name: write, match: {tables: [public.payments], access: Write}, action: Deny}
  - {name: read, match: {tables: [hr.salaries], access: Read}, action: Deny}
`))
	rules := b.Rules(bot, b.Database("crm"))
	for sql, rule := range map[string]string{
		"drop schema public cascade":                         "write",
		"drop owned by app":                                  "write",
		"alter schema public rename to old":                  "read",
		"grant all on all tables in schema public to public": "write",
		"alter table hr.salaries rename to s":                "read",
		"alter table other rename to s":                      "",
		"drop table other":                                   "",
		"create table x (a int)":                             "",
	} {
		v := judge(t, rules, sql)
		if rule == "" && v.Action != Allow || rule != "" && v.Rule != rule {
			t.Errorf("%s: %s by %q, want %q", sql, v.Action, v.Rule, rule)
		}
	}
}

func TestSettingsThatBreakTheReadersView(t *testing.T) {
	enforce := compile(t, onePolicy("  mode: Enforce\n"))
	audit := compile(t, onePolicy("  mode: Audit\n"))
	for sql, refused := range map[string]bool{
		"set standard_conforming_strings = off":                          true,
		"set standard_conforming_strings = 0":                            true,
		"set local Standard_Conforming_Strings to 'OF'":                  true,
		"select set_config('standard_conforming_strings', 'off', false)": true,
		"select set_config('standard_conforming_strings', $1, false)":    true,
		"select set_config($1, 'off', false)":                            true,
		"select set_config(name, 'view, foreign-table', false) from pg_settings where name = 'restrict_nonsystem_relation_kind'":         false,
		"select set_config(name, 'view, foreign-table', false) from pg_settings":                                                         true,
		"select set_config(name, 'off', false) from pg_settings where name = 'restrict_nonsystem_relation_kind'":                         true,
		"select set_config(name, 'view, foreign-table', false) from mine.pg_settings where name = 'restrict_nonsystem_relation_kind'":    true,
		"select set_config(name, 'view, foreign-table', false) from pg_settings where name <> 'restrict_nonsystem_relation_kind'":        true,
		"select set_config(name, 'view, foreign-table', false) from pg_settings where name = 'restrict_nonsystem_relation_kind' or true": true,
		"select set_config('standard_conf' || 'orming_strings', 'x', true)":                                                              true,
		"with a as (select set_config('standard_conforming_strings','f',false)) select * from a":                                         true,
		"update pg_settings set setting = 'off' where name = 'standard_conforming_strings'":                                              true,
		"update pg_catalog.pg_settings set setting = 'off' where name like 'std%'":                                                       true,
		"set client_encoding = 'SJIS'":                true,
		"set names 'latin1'":                          true,
		"set client_encoding = 'UTF8'":                false,
		"set names 'utf-8'":                           false,
		"set client_encoding to sql_ascii":            false,
		"set standard_conforming_strings = on":        false,
		"set standard_conforming_strings = TRUE":      false,
		"reset standard_conforming_strings":           false,
		"reset all":                                   false,
		"set application_name = 'x'":                  false,
		"select set_config('search_path', $1, false)": false,
		"select * from pg_settings":                   false,
		"prepare p as select set_config('standard_conforming_strings', 'off', false)": true,
		"explain analyze select set_config('client_encoding', 'big5', false)":         true,
	} {
		v := judge(t, enforce.Rules(bot, enforce.Database("crm")), sql)
		if got := v.Action == Deny; got != refused {
			t.Errorf("%s: refused %v", sql, got)
		}
		if refused && (v.Rule != BuiltInReader || v.Message == "" || v.Hint == "") {
			t.Errorf("%s: %+v", sql, v)
		}
		v = judge(t, audit.Rules(bot, audit.Database("crm")), sql)
		if v.Action != Allow || (len(v.Audited) == 1) != refused {
			t.Errorf("%s under Audit: %+v", sql, v)
		}
	}
}

func TestAuditLetsThroughAndTells(t *testing.T) {
	b := compile(t, onePolicy(`
  mode: Audit
  approvals: [{name: dba, approvers: {any: true}}]
  guards:
  - {name: a, match: {commands: [Drop]}, action: Deny, message: No.}
  - {name: b, match: {any: true}, action: RequireApproval, approval: dba}
  - {name: c, match: {any: true}, action: Warn}
`))
	rules := b.Rules(bot, b.Database("crm"))
	if rules.Mode != Audit {
		t.Error("the mode must be Audit")
	}
	v := judge(t, rules, "drop table t; drop table u")
	if v.Action != Allow || v.Refused() || len(v.Warnings) != 0 {
		t.Fatalf("%+v", v)
	}
	var told []string
	for _, f := range v.Audited {
		told = append(told, f.Rule+":"+string(f.Action))
	}
	if !slices.Equal(told, []string{"a:Deny", "b:RequireApproval", "c:Warn"}) {
		t.Errorf("told %v", told)
	}
}

func TestStrictestOfAllPoliciesWins(t *testing.T) {
	b := compile(t, onePolicy(`
  approvals: [{name: ops, approvers: {groups: [ops, dba], users: [eve]}, wait: 30s, expires: 1h}]
  guards:
  - {name: ask, match: {commands: [Delete]}, action: RequireApproval, approval: ops}
  - {name: allow, match: {any: true}, action: Allow}
`)+`
---
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: q}
spec:
  identities: [{name: bot, host: {cgroups: [/agents]}}]
  databases: {any: true}
  approvals:
  - {name: dba, approvers: {groups: [dba]}, wait: 60s, expires: 15m}
  - {name: boss, approvers: {users: [boss]}}
  guards:
  - {name: warn, match: {any: true}, action: Warn, message: Be careful.}
  - {name: ask, match: {commands: [Delete]}, action: RequireApproval, approval: dba}
  - {name: boss, match: {tables: [hr.*]}, action: RequireApproval, approval: boss}
  - {name: deny, match: {commands: [Drop]}, action: Deny}
---
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: r}
spec:
  mode: Audit
  identities: [{name: all, any: true}]
  databases: [crm]
  guards:
  - {name: deny, match: {any: true}, action: Deny}
---
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: others}
spec:
  identities: [{name: unit, host: {units: [x.service]}}]
  databases: [crm]
  guards:
  - {name: deny, match: {any: true}, action: Deny}
`)
	rules := b.Rules(bot, b.Database("crm"))
	if !slices.Equal(rules.Policies, []string{"p", "q", "r"}) || rules.Mode != Enforce || rules.Unmatched {
		t.Fatalf("%+v", rules)
	}
	v := judge(t, rules, "select 1")
	if v.Action != Warn || v.Rule != "warn" || len(v.Warnings) != 1 || len(v.Audited) != 1 {
		t.Errorf("select: %+v", v)
	}
	v = judge(t, rules, "delete from public.t where id = 1")
	a := v.Approval
	if v.Action != RequireApproval || a == nil || !slices.Equal(a.Groups, []string{"dba"}) || len(a.Users) != 0 ||
		a.Wait != 30*time.Second || a.Expires != 15*time.Minute {
		t.Errorf("delete: %+v %+v", v, a)
	}
	v = judge(t, rules, "delete from hr.x where id = 1")
	if v.Action != Deny || !strings.Contains(v.Message, "approval") || v.Approval != nil {
		t.Errorf("approvals that nobody can give both: %+v", v)
	}
	v = judge(t, rules, "delete from t where id = 1; drop table t")
	if v.Action != Deny || v.Policy != "q" || v.Statement != 1 || v.Approval != nil || !strings.Contains(v.Detail, "statement 2 of the 2") {
		t.Errorf("drop: %+v", v)
	}
}

func TestPreparedStatementsAreJudgedWhenTheyRun(t *testing.T) {
	b := compile(t, onePolicy(`
  guards:
  - {name: no-ddl, match: {commands: [Drop]}, action: Deny}
`))
	rules := b.Rules(bot, b.Database("crm"))
	drop, sel := facts(t, "drop table t"), facts(t, "select 1")
	prepared := func(name string) *statement.Statement {
		switch name {
		case "d":
			return &drop.Statements[0]
		case "s":
			return &sel.Statements[0]
		}
		return nil
	}
	for sql, deny := range map[string]bool{
		"execute s":                         false,
		"execute d":                         true,
		"execute unknown":                   true,
		"explain analyze execute d":         true,
		"explain analyze execute s":         false,
		"create table x as execute s":       false,
		"create table x as execute d":       true,
		"create table x as execute unknown": true,
		"deallocate d":                      false,
		"prepare x as select 1; execute s":  false,
		"select 1; execute d":               true,
	} {
		v := rules.Judge(Request{Facts: facts(t, sql), Prepared: prepared})
		if got := v.Action == Deny; got != deny {
			t.Errorf("%s: denied %v: %s", sql, got, v.Reason)
		}
		if strings.Contains(sql, "execute") && v.Cacheable {
			t.Errorf("%s: must not be cached", sql)
		}
	}
}

func TestWhoIsNotCertainIsDenied(t *testing.T) {
	b := compile(t, crm+`
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: psql}
spec:
  identities: [{name: psql, host: {executables: [/usr/bin/psql]}}]
  databases: [crm]
---
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: watch}
spec:
  mode: Audit
  identities: [{name: users, host: {users: [bot]}}]
  databases: [crm]
`)
	db := b.Database("crm")
	hidden := *bot
	hidden.Executable = ""
	nobody := *bot
	nobody.User, nobody.Executable = "", "/bin/other"

	for name, c := range map[string]struct {
		id        *identity.Identity
		db        *Database
		unmatched bool
		refused   bool
		allowed   bool
		notes     int
	}{
		"selected":                  {bot, db, false, false, true, 0},
		"an attribute is missing":   {&hidden, db, false, true, false, 0},
		"an audited one is missing": {&nobody, db, true, false, false, 1},
		"not attested":              {nil, db, true, true, false, 1},
		"no database":               {bot, nil, true, false, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := b.Rules(c.id, c.db)
			if r.Unmatched != c.unmatched || (r.Refusal != "") != c.refused || len(r.Notes) != c.notes {
				t.Fatalf("%+v", r)
			}
			if v := judge(t, r, "select 1"); (v.Action == Allow) != c.allowed {
				t.Errorf("%+v", v)
			}
			o := r.Observing()
			v := judge(t, o, "drop table t")
			if want := c.unmatched && !c.refused; v.Observed != want || o.Observes() != want {
				t.Errorf("observed %v", v.Observed)
			}
			if c.refused && v.Action != Deny {
				t.Error("what is refused must not be observed")
			}
		})
	}
}

func TestTextThatWasNotReadIsDenied(t *testing.T) {
	b := compile(t, onePolicy(""))
	if v := b.Rules(bot, b.Database("crm")).Judge(Request{}); v.Action != Deny {
		t.Errorf("%+v", v)
	}
}

func TestMasksNeedTheirKey(t *testing.T) {
	text := onePolicy("  masks: [{name: m, columns: [a.b.c], with: {type: Hash, keyFile: /k}}]\n")
	b := compile(t, text)
	if r := b.Rules(bot, b.Database("crm")); r.Refusal != "" || len(r.Masks) != 1 || r.Masks[0].String() != "p/m" {
		t.Errorf("%+v", r)
	}
	b, diags := Compile([]Source{{Name: "x", Data: []byte(text)}})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	r := b.Rules(bot, b.Database("crm"))
	if v := judge(t, r, "select 1"); r.Refusal == "" || v.Action != Deny {
		t.Errorf("without its key: %+v", r)
	}
}
