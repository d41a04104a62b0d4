package function

import "strings"

// Extension says what a call of a function of an extension does, as far as the
// function is in C: what is in SQL or PL/pgSQL has a body in the catalog, which says
// more. known is false for an extension that is not in the list.
func Extension(extension, name string) (e Entry, known bool) {
	if e := extensionReaches(extension, name); e.Class != "" {
		return e, true
	}
	switch extension {
	case "pg_trgm", "hstore", "citext", "uuid-ossp", "pgcrypto", "unaccent", "fuzzystrmatch", "ltree", "cube", "earthdistance",
		"intarray", "intagg", "isn", "btree_gin", "btree_gist", "seg", "tablefunc", "xml2", "dict_int", "dict_xsyn", "bloom",
		"tsm_system_rows", "tsm_system_time", "sslinfo", "pg_freespacemap", "pg_buffercache",
		"hstore_plperl", "hstore_plpython3u", "ltree_plpython3u", "jsonb_plperl", "jsonb_plpython3u", "bool_plperl",
		"postgis", "postgis_raster", "postgis_sfcgal", "address_standardizer", "vector", "ip4r", "semver", "pg_hint_plan",
		"rum", "prefix", "hll", "pg_uuidv7":
		return Entry{Class: Harmless}, true
	}
	return Entry{}, false
}

func extensionReaches(extension, name string) Entry {
	switch extension {
	case "dblink", "postgres_fdw", "mysql_fdw", "oracle_fdw", "tds_fdw", "redis_fdw", "mongo_fdw", "sqlite_fdw", "plproxy",
		"http", "pg_net", "aws_s3", "aws_lambda", "aws_commons", "pg_background", "pg_cron", "citus", "pg_partman_bgw":
		return Entry{Databases, "reaches other databases, servers or sessions"}
	case "file_fdw", "adminpack", "orafce", "multicorn":
		return Entry{Files, "reaches the server's files"}
	case "pageinspect", "pg_walinspect", "pg_dirtyread", "pgstattuple", "pgrowlocks", "pg_visibility", "amcheck":
		return Entry{Statistics, "reads the pages of tables"}
	case "pg_surgery", "pg_repack", "pg_squeeze":
		return Entry{Catalog, changesPages}
	case "wal2json", "pglogical", "decoderbufs", "test_decoding":
		return Entry{Replication, "reads the changes of all tables"}
	case "pg_stat_statements", "pg_stat_monitor", "pg_stat_kcache", "pg_qualstats", "pg_store_plans", "pg_show_plans",
		"auto_explain", "pg_query_state", "hypopg":
		return Entry{Sessions, showsPlans}
	case "lo":
		return Entry{LargeObjects, "removes large objects"}
	case "refint":
		return Entry{SQL, "runs SQL made of its arguments"}
	case "tcn":
		return Entry{Notifications, "tells other sessions the keys of changed rows"}
	case "tablefunc":
		if strings.HasPrefix(name, "crosstab") || strings.HasPrefix(name, "connectby") {
			return Entry{SQL, "runs a query that it is told as text"}
		}
	case "xml2":
		if name == "xpath_table" {
			return Entry{SQL, "runs a query that it is told as text"}
		}
	case "postgis":
		switch name {
		case "st_estimatedextent", "st_estimated_extent", "_postgis_stats", "_postgis_selectivity", "_postgis_join_selectivity", "_postgis_index_extent":
			return Entry{Statistics, "shows values that the statistics of a table that it is told hold"}
		case "st_findextent", "find_extent", "st_find_extent":
			return Entry{Tables, "reads a table that it is told by name"}
		}
	case "pg_prewarm":
		return Entry{Tables, "reads the pages of a table into memory"}
	}
	return Entry{}
}
