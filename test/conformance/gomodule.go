package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/weirgate/weir/test/lab"
)

// goModule is a driver in Go whose module carries its tests.
type goModule struct {
	name, path, version string
	hba                 []string // before the line for everybody else, which is trusted
	setUp               func(ctx context.Context, s *site, module string) error
	env                 func(s *site) []string
	slow                string // pattern of tests that take long and find little
}

func goSuites() []suite {
	return []suite{
		goModule{
			name: "pgx", path: "github.com/jackc/pgx/v5", version: "v5.12.0",
			// Those of code without a connection, of messages of a gigabyte, and stress.
			slow: "Fuzz|^TestConnConcurrency$|BiggerThanMaxMessageBodyLen$|^TestNumeric|^TestTrace",
			hba: []string{
				"host all pgx_md5 all md5", "host all pgx_pw all password", "host all pgx_scram all scram-sha-256",
			},
			setUp: func(ctx context.Context, s *site, module string) error {
				if err := s.postgres.Exec(ctx, "postgres", "CREATE DATABASE pgx_test"); err != nil {
					return err
				}
				return s.psql(ctx, "pgx_test", filepath.Join(module, "testsetup/postgresql_setup.sql"))
			},
			env: func(s *site) []string {
				dsn := func(user string) string {
					return fmt.Sprintf("host=%s port=%d user=%s password=secret dbname=pgx_test",
						s.postgres.Host, s.postgres.Port, user)
				}
				return []string{
					"PGX_TEST_DATABASE=" + dsn("pgx_md5"), "PGX_TEST_TCP_CONN_STRING=" + dsn("pgx_md5"),
					"PGX_TEST_MD5_PASSWORD_CONN_STRING=" + dsn("pgx_md5"),
					"PGX_TEST_PLAIN_PASSWORD_CONN_STRING=" + dsn("pgx_pw"),
					"PGX_TEST_SCRAM_PASSWORD_CONN_STRING=" + dsn("pgx_scram"),
				}
			},
		}.suite("the tests of pgx, a driver in Go"),
		goModule{
			name: "pq", path: "github.com/lib/pq", version: "v1.12.3",
			hba: []string{
				"host all pqgomd5 all md5", "host all pqgopassword all password", "host all pqgoscram all scram-sha-256",
			},
			setUp: func(ctx context.Context, s *site, module string) error {
				if err := s.postgres.Exec(ctx, "postgres", "CREATE ROLE pqgo LOGIN SUPERUSER"); err != nil {
					return err
				}
				if err := s.postgres.Exec(ctx, "postgres", "CREATE DATABASE pqgo OWNER pqgo"); err != nil {
					return err
				}
				script, err := os.ReadFile(filepath.Join(module, "testdata/postgres/docker-entrypoint-initdb.d/20-config.sql"))
				if err != nil {
					return err
				}
				// What it says of TLS is about certificates of its own.
				return s.postgres.Exec(ctx, "pqgo", regexp.MustCompile(`(?m)^alter system .*$`).ReplaceAllString(string(script), ""))
			},
			// Some of its tests expect the name.
			env: func(*site) []string {
				return []string{"PGHOST=localhost", "PGUSER=pqgo", "PGDATABASE=pqgo"}
			},
		}.suite("the tests of lib/pq, a driver in Go for database/sql"),
	}
}

func (m goModule) suite(about string) suite {
	return suite{
		name: m.name, about: about,
		prepare: func(ctx context.Context, c cache) error {
			_, err := m.build(ctx, c)
			return err
		},
		server: serverOptions{auth: "trust", hba: m.hba},
		single: true,
		run:    m.run,
	}
}

// build gives a folder with the module's source in "module" and its compiled tests
// in "tests": "@" and the package's folder within the module, with "@" for "/".
func (m goModule) build(ctx context.Context, c cache) (string, error) {
	return c.once("go-"+m.name, m.path+"@"+m.version, func(dir string) error {
		defer begin("fetching and building the tests of %s %s", m.path, m.version).end()
		// In a folder that is no module, for the versions of weir's own not to matter.
		said, err := command(ctx, dir, []string{"GOWORK=off"}, "go", "mod", "download", "-json", m.path+"@"+m.version)
		if err != nil {
			return err
		}
		var downloaded struct{ Dir string }
		if err := json.Unmarshal([]byte(said), &downloaded); err != nil {
			return err
		}
		module := filepath.Join(dir, "module")
		if err := copyTree(downloaded.Dir, module); err != nil {
			return err
		}
		env := []string{"CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOWORK=off"}
		if err := os.Mkdir(filepath.Join(dir, "tests"), 0o755); err != nil {
			return err
		}
		packages, err := command(ctx, module, env, "go", "list", "-f", `{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}`, "./...")
		if err != nil {
			return err
		}
		for _, folder := range strings.Fields(packages) {
			rel, err := filepath.Rel(module, folder)
			if err != nil {
				return err
			}
			if _, err := command(ctx, module, env, "go", "test", "-c", "-trimpath", "-o",
				filepath.Join(dir, "tests", "@"+strings.ReplaceAll(rel, "/", "@")), "./"+rel); err != nil {
				return err
			}
		}
		return nil
	})
}

func (m goModule) run(ctx context.Context, s *site, c cache) ([]test, error) {
	built, err := m.build(ctx, c)
	if err != nil {
		return nil, err
	}
	base := filepath.Join(s.lab.Dir, "go")
	if err := copyTree(built, base); err != nil {
		return nil, err
	}
	if err := m.setUp(ctx, s, filepath.Join(base, "module")); err != nil {
		return nil, fmt.Errorf("set the server up: %w", err)
	}
	programs, err := os.ReadDir(filepath.Join(base, "tests"))
	if err != nil {
		return nil, err
	}
	var tests []test
	for _, p := range programs {
		rel := strings.ReplaceAll(strings.TrimPrefix(p.Name(), "@"), "@", "/")
		name := path.Join(m.name, rel)
		args := []string{"-test.v=test2json", "-test.timeout=10m"}
		if s.quick && m.slow != "" {
			args = append(args, "-test.skip="+m.slow)
		}
		if s.only != nil {
			alone := goSelection(name, s.only)
			if alone == "" {
				continue
			}
			args = append(args, "-test.run="+alone)
		}
		out, err := s.run(ctx, 11*time.Minute, lab.Command{
			Path: filepath.Join(base, "tests", p.Name()), Args: args, Dir: filepath.Join(base, "module", rel), Env: m.env(s),
		})
		if err != nil && ctx.Err() != nil {
			return tests, err
		}
		found := goTests(out.Stdout)
		whole := test{name: name, status: passed, detail: s.plain(tail(out.Stdout+out.Stderr, 200))}
		if err != nil || out.Code != 0 {
			whole.status = failed
		}
		for _, t := range found {
			t.name, t.detail = name+"."+goTemporary.ReplaceAllString(t.name, "$1"), s.plain(t.detail)
			if s.wants(t.name) {
				tests = append(tests, t)
			}
		}
		// Of a package whose tests all ran to their end, they say enough.
		if errors.Is(err, context.DeadlineExceeded) || strings.Contains(out.Stdout+out.Stderr, "\npanic:") {
			tests = append(tests, whole)
		}
	}
	return tests, ctx.Err()
}

// goSelection is the pattern for the tests among names, of all packages, that are
// of one, with the subtests of their functions; "" for none.
func goSelection(pkg string, names []string) string {
	var functions []string
	for _, name := range names {
		if name, ok := strings.CutPrefix(name, pkg+"."); ok {
			function, _, _ := strings.Cut(name, "/")
			functions = append(functions, regexp.QuoteMeta(function))
		}
	}
	if functions == nil {
		return ""
	}
	return "^(" + strings.Join(functions, "|") + ")$"
}

// goTests reads what a test program wrote with -test.v=test2json, which puts ^V
// before its own words, wherever the tests' own output stands: each test without
// subtests of its own, in the order of their ends, and what it said.
func goTests(out string) []test {
	said := map[string]*strings.Builder{}
	parent := map[string]bool{}
	var ended []test
	current := ""
	lines := bufio.NewScanner(strings.NewReader(strings.ReplaceAll(out, "\x16", "\n")))
	lines.Buffer(nil, len(out)+2)
	for lines.Scan() {
		line := lines.Text()
		if m := goTurn.FindStringSubmatch(line); m != nil {
			current = m[1]
			if said[current] == nil {
				said[current] = &strings.Builder{}
			}
			for i := range current {
				if current[i] == '/' {
					parent[current[:i]] = true
				}
			}
			continue
		}
		if m := goEnd.FindStringSubmatch(line); m != nil {
			current = m[2]
			ended = append(ended, test{name: m[2], status: map[string]status{"PASS": passed, "FAIL": failed, "SKIP": skipped}[m[1]]})
			continue
		}
		if b := said[current]; b != nil {
			b.WriteString(line + "\n")
		}
	}
	var tests []test
	for _, t := range ended {
		if parent[t.name] {
			continue
		}
		if b := said[t.name]; b != nil {
			t.detail = b.String()
		}
		tests = append(tests, t)
	}
	return tests
}

var (
	goTurn      = regexp.MustCompile(`^=== (?:RUN|NAME|CONT) +(\S+)$`)
	goTemporary = regexp.MustCompile(`(/tmp/[A-Za-z_]+)[0-9]+`)
	goEnd       = regexp.MustCompile(`^ *--- (PASS|FAIL|SKIP): (\S+) \([0-9.]+s\)$`)
)
