package guards

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/weirgate/weir/test/lab"
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if os.Getenv(lab.BinaryVariable) == "" {
		dir, err := os.MkdirTemp("", "weir-guards-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }()
		path, err := lab.BuildWeir(context.Background(), "", dir)
		if err == nil {
			err = os.Setenv(lab.BinaryVariable, path)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return m.Run()
}

// server is a PostgreSQL with worlds on it, one database each.
type server struct {
	t      *testing.T
	lab    *lab.Lab
	pg     *lab.Postgres
	dir    string // of the server's host, which attacks may look for
	worlds int
}

func newServer(t *testing.T, l *lab.Lab) *server {
	t.Helper()
	pg, err := l.Postgres(t.Context(), lab.PostgresOptions{Conf: []string{
		"max_prepared_transactions = 5", "wal_level = logical", "max_replication_slots = 4"}})
	must(t, err)
	s := &server{t: t, lab: l, pg: pg, dir: filepath.Join(pg.Socket, "files")}
	s.exec("postgres", fmt.Sprintf(`
		CREATE ROLE %s LOGIN SUPERUSER PASSWORD '%s';
		CREATE ROLE bystander LOGIN PASSWORD 'CANARY-PASSWORD'; CREATE ROLE friend; GRANT friend TO bystander;
		COPY (SELECT 1 WHERE false) TO PROGRAM 'mkdir -m 700 %s';
		COPY (SELECT 'CANARY-FILE') TO '%s/secret.txt';
		CREATE DATABASE world`, role, password, s.dir, s.dir), "CREATE DATABASE other", "CREATE TABLE roles AS SELECT * FROM pg_authid")
	s.exec("world", strings.Split(beforeWorld+world, ";\n")...)
	s.exec("postgres", "UPDATE pg_database SET datallowconn = true, datistemplate = true WHERE datname = 'world'")
	return s
}

// exec runs statements one by one as the superuser.
func (s *server) exec(database string, texts ...string) {
	s.t.Helper()
	conn, err := s.pg.Connect(s.t.Context(), database)
	must(s.t, err)
	for _, text := range texts {
		for _, one := range splitOutside(text) {
			if _, err := conn.PgConn().Exec(s.t.Context(), one).ReadAll(); err != nil {
				s.t.Fatalf("%s: %v", one, err)
			}
		}
	}
	must(s.t, conn.Close(s.t.Context()))
}

// splitOutside parts statements that may stand in no transaction together.
func splitOutside(text string) []string {
	if !strings.Contains(text, "CREATE DATABASE") {
		return []string{text}
	}
	return strings.Split(text, ";\n")
}

// place is a world, with a connection past weir that looks at it.
type place struct {
	*server
	database string
	eye      *pgx.Conn
	before   view
	youngest uint32 // what has a greater oid is new
	seen     view   // what was seen last
	stamp    string // what was the case then
}

// place makes a fresh world whose database's name begins with prefix.
func (s *server) place(prefix string) *place {
	s.t.Helper()
	s.worlds++
	p := &place{server: s, database: fmt.Sprintf("%s_%d", prefix, s.worlds)}
	s.exec("postgres", "CREATE DATABASE "+p.database+" TEMPLATE world")
	var err error
	p.eye, err = s.pg.Connect(s.t.Context(), p.database)
	must(s.t, err)
	s.t.Cleanup(func() { _ = p.eye.Close(context.Background()) })
	must(s.t, p.eye.QueryRow(s.t.Context(), "SELECT max(oid) FROM pg_database").Scan(&p.youngest))
	p.before = p.look()
	return p
}

// look sees how the world is. Where no transaction of the whole server has changed
// anything since, and no file is another, it is as it was.
func (p *place) look() view {
	p.t.Helper()
	var now string
	must(p.t, p.eye.QueryRow(p.t.Context(), "SELECT concat(pg_snapshot_xmax(pg_current_snapshot()), md5(pg_read_file('postgresql.auto.conf')), "+
		"(SELECT string_agg(name || md5(pg_read_binary_file('"+p.dir+"/' || name)::text), ' ') FROM pg_ls_dir('"+p.dir+"') AS name WHERE name !~ '^PG_'))").Scan(&now))
	if now == p.stamp {
		return p.seen
	}
	v, err := look(p.t.Context(), p.eye, p.dir)
	must(p.t, err)
	p.seen, p.stamp = v, now
	return v
}

// again gives the world as it was before an attack: this one cleared, or where that
// does not do, another one.
func (p *place) again() *place {
	p.t.Helper()
	if len(differences(p.before, p.look(), "", false)) == 0 {
		return p
	}
	_, err := p.eye.PgConn().Exec(p.t.Context(), strings.NewReplacer("%oid%", strconv.Itoa(int(p.youngest)), "%dir%", p.dir).Replace(clearing)).ReadAll()
	if err == nil && len(differences(p.before, p.look(), "", false)) == 0 {
		return p
	}
	_ = p.eye.Close(context.Background())
	conn, err := p.pg.Connect(p.t.Context(), "postgres")
	must(p.t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	for _, text := range []string{
		// One that is still in use goes with the server.
		"DROP DATABASE IF EXISTS " + p.database + " WITH (FORCE)",
		"CREATE DATABASE other",
		"SET allow_system_table_mods = on",
		"DELETE FROM pg_authid WHERE rolname NOT IN ('postgres', 'guarded', 'bystander', 'friend') AND oid >= 16384",
		"CREATE ROLE friend", "GRANT friend TO bystander",
		"DELETE FROM pg_auth_members WHERE roleid >= 16384 AND (roleid::regrole::text, member::regrole::text) <> ('friend', 'bystander') OR roleid < 16384 AND member >= 16384",
		"UPDATE pg_authid a SET rolname = r.rolname, rolsuper = r.rolsuper, rolcreaterole = r.rolcreaterole, rolcanlogin = r.rolcanlogin, " +
			"rolpassword = r.rolpassword FROM roles r WHERE r.oid = a.oid AND a.oid >= 16384",
		"DELETE FROM pg_db_role_setting", "ALTER SYSTEM RESET ALL", "UPDATE pg_database SET datacl = NULL",
		"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots",
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'guarded' AND state LIKE 'idle in%'",
		"COPY (SELECT 1 WHERE false) TO PROGRAM 'rm -f " + p.dir + "/out.*'",
	} {
		_, _ = conn.Exec(p.t.Context(), text) // what fails is as it should be, or seen below
	}
	prefix, _, _ := strings.Cut(p.database, "_")
	return p.server.place(prefix)
}

// clearing drops what is new in a world, without what roles and files need.
const clearing = `
SET search_path = pg_catalog; SET lock_timeout = '5s'; SET session_replication_role = replica;
DO $$
DECLARE r record;
BEGIN
  FOR r IN SELECT evtname FROM pg_event_trigger LOOP EXECUTE format('DROP EVENT TRIGGER %I', r.evtname); END LOOP;
  FOR r IN SELECT rulename, ev_class::regclass AS t FROM pg_rewrite WHERE oid > %oid% AND rulename <> '_RETURN' LOOP EXECUTE format('DROP RULE IF EXISTS %I ON %s CASCADE', r.rulename, r.t); END LOOP;
  FOR r IN SELECT tgname, tgrelid::regclass AS t FROM pg_trigger WHERE oid > %oid% AND NOT tgisinternal LOOP EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s CASCADE', r.tgname, r.t); END LOOP;
  FOR r IN SELECT polname, polrelid::regclass AS t FROM pg_policy WHERE oid > %oid% LOOP EXECUTE format('DROP POLICY IF EXISTS %I ON %s', r.polname, r.t); END LOOP;
  FOR r IN SELECT srvname FROM pg_foreign_server WHERE oid > %oid% LOOP EXECUTE format('DROP SERVER IF EXISTS %I CASCADE', r.srvname); END LOOP;
  FOR r IN SELECT fdwname FROM pg_foreign_data_wrapper WHERE oid > %oid% LOOP EXECUTE format('DROP FOREIGN DATA WRAPPER IF EXISTS %I CASCADE', r.fdwname); END LOOP;
  FOR r IN SELECT pubname FROM pg_publication WHERE oid > %oid% LOOP EXECUTE format('DROP PUBLICATION IF EXISTS %I', r.pubname); END LOOP;
  FOR r IN SELECT extname FROM pg_extension WHERE oid > %oid% LOOP EXECUTE format('DROP EXTENSION IF EXISTS %I CASCADE', r.extname); END LOOP;
  LOOP
    SELECT c.oid::regclass AS t, CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'i' THEN 'INDEX' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END AS k
    INTO r FROM pg_class c WHERE c.oid > %oid% AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'i', 'c') AND relpersistence <> 't' AND relnamespace <> 'pg_toast'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('i', 'a') AND d.refobjid > %oid%) LIMIT 1;
    EXIT WHEN NOT FOUND;
    EXECUTE format('DROP %s %s CASCADE', r.k, r.t);
  END LOOP;
  LOOP
    SELECT p.oid::regprocedure AS f INTO r FROM pg_proc p WHERE p.oid > %oid% AND pronamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_temp') LIMIT 1;
    EXIT WHEN NOT FOUND;
    EXECUTE format('DROP ROUTINE %s CASCADE', r.f);
  END LOOP;
  FOR r IN SELECT oid::regtype AS t FROM pg_type WHERE oid > %oid% AND typrelid = 0 AND typcategory <> 'A' LOOP EXECUTE format('DROP TYPE IF EXISTS %s CASCADE', r.t); END LOOP;
  FOR r IN SELECT nspname FROM pg_namespace WHERE oid > %oid% AND nspname !~ '^pg_' LOOP EXECUTE format('DROP SCHEMA %I CASCADE', r.nspname); END LOOP;
  DELETE FROM public.ledger; DELETE FROM public.inbox; DELETE FROM public.outbox;
END $$;
`

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// gateway is a weir in front of a server: each set of rules has an address and
// databases of its own.
type gateway struct {
	weir *lab.Weir
	dir  string // of the sockets
}

func newGateway(t *testing.T, s *server, sets []ruleset) *gateway {
	t.Helper()
	secret, err := s.lab.Write("guarded.password", password+"\n", 0o600)
	must(t, err)
	g := &gateway{}
	g.dir, err = s.lab.Subdir("sockets", nil, 0o755)
	must(t, err)
	documents, listen := map[string]string{}, "listen:\n"
	for _, set := range sets {
		documents[set.name+".yaml"] = fmt.Sprintf(`apiVersion: weir.dev/v1alpha1
kind: Database
metadata: {name: %[1]s}
spec:
  hosts: [127.0.0.1]
  ports: [%[2]d]
  databases: ["%[1]s_*"]
  tls: {mode: Disable}
  login: {type: Static, user: %[3]s, passwordFile: %[4]s}
---
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: %[1]s}
spec:
  identities: [{name: anybody, any: true}]
  databases: [%[1]s]
%[5]s
`, set.name, s.pg.Port, role, secret, strings.Trim(set.rules, "\n"))
		listen += fmt.Sprintf("- {name: %[1]s, network: unix, address: %[2]s, mode: \"0666\", database: %[1]s}\n", set.name, g.socket(set.name))
	}
	g.weir, err = s.lab.Weir(t.Context(), lab.WeirOptions{
		Binary: os.Getenv(lab.BinaryVariable), Capture: []string{"mode: \"Off\""},
		Spec:      "unmatched: Deny\n" + listen,
		Documents: documents,
	})
	must(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("weir wrote:\n%s", tail(g.weir.String(), 4000))
		}
	})
	return g
}

func (g *gateway) socket(set string) string { return filepath.Join(g.dir, set) }

func tail(text string, n int) string { return text[max(0, len(text)-n):] }
