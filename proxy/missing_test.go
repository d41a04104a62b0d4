package proxy_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// What is not there is told as PostgreSQL tells it, also where masks are judged with
// the catalog.
func TestWhatDoesNotExistIsToldAsTheServerTellsIt(t *testing.T) {
	for name, o := range map[string]options{
		"with a login of weir's own":            {},
		"with a login for the catalog":          {login: "{type: Passthrough}", database: "  catalog: {user: shop_app, passwordFile: @secret@}\n"},
		"on the session's own connection alone": {login: "{type: Passthrough}"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, o)
			s.apply(strings.Replace(s.databaseDocument(), "databases: ["+s.database+"]", "databases: ['*']", 1) + s.policyFor("any: true", rules))
			as := func(c *pgx.ConnConfig) {
				if o.login != "" {
					asRole(c)
				}
			}
			_, err := s.dial(as, func(c *pgx.ConnConfig) { c.Database = "nothing_here" })
			refused(t, err, "3D000", `database "nothing_here" does not exist`)
			for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeCacheStatement} {
				c := s.connect(as, func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode })
				for range 2 {
					_, err = c.Exec(t.Context(), "SELECT no_such_function($1)", 1)
					refused(t, err, "42883", "function no_such_function")
					_, err = c.Exec(t.Context(), "SELECT * FROM bad_table")
					refused(t, err, "42P01", `relation "bad_table" does not exist`)
					_, err = c.Exec(t.Context(), "SELECT * FROM bad_function()")
					refused(t, err, "42883", "bad_function")
					_, err = c.Exec(t.Context(), "INSERT INTO bad_table VALUES (1)")
					refused(t, err, "42P01")
					_, err = c.Exec(t.Context(), "SELECT nope FROM notes")
					refused(t, err, "42703")
					_, err = c.Exec(t.Context(), "SELECT nope FROM customers")
					refused(t, err, "42703")
				}
			}
		})
	}
}

// What a session has made for itself alone can be used at once.
func TestAFunctionOfTheSessionsOwnCanBeATrigger(t *testing.T) {
	s := newSite(t, options{})
	c := s.connect()
	for _, text := range []string{
		"CREATE TEMP TABLE scratch (n int)",
		"CREATE FUNCTION pg_temp.temptest() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''here''; RETURN NEW; END'",
		"CREATE TRIGGER fires BEFORE INSERT ON scratch FOR EACH ROW EXECUTE PROCEDURE pg_temp.temptest()",
		"INSERT INTO scratch VALUES (1)",
	} {
		if _, err := c.Exec(t.Context(), text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
