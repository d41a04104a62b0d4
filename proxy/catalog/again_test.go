package catalog_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/catalog"
	proxycatalog "github.com/weirgate/weir/proxy/catalog"
)

// changes are changes of a schema, each of a kind of its own.
func changes() []string {
	return []string{
		"CREATE TABLE a (id serial PRIMARY KEY, x text DEFAULT 'x', y int CHECK (y > 0))",
		"CREATE TABLE b (id int REFERENCES a ON DELETE CASCADE, z int GENERATED ALWAYS AS (id + 1) STORED)",
		"CREATE VIEW v AS SELECT id, upper(x) AS up FROM a",
		"CREATE OR REPLACE VIEW v AS SELECT id, lower(x) AS up FROM a",
		"CREATE VIEW w AS SELECT up FROM v",
		"CREATE MATERIALIZED VIEW m AS SELECT * FROM w",
		"CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT $1 + 1'",
		"CREATE OR REPLACE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT $1 + max(y) FROM a'",
		"CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM b; RETURN NEW; END'",
		"CREATE FUNCTION h(a, b DEFAULT NULL) RETURNS SETOF int LANGUAGE sql BEGIN ATOMIC SELECT id FROM b; END",
		"CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW WHEN (NEW.y > 1) EXECUTE FUNCTION g()",
		"ALTER TABLE a DISABLE TRIGGER t", "ALTER TABLE a ENABLE TRIGGER t", "ALTER TRIGGER t ON a RENAME TO tt",
		"CREATE RULE r AS ON UPDATE TO b DO ALSO DELETE FROM a", "ALTER TABLE b DISABLE RULE r", "DROP RULE r ON b",
		"ALTER TABLE a RENAME COLUMN x TO xx", "ALTER TABLE a DROP COLUMN xx CASCADE", "ALTER TABLE a ADD COLUMN n numeric(5,2)",
		"ALTER TABLE a ALTER n TYPE text", "ALTER TABLE a ALTER n SET DEFAULT 'n'", "ALTER TABLE a ALTER n DROP DEFAULT",
		"ALTER TABLE a ADD CONSTRAINT c CHECK (f(y) > 0)", "ALTER TABLE a DROP CONSTRAINT c", "CREATE INDEX i ON a (abs(y)) WHERE y > 3", "DROP INDEX i",
		"CREATE TABLE p (id int, k text) PARTITION BY LIST (upper(k))", "CREATE TABLE p1 PARTITION OF p FOR VALUES IN ('A')", "ALTER TABLE p DETACH PARTITION p1",
		"ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN ('A')", "CREATE TABLE ch (extra int) INHERITS (a)", "ALTER TABLE ch NO INHERIT a",
		"ALTER TABLE a ENABLE ROW LEVEL SECURITY", "CREATE POLICY po ON a USING (f(y) > 1)", "ALTER POLICY po ON a USING (true)", "DROP POLICY po ON a",
		"CREATE STATISTICS st ON (y + 1), (y * 2) FROM a", "DROP STATISTICS st", "ALTER TABLE b RENAME TO bb", "CREATE VIEW w AS SELECT id FROM a", "ALTER VIEW w RENAME TO ww",
		"ALTER FUNCTION f(int) RENAME TO ff", "ALTER FUNCTION ff(int) SECURITY DEFINER SET search_path = pg_catalog", "CREATE SEQUENCE s", "ALTER SEQUENCE s OWNED BY a.y",
		"CREATE TYPE comp AS (one int, two text)", "ALTER TYPE comp ADD ATTRIBUTE three a", "CREATE TYPE color AS ENUM ('red')", "ALTER TYPE color RENAME TO colour",
		"CREATE DOMAIN d AS int CHECK (VALUE > 0)", "ALTER DOMAIN d ADD CONSTRAINT dd CHECK (ff(VALUE) > 0)", "ALTER DOMAIN d SET DEFAULT 3", "ALTER DOMAIN d DROP CONSTRAINT dd",
		"CREATE TYPE rng AS RANGE (subtype = int)", "CREATE TABLE uses (c comp, d d, r rng, e colour[])", "CREATE CAST (colour AS comp) WITH INOUT",
		"CREATE FUNCTION eq(colour, comp) RETURNS bool LANGUAGE sql AS 'SELECT true'", "CREATE OPERATOR === (leftarg = colour, rightarg = comp, function = eq)",
		"CREATE AGGREGATE agg(int) (sfunc = int4pl, stype = int)", "CREATE FUNCTION ev() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
		"CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION ev()", "ALTER EVENT TRIGGER et DISABLE", "DROP EVENT TRIGGER et",
		"CREATE SCHEMA other", "ALTER TABLE uses SET SCHEMA other", "ALTER SCHEMA other RENAME TO another", "CREATE EXTENSION IF NOT EXISTS plpgsql",
		"CREATE TEMP TABLE scratch (x text, c comp)", "CREATE TEMP VIEW scratched AS SELECT * FROM a", "BEGIN; CREATE TABLE never (x int); ROLLBACK",
		"BEGIN; DROP TABLE p1; CREATE TABLE p1 (k text, id int); ALTER TABLE a RENAME TO aa; COMMIT", "DROP OPERATOR === (colour, comp)", "DROP CAST (colour AS comp)",
		"DROP AGGREGATE agg(int)", "DROP TABLE another.uses", "DROP SCHEMA another", "DROP TYPE comp CASCADE", "DROP FUNCTION g() CASCADE",
		"CREATE OR REPLACE FUNCTION ff(int) RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP DOMAIN d", "DROP TABLE aa CASCADE", "VACUUM FULL pg_class",
	}
}

// After each change only what has changed is read, and the catalog is what reading
// all of it gives.
func TestWhatHasChangedIsReadAsAllWouldBe(t *testing.T) {
	db := postgres(t)
	name := db.database(t, "")
	conn, other := db.connect(t, "postgres", name), db.connect(t, "postgres", name)
	c, err := proxycatalog.NewCache(proxycatalog.Options{Poll: time.Hour, Refresh: time.Hour, MaxAge: time.Hour, Databases: 1, Bodies: inProcess{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	d := c.Use("db")
	asked := &counting{conn: other}
	source := func(context.Context) (proxycatalog.Connection, error) { return asked, nil }
	for i, sql := range changes() {
		conn.run(t, sql)
		whole := asked.whole
		got, err := d.Since(t.Context(), time.Now(), source)
		if err != nil {
			t.Fatalf("after %s: %v", sql, err)
		}
		if i > 0 && asked.whole > whole && !strings.Contains(sql, "SCHEMA") && !strings.Contains(sql, "pg_class") {
			t.Errorf("after %s all was read again", sql)
		}
		same(t, sql, got.Data(), other.snapshot(t).Data())
	}
}

// counting counts how often all of the catalog is asked for.
type counting struct {
	*conn
	whole int
}

func (c *counting) Query(ctx context.Context, sql string) ([][][]byte, error) {
	if strings.Contains(sql, proxycatalog.Question()) {
		c.whole++
	}
	return c.conn.Query(ctx, sql)
}

// same compares catalogs, apart from the order of what has none.
func same(t *testing.T, sql string, got, want catalog.Data) {
	t.Helper()
	for _, d := range []*catalog.Data{&got, &want} {
		d.Taken = time.Time{}
		slices.SortFunc(d.Types, func(a, b catalog.Type) int { return cmp.Compare(a.OID, b.OID) })
		slices.SortFunc(d.Casts, func(a, b catalog.Cast) int {
			return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Target, b.Target))
		})
	}
	a, b := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range a.NumField() {
		if name := a.Type().Field(i).Name; !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			t.Fatalf("after %s %s differ:\n%.3000s\n%.3000s", sql, name, differing(a.Field(i)), differing(b.Field(i)))
		}
	}
}

// differing shows those of a list that are not PostgreSQL's own.
func differing(list reflect.Value) string {
	if list.Kind() != reflect.Slice {
		return fmt.Sprint(list.Interface())
	}
	var all []string
	for i := range list.Len() {
		if oid := list.Index(i).FieldByName("OID"); !oid.IsValid() || oid.Uint() >= catalog.FirstUser {
			one, _ := json.Marshal(list.Index(i).Interface())
			all = append(all, string(one))
		}
	}
	return strings.Join(all, "\n")
}
