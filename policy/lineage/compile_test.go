package lineage

import (
	"slices"
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/mask"
)

func TestMasksReachRelativesViewsAndGeneratedColumns(t *testing.T) {
	got := shop(t).Columns()
	want := []string{
		"public.base.secret (support/secret)",     // a query on the parent returns the child's rows
		"public.contacts.mail (support/contact)",  // a view's copy
		"public.contacts.shout (support/contact)", // computed from it
		"public.customers.email (support/contact)",
		"public.customers.phone (support/contact)",
		"public.customers.ssn (support/ssn)",
		"public.events.ip (support/ip)",
		"public.events_2023.ip (support/ip)", // a partition, where the column has another number
		"public.generated.domain_of (support/ssn)",
		"public.generated.ssn (support/ssn)",
		"public.heir.secret (support/secret)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if other := shop(t).Columns(); !slices.Equal(got, other) {
		t.Error("the same rules and catalog give other words")
	}
}

func TestTheStrictestOfSeveralMasksHolds(t *testing.T) {
	partial, null := newMasker(t, mask.Spec{Type: mask.Partial, KeepLast: 4}), newMasker(t, mask.Spec{Type: mask.Null})
	hash := newMasker(t, mask.Spec{Type: mask.Hash, Key: []byte("0123456789abcdef")})
	rules := []Rule{
		{Policy: "a", Name: "open", Columns: columns(t, "customers.email"), Masker: partial, Predicates: Allow},
		{Policy: "b", Name: "closed", Columns: columns(t, "public.customers.*"), Masker: hash, Predicates: Deny},
		{Policy: "c", Name: "gone", Columns: columns(t, "public.cust*.email"), Masker: null, Predicates: Equality},
	}
	for range 2 {
		m, err := Compile(rules, fixture(t))
		if err != nil {
			t.Fatal(err)
		}
		email := m.relations[oidCustomers].names["email"]
		if email.masker.Type() != mask.Null || email.rule != "c/gone" || email.predicates != Deny {
			t.Errorf("email: %s by %s, predicates %s", email.masker.Type(), email.rule, email.predicates)
		}
		// A view that computes from a column that shows nothing shows nothing.
		if shout := m.relations[oidContacts].names["shout"]; shout.masker.Type() != mask.Null {
			t.Errorf("shout: %s", shout.masker.Type())
		}
		slices.Reverse(rules)
	}
}

func TestAViewThatCouldNotBeReadIsBarred(t *testing.T) {
	snapshot, err := catalog.New(catalog.Data{Relations: []catalog.Relation{
		{OID: 20000, Schema: "public", Name: "customers", Kind: catalog.Table, Columns: []catalog.Column{text(1, "ssn"), text(2, "name")}},
		{OID: 20001, Schema: "public", Name: "odd", Kind: catalog.View, Columns: []catalog.Column{text(1, "a")}, Query: &catalog.Definition{Unread: "of another planet"}},
		{OID: 20002, Schema: "public", Name: "above", Kind: catalog.View, Columns: []catalog.Column{text(1, "b"), text(2, "c")}, Query: &catalog.Definition{
			Columns:   []catalog.Derivation{{Reads: []catalog.ColumnRef{ref(20001, 1)}}, {Copies: []catalog.ColumnRef{ref(20000, 2)}}},
			Relations: []uint32{20001, 20000}, Reads: []catalog.ColumnRef{ref(20001, 1)},
		}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := Compile([]Rule{{Policy: "p", Name: "r", Columns: columns(t, "*.*.ssn"), Masker: newMasker(t, mask.Spec{Type: mask.Redact})}}, snapshot)
	if err != nil {
		t.Fatal(err)
	}
	for sql, refused := range map[string]bool{"SELECT a FROM odd": true, "SELECT b FROM above": true, "SELECT c FROM above": false} {
		if plan := m.Judge(facts(t, sql), Env{Fresh: true}); plan.Refused != refused {
			t.Errorf("%s: %+v", sql, plan)
		}
	}
}

func TestAStarForTheSchemaLeavesPostgreSQLsOwnTablesAlone(t *testing.T) {
	redact := newMasker(t, mask.Spec{Type: mask.Redact})
	m, err := Compile([]Rule{{Policy: "p", Name: "all", Columns: columns(t, "*.*.state", "*.*.query", "*.*.email"), Masker: redact}}, fixture(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range m.Columns() {
		if strings.HasPrefix(c, "pg_catalog") {
			t.Errorf("masks %s", c)
		}
	}
	m, err = Compile([]Rule{{Policy: "p", Name: "state", Columns: columns(t, "pg_catalog.pg_stat_activity.state"), Masker: redact}}, fixture(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Columns(); len(got) != 1 {
		t.Errorf("a schema that is named: %q", got)
	}
}

func TestRulesNeedACatalog(t *testing.T) {
	if _, err := Compile([]Rule{{Policy: "p", Name: "r"}}, nil); err == nil {
		t.Error("compiled without a catalog")
	}
	if _, err := Compile([]Rule{{Policy: "p", Name: "r"}}, fixture(t)); err == nil {
		t.Error("compiled without a masker")
	}
	if m, err := Compile(nil, nil); err != nil || !m.Empty() {
		t.Errorf("no rules need no catalog: %v", err)
	}
}

func TestRowsAreMaskedByTheirOrigin(t *testing.T) {
	m := shop(t)
	plan := m.Judge(facts(t, "SELECT id, email, name, ssn FROM customers"), Env{Fresh: true})
	row, err := m.Row(&plan, []Field{
		{TableOID: oidCustomers, Column: 1, TypeOID: 23}, {TableOID: oidCustomers, Column: 3, TypeOID: 25, TypeMod: -1},
		{TableOID: oidCustomers, Column: 2, TypeOID: 25, TypeMod: -1}, {TableOID: oidCustomers, Column: 5, TypeOID: 25, TypeMod: -1},
	})
	if err != nil {
		t.Fatal(err)
	}
	if row.Cells[0] != nil || row.Cells[1] == nil || row.Cells[2] != nil || row.Cells[3] == nil || len(row.Unexpected) != 0 {
		t.Errorf("%+v", row)
	}
	if out, _ := row.Cells[1].Mask(nil, []byte("ada@example.com")); string(out) != "***********.com" {
		t.Errorf("email became %q", out)
	}

	t.Run("a clean result has no cells", func(t *testing.T) {
		clean := m.Judge(facts(t, "SELECT id, upper(note) FROM orders"), Env{Fresh: true})
		row, err := m.Row(&clean, []Field{{TableOID: oidOrders, Column: 1}, {TypeOID: 25}})
		if err != nil || row.Cells != nil || row.Any() {
			t.Errorf("%+v, %v", row, err)
		}
	})
	t.Run("what comes without a judgement and without an origin is not shown", func(t *testing.T) {
		row, err := m.Row(nil, []Field{{TableOID: oidOrders, Column: 1}, {TypeOID: 25}})
		if err != nil || row.Cells[0] != nil || row.Cells[1] == nil || len(row.Unexpected) != 1 {
			t.Errorf("%+v, %v", row, err)
		}
	})
	t.Run("a masked column from elsewhere than the judgement said is masked and reported", func(t *testing.T) {
		row, err := m.Row(&plan, []Field{{TypeOID: 23}, {TableOID: oidOrders, Column: 3, TypeOID: 25}, {TypeOID: 25}, {TypeOID: 25}})
		if err != nil || row.Cells[1] == nil || len(row.Unexpected) != 1 {
			t.Errorf("%+v, %v", row, err)
		}
	})
	t.Run("a masked column without its origin is masked", func(t *testing.T) {
		row, err := m.Row(&plan, []Field{{TypeOID: 23}, {TypeOID: 25, TypeMod: -1}, {TypeOID: 25}, {TypeOID: 25}})
		if err != nil || row.Cells[0] != nil || row.Cells[1] == nil || row.Cells[2] != nil || row.Cells[3] == nil || len(row.Unexpected) != 0 {
			t.Errorf("%+v, %v", row, err)
		}
	})
	t.Run("a masked column that was not foreseen is masked and reported", func(t *testing.T) {
		free := m.Judge(facts(t, "SELECT 1"), Env{})
		row, err := m.Row(&free, []Field{{TableOID: oidCustomers, Column: 5, TypeOID: 25}})
		if err != nil || row.Cells[0] == nil || len(row.Unexpected) != 1 {
			t.Errorf("%+v, %v", row, err)
		}
	})
	t.Run("a view's column that cannot be followed shows nothing", func(t *testing.T) {
		row, err := m.Row(nil, []Field{{TableOID: oidOpaqueView, Column: 2, TypeOID: 25}})
		if err != nil || row.Cells[0] == nil {
			t.Fatalf("%+v, %v", row, err)
		}
		if out, null := row.Cells[0].Mask(nil, []byte("x")); !null {
			t.Errorf("became %q", out)
		}
	})
	t.Run("a refused statement has no result", func(t *testing.T) {
		refused := m.Judge(facts(t, "SELECT email::int FROM customers"), Env{})
		if _, err := m.Row(&refused, nil); err == nil {
			t.Error("no error")
		}
	})
	t.Run("a relation that is not in the snapshot is named", func(t *testing.T) {
		row, err := m.Row(nil, []Field{{TableOID: 77777, Column: 1, TypeOID: 25}, {TableOID: oidOrders, Column: 99}, {TableOID: oidOrders, Column: -1}, {TableOID: oidLeads, Column: 1}})
		if err != nil || !slices.Equal(row.Unknown, []uint32{77777, oidOrders}) {
			t.Errorf("%+v, %v", row, err)
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	m := shop(b)
	for _, sql := range []string{"SELECT id, note FROM orders WHERE id = $1", "SELECT id, email FROM customers WHERE id = $1"} {
		st := facts(b, sql)
		b.Run(sql, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if m.Judge(st, Env{}).Refused {
					b.Fatal("refused")
				}
			}
		})
	}
}
