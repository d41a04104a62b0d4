package guards

// indirectAttacks have something of PostgreSQL's own do it: a trigger in C that runs SQL,
// a value of a type whose checks call, an event trigger, a statement that explains another.
func indirectAttacks() []attack {
	var all []attack
	all = append(all, flows("vault",
		[]string{"CREATE EXTENSION refint", "CREATE TRIGGER x AFTER DELETE ON events_low FOR EACH ROW EXECUTE FUNCTION check_foreign_key('1', 'cascade', 'id', 'vault', 'id')", "INSERT INTO events VALUES (3, 'x')", "DELETE FROM events_low WHERE id = 3"},
	)...)
	all = append(all, flows("writes",
		[]string{"CREATE TEMP TABLE own (id integer)", "CREATE TRIGGER t AFTER TRUNCATE ON own FOR EACH STATEMENT EXECUTE FUNCTION after_anything()", "TRUNCATE own"},
		[]string{"CREATE TEMP TABLE own (id integer); CREATE TRIGGER t BEFORE TRUNCATE ON own EXECUTE FUNCTION after_anything()", "TRUNCATE pg_temp.own"},
		[]string{"BEGIN", "CREATE TEMP TABLE own (id integer)", "CREATE TRIGGER t AFTER TRUNCATE ON pg_temp.own EXECUTE FUNCTION after_anything()", "TRUNCATE own", "COMMIT"},
	)...)
	all = append(all, texts("functions", "SELECT json_populate_record(NULL::checks_here, '{\"c\": 1}')", "SELECT ROW(1)::checks_here", "SELECT '(1)'::checks_here", "SELECT '{(1)}'::_checks_here",
		"SELECT * FROM jsonb_populate_recordset(NULL::public.checks_here, '[{\"c\": 1}]')", "DO $$ DECLARE r checks_here; BEGIN r := ROW(1); END $$")...)
	all = append(all, flows("limit",
		[]string{"PREPARE a AS DELETE FROM vault", "EXPLAIN ANALYZE EXECUTE a"},
		[]string{"PREPARE a (integer) AS UPDATE vault SET secret = 'x' WHERE id > $1", "EXPLAIN (ANALYZE, FORMAT json) EXECUTE a (0)"},
		[]string{"CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.vault; END'", "CREATE EVENT TRIGGER x ON ddl_command_end EXECUTE FUNCTION e()", "CREATE TABLE c (a integer)", "COMMENT ON TABLE vault IS 'x'", "GRANT SELECT ON vault TO friend"},
		[]string{"ALTER TABLE animals ADD COLUMN x integer DEFAULT wipe_deep()"},
	)...)
	return append(all, texts("schema", "SELECT pg_import_system_collations('side')", "SELECT count(pg_catalog.pg_import_system_collations('side'::regnamespace))")...)
}
