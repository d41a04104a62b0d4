package lineage

import (
	"testing"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/mask"
	"github.com/weirgate/weir/policy/pattern"
	"github.com/weirgate/weir/policy/statement"
)

// The oids of the fixture's relations.
const (
	oidCustomers = 20000 + iota
	oidOrders
	oidLeads
	oidEvents
	oidEventsOld
	oidContacts
	oidTotals
	oidStats
	oidActivity
	oidBase
	oidHeir
	oidOpaqueView
	oidGenerated
	oidEmail
)

func text(number int16, name string) catalog.Column {
	return catalog.Column{Number: number, Name: name, Type: 25, TypeMod: -1}
}

func integer(number int16, name string) catalog.Column {
	return catalog.Column{Number: number, Name: name, Type: 23, TypeMod: -1}
}

func ref(relation uint32, column int16) catalog.ColumnRef {
	return catalog.ColumnRef{Relation: relation, Column: column}
}

// fixture is the catalog of a small shop.
func fixture(t testing.TB) *catalog.Snapshot {
	t.Helper()
	customers := []catalog.Column{integer(1, "id"), text(2, "name"), text(3, "email"), text(4, "phone"), text(5, "ssn"), integer(7, "region")}
	generated := text(3, "domain_of")
	generated.Reads = []int16{2}
	s, err := catalog.New(catalog.Data{
		Database: "shop", Version: 150000,
		Relations: []catalog.Relation{
			{OID: oidCustomers, Schema: "public", Name: "customers", Kind: catalog.Table, Columns: customers},
			{OID: oidOrders, Schema: "public", Name: "orders", Kind: catalog.Table, Columns: []catalog.Column{integer(1, "id"), integer(2, "customer_id"), text(3, "note"), integer(4, "amount")}, Triggers: true},
			{OID: oidLeads, Schema: "crm", Name: "leads", Kind: catalog.Table, Columns: []catalog.Column{integer(1, "id"), text(2, "email"), text(3, "source")}},
			{OID: oidEvents, Schema: "public", Name: "events", Kind: catalog.PartitionedTable, Columns: []catalog.Column{integer(1, "id"), text(2, "ip")}},
			{OID: oidEventsOld, Schema: "public", Name: "events_2023", Kind: catalog.Table, Columns: []catalog.Column{text(1, "ip"), integer(3, "id")}, Parents: []uint32{oidEvents}},
			{OID: oidContacts, Schema: "public", Name: "contacts", Kind: catalog.View, Columns: []catalog.Column{integer(1, "id"), text(2, "mail"), text(3, "shout")}, Query: &catalog.Definition{
				Columns: []catalog.Derivation{
					{Copies: []catalog.ColumnRef{ref(oidCustomers, 1)}},
					{Copies: []catalog.ColumnRef{ref(oidCustomers, 3)}},
					{Reads: []catalog.ColumnRef{ref(oidCustomers, 3)}},
				},
				Reads: []catalog.ColumnRef{ref(oidCustomers, 1), ref(oidCustomers, 3)}, Relations: []uint32{oidCustomers},
			}},
			{OID: oidTotals, Schema: "public", Name: "totals", Kind: catalog.MaterializedView, Columns: []catalog.Column{integer(1, "n")}, Query: &catalog.Definition{
				Columns: []catalog.Derivation{{}}, Relations: []uint32{oidCustomers},
			}},
			{OID: oidOpaqueView, Schema: "public", Name: "opaque", Kind: catalog.View, Columns: []catalog.Column{integer(1, "id"), text(2, "made")}, Query: &catalog.Definition{
				Columns: []catalog.Derivation{{Copies: []catalog.ColumnRef{ref(oidCustomers, 1)}}, {Calls: []uint32{30000}}},
				Reads:   []catalog.ColumnRef{ref(oidCustomers, 1)}, Relations: []uint32{oidCustomers}, Calls: []uint32{30000},
			}},
			{OID: oidStats, Schema: "pg_catalog", Name: "pg_stats", Kind: catalog.View, Columns: []catalog.Column{text(1, "tablename"), text(2, "most_common_vals"), text(3, "most_common_freqs"), text(4, "histogram_bounds"), text(5, "most_common_elems")}},
			{OID: oidActivity, Schema: "pg_catalog", Name: "pg_stat_activity", Kind: catalog.View, Columns: []catalog.Column{integer(1, "pid"), text(2, "query"), text(3, "state")}},
			{OID: oidBase, Schema: "public", Name: "base", Kind: catalog.Table, Columns: []catalog.Column{text(1, "secret")}},
			{OID: oidHeir, Schema: "public", Name: "heir", Kind: catalog.Table, Columns: []catalog.Column{text(1, "secret"), text(2, "own")}, Parents: []uint32{oidBase}},
			{OID: oidGenerated, Schema: "public", Name: "generated", Kind: catalog.Table, Columns: []catalog.Column{integer(1, "id"), text(2, "ssn"), generated}},
			{OID: oidEmail, Schema: "public", Name: "newsletter", Kind: catalog.Table, Columns: []catalog.Column{integer(1, "id"), text(2, "newsletter")}},
		},
		Functions: []catalog.Function{
			{OID: 30000, Schema: "public", Name: "lookup", Kind: 'f', Language: "plpgsql", Volatility: 's', Arguments: 1},
			{OID: 30001, Schema: "public", Name: "similarity", Kind: 'f', Language: "c", Volatility: 'i', Arguments: 2, Extension: "pg_trgm"},
			{OID: 30002, Schema: "public", Name: "dblink", Kind: 'f', Language: "c", Volatility: 'v', Arguments: 1, Extension: "dblink"},
			{OID: 30003, Schema: "public", Name: "crosstab", Kind: 'f', Language: "c", Volatility: 's', Arguments: 1, Extension: "tablefunc"},
			{OID: 30004, Schema: "public", Name: "upper", Kind: 'f', Language: "sql", Volatility: 's', Arguments: 3},
			{OID: 30005, Schema: "pg_catalog", Name: "pg_file_write", Kind: 'f', Language: "c", Volatility: 'v', Arguments: 3, Extension: "adminpack"},
		},
		BuiltIn: map[uint32]string{
			1: "lower", 2: "upper", 3: "count", 4: "now", 5: "row_to_json", 6: "query_to_xml", 7: "pg_read_file", 8: "lo_get", 9: "pg_ls_dir",
			10: "json_agg", 11: "length", 12: "sum", 13: "like_escape", 14: "pg_stat_get_activity", 15: "ts_stat", 16: "ts_rewrite", 17: "generate_series", 18: "to_jsonb",
			19: "reverse", 20: "md5", 21: "concat", 22: "substr", 23: "array_agg", 24: "string_agg", 25: "max", 26: "random", 27: "pg_notify", 28: "date_trunc", 29: "extract", 30: "row_number", 31: "left", 32: "format",
			33: "regexp_replace", 34: "substring", 35: "regexp_match", 36: "strpos", 37: "split_part", 38: "overlay", 39: "to_char", 40: "json_build_object",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newMasker(t testing.TB, spec mask.Spec) *mask.Masker {
	t.Helper()
	m, err := mask.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func columns(t testing.TB, names ...string) []Pattern {
	t.Helper()
	all := make([]Pattern, 0, len(names))
	for _, name := range names {
		n, err := pattern.ParseName(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, PatternOf(n))
	}
	return all
}

// shop are the masks of the fixture.
func shop(t testing.TB) *Masks {
	t.Helper()
	partial, redact := newMasker(t, mask.Spec{Type: mask.Partial, KeepLast: 4}), newMasker(t, mask.Spec{Type: mask.Redact})
	m, err := Compile([]Rule{
		{Policy: "support", Name: "contact", Columns: columns(t, "public.customers.email", "public.customers.phone"), Masker: partial},
		{Policy: "support", Name: "ssn", Columns: columns(t, "*.*.ssn"), Masker: redact, Predicates: Deny},
		{Policy: "support", Name: "ip", Columns: columns(t, "public.events.ip"), Masker: redact, Predicates: Allow},
		{Policy: "support", Name: "secret", Columns: columns(t, "public.heir.secret"), Masker: redact},
	}, fixture(t))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// facts parses a text of one statement.
func facts(t testing.TB, sql string) *statement.Statement {
	t.Helper()
	f, err := statement.Parse(sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	if len(f.Statements) != 1 {
		t.Fatalf("%s: %d statements", sql, len(f.Statements))
	}
	return &f.Statements[0]
}
