package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/weirgate/weir/test/lab"
)

// regressSuites are the two that run under PostgreSQL's own driver, pg_regress:
// SQL scripts run by psql, and permutations of concurrent sessions.
func regressSuites() []suite {
	return []suite{
		{
			name: "pg_regress", about: "PostgreSQL's regression tests",
			prepare: prepareSource,
			server:  serverOptions{auth: "trust"},
			run: func(ctx context.Context, s *site, c cache) ([]test, error) {
				return regress(ctx, s, c, driver{
					folder: "src/test/regress", program: "pg_regress", schedule: "parallel_schedule",
					database: "regression", limit: 20 * time.Minute,
				})
			},
		},
		{
			name: "isolation", about: "PostgreSQL's tests of concurrent sessions",
			prepare: prepareSource,
			server:  serverOptions{auth: "trust"},
			single:  true,
			run: func(ctx context.Context, s *site, c cache) ([]test, error) {
				return regress(ctx, s, c, driver{
					folder: "src/test/isolation", program: "pg_isolation_regress", schedule: "isolation_schedule",
					database: "isolation_regression", limit: 60 * time.Minute,
					// They need max_prepared_transactions, so that the schedule leaves them out.
					more: []string{"prepared-transactions", "prepared-transactions-cic"},
					slow: regexp.MustCompile(`^(prepared-transactions|alter-table-[13]|predicate-gin|vacuum-concurrent-drop|` +
						`multiple-row-versions|receipt-report|stats|sequence-ddl)$`),
				})
			},
		},
	}
}

func prepareSource(ctx context.Context, c cache) error {
	_, err := c.source(ctx)
	return err
}

// driver is pg_regress with what it drives.
type driver struct {
	folder, program, schedule string
	database                  string // some tests show its name
	more                      []string
	slow                      *regexp.Regexp // tests that take long and find little
	limit                     time.Duration
}

// regress runs a schedule with one of the drivers. What is compared are the
// outputs of the tests, on the whole and not only where they differ from what
// PostgreSQL expects.
func regress(ctx context.Context, s *site, c cache, d driver) ([]test, error) {
	source, err := c.source(ctx)
	if err != nil {
		return nil, err
	}
	// A copy of what is needed, where the server's user may read it.
	input := filepath.Join(s.lab.Dir, "tests")
	if err := copyTree(filepath.Join(source, "tree", d.folder), input); err != nil {
		return nil, err
	}
	output, err := s.folder("output")
	if err != nil {
		return nil, err
	}
	psql := filepath.Join(s.lab.Dir, "bin")
	if err := copyTree(filepath.Join(source, "tree/src/bin/psql"), psql); err != nil {
		return nil, err
	}
	args := []string{
		"--inputdir=" + input, "--outputdir=" + output, "--bindir=" + psql, "--dlpath=" + input,
		"--host=" + s.postgres.Host.String(), fmt.Sprintf("--port=%d", s.postgres.Port), "--user=postgres",
		"--dbname=" + d.database, "--max-concurrent-tests=20",
	}
	if s.masks {
		// Its database is made beforehand: a session with masks makes none.
		if err := s.makeDatabase(ctx, d.database); err != nil {
			return nil, err
		}
		args = append(args, "--use-existing")
	}
	switch {
	case s.only != nil:
		args = append(args, s.only...)
	case s.quick && d.slow != nil:
		tests, err := scheduled(filepath.Join(input, d.schedule))
		if err != nil {
			return nil, err
		}
		args = append(args, slices.DeleteFunc(append(tests, d.more...), d.slow.MatchString)...)
	default:
		args = append(append(args, "--schedule="+filepath.Join(input, d.schedule)), d.more...)
	}
	out, err := s.run(ctx, d.limit, lab.Command{Path: filepath.Join(input, d.program), Args: args, Dir: input})
	if err != nil && ctx.Err() != nil {
		return nil, err
	}
	var tests []test
	for _, m := range regressLine.FindAllStringSubmatch(out.Stdout, -1) {
		t := test{name: m[1], status: passed}
		if m[2] != "ok" {
			t.status = failed
		}
		text, reading := os.ReadFile(filepath.Join(output, "results", t.name+".out"))
		if reading != nil {
			text = []byte(reading.Error())
		}
		t.output = withoutNumbers(s.plain(string(text)))
		tests = append(tests, t)
	}
	if err != nil || len(tests) == 0 {
		return tests, fmt.Errorf("%s ended with %d: %w\n%s", d.program, out.Code, err, tail(out.Stdout+out.Stderr, 20))
	}
	return tests, nil
}

// scheduled are the tests of a schedule.
func scheduled(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var tests []string
	for _, line := range strings.Split(string(text), "\n") {
		if names, ok := strings.CutPrefix(line, "test:"); ok {
			tests = append(tests, strings.Fields(names)...)
		}
	}
	return tests, nil
}

// makeDatabase does what pg_regress does for the database of its tests.
func (s *site) makeDatabase(ctx context.Context, name string) error {
	if err := s.postgres.Exec(ctx, "postgres", "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return err
	}
	var settings strings.Builder
	for _, setting := range []string{
		"lc_messages TO 'C'", "lc_monetary TO 'C'", "lc_numeric TO 'C'", "lc_time TO 'C'",
		"bytea_output TO 'hex'", "timezone_abbreviations TO 'Default'",
	} {
		settings.WriteString("ALTER DATABASE " + name + " SET " + setting + ";")
	}
	return s.postgres.Exec(ctx, "postgres", settings.String())
}

// regressLine is what pg_regress says of a test: "test name  ... ok  12 ms", or
// "     name ... FAILED  12 ms" within a parallel group.
var regressLine = regexp.MustCompile(`(?m)^(?:test|    ) +(\S+) +\.\.\. (ok|FAILED|failed \(ignored\))`)

// What PostgreSQL 18 says in tests of 15 that differs from run to run: which pages
// were at hand (EXPLAIN ANALYZE shows them unasked), and in `rules` the identities of
// a table that 15 does not make.
var (
	buffers    = regexp.MustCompile(`(?m)^( *Buffers: ).*$`)
	identities = regexp.MustCompile(`(?m)^ +\d+ \| r {7}\| +\d+$`)
)

func withoutNumbers(text string) string {
	return identities.ReplaceAllString(buffers.ReplaceAllString(text, "${1}N"), " N | r       | N")
}
