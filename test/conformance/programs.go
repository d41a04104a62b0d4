package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/weirgate/weir/test/lab"
)

// sources are short programs, one for each client library, that use what the
// library offers. They are divided in sections, each of which is a test.
//
//go:embed programs
var sources embed.FS

// program is one of them.
type program struct {
	name, about string
	file        string
	packages    []string // of npm, with their versions
	// needs is a command that fails where the library is not there, and debian the
	// packages that have it.
	needs  []string
	debian string
	run    func(dir, file string) lab.Command
	// libpq has it use the libpq of the newer server that npm has.
	libpq bool
}

const jdbc = "/usr/share/java/postgresql.jar"

func programSuites() []suite {
	// The distribution's own Python, which has the distribution's modules.
	python := func(dir, file string) lab.Command {
		return lab.Command{Path: "/usr/bin/python3", Args: []string{file}, Env: []string{"PYTHONPATH=" + dir, "PYTHONDONTWRITEBYTECODE=1"}}
	}
	module := func(name string) []string { return []string{"/usr/bin/python3", "-c", "import " + name} }
	list := []program{
		{
			name: "libpq", about: "sections with the libpq of PostgreSQL " + newer, file: "with_libpq.py", run: python, libpq: true,
			needs: []string{"/usr/bin/python3", "--version"}, debian: "python3",
		},
		{
			name: "psycopg2", about: "sections with psycopg2", file: "with_psycopg2.py", run: python,
			needs: module("psycopg2"), debian: "python3-psycopg2",
		},
		{
			name: "psycopg", about: "sections with psycopg 3", file: "with_psycopg.py", run: python,
			needs: module("psycopg"), debian: "python3-psycopg",
		},
		{
			name: "asyncpg", about: "sections with asyncpg", file: "with_asyncpg.py", run: python,
			needs: module("asyncpg"), debian: "python3-asyncpg",
		},
		{
			name: "sqlalchemy", about: "sections with SQLAlchemy", file: "with_sqlalchemy.py", run: python,
			needs: module("sqlalchemy"), debian: "python3-sqlalchemy",
		},
		{
			name: "node-postgres", about: "sections with node-postgres", file: "with_node.js",
			packages: []string{"pg@8.23.1", "pg-cursor@2.22.0", "pg-copy-streams@7.0.0"},
			needs:    []string{"node", "--version"}, debian: "nodejs and npm",
			run: func(_, file string) lab.Command { return lab.Command{Path: "node", Args: []string{file}} },
		},
		{
			name: "pgjdbc", about: "sections with pgjdbc", file: "WithJdbc.java",
			needs: []string{"sh", "-c", "javac -version && test -e " + jdbc}, debian: "libpostgresql-jdbc-java and default-jdk-headless",
			run: func(_, file string) lab.Command {
				return lab.Command{Path: "java", Args: []string{"-Dfile.encoding=UTF-8", "-cp", jdbc, file}}
			},
		},
	}
	suites := make([]suite, len(list))
	for i, p := range list {
		suites[i] = suite{
			name: p.name, about: p.about,
			prepare: p.prepare,
			// With a password, which goes to the server; and with rows recorded, so that
			// they are looked at.
			server:  serverOptions{auth: "scram-sha-256", rows: true},
			single:  true,
			wire:    true,
			program: true,
			run:     p.sections,
		}
	}
	return suites
}

// prepare sees to it that the library is there.
func (p program) prepare(ctx context.Context, c cache) error {
	if _, err := command(ctx, "", nil, p.needs[0], p.needs[1:]...); err != nil {
		return fmt.Errorf("%w\nIt is in Debian's %s", err, p.debian)
	}
	if p.libpq {
		_, err := c.serverBin(ctx, newer)
		return err
	}
	if p.packages == nil {
		return nil
	}
	_, err := p.install(ctx, c)
	return err
}

// install gives the folder with the packages of npm.
func (p program) install(ctx context.Context, c cache) (string, error) {
	return c.once("npm-"+p.name, strings.Join(p.packages, " "), func(dir string) error {
		defer begin("fetching %s", strings.Join(p.packages, ", ")).end()
		_, err := command(ctx, dir, nil, "npm", append([]string{
			"install", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts", "--no-save",
		}, p.packages...)...)
		return err
	})
}

func (p program) sections(ctx context.Context, s *site, c cache) ([]test, error) {
	dir := filepath.Join(s.lab.Dir, "program")
	if p.packages != nil {
		installed, err := p.install(ctx, c)
		if err != nil {
			return nil, err
		}
		if err := copyTree(installed, dir); err != nil {
			return nil, err
		}
	} else if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	files, err := sources.ReadDir("programs")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		text, err := sources.ReadFile("programs/" + f.Name())
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name()), text, 0o644); err != nil {
			return nil, err
		}
	}
	cmd := p.run(dir, filepath.Join(dir, p.file))
	cmd.Dir = dir
	if p.libpq {
		library, err := c.newerLibpq(ctx, s.lab)
		if err != nil {
			return nil, err
		}
		cmd.Env = append(cmd.Env, "LIBPQ="+library)
	}
	cmd.Env = append(cmd.Env, "PGDATABASE=postgres", "PGPASSWORD="+s.postgres.Password, "PGTZ=UTC", "TZ=UTC", "PYTHONHASHSEED=0")
	out, err := s.run(ctx, 2*time.Minute, cmd)
	tests := readSections(s, out.Stdout, out.Stderr)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		return tests, err
	}
	if out.Code != 0 || err != nil || len(tests) == 0 {
		return tests, fmt.Errorf("%s ended with %d: %w\n%s", p.file, out.Code, err, tail(out.Stdout+out.Stderr, 20))
	}
	return tests, nil
}

// readSections reads "== name", what the section printed, "-- ok" or "-- failed".
func readSections(s *site, out, trouble string) []test {
	var tests []test
	for _, part := range strings.Split("\n"+out, "\n== ")[1:] {
		name, text, _ := strings.Cut(part, "\n")
		if !s.wants(name) {
			continue
		}
		// A session's schema of temporary tables has the number of its backend.
		t := test{name: name, status: failed, output: temporarySchema.ReplaceAllString(s.plain(text), "pg_temp_N")}
		if strings.HasSuffix(strings.TrimSpace(text), "-- ok") {
			t.status = passed
		} else {
			t.detail = tail(trouble, 100)
		}
		tests = append(tests, t)
	}
	return tests
}

var temporarySchema = regexp.MustCompile(`pg_temp_[0-9]+`)
