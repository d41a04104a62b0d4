package proxy_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/weirgate/weir/proxy/journal"
)

func set(name, value string) func(*pgx.ConnConfig) {
	return func(c *pgx.ConnConfig) { c.RuntimeParams[name] = value }
}

func TestStartupSettingsAreJudgedAsSetWouldBe(t *testing.T) {
	guarded := `
  guards:
  - name: no-role
    match: {settings: [role, "session_*"]}
    action: Deny
    message: Stay who you are.
  - name: slow
    match: {settings: [statement_timeout]}
    action: RequireApproval
    approval: dba
  - name: memory
    match: {settings: [work_mem]}
    action: Warn
  - name: no-set
    match: {commands: [Set]}
    action: Deny
  approvals:
  - {name: dba, approvers: {any: true}, wait: 0s}
`
	s := newSite(t, options{rules: guarded})
	for _, c := range []struct{ name, value, code, word string }{
		{"role", "postgres", "42501", "no-role"},
		{"ROLE", "postgres", "42501", "no-role"},
		{"options", "-c role=postgres", "42501", "no-role"},
		{"options", "--session-authorization=postgres", "42501", "no-role"},
		{"options", `-c\ r\ole=postgres`, "42704", ""}, // a word of its own: no such setting
		{"options", "-crole=postgres", "42501", "no-role"},
		{"statement_timeout", "5s", "42501", "needs an approval"},
		{"standard_conforming_strings", "off", "42501", "standard_conforming_strings"},
		{"options", "-c Standard-Conforming-Strings=of", "42501", "standard_conforming_strings"},
		{"client_encoding", "SJIS", "42501", "client_encoding"},
		{"session_preload_libraries", "auto_explain", "42501", "library"},
		{"options", "-c local_preload_libraries=x", "42501", "library"},
		{"nothing_here", "1", "42704", `unrecognized configuration parameter "nothing_here"`},
		{"options", "-c nothing_here=1", "42704", `unrecognized configuration parameter "nothing_here"`},
		{"options", "-c replication=true", "42704", `unrecognized configuration parameter "replication"`},
		{"options", "-c user=postgres", "42704", `unrecognized configuration parameter "user"`},
		{"replication", "database", "42501", "replication"},
		{"replication", "maybe", "22023", "replication"},
		{"work_mem", "much", "22023", "work_mem"},
		{"options", "-c work_mem", "42601", "requires a value"},
		{"options", "-o x", "42601", "invalid command-line argument"},
	} {
		_, err := s.dial(set(c.name, c.value))
		e := refused(t, err, c.code, c.word)
		if e.Severity != "FATAL" {
			t.Errorf("%s=%s: severity %s", c.name, c.value, e.Severity)
		}
	}
	for _, c := range []struct{ name, value, shown, want string }{
		{"application_name", "x", "application_name", "x"},
		{"myapp.tenant", "7", "myapp.tenant", "7"},
		{"options", `-c myapp.tenant=a\ b\\c --datestyle=German`, "myapp.tenant", `a b\c`},
		{"options", "-c search_path=pg_catalog", "search_path", "pg_catalog"},
		{"work_mem", "3MB", "work_mem", "3MB"},
		{"standard_conforming_strings", "tru", "standard_conforming_strings", "on"},
		{"client_encoding", "'utf-8'", "client_encoding", "UTF8"},
	} {
		conn := s.connect(set(c.name, c.value))
		var got string
		must(t, conn.QueryRow(t.Context(), "SELECT current_setting('"+c.shown+"')").Scan(&got))
		if got != c.want {
			t.Errorf("%s=%s: %s is %q", c.name, c.value, c.shown, got)
		}
	}
	// In the packet is applied after in its options.
	conn := s.connect(set("options", "-c application_name=options"), set("application_name", "packet"))
	var got string
	must(t, conn.QueryRow(t.Context(), "SHOW application_name").Scan(&got))
	if got != "packet" {
		t.Errorf("application_name is %q", got)
	}
	if len(s.records(5, "session.refused")) == 0 {
		t.Error("nothing is on record")
	}
}

func TestWithoutARuleTheServerDecidesOnRoles(t *testing.T) {
	s := newSite(t, options{rules: open, setup: `
		DO $$ BEGIN CREATE ROLE reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
		GRANT reader TO shop_app;`})
	c := s.connect(set("role", "reader"))
	var user string
	must(t, c.QueryRow(t.Context(), "SELECT current_user").Scan(&user))
	if user != "reader" {
		t.Errorf("current_user is %s", user)
	}
	_, err := s.dial(set("role", "postgres"))
	refused(t, err, "42501", `permission denied to set role "postgres"`)
}

func TestWhoIsOnlyObservedChoosesHisSettings(t *testing.T) {
	s := newSite(t, options{observe: true, login: "{type: Passthrough}", rules: open})
	s.apply(s.databaseDocument())
	c := s.connect(as(role, password), set("standard_conforming_strings", "off"))
	must(t, c.Ping(t.Context()))
	if strings.Contains(s.log.String(), "refused") {
		t.Error(s.log)
	}
	if len(s.records(1, journal.KindSessionStart)) != 1 {
		t.Error("no session")
	}
}
