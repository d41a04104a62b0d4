package proxy_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/jackc/pgx/v5"

	"github.com/weirgate/weir/policy/catalog"
)

// Sessions that are idle, statements that are prepared and what is made of a catalog do
// not keep it alive once there is a newer one: else a migration takes the memory of as
// many catalogs as it has definitions.
func TestCatalogsThatAreNotTheNewestAreLetGo(t *testing.T) {
	s := newSite(t, options{})
	conn := s.connect()
	var idle []*pgx.Conn
	defer func() {
		for _, c := range idle {
			_ = c.Close(t.Context())
		}
	}()
	var were []weak.Pointer[catalog.Snapshot]
	for n := range 12 {
		_, err := conn.Exec(t.Context(), fmt.Sprintf("CREATE TABLE made_%d (id integer)", n))
		must(t, err)
		_, err = conn.Prepare(t.Context(), fmt.Sprintf("kept_%d", n), "SELECT id, email FROM customers WHERE id = $1")
		must(t, err)
		other := s.connect() // and then it does nothing
		idle = append(idle, other)
		_, err = other.Exec(t.Context(), "SELECT email FROM customers")
		must(t, err)
		_, err = other.Prepare(t.Context(), "kept", "SELECT id, email FROM customers WHERE id = $1")
		must(t, err)
		snap, err := s.gateway.Snapshot(t.Context(), s.bundle.Load().Database("shop"), s.database)
		must(t, err)
		were = append(were, weak.Make(snap))
	}
	distinct := map[weak.Pointer[catalog.Snapshot]]bool{}
	for _, w := range were {
		distinct[w] = true
	}
	if len(distinct) < len(were) {
		t.Fatalf("%d catalogs for %d definitions", len(distinct), len(were))
	}
	alive := func() (n int) {
		runtime.GC()
		for _, w := range were {
			if w.Value() != nil {
				n++
			}
		}
		return n
	}
	for end := time.Now().Add(time.Minute); alive() > 2; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d of %d catalogs are still held", alive(), len(were))
		}
	}
	// And all goes on as before.
	for n, c := range append(idle, conn) {
		name := "kept"
		if c == conn {
			name = "kept_3"
		}
		var id int
		var email string
		must(t, c.QueryRow(t.Context(), name, 1).Scan(&id, &email))
		if strings.HasPrefix(email, secrets[0]) || !strings.HasSuffix(email, ".com") {
			t.Errorf("session %d sees %s", n, email)
		}
	}
}
