package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/weirgate/weir/test/lab"
)

// The two ways to the database.
const (
	direct  = "direct"
	through = "through weir"
)

// serverOptions say what a suite needs of the server and of its login.
type serverOptions struct {
	bin  string   // folder of the server's programs, "" for the newest installed
	auth string   // method of pg_hba.conf for TCP
	hba  []string // lines of pg_hba.conf that go before that
	conf []string // lines of postgresql.conf
	rows bool     // record results too, so that rows do not pass unseen
	tls  bool     // clients insist on TLS with a certificate that they can check; weir logs in
	// masks puts a table with masked columns beside those of the suite, which never
	// uses it: what each statement shows must then be followed, and none refused.
	masks bool
}

// site is a fresh server with a client's cgroup, and on the way through weir a weir
// that captures it.
type site struct {
	way      string
	lab      *lab.Lab
	postgres *lab.Postgres
	weir     *lab.Weir // nil on the direct way
	client   *lab.Cgroup
	user     *lab.User // that clients run as: the server's, since suites exchange files with it
	only     []string  // tests to run, nil for all
	quick    bool      // leave out what takes long and finds little
	masks    bool      // the table with masked columns is there
	ca       string    // of what clients see as the server, "" without TLS
	port     *regexp.Regexp
	log      io.Writer // gets what clients write
}

// openSite makes a site. The caller closes it, also when an error is returned
// beside it.
func openSite(ctx context.Context, way, binary string, o serverOptions) (_ *site, err error) {
	l, err := lab.New()
	if err != nil {
		return nil, err
	}
	s := &site{way: way, lab: l, masks: o.masks}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close())
		}
	}()
	if s.user, err = lab.LookupUser("postgres"); err != nil {
		return nil, err
	}
	if s.client, err = l.Cgroup("agent"); err != nil {
		return nil, err
	}
	bin, err := readable(l, o.bin)
	if err != nil {
		return nil, err
	}
	s.postgres, err = l.Postgres(ctx, lab.PostgresOptions{
		Bin: bin, Auth: o.auth, TLS: o.tls,
		Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")},
		Conf: append([]string{
			// What the suites are written for, where the lab's differ.
			"max_prepared_transactions = 10", "shared_buffers = 128MB", "autovacuum = on", "max_connections = 300",
		}, o.conf...),
	})
	if err != nil {
		return nil, err
	}
	if err := s.admit(ctx, o.hba); err != nil {
		return nil, err
	}
	if o.masks {
		if err := s.addMaskedTable(ctx); err != nil {
			return nil, err
		}
	}
	s.ca = s.postgres.CAFile
	if way == through {
		if err := s.startWeir(ctx, binary, o); err != nil {
			return nil, err
		}
	}
	s.port = regexp.MustCompile(fmt.Sprintf(`\b%d\b`, s.postgres.Port))
	return s, nil
}

// admit puts lines before those of the server's pg_hba.conf.
func (s *site) admit(ctx context.Context, lines []string) error {
	if len(lines) == 0 {
		return nil
	}
	path := filepath.Join(s.postgres.Dir, "pg_hba.conf")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"+string(text)), 0o600); err != nil {
		return err
	}
	return s.postgres.Exec(ctx, "postgres", "SELECT pg_reload_conf()")
}

// maskedTable is what masks are on in every database, also those that a suite makes.
const maskedTable = `CREATE SCHEMA weir_masked;
CREATE TABLE weir_masked.holder (id int PRIMARY KEY, email text, born date, card numeric);
INSERT INTO weir_masked.holder VALUES (1, 'canary@example.com', '2001-02-03', 4111111111111111);`

// addMaskedTable makes the table, on both ways, so that what lists tables lists it
// on both.
func (s *site) addMaskedTable(ctx context.Context) error {
	// pg_regress takes template0 for its databases, which lets nobody in.
	if err := s.postgres.Exec(ctx, "postgres", "ALTER DATABASE template0 ALLOW_CONNECTIONS true"); err != nil {
		return err
	}
	for _, database := range []string{"template0", "template1", "postgres"} {
		if err := s.postgres.Exec(ctx, database, maskedTable); err != nil {
			return fmt.Errorf("make the masked table in %s: %w", database, err)
		}
	}
	return s.postgres.Exec(ctx, "postgres", "ALTER DATABASE template0 ALLOW_CONNECTIONS false")
}

// documents let everything pass, but have guards evaluated on every statement that
// hold on none. Those that deny ask nothing of the statement itself: where weir
// cannot see what a statement does, such a question counts as answered with yes.
const documents = `apiVersion: weir.dev/v1alpha1
kind: Database
metadata: {name: server}
spec:
  hosts: [%s]
  ports: [%d]
  databases: ["*"]
  tls: %s
  login: %s
%s---
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: suite}
spec:
  mode: Enforce
  identities:
  - name: client
    host: {cgroups: ["%s"]}
  databases: [server]
  guards:
  - name: no-ddl
    match: {commands: [Drop, Truncate, Alter]}
    when: session.database == 'nowhere'
    action: Deny
  - name: unbounded-write
    match: {commands: [Update, Delete], where: Missing}
    when: session.database == 'nowhere' || identity.uid == 4294967294
    action: Deny
  - name: nowhere
    match: {tables: [nowhere.nothing], access: Write}
    when: session.database == 'nowhere'
    action: Deny
  - name: no-such-statement
    match: {any: true}
    when: statement.commands.exists(c, c == 'Nothing') || statement.limit == 4294967294
    action: Warn
%s  recording: {statements: Full, parameters: Full%s}
`

// masks are on columns that no suite uses.
const masks = `  masks:
  - name: contact
    columns: [weir_masked.holder.email]
    with: {type: Partial, keepLast: 4}
  - name: secrets
    columns: [weir_masked.holder.born, weir_masked.holder.card]
    with: {type: Redact}
    predicates: Deny
`

func (s *site) startWeir(ctx context.Context, binary string, o serverOptions) error {
	results := ""
	if o.rows {
		results = ", results: Masked"
	}
	secret, err := s.lab.Write("weir.password", s.postgres.Password, 0o600)
	if err != nil {
		return err
	}
	upstream, offer, login, catalog, masked := "{mode: Disable}", "Off", "{type: Passthrough}", "", ""
	if o.masks {
		masked = masks
		catalog = fmt.Sprintf("  catalog: {user: postgres, passwordFile: %s}\n", secret)
	}
	if o.tls {
		// The client's TLS ends at weir only where weir logs in itself.
		upstream, offer = fmt.Sprintf("{mode: VerifyFull, caFile: %s}", s.ca), "Offer"
		login = fmt.Sprintf("{type: Static, user: postgres, passwordFile: %s}", secret)
		if o.auth == "scram-sha-256" {
			login += fmt.Sprintf("\n  clients: {authentication: Scram, users: [{name: postgres, passwordFile: %s}]}", secret)
		}
	}
	s.weir, err = s.lab.Weir(ctx, lab.WeirOptions{
		Binary:  binary,
		Capture: []string{fmt.Sprintf("ports: [%d]", s.postgres.Port)},
		Spec:    "unmatched: Deny\nclientTLS: \"" + offer + "\"\nlog: {level: warn}\n",
		Documents: map[string]string{
			"server.yaml": fmt.Sprintf(documents, s.postgres.Host, s.postgres.Port, upstream, login, catalog, s.client.Name, masked, results),
		},
	})
	if err != nil || !o.tls {
		return err
	}
	out, err := s.lab.Run(ctx, lab.Command{Path: binary, Args: []string{"ca", "--config", s.weir.Config}})
	if err == nil && out.Code != 0 {
		err = fmt.Errorf("weir ca ended with %d: %s", out.Code, out.Stderr)
	}
	if err != nil {
		return err
	}
	s.ca, err = s.lab.Write("weir-ca.pem", out.Stdout, 0o644)
	return err
}

// tls are libpq's settings for the connection's encryption.
func (s *site) tls() []string {
	if s.ca == "" {
		return []string{"PGSSLMODE=disable"}
	}
	return []string{"PGSSLMODE=verify-full", "PGSSLROOTCERT=" + s.ca, "NODE_EXTRA_CA_CERTS=" + s.ca}
}

// wants says whether a test is among those to run.
func (s *site) wants(name string) bool { return s.only == nil || slices.Contains(s.only, name) }

func (s *site) close() error { return s.lab.Close() }

// run runs a client's program to its end, but for at most limit.
func (s *site) run(ctx context.Context, limit time.Duration, c lab.Command) (lab.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c.Cgroup, c.User, c.Stdout, c.Stderr = s.client, s.user, s.log, s.log
	c.Env = append([]string{
		"PATH=" + s.postgres.Bin + ":/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=" + s.lab.Dir,
		"PGHOST=" + s.postgres.Host.String(), "PGPORT=" + strconv.Itoa(s.postgres.Port), "PGUSER=postgres",
	}, append(s.tls(), c.Env...)...)
	return s.lab.Run(ctx, c)
}

// psql runs a script as the superuser, over the Unix socket and so never captured.
func (s *site) psql(ctx context.Context, database, script string) error {
	bin, err := lab.PostgresBin()
	if err != nil {
		return err
	}
	out, err := s.run(ctx, time.Minute, lab.Command{
		Path: filepath.Join(bin, "psql"), Env: []string{"PGHOST=" + s.postgres.Socket},
		Args: []string{"-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", script},
	})
	if err == nil && out.Code != 0 {
		err = fmt.Errorf("psql ended with %d: %s", out.Code, out.Stderr)
	}
	return err
}

// folder makes an empty folder of the client's user.
func (s *site) folder(name string) (string, error) { return s.lab.Subdir(name, s.user, 0o755) }

// plain takes out of a text what differs between two sites by itself.
func (s *site) plain(text string) string {
	return s.port.ReplaceAllString(strings.ReplaceAll(text, s.lab.Dir, "DIR"), "PORT")
}

// refusals are the lines of weir's own log that say why it ended or refused
// something, for the report.
func (s *site) refusals() []string {
	if s.weir == nil {
		return nil
	}
	var lines []string
	for _, line := range strings.Split(strings.TrimSpace(s.weir.Output.String()), "\n") {
		if logged.MatchString(line) {
			lines = append(lines, s.plain(line))
		}
	}
	return lines
}

var logged = regexp.MustCompile(`level=(WARN|ERROR)|panic|DATA RACE`)

// copyTree copies files and folders, as readable for everybody.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		info, err := os.Stat(path) // follows links
		if err != nil {
			return err
		}
		if info.IsDir() {
			return copyTree(path, target)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, info.Mode().Perm()|0o444)
	})
}
