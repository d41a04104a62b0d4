package ordinary

import "testing"

// What drivers, mappers and tools for reports send to look at a database, and what they,
// analysts and agents read, with every pack.
func TestCustomerCareIsReadAsDirectly(t *testing.T) {
	t.Parallel()
	care(t).runScripts("crm/read.sql", reads, simple, binary)
}

// What applications, loads and queues write. Afterwards both databases hold the same.
func TestCustomerCareWritesAsDirectly(t *testing.T) {
	t.Parallel()
	p := care(t).runScripts("crm/write.sql", writes, simple)
	p.alike("public.customers", "shop.orders", "shop.inventory", "crm.accounts", "public.settings", "analytics.metrics", "public.schema_migrations")
}
