package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/statement"
)

func TestConditions(t *testing.T) {
	b := compile(t, onePolicy(`
  guards:
  - {name: night, match: {commands: [Insert]}, when: "now.getHours('UTC') < 6", action: Deny}
  - {name: program, match: {commands: [Copy]}, when: statement.copy == 'Program', action: Deny}
  - {name: whole-session, match: {commands: [Unlisten]}, when: "[session].exists(s, !s.inTransaction)", action: Deny}
  - {name: other-user, match: {commands: [Listen]}, when: session.user != 'app', action: Deny}
  - {name: in-transaction, match: {commands: [Vacuum]}, when: session.inTransaction, action: Deny}
  - {name: tool, match: {commands: [Notify]}, when: identity.executable != '/usr/bin/psql', action: Deny}
  - {name: fails, match: {commands: [Lock]}, when: "statement.tables[5].name == 'x'", action: Deny}
  - {name: dear, match: {commands: [Analyze]}, when: "statement.columns.all(a, statement.columns.all(b, statement.columns.all(c, a.name != 'x' || b.name != 'y' || c.name != 'z')))", action: Deny}
  - {name: drops, match: {any: true}, when: "'Drop' in statement.commands", action: Deny}
`))
	rules := b.Rules(bot, b.Database("crm"))
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	night := noon.Add(-8 * time.Hour)
	session := Session{Database: "crm", User: "app"}
	for name, c := range map[string]struct {
		sql       string
		session   Session
		now       time.Time
		deny      bool
		cacheable bool
	}{
		"by day":                        {"insert into t values (1)", session, noon, false, false},
		"by night":                      {"insert into t values (1)", session, night, true, false},
		"without time":                  {"select 1", session, night, false, true},
		"from a program":                {"copy t from program 'id'", session, noon, true, true},
		"from the client":               {"copy t from stdin", session, noon, false, true},
		"the right user":                {"listen x", session, noon, false, true},
		"the wrong user":                {"listen x", Session{User: "b"}, noon, true, true},
		"the session as a whole":        {"unlisten x", session, noon, true, false},
		"in no transaction":             {"vacuum t", session, noon, false, false},
		"in a transaction":              {"vacuum t", Session{InTransaction: true}, noon, true, false},
		"the tool":                      {"notify x", session, noon, false, true},
		"an evaluation that fails":      {"lock t", session, noon, true, true},
		"what a condition looks for":    {"drop table t", session, noon, true, true},
		"hidden from the condition":     {"do $$ begin execute 'dr' || (select 'op table t'); end $$", session, noon, true, false},
		"an unknown prepared statement": {"execute s", session, noon, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			v := rules.Judge(Request{Facts: facts(t, c.sql), Session: c.session, Now: c.now})
			if got := v.Action == Deny; got != c.deny || v.Cacheable != c.cacheable {
				t.Errorf("denied %v, cacheable %v: %s", got, v.Cacheable, v.Reason)
			}
		})
	}
	t.Run("an attribute that could not be obtained", func(t *testing.T) {
		nameless := *bot
		nameless.Executable = ""
		v := judge(t, b.Rules(&nameless, b.Database("crm")), "notify x")
		if v.Action != Deny || !strings.Contains(v.Reason, "could not be obtained") {
			t.Errorf("%+v", v)
		}
	})
	t.Run("more work than a condition may make", func(t *testing.T) {
		many := &statement.Facts{Statements: []statement.Statement{{Command: "Analyze", Commands: []statement.Command{"Analyze"}}}}
		for range 500 {
			many.Statements[0].Columns = append(many.Statements[0].Columns, statement.Column{Name: "a"})
		}
		start := time.Now()
		v := rules.Judge(Request{Facts: many, Session: session, Now: noon})
		if v.Action != Deny || !strings.Contains(v.Reason, "could not be evaluated") {
			t.Errorf("%+v", v)
		}
		if d := time.Since(start); d > 30*time.Second {
			t.Errorf("took %v", d)
		}
	})
}
