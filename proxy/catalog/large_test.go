package catalog_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	proxycatalog "github.com/weirgate/weir/proxy/catalog"
)

// tables makes 10,000 tables of ten columns.
func (c *conn) tables(tb testing.TB) {
	tb.Helper()
	for i := range 20 {
		script := fmt.Sprintf(`DO $$ BEGIN FOR i IN 1..500 LOOP
			EXECUTE format('CREATE TABLE t_%%s_%%s (id int, name varchar(20), email varchar(20), phone varchar(20), city varchar(20), created timestamptz, updated timestamptz, amount numeric(10,2), note varchar(20), kind "char")', %d, i);
			END LOOP; END $$`, i)
		if _, err := c.Exec(context.Background(), script).ReadAll(); err != nil {
			tb.Fatal(err)
		}
	}
}

// BenchmarkTenThousandTables reads the catalog of 10,000 tables from a server: all of
// it, whether it has changed, and what has changed after a table was made.
func BenchmarkTenThousandTables(b *testing.B) { benchmarkReading(b, (*conn).tables) }

// BenchmarkSmallDatabase is the same of a database without tables of its own.
func BenchmarkSmallDatabase(b *testing.B) { benchmarkReading(b, func(*conn, testing.TB) {}) }

func benchmarkReading(b *testing.B, fill func(*conn, testing.TB)) {
	s, stop, err := start()
	if err != nil {
		b.Skip("NEEDS POSTGRES: " + err.Error())
	}
	defer stop()
	c, err := dial(s)
	if err != nil {
		b.Fatal(err)
	}
	fill(c, b)
	login(b, c)
	if _, err := c.Query(b.Context(), "ANALYZE pg_catalog.pg_class, pg_catalog.pg_attribute"); err != nil {
		b.Fatal(err)
	}
	b.Run("whole", func(b *testing.B) {
		for b.Loop() {
			if _, err := proxycatalog.Read(b.Context(), c, inProcess{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, one := range []struct{ name, change string }{
		{"unchanged", "SELECT %d"},
		{"one more table", "CREATE TABLE public.more_%d (id int)"},
		{"one more function", "CREATE FUNCTION public.more_%d() RETURNS int LANGUAGE sql AS 'SELECT 1'"},
	} {
		b.Run(one.name, func(b *testing.B) {
			cache, err := proxycatalog.NewCache(proxycatalog.Options{Poll: time.Hour, Refresh: time.Hour, MaxAge: time.Hour, Databases: 1, Bodies: inProcess{}})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = cache.Close() }()
			d := cache.Use("db")
			own, err := dial(s)
			if err != nil {
				b.Fatal(err)
			}
			login(b, own)
			source := func(context.Context) (proxycatalog.Connection, error) { return own, nil }
			for b.Loop() {
				b.StopTimer()
				if _, err := c.Query(b.Context(), fmt.Sprintf(one.change, time.Now().UnixNano())); err != nil {
					b.Fatal(err)
				}
				if d.Newest() == nil {
					if _, err := d.Get(b.Context(), source); err != nil {
						b.Fatal(err)
					}
				}
				b.StartTimer()
				if _, err := d.Since(b.Context(), time.Now(), source); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// login makes a connection like one of weir's own.
func login(b *testing.B, c *conn) {
	b.Helper()
	for _, set := range proxycatalog.LoginSettings() {
		if set.Name == "default_transaction_read_only" {
			continue
		}
		if _, err := c.Query(b.Context(), "SELECT pg_catalog.set_config('"+set.Name+"', '"+set.Value+"', false)"); err != nil {
			b.Fatal(err)
		}
	}
}
