package ordinary

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/test/lab"
)

// slashes are what people type at psql to look at a database.
func slashes() []string {
	var all []string
	for _, name := range []string{
		"", "*", "public.*", "hr.*", "customers", "hr.employees", "orders", "order_items", "events", "events_2024_h1", "open_tickets", "customer_directory",
		"category_sales", "ticket_number", "customers_name_idx", "address", "notes", "scratch", "products", "pg_class", "pg_stat_activity", "information_schema.tables",
	} {
		all = append(all, `\d `+name, `\d+ `+name)
	}
	for _, letters := range []string{
		"da", "dA", "dAc", "dAf", "dAo", "dAp", "db", "dc", "dC", "dconfig", "dconfig work*", "dd", "dD", "ddp", "dE", "det", "df", "dF", "dFd", "dFp", "dFt", "dg", "di", "dl", "dL", "dm",
		"dn", "do", "dO", "dp", "dPi", "dPt", "dP", "drds", "dRp", "dRs", "ds", "dt", "dT", "du", "dv", "dx", "dX", "dy", "des", "deu", "dew", "l", "z",
	} {
		command, argument, _ := strings.Cut(letters, " ")
		all = append(all, `\`+command+" "+argument, `\`+command+"+ "+argument)
		if argument == "" && strings.HasPrefix(command, "d") {
			all = append(all, `\`+command+" *.c*", `\`+command+"S o*")
		}
	}
	return append(all,
		`\dt hr.`, `\dt *.*`, `\dt+ public.*`, `\dtvmsE`, `\dfn`, `\dft`, `\dfp`, `\dfa`, `\df+ order_*`, `\df *.touch`, `\do *`, `\dT+ order_state`, `\dT+ address`, `\dD+ sku`, `\dx+ citext`,
		`\sf order_total`, `\sf+ reserve`, `\sf region_path(integer)`, `\sv open_tickets`, `\sv+ customer_directory`, `\z customers`, `\dp orders`, `\l+ shop*`, `\dRp+ catalogue`, `\dy+`, `\dX+ orders_stat`,
		`\encoding`, `\echo :DBNAME :SERVER_VERSION_NUM`, `\gdesc`, `SELECT id, email FROM customers \gdesc`, `SELECT 'SELECT 1' \gexec`, `SELECT count(*) AS n FROM orders \gset`, `\echo :n`,
		`SELECT id, name FROM regions ORDER BY id \gx`, `SELECT state, method, count(*) FROM orders o JOIN payments p ON p.order_id = o.id GROUP BY 1, 2 ORDER BY 1, 2 \crosstabview`,
		`\copy regions TO STDOUT`, `\copy (SELECT id, name FROM customers WHERE id < 4 ORDER BY id) TO STDOUT CSV HEADER`, `\timing off`, `\x auto`, `\x off`, `\pset null (null)`, `\pset null ''`,
		`\set FETCH_COUNT 7`, `SELECT id, title FROM products ORDER BY id;`, `\set FETCH_COUNT 0`, `\set AUTOCOMMIT off`, `SELECT 1;`, `COMMIT;`, `\set AUTOCOMMIT on`,
		`\set ON_ERROR_ROLLBACK on`, `BEGIN;`, `SELECT no_such_column FROM regions;`, `SELECT 1 AS still;`, `COMMIT;`, `\set ON_ERROR_ROLLBACK off`,
		`EXPLAIN (COSTS OFF) SELECT * FROM customers WHERE id = 1;`, `SELEC 1;`, `SELECT * FROM no_such_table;`, `\errverbose`,
	)
}

// secret says why a command has to be refused where the pack SecretCatalogs holds,
// "" if it has not: it shows what may hold passwords.
func secret(command string) string {
	word, argument, _ := strings.Cut(command, " ")
	if strings.Contains(argument, ".") { // psql itself does not take these
		return ""
	}
	switch word {
	case `\det+`:
		return "shows options of foreign tables, which may hold passwords"
	case `\des+`, `\dew+`:
		return "shows options of foreign servers and wrappers, which may hold passwords"
	case `\deu`, `\deu+`, `\deuS`:
		return "lists user mappings with their passwords"
	case `\drds`, `\drdsS`, `\drds+`:
		return "shows settings of roles, which may hold passwords"
	case `\dRs+`:
		return "shows connection strings of subscriptions, which hold passwords"
	}
	return ""
}

// psql has the real psql type commands, and gives what it said to each.
func (p *pair) psql(w way, commands []string) []string {
	p.t.Helper()
	nobody, err := lab.Nobody()
	must(p.t, err)
	var script strings.Builder
	const mark = "==== "
	for i, c := range commands {
		fmt.Fprintf(&script, "\\echo '%s%d'\n%s\n", mark, i, c)
	}
	database, who, secret := p.direct, role, password
	cmd := lab.Command{Path: house.pg.Program("psql"), User: nobody, Dir: "/", Stdin: strings.NewReader(script.String())}
	if w != "" {
		database, who, secret, cmd.Cgroup = p.through, "agent", "", house.ways[w].cgroup
	}
	cmd.Args = []string{"-X", "-q", "-w", house.pg.DSN(who, secret, database)}
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "PGCONNECT_TIMEOUT=20"}
	var out lab.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	process, err := house.lab.Start(cmd)
	must(p.t, err)
	ctx, cancel := context.WithTimeout(p.t.Context(), 10*time.Minute)
	defer cancel()
	_, err = process.Wait(ctx)
	must(p.t, err)
	text := p.nameless(out.String())
	answers := make([]string, len(commands))
	for i := range commands {
		_, rest, ok := strings.Cut(text, fmt.Sprintf("%s%d\n", mark, i))
		if !ok {
			p.t.Fatalf("psql did not come to %s:\n%s", commands[i], text)
		}
		answers[i], _, _ = strings.Cut(rest, fmt.Sprintf("%s%d\n", mark, i+1))
	}
	return answers
}

// passing are what of psql's output is of the moment: sizes, lines of the script.
var passing = regexp.MustCompile(`[0-9]+ (bytes|kB|MB)|<stdin>:[0-9]+|psql:[0-9]+`)

// filling is what the width of a column decides.
var filling = regexp.MustCompile(`[ -]{2,}`)

// lasting is what of psql's output is not of the moment.
func lasting(text string) string {
	return filling.ReplaceAllString(passing.ReplaceAllString(text, "N"), " ")
}

func TestPsqlLooksAtADatabase(t *testing.T) {
	t.Parallel()
	p := databases(t)
	commands := slashes()
	direct := p.psql("", commands)
	for _, w := range []way{looks, reads} {
		through := p.psql(w, commands)
		wrong, rightly := 0, 0
		for i, c := range commands {
			got, want := lasting(through[i]), lasting(direct[i])
			why := secret(c)
			if strings.HasPrefix(c, `\copy`) && strings.Contains(got, "does not look into the data of COPY") {
				rightly++ // while a mask detects, and as long as COPY is not looked into
				continue
			}
			refused := strings.Contains(got, "weir refused") || strings.Contains(got, "masked") && !strings.Contains(want, "masked")
			switch {
			case w == reads && why != "" && refused:
				rightly++
			case w == reads && why != "":
				t.Errorf("%s: %s is not refused, although it %s:\n%s", w, c, why, got)
			case refused:
				wrong++
				t.Errorf("%s: %s is refused:\n%s", w, c, got)
			case got != want:
				t.Errorf("%s: %s says\n%s\ndirectly\n%s", w, c, got, want)
			}
		}
		t.Logf("%s: %d of %d commands refused that must not be, %d rightly", w, wrong, len(commands), rightly)
	}
}

func TestPgDumpOfTheSchema(t *testing.T) {
	t.Parallel()
	p := databases(t)
	for _, args := range [][]string{{"--schema-only"}, {"--schema-only", "--schema=hr"}, {"--schema-only", "--table=customers"}, {"--data-only", "--table=regions", "--table=products"}} {
		through, direct := p.dump(looks, args), p.dump("", args)
		if through != direct {
			t.Errorf("pg_dump %s says\n%s\ndirectly\n%s", strings.Join(args, " "), through, direct)
		}
	}
}

// dump runs pg_dump and gives what it said.
func (p *pair) dump(w way, args []string) string {
	p.t.Helper()
	nobody, err := lab.Nobody()
	must(p.t, err)
	database, who, secret := p.direct, role, password
	cmd := lab.Command{Path: house.pg.Program("pg_dump"), User: nobody, Dir: "/"}
	if w != "" {
		database, who, secret, cmd.Cgroup = p.through, "agent", "", house.ways[w].cgroup
	}
	cmd.Args = append([]string{"-w", "--restrict-key=ordinary", house.pg.DSN(who, secret, database)}, args...)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "PGCONNECT_TIMEOUT=20"}
	out, err := house.lab.Run(p.t.Context(), cmd)
	must(p.t, err)
	if out.Code != 0 {
		p.t.Errorf("pg_dump %s, %s: %s", strings.Join(args, " "), w, out.Stderr)
	}
	return p.nameless(out.Stdout)
}
