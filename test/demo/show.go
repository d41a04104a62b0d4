package main

import (
	"bufio"
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/weirgate/weir/test/lab"
)

//go:embed data.sql
var data string

//go:embed policy.yaml
var policy string

// show is the demo in its course.
type show struct {
	screen   *screen
	lab      *lab.Lab
	binary   string
	nobody   *lab.User
	postgres *lab.Postgres
	weir     *lab.Weir
	psql     string
	agent    string // path of this program where nobody can run it
	password string // of the role that weir logs in as

	psqlCgroup, agentCgroup *lab.Cgroup
}

// The real values that no agent may see.
var secrets = []string{
	"ada.quill@example.com", "bram@example.org", "chiara.neri@example.net", "dov@example.com",
	"555-0101", "555-0142", "555-0187", "555-0163", "900-45-100",
}

// run plays all acts in order.
func (d *show) run(ctx context.Context) error {
	for _, act := range []func(context.Context) error{
		d.setUp, d.masked, d.refused, d.driver, d.approval, d.observed, d.played,
	} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	d.screen.line("")
	return nil
}

func (d *show) setUp(ctx context.Context) (err error) {
	s := d.screen
	s.title("weir: an agent, its database, and what stands between them", "Kernel "+lab.Kernel())
	if d.binary == "" {
		err = s.stage("building weir", func() (string, error) {
			var err error
			d.binary, err = lab.BuildWeir(ctx, "", d.lab.Dir)
			return "", err
		})
		if err != nil {
			return err
		}
	}
	if d.nobody, err = lab.Nobody(); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if d.agent, err = d.lab.Copy(self, "bot"); err != nil {
		return err
	}
	d.password = rand.Text()
	err = s.stage("starting a throwaway PostgreSQL", func() (string, error) {
		if err := d.startPostgres(ctx); err != nil {
			return "", err
		}
		version := strings.Fields(strings.TrimPrefix(d.postgres.Version, "postgres (PostgreSQL) "))
		return fmt.Sprintf("PostgreSQL %s at %s, with four invented customers", version[0], d.postgres.Addr()), nil
	})
	if err != nil {
		return err
	}
	if d.psqlCgroup, err = d.lab.Cgroup("psql"); err != nil {
		return err
	}
	if d.agentCgroup, err = d.lab.Cgroup("bot"); err != nil {
		return err
	}
	return s.stage("starting weir", func() (string, error) {
		if err := d.startWeir(ctx); err != nil {
			return "", err
		}
		return "weir catches connections to port " + strconv.Itoa(d.postgres.Port) + " from the cgroups of two agents", nil
	})
}

func (d *show) startPostgres(ctx context.Context) (err error) {
	d.postgres, err = d.lab.Postgres(ctx, lab.PostgresOptions{Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}})
	if err != nil {
		return err
	}
	d.psql = filepath.Join(d.postgres.Bin, "psql")
	if _, err := os.Stat(d.psql); err != nil {
		if d.psql, err = exec.LookPath("psql"); err != nil {
			return errors.New("psql is not installed (Debian and Ubuntu: apt-get install postgresql-client)")
		}
	}
	if err := d.postgres.Exec(ctx, "postgres", "CREATE DATABASE crm"); err != nil {
		return err
	}
	return d.postgres.Exec(ctx, "crm", strings.ReplaceAll(data, "{{password}}", d.password))
}

func (d *show) startWeir(ctx context.Context) error {
	secret, err := d.lab.Write("crm.password", d.password+"\n", 0o600)
	if err != nil {
		return err
	}
	text := strings.NewReplacer("{{host}}", d.postgres.Host.String(), "{{port}}", strconv.Itoa(d.postgres.Port),
		"{{secret}}", secret, "{{agents}}", d.psqlCgroup.Name+`", "`+d.agentCgroup.Name).Replace(policy)
	d.weir, err = d.lab.Weir(ctx, lab.WeirOptions{
		Binary:    d.binary,
		Capture:   []string{fmt.Sprintf("ports: [%d]", d.postgres.Port)},
		Spec:      "unmatched: Deny",
		Documents: map[string]string{"crm.yaml": text},
	})
	return err
}

// dsn is the database's own address, with a role and without a password.
func (d *show) dsn() string { return d.postgres.DSN("support", "", "crm") }

// direct is the same address with the credential that only weir has here.
func (d *show) direct() string { return d.postgres.DSN("crm_app", d.password, "crm") }

// query runs psql, directly or as an agent.
func (d *show) query(ctx context.Context, captured bool, sql ...string) (lab.Result, error) {
	dsn, cgroup := d.direct(), (*lab.Cgroup)(nil)
	if captured {
		dsn, cgroup = d.dsn(), d.psqlCgroup
	}
	args := []string{"-X", "-w", "--pset=footer=off", dsn}
	for _, q := range sql {
		args = append(args, "-c", q)
	}
	return d.run1(ctx, lab.Command{Path: d.psql, Args: args, Cgroup: cgroup})
}

// run1 runs a command as the unprivileged user, with an empty environment but for
// what programs need, and both outputs in one.
func (d *show) run1(ctx context.Context, c lab.Command) (lab.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	var both lab.Buffer
	c.User, c.Dir, c.Stdout, c.Stderr = d.nobody, "/", &both, &both
	c.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "PGCONNECT_TIMEOUT=15"}
	out, err := d.lab.Run(ctx, c)
	out.Stdout = both.String()
	return out, err
}

func lines(text string) []string { return strings.Split(strings.TrimRight(text, "\n"), "\n") }

// hidden fails when text holds something that an agent may not see.
func hidden(text string) error {
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			return fmt.Errorf("the agent saw %q:\n%s", secret, text)
		}
	}
	return nil
}

func (d *show) masked(ctx context.Context) error {
	const sql = "SELECT id, name, email, ssn FROM customers ORDER BY id"
	d.screen.heading("The same program, the same address, the same query",
		"psql runs twice as an unprivileged user: once outside with the password, once in an agent's cgroup without any.\n"+
			"Nothing is set up in that cgroup: no proxy address, no wrapper, no certificate.")
	direct, err := d.query(ctx, false, sql)
	if err != nil {
		return err
	}
	agent, err := d.query(ctx, true, sql)
	if err != nil {
		return err
	}
	d.screen.command(fmt.Sprintf("psql %s -c %q", d.dsn(), sql))
	d.screen.line("")
	left := lines(direct.Stdout)
	d.screen.beside(panel{"directly, with the password", left, dim}, panel{"the agent, without one", lines(agent.Stdout), cyan},
		d.screen.differing(left))
	if agent.Code != 0 || !strings.Contains(agent.Stdout, "Ada Quill") {
		return fmt.Errorf("the agent's query ended with %d:\n%s", agent.Code, agent.Stdout)
	}
	if direct.Code != 0 || !strings.Contains(direct.Stdout, "ada.quill@example.com") {
		return fmt.Errorf("the direct query ended with %d:\n%s", direct.Code, direct.Stdout)
	}
	if err := hidden(agent.Stdout); err != nil {
		return err
	}
	d.screen.check("let in without a password, with e-mail and ssn masked in the result")
	return nil
}

func (d *show) refused(ctx context.Context) error {
	d.screen.heading("A DROP TABLE",
		"The role that weir logs in as owns the table, so the database itself would do it. (Directly it runs in a\n"+
			"transaction that is rolled back.)")
	direct, err := d.query(ctx, false, "BEGIN", "DROP TABLE orders", "ROLLBACK")
	if err != nil {
		return err
	}
	agent, err := d.query(ctx, true, "DROP TABLE orders", "SELECT count(*) FROM orders")
	if err != nil {
		return err
	}
	d.screen.command(fmt.Sprintf("psql %s -c %q -c %q", d.dsn(), "DROP TABLE orders", "SELECT count(*) FROM orders"))
	d.screen.line("")
	width := max(40, min(84, d.screen.width-40))
	d.screen.beside(panel{"directly", lines(direct.Stdout), dim}, panel{"the agent", wrap(agent.Stdout, width), cyan},
		func(_ int, line string) string {
			if strings.HasPrefix(line, "ERROR") {
				return d.screen.paint(red, line)
			}
			return line
		})
	switch {
	case !strings.Contains(direct.Stdout, "DROP TABLE"):
		return fmt.Errorf("directly the DROP did not work:\n%s", direct.Stdout)
	case !strings.Contains(agent.Stdout, "ERROR") || !strings.Contains(agent.Stdout, "no-ddl"):
		return fmt.Errorf("the DROP was not refused by its rule:\n%s", agent.Stdout)
	case !strings.Contains(agent.Stdout, "60"):
		return fmt.Errorf("the session did not go on after the refusal:\n%s", agent.Stdout)
	}
	d.screen.check("refused before it reached the database; the session went on")
	return nil
}

func (d *show) driver(ctx context.Context) error {
	d.screen.heading("A program with a driver",
		"A few lines of Go with pgx, in a cgroup of its own: prepared statements, parameters, binary results.")
	direct, err := d.run1(ctx, lab.Command{Path: d.agent, Args: []string{agentArgument, d.direct()}})
	if err != nil {
		return err
	}
	agent, err := d.run1(ctx, lab.Command{Path: d.agent, Args: []string{agentArgument, d.dsn()}, Cgroup: d.agentCgroup})
	if err != nil {
		return err
	}
	d.screen.command("bot " + d.dsn())
	d.screen.line("")
	left := lines(direct.Stdout)
	d.screen.beside(panel{"directly, with the password", left, dim}, panel{"the agent, without one", lines(agent.Stdout), cyan},
		d.screen.differing(left))
	if direct.Code != 0 || agent.Code != 0 || !strings.Contains(agent.Stdout, "Chiara Neri") {
		return fmt.Errorf("the programs ended with %d and %d:\n%s%s", direct.Code, agent.Code, direct.Stdout, agent.Stdout)
	}
	if err := hidden(agent.Stdout); err != nil {
		return err
	}
	d.screen.check("the same masks, whatever protocol and format")
	return nil
}

// request is what the demo reads of `weir approvals list -o json`.
type request struct {
	ID    string `json:"id"`
	State string `json:"state"`
	Text  string `json:"text"`
}

func (d *show) approval(ctx context.Context) error {
	d.screen.heading("A DELETE that waits for a person",
		"Policy sends it to approval. The agent's driver just waits; another user decides.")
	before, err := d.postgres.Query1(ctx, "crm", "SELECT count(*) FROM orders WHERE id = 7")
	if err != nil {
		return err
	}
	read, write := io.Pipe()
	printed := make(chan struct{})
	go func() {
		defer close(printed)
		for said := bufio.NewScanner(read); said.Scan(); {
			d.screen.line("  %s %s", d.screen.paint(cyan, "bot │"), said.Text())
		}
	}()
	var said lab.Buffer
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	p, err := d.lab.Start(lab.Command{
		Path: d.agent, Args: []string{agentArgument, d.dsn(), "7"}, Cgroup: d.agentCgroup, User: d.nobody, Dir: "/",
		Env: []string{"PATH=/usr/bin:/bin"}, Stdout: io.MultiWriter(write, &said), Stderr: io.MultiWriter(write, &said),
	})
	if err != nil {
		return err
	}
	deciding := d.decide(ctx, p)
	code, waiting := p.Wait(ctx)
	_ = write.Close()
	<-printed
	if err := errors.Join(deciding, waiting); err != nil {
		return fmt.Errorf("%w\nthe agent said:\n%s", err, said.String())
	}
	d.screen.line("")
	after, err := d.postgres.Query1(ctx, "crm", "SELECT count(*) FROM orders WHERE id = 7")
	if err != nil {
		return err
	}
	if code != 0 || before != "1" || after != "0" || !strings.Contains(said.String(), "NOTICE") {
		return fmt.Errorf("order 7 was there %s times and is %s times; the agent ended with %d and said:\n%s", before, after, code, said.String())
	}
	d.screen.check("held with a notice, approved for this text and these values, once, and then carried out")
	return nil
}

// decide waits for the request, shows it and approves it, as this user.
func (d *show) decide(ctx context.Context, agent *lab.Process) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var pending []request
	for len(pending) == 0 {
		select {
		case <-agent.Done():
			return errors.New("the agent ended before anybody was asked")
		case <-ctx.Done():
			return errors.New("no request for approval came")
		case <-tick.C:
		}
		out, err := d.weir.Run(ctx, "approvals", "list", "-o", "json")
		if err != nil {
			return err
		}
		if err := readJSON(out, &pending); err != nil {
			return err
		}
	}
	id := pending[0].ID
	for _, args := range [][]string{
		{"approvals", "list"},
		{"approvals", "approve", id, "--reason", "ticket 4711"},
	} {
		if err := d.shown(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// shown runs a weir command and prints it with what it says.
func (d *show) shown(ctx context.Context, args ...string) error {
	out, err := d.weir.Run(ctx, args...)
	if err != nil {
		return err
	}
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = a
		if strings.Contains(a, " ") {
			quoted[i] = strconv.Quote(a)
		}
	}
	d.screen.command("weir " + strings.Join(quoted, " "))
	for _, l := range lines(out.Stdout + out.Stderr) {
		d.screen.line("  %s", d.screen.verdict(d.screen.clip(l, 2)))
	}
	if out.Code != 0 {
		return fmt.Errorf("weir %s ended with %d", strings.Join(args, " "), out.Code)
	}
	return hidden(out.Stdout)
}

// readJSON takes an array, or an object per line.
func readJSON[T any](out lab.Result, into *[]T) error {
	if out.Code != 0 {
		return fmt.Errorf("ended with %d: %s%s", out.Code, out.Stdout, out.Stderr)
	}
	text := strings.TrimSpace(out.Stdout)
	if strings.HasPrefix(text, "[") {
		return json.Unmarshal([]byte(text), into)
	}
	for dec := json.NewDecoder(strings.NewReader(text)); dec.More(); {
		var v T
		if err := dec.Decode(&v); err != nil {
			return fmt.Errorf("read %q: %w", text, err)
		}
		*into = append(*into, v)
	}
	return nil
}

func (d *show) observed(ctx context.Context) error {
	d.screen.heading("What the operator sees",
		"Every statement was journalled before it was forwarded, with who sent it.")
	return d.shown(ctx, "observe", "--last", "20")
}

func (d *show) played(ctx context.Context) error {
	d.screen.heading("A session, played back", "The one with the DROP.")
	out, err := d.weir.Run(ctx, "sessions", "list", "--all", "-o", "json")
	if err != nil {
		return err
	}
	var sessions []struct {
		ID     string `json:"id"`
		Denied int    `json:"denied"`
	}
	if err := readJSON(out, &sessions); err != nil {
		return err
	}
	for _, one := range sessions {
		if one.Denied > 0 {
			return d.shown(ctx, "play", one.ID)
		}
	}
	return fmt.Errorf("no session with a refusal is known:\n%s", out.Stdout)
}
