package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/catalog"
)

// shop is a catalog with a few tables and a function.
func shop(t *testing.T, tables map[string][]string, functions ...string) *catalog.Snapshot {
	t.Helper()
	d := catalog.Data{Database: "shop", Version: 150000, BuiltIn: map[uint32]string{1: "pg_read_file", 2: "upper"}}
	oid := uint32(catalog.FirstUser)
	for name, columns := range tables {
		schema, table, _ := strings.Cut(name, ".")
		r := catalog.Relation{OID: oid, Schema: schema, Name: table, Kind: catalog.Table}
		for i, c := range columns {
			r.Columns = append(r.Columns, catalog.Column{Number: int16(i) + 1, Name: c, Type: 25, TypeMod: -1})
		}
		d.Relations = append(d.Relations, r)
		oid++
	}
	for _, name := range functions {
		schema, function, _ := strings.Cut(name, ".")
		d.Functions = append(d.Functions, catalog.Function{OID: oid, Schema: schema, Name: function, Kind: 'f', Language: "sql"})
		oid++
	}
	s, err := catalog.New(d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPatternsThatMatchNothing(t *testing.T) {
	t.Parallel()
	crm := shop(t, map[string][]string{
		"public.customers":  {"id", "email", "secret", "Serial"},
		"public.payments":   {"id", "cents"},
		"pg_catalog.pg_foo": {"foosecret"},
	}, "app.next_number")
	hr := shop(t, map[string][]string{"hr.employees": {"id", "salary"}})
	for name, c := range map[string]struct {
		rule    string // of the policy's spec
		unknown bool   // the catalogs are not known
		want    string // "field pattern → nearest", "" for nothing
	}{
		"a mask of a column that is there":                        {rule: `masks: [{name: m, columns: [public.customers.email], with: {type: Redact}}]`},
		"a mask with a misspelt column":                           {rule: `masks: [{name: m, columns: [public.customers.emial], with: {type: Redact}}]`, want: "columns public.customers.emial → public.customers.email"},
		"a mask with a misspelt table":                            {rule: `masks: [{name: m, columns: [public.custmers.email], with: {type: Redact}}]`, want: "columns public.custmers.email → public.customers.email"},
		"a mask with a wildcard in quotes":                        {rule: `masks: [{name: m, columns: ['*.*."Se*"'], with: {type: Redact}}]`, want: `columns *.*."Se*" → public.customers.Serial public.customers.secret`},
		"a mask with another case":                                {rule: `masks: [{name: m, columns: ['*.*."Email"'], with: {type: Redact}}]`, want: `columns *.*."Email" → public.customers.email`},
		"a mask that would match PostgreSQL's own alone":          {rule: `masks: [{name: m, columns: ['*.*.foosecret'], with: {type: Redact}}]`, want: "columns *.*.foosecret → public.customers.secret"},
		"a mask of one of two databases of the policy":            {rule: `masks: [{name: m, columns: [hr.employees.salary], with: {type: Redact}}]`},
		"a mask that detects has no names":                        {rule: `masks: [{name: m, detect: [IBAN], with: {type: Redact}}]`},
		"a guard on a table that is there":                        {rule: `guards: [{name: g, match: {tables: [payments]}, action: Deny}]`},
		"a guard on a misspelt table":                             {rule: `guards: [{name: g, match: {tables: [payment]}, action: Deny}]`, want: "tables payment → public.payments"},
		"a guard on a table of another schema":                    {rule: `guards: [{name: g, match: {tables: [shop.payments]}, action: Deny}]`, want: "tables shop.payments → public.payments"},
		"a guard on a table of PostgreSQL's own":                  {rule: `guards: [{name: g, match: {tables: ["pg_f*"]}, action: Deny}]`},
		"a guard on columns":                                      {rule: `guards: [{name: g, match: {columns: [customers.mail]}, action: Deny}]`, want: "columns customers.mail → public.customers.email"},
		"a guard on a column that every table has":                {rule: `guards: [{name: g, match: {columns: [customers.xmin]}, action: Deny}]`},
		"a guard on a function of the database":                   {rule: `guards: [{name: g, match: {functions: [app.next_number]}, action: Deny}]`},
		"a guard on a misspelt function":                          {rule: `guards: [{name: g, match: {functions: [app.nextnumber]}, action: Deny}]`, want: "functions app.nextnumber → app.next_number"},
		"a guard on a function of PostgreSQL's":                   {rule: `guards: [{name: g, match: {functions: [pg_read_file]}, action: Deny}]`},
		"a guard on a function of an extension that is not there": {rule: `guards: [{name: g, match: {functions: [dblink_exec]}, action: Deny}]`},
		"a pack": {rule: `packs: [ServerFilesAndPrograms, SecretCatalogs]`},
		"a misspelt name where no catalog is known": {rule: `guards: [{name: g, match: {tables: [payment]}, action: Deny}]`, unknown: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, problems := Compile([]Source{{Name: "x.yaml", Data: []byte(`
apiVersion: weir.dev/v1alpha1
kind: Database
metadata: {name: crm}
spec: {hosts: [10.0.0.1], databases: [crm], tls: {mode: Disable}, login: {type: Passthrough}}
---
apiVersion: weir.dev/v1alpha1
kind: Database
metadata: {name: hr}
spec: {hosts: [10.0.0.2], databases: [hr], tls: {mode: Disable}, login: {type: Passthrough}}
---
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: p}
spec:
  mode: Enforce
  identities: [{name: bot, host: {units: ["*"]}}]
  databases: [crm, hr]
  ` + c.rule + "\n")}})
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			known := []Cataloged{{"crm", "crm", crm}, {"hr", "hr", hr}, {"other", "other", shop(t, nil)}}
			if c.unknown {
				known = known[2:]
			}
			got := ""
			for _, u := range b.Unmatched(known) {
				got += fmt.Sprintf("%s %s → %s", u.Field, u.Pattern, strings.Join(u.Nearest, " "))
				if u.Policy != "p" || len(u.Databases) != 2 {
					t.Errorf("%+v", u)
				}
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
