package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cilium/ebpf"

	"github.com/weirgate/weir/test/lab"
)

// The three ways to the database, as the table names them.
const (
	direct    = "direct"
	pgbouncer = "pgbouncer"
	weir      = "weir"
)

const (
	database = "bench"
	role     = "bench"
)

// way is one way from pgbench to the database.
type way struct {
	name   string
	addr   netip.AddrPort
	client *lab.Cgroup // that pgbench runs in
	proxy  *cpuMeter   // nil for direct
}

// bench holds what is running.
type bench struct {
	lab              *lab.Lab
	plan             plan
	pgbench          string
	user             *lab.User
	password         string
	postgres         *lab.Postgres
	weir             *lab.Weir
	pgbouncerVersion string
	standin          netip.AddrPort // a server for sessions that do nothing
	elsewhere        netip.AddrPort // the same on a port that is not captured
	ways             []way
	masked           []way                    // through weir, with masks
	idle             way                      // through weir, to the stand-in
	others           []way                    // past weir, to the stand-in
	empty            map[string]*ebpf.Program // of the way with this name
}

func setUp(ctx context.Context, l *lab.Lab, p plan, binary string) (*bench, error) {
	b := &bench{lab: l, plan: p, password: "bench-secret"}
	var err error
	if b.user, err = lab.Nobody(); err != nil {
		return nil, err
	}
	progress("starting PostgreSQL and filling it at scale %d ...", p.Scale)
	cg, err := l.Cgroup("postgres")
	if err != nil {
		return nil, err
	}
	b.postgres, err = l.Postgres(ctx, lab.PostgresOptions{
		Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Cgroup: cg,
		Conf: []string{"shared_buffers = 256MB", "max_connections = 300"},
	})
	if err != nil {
		return nil, err
	}
	if b.pgbench, err = find("pgbench", b.postgres.Bin); err != nil {
		return nil, err
	}
	if err := b.fill(ctx); err != nil {
		return nil, err
	}
	if b.standin, err = standin(l); err != nil {
		return nil, err
	}
	if b.elsewhere, err = standin(l); err != nil {
		return nil, err
	}
	outside, err := l.Cgroup("outside")
	if err != nil {
		return nil, err
	}
	for _, name := range p.Ways {
		var w way
		switch name {
		case direct:
			w = way{name: direct, addr: b.postgres.Addr(), client: outside}
		case pgbouncer:
			w, err = b.startPgBouncer(ctx)
			w.client = outside
		case weir:
			w, err = b.startWeir(ctx, binary)
		default:
			err = fmt.Errorf("-ways holds %q; there are %s, %s and %s", name, direct, pgbouncer, weir)
		}
		if err != nil {
			return nil, err
		}
		b.ways = append(b.ways, w)
	}
	return b, nil
}

// find looks for a program in PATH, in dir, and where root's PATH often does not
// reach.
func find(name, dir string) (string, error) {
	for _, path := range []string{filepath.Join(dir, name), "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is not installed: run make bench, which installs it on Debian and Ubuntu", name)
	}
	return path, nil
}

func (b *bench) fill(ctx context.Context) error {
	if err := b.postgres.Exec(ctx, "postgres", fmt.Sprintf(
		"CREATE ROLE %s LOGIN PASSWORD '%s'", role, b.password)); err != nil {
		return err
	}
	if err := b.postgres.Exec(ctx, "postgres", fmt.Sprintf("CREATE DATABASE %s OWNER %s", database, role)); err != nil {
		return err
	}
	out, err := b.lab.Run(ctx, lab.Command{
		Path: b.pgbench, Dir: "/", User: b.user, Env: []string{"PGPASSWORD=" + b.password, "PATH=" + os.Getenv("PATH")},
		Args: []string{"-i", "-q", "-s", strconv.Itoa(b.plan.Scale), "-h", b.postgres.Host.String(),
			"-p", strconv.Itoa(b.postgres.Port), "-U", role, database},
	})
	if err != nil {
		return err
	}
	if out.Code != 0 {
		return fmt.Errorf("pgbench -i ended with %d: %s", out.Code, out.Stderr)
	}
	if err := b.postgres.Exec(ctx, database, tableSQL); err != nil {
		return err
	}
	return b.postgres.Exec(ctx, database, "VACUUM ANALYZE "+table)
}

// startPgBouncer starts one with its own configuration: session mode, enough server
// connections for every client, no statement looked at.
func (b *bench) startPgBouncer(ctx context.Context) (way, error) {
	path, err := find("pgbouncer", b.postgres.Bin)
	if err != nil {
		return way{}, err
	}
	version, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return way{}, err
	}
	b.pgbouncerVersion, _, _ = strings.Cut(strings.TrimSpace(string(version)), "\n")
	port, err := lab.FreePort()
	if err != nil {
		return way{}, err
	}
	dir, err := b.lab.Subdir("pgbouncer", b.user, 0o700)
	if err != nil {
		return way{}, err
	}
	conf := fmt.Sprintf(`[databases]
%s = host=%s port=%d dbname=%s user=%s password=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = session
default_pool_size = 200
max_client_conn = 300
server_tls_sslmode = disable
client_tls_sslmode = disable
log_connections = 0
log_disconnections = 0
`, database, b.postgres.Host, b.postgres.Port, database, role, b.password, port)
	file := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		return way{}, err
	}
	if b.user != nil {
		if err := os.Chown(file, int(b.user.UID), int(b.user.GID)); err != nil {
			return way{}, err
		}
	}
	cg, err := b.lab.Cgroup("pgbouncer")
	if err != nil {
		return way{}, err
	}
	var said lab.Buffer
	process, err := b.lab.Start(lab.Command{
		Path: path, Args: []string{"-q", file}, Dir: "/", User: b.user, Cgroup: cg, Stdout: &said, Stderr: &said,
	})
	if err != nil {
		return way{}, err
	}
	b.lab.Defer(func() error { return process.Stop(syscall.SIGTERM, 5*time.Second) })
	w := way{
		name: pgbouncer, addr: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(port)),
		proxy: &cpuMeter{cgroup: cg, pid: process.PID},
	}
	return w, b.answers(ctx, w, process, &said)
}

// answers waits until a query comes through.
func (b *bench) answers(ctx context.Context, w way, p *lab.Process, said *lab.Buffer) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		out, err := b.lab.Run(ctx, b.command(w, "simple", 1, "-t", "1"))
		if err == nil && out.Code == 0 {
			return nil
		}
		select {
		case <-p.Done():
			return fmt.Errorf("%s ended: %s", w.name, said)
		case <-ctx.Done():
			return fmt.Errorf("nothing comes through %s: %s%s", w.name, out.Stderr, said)
		case <-tick.C:
		}
	}
}

func (b *bench) startWeir(ctx context.Context, binary string) (way, error) {
	var err error
	if binary == "" {
		if binary, err = lab.BuildWeir(ctx, "", b.lab.Dir); err != nil {
			return way{}, err
		}
	}
	cgroups := make(map[string]*lab.Cgroup)
	for _, name := range []string{"agent", "partial", "hash", "outside", "pgbouncer", "weir"} {
		if cgroups[name], err = b.lab.Cgroup(name); err != nil {
			return way{}, err
		}
	}
	secret, err := b.lab.Write("bench.password", b.password+"\n", 0o600)
	if err != nil {
		return way{}, err
	}
	key, err := b.lab.Write("mask.key", strings.Repeat("0123456789abcdef", 4)+"\n", 0o600)
	if err != nil {
		return way{}, err
	}
	own := cgroups["weir"]
	b.weir, err = b.lab.Weir(ctx, lab.WeirOptions{
		Binary: binary, Cgroup: own,
		Capture: []string{
			fmt.Sprintf("ports: [%d, %d]", b.postgres.Port, b.standin.Port()),
			fmt.Sprintf("cgroups: [{path: %s, action: Pass}, {path: %s, action: Pass}]", cgroups["outside"].Name, cgroups["pgbouncer"].Name),
		},
		Spec:      "unmatched: Deny\nclientTLS: \"Off\"\nlog: {level: warn}\n",
		Documents: map[string]string{"bench.yaml": b.documents(secret, key, cgroups)},
	})
	if err != nil {
		return way{}, err
	}
	w := way{name: weir, addr: b.postgres.Addr(), client: cgroups["agent"], proxy: &cpuMeter{cgroup: own, pid: b.weir.Process.PID}}
	b.masked = []way{
		{name: "weir, Partial mask", addr: w.addr, client: cgroups["partial"], proxy: w.proxy},
		{name: "weir, Hash mask", addr: w.addr, client: cgroups["hash"], proxy: w.proxy},
	}
	b.idle = way{name: weir, addr: b.standin, client: w.client, proxy: w.proxy}
	empty, programs, err := emptyPrograms(b.lab)
	if err != nil {
		return way{}, err
	}
	b.empty = programs
	b.others = []way{
		{name: nowhere, addr: b.standin},
		{name: emptied, addr: b.standin, client: empty},
		{name: "to another port", addr: b.elsewhere, client: w.client},
		{name: "from a cgroup that is left alone", addr: b.standin, client: cgroups["outside"]},
	}
	return w, b.answers(ctx, w, b.weir.Process, b.weir.Output)
}

// nowhere is a cgroup that no program of weir's is attached to.
const nowhere = "where no program is attached"

// documents have the guards of a first day, so that every statement is judged; for
// some clients a mask too; and let sessions to the stand-in through.
func (b *bench) documents(secret, key string, cgroups map[string]*lab.Cgroup) string {
	db := func(name string, port uint16) string {
		return fmt.Sprintf(`apiVersion: weir.dev/v1alpha1
kind: Database
metadata: {name: %s}
spec:
  hosts: [%s]
  ports: [%d]
  databases: [%s]
  tls: {mode: Disable}
  login: {type: Static, user: %s, passwordFile: %s}
---
`, name, b.postgres.Host, port, database, role, secret)
	}
	policy := func(name, cgroup, databases, rules string) string {
		return fmt.Sprintf(`apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: %s}
spec:
  mode: Enforce
  identities:
  - name: client
    host: {cgroups: ["%s"]}
  databases: [%s]
%s---
`, name, cgroup, databases, rules)
	}
	const guards = `  guards:
  - name: no-ddl
    match: {commands: [Drop, Truncate, Alter]}
    action: Deny
    message: Schema changes go through a migration pull request.
  - name: unbounded-write
    match: {commands: [Update, Delete], where: Missing}
    action: Deny
  - name: big-accounts
    match: {tables: [public.pgbench_accounts], access: Write}
    action: Deny
`
	mask := func(with string) string {
		return "  masks:\n  - name: email\n    columns: [public." + table + ".email]\n    with: {" + with + "}\n"
	}
	return db("bench", uint16(b.postgres.Port)) + db("standin", b.standin.Port()) +
		policy("agent", cgroups["agent"].Name, "bench", guards) +
		policy("partial", cgroups["partial"].Name, "bench", guards+mask("type: Partial, keepLast: 4")) +
		policy("hash", cgroups["hash"].Name, "bench", guards+mask("type: Hash, keyFile: "+key)) +
		policy("idle", cgroups["agent"].Name, "standin", "  guards:\n  - {name: vacuum, match: {commands: [Vacuum]}, action: Warn}\n")
}

// passwordFor is what a client sends. weir's must not need to know it.
func (b *bench) passwordFor(w way) string {
	if w.name == direct {
		return b.password
	}
	return "not-the-password"
}

// journalBytes is the size of what weir journalled.
func (b *bench) journalBytes() int64 {
	if b.weir == nil {
		return 0
	}
	var sum int64
	_ = filepath.WalkDir(filepath.Join(b.weir.State, "journal"), func(_ string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.Type().IsRegular() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum
}
