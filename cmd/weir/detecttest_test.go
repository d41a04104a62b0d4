package main

import "testing"

// What is detected in rows is masked by `weir policy test` as in a session, with and
// without masks of columns.
func TestPolicyTestMasksWhatIsDetected(t *testing.T) {
	const head = `
apiVersion: weir.dev/v1alpha1
kind: Database
metadata: {name: crm}
spec: {hosts: [10.0.3.1], databases: [crm], tls: {mode: Disable}, login: {type: Static, user: app, passwordFile: /p}}
---
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: agents}
spec:
  identities: [{name: bot, host: {units: [bot.service]}}]
  databases: [crm]
  masks:
  - {name: anywhere, detect: [EmailAddress], with: {type: Redact}}
`
	const column = "  - {name: ssn, columns: [public.customers.ssn], with: {type: Redact}}\n"
	const tests = `
policies: [policy.yml]
as: {unit: bot.service, uid: "1000"}
catalog: {public.customers: [id integer, note text, ssn text]}
tests:
- name: an address in a text
  sql: SELECT id, note FROM customers
  rows: [["1", "write to ada@example.com"], ["2", "nothing"], ["3", null]]
  expect: {action: Allow, rows: [["1", "write to ****"], ["2", "nothing"], ["3", null]]}
`
	for name, policy := range map[string]string{"alone": head, "beside a mask": head + column} {
		folder := documentsIn(t, map[string]string{"policy.yml": policy, "suite.yaml": tests})
		if r := weir(t, "", "policy", "test", folder); r.status != 0 {
			t.Errorf("%s: status %d\n%s", name, r.status, r.out)
		}
	}
}
