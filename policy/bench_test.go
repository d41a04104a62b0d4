package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func BenchmarkJudge(b *testing.B) {
	var guards strings.Builder
	guards.WriteString("  guards:\n")
	for i := range 20 {
		fmt.Fprintf(&guards, "  - {name: g%d, match: {commands: [Update, Delete], tables: [app.t%d, hr.*], access: Write}, action: Deny}\n", i, i)
	}
	plain := compile(b, onePolicy(guards.String()))
	timed := compile(b, onePolicy(guards.String()+"  - {name: when, match: {any: true}, when: \"now.getHours('UTC') > 22\", action: Deny}\n"))
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		bundle *Bundle
		sql    string
	}{
		"20 guards, a select":              {plain, "select abalance from pgbench_accounts where aid = $1"},
		"20 guards, an update":             {plain, "update public.pgbench_accounts set abalance = abalance + $1 where aid = $2"},
		"20 guards, a refusal":             {plain, "update app.t7 set a = 1 where b = 2"},
		"20 guards, a condition, a select": {timed, "select abalance from pgbench_accounts where aid = $1"},
	} {
		b.Run(name, func(b *testing.B) {
			rules := c.bundle.Rules(bot, c.bundle.Database("crm"))
			q := Request{Facts: facts(b, c.sql), Now: now}
			b.ReportAllocs()
			for b.Loop() {
				rules.Judge(q)
			}
		})
	}
}

func BenchmarkRules(b *testing.B) {
	bundle := compile(b, good)
	db := bundle.Database("crm")
	b.ReportAllocs()
	for b.Loop() {
		bundle.Rules(bot, db)
	}
}
