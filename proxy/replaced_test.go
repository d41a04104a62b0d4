package proxy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// What takes the place of a table without weir's knowledge is not shown by the catalog
// of before.
func TestATableThatTookAnothersPlaceIsNotShownUnmasked(t *testing.T) {
	for name, replace := range map[string]func(s *site){
		"the table was made again": func(s *site) {
			s.direct("CREATE TABLE copied AS TABLE customers; DROP TABLE customers CASCADE; ALTER TABLE copied RENAME TO customers; ALTER TABLE customers OWNER TO shop_app")
		},
		"the database was made again": func(s *site) {
			must(t, s.pg.Exec(t.Context(), "postgres", "DROP DATABASE "+s.database+" WITH (FORCE)"))
			must(t, s.pg.Exec(t.Context(), "postgres", "CREATE DATABASE "+s.database))
			// Its relations get other numbers than those that they had.
			must(t, s.pg.Exec(t.Context(), s.database, "CREATE TABLE earlier (n int);"+schema))
		},
	} {
		for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeExec} {
			t.Run(name+", "+mode.String(), func(t *testing.T) {
				s := newSite(t, options{})
				as := func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode }
				if _, err := answerOf(t, s.connect(as), "SELECT * FROM customers"); err != nil {
					t.Fatal(err)
				}
				replace(s)
				for _, text := range []string{"SELECT * FROM customers", "SELECT ssn, email FROM customers", "SELECT c FROM customers c"} {
					// The first one may be refused, and end its session; then it is known.
					for try := range 2 {
						answer, err := answerOf(t, s.connect(as), text)
						for _, secret := range secrets {
							if strings.Contains(answer, secret) {
								t.Errorf("%s shows %s: %s", text, secret, answer)
							}
						}
						if err != nil && (try > 0 || !strings.Contains(err.Error(), "could not be masked")) {
							t.Errorf("%s, try %d: %v", text, try, err)
						}
					}
				}
			})
		}
	}
}

// answerOf runs a query and gives all of its rows.
func answerOf(t *testing.T, c *pgx.Conn, text string) (string, error) {
	t.Helper()
	rows, err := c.Query(t.Context(), text)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var all strings.Builder
	for rows.Next() {
		fmt.Fprintf(&all, "%q\n", rows.RawValues())
	}
	return all.String(), rows.Err()
}
