package policy

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/identity"
)

type resolver map[string][]netip.Addr

func (r resolver) Lookup(host string) []netip.Addr { return r[host] }

func databaseDocument(name, spec string) string {
	return "---\napiVersion: weir.dev/v1alpha1\nkind: Database\nmetadata: {name: " + name + "}\nspec: {" + spec + ", login: {type: Passthrough}}\n"
}

func TestDatabaseForTheMostSpecificClaim(t *testing.T) {
	b := compile(t, databaseDocument("address", "hosts: [10.0.3.7], databases: [crm, shared]")+
		databaseDocument("narrow", `hosts: [10.0.3.0/24, "fd00::/64"], databases: ["*"]`)+
		databaseDocument("wide", "hosts: [10.0.0.0/8], databases: [crm, only-wide], tls: {mode: VerifyFull, serverName: Db.Example}")+
		databaseDocument("named", "hosts: [db.internal, other.internal], databases: [crm], ports: [5432, 6432]")+
		databaseDocument("dark", "hosts: [dark.internal], databases: [crm]")+
		databaseDocument("pattern", `hosts: [10.0.3.7], databases: ["sh*"]`))
	known := resolver{"db.internal": {netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("10.1.1.1")}, "other.internal": {netip.MustParseAddr("192.0.2.2")}}
	for name, c := range map[string]struct {
		dst, database    string
		want, serverName string
		unresolved       []string
	}{
		"the address itself":      {"10.0.3.7:5432", "crm", "address", "", nil},
		"v4 mapped":               {"[::ffff:10.0.3.7]:5432", "crm", "address", "", nil},
		"the longer prefix":       {"10.0.3.8:5432", "crm", "narrow", "", nil},
		"the shorter prefix":      {"10.9.3.8:5432", "crm", "wide", "db.example", nil},
		"a network before a name": {"10.1.1.1:5432", "crm", "wide", "db.example", nil},
		"a name":                  {"192.0.2.1:5432", "crm", "named", "db.internal", nil},
		"the name that matched":   {"192.0.2.2:6432", "crm", "named", "other.internal", nil},
		"IPv6":                    {"[fd00::1]:5432", "x", "narrow", "", nil},
		"a database that the nearest does not serve": {"10.0.3.7:5432", "other", "narrow", "", nil},
		"a name before a pattern":                    {"10.0.3.7:5432", "shared", "address", "", nil},
		"a pattern":                                  {"10.0.3.7:5432", "shop", "pattern", "", nil},
		"another port":                               {"10.0.3.7:5433", "crm", "", "", nil},
		"a name that may be the address":             {"192.0.2.9:5432", "crm", "", "", []string{"dark.internal"}},
		"nobody's":                                   {"192.0.2.9:5432", "x", "", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := b.DatabaseFor(netip.MustParseAddrPort(c.dst), c.database, known)
			got := ""
			if d.Database != nil {
				got = d.Database.Name
			}
			if got != c.want || d.ServerName != c.serverName || !slices.Equal(d.Unresolved, c.unresolved) {
				t.Errorf("%q %q %v, want %q %q %v", got, d.ServerName, d.Unresolved, c.want, c.serverName, c.unresolved)
			}
		})
	}
	if got := b.DatabaseFor(netip.MustParseAddrPort("192.0.2.1:5432"), "crm", nil); got.Database != nil || len(got.Unresolved) != 3 {
		t.Errorf("without a resolver: %+v", got)
	}
	if got := b.HostNames(); !slices.Equal(got, []string{"dark.internal", "db.internal", "other.internal"}) {
		t.Errorf("names %v", got)
	}
}

func TestRevisionIsOfTheMeaning(t *testing.T) {
	first := compile(t, good).Revision()
	if len(first) != 16 {
		t.Fatalf("%q", first)
	}
	docs := strings.Split(good, "\n---\n")
	swapped, diags := Compile([]Source{{"z", []byte(docs[1])}, {"a", []byte("# comment\n" + docs[0])}}, WithKeys(testKeys))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	for name, text := range map[string]string{
		"other order of commands": strings.Replace(good, "[Drop, Truncate, Alter]", "[Alter, Drop, Truncate]", 1),
		"a default written out":   strings.Replace(good, "  databases: [crm]\n  tls", "  ports: [5432]\n  databases: [crm]\n  tls", 1),
		"quotes":                  strings.Replace(good, "[public.customers.email,", `['"public".Customers.email',`, 1),
	} {
		if got := compile(t, text).Revision(); got != first {
			t.Errorf("%s changes the revision", name)
		}
	}
	if swapped.Revision() != first {
		t.Error("the order of documents and files changes the revision")
	}
	for name, text := range map[string]string{
		"an action":           strings.Replace(good, "action: Warn", "action: Allow", 1),
		"a mode":              strings.Replace(good, "spec:\n  identities", "spec:\n  mode: Audit\n  identities", 1),
		"a host":              strings.Replace(good, "10.0.3.0/24", "10.0.3.0/25", 1),
		"an identity":         strings.Replace(good, "users: [etl, 1002]", "users: [etl, 1003]", 1),
		"a number for a name": strings.Replace(good, "users: [etl, 1002]", `users: [etl, "1002"]`, 1),
		"a mask":              strings.Replace(good, "keepLast: 4", "keepLast: 3", 1),
		"a condition":         strings.Replace(good, "< 6", "< 7", 1),
		"quotes":              strings.Replace(good, "[public.customers.email,", `['public."Customers".email',`, 1),
		"recording":           strings.Replace(good, "results: Masked", "results: None", 1),
		"an approver":         strings.Replace(good, "groups: [dba]", "groups: [ops]", 1),
	} {
		if text == good {
			t.Fatalf("%s: nothing was replaced", name)
		}
		if got := compile(t, text).Revision(); got == first {
			t.Errorf("%s does not change the revision", name)
		}
	}
}

func TestBundlesWithOtherKeysAreNotTheSame(t *testing.T) {
	other, diags := Compile([]Source{{Name: "x", Data: []byte(good)}}, WithKeys(func(string) ([]byte, error) { return []byte("another key of good length"), nil }))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	keyless, diags := Compile([]Source{{Name: "x", Data: []byte(good)}})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	b := compile(t, good)
	if !b.Same(b) || !b.Same(compile(t, good)) || b.Same(other) || b.Same(keyless) || b.Same(nil) {
		t.Error("bundles are compared wrongly")
	}
	if b.Revision() != other.Revision() {
		t.Error("a revision is about documents")
	}
}

func TestRulesAreSharedByEqualIdentities(t *testing.T) {
	b := compile(t, onePolicy(""))
	db := b.Database("crm")
	other := *bot
	other.PID, other.Comm = 7, "x"
	if b.Rules(bot, db) != b.Rules(&other, db) {
		t.Error("a pid makes other rules")
	}
	other.Executable = "/bin/x"
	if b.Rules(bot, db) == b.Rules(&other, db) {
		t.Error("an executable makes no other rules")
	}
	if b.Rules(nil, db) == b.Rules(&identity.Identity{}, db) {
		t.Error("nobody is an identity")
	}
	for i := range 5000 {
		one := *bot
		one.UID = uint32(i)
		b.Rules(&one, db)
	}
	if n := b.rules.Len(); n > rulesKept {
		t.Errorf("%d rules are kept", n)
	}
}

func TestRecordingOfSeveralPolicies(t *testing.T) {
	for name, c := range map[string]struct{ a, b, want Recording }{
		"nothing said":         {Recording{}, Recording{}, Recording{}},
		"one wants rows":       {Recording{}, Recording{Results: ResultsMasked}, Recording{Results: ResultsMasked}},
		"one forbids rows":     {Recording{Results: ResultsMasked}, Recording{Results: ResultsNone}, Recording{Results: ResultsNone}},
		"the other forbids":    {Recording{Results: ResultsNone}, Recording{Results: ResultsMasked}, Recording{Results: ResultsNone}},
		"one omits parameters": {Recording{OmitParameters: true}, Recording{OmitStatements: true}, Recording{OmitParameters: true, OmitStatements: true}},
	} {
		if got := c.a.join(c.b); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
