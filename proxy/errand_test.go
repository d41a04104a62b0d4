package proxy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/weirgate/weir/proxy/journal"
)

// passing is a site whose clients log in themselves, and that has no login to read
// the catalog with.
func passing(t *testing.T, o options) *site {
	t.Helper()
	o.login = "{type: Passthrough}"
	if o.poll == 0 {
		o.poll = 100 * time.Millisecond
	}
	return newSite(t, o)
}

func asRole(c *pgx.ConnConfig) { c.User, c.Password = role, password }

// Without a login of its own weir reads the catalog on the session's connection,
// before its first statement.
func TestMasksHoldWithoutALoginOfWeirsOwn(t *testing.T) {
	s := passing(t, options{})
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		t.Run(fmt.Sprint(mode), func(t *testing.T) {
			c := s.connect(asRole, func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode })
			for range 3 {
				var email, ssn string
				must(t, c.QueryRow(t.Context(), "SELECT email, ssn FROM customers WHERE id = $1", 2).Scan(&email, &ssn))
				if email != "************.org" || ssn != "****" {
					t.Errorf("got %q, %q", email, ssn)
				}
				time.Sleep(120 * time.Millisecond) // so that the server is asked again
			}
			_, err := c.Exec(t.Context(), "SELECT id FROM customers WHERE email LIKE 'a%'")
			refused(t, err, "42501")
		})
	}
	if n := len(s.catalogs.Status()); n != 1 {
		t.Errorf("%d catalogs", n)
	}
	for _, st := range s.catalogs.Status() {
		if st.Reads != 1 || st.Checks < 4 || !st.Usable {
			t.Errorf("%+v", st)
		}
	}
	for _, r := range s.records(4, journal.KindStatementEnd) {
		if strings.Contains(r.Text, "pg_class") || strings.Contains(r.Text, "SET LOCAL") {
			t.Errorf("recorded as the client's: %s", r.Text)
		}
	}
}

// The reading leaves no trace that the client could see.
func TestAClientSeesNothingOfTheReading(t *testing.T) {
	s := passing(t, options{setup: `
CREATE SCHEMA evil; GRANT ALL ON SCHEMA evil TO shop_app;
CREATE TABLE evil.pg_class AS SELECT * FROM pg_class LIMIT 0;
CREATE FUNCTION evil.never(oid, oid) RETURNS bool LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR evil.= (leftarg = oid, rightarg = oid, procedure = evil.never);`})
	var notices, parameters []string
	connect := func(settings map[string]string) *pgx.Conn {
		return s.connect(asRole, simple, func(c *pgx.ConnConfig) {
			for k, v := range settings {
				c.RuntimeParams[k] = v
			}
			c.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { notices = append(notices, n.Message) }
		})
	}
	show := func(c *pgx.Conn, name string) string {
		var v string
		must(t, c.QueryRow(t.Context(), "SHOW "+name).Scan(&v))
		return v
	}
	c := connect(map[string]string{"search_path": "evil, pg_catalog, public", "statement_timeout": "1234", "client_min_messages": "debug5",
		"default_transaction_isolation": "serializable", "default_transaction_deferrable": "on", "default_transaction_read_only": "on"})
	var email string
	must(t, c.QueryRow(t.Context(), "SELECT email FROM public.customers WHERE id = 1").Scan(&email))
	if strings.Contains(email, "ada") {
		t.Errorf("shown: %q", email)
	}
	for name, want := range map[string]string{"search_path": "evil, pg_catalog, public", "statement_timeout": "1234ms", "client_encoding": "UTF8",
		"transaction_isolation": "serializable", "transaction_read_only": "on", "jit": "on"} {
		if got := show(c, name); got != want && name != "jit" {
			t.Errorf("%s is %s", name, got)
		}
	}
	if len(notices)+len(parameters) > 0 {
		for _, n := range notices {
			if strings.Contains(n, "weir") || strings.Contains(n, "pg_class") {
				t.Errorf("notices: %q", notices)
				break
			}
		}
	}
	t.Run("the first SET TRANSACTION", func(t *testing.T) {
		time.Sleep(150 * time.Millisecond)
		c := connect(nil)
		for _, text := range []string{"BEGIN", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SELECT id FROM customers", "COMMIT"} {
			if _, err := c.Exec(t.Context(), text); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
		must(t, func() error {
			_, err := c.Exec(t.Context(), "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
			return err
		}())
	})
	t.Run("the messages themselves", func(t *testing.T) {
		time.Sleep(150 * time.Millisecond)
		c := s.connect(asRole)
		direct := s.connect(asRole, at(s.pg.Addr().String()))
		for _, conn := range []*pgx.Conn{c, direct} {
			if conn.PgConn().ParameterStatus("server_version") == "" || conn.PgConn().TxStatus() != 'I' {
				t.Error("the greeting is not whole")
			}
		}
		if a, b := c.PgConn().ParameterStatus("client_encoding"), direct.PgConn().ParameterStatus("client_encoding"); a != b {
			t.Errorf("client_encoding is %s, directly %s", a, b)
		}
	})
}

// The client's unnamed statement is its own, whatever weir asks in between.
func TestTheUnnamedStatementOutlivesAnErrand(t *testing.T) {
	s := passing(t, options{})
	c := s.connect(asRole)
	_, err := c.PgConn().Prepare(t.Context(), "", "SELECT email FROM customers WHERE id = $1", nil)
	must(t, err)
	for _, by := range []string{"time", "a change"} {
		if by == "time" {
			time.Sleep(150 * time.Millisecond)
		} else {
			s.direct("CREATE TABLE IF NOT EXISTS another (id int)")
			time.Sleep(150 * time.Millisecond)
		}
		r := c.PgConn().ExecPrepared(t.Context(), "", [][]byte{[]byte("2")}, nil, nil).Read()
		if r.Err != nil || string(r.Rows[0][0]) != "************.org" {
			t.Errorf("after %s: %v, %s", by, r.Err, r.Rows)
		}
	}
}

// A change is noticed at the latest with the first statement after a while that
// stands in no transaction.
func TestAChangeIsNoticedOnTheSessionsOwnConnection(t *testing.T) {
	s := passing(t, options{rules: guarded, setup: vault})
	c := s.connect(asRole, simple)
	run := func() error { _, err := c.Exec(t.Context(), "SELECT secret FROM shown"); return err }
	must(t, run())
	s.direct("CREATE OR REPLACE VIEW shown AS SELECT id, secret FROM vault")
	if !within(func() bool { return run() != nil }) {
		t.Fatal("it still runs")
	}
	refused(t, run(), "42501")
	t.Run("its own change at once", func(t *testing.T) {
		c := s.connect(asRole, simple)
		_, err := c.Exec(t.Context(), "CREATE FUNCTION sly() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM shown'")
		refused(t, err, "42501")
		_, err = c.Exec(t.Context(), "CREATE VIEW mine AS SELECT * FROM orders")
		must(t, err)
		_, err = c.Exec(t.Context(), "DELETE FROM mine WHERE id = 1")
		refused(t, err, "42501")
	})
}

// In a transaction weir does not ask; where the catalog that it has is no good, the
// statement is refused if there are masks.
func TestWithinATransactionNothingIsAsked(t *testing.T) {
	t.Run("with masks", func(t *testing.T) { withinATransaction(t, rules, false) })
	t.Run("with guards", func(t *testing.T) { withinATransaction(t, guarded, true) })
}

func withinATransaction(t *testing.T, rules string, passes bool) {
	s := passing(t, options{rules: rules, setup: vault})
	a, b := s.connect(asRole, simple), s.connect(asRole, simple)
	for _, text := range []string{"BEGIN", "SELECT 1"} {
		_, err := a.Exec(t.Context(), text)
		must(t, err)
	}
	_, err := b.Exec(t.Context(), "ALTER TABLE plain ADD COLUMN more int")
	must(t, err)
	_, err = a.Exec(t.Context(), "SELECT id FROM plain")
	if passes {
		must(t, err)
	} else {
		refused(t, err, "42501", "transaction")
	}
	_, _ = a.Exec(t.Context(), "ROLLBACK")
	_, err = a.Exec(t.Context(), "SELECT id FROM plain")
	must(t, err)
}

// Guards do not stop what they are not about in a transaction that changes the
// schema, although weir does not ask for the catalog inside of it.
func TestGuardsGoOnInATransactionThatChangesTheSchema(t *testing.T) {
	s := passing(t, options{setup: `CREATE TABLE ledger (n int); INSERT INTO ledger VALUES (1); ALTER TABLE ledger OWNER TO shop_app;`, rules: `
  guards:
  - name: ledger
    match: {tables: [public.ledger], access: Write}
    action: Deny
`})
	c := s.connect(asRole)
	run := func(want, text string) {
		t.Helper()
		_, err := c.Exec(t.Context(), text)
		if want != "" {
			refused(t, err, want)
		} else {
			must(t, err)
		}
	}
	for range 2 {
		run("", "BEGIN")
		run("", "CREATE TEMP TABLE scratch (n int)")
		run("", "INSERT INTO scratch SELECT g FROM generate_series(1, 3) g")
		run("", "DO $$ BEGIN RAISE NOTICE 'here'; END $$")
		run("", "ALTER TABLE scratch ADD m int")
		run("", "UPDATE scratch SET m = n")
		run("", "DROP TABLE IF EXISTS nothing_here")
		run("", "COMMIT")
		run("42P01", "SELECT * FROM nothing_here")
		run("", "BEGIN")
		run("", "DROP TABLE scratch")
		run("42P01", "SELECT * FROM nothing_here")
		run("", "ROLLBACK")
		run("", "DROP TABLE scratch")
	}
	for _, way := range [][]string{
		{"DELETE FROM ledger"},
		{"CREATE VIEW v AS SELECT * FROM ledger", "DELETE FROM v"},
		{"ALTER TABLE ledger RENAME TO other", "DELETE FROM other"},
		{"CREATE TABLE plain (n int)", "CREATE RULE r AS ON INSERT TO plain DO ALSO DELETE FROM ledger"},
		{"CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM ledger'"},
		{"CREATE SCHEMA s", "ALTER TABLE ledger SET SCHEMA s", "DELETE FROM s.ledger"},
	} {
		run("", "BEGIN")
		run("", "CREATE TEMP TABLE scratch (n int)")
		var last error
		for _, text := range way {
			if _, last = c.Exec(t.Context(), text); last != nil {
				break
			}
		}
		refused(t, last, "42501")
		run("", "ROLLBACK")
	}
}

// The catalog from before a transaction serves all of its statements, and none after it.
func TestTheCatalogOfBeforeATransactionServesOnlyThere(t *testing.T) {
	s := passing(t, options{rules: guarded, setup: vault})
	a, b := s.connect(asRole), s.connect(asRole, simple)
	do := func(c *pgx.Conn, text string) {
		t.Helper()
		_, err := c.Exec(t.Context(), text)
		must(t, err)
	}
	_, err := a.Prepare(t.Context(), "reads", "SELECT looks()")
	must(t, err)
	reads := func() error {
		return a.PgConn().ExecPrepared(t.Context(), "reads", nil, nil, nil).Read().Err
	}
	do(a, "BEGIN")
	do(a, "CREATE TEMP TABLE scratch (n int)")
	do(b, "CREATE TABLE something (n int)") // what is known is no longer what is so
	if !within(func() bool {
		for _, st := range s.catalogs.Status() {
			return st.Age > 100*time.Millisecond
		}
		return false
	}) {
		t.Fatal("the catalog does not age")
	}
	for range 3 {
		must(t, reads())
	}
	s.direct("CREATE OR REPLACE FUNCTION looks() RETURNS text LANGUAGE sql AS 'SELECT secret FROM vault'")
	must(t, reads()) // it is not seen before weir may ask
	do(a, "COMMIT")
	refused(t, reads(), "42501")
}
