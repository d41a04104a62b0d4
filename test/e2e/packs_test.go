package e2e

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// What every application does, and no pack stands in the way of.
var ordinaryStatements = []string{
	"SELECT id, item FROM orders WHERE customer_id = 1 ORDER BY id",
	"SELECT c.name, sum(o.cents) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.name",
	"INSERT INTO notes (body) VALUES ('a') RETURNING id",
	"INSERT INTO customers VALUES (1, 'Ada') ON CONFLICT (id) DO UPDATE SET name = excluded.name",
	"UPDATE orders SET cents = cents + 1 WHERE id = 1",
	"DELETE FROM orders WHERE id = 100",
	"SET statement_timeout = '30s'",
	"SET application_name = 'crm'",
	"CREATE TEMPORARY TABLE scratch ON COMMIT DROP AS SELECT 1 AS one",
	"SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
	"COPY (SELECT id FROM orders LIMIT 5) TO STDOUT",
	"EXPLAIN SELECT * FROM orders",
	"BEGIN; SELECT 1; COMMIT",
}

// A pack denies what it is about, by a rule that has its name, and nothing else.
func TestAPackDeniesItsThingAndLetsTheOrdinaryPass(t *testing.T) {
	t.Parallel()
	for _, pack := range []struct {
		name, rule string
		denied     []string
		intact     string // a query that gives "t" while nothing of it was done
	}{
		{"SchemaChanges", "schema-changes", []string{
			"DROP TABLE orders", "ALTER TABLE orders DROP COLUMN cents", "CREATE TABLE mine (a integer)", "TRUNCATE notes",
			"CREATE INDEX ON orders (cents)", "DO 'BEGIN DROP TABLE orders; END'", "SELECT 1; DROP VIEW IF EXISTS nosuch, orders",
		}, "SELECT to_regclass('orders') IS NOT NULL AND to_regclass('mine') IS NULL AND count(cents) > 90 FROM orders"},
		{"UnboundedWrites", "unbounded-writes", []string{
			"DELETE FROM orders", "UPDATE orders SET cents = 0 WHERE true", "DELETE FROM notes WHERE id = id", "TRUNCATE orders",
			"WITH gone AS (DELETE FROM orders RETURNING id) SELECT count(*) FROM gone", "EXPLAIN ANALYZE UPDATE orders SET cents = 0",
		}, "SELECT count(*) >= 99 AND min(cents) > 0 FROM orders"},
		{"PrivilegeAndSessionChanges", "privileges", []string{
			"GRANT SELECT ON orders TO PUBLIC", "SET ROLE postgres", "SET row_security = off", "SET search_path = elsewhere",
			"SELECT set_config('role', 'postgres', false)", "ALTER ROLE crm_app SUPERUSER", "SELECT pg_terminate_backend(1)", "DISCARD ALL",
			"SET statement_timeout = 0",
		}, "SELECT NOT has_table_privilege('public', 'orders', 'SELECT')"},
		{"ServerFilesAndPrograms", "server-files", []string{
			"COPY orders TO '/tmp/orders'", "COPY notes (body) FROM PROGRAM 'id'", "SELECT pg_read_file('postgresql.conf')",
			"SELECT * FROM pg_ls_dir('.')", "CREATE EXTENSION dblink", "LOAD 'auto_explain'",
		}, "SELECT count(*) = 0 FROM pg_extension WHERE extname = 'dblink'"},
		{"SecretCatalogs", "secret-catalogs", []string{
			"SELECT rolpassword FROM pg_authid", "SELECT * FROM pg_shadow", "TABLE pg_user_mappings", "SELECT query FROM pg_stat_activity",
			"SELECT histogram_bounds FROM pg_stats", "SELECT lo_get(1)",
		}, "SELECT true"},
	} {
		t.Run(pack.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, options{policy: "  packs: [" + pack.name + "]\n"})
			for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeExec} {
				conn := s.connect()
				for _, sql := range pack.denied {
					if mode == pgx.QueryExecModeExec && strings.Contains(sql, "; DROP") {
						continue // one statement only in the extended protocol
					}
					_, err := conn.Exec(t.Context(), sql, mode)
					if e := s.refusal(err); e.Code != "42501" || !strings.Contains(e.Message, "bots/"+pack.rule+".") {
						t.Errorf("%s, %s: got %s: %s", sql, mode, e.Code, e.Message)
					}
				}
			}
			conn := s.connect()
			for _, sql := range ordinaryStatements {
				if strings.HasPrefix(sql, "COPY") {
					if _, err := conn.PgConn().CopyTo(t.Context(), new(strings.Builder), sql); err != nil {
						t.Errorf("%s: %v", sql, err)
					}
					continue
				}
				if _, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
					t.Errorf("%s: %v", sql, err)
				}
			}
			if got := s.query1(pack.intact); got != "t" {
				t.Errorf("something was done: %s gives %s", pack.intact, got)
			}
		})
	}
}

func TestBulkExportDeniesLargeResultsOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{policy: "  packs: [BulkExport]\n"})
	conn := s.connect()
	for sql, code := range map[string]string{
		"SELECT generate_series(1, 100000)":                    "54000",
		"SELECT repeat('x', 1000000) FROM orders":              "54000",
		"SELECT table_to_xml('orders', true, true, '')":        "42501",
		"SELECT query_to_xml('TABLE orders', true, false, '')": "42501",
	} {
		_, err := conn.Exec(t.Context(), sql)
		if e := s.refusal(err); e.Code != code || !strings.Contains(e.Message, "bots/bulk-export.") {
			t.Errorf("%s: got %s: %s, want %s", sql, e.Code, e.Message, code)
		}
	}
	_, err := conn.PgConn().CopyTo(t.Context(), new(strings.Builder), "COPY (SELECT generate_series(1, 100000)) TO STDOUT")
	if e := s.refusal(err); e.Code != "54000" {
		t.Errorf("COPY: got %s: %s", e.Code, e.Message)
	}
	if got := len(s.rows(conn, "SELECT generate_series(1, 10000)")); got != 10000 {
		t.Errorf("%d rows of a result that is within the limit", got)
	}
}
