package doctor

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/weirgate/weir/proxy/console"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a configuration of its own in a temporary folder.
type site struct{ dir, config string }

func newSite(t *testing.T, extra, documents string) *site {
	t.Helper()
	s := &site{dir: t.TempDir()}
	s.config = filepath.Join(s.dir, "weir.yaml")
	s.write(t, "weir.yaml", fmt.Sprintf("apiVersion: weir.dev/v1alpha1\nkind: Config\nspec:\n  policies: [policy.d]\n  state: state\n  admin: {socket: %s}\n  capture: {pins: weirdoctor%d, listenerPort: 18991}\n%s", filepath.Join(s.dir, "admin.sock"), os.Getpid(), extra))
	s.write(t, "policy.d/a.yaml", documents)
	return s
}

func (s *site) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *site) examine(t *testing.T) (Grade, []Finding) {
	t.Helper()
	var findings []Finding
	worst := Examine(t.Context(), Options{Config: s.config, Version: "test"}, func(f Finding) { findings = append(findings, f) })
	return worst, findings
}

func documents(port int, tls string) string {
	return fmt.Sprintf(`apiVersion: weir.dev/v1alpha1
kind: Database
metadata: {name: crm}
spec: {hosts: [127.0.0.1], ports: [%d], databases: [crm], tls: {mode: %s}, login: {type: Passthrough}}
---
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: support}
spec: {identities: [{name: all, any: true}], databases: [crm]}
`, port, tls)
}

// server answers a request for TLS with a text.
func server(t *testing.T, answer string) int {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 8))
			_, _ = conn.Write([]byte(answer))
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().(*net.TCPAddr).Port
}

// closedPort is one on which nobody listens.
func closedPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

func has(findings []Finding, area string, grade Grade, text string) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool {
		return f.Area == area && f.Grade == grade && strings.Contains(f.Name+" "+f.Detail, text)
	})
}

func TestWhatIsWrongIsFoundWithItsRemedy(t *testing.T) {
	for _, c := range []struct {
		name, extra string
		documents   func(*testing.T) string
		change      func(*testing.T, *site)
		area        string
		grade       Grade
		want        string
	}{
		{"a good server", "", func(t *testing.T) string { return documents(server(t, "N"), "Disable") }, nil, "databases", Good, "answers as PostgreSQL does"},
		{"a server with TLS", "", func(t *testing.T) string { return documents(server(t, "S"), "Require") }, nil, "databases", Good, "answers as PostgreSQL does"},
		{"a server without the TLS that is wanted", "", func(t *testing.T) string { return documents(server(t, "N"), "Require") }, nil, "databases", Failed, "offers no TLS"},
		{"a server of something else", "", func(t *testing.T) string { return documents(server(t, "HTTP/1.1 400"), "Disable") }, nil, "databases", Failed, "does not answer as PostgreSQL does"},
		{"nobody at the address", "", func(t *testing.T) string { return documents(closedPort(t), "Disable") }, nil, "databases", Failed, "connection refused"},
		{"passwords in the clear", "", func(t *testing.T) string { return documents(server(t, "N"), "Disable") }, nil, "policies", Warning, "unencrypted"},
		{"a document with an error", "", func(*testing.T) string { return "kind: Polcy\n" }, nil, "policies", Failed, "a.yaml:1"},
		{"no policy while all is denied", "", func(*testing.T) string { return "" }, nil, "policies", Warning, "every connection is refused"},
		{"documents that others can write", "", func(*testing.T) string { return "" }, func(t *testing.T, s *site) {
			if err := os.Chmod(filepath.Join(s.dir, "policy.d", "a.yaml"), 0o666); err != nil {
				t.Fatal(err)
			}
		}, "policies", Warning, "others can write it (mode 0666)"},
		{"a folder that does not exist", "", func(*testing.T) string { return "" }, func(t *testing.T, s *site) {
			if err := os.RemoveAll(filepath.Join(s.dir, "policy.d")); err != nil {
				t.Fatal(err)
			}
		}, "policies", Warning, "holds no documents"},
		{"a password file that is missing", "", func(*testing.T) string {
			return strings.Replace(documents(1, "Disable"), "type: Passthrough", "type: Static, user: u, passwordFile: /does/not/exist", 1)
		}, nil, "policies", Failed, "no such file"},
		{"observing only", "  unmatched: Observe\n", func(*testing.T) string { return "" }, nil, "configuration", Warning, "nothing is enforced"},
		{"an error in the configuration", "  unmatched: Maybe\n", func(*testing.T) string { return "" }, nil, "configuration", Failed, `"Maybe" is not a choice`},
		{"no configuration", "", func(*testing.T) string { return "" }, func(t *testing.T, s *site) {
			if err := os.Remove(s.config); err != nil {
				t.Fatal(err)
			}
		}, "configuration", Failed, "there is none"},
		{"a disk with too little room", "  journal: {minFree: 900Ti}\n", func(*testing.T) string { return "" }, nil, "state", Failed, "are needed"},
		{"a state folder that is a file", "", func(*testing.T) string { return "" }, func(t *testing.T, s *site) { s.write(t, "state", "x") }, "state", Failed, "is not a folder"},
		{"a state folder for everybody", "", func(*testing.T) string { return "" }, func(t *testing.T, s *site) {
			s.write(t, "state/x", "")
			if err := os.Chmod(filepath.Join(s.dir, "state"), 0o755); err != nil {
				t.Fatal(err)
			}
		}, "state", Warning, "open to everybody"},
		{"no daemon", "", func(*testing.T) string { return "" }, nil, "daemon", Warning, "not running"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, c.extra, c.documents(t))
			if c.change != nil {
				c.change(t, s)
			}
			_, findings := s.examine(t)
			if !has(findings, c.area, c.grade, c.want) {
				t.Errorf("nothing like %s %s %q in %+v", c.area, c.grade, c.want, findings)
			}
			for _, f := range findings {
				if (f.Grade == Failed || f.Grade == Warning) && f.Remedy == "" {
					t.Errorf("no remedy: %+v", f)
				}
			}
		})
	}
}

type daemonStatus struct{ problems []string }

func (d daemonStatus) Status(context.Context) (*console.Status, error) {
	return &console.Status{Problems: d.problems, Capture: console.CaptureStatus{Unseen: make([]console.Connection, 3)}}, nil
}

func TestADaemonIsAskedForItsProblems(t *testing.T) {
	s := newSite(t, "", "")
	server, err := console.Listen(console.Options{Socket: filepath.Join(s.dir, "admin.sock"), Version: "other", Status: daemonStatus{[]string{"the catalog of crm cannot be read"}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx) }()
	worst, findings := s.examine(t)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if worst != Failed || !has(findings, "daemon", Failed, "the catalog of crm") || !has(findings, "daemon", Warning, "the daemon is weir other, this command test") || !has(findings, "daemon", Warning, "3 database connections are older") {
		t.Errorf("%s: %+v", worst, findings)
	}
}

func TestAnExaminationEndsWithItsContext(t *testing.T) {
	s := newSite(t, "", "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	Examine(ctx, Options{Config: s.config}, func(f Finding) { t.Errorf("looked at %+v", f) })
	if time.Since(began) > 5*time.Second {
		t.Error("it went on")
	}
}
