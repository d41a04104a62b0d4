package ordinary

import "testing"

// What agents, analysts and reports ask of a service's database, with every pack.
func TestAServiceIsReadAsDirectly(t *testing.T) {
	t.Parallel()
	service(t).runScripts("saas/read-*.sql", reads, simple, binary)
}

// What object mappers and tools for reports send, to look at it and to read it.
func TestMappersAndReportsAreAnsweredAsDirectly(t *testing.T) {
	t.Parallel()
	service(t).runScripts("saas/look-*.sql", looks, simple)
}

// What the service itself writes. Afterwards both databases hold the same.
func TestAServiceWritesAsDirectly(t *testing.T) {
	t.Parallel()
	for _, m := range []mode{simple, text} {
		p := service(t).runScripts("saas/write-*.sql", writes, m)
		p.alike("users", "orders", "order_items", "products", "billing.payments", "events", "jobs", "counters", "hr.people", "imports", "settings")
	}
}

// What its migrations do, tables with masked columns among them.
func TestAServiceMigratesAsDirectly(t *testing.T) {
	t.Parallel()
	service(t).runScripts("saas/migrate-*.sql", migrates, simple)
}
