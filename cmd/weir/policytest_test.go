package main

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/proxy/journal"
)

// tried are documents for the tests of documents.
const tried = `
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
  packs: [UnboundedWrites]
  guards:
  - {name: no-ddl, match: {commands: [Drop]}, action: Deny}
  - {name: bulk, match: {commands: [Update]}, limit: {rows: 10}, action: Deny}
  - {name: odd, match: {commands: [Copy]}, action: Warn}
  masks:
  - {name: contact, columns: [public.customers.email], with: {type: Partial, keepLast: 4}}
  - {name: tag, columns: [public.customers.tag], with: {type: Hash, keyFile: /nowhere/key}}
`

// documentsIn writes files into a folder of the test's own.
func documentsIn(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

const suite = `
policies: [policy.yml]
as: {unit: bot.service, uid: "1000"}
catalog: {public.customers: [id integer, email text, tag text, "notes jsonb"]}
tests:
- name: ddl
  sql: DROP TABLE customers
  expect: {action: Deny, rule: agents/no-ddl}
- name: a pack
  sql: DELETE FROM customers
  expect: {action: Deny, rule: agents/unbounded-writes.no-where}
- name: a limit
  sql: UPDATE customers SET id = 1 WHERE id = 2
  expect: {action: Allow, rule: none, limits: [agents/bulk]}
- name: a warning
  sql: COPY customers (id) TO STDOUT
  expect: {action: Warn, rule: agents/odd, warnings: [agents/odd]}
- name: a mask
  sql: SELECT id, email FROM customers
  rows: [["1", ada@example.com], ["2", null]]
  expect: {rows: [["1", "***********.com"], ["2", null]]}
- name: a mask past an expression
  sql: SELECT lower(email) AS harmless FROM customers
  rows: [[ada@example.com]]
  expect: {action: Allow, rows: [["****"]]}
- name: a mask past a condition
  sql: SELECT id FROM customers WHERE email LIKE 'a%'
  expect: {action: Deny, rule: agents/contact}
- name: nobody
  as: {unit: other.service}
  sql: SELECT 1
  expect: {action: Deny}
- name: what cannot be read
  sql: SELEC 1
  expect: {action: Deny, rule: built-in/unreadable}
`

func TestPolicyTest(t *testing.T) {
	folder := documentsIn(t, map[string]string{"policy.yml": tried, "suite.yaml": suite})
	r := weir(t, "", "policy", "test", folder)
	if r.status != exitOK || !strings.Contains(r.out, "9 tests passed") {
		t.Fatalf("status %d\n%s%s", r.status, r.out, r.err)
	}
	r = weir(t, "", "policy", "test", "-o", "json", filepath.Join(folder, "suite.yaml"))
	var report struct{ Tests, Failed int }
	if err := json.Unmarshal([]byte(r.out), &report); err != nil || report.Tests != 9 || report.Failed != 0 {
		t.Errorf("%v, %+v", err, report)
	}
}

func TestPolicyTestFails(t *testing.T) {
	wrong := strings.Replace(strings.Replace(suite, "rule: agents/no-ddl", "rule: agents/other", 1), "***********.com", "ada@example.com", 1)
	folder := documentsIn(t, map[string]string{"policy.yml": tried, "suite.yaml": wrong})
	r := weir(t, "", "policy", "test", folder)
	if r.status != exitFailed {
		t.Fatalf("status %d\n%s", r.status, r.out)
	}
	for _, want := range []string{"FAIL ddl", "rule is agents/no-ddl, want agents/other", "because it contains DROP", "FAIL a mask", "rows is [[1, ***********.com]", "2 of 9 tests failed"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("there is no %q in\n%s", want, r.out)
		}
	}
	r = weir(t, "", "policy", "test", "-o", "junit", folder)
	var report struct {
		Suites []struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Cases    []struct {
				Name    string `xml:"name,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(r.out), &report); err != nil {
		t.Fatalf("%v\n%s", err, r.out)
	}
	s := report.Suites[0]
	if r.status != exitFailed || s.Tests != 9 || s.Failures != 2 || s.Cases[0].Failure == nil || !strings.Contains(s.Cases[0].Failure.Message, "agents/other") || s.Cases[1].Failure != nil {
		t.Errorf("status %d, %+v", r.status, s)
	}
}

func TestPolicyTestSaysWhatIsWrongWithAFile(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no test":             {"policies: [policy.yml]\n", "there is no test"},
		"an unknown key":      {"policies: [policy.yml]\ntests: [{name: a, sql: select 1, expects: {action: Deny}}]\n", "expects"},
		"nothing expected":    {"policies: [policy.yml]\ntests: [{name: a, sql: select 1}]\n", `"a" expects nothing`},
		"an unknown action":   {"policies: [policy.yml]\ntests: [{name: a, sql: select 1, expect: {action: deny}}]\n", "it is Allow, Warn"},
		"a name twice":        {"policies: [policy.yml]\ntests: [{name: a, sql: select 1, expect: {action: Deny}}, {name: a, sql: select 1, expect: {action: Deny}}]\n", "two tests"},
		"no documents":        {"tests: [{name: a, sql: select 1, expect: {action: Deny}}]\n", "does not say which documents"},
		"nobody":              {"policies: [policy.yml]\ntests: [{name: a, sql: select 1, expect: {action: Deny}}]\n", "who sends it"},
		"a wrong workload":    {"policies: [policy.yml]\nas: {uni: x}\ntests: [{name: a, sql: select 1, expect: {action: Deny}}]\n", "is not known"},
		"a wrong column":      {"policies: [policy.yml]\nas: {unit: x.service}\ncatalog: {public.t: [a integr]}\ntests: [{name: a, sql: select 1, expect: {action: Deny}}]\n", "is not a column"},
		"a wrong table":       {"policies: [policy.yml]\nas: {unit: x.service}\ncatalog: {t: [a integer]}\ntests: [{name: a, sql: select 1, expect: {action: Deny}}]\n", "schema.table"},
		"an unknown database": {"policies: [policy.yml]\nas: {unit: x.service}\ndatabase: crn\ntests: [{name: a, sql: select 1, expect: {action: Deny}}]\n", `no Database "crn"`},
		"rows of a star":      {"policies: [policy.yml]\nas: {unit: bot.service}\ntests: [{name: a, sql: select 1, rows: [[a]], expect: {rows: [[a]]}}]\n", "under catalog"},
		"no YAML":             {"tests: [\n", "suite.yaml"},
		"documents":           {"apiVersion: weir.dev/v1alpha1\nkind: Policy\n", "not tests of them"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := documentsIn(t, map[string]string{"policy.yml": tried, "suite.yaml": c.text})
			r := weir(t, "", "policy", "test", folder)
			if r.status != exitFailed || !strings.Contains(r.err, c.want) {
				t.Errorf("status %d: %s", r.status, r.err)
			}
		})
	}
	if r := weir(t, "", "policy", "test", "/nowhere"); r.status != exitFailed || !strings.Contains(r.err, "there is no file") {
		t.Errorf("status %d: %s", r.status, r.err)
	}
}

func TestTheExamplesOfTestsPass(t *testing.T) {
	if r := weir(t, "", "policy", "test", "../../deploy/policy-tests"); r.status != exitOK {
		t.Errorf("status %d\n%s%s", r.status, r.out, r.err)
	}
}

func TestPacksAreShown(t *testing.T) {
	if r := weir(t, "", "policy", "packs"); r.status != exitOK || !strings.Contains(r.out, "SecretCatalogs              System catalogs and views that hold secrets") {
		t.Errorf("%+v", r)
	}
	if r := weir(t, "", "policy", "packs", "BulkExport"); !strings.Contains(r.out, "limit: {rows: ") {
		t.Errorf("%+v", r)
	}
	if r := weir(t, "", "policy", "packs", "Bulk"); r.status != exitUsage || !strings.Contains(r.err, "BulkExport") {
		t.Errorf("%+v", r)
	}
}

// week writes a journal of one session and gives its state folder.
func week(t *testing.T) (state, session string) {
	t.Helper()
	state = t.TempDir()
	j, err := journal.Open(filepath.Join(state, "journal"), journal.Options{SegmentSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	s, err := j.Session(journal.SessionInfo{Database: "crm", User: "app", Policies: []string{"agents"},
		Identity: identity.Identity{Subject: "unit:bot.service", Kind: "Unit", Unit: "bot.service", CgroupPath: "/system.slice/bot.service", UID: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	run := func(text string, rows int64) {
		st, err := s.Begin(&journal.Begin{Text: []byte(text), Protocol: "simple", Verdict: "Allow"})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.End(st, &journal.End{Rows: rows}); err != nil {
			t.Fatal(err)
		}
	}
	run("SELECT 1", 1)
	run("DROP TABLE x", 0)
	run("DROP TABLE y", 0)
	run("UPDATE t SET a = 1 WHERE b > 2", 500)
	run("UPDATE t SET a = 1 WHERE b = 2", 1)
	run("PREPARE p AS DELETE FROM t", 0)
	run("EXECUTE p", 3)
	run("COPY t TO STDOUT", 3)
	run("", 0)
	if err := s.Denied(&journal.Denied{Text: []byte("SELECT 2"), Protocol: "simple", Verdict: "Deny", Policy: "agents", Rule: "old"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(""); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return state, s.ID()
}

func TestPolicyReplay(t *testing.T) {
	state, session := week(t)
	folder := documentsIn(t, map[string]string{"policy.yml": tried})
	file := filepath.Join(folder, "policy.yml")
	r := weir(t, "", "policy", "replay", "--state", state, "--since", "1h", "-o", "json", file)
	var o struct {
		Statements, Same int
		Skipped          map[string]int
		Warnings         map[string]int
		Changes          []struct {
			Recorded, Now, Rule, Before string
			Count                       int
			Examples                    []struct{ ID, Text, Workload string }
		}
	}
	if err := json.Unmarshal([]byte(r.out), &o); err != nil || r.status != exitOK {
		t.Fatalf("status %d, %v\n%s%s", r.status, err, r.out, r.err)
	}
	if o.Statements != 9 || o.Same != 2 || o.Skipped["texts that are not on record"] != 1 || o.Warnings["Warn agents/odd"] != 1 {
		t.Errorf("%+v", o)
	}
	found := map[string]int{}
	for _, c := range o.Changes {
		found[c.Recorded+" to "+c.Now+" by "+c.Rule] = c.Count
	}
	for change, n := range map[string]int{
		"Allow to Deny by agents/no-ddl": 2, "Allow to Deny (limit) by agents/bulk": 1,
		"Allow to Deny by agents/unbounded-writes.no-where": 2, "Allow to Warn by agents/odd": 1, "Deny to Allow by ": 1,
	} {
		if found[change] != n {
			t.Errorf("%s: %d times, want %d; all are %v", change, found[change], n, found)
		}
	}
	if e := o.Changes[0].Examples[0]; !strings.HasPrefix(e.ID, session+"/") || e.Workload != "unit:bot.service" {
		t.Errorf("%+v", e)
	}
	r = weir(t, "", "policy", "replay", "--state", state, file)
	for _, want := range []string{"2 times", "Deny by agents/no-ddl, instead of Allow by no rule", "DROP TABLE x", "it returned or changed 500 rows", "left out"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("there is no %q in\n%s", want, r.out)
		}
	}
	empty := filepath.Join(documentsIn(t, map[string]string{"empty.yml": "# nothing yet\n"}), "empty.yml")
	for name, c := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"no documents are named":      {nil, exitUsage, "which documents are to be tried?"},
		"a file without documents":    {[]string{empty}, exitFailed, "there is no policy document in"},
		"a time that is none":         {[]string{"--since", "soon", file}, exitUsage, `"soon" is not a time`},
		"an end before the beginning": {[]string{"--since", "1h", "--until", "2h", file}, exitUsage, "is not after --since"},
		"fewer examples than none":    {[]string{"--examples", "-1", file}, exitUsage, "from 0 to 1000"},
		"too many examples":           {[]string{"--examples", "100000", file}, exitUsage, "from 0 to 1000"},
		"a state folder without one":  {[]string{"--state", "/nowhere", file}, exitFailed, "/nowhere"},
	} {
		args := append([]string{"policy", "replay"}, c.args...)
		if c.status != exitUsage && !slices.Contains(args, "--state") {
			args = append(args, "--state", state)
		}
		if r := weir(t, "", args...); r.status != c.status || !strings.Contains(r.err, c.says) {
			t.Errorf("%s: status %d, %s", name, r.status, r.err)
		}
	}
	r = weir(t, "", "policy", "replay", "--state", state, "--database", "nobody", "-o", "json", file)
	if err := json.Unmarshal([]byte(r.out), &o); err != nil || r.status != exitOK || !strings.Contains(r.out, `"statements": 0`) {
		t.Errorf("nothing on record: %d, %v, %s", r.status, err, r.out)
	}
}

func TestExplainShowsLimitsAndPacks(t *testing.T) {
	folder := documentsIn(t, map[string]string{"policy.yml": tried})
	r := weir(t, "", "policy", "explain", "--file", filepath.Join(folder, "policy.yml"), "--as", "unit=bot.service,uid=1000", "UPDATE t SET a = 1 WHERE b = 2")
	for _, want := range []string{"statement 1: at most 10 rows by agents/bulk: Deny", "of pack UnboundedWrites", "at most 10 rows"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("there is no %q in\n%s", want, r.out)
		}
	}
}
