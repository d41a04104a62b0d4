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
