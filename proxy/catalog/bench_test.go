package catalog_test

import (
	"fmt"
	"testing"
	"time"

	proxycatalog "github.com/weirgate/weir/proxy/catalog"
)

// BenchmarkDigest makes a snapshot of the answer for 10,000 tables of 10 columns.
func BenchmarkDigest(b *testing.B) {
	row := func(values ...string) [][]byte {
		r := make([][]byte, 8)
		for i, v := range values {
			r[i] = []byte(v)
		}
		return r
	}
	rows := [][][]byte{row("i", "db", "150000", "UTF8"), row("b", "1", "lower")}
	for i := range 10_000 {
		oid := fmt.Sprint(20_000 + i)
		rows = append(rows, row("r", oid, "public", "table_"+oid, "r", "false", "false", "0 f 0 0"))
		for c := range 10 {
			rows = append(rows, row("a", oid, fmt.Sprint(c+1), fmt.Sprint("column_", c), "25", "-1"))
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := proxycatalog.Digest(b.Context(), rows, time.Now(), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPeek is what every statement does.
func BenchmarkPeek(b *testing.B) {
	c, err := proxycatalog.NewCache(proxycatalog.Options{Poll: time.Minute, Refresh: time.Hour, MaxAge: time.Hour, Databases: 1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	d := c.Use("db")
	f := &fake{notify: make(chan struct{})}
	if _, err := d.Get(b.Context(), f.source); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if d.Peek() == nil {
				b.Error("it is not at hand")
				return
			}
		}
	})
}
