package policy

import (
	"slices"
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/function"
)

// packOf says which pack is about the functions of a class, "" for none.
func packOf(name string, e function.Entry) string {
	switch e.Class {
	case function.Files, function.Databases:
		return "ServerFilesAndPrograms"
	case function.Server, function.Replication:
		return "PrivilegeAndSessionChanges"
	case function.Sessions:
		if e.Reveals() {
			return "SecretCatalogs"
		}
		if name != "pg_export_snapshot" { // changes nothing
			return "PrivilegeAndSessionChanges"
		}
	case function.Statistics:
		return "SecretCatalogs"
	case function.LargeObjects:
		if e.Reveals() {
			return "BulkExport"
		}
	case function.SQL, function.Tables:
		if strings.HasSuffix(name, "_to_xml") || strings.HasSuffix(name, "_to_xml_and_xmlschema") {
			return "BulkExport"
		}
	}
	return ""
}

func TestPacksNameTheFunctionsOfTheirClasses(t *testing.T) {
	guards := map[string][]*Guard{}
	for _, pack := range Packs() {
		r := &reader{diags: &Diagnostics{}, conditions: newConditions}
		guards[pack] = r.pack(pack)
	}
	denied := 0
	for _, name := range function.Names() {
		e, _ := function.BuiltIn(name, -1)
		pack := packOf(name, e)
		if pack == "" {
			continue
		}
		denied++
		if !slices.ContainsFunc(guards[pack], func(g *Guard) bool {
			for i := range g.Match.Functions {
				if n := &g.Match.Functions[i]; n.FromEnd(0).Match(name) && n.FromEnd(1).Match("pg_catalog") {
					return true
				}
			}
			return false
		}) {
			t.Errorf("%s() %s, and pack %s does not name it", name, e.Reason, pack)
		}
	}
	if denied < 70 {
		t.Errorf("only %d functions", denied)
	}
}
