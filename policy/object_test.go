package policy

import (
	"strings"
	"testing"
)

func TestGuardsOnKindsOfObject(t *testing.T) {
	b := compile(t, onePolicy(`
  guards:
  - {name: roles, match: {objects: [Role]}, action: Deny}
  - {name: views, match: {objects: [View, MaterializedView], commands: [Drop]}, action: Deny}
`))
	rules := b.Rules(bot, b.Database("crm"))
	for sql, rule := range map[string]string{
		"create role x": "roles", "alter user x with superuser": "roles", "drop group x": "roles", "grant x to y": "roles",
		"comment on role x is 'y'": "roles", "drop view v": "views", "drop materialized view if exists m": "views",
		"create view v as select 1": "", "drop table t": "", "create temp view v as select 1": "", "select 1": "",
		"do $$ begin drop view v; end $$": "views",
	} {
		v := judge(t, rules, sql)
		if v.Rule != rule {
			t.Errorf("%s: %q, want %q: %s", sql, v.Rule, rule, v.Reason)
		}
	}
	if v := judge(t, rules, "drop view v"); !strings.Contains(v.Reason, "has DROP of the view v") {
		t.Errorf("reason %q", v.Reason)
	}
}
