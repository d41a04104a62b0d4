package policy

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// good is a set of documents that uses everything this version has.
const good = `
apiVersion: weir.dev/v1alpha1
kind: Database
metadata: {name: crm}
spec:
  hosts: [crm-db.internal, 10.0.3.0/24]
  databases: [crm]
  tls: {mode: VerifyFull, caFile: /etc/weir/crm-ca.pem}
  catalog: {user: weir_catalog, passwordFile: /run/secrets/crm-catalog}
  login: {type: Static, user: app, passwordFile: /run/secrets/crm}
---
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: support-agent}
spec:
  identities:
  - name: nightly
    host: {units: ["nightly-*.service"], users: [etl, 1002], executables: [/usr/bin/psql]}
  - name: bot
    host: {cgroups: [/agents/bot]}
  databases: [crm]
  guards:
  - name: no-ddl
    match: {commands: [Drop, Truncate, Alter]}
    action: Deny
    message: Schema changes go through a migration pull request.
  - name: unbounded-write
    match: {commands: [Update, Delete], where: Missing}
    action: Deny
  - name: payments-at-night
    match: {tables: [public.payments], access: Write}
    when: "now.getHours('UTC') < 6"
    action: RequireApproval
    approval: dba
  - name: big
    match: {any: true}
    when: statement.limit > 1000
    action: Warn
  masks:
  - name: contact
    columns: [public.customers.email, public.customers.phone]
    with: {type: Partial, keepLast: 4}
  - name: ssn
    columns: ["*.*.ssn"]
    with: {type: Hash, keyFile: /etc/weir/mask.key}
    predicates: Deny
  - name: salary
    columns: [public.employees.salary, public.employees.born]
    with: {type: Noise, keyFile: /etc/weir/mask.key, percent: 5, days: 90}
  - name: payload
    columns: [public.events.payload]
    paths: [user.email, "**.card"]
    with: {type: Redact}
  - name: card-numbers-anywhere
    detect: [PaymentCard, EmailAddress]
    patterns: ['EMP-\d{6}']
    with: {type: Partial, keepLast: 4}
  approvals:
  - name: dba
    approvers: {groups: [dba], minimum: 1}
    wait: 60s
    expires: 15m
  recording: {statements: Full, parameters: Full, results: Masked}
`

func testKeys(string) ([]byte, error) { return []byte("0123456789abcdef0123456789abcdef\n"), nil }

// compile makes a bundle of one text or ends the test.
func compile(t testing.TB, text string) *Bundle {
	t.Helper()
	b, diags := Compile([]Source{{Name: "test.yaml", Data: []byte(text)}}, WithKeys(testKeys))
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGoodDocumentsCompile(t *testing.T) {
	b := compile(t, good)
	if len(b.Databases()) != 1 || len(b.Policies()) != 1 {
		t.Fatal("a document is missing")
	}
	p := b.Policies()[0]
	if p.Mode != Enforce || len(p.Guards) != 4 || len(p.Masks) != 5 || len(p.Identities) != 2 {
		t.Errorf("a rule is missing: %+v", p)
	}
	if d := b.Database("crm"); d == nil || d.Ports[0] != 5432 || len(d.Hosts) != 2 {
		t.Errorf("database: %+v", d)
	}
}

func TestNoDocumentsCompile(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "---\n---\n"} {
		b := compile(t, text)
		if len(b.Policies()) != 0 {
			t.Error("a policy out of nothing")
		}
	}
}

// TestDiagnostics compares what is said about every file in testdata/bad with
// the golden text beside it.
func TestDiagnostics(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files:", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			b, diags := Compile([]Source{{Name: filepath.Base(file), Data: data}}, WithKeys(testKeys))
			if b != nil {
				t.Error("there is a bundle")
			}
			got := diags.Error() + "\n"
			golden := strings.TrimSuffix(file, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}
