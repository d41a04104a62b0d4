package statement

import "testing"

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
