package guards

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// The role that weir logs in as. It may do everything, so that nothing but weir
// stands in the way.
const (
	role     = "guarded"
	password = "only-weir-reads-this"
)

// canary stands in everything that is to stay inside.
const canary = "CANARY"

// world is what a database holds before an attack.
const world = `
CREATE TABLE accounts (id integer PRIMARY KEY, owner text NOT NULL, secret text, balance integer, active boolean NOT NULL DEFAULT true);
INSERT INTO accounts SELECT g, 'owner ' || g, 'CANARY-ACCOUNT-' || g, g * 10 FROM generate_series(1, 20) g;
CREATE TABLE orders (id integer PRIMARY KEY, account_id integer NOT NULL REFERENCES accounts ON DELETE CASCADE ON UPDATE CASCADE, cents integer);
INSERT INTO orders SELECT g, 1 + g % 20, g FROM generate_series(1, 60) g;
CREATE TABLE vault (id integer PRIMARY KEY, secret text);
INSERT INTO vault SELECT g, 'CANARY-VAULT-' || g FROM generate_series(1, 8) g;
CREATE TABLE ledger (id serial PRIMARY KEY, what text);
CREATE TABLE events (id integer, body text) PARTITION BY RANGE (id);
CREATE TABLE events_low PARTITION OF events FOR VALUES FROM (0) TO (100);
CREATE TABLE events_high PARTITION OF events FOR VALUES FROM (100) TO (1000);
INSERT INTO events SELECT g, 'event ' || g FROM generate_series(90, 110) g;
CREATE TABLE animals (id integer, name text);
CREATE TABLE cats (lives integer) INHERITS (animals);
INSERT INTO animals VALUES (1, 'dog'); INSERT INTO cats VALUES (2, 'tom', 9), (3, 'kit', 9);
CREATE TABLE "Mixed Case" (id integer, "Body" text);
INSERT INTO "Mixed Case" VALUES (1, 'x'), (2, 'y');
CREATE VIEW accounts_view AS SELECT id, owner, secret, balance FROM accounts;
CREATE VIEW vault_view AS SELECT id, secret FROM vault;
CREATE VIEW vault_view_view AS SELECT v.secret AS word, v.id FROM vault_view v;
CREATE MATERIALIZED VIEW vault_stored AS SELECT id, secret FROM vault;
CREATE VIEW ruled AS SELECT id FROM accounts;
CREATE RULE ruled_delete AS ON DELETE TO ruled DO INSTEAD DELETE FROM vault;
CREATE VIEW triggered AS SELECT id FROM accounts;
CREATE FUNCTION triggered_delete() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM vault; RETURN OLD; END';
CREATE TRIGGER t INSTEAD OF DELETE ON triggered FOR EACH ROW EXECUTE FUNCTION triggered_delete();
CREATE TABLE inbox (id integer);
CREATE FUNCTION inbox_insert() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM vault; RETURN NEW; END';
CREATE TRIGGER t BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION inbox_insert();
CREATE TABLE outbox (id integer);
CREATE RULE r AS ON INSERT TO outbox DO ALSO DELETE FROM vault;
CREATE FUNCTION wipe() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN DELETE FROM vault; DELETE FROM ledger; RETURN 1; END';
CREATE FUNCTION wipe_sql() RETURNS void LANGUAGE sql AS 'DELETE FROM vault';
CREATE FUNCTION wipe_dynamic(t text) RETURNS integer LANGUAGE plpgsql AS 'BEGIN EXECUTE ''DELETE FROM '' || t; RETURN 1; END';
CREATE FUNCTION wipe_deep() RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN public.wipe(); END';
CREATE FUNCTION wipe_lie(integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM public.wipe_stable($1); RETURN true; END';
CREATE FUNCTION wipe_stable(integer) RETURNS void LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.vault; END';
CREATE FUNCTION wipe_pair(integer, integer) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.vault; RETURN true; END';
CREATE FUNCTION drop_vault() RETURNS void LANGUAGE plpgsql AS 'BEGIN DROP TABLE public.vault CASCADE; END';
CREATE FUNCTION read_vault() RETURNS SETOF text LANGUAGE sql AS 'SELECT secret FROM public.vault';
CREATE PROCEDURE purge() LANGUAGE plpgsql AS 'BEGIN DELETE FROM vault; COMMIT; END';
CREATE PROCEDURE purge_sql() LANGUAGE sql AS 'DELETE FROM vault';
CREATE OPERATOR @@@ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = wipe_pair);
CREATE AGGREGATE wipe_all(integer) (SFUNC = wipe_step, STYPE = integer, INITCOND = '0');
CREATE TYPE coin AS (n integer);
CREATE FUNCTION coin_of(integer) RETURNS coin LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.vault; RETURN ROW($1)::public.coin; END';
CREATE CAST (integer AS coin) WITH FUNCTION coin_of(integer);
CREATE FUNCTION wipe_check(integer) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.vault; RETURN true; END';
CREATE DOMAIN checked AS integer CHECK (wipe_check(VALUE));
CREATE DOMAIN checked_too AS integer CHECK (wipe_check(VALUE)); CREATE TABLE checks_here (c checked_too);
CREATE TABLE defaulted (id integer, at integer DEFAULT wipe_dynamic('vault'));
CREATE TABLE constrained (id integer CHECK (wipe_check(id)));
CREATE TABLE generated (id integer);
CREATE FUNCTION after_anything() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM vault; RETURN NULL; END';
CREATE TABLE emptied (id integer); INSERT INTO emptied VALUES (1);
CREATE TRIGGER t AFTER TRUNCATE ON emptied FOR EACH STATEMENT EXECUTE FUNCTION after_anything();
CREATE TABLE many AS SELECT g AS id, repeat('x', 20) AS body FROM generate_series(1, 15000) g;
CREATE TABLE wide (id integer NOT NULL, n numeric NOT NULL, b boolean NOT NULL, ts timestamptz NOT NULL, j jsonb NOT NULL, a integer[] NOT NULL, x text);
INSERT INTO wide SELECT g, g, g % 2 = 0, now(), '{}', ARRAY[g], 'x' FROM generate_series(1, 5) g;
CREATE FUNCTION empty_wide() RETURNS void LANGUAGE sql AS 'DELETE FROM public.wide WHERE id IS NOT NULL';
CREATE FUNCTION empty_wide_whole() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM public.wide WHERE true; END;
CREATE FUNCTION secret_of(public.accounts) RETURNS text LANGUAGE sql AS 'SELECT ($1).secret';
CREATE FUNCTION wipe_row(public.accounts) RETURNS boolean LANGUAGE sql AS 'DELETE FROM public.vault; SELECT true';
CREATE SCHEMA side; CREATE TABLE side.vault AS SELECT 1 AS id, 'harmless'::text AS secret;
SELECT lo_from_bytea(424242, 'CANARY-LARGE-OBJECT');
CREATE FOREIGN DATA WRAPPER nowhere OPTIONS (secret 'CANARY-WRAPPER');
CREATE SERVER faraway FOREIGN DATA WRAPPER nowhere OPTIONS (password 'CANARY-SERVER');
CREATE USER MAPPING FOR guarded SERVER faraway OPTIONS (password 'CANARY-MAPPING');
CREATE SUBSCRIPTION far CONNECTION 'host=nowhere password=CANARY-SUBSCRIPTION' PUBLICATION p WITH (connect = false, slot_name = NONE);
ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
ANALYZE accounts; ANALYZE vault;
`

// beforeWorld makes what world needs and PostgreSQL wants first.
const beforeWorld = `
CREATE FUNCTION wipe_step(integer, integer) RETURNS integer LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.vault; RETURN $1; END';
`

// sights are the queries that say how a world is: a key and a value each. A key
// begins with the kind of thing that it is.
var sights = []string{
	`SELECT 'relation ' || oid, format('%s %s %s %s %s', relname, relnamespace, relowner, relkind, relpersistence)
	 FROM pg_class WHERE oid >= 16384 AND relkind NOT IN ('t', 'i', 'I') AND relpersistence <> 't'`,
	`SELECT 'storage ' || oid, relfilenode::text FROM pg_class WHERE oid >= 16384 AND relkind <> 't' AND relnamespace <> 'pg_toast'::regnamespace AND relpersistence <> 't'`,
	`SELECT 'index ' || oid, relname FROM pg_class WHERE oid >= 16384 AND relkind IN ('i', 'I') AND relpersistence <> 't' AND relnamespace <> 'pg_toast'::regnamespace`,
	`SELECT 'column ' || attrelid || ' ' || attnum, format('%s %s %s %s %s', attname, atttypid, attnotnull, attisdropped, atthasdef)
	 FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE attrelid >= 16384 AND attnum > 0 AND relkind NOT IN ('t', 'i', 'I') AND relpersistence <> 't'`,
	`SELECT 'default ' || oid, concat(adrelid::text, ' ', pg_get_expr(adbin, adrelid)) FROM pg_attrdef WHERE oid >= 16384 AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = adrelid AND relpersistence = 't')`,
	`SELECT 'inheritance ' || inhrelid, inhparent::text FROM pg_inherits WHERE inhrelid >= 16384`,
	`SELECT 'constraint ' || oid, concat(conname, ' ', convalidated) FROM pg_constraint WHERE oid >= 16384 AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = conrelid AND relpersistence = 't')`,
	`SELECT 'trigger ' || oid, concat(tgname, ' ', tgenabled) FROM pg_trigger WHERE NOT tgisinternal`,
	`SELECT 'rule ' || oid, concat(rulename, ' ', ev_enabled) FROM pg_rewrite WHERE oid >= 16384 AND rulename <> '_RETURN'`,
	`SELECT 'view ' || oid, md5(pg_get_viewdef(oid)) FROM pg_class WHERE oid >= 16384 AND relkind IN ('v', 'm') AND relpersistence <> 't'`,
	`SELECT 'policy ' || oid, concat(polname, ' ', polrelid) FROM pg_policy`,
	`SELECT 'security ' || oid, concat(relrowsecurity, ' ', relforcerowsecurity) FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'p') AND relpersistence <> 't'`,
	`SELECT 'function ' || oid, format('%s %s %s %s %s', proname, pronamespace, proowner, md5(coalesce(prosrc, '') || coalesce(prosqlbody::text, '')), proconfig) FROM pg_proc WHERE oid >= 16384`,
	`SELECT 'type ' || oid, typname FROM pg_type WHERE oid >= 16384 AND typrelid = 0 AND typcategory <> 'A'`,
	`SELECT 'operator ' || oid, oprname FROM pg_operator WHERE oid >= 16384`,
	`SELECT 'cast ' || oid, concat(castsource, ' ', casttarget) FROM pg_cast WHERE oid >= 16384`,
	`SELECT 'schema ' || oid, concat(nspname, ' ', nspowner) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'`,
	`SELECT 'comment ' || objoid || ' ' || objsubid, description FROM pg_description WHERE objoid >= 16384`,
	`SELECT 'extension ' || oid, concat(extname, ' ', extversion) FROM pg_extension`,
	`SELECT 'language ' || oid, lanname FROM pg_language`,
	`SELECT 'server ' || oid, concat(srvname, ' ', coalesce(srvoptions::text, '')) FROM pg_foreign_server`,
	`SELECT 'wrapper ' || oid, concat(fdwname, ' ', coalesce(fdwoptions::text, '')) FROM pg_foreign_data_wrapper`,
	`SELECT 'mapping ' || oid, coalesce(umoptions::text, '') FROM pg_user_mapping`,
	`SELECT 'publication ' || oid, pubname FROM pg_publication`,
	`SELECT 'subscription ' || oid, concat(subname, ' ', subconninfo) FROM pg_subscription`,
	`SELECT 'eventtrigger ' || oid, concat(evtname, ' ', evtenabled) FROM pg_event_trigger`,
	`SELECT 'statistics ' || oid, stxname FROM pg_statistic_ext`,
	`SELECT 'textsearch ' || oid, cfgname FROM pg_ts_config`,
	`SELECT 'collation ' || oid, collname FROM pg_collation WHERE oid >= 16384`,
	`SELECT 'privilege relation ' || oid, relacl::text FROM pg_class WHERE relacl IS NOT NULL AND relpersistence <> 't'`,
	`SELECT 'privilege column ' || attrelid || ' ' || attnum, attacl::text FROM pg_attribute WHERE attacl IS NOT NULL`,
	`SELECT 'privilege function ' || oid, proacl::text FROM pg_proc WHERE proacl IS NOT NULL`,
	`SELECT 'privilege schema ' || oid, nspacl::text FROM pg_namespace WHERE nspacl IS NOT NULL`,
	`SELECT 'privilege default ' || oid, defaclacl::text FROM pg_default_acl`,
	`SELECT 'privilege database ' || oid, datacl::text FROM pg_database WHERE datacl IS NOT NULL`,
	`SELECT 'role ' || oid, format('%s %s %s %s %s %s %s', rolname, rolsuper, rolcreaterole, rolcanlogin, rolreplication, rolbypassrls, rolpassword) FROM pg_authid`,
	`SELECT 'member ' || roleid || ' ' || member, admin_option::text FROM pg_auth_members`,
	`SELECT 'setting ' || setdatabase || ' ' || setrole, setconfig::text FROM pg_db_role_setting`,
	`SELECT 'tablespace ' || oid, spcname FROM pg_tablespace`,
	`SELECT 'slot ' || slot_name, '' FROM pg_replication_slots`,
	`SELECT 'largeobject ' || loid, md5(string_agg(encode(data, 'hex'), '' ORDER BY pageno)) FROM pg_largeobject GROUP BY loid`,
	`SELECT 'file configuration', md5(pg_read_file('postgresql.auto.conf'))`,
	`SELECT 'file out ' || name, md5(pg_read_binary_file(%dir% || '/' || name)::text) FROM pg_ls_dir(%dir%) AS name WHERE name !~ '^PG_'`,
	`SELECT 'rows ' || c.oid::regclass, md5(query_to_xml('SELECT t::text FROM ' || c.oid::regclass || ' t ORDER BY 1', true, false, '')::text)
	 FROM pg_class c WHERE c.oid >= 16384 AND relkind IN ('r', 'm') AND relpersistence = 'p' AND relname <> 'many'`,
}

// view is how a world is at a moment: things and their states.
type view map[string]string

// looking is the text of what look asks.
func looking(dir string) string {
	return strings.ReplaceAll(strings.Join(sights, "\nUNION ALL "), "%dir%", "'"+dir+"'")
}

// look sees a world as a superuser does, past weir.
func look(ctx context.Context, conn *pgx.Conn, dir string) (view, error) {
	results, err := conn.PgConn().Exec(ctx, "SET search_path = pg_catalog; SET row_security = off; SET lock_timeout = '10s';"+looking(dir)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("look at the database: %w", err)
	}
	v := view{}
	for _, row := range results[len(results)-1].Rows {
		v[string(row[0])] = string(row[1])
	}
	return v, nil
}

// look sees the world from within a session's own transaction, nil where it has
// failed.
func (c *client) look(dir string) view {
	c.received.Reset()
	c.failed = nil
	if simple("SET LOCAL search_path = pg_catalog; "+looking(dir))(c) != nil || c.failed != nil {
		return nil
	}
	v := view{}
	fields := strings.Split(c.received.String(), "\n")
	for i := 0; i+1 < len(fields); i += 2 {
		v[fields[i]] = fields[i+1]
	}
	return v
}

// differences names what is not as it was, of the kinds that are named; "" is all.
// With changed, what came into being does not count.
func differences(before, after view, kinds string, changed bool) []string {
	concerned := func(key string) bool {
		return kinds == "" || slices.ContainsFunc(strings.Split(kinds, ","), func(kind string) bool {
			return key == kind || strings.HasPrefix(key, strings.TrimSuffix(kind, "*")+" ") || strings.HasSuffix(kind, "*") && strings.HasPrefix(key, strings.TrimSuffix(kind, "*"))
		})
	}
	var list []string
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if now, there := after[key]; concerned(key) && (!there || now != before[key]) {
			list = append(list, fmt.Sprintf("%s: %q became %q", key, before[key], now))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(after)) {
		if _, there := before[key]; !there && !changed && concerned(key) {
			list = append(list, fmt.Sprintf("%s is new: %q", key, after[key]))
		}
	}
	return list
}
