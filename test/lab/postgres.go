package lab

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// PostgresOptions says how the throwaway server is to be. The zero value is good:
// scram-sha-256 on both loopback addresses, no TLS, the newest version installed.
type PostgresOptions struct {
	Bin       string       // folder of postgres and initdb; "" searches
	Port      int          // 0 picks a free one
	Addresses []netip.Addr // to listen on; empty: 127.0.0.1 and, where there is one, ::1
	Auth      string       // method for TCP in pg_hba.conf; "" is scram-sha-256
	TLS       bool         // offer TLS with a certificate of the lab's own CA
	TLSOnly   bool         // and accept nothing else
	Conf      []string     // more lines of postgresql.conf
	Netns     *Netns       // to run in
	Cgroup    *Cgroup      // to run in
	Wait      time.Duration
}

// Postgres is a running throwaway server. Its superuser is reached over the Unix
// socket by who may enter Socket; over TCP it has Password.
type Postgres struct {
	Bin      string
	Version  string // as "postgres --version" says it
	Dir      string // data folder
	Socket   string // folder of the Unix socket
	Port     int
	Host     netip.Addr // the first address
	Password string     // of the superuser "postgres"
	CAFile   string     // of the server's certificate, with TLS
	Process  *Process

	lab  *Lab
	opts PostgresOptions
	user *User
	log  string
}

// ErrNoPostgres is returned where PostgreSQL's server programs are not installed.
var ErrNoPostgres = errors.New("no PostgreSQL server programs found (Debian and Ubuntu: apt-get install postgresql)")

// PostgresVariable is the environment variable that names the folder of the server's
// programs, to hold the tests against another version than the newest installed.
const PostgresVariable = "WEIR_TEST_POSTGRES"

// PostgresBin finds the folder of the server's programs: the one that PostgresVariable
// names, the newest of Debian's and of the PGDG packages' folders, then what pg_config
// and PATH say.
func PostgresBin() (string, error) {
	if dir := os.Getenv(PostgresVariable); dir != "" {
		return dir, nil
	}
	var candidates []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		sort.Slice(found, func(i, j int) bool { return versionIn(found[i]) > versionIn(found[j]) })
		candidates = append(candidates, found...)
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		candidates = append(candidates, strings.TrimSpace(string(out)))
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		candidates = append(candidates, filepath.Dir(path))
	}
	for _, dir := range candidates {
		if executable(filepath.Join(dir, "postgres")) && executable(filepath.Join(dir, "initdb")) {
			return dir, nil
		}
	}
	return "", ErrNoPostgres
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// Program gives the path of a client program: the server's own, or the one on PATH
// where the server came without.
func (p *Postgres) Program(name string) string {
	own := filepath.Join(p.Bin, name)
	if executable(own) {
		return own
	}
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	return own
}

// versionIn is the first number in a path, 0 when there is none.
func versionIn(path string) int {
	digits := strings.FieldsFunc(path, func(r rune) bool { return r < '0' || r > '9' })
	if len(digits) == 0 {
		return 0
	}
	n, err := strconv.Atoi(digits[0])
	if err != nil {
		return 0
	}
	return n
}

// Postgres makes a data folder, starts a server on it and returns when it answers.
func (l *Lab) Postgres(ctx context.Context, o PostgresOptions) (*Postgres, error) {
	p := &Postgres{lab: l, opts: o, Bin: o.Bin, Password: rand.Text()}
	var err error
	if p.Bin == "" {
		if p.Bin, err = PostgresBin(); err != nil {
			return nil, err
		}
	}
	if p.user, err = databaseUser(); err != nil {
		return nil, err
	}
	version, err := exec.CommandContext(ctx, filepath.Join(p.Bin, "postgres"), "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("ask %s for its version: %w", p.Bin, err)
	}
	p.Version = strings.TrimSpace(string(version))
	if len(p.opts.Addresses) == 0 {
		p.opts.Addresses = loopbacks()
	}
	p.Host = p.opts.Addresses[0]
	name := fmt.Sprintf("postgres%d", l.next())
	base, err := l.Subdir(name, p.user, 0o700)
	if err != nil {
		return nil, err
	}
	p.Dir, p.Socket, p.log = filepath.Join(base, "data"), base, filepath.Join(base, "log")
	if err := p.initialise(ctx); err != nil {
		return nil, err
	}
	// A free port can be taken by another process before the server binds it.
	for attempt := 0; ; attempt++ {
		p.Port = o.Port
		if p.Port == 0 {
			if p.Port, err = FreePort(); err != nil {
				return nil, err
			}
		}
		err = p.Start(ctx)
		if err == nil || o.Port != 0 || attempt == 2 || !strings.Contains(p.Log(), "Address already in use") {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// loopbacks are 127.0.0.1 and, where the host has it, ::1.
func loopbacks() []netip.Addr {
	list := []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	if l, err := net.Listen("tcp6", "[::1]:0"); err == nil {
		_ = l.Close()
		list = append(list, netip.IPv6Loopback())
	}
	return list
}

func (p *Postgres) initialise(ctx context.Context) error {
	passwords, err := p.lab.Write(filepath.Base(p.Socket)+".password", p.Password+"\n", 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(passwords) }()
	if p.user != nil {
		if err := os.Chown(passwords, int(p.user.UID), int(p.user.GID)); err != nil {
			return err
		}
	}
	out, err := p.lab.Run(ctx, Command{
		Path: filepath.Join(p.Bin, "initdb"), User: p.user, Env: p.env(),
		Args: []string{"--pgdata", p.Dir, "--username", "postgres", "--pwfile", passwords,
			"--encoding", "UTF8", "--locale", "C", "--no-sync", "--auth", "trust"},
	})
	if err != nil {
		return fmt.Errorf("make a data folder: %w", err)
	}
	if out.Code != 0 {
		return fmt.Errorf("initdb ended with %d: %s", out.Code, strings.TrimSpace(out.Stderr))
	}
	method := p.opts.Auth
	if method == "" {
		method = "scram-sha-256"
	}
	kind := "host"
	if p.opts.TLSOnly {
		kind = "hostssl"
	}
	hba := fmt.Sprintf("local all all trust\n%s all all all %s\n%s replication all all %s\n", kind, method, kind, method)
	if err := os.WriteFile(filepath.Join(p.Dir, "pg_hba.conf"), []byte(hba), 0o600); err != nil {
		return err
	}
	if err := p.give(filepath.Join(p.Dir, "pg_hba.conf")); err != nil {
		return err
	}
	conf := append([]string{
		"fsync = off", "full_page_writes = off", "synchronous_commit = off", "autovacuum = off",
		"shared_buffers = 64MB", "max_connections = 200", "log_min_messages = warning",
		"log_line_prefix = '%m [%p] %u@%d '", "dynamic_shared_memory_type = mmap",
	}, p.opts.Conf...)
	if method == "md5" {
		conf = append(conf, "password_encryption = md5")
	}
	if p.opts.TLS || p.opts.TLSOnly {
		if err := p.certify(); err != nil {
			return err
		}
		conf = append(conf, "ssl = on")
	}
	f, err := os.OpenFile(filepath.Join(p.Dir, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString("\n" + strings.Join(conf, "\n") + "\n")
	return errors.Join(err, f.Close())
}

func (p *Postgres) give(path string) error {
	if p.user == nil {
		return nil
	}
	return os.Chown(path, int(p.user.UID), int(p.user.GID))
}

func (p *Postgres) env() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
}

// Start starts the server on its data folder again, after Stop or Kill.
func (p *Postgres) Start(ctx context.Context) error {
	addresses := make([]string, len(p.opts.Addresses))
	for i, a := range p.opts.Addresses {
		addresses[i] = a.String()
	}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	p.Process, err = p.lab.Start(Command{
		Path: filepath.Join(p.Bin, "postgres"), User: p.user, Env: p.env(), Netns: p.opts.Netns, Cgroup: p.opts.Cgroup,
		Args: []string{"-D", p.Dir, "-p", strconv.Itoa(p.Port), "-k", p.Socket,
			"-c", "listen_addresses=" + strings.Join(addresses, ",")},
		Stdout: log, Stderr: log,
		// SIGQUIT is the immediate shutdown, which takes the backends along.
		Death: syscall.SIGQUIT,
	})
	if err != nil {
		return err
	}
	p.lab.Defer(p.Stop)
	wait := p.opts.Wait
	if wait == 0 {
		wait = 60 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return p.ready(ctx)
}

// ready tries to connect until the server answers, ends or ctx does.
func (p *Postgres) ready(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := p.Connect(ctx, "postgres")
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-p.Process.Done():
			return fmt.Errorf("PostgreSQL ended while starting:\n%s", p.Log())
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer: %w\n%s", err, p.Log())
		case <-tick.C:
		}
	}
}

// Stop ends the server at once, as a crash would; Start recovers.
func (p *Postgres) Stop() error { return p.Process.Stop(syscall.SIGQUIT, 10*time.Second) }

// Log is what the server has written so far.
func (p *Postgres) Log() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Connect opens a connection as the superuser, over the Unix socket.
func (p *Postgres) Connect(ctx context.Context, database string) (*pgx.Conn, error) {
	return pgx.Connect(ctx, fmt.Sprintf("host=%s port=%d user=postgres dbname=%s", p.Socket, p.Port, database))
}

// Exec runs statements as the superuser; text may hold several.
func (p *Postgres) Exec(ctx context.Context, database, text string) error {
	conn, err := p.Connect(ctx, database)
	if err != nil {
		return err
	}
	_, err = conn.PgConn().Exec(ctx, text).ReadAll()
	return errors.Join(err, conn.Close(ctx))
}

// Query1 runs a query as the superuser and gives the first column of its first row
// as text, "" for no row or NULL.
func (p *Postgres) Query1(ctx context.Context, database, text string) (string, error) {
	conn, err := p.Connect(ctx, database)
	if err != nil {
		return "", err
	}
	results, err := conn.PgConn().Exec(ctx, text).ReadAll()
	err = errors.Join(err, conn.Close(ctx))
	if err != nil || len(results) == 0 || len(results[0].Rows) == 0 {
		return "", err
	}
	return string(results[0].Rows[0][0]), nil
}

// DSN is a plain connection string to the server's first address. An empty
// password is left out.
func (p *Postgres) DSN(user, password, database string) string {
	return DSN(netip.AddrPortFrom(p.Host, uint16(p.Port)), user, password, database)
}

// Addr is the first address with the port.
func (p *Postgres) Addr() netip.AddrPort { return netip.AddrPortFrom(p.Host, uint16(p.Port)) }

// DSN is a plain connection string: postgres://user:password@address/database.
func DSN(addr netip.AddrPort, user, password, database string) string {
	who := user
	if password != "" {
		who += ":" + password
	}
	return fmt.Sprintf("postgres://%s@%s/%s", who, addr, database)
}
