package ordinary

import (
	"fmt"
	"testing"
)

// What applications write beside masks. Afterwards both databases hold the same.
func TestApplicationsWriteAsDirectly(t *testing.T) {
	t.Parallel()
	p := runScripts(t, "app/application.sql", writes, simple)
	p.alike("customers", "orders", "order_items", "stock", "tickets", "audit", "notes", "events", "jobs.queue", "scratch", "category_sales")
}

// What migrations do beside masks.
func TestMigrationsRunAsDirectly(t *testing.T) {
	t.Parallel()
	p := runScripts(t, "app/migration.sql", migrates, simple)
	p.alike("products", "schema_migrations")
}

// alike checks that tables have the same rows in both databases, but for the times
// of changes and what is random.
func (p *pair) alike(tables ...string) {
	p.t.Helper()
	for _, table := range tables {
		sum := fmt.Sprintf("SELECT count(*) || ' ' || md5(string_agg((to_jsonb(t) - ARRAY['updated_at', 'uid', 'ref'])::text, ',' ORDER BY (to_jsonb(t) - ARRAY['updated_at', 'uid', 'ref'])::text)) FROM %s t", table)
		was, err := house.pg.Query1(p.t.Context(), p.direct, sum)
		must(p.t, err)
		is, err := house.pg.Query1(p.t.Context(), p.through, sum)
		must(p.t, err)
		if is != was {
			p.t.Errorf("%s has other rows than after the same directly: %s, not %s", table, is, was)
		}
	}
}
