package proxy

import (
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/proxy/catalog"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// What is dropped while the catalog is read makes a question fail: the errand rolls
// back and asks again, a few times.
func TestAnErrandAsksAgainWhenSomethingVanished(t *testing.T) {
	catalogs, err := catalog.NewCache(catalog.Options{Poll: time.Minute, Refresh: time.Hour, MaxAge: time.Hour, Databases: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = catalogs.Close() })
	for code, most := range map[string]int{"XX000": 4, "42501": 1} {
		e := &errand{catalog: catalogs.Use(code)}
		begun, tx := 0, byte(wire.TxIdle)
		for range 20 {
			texts := e.Next(tx)
			if len(texts) == 0 {
				break
			}
			switch {
			case strings.HasPrefix(texts[0], "BEGIN"):
				begun, tx = begun+1, wire.TxFailed
				e.Failed(&diagnostic.Diagnostic{Code: code, Message: "could not open relation with OID 20002"})
			case texts[0] == "ROLLBACK":
				tx = wire.TxIdle
			default:
				t.Fatalf("it asks %q", texts)
			}
		}
		if begun != most || !e.over || e.err == nil {
			t.Errorf("%s: begun %d times, over %v: %v", code, begun, e.over, e.err)
		}
	}
}
