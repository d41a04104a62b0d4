package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/approval"
	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/proxy/journal"
)

func TestCommandLinesThatMakeNoSense(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "none")
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"frobnicate"}, exitUsage, `unknown command "frobnicate"`},
		{[]string{"obsreve"}, exitUsage, "Did you mean this?\n    observe"},
		{[]string{"observe", "--wat"}, exitUsage, "unknown flag: --wat\nSee `weir observe --help`."},
		{[]string{"observe", "-o", "xml"}, exitUsage, "use compact or json"},
		{[]string{"observe", "--verdict", "maybe"}, exitUsage, "use Allow, Warn, RequireApproval, Deny, Observe, Masked, Failed"},
		{[]string{"observe", "--since", "soon"}, exitUsage, `"soon" is not a time`},
		{[]string{"observe", "--last", "-1"}, exitUsage, "--last -1"},
		{[]string{"observe", "--follow", "--until", "1h"}, exitUsage, "exclude each other"},
		{[]string{"observe", "--follow", "--state", "/x"}, exitUsage, "--follow needs the daemon"},
		{[]string{"play"}, exitUsage, "accepts 1 arg(s)"},
		{[]string{"approvals", "approve", "ap-1"}, exitUsage, "a decision needs a reason"},
		{[]string{"approvals", "list", "--state", "odd"}, exitUsage, "use Pending, Approved"},
		{[]string{"policy", "explain", "select 1"}, exitUsage, "--as unit=nightly-etl.service,user=etl"},
		{[]string{"policy", "explain", "--as", "nonsense", "select 1"}, exitUsage, "write key=value"},
		{[]string{"policy", "explain", "--as", "user=x", "select 1"}, exitUsage, "needs a unit="},
		{[]string{"policy", "explain", "--as", "colour=red", "select 1"}, exitUsage, "use unit, cgroup"},
		{[]string{"policy", "validate", "/does/not/exist.yaml"}, exitFailed, "there is no file or folder /does/not/exist.yaml"},
		{[]string{"status"}, exitNotRunning, "start it with `sudo weir run` or `systemctl start weir`"},
		{[]string{"approvals", "list"}, exitNotRunning, "weir is not running"},
		{[]string{"observe", "--follow"}, exitNotRunning, "weir is not running"},
		{[]string{"run", "--config", "/does/not/exist.yaml"}, exitFailed, "kind: Config"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			args := append(slices.Clone(c.args), "--socket", socket)
			if !slices.Contains(args, "--config") {
				args = append(args, "--config", filepath.Join(t.TempDir(), "weir.yaml"))
			}
			got := weir(t, "", args...)
			if got.status != c.status || !strings.Contains(got.err, c.want) || !strings.HasPrefix(got.err, "weir: ") {
				t.Errorf("status %d, %q; want %d, %q", got.status, got.err, c.status, c.want)
			}
		})
	}
}

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	a := &app{}
	var walk func(path []string)
	root := a.root()
	walk = func(path []string) {
		cmd, _, err := root.Find(path)
		if err != nil {
			t.Fatal(err)
		}
		if cmd.Short == "" || (cmd.Example == "" && !cmd.HasSubCommands()) {
			t.Errorf("%s: no description or no example", cmd.CommandPath())
		}
		if got := weir(t, "", append(path, "--help")...); got.status != exitOK || !strings.Contains(got.out, "Usage:") {
			t.Errorf("%s --help: %+v", cmd.CommandPath(), got)
		}
		for _, sub := range cmd.Commands() {
			if sub.Name() != "help" && sub.Name() != "completion" {
				walk(append(slices.Clone(path), sub.Name()))
			}
		}
	}
	walk(nil)
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if got := weir(t, "", "completion", shell); got.status != exitOK || len(got.out) < 1000 {
			t.Errorf("completion for %s: %d, %d bytes", shell, got.status, len(got.out))
		}
	}
}

func TestObserveShowsWhatIsAskedFor(t *testing.T) {
	socket := serve(t, newHouse(t))
	for _, c := range []struct {
		name  string
		args  []string
		texts []string // the statements that are shown, in order
	}{
		{"all", []string{"--since", "2026-01-01"}, []string{"select email from customers", "drop table", "select * from nosuch", "delete", "delete", "select * from customers", "<U+202E>", "pg_sleep"}},
		{"the last two", []string{"--last", "2"}, []string{"<U+202E>", "pg_sleep"}},
		{"what was denied", []string{"--verdict", "denied"}, []string{"drop table"}},
		{"what failed or was masked", []string{"--verdict", "failed", "--verdict", "Masked"}, []string{"select email", "select * from nosuch"}},
		{"the last that failed or was masked", []string{"--verdict", "failed,masked", "-n", "1"}, []string{"select * from nosuch"}},
		{"up to a moment", []string{"--since", "2026-03-04", "--until", "2026-03-04 13:00"}, []string{"select email", "drop table", "select * from nosuch", "delete", "delete"}},
		{"another session", []string{"--session", "s-other"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := weir(t, "", append([]string{"observe", "--socket", socket}, c.args...)...)
			var texts []string
			for _, line := range strings.Split(got.out, "\n") {
				if strings.Contains(line, "unit:nightly-etl.service") {
					texts = append(texts, line)
				}
			}
			if got.status != exitOK || len(texts) != len(c.texts) {
				t.Fatalf("status %d, %s%s", got.status, got.out, got.err)
			}
			for i := range texts {
				if !strings.Contains(texts[i], c.texts[i]) {
					t.Errorf("line %d is %q, want %q", i, texts[i], c.texts[i])
				}
			}
			if c.texts == nil && !strings.Contains(got.err, "Nothing matches.") {
				t.Errorf("nothing is told: %q", got.err)
			}
		})
	}
}

func TestObserveForMachinesGivesTheRecordsThemselves(t *testing.T) {
	h := newHouse(t)
	raw := `{"v":1,"kind":"statement.begin","session":"s-raw","text":"select 1","future":true}`
	h.records = []*journal.Record{{Kind: journal.KindStatementBegin, Line: []byte(raw)}}
	got := weir(t, "", "observe", "--socket", serve(t, h), "-o", "json")
	if got.status != exitOK || got.out != raw+"\n" {
		t.Errorf("status %d, %q", got.status, got.out)
	}
}

func TestFollowShowsTheLastAndGoesOnUntilInterrupted(t *testing.T) {
	h := newHouse(t)
	socket := serve(t, h)
	ctx, interrupt := context.WithCancel(t.Context())
	out, errs := &watched{want: "select 'live'", came: make(chan struct{})}, &watched{}
	done := make(chan int, 1)
	go func() {
		done <- execute(ctx, []string{"observe", "--socket", socket, "--follow", "--last", "1"}, strings.NewReader(""), out, errs, func(string) string { return "" })
	}()
	select {
	case f := <-h.followed:
		if f.Since.IsZero() || f.Last != 0 {
			t.Errorf("followed with %+v", f)
		}
	case status := <-done:
		t.Fatalf("ended with %d: %s", status, errs.text.String())
	}
	h.live <- &journal.Record{Time: time.Now(), Kind: journal.KindStatementBegin, Session: "s-2", Seq: 1, Identity: bot, Verdict: "Allow", Text: "select 'live'"}
	h.live <- &journal.Record{Time: time.Now(), Kind: journal.KindStatementEnd, Session: "s-2", Seq: 2, Statement: 1, Outcome: journal.OutcomeCompleted}
	<-out.came
	interrupt()
	if status := <-done; status != exitOK || strings.Contains(out.text.String(), "drop table") || errs.text.Len() != 0 {
		t.Errorf("status %d, %s%s", status, out.text.String(), errs.text.String())
	}
}

func TestRequestsAreListedShownAndDecided(t *testing.T) {
	h := newHouse(t)
	r := h.request(t)
	socket := serve(t, h)
	run := func(args ...string) result { return weir(t, "", append(args, "--socket", socket)...) }
	if got := run("approvals", "list"); got.status != exitOK || !strings.Contains(got.out, r.ID) || !strings.Contains(got.out, "support/bulk") {
		t.Errorf("list: %+v", got)
	}
	if got := run("approvals", "show", r.ID); got.status != exitOK || !strings.Contains(got.out, "<U+202E>") || strings.Contains(got.out, "\u202e") {
		t.Errorf("show: %+v", got)
	}
	var list []*approval.Request
	if got := run("approvals", "list", "-o", "json"); json.Unmarshal([]byte(got.out), &list) != nil || len(list) != 1 || list[0].Text != r.Text {
		t.Errorf("as JSON: %+v", got)
	}
	if got := run("approvals", "show", "ap-none"); got.status != exitFailed || !strings.Contains(got.err, "weir approvals list") {
		t.Errorf("one that does not exist: %+v", got)
	}
	if os.Geteuid() != 0 {
		t.Skip("NEEDS ROOT: the request is for root to decide")
	}
	if got := run("approvals", "approve", r.ID, "--reason", "agreed"); got.status != exitOK || !strings.Contains(got.out, r.ID+" is approved: the statement passes once, until") {
		t.Errorf("approve: %+v", got)
	}
	if got := run("approvals", "deny", r.ID, "--reason", "no, wait"); got.status != exitOK || got.out != r.ID+" is denied.\n" {
		t.Errorf("deny after that: %+v", got)
	}
	if got := run("approvals", "approve", r.ID, "--reason", "again"); got.status != exitFailed || !strings.Contains(got.err, "decided already") {
		t.Errorf("approve after that: %+v", got)
	}
	if got := run("approvals", "list"); got.out != "" || !strings.Contains(got.err, "Nothing waits") {
		t.Errorf("list after that: %+v", got)
	}
}

func TestSessionsAreListedShownAndPlayed(t *testing.T) {
	socket := serve(t, newHouse(t))
	run := func(args ...string) result { return weir(t, "", append(args, "--socket", socket)...) }
	if got := run("sessions", "list"); !strings.Contains(got.out, "s-open") || strings.Contains(got.out, "s-gone") {
		t.Errorf("open ones: %+v", got)
	}
	if got := run("sessions", "list", "--all", "-o", "json"); !json.Valid([]byte(got.out)) || !strings.Contains(got.out, "s-gone") {
		t.Errorf("all: %+v", got)
	}
	if got := run("sessions", "show", "s-open"); got.status != exitOK || !strings.Contains(got.out, "s-open/3") || !strings.Contains(got.out, "/usr/bin/psql") {
		t.Errorf("show: %+v", got)
	}
	if got := run("sessions", "show", "s-none"); got.status != exitFailed || !strings.Contains(got.err, `there is no session "s-none"`) {
		t.Errorf("none: %+v", got)
	}
	if got := run("play", "s-open", "--speed", "1e9"); got.status != exitOK || !strings.Contains(got.out, "crm=> drop table customers;\nERROR:") {
		t.Errorf("play: %+v", got)
	}
	if got := run("play", "s-none"); got.status != exitFailed || !strings.Contains(got.err, `there is no session "s-none"`) {
		t.Errorf("play none: %+v", got)
	}
}

func TestStatusForMachines(t *testing.T) {
	got := weir(t, "", "status", "--socket", serve(t, newHouse(t)), "-o", "json")
	var st console.Status
	if err := json.Unmarshal([]byte(got.out), &st); err != nil || st.Policy.Revision != "0123abcd" {
		t.Errorf("%v, %s", err, got.out)
	}
}

func TestVersionTellsBoth(t *testing.T) {
	if got := weir(t, "", "version", "--socket", serve(t, newHouse(t))); !strings.HasPrefix(got.out, "weir "+version+" (go") || !strings.HasSuffix(got.out, "daemon 1.2.3\n") {
		t.Errorf("%+v", got)
	}
	if got := weir(t, "", "version", "--socket", "/does/not/exist"); got.status != exitOK || !strings.HasSuffix(got.out, "daemon not running\n") {
		t.Errorf("%+v", got)
	}
}

// journalOnDisk writes a journal with one session and gives its state folder.
func journalOnDisk(t *testing.T) (state, session string) {
	t.Helper()
	state = t.TempDir()
	j, err := journal.Open(filepath.Join(state, "journal"), journal.Options{SegmentSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	s, err := j.Session(journal.SessionInfo{Identity: *bot, Database: "crm", User: "reader", How: "Captured", Policies: []string{"support"}})
	if err != nil {
		t.Fatal(err)
	}
	st, err := s.Begin(&journal.Begin{Text: []byte("select name from customers"), Protocol: "Simple", Verdict: "Allow"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.End(st, &journal.End{Rows: 2, Tag: []byte("SELECT 2")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Denied(&journal.Denied{Text: []byte("drop table customers"), Protocol: "Simple", Verdict: "Deny", Policy: "support", Rule: "no-ddl", Failure: journal.Failure{Severity: "ERROR", SQLState: "42501", Message: "no"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close("the client left"); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return state, s.ID()
}

func TestTheJournalIsReadWithoutADaemon(t *testing.T) {
	state, session := journalOnDisk(t)
	config := filepath.Join(t.TempDir(), "weir.yaml")
	text := "apiVersion: weir.dev/v1alpha1\nkind: Config\nspec: {state: " + state + ", admin: {socket: " + filepath.Join(state, "none.sock") + "}}\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"observe", "--config", config}, "select name from customers"},
		{[]string{"observe", "--state", state, "--verdict", "deny"}, "drop table customers"},
		{[]string{"sessions", "list", "--all", "--config", config}, session},
		{[]string{"sessions", "show", session, "--config", config}, session + "/3"},
		{[]string{"play", session, "--state", state}, "crm=> select name from customers;"},
	} {
		if got := weir(t, "", c.args...); got.status != exitOK || !strings.Contains(got.out, c.want) {
			t.Errorf("%v: %+v", c.args, got)
		}
	}
	if got := weir(t, "", "observe", "--config", config); !strings.Contains(got.err, "weir is not running; reading its journal in "+state) {
		t.Errorf("it is not said where this comes from: %q", got.err)
	}
	if got := weir(t, "", "sessions", "list", "--config", config); got.status != exitNotRunning || !strings.Contains(got.err, "--all") {
		t.Errorf("open sessions without a daemon: %+v", got)
	}
}

const documents = `apiVersion: weir.dev/v1alpha1
kind: Database
metadata: {name: crm}
spec: {hosts: [127.0.0.1], databases: [crm], tls: {mode: Disable}, login: {type: Passthrough}}
---
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: support}
spec:
  identities: [{name: nightly, host: {units: ["nightly-*.service"]}}]
  databases: [crm]
  guards:
  - {name: no-ddl, match: {commands: [Drop]}, action: Deny}
`

func TestDocumentsAreValidated(t *testing.T) {
	good := filepath.Join(t.TempDir(), "good.yaml")
	if err := os.WriteFile(good, []byte(documents), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := weir(t, "", "policy", "validate", good); got.status != exitOK || !strings.HasPrefix(got.out, "Valid. database crm, policy support; revision ") {
		t.Errorf("%+v", got)
	}
	bad := strings.Replace(strings.Replace(documents, "guards:", "gards:", 1), "hosts:", "host:", 1)
	got := weir(t, bad, "policy", "validate", "-")
	if got.status != exitFailed || !strings.Contains(got.out, `-:4:8: unknown key "host"`) || !strings.Contains(got.out, `-:12:3: unknown key "gards"`) || !strings.Contains(got.out, "problems found.") {
		t.Errorf("%+v", got)
	}
	got = weir(t, bad, "policy", "validate", "-", "-o", "json")
	var v validation
	if err := json.Unmarshal([]byte(got.out), &v); err != nil || v.Valid || len(v.Problems) < 2 || got.status != exitFailed {
		t.Errorf("%v, %+v", err, got)
	}
	config := filepath.Join(t.TempDir(), "weir.yaml")
	if err := os.WriteFile(config, []byte("apiVersion: weir.dev/v1alpha1\nkind: Config\nspec: {stat: 1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := weir(t, "", "policy", "validate", "--config", config); got.status != exitFailed || !strings.Contains(got.out, config+`:3:8: spec.stat: unknown key; did you mean "state"?`) {
		t.Errorf("a configuration with an error: %+v", got)
	}
}

func TestDocumentsAreExplainedBeforeTheyAreInForce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new.yaml")
	if err := os.WriteFile(file, []byte(documents), 0o600); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "none.yaml")
	got := weir(t, "", "policy", "explain", "--config", config, "--file", file, "--as", "unit=nightly-etl.service", "--as", "uid=1001", "drop table t")
	if got.status != exitOK || !strings.Contains(got.out, "Deny by support/no-ddl") || !strings.Contains(got.out, "matched and decided") {
		t.Errorf("%+v", got)
	}
	got = weir(t, "select from where", "policy", "explain", "--config", config, "--file", file, "--as", "unit=nightly-etl.service,user=root", "-")
	if got.status != exitOK || !strings.Contains(got.out, "the text cannot be read") || !strings.Contains(got.out, "Deny") {
		t.Errorf("a text that does not parse: %+v", got)
	}
	state, session := journalOnDisk(t)
	got = weir(t, "", "policy", "explain", "--config", config, "--file", file, "--state", state, session+"/3")
	if got.status != exitOK || !strings.Contains(got.out, "recorded    Deny by support/no-ddl") || !strings.Contains(got.out, "unit:nightly-etl.service") {
		t.Errorf("a recorded statement: %+v", got)
	}
	for _, c := range []struct{ id, want string }{{session + "/99", "there is no statement"}, {session + "/0", "is a session.start, not a statement"}, {"s-none/1", "there is no statement"}} {
		if got := weir(t, "", "policy", "explain", "--config", config, "--file", file, "--state", state, c.id); got.status != exitFailed || !strings.Contains(got.err, c.want) {
			t.Errorf("%s: %+v", c.id, got)
		}
	}
}

func TestWhatIsInForceIsExplainedByTheDaemon(t *testing.T) {
	h := newHouse(t)
	socket := serve(t, h)
	if got := weir(t, "", "policy", "explain", "--socket", socket, "s-open/3"); got.status != exitOK || !strings.Contains(got.out, "Deny by support/unbounded") {
		t.Errorf("%+v", got)
	}
	if h.asked.Session != "s-open" || h.asked.Seq != 3 {
		t.Errorf("asked for %+v", h.asked)
	}
	if got := weir(t, "", "policy", "explain", "--socket", socket, "--as", "cgroup=/agents/bot,uid=0", "--role", "app", "--in-transaction", "select 1"); got.status != exitOK {
		t.Errorf("%+v", got)
	}
	if a := h.asked; a.Identity == nil || a.Identity.Subject != "cgroup:/agents/bot" || a.Identity.User != "root" || a.Database != "crm" || a.User != "app" || !a.InTransaction || a.Text != "select 1" {
		t.Errorf("asked for %+v", a)
	}
	h.status.Policy.Databases = []string{"crm", "lab"}
	if got := weir(t, "", "policy", "explain", "--socket", socket, "--as", "cgroup=/a", "select 1"); got.status != exitUsage || !strings.Contains(got.err, "crm, lab") {
		t.Errorf("which database: %+v", got)
	}
	if got := weir(t, "", "policy", "reload", "--socket", socket); got.out != "Loaded: revision 0123abcd, 2 databases (crm, lab), 2 policies (people, support)\n" {
		t.Errorf("%+v", got)
	}
}

func TestDoctorEndsWithOneWhenSomethingFailed(t *testing.T) {
	config := filepath.Join(t.TempDir(), "weir.yaml")
	got := weir(t, "", "doctor", "--config", config, "--socket", filepath.Join(t.TempDir(), "s"), "-o", "json")
	var e examination
	if err := json.Unmarshal([]byte(got.out), &e); err != nil || got.status != exitFailed || e.Worst != "Failed" {
		t.Fatalf("%v, %+v", err, got)
	}
	found := false
	for _, f := range e.Findings {
		found = found || f.Area == "configuration" && f.Grade == "Failed" && f.Name == config
		if (f.Grade == "Failed" || f.Grade == "Warning") && f.Remedy == "" && f.Area != "daemon" {
			t.Errorf("no remedy for %+v", f)
		}
	}
	if !found {
		t.Errorf("the missing configuration was not found: %s", got.out)
	}
}

func TestUninstallIsRefusedWhileTheDaemonRuns(t *testing.T) {
	config := filepath.Join(t.TempDir(), "weir.yaml")
	got := weir(t, "", "uninstall", "--config", config, "--socket", serve(t, newHouse(t)))
	if got.status != exitFailed || !strings.Contains(got.err, "the daemon is running: stop it first") {
		t.Errorf("%+v", got)
	}
}

func TestOnlyWeirsOwnIsDeletedFromTheStateFolder(t *testing.T) {
	state := t.TempDir()
	for _, name := range []string{"journal/seg", "ca/ca.pem", "weir.db", "weir.db-wal", "mine"} {
		path := filepath.Join(state, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := removeState(state); err == nil || !strings.Contains(err.Error(), "holds more than weir's own and stays: mine") {
		t.Errorf("got %v", err)
	}
	if entries, _ := os.ReadDir(state); len(entries) != 1 {
		t.Errorf("left: %v", entries)
	}
	if err := os.Remove(filepath.Join(state, "mine")); err != nil {
		t.Fatal(err)
	}
	if err := removeState(state); err != nil {
		t.Error(err)
	}
	if err := removeState(state); err != nil {
		t.Errorf("a second time: %v", err)
	}
}

func TestTheParseWorkerIsNotForPeople(t *testing.T) {
	command := exec.CommandContext(t.Context(), "/proc/self/exe", "parse-worker")
	output, err := command.CombinedOutput()
	if err == nil || !strings.Contains(string(output), "it is started by weir run") {
		t.Errorf("%v, %s", err, output)
	}
}
