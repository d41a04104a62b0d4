package parser

import (
	"fmt"
	"strings"
	"testing"
)

func BenchmarkParseFirst(b *testing.B) {
	p := newPool(b, func(c *Config) { c.Cache = 0 })
	for name, text := range map[string]string{
		"simple": "select id, name from customers where id = $1",
		"insert": "insert into t values " + strings.Repeat("(1, 'a', now()), ", 500) + "(1, 'a', now())",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Parse(b.Context(), text, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseCached(b *testing.B) {
	p := newPool(b, nil)
	text := []byte("select id, name from customers where id = $1")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.ParseBytes(b.Context(), text, "key"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseCachedParallel(b *testing.B) {
	p := newPool(b, nil)
	texts := make([][]byte, 64)
	for i := range texts {
		texts[i] = fmt.Appendf(nil, "select id, name from customers where id = %d", i)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, err := p.ParseBytes(b.Context(), texts[i%len(texts)], ""); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkCached(b *testing.B) {
	p := newPool(b, nil)
	for _, text := range []string{
		"select abalance from pgbench_accounts where aid = $1",
		"SELECT abalance FROM pgbench_accounts WHERE aid = 1;",
		"SELECT abalance FROM pgbench_accounts WHERE aid = 1 LIMIT 5;",
		"INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (1, 2, 3, -4, CURRENT_TIMESTAMP);",
	} {
		if _, err := p.Parse(b.Context(), text, ""); err != nil {
			b.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"exact":                  "select abalance from pgbench_accounts where aid = $1",
		"template":               "SELECT abalance FROM pgbench_accounts WHERE aid = 1234567;",
		"template with a pinned": "SELECT abalance FROM pgbench_accounts WHERE aid = 1234567 LIMIT 5;",
		"template of an insert":  "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (7, 1, 52341, -2310, CURRENT_TIMESTAMP);",
	} {
		b.Run(name, func(b *testing.B) {
			text := []byte(text)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, ok := p.Cached(text); !ok {
					b.Fatal("not known")
				}
			}
		})
	}
	b.Run("miss", func(b *testing.B) {
		text := []byte("SELECT bbalance FROM pgbench_branches WHERE bid = 1234567;")
		b.ReportAllocs()
		for b.Loop() {
			if _, _, ok := p.Cached(text); ok {
				b.Fatal("known")
			}
		}
	})
}

func BenchmarkCachedParallel(b *testing.B) {
	p := newPool(b, nil)
	if _, err := p.Parse(b.Context(), "SELECT abalance FROM pgbench_accounts WHERE aid = 1;", ""); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		text := []byte("SELECT abalance FROM pgbench_accounts WHERE aid = 1234567;")
		for pb.Next() {
			if _, _, ok := p.Cached(text); !ok {
				b.Fatal("not known")
			}
		}
	})
}
