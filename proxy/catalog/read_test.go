package catalog_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/catalog"
	proxycatalog "github.com/weirgate/weir/proxy/catalog"
)

const people = `
CREATE TABLE customers (id int PRIMARY KEY, gone int, name varchar(20), email text, ssn text,
  domain_of text GENERATED ALWAYS AS (split_part(email, '@', 2)) STORED);
ALTER TABLE customers DROP COLUMN gone;
CREATE TABLE events (id int, at date, email text) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE base (a text, b text); CREATE TABLE derived (c text) INHERITS (base);
CREATE DOMAIN mail AS text CHECK (VALUE LIKE '%@%');
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE typed (m mail[], e mood, f mood[]);
CREATE FUNCTION twice(x int, y int DEFAULT 2) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT x * y';
`

func TestASnapshotHoldsRelationsColumnsAndFunctions(t *testing.T) {
	db := postgres(t)
	c := db.connect(t, "postgres", db.database(t, people))
	s := c.snapshot(t)

	r := s.Lookup("public", "customers", nil)
	if r == nil || r.Kind != catalog.Table {
		t.Fatalf("customers: %+v", r)
	}
	var names []string
	for _, col := range r.Columns {
		names = append(names, fmt.Sprintf("%d:%s", col.Number, col.Name))
	}
	if got := strings.Join(names, " "); got != "1:id 3:name 4:email 5:ssn 6:domain_of" {
		t.Errorf("columns: %s", got)
	}
	if col, _ := r.Column("domain_of"); !slices.Equal(col.Reads, []int16{4}) {
		t.Errorf("the generated column reads %v", col.Reads)
	}
	if col, _ := r.Column("name"); col.TypeMod != 24 || col.Type != 1043 {
		t.Errorf("name is %+v", col)
	}
	parent, child := s.Lookup("public", "events", nil), s.Lookup("public", "events_2024", nil)
	if parent.Kind != catalog.PartitionedTable || !slices.Equal(child.Parents, []uint32{parent.OID}) {
		t.Errorf("partition: %+v of %+v", child, parent)
	}
	f := s.Functions("", "twice")
	if len(f) != 1 || f[0].Arguments != 2 || f[0].Defaults != 1 || f[0].Volatility != 'i' || f[0].Language != "sql" || f[0].Extension != "" {
		t.Errorf("twice: %+v", f)
	}
	if !f[0].Accepts(1) || !f[0].Accepts(2) || f[0].Accepts(3) || f[0].Accepts(0) {
		t.Error("twice takes one or two arguments")
	}
	if !s.BuiltIn("lower") || s.BuiltIn("twice") || !s.Known("", "pg_class") || !s.Known("pg_catalog", "pg_class") || s.Known("public", "pg_class") {
		t.Error("PostgreSQL's own functions and relations are known as such")
	}
	typed := s.Lookup("public", "typed", nil)
	m, _ := typed.Column("m")
	if typeOID, element, wire := s.Wire(m.Type); typeOID != m.Type || element != 25 || wire == 0 {
		t.Errorf("an array of a domain over text: %d %d %d", typeOID, element, wire)
	}
	if age := time.Since(s.Taken()); age < 0 || age > time.Minute {
		t.Errorf("taken %s ago", age)
	}
	if s.Version() < 120000 || !strings.HasPrefix(s.Database(), "t") {
		t.Errorf("version %d of %s", s.Version(), s.Database())
	}
}

func TestARoleWithoutPrivilegesCanReadTheSnapshot(t *testing.T) {
	db := postgres(t)
	name := db.database(t, people+"REVOKE ALL ON SCHEMA public FROM PUBLIC; REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC; CREATE VIEW v AS SELECT email FROM customers;")
	admin := db.connect(t, "postgres", name)
	admin.run(t, "DROP ROLE IF EXISTS weir_nobody; CREATE ROLE weir_nobody LOGIN")
	t.Cleanup(func() { db.connect(t, "postgres", "postgres").run(t, "DROP ROLE weir_nobody") })
	mine, theirs := db.connect(t, "weir_nobody", name).snapshot(t), admin.snapshot(t)
	if len(mine.Relations()) != len(theirs.Relations()) || mine.Lookup("public", "v", nil).Query == nil {
		t.Errorf("%d relations, an administrator sees %d", len(mine.Relations()), len(theirs.Relations()))
	}
}

// An agent may have put objects of its own before PostgreSQL's in the search
// path of the session that weir reads on.
func TestASearchPathCannotFoolTheReading(t *testing.T) {
	db := postgres(t)
	name := db.database(t, people+`
CREATE SCHEMA evil;
CREATE TABLE evil.pg_class AS SELECT * FROM pg_class LIMIT 0;
CREATE TABLE evil.pg_attribute (x int);
CREATE FUNCTION evil.never(oid, oid) RETURNS bool LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR evil.= (leftarg = oid, rightarg = oid, procedure = evil.never);
CREATE FUNCTION evil.never("char", "char") RETURNS bool LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR evil.= (leftarg = "char", rightarg = "char", procedure = evil.never);
CREATE OPERATOR evil.<> (leftarg = "char", rightarg = "char", procedure = evil.never);
CREATE FUNCTION evil.never(name, name) RETURNS bool LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR evil.<> (leftarg = name, rightarg = name, procedure = evil.never);
CREATE FUNCTION evil.concat(text, text) RETURNS text LANGUAGE sql AS 'SELECT ''x''';
CREATE OPERATOR evil.|| (leftarg = text, rightarg = text, procedure = evil.concat);
CREATE FUNCTION evil.current_database() RETURNS name LANGUAGE sql AS 'SELECT ''evil''::name';
CREATE DOMAIN evil.text AS pg_catalog.text CHECK (VALUE = 'no');`)
	honest := db.connect(t, "postgres", name).snapshot(t)
	c := db.connect(t, "postgres", name)
	c.run(t, "SET search_path = evil, pg_catalog, public")
	fooled := c.snapshot(t)
	if len(fooled.Relations()) != len(honest.Relations()) || fooled.Database() != honest.Database() ||
		len(fooled.Functions("", "twice")) != 1 || fooled.Lookup("public", "customers", nil) == nil {
		t.Errorf("%d relations of %s, honestly %d of %s", len(fooled.Relations()), fooled.Database(), len(honest.Relations()), honest.Database())
	}
	if path := c.text(t, "SHOW search_path"); path != "evil, pg_catalog, public" {
		t.Errorf("the search path became %s", path)
	}
}

func TestAnotherClientEncodingIsAnError(t *testing.T) {
	db := postgres(t)
	c := db.connect(t, "postgres", db.database(t, people))
	c.run(t, "SET client_encoding = 'LATIN1'")
	if _, err := proxycatalog.Read(t.Context(), c, nil); err == nil || !strings.Contains(err.Error(), "LATIN1") {
		t.Errorf("%v", err)
	}
}

func TestTenThousandTablesAreReadInSeconds(t *testing.T) {
	if testing.Short() {
		t.Skip("makes ten thousand tables")
	}
	db := postgres(t)
	c := db.connect(t, "postgres", db.database(t, ""))
	c.tables(t)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	s := c.snapshot(t)
	took := time.Since(began)
	runtime.GC()
	runtime.ReadMemStats(&after)
	held := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) >> 20
	t.Logf("%d relations in %s, %d MiB held", len(s.Relations()), took, held)
	if took > 30*time.Second { // it takes less than one on a quiet machine
		t.Errorf("took %s", took)
	}
	began = time.Now()
	c.text(t, proxycatalog.Fingerprint())
	t.Logf("asking whether it has changed takes %s", time.Since(began))
	if held > 100 {
		t.Errorf("holds %d MiB", held)
	}
	runtime.KeepAlive(s)
}
