package proxy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// migration is a script of statements that a tool for migrations sends.
type migration struct {
	name       string
	statements []migrationStep
}

type migrationStep struct {
	text string
	with []any
}

// migrations reads the scripts: each statement ends with a line \g, and one before it
// that begins with \with has its parameters.
func migrations(t *testing.T) []migration {
	t.Helper()
	files, err := filepath.Glob("testdata/migrations/*.sql")
	must(t, err)
	if len(files) == 0 {
		t.Fatal("there are no migrations")
	}
	all := make([]migration, 0, len(files))
	for _, file := range files {
		content, err := os.ReadFile(file)
		must(t, err)
		m := migration{name: strings.TrimSuffix(filepath.Base(file), ".sql")}
		for _, part := range strings.Split(string(content), "\n\\g\n") {
			text, with, given := strings.Cut(part, "\n\\with ")
			if text = strings.TrimSpace(text); text == "" {
				continue
			}
			step := migrationStep{text: text}
			if given {
				for _, value := range strings.Split(with, " | ") {
					step.with = append(step.with, value)
				}
			}
			m.statements = append(m.statements, step)
		}
		all = append(all, m)
	}
	return all
}

// besides are rules that are about other things than what the migrations do.
const besides = `
  guards:
  - {name: vault, match: {tables: [public.vault]}, action: Deny}
  - {name: vault-column, match: {columns: [public.plain.secret]}, action: Deny}
  - {name: files, match: {functions: ["pg_read_*", "lo_*"]}, action: Deny}
  - {name: secret, match: {tables: [secret.keys], access: Read}, action: Deny}
`

const besidesPacks = `
  packs: [ServerFilesAndPrograms, SecretCatalogs]
` + `
  guards:
  - {name: vault, match: {tables: [public.vault]}, action: Deny}
`

const besidesMasks = `
  masks:
  - {name: contact, columns: [public.customers.email, "*.*.ssn"], with: {type: Redact}}
`

// What tools for migrations send runs beside rules that are about something else,
// whole migrations in one transaction among them.
func TestMigrationsRunBesideRules(t *testing.T) {
	both := besidesPacks + strings.TrimPrefix(besidesMasks, "\n")
	const ours, theirs = "a login of weir's own", "the session's own connection"
	for _, way := range []struct{ name, rules, login string }{
		{"guards", besides, ours}, {"packs", besidesPacks, theirs}, {"packs and masks", both, ours}, {"masks", besidesMasks, theirs}, {"masks and packs", both, theirs},
	} {
		o := options{rules: way.rules, setup: vault + "CREATE EXTENSION pgcrypto; DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO shop_app', current_database()); END $$;"}
		for _, m := range migrations(t) {
			t.Run(way.name+", "+way.login+"/"+m.name, func(t *testing.T) {
				var s *site
				if way.login == theirs {
					s = passing(t, o)
				} else {
					s = newSite(t, o)
				}
				mode := pgx.QueryExecModeExec
				if m.name == "golang-migrate" || m.name == "alembic" {
					mode = pgx.QueryExecModeSimpleProtocol
				}
				conn := s.connect(asRole, func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode })
				for _, step := range m.statements {
					if _, err := conn.Exec(t.Context(), step.text, step.with...); err != nil {
						e := pgError(err)
						if e == nil {
							t.Fatalf("%s: %v", step.text, err)
						}
						t.Fatalf("%s: %s %s (%s; %s)", step.text, e.Code, e.Message, e.Detail, e.Hint)
					}
				}
			})
		}
	}
}
