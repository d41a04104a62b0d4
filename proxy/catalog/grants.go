package catalog

import (
	"fmt"

	"github.com/weirgate/weir/proxy/upstream"
	"github.com/weirgate/weir/proxy/wire"
)

// refusedPrivilege is PostgreSQL's insufficient_privilege.
const refusedPrivilege = "42501"

// explained adds to the server's refusal what the catalog's login needs.
func explained(err error) error {
	if upstream.SQLState(err) != refusedPrivilege {
		return err
	}
	return fmt.Errorf("%w (the role that reads the catalog needs what every role has by default: CONNECT on the database, "+
		"USAGE on the schema pg_catalog, and SELECT on the tables in it, of pg_statistic_ext all columns; "+
		"it needs no privilege on tables of the database's own)", err)
}

// LoginSettings are the settings that a connection begins with on which weir reads
// a catalog with a login of its own: the role or the database may have other ones.
func LoginSettings() []wire.Setting {
	return []wire.Setting{
		{Name: "application_name", Value: "weir"}, {Name: "client_encoding", Value: "UTF8"},
		{Name: "standard_conforming_strings", Value: "on"}, {Name: "search_path", Value: "pg_catalog"},
		{Name: "default_transaction_isolation", Value: "read committed"}, {Name: "default_transaction_read_only", Value: "on"},
		{Name: "statement_timeout", Value: "60s"}, {Name: "lock_timeout", Value: "10s"},
		{Name: "client_min_messages", Value: "error"}, {Name: "jit", Value: "off"},
		{Name: "plan_cache_mode", Value: "force_generic_plan"}, {Name: "max_parallel_workers_per_gather", Value: "0"},
	}
}
