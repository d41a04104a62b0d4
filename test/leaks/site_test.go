package leaks

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/weirgate/weir/test/lab"
)

func TestMain(m *testing.M) {
	lab.BecomeDialer()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if os.Getenv(lab.BinaryVariable) == "" {
		dir, err := os.MkdirTemp("", "weir-leaks-")
		if err == nil {
			defer func() { _ = os.RemoveAll(dir) }()
			var path string
			if path, err = lab.BuildWeir(context.Background(), "", dir); err == nil {
				err = os.Setenv(lab.BinaryVariable, path)
			}
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	code := m.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// shared is the site of all tests.
var shared sharedSite

type sharedSite struct {
	once sync.Once
	site *site
	err  error
}

func (s *sharedSite) close() error {
	if s.site == nil {
		return nil
	}
	return s.site.lab.Close()
}

// The role that weir logs in as may do everything: what keeps an agent from the masked
// values is weir alone.
const (
	role     = "leak_app"
	password = "only-weir-reads-this"
)

// The databases: three pairs that differ in what is masked and in nothing else, under
// policies that differ in what may be asked.
const (
	equality = "equality"
	deny     = "deny"
	allow    = "allow"
)

// site is a server with three pairs of databases and weir in front of it.
type site struct {
	lab     *lab.Lab
	pg      *lab.Postgres
	weir    *lab.Weir
	address map[string]string // of weir's listener, by the pair's name
	left    *secrets
	right   *secrets
	finder  *searcher
}

// getSite gives the site, making it the first time.
func getSite(t testing.TB) *site {
	t.Helper()
	lab.NeedRoot(t)
	lab.NeedCgroup2(t)
	lab.NeedPostgres(t)
	shared.once.Do(func() { shared.site, shared.err = newSite(context.Background()) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	t.Cleanup(func() {
		if t.Failed() && shared.site.weir.Process.Exited() {
			t.Logf("weir has ended. It wrote:\n%s", shared.site.weir)
		}
	})
	return shared.site
}

func newSite(ctx context.Context) (*site, error) {
	s := &site{address: map[string]string{}, left: makeSecrets(1), right: makeSecrets(2)}
	s.finder = newSearcher(s.left)
	var err error
	if s.lab, err = lab.New(); err != nil {
		return nil, err
	}
	shared.site = s // so that what was begun is taken down
	s.pg, err = s.lab.Postgres(ctx, lab.PostgresOptions{Conf: []string{
		"shared_preload_libraries = 'pg_stat_statements'", "wal_level = logical", "max_prepared_transactions = 10", "jit = off"}})
	if err != nil {
		return nil, err
	}
	setup := fmt.Sprintf("CREATE ROLE %s LOGIN SUPERUSER PASSWORD '%s'", role, password)
	if err := s.pg.Exec(ctx, "postgres", setup); err != nil {
		return nil, err
	}
	if err := s.pg.Exec(ctx, "postgres", "CREATE DATABASE pattern OWNER "+role); err != nil {
		return nil, err
	}
	if err := s.asRole(ctx, "pattern", schema); err != nil {
		return nil, fmt.Errorf("make the schema: %w", err)
	}
	// Copies of one database, so that oids are the same in all.
	for _, pair := range []string{equality, deny, allow} {
		for side, values := range map[string]*secrets{"left": s.left, "right": s.right} {
			name := pair + "_" + side
			if err := s.pg.Exec(ctx, "postgres", fmt.Sprintf("CREATE DATABASE %s TEMPLATE pattern OWNER %s", name, role)); err != nil {
				return nil, err
			}
			if err := s.asRole(ctx, name, values.fill()); err != nil {
				return nil, fmt.Errorf("fill %s: %w", name, err)
			}
		}
	}
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// asRole runs statements as the role that weir has.
func (s *site) asRole(ctx context.Context, database, text string) error {
	return s.pg.Exec(ctx, database, "SET SESSION AUTHORIZATION "+role+";\n"+text)
}

// start starts weir with a listener for each pair.
func (s *site) start(ctx context.Context) error {
	secret, err := s.lab.Write("leaks.password", password+"\n", 0o600)
	if err != nil {
		return err
	}
	key, err := s.lab.Write("leaks.key", "0123456789abcdef0123456789abcdef\n", 0o600)
	if err != nil {
		return err
	}
	documents, listen := map[string]string{}, "unmatched: Deny\nlisten:\n"
	words := map[string]string{equality: "Equality", deny: "Deny", allow: "Allow"}
	for _, pair := range []string{equality, deny, allow} {
		port, err := lab.FreePort()
		if err != nil {
			return err
		}
		s.address[pair] = "127.0.0.1:" + strconv.Itoa(port)
		listen += fmt.Sprintf("- {name: %s, network: tcp, address: %q, database: %s}\n", pair, s.address[pair], pair)
		documents[pair+".yaml"] = fmt.Sprintf(`apiVersion: weir.dev/v1alpha1
kind: Database
metadata: {name: %s}
spec:
  hosts: [127.0.0.1]
  ports: [%d]
  databases: [%s_left, %s_right]
  tls: {mode: Disable}
  login: {type: Static, user: %s, passwordFile: %s}
---
`, pair, s.pg.Port, pair, pair, role, secret) + strings.NewReplacer("@name@", pair, "@databases@", "["+pair+"]", "@predicates@", words[pair], "@key@", key).Replace(policy)
	}
	s.weir, err = s.lab.Weir(ctx, lab.WeirOptions{
		Binary: os.Getenv(lab.BinaryVariable), Capture: []string{`mode: "Off"`}, Spec: listen, Documents: documents,
	})
	return err
}

// through opens a session through weir, directly one past it.
func (s *site) through(t testing.TB, database string) *client {
	t.Helper()
	pair, _, _ := strings.Cut(database, "_")
	return opened(t, "tcp", s.address[pair], "agent", database)
}

func (s *site) directly(t testing.TB, database string) *client {
	t.Helper()
	return opened(t, "unix", filepath.Join(s.pg.Socket, ".s.PGSQL."+strconv.Itoa(s.pg.Port)), role, database)
}

func opened(t testing.TB, network, address, user, database string) *client {
	t.Helper()
	c, err := open(network, address, user, database)
	if err == nil {
		_, err = c.send(query("SET statement_timeout = '20s'; SET timezone = 'UTC'"))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}
