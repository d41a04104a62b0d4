package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestARateMatchesWhatComesTooFast(t *testing.T) {
	b := compile(t, onePolicy(`
  guards: [{name: often, match: {commands: [Select]}, rate: {statements: 3, per: 1m}, action: Deny}]
`))
	rules := b.Rules(bot, b.Database("crm"))
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	send := func(rules *Rules, sql string) Verdict {
		v := rules.Judge(Request{Facts: facts(t, sql), Text: sql, Now: now})
		if v.Action == Allow {
			v.Spend(now)
		}
		return v
	}
	for i := range 3 {
		if v := send(rules, "select 1"); v.Action != Allow || v.Cacheable {
			t.Fatalf("statement %d: %+v", i, v)
		}
	}
	v := send(rules, "select 1")
	if v.Action != Deny || !strings.Contains(v.Reason, "more than 3 in 1m0s") || !strings.Contains(v.Hint, "Wait") {
		t.Errorf("the fourth: %+v", v)
	}
	if v := send(rules, "insert into t values (1)"); v.Action != Allow {
		t.Errorf("what the rule is not about: %+v", v)
	}
	other := *bot
	other.Subject, other.CgroupPath = "cgroup:/agents/other", "/agents/other"
	if v := send(b.Rules(&other, b.Database("crm")), "select 1"); v.Action != Allow {
		t.Errorf("another workload: %+v", v)
	}
	child := *bot
	child.PID = 4711 // another session of the same workload
	if v := send(b.Rules(&child, b.Database("crm")), "select 1"); v.Action != Deny {
		t.Errorf("another session: %+v", v)
	}
	now = now.Add(20 * time.Second)
	if v := send(rules, "select 1"); v.Action != Allow {
		t.Errorf("when one came back: %+v", v)
	}
	if v := send(rules, "select 1"); v.Action != Deny {
		t.Errorf("the one after it: %+v", v)
	}
	now = now.Add(-time.Hour)
	if v := send(rules, "select 1"); v.Action != Deny {
		t.Errorf("when the clock was set back: %+v", v)
	}
}

func TestJudgingAloneCountsNothing(t *testing.T) {
	b := compile(t, onePolicy(`
  guards: [{name: often, match: {any: true}, rate: {statements: 1, per: 1m}, action: Deny}]
`))
	rules := b.Rules(bot, b.Database("crm"))
	for range 10 {
		if v := judge(t, rules, "select 1"); v.Action != Allow {
			t.Fatalf("%+v", v)
		}
	}
}

func TestTooManyWorkloadsAreCountedTogether(t *testing.T) {
	var all buckets
	rate := &Rate{Statements: 2, Per: time.Minute}
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for i := range bucketsKept {
		all.of(fmt.Sprint(i), "p/r", rate).spend(now)
	}
	first, second := all.of("a", "p/r", rate), all.of("b", "p/r", rate)
	if first != second {
		t.Error("there is no bound")
	}
	if len(all.all) > bucketsKept+1 {
		t.Errorf("%d buckets", len(all.all))
	}
	all.of("0", "p/r", rate).spend(now.Add(time.Hour)) // an hour later all others are full again
	if again := all.of("c", "p/r", rate); again == first || len(all.all) > 10 {
		t.Errorf("%d buckets are kept though they are full", len(all.all))
	}
}

func TestABucketMayOweButNotForever(t *testing.T) {
	b := bucket{rate: &Rate{Statements: 2, Per: time.Minute}}
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for range 100 {
		b.spend(now)
	}
	if !b.exceeded(now.Add(80 * time.Second)) {
		t.Error("debts are forgotten")
	}
	if b.exceeded(now.Add(91 * time.Second)) {
		t.Error("the debt is not bounded")
	}
}
