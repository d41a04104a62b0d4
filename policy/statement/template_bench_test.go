package statement

import (
	"strings"
	"testing"
)

func BenchmarkTemplate(b *testing.B) {
	limits := DefaultLimits()
	for name, text := range map[string]string{
		"select": "SELECT abalance FROM pgbench_accounts WHERE aid = 1234567;",
		"insert": "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (7, 1, 52341, -2310, CURRENT_TIMESTAMP);",
	} {
		b.Run(name, func(b *testing.B) {
			var t Template
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if err := t.Read(text, limits); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkParse shows what holding the constants costs besides the parse.
func BenchmarkParse(b *testing.B) {
	row := "(1, -2, 'text', now(), null), "
	for name, text := range map[string]string{
		"select":      "SELECT abalance FROM pgbench_accounts WHERE aid = 1234567;",
		"long insert": "insert into t values " + strings.Repeat(row, 1000) + "(1, 2, 'x', now(), null)",
	} {
		b.Run(name+", held", func(b *testing.B) {
			for b.Loop() {
				if _, _, err := ParseShared(text); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+", open", func(b *testing.B) {
			for b.Loop() {
				tree, err := parseTree(text)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := walk(tree, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
