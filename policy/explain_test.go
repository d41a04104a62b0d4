package policy

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/identity"
)

// TestExplanation compares a whole explanation with the golden text.
func TestExplanation(t *testing.T) {
	b := compile(t, good+`
---
apiVersion: weir.dev/v1alpha1
kind: Database
metadata: {name: lab}
spec: {hosts: [lab.internal], databases: [lab], login: {type: Passthrough}}
---
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: lab-only}
spec: {identities: [{name: all, any: true}], databases: [lab]}
`)
	const sql = "select 1; delete from payments where id = 1; delete from t; do language plpython3u 'x()'"
	e := b.Explain(bot, b.Database("crm"), Request{Facts: facts(t, sql), Text: sql, Now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)})
	got, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const golden = "testdata/explanation.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("got:\n%s", got)
	}
}

func TestExplanationOfWhatIsNotSelected(t *testing.T) {
	b := compile(t, good)
	stranger := &identity.Identity{Subject: "unit:x.service", Kind: "Unit", Unit: "x.service", CgroupPath: "/system.slice/x.service"}
	for name, db := range map[string]*Database{"a stranger": b.Database("crm"), "no database": nil} {
		t.Run(name, func(t *testing.T) {
			e := b.Explain(stranger, db, Request{Facts: facts(t, "select 1")})
			if !e.Unmatched || e.Verdict.Action != Deny || len(e.Policies) != 1 || e.Policies[0].Selected != identity.No ||
				e.Policies[0].Why == "" || len(e.Policies[0].Guards) != 0 {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestExplanationAgreesWithTheVerdict(t *testing.T) {
	b := compile(t, good)
	for _, sql := range []string{"select 1", "drop table t", "delete from t", "insert into payments values (1)", "set standard_conforming_strings = off", "execute x"} {
		q := Request{Facts: facts(t, sql), Now: time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC)}
		v := b.Rules(bot, b.Database("crm")).Judge(q)
		e := b.Explain(bot, b.Database("crm"), q).Verdict
		if v.Action != e.Action || v.Rule != e.Rule || v.Message != e.Message || v.Cacheable != e.Cacheable {
			t.Errorf("%s: judged %+v, explained %+v", sql, v, e)
		}
	}
}
