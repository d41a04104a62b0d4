package proxy_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/wire"
)

// countRules let three rows be changed.
const countRules = `
  guards:
  - name: writes
    match: {commands: [Update, Delete, Insert, Merge]}
    limit: {rows: 3}
    action: Deny
`

// countSetup has a queue, and tables whose triggers and keys change others.
const countSetup = `
CREATE TABLE jobs (id integer PRIMARY KEY, state text NOT NULL DEFAULT 'new');
CREATE TABLE archive (id integer);
CREATE TABLE parents (id integer PRIMARY KEY, name text);
CREATE TABLE children (id integer PRIMARY KEY, parent integer REFERENCES parents ON DELETE CASCADE);
CREATE TABLE totals (id integer, n integer);
CREATE TABLE measures (at integer, value integer) PARTITION BY RANGE (at);
CREATE TABLE measures_1 PARTITION OF measures FOR VALUES FROM (0) TO (100);
CREATE TABLE measures_2 PARTITION OF measures FOR VALUES FROM (100) TO (200);
CREATE FUNCTION sum_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE totals SET n = n + 1; RETURN NULL; END $$;
CREATE TRIGGER sum_up AFTER INSERT ON archive FOR EACH STATEMENT EXECUTE FUNCTION sum_up();
CREATE TABLE later_on (id integer); ALTER TABLE later_on OWNER TO shop_app;
CREATE CONSTRAINT TRIGGER sum_later AFTER INSERT ON later_on DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sum_up();
CREATE FUNCTION close_jobs(most integer) RETURNS bigint LANGUAGE sql AS $$
  WITH closed AS (UPDATE jobs SET state = 'closed' WHERE id <= most RETURNING 1) SELECT count(*) FROM closed $$;
CREATE PROCEDURE drop_jobs(most integer) LANGUAGE plpgsql AS $$ BEGIN DELETE FROM jobs WHERE id <= most; END $$;
CREATE PROCEDURE drop_and_commit(most integer) LANGUAGE plpgsql AS $$ BEGIN DELETE FROM jobs WHERE id <= most; COMMIT; END $$;
CREATE FUNCTION empty_archive() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM archive; TRUNCATE archive; END $$;
CREATE FUNCTION unseen() RETURNS void LANGUAGE sql SET track_counts = off AS 'DELETE FROM jobs';
CREATE FUNCTION dynamic(text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE $1; END $$;
ALTER TABLE jobs OWNER TO shop_app; ALTER TABLE archive OWNER TO shop_app; ALTER TABLE parents OWNER TO shop_app; ALTER TABLE children OWNER TO shop_app;
ALTER TABLE totals OWNER TO shop_app; ALTER TABLE measures OWNER TO shop_app; ALTER TABLE measures_1 OWNER TO shop_app; ALTER TABLE measures_2 OWNER TO shop_app;
` + countReset

// countReset makes the tables what they were.
const countReset = `
TRUNCATE jobs, archive, parents, children, totals, measures, notes;
INSERT INTO jobs SELECT g FROM generate_series(1, 20) g;
INSERT INTO parents SELECT g, 'p' FROM generate_series(1, 20) g; INSERT INTO children SELECT g, 1 + g / 3 FROM generate_series(1, 20) g;
INSERT INTO totals SELECT g, 0 FROM generate_series(1, 3) g; INSERT INTO measures SELECT g, 0 FROM generate_series(0, 19) g;
TRUNCATE archive; UPDATE totals SET n = 0;
`

// countState is all that statements here may change.
const countState = `SELECT concat_ws(' ', (SELECT count(*) || '/' || count(*) FILTER (WHERE state <> 'new') FROM jobs), (SELECT count(*) FROM archive),
 (SELECT count(*) FROM parents) || '/' || (SELECT count(*) FROM children), (SELECT sum(n) FROM totals), (SELECT count(*) FROM measures_2), (SELECT count(*) FROM notes))`

// countedStatements change rows inside something else. Those whose result is "" are
// undone.
var countedStatements = []struct{ name, text, want, state string }{
	{"a job that is claimed", "WITH next AS (SELECT id FROM jobs WHERE state = 'new' ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1) UPDATE jobs SET state = 'taken' FROM next WHERE jobs.id = next.id RETURNING jobs.id", "D*1 C:UPDATE 1", "20/1 0 20/20 0 0 0"},
	{"a job that is claimed and selected", "WITH x AS (UPDATE jobs SET state = 'taken' WHERE id = (SELECT min(id) FROM jobs WHERE state = 'new') RETURNING *) SELECT id FROM x", "D*1 C:SELECT 1", "20/1 0 20/20 0 0 0"},
	{"more than may be claimed", "WITH x AS (UPDATE jobs SET state = 'taken' WHERE id <= 4 RETURNING *) SELECT count(*) FROM x", "", ""},
	{"a row that is moved", "WITH moved AS (DELETE FROM jobs WHERE id = 1 RETURNING id) INSERT INTO notes (body) SELECT 'n' || id FROM moved", "C:INSERT 0 1", "19/0 0 20/20 0 0 1"},
	{"rows that are moved, of both tables", "WITH moved AS (DELETE FROM jobs WHERE id <= 2 RETURNING id) INSERT INTO notes (body) SELECT 'n' || id FROM moved", "", ""},
	{"a long result of a small change", "WITH x AS (UPDATE jobs SET state = 'taken' WHERE id = 1 RETURNING *) SELECT id FROM orders WHERE id <= 10", "D*10 C:SELECT 10", "20/1 0 20/20 0 0 0"},
	{"an upsert in a WITH", "WITH x AS (INSERT INTO jobs VALUES (1, 'taken'), (21, 'taken') ON CONFLICT (id) DO UPDATE SET state = excluded.state RETURNING id) SELECT count(*) FROM x", "D*1 C:SELECT 1", "21/2 0 20/20 0 0 0"},
	{"a large upsert in a WITH", "WITH x AS (INSERT INTO jobs SELECT g, 'taken' FROM generate_series(1, 4) g ON CONFLICT (id) DO UPDATE SET state = excluded.state RETURNING id) SELECT count(*) FROM x", "", ""},
	{"a cascade", "DELETE FROM parents WHERE id = 7", "C:DELETE 1", "20/0 0 19/17 0 0 0"},
	{"a cascade that is counted", "WITH x AS (DELETE FROM parents WHERE id = 7 RETURNING 1) SELECT count(*) FROM x", "", ""},
	{"a trigger that changes all of a table", "INSERT INTO archive VALUES (1)", "", ""},
	{"a trigger that waits for the end of the transaction", "INSERT INTO later_on VALUES (1)", "", ""},
	{"a temporary table that a block makes", "DO $$ BEGIN CREATE TEMP TABLE passing (id integer) ON COMMIT DROP; INSERT INTO passing SELECT generate_series(1, 9); DELETE FROM jobs WHERE id = 1; END $$", "C:DO", "19/0 0 20/20 0 0 0"},
	{"a function", "SELECT close_jobs(3)", "D*1 C:SELECT 1", "20/3 0 20/20 0 0 0"},
	{"a function that changes too much", "SELECT close_jobs(4)", "", ""},
	{"a function for each row", "SELECT close_jobs(id) FROM jobs WHERE id <= 2", "D*2 C:SELECT 2", "20/2 0 20/20 0 0 0"},
	{"a function for each row, too often", "SELECT close_jobs(id) FROM jobs WHERE id <= 3", "", ""},
	{"a procedure", "CALL drop_jobs(3)", "C:CALL", "17/0 0 20/20 0 0 0"},
	{"a procedure that changes too much", "CALL drop_jobs(4)", "", ""},
	{"a block", "DO $$ BEGIN FOR i IN 1..3 LOOP DELETE FROM jobs WHERE id = i; END LOOP; END $$", "C:DO", "17/0 0 20/20 0 0 0"},
	{"a block that changes too much", "DO $$ BEGIN FOR i IN 1..4 LOOP DELETE FROM jobs WHERE id = i; END LOOP; END $$", "", ""},
	{"a block with a subtransaction that is undone", "DO $$ BEGIN BEGIN DELETE FROM jobs WHERE id <= 4; RAISE EXCEPTION 'no'; EXCEPTION WHEN raise_exception THEN NULL; END; END $$", "", ""},
	{"a block with a subtransaction", "DO $$ BEGIN BEGIN DELETE FROM jobs WHERE id <= 2; EXCEPTION WHEN raise_exception THEN NULL; END; END $$", "C:DO", "18/0 0 20/20 0 0 0"},
	{"EXPLAIN ANALYZE", "EXPLAIN (ANALYZE, FORMAT json) DELETE FROM jobs WHERE id <= 3", "D*1 C:EXPLAIN", "17/0 0 20/20 0 0 0"},
	{"EXPLAIN ANALYZE of too much", "EXPLAIN (ANALYZE, FORMAT json) DELETE FROM jobs WHERE id <= 4", "", ""},
	{"rows that change their partition", "WITH x AS (UPDATE measures SET at = at + 100 WHERE at < 1 RETURNING 1) SELECT count(*) FROM x", "D*1 C:SELECT 1", "20/0 0 20/20 0 1 0"},
	{"too many rows that change their partition", "WITH x AS (UPDATE measures SET at = at + 100 WHERE at < 4 RETURNING 1) SELECT count(*) FROM x", "", ""},
	{"a statement that fails", "WITH x AS (UPDATE jobs SET id = 2 WHERE id = 1 RETURNING 1) SELECT 1", "E:23505", ""},
	{"a procedure that commits", "CALL drop_and_commit(1)", "E:42501", ""},
	{"a block that commits", "DO $$ BEGIN DELETE FROM jobs WHERE id = 1; COMMIT; END $$", "E:42501", ""},
	{"a function that empties a table", "SELECT empty_archive()", "E:42501", ""},
	{"a function that runs a text", "SELECT dynamic('DELETE FROM jobs')", "E:42501", ""},
	{"a cursor", "DECLARE c CURSOR WITH HOLD FOR SELECT close_jobs(1)", "E:42501", ""},
	{"a function with a setting", "SELECT unseen()", "E:42501", ""},
	{"a setting", "DO $$ BEGIN SET LOCAL track_counts = off; DELETE FROM jobs; END $$", "E:42501", ""},
}

func TestLimitsOfWhatIsChangedInside(t *testing.T) {
	driven(t, func(t *testing.T, loops int) {
		s := newSite(t, options{rules: countRules, setup: countSetup, loops: loops})
		w := s.raw()
		untouched := s.count(countState)
		one := func(text string) []byte { return pipeline(parse("", text), bind("", ""), execute("", 0), syncs()) }
		simply := func(text string) []byte { return wire.AppendQuery(nil, text) }
		for _, way := range []struct {
			name string
			send func(string) []byte
			open bool
		}{{"by Query", simply, false}, {"by Execute", one, false}, {"by Query in a transaction", simply, true}, {"by Execute in a transaction", one, true}} {
			for _, c := range countedStatements {
				want, state, end := cmp.Or(c.want, "E:54000"), cmp.Or(c.state, untouched), "Z:I"
				undone := strings.HasPrefix(want, "E:")
				if way.open {
					wants(t, w.query("BEGIN"), "C:BEGIN Z:T")
					wants(t, w.query("INSERT INTO notes (body) VALUES ('before')"), "C:INSERT 0 1 Z:T")
					wants(t, w.query("DELETE FROM notes"), "C:DELETE 1 Z:T")
					wants(t, w.query("SAVEPOINT a"), "C:SAVEPOINT Z:T")
					if end = "Z:T"; undone {
						end = "Z:E"
					}
				}
				w.send(way.send(c.text))
				got := short(w.until(1))
				for _, noise := range []string{"T ", "1 2 "} {
					got = strings.TrimPrefix(got, noise)
				}
				if i := strings.Index(got, "E:"); undone && i > 0 {
					got = got[i:] // rows may have come before
				}
				if got != want+" "+end {
					t.Errorf("%s, %s: got %s, want %s %s", c.name, way.name, got, want, end)
				}
				if way.open {
					if undone {
						wants(t, w.query("ROLLBACK TO a"), "C:ROLLBACK Z:T")
						wants(t, w.query("SELECT 1"), "T D:1 C:SELECT 1 Z:T")
					}
					wants(t, w.query("COMMIT"), "C:COMMIT Z:I")
				}
				if got := s.count(countState); got != state {
					t.Errorf("%s, %s: the tables have %s, want %s", c.name, way.name, got, state)
				}
				s.direct(countReset)
			}
		}
	})
}

// A limit with RequireApproval and one with Warn count the same.
func TestLimitsThatDoNotDenyCountWhatIsChangedInside(t *testing.T) {
	s := newSite(t, options{setup: countSetup, rules: `
  guards:
  - {name: bulk, match: {commands: [Update]}, limit: {rows: 3}, action: RequireApproval, approval: dba}
  - {name: large, match: {commands: [Delete]}, limit: {rows: 3}, action: Warn, message: That is much.}
  approvals: [{name: dba, approvers: {any: true}, wait: 30s, expires: 5m}]
`})
	for i, mode := range modes {
		c := s.connect(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode })
		_, err := c.Exec(t.Context(), "SELECT close_jobs(3)")
		must(t, err)
		text := fmt.Sprintf("WITH x AS (UPDATE jobs SET state = 'taken %d' RETURNING 1) SELECT count(*) FROM x", i)
		_, err = c.Exec(t.Context(), text)
		e := refused(t, err, "54000", "changed 20 rows", "allows 3")
		if !strings.Contains(e.Hint, "approval dba") {
			t.Errorf("hint %q", e.Hint)
		}
		done := later(func() error { _, err := c.Exec(context.Background(), text); return err })
		s.decide(s.pending(1).ID, true)
		must(t, <-done)
		if got := s.count(fmt.Sprintf("SELECT count(*) FROM jobs WHERE state = 'taken %d'", i)); got != "20" {
			t.Errorf("%s rows", got)
		}
	}
	w := s.raw()
	for _, c := range []struct{ text, want string }{
		{"WITH x AS (DELETE FROM jobs WHERE id <= 3 RETURNING 1) SELECT count(*) FROM x", "T D:3 C:SELECT 1 Z:I"},
		{"WITH x AS (DELETE FROM jobs WHERE id <= 9 RETURNING 1) SELECT count(*) FROM x", "T D:6 N:01000 C:SELECT 1 Z:I"},
		{"DO $$ BEGIN DELETE FROM jobs WHERE id <= 19; END $$", "N:01000 C:DO Z:I"},
		{"DO $$ BEGIN DELETE FROM jobs; DELETE FROM children; COMMIT; END $$", "N:01000 C:DO Z:I"},
	} {
		wants(t, w.query(c.text), c.want)
	}
	s.direct("ALTER ROLE " + role + " SET track_counts = off")
	t.Cleanup(func() { s.direct("ALTER ROLE " + role + " RESET track_counts") })
	w = s.raw()
	wants(t, w.query("WITH x AS (DELETE FROM parents WHERE id = 1 RETURNING 1) SELECT count(*) FROM x"), "T D:1 N:01000 C:SELECT 1 Z:I")
	wants(t, w.query("WITH x AS (UPDATE parents SET name = 'x' WHERE id = 2 RETURNING 1) SELECT count(*) FROM x"), "T D:1 E:54000 Z:I")
	c := s.connect()
	_, err := c.Exec(t.Context(), "WITH x AS (UPDATE parents SET name = 'x' WHERE id = 3 RETURNING 1) SELECT count(*) FROM x")
	refused(t, err, "54000", "track_counts is off")
	if got := s.count("SELECT count(*) FROM parents WHERE name = 'x'"); got != "0" {
		t.Errorf("%s rows", got)
	}
}

// Earlier transactions of a session, and what it does besides, are not counted again.
func TestWhatIsCountedIsOfOneStatement(t *testing.T) {
	driven(t, func(t *testing.T, loops int) {
		s := newSite(t, options{rules: countRules, setup: countSetup, loops: loops})
		s.direct(`CREATE FUNCTION closes(integer) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN UPDATE public.jobs SET state = 'lie' WHERE id <= $1; RETURN true; END $$;
			CREATE FUNCTION lies(integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN public.closes($1); END $$`)
		const claim = "WITH next AS (SELECT id FROM jobs WHERE state = 'new' ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1), x AS (UPDATE jobs SET state = $1 FROM next WHERE jobs.id = next.id RETURNING jobs.id) SELECT id FROM x"
		// Many sessions, each with many transactions.
		var workers sync.WaitGroup
		var mu sync.Mutex
		claimed := map[int]int{}
		for i := range 4 {
			c := s.connect(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = modes[i%len(modes)] })
			workers.Go(func() {
				for {
					var id int
					err := c.QueryRow(context.Background(), claim, fmt.Sprint("taken by ", i)).Scan(&id)
					if errors.Is(err, pgx.ErrNoRows) {
						return
					}
					if err != nil {
						t.Errorf("worker %d: %v", i, err)
						return
					}
					mu.Lock()
					claimed[id]++
					mu.Unlock()
				}
			})
		}
		workers.Wait()
		if len(claimed) != 20 {
			t.Errorf("claimed: %v", claimed)
		}
		w := s.raw()
		one := func(text string) []byte { return pipeline(parse("", text), bind("", ""), execute("", 0)) }
		const three = "WITH x AS (UPDATE jobs SET state = 'x' WHERE id <= 3 RETURNING 1) SELECT 1"
		const four = "WITH x AS (UPDATE jobs SET state = 'y' WHERE id <= 4 RETURNING 1) SELECT 1"
		for _, c := range []struct {
			name  string
			send  []byte
			ready int
			want  string
		}{
			{"two in one batch", pipeline(one(three), one(three), syncs()), 1, "1 2 D*1 C:SELECT 1 1 2 D*1 C:SELECT 1 Z:I"},
			{"one beyond it before another", pipeline(one(three), one(four), one(three), syncs()), 1, "1 2 D*1 C:SELECT 1 1 2 D*1 E:54000 Z:I"},
			{"batches behind each other", pipeline(one(four), syncs(), one(three), syncs(), one("SELECT 1"), syncs()), 3, "1 2 D*1 E:54000 Z:I 1 2 D*1 C:SELECT 1 Z:I 1 2 D*1 C:SELECT 1 Z:I"},
			{"a Query behind a batch without a Sync", pipeline(one(three), wire.AppendQuery(nil, three)), 1, "1 2 D*1 C:SELECT 1 T D*1 C:SELECT 1 Z:I"},
			{"a plain write before it in one batch", pipeline(one("UPDATE jobs SET state = 'z' WHERE id = 4"), one(three), syncs()), 1, "1 2 C:UPDATE 1 1 2 D*1 C:SELECT 1 Z:I"},
			{"Queries behind each other", pipeline(wire.AppendQuery(nil, four), wire.AppendQuery(nil, three), wire.AppendQuery(nil, "SELECT 1")), 3, "T D*1 E:54000 Z:I T D*1 C:SELECT 1 Z:I T D*1 C:SELECT 1 Z:I"},
			{"a text of two", wire.AppendQuery(nil, "SELECT close_jobs(1); SELECT close_jobs(2)"), 1, "T D*1 C:SELECT 1 T D*1 C:SELECT 1 Z:I"},
			{"a text of two that are too much together", wire.AppendQuery(nil, "SELECT close_jobs(2); SELECT close_jobs(2)"), 1, "T D*1 C:SELECT 1 T D*1 E:54000 Z:I"},
			{"a portal in portions", pipeline(parse("", "SELECT close_jobs(1) FROM jobs WHERE id <= 2"), bind("", ""), execute("", 1), syncs()), 1, "1 2 D*1 E:54000 Z:I"},
			{"a named statement", pipeline(parse("a", three), bind("", "a"), execute("", 0), bind("", "a"), execute("", 0), syncs()), 1, "1 2 D*1 C:SELECT 1 2 D*1 C:SELECT 1 Z:I"},
			{"a portal that is executed again", pipeline(bind("p", "a"), execute("p", 0), execute("p", 0), syncs()), 1, "2 D*1 C:SELECT 1 C:SELECT 0 Z:I"},
			{"an error in front of it", pipeline(one("SELECT 1 / 0"), one(three), syncs()), 1, "1 E:22012 Z:I"},
			{"a transaction in one batch", pipeline(one("BEGIN"), one(four), one("COMMIT"), syncs()), 1, "1 2 C:BEGIN 1 2 D*1 E:54000 Z:E"},
			{"in that transaction", pipeline(bind("", "a"), execute("", 0), syncs()), 1, "E:25P02 Z:E"},
			{"in that transaction by Query", wire.AppendQuery(nil, three), 1, "E:25P02 Z:E"},
			{"its end, and one behind it", pipeline(one("ROLLBACK"), bind("", "a"), execute("", 0), syncs()), 1, "1 2 C:ROLLBACK 2 D*1 C:SELECT 1 Z:I"},
			{"a portal of an open transaction", pipeline(one("BEGIN"), bind("q", "a"), syncs(), one("SELECT 1"), execute("q", 0), syncs(), one("COMMIT"), syncs()), 3,
				"1 2 C:BEGIN 2 Z:T 1 2 D*1 C:SELECT 1 D*1 C:SELECT 1 Z:T 1 2 C:COMMIT Z:I"},
			{"a function that planning calls, bound", pipeline(parse("", "SELECT 1 WHERE lies(4)"), bind("", ""), syncs()), 1, "1 2 E:54000 Z:I"},
			{"a function that planning calls, within it", pipeline(parse("", "SELECT 1 WHERE lies(3)"), bind("", ""), describe('P', ""), syncs()), 1, "1 2 T Z:I"},
			{"a function that planning calls, executed", pipeline(one("SELECT 1 WHERE lies(4)"), syncs()), 1, "1 2 D*1 E:54000 Z:I"},
			{"a function that planning calls, behind another", pipeline(parse("", "SELECT 1 WHERE lies(4)"), bind("x", ""), one("SELECT 2"), syncs()), 1, "1 2 E:54000 Z:I"},
			{"a function that planning calls, before a Query", pipeline(parse("", "SELECT 1 WHERE lies(4)"), bind("", ""), wire.AppendQuery(nil, "SELECT 3"), syncs()), 1, "1 2 E:54000 Z:I"},
			{"a function that planning calls, by EXPLAIN", wire.AppendQuery(nil, "EXPLAIN (COSTS OFF) SELECT 1 WHERE lies(4)"), 1, "T D*1 E:54000 Z:I"},
			{"a Bind that fails", pipeline(parse("", "SELECT 1 WHERE lies(4) AND 1 / 0 = 1"), bind("", ""), syncs()), 1, "1 E:22012 Z:I"},
			{"PREPARE and EXECUTE", pipeline(wire.AppendQuery(nil, "PREPARE s AS "+three), wire.AppendQuery(nil, "EXECUTE s"), wire.AppendQuery(nil, "PREPARE f AS "+four), wire.AppendQuery(nil, "EXECUTE f")), 4,
				"C:PREPARE Z:I T D*1 C:SELECT 1 Z:I C:PREPARE Z:I T D*1 E:54000 Z:I"},
			{"EXECUTE by Execute", pipeline(one("EXECUTE s"), syncs(), one("EXECUTE f"), syncs()), 2, "1 2 D*1 C:SELECT 1 Z:I 1 2 D*1 E:54000 Z:I"},
			{"what prepares the transaction, in one text", pipeline(wire.AppendQuery(nil, "BEGIN"), wire.AppendQuery(nil, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; "+three), wire.AppendQuery(nil, "ROLLBACK")), 3,
				"C:BEGIN Z:T C:SET T D*1 C:SELECT 1 Z:T C:ROLLBACK Z:I"},
			{"what prepares the transaction, before", pipeline(wire.AppendQuery(nil, "BEGIN"), wire.AppendQuery(nil, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"), wire.AppendQuery(nil, three), wire.AppendQuery(nil, "COMMIT")), 4,
				"C:BEGIN Z:T C:SET Z:T T D*1 C:SELECT 1 Z:T C:COMMIT Z:I"},
		} {
			w.send(c.send)
			if got := short(w.until(c.ready)); got != c.want {
				t.Errorf("%s: got %s, want %s", c.name, got, c.want)
			}
		}
		if got := s.count("SELECT count(*) FROM jobs WHERE state = 'y' OR state = 'lie' AND id > 3"); got != "0" {
			t.Errorf("%s rows were not undone", got)
		}
		if got := w.query("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'weir%'"); got != "T D:0 C:SELECT 1 Z:I" {
			t.Errorf("left behind: %s", got)
		}
	})
}

// COPY FROM STDIN sets off a trigger that changes all of a table.
func TestLimitsOfWhatACopyLeadsTo(t *testing.T) {
	s := newSite(t, options{rules: `
  guards:
  - {name: writes, match: {any: true}, limit: {rows: 4}, action: Deny}
`, setup: countSetup})
	w := s.raw()
	for rows, want := range map[int]string{1: "C:COPY 1 Z:I", 2: "E:54000 Z:I"} {
		w.send(wire.AppendQuery(nil, "COPY archive FROM STDIN"))
		if typ, body := w.next(); typ != 'G' {
			t.Fatal(show(typ, body))
		}
		for range rows {
			w.send(frame('d', "7\n"))
		}
		w.send(frame('c', ""))
		wants(t, short(w.until(1)), want)
	}
	if got := s.count("SELECT count(*) FROM archive"); got != "1" {
		t.Errorf("%s rows", got)
	}
	w.send(pipeline(parse("", "COPY archive FROM STDIN"), bind("", ""), execute("", 0), syncs()))
	wants(t, short(w.until(1)), "1 2 E:0A000 Z:I")
}

// A guard that names tables counts theirs, those of their partitions and children.
func TestLimitsCountTheTablesThatTheyName(t *testing.T) {
	s := newSite(t, options{rules: `
  guards:
  - {name: measures, match: {tables: [public.measures, public.parents], access: Write}, limit: {rows: 3}, action: Deny}
`, setup: countSetup + "CREATE TABLE more_parents () INHERITS (parents); INSERT INTO more_parents SELECT g, 'm' FROM generate_series(1, 9) g; ALTER TABLE more_parents OWNER TO shop_app;"})
	w := s.raw()
	for _, c := range []struct{ name, text, want string }{
		{"others count for nothing", "WITH x AS (UPDATE jobs SET state = 'x' RETURNING 1), y AS (UPDATE measures SET value = 1 WHERE at < 3) SELECT count(*) FROM x", "T D:20 C:SELECT 1 Z:I"},
		{"partitions", "WITH y AS (UPDATE measures SET value = 1 WHERE at < 4 RETURNING 1) SELECT 1", "T D:1 E:54000 Z:I"},
		{"a partition by its name", "DO $$ BEGIN UPDATE measures_1 SET value = 1 WHERE at < 4; END $$", "E:54000 Z:I"},
		{"a child", "DO $$ BEGIN UPDATE parents SET name = 'y' WHERE name = 'm'; END $$", "E:54000 Z:I"},
		{"a child, within it", "DO $$ BEGIN UPDATE parents SET name = 'y' WHERE name = 'm' AND id < 4; END $$", "C:DO Z:I"},
		{"a child by its name", "DO $$ BEGIN UPDATE more_parents SET name = 'z' WHERE id < 5; END $$", "E:54000 Z:I"},
		{"temporary tables", "CREATE TEMP TABLE scratch AS SELECT * FROM measures", "C:SELECT 20 Z:I"},
		{"temporary tables count for nothing", "WITH x AS (DELETE FROM scratch RETURNING *), y AS (UPDATE measures SET value = 2 WHERE at < 3) SELECT count(*) FROM x", "T D:20 C:SELECT 1 Z:I"},
		{"a renamed one", "DO $$ BEGIN ALTER TABLE measures RENAME TO m; UPDATE m SET value = 3 WHERE at < 4; END $$", "E:54000 Z:I"},
	} {
		if got := w.query(c.text); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// Nothing of the client's stands for what the question asks.
func TestCountersThatAClientWouldLikeToForge(t *testing.T) {
	s := newSite(t, options{rules: countRules, setup: countSetup})
	s.direct("CREATE SCHEMA mine AUTHORIZATION shop_app")
	w := s.raw()
	for _, text := range []string{
		"CREATE TABLE mine.pg_class (oid oid, relname name, relkind \"char\")", "CREATE TABLE mine.pg_namespace (oid oid)",
		"CREATE FUNCTION mine.pg_stat_get_xact_tuples_updated(oid) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'",
		"CREATE FUNCTION mine.eq(oid, oid) RETURNS boolean LANGUAGE sql AS 'SELECT false'", "CREATE OPERATOR mine.= (FUNCTION = mine.eq, LEFTARG = oid, RIGHTARG = oid)",
		"CREATE TEMP TABLE pg_class (oid oid)", "CREATE TEMP TABLE pg_locks (pid integer)", "CREATE DOMAIN mine.text AS integer",
		"SET search_path = mine, public, pg_catalog",
	} {
		if got := w.query(text); !strings.HasPrefix(got, "C:") {
			t.Fatalf("%s: %s", text, got)
		}
	}
	wants(t, w.query("WITH x AS (UPDATE public.jobs SET state = 'x' WHERE id <= 4 RETURNING 1) SELECT 1"), "T D:1 E:54000 Z:I")
	wants(t, w.query("WITH x AS (UPDATE public.jobs SET state = 'x' WHERE id <= 3 RETURNING 1) SELECT 1"), "T D:1 C:SELECT 1 Z:I")
	wants(t, w.query("SHOW search_path"), "T D:mine, public, pg_catalog C:SHOW Z:I")

	// A table that a transaction's snapshot is too old for.
	wants(t, w.query("BEGIN ISOLATION LEVEL REPEATABLE READ"), "C:BEGIN Z:T")
	wants(t, w.query("SELECT 1"), "T D:1 C:SELECT 1 Z:T")
	s.direct("CREATE TABLE younger (id integer); ALTER TABLE younger OWNER TO shop_app; CREATE TABLE measures_3 PARTITION OF measures FOR VALUES FROM (200) TO (300); ALTER TABLE measures_3 OWNER TO shop_app")
	wants(t, w.query("WITH x AS (INSERT INTO public.younger SELECT generate_series(1, 3) RETURNING 1) SELECT count(*) FROM x"), "T D:3 C:SELECT 1 Z:T")
	wants(t, w.query("WITH x AS (INSERT INTO public.measures SELECT generate_series(200, 203), 1 RETURNING 1) SELECT count(*) FROM x"), "T D:4 E:54000 Z:E")
	wants(t, w.query("ROLLBACK"), "C:ROLLBACK Z:I")
}

// The question itself can be held up, and fail.
func TestAQuestionForTheCountersThatFails(t *testing.T) {
	driven(t, func(t *testing.T, loops int) {
		s := newSite(t, options{rules: countRules, setup: countSetup, loops: loops})
		owner, err := s.pg.Connect(t.Context(), s.database)
		must(t, err)
		defer func() { _ = owner.Close(context.Background()) }()
		does := func(text string) {
			t.Helper()
			_, err := owner.Exec(t.Context(), text)
			must(t, err)
		}
		for _, mode := range modes {
			c := s.connect(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode })
			const text = "WITH x AS (UPDATE jobs SET state = 'x' WHERE id = 1 AND pg_advisory_xact_lock(7) IS NOT NULL RETURNING 1) SELECT count(*) FROM x"
			// In front of the statement, whose decision is there already.
			_, err := c.Exec(t.Context(), text)
			must(t, err)
			_, err = c.Exec(t.Context(), "UPDATE jobs SET state = 'new' WHERE id = 1")
			must(t, err)
			_, err = c.Exec(t.Context(), "SET statement_timeout = 300")
			must(t, err)
			does("BEGIN")
			does("LOCK TABLE pg_catalog.pg_foreign_table IN ACCESS EXCLUSIVE MODE")
			_, err = c.Exec(t.Context(), text)
			refused(t, err, "57014", "cannot be counted", "statement timeout")
			_, err = c.Exec(t.Context(), "SET statement_timeout = 0")
			must(t, err)
			does("COMMIT")
			// Behind it, also in the client's own transaction.
			for _, own := range []bool{false, true} {
				if own {
					_, err = c.Exec(t.Context(), "BEGIN")
					must(t, err)
				}
				does("SELECT pg_advisory_lock(7)")
				done := later(func() error { _, err := c.Exec(context.Background(), text); return err })
				if !within(func() bool {
					return s.count("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'") == "1"
				}) {
					t.Fatal("nobody waits")
				}
				does("REVOKE EXECUTE ON FUNCTION pg_stat_get_xact_tuples_updated FROM PUBLIC")
				does("SELECT pg_advisory_unlock(7)")
				refused(t, <-done, "42501", "could not be counted", "permission denied")
				does("GRANT EXECUTE ON FUNCTION pg_stat_get_xact_tuples_updated TO PUBLIC")
				if got := s.count("SELECT count(*) FROM jobs WHERE state = 'x'"); got != "0" {
					t.Errorf("%s rows are changed", got)
				}
				if got := c.PgConn().TxStatus(); own && got != 'E' || !own && got != 'I' {
					t.Errorf("the transaction's state is %c", got)
				}
				if own {
					_, err = c.Exec(t.Context(), "ROLLBACK")
					must(t, err)
				}
			}
		}
		found := 0
		for _, r := range s.records(6, journal.KindStatementEnd) {
			if r.SQLState == "42501" && strings.HasSuffix(r.Rule, "/writes") {
				found++
			}
		}
		if found != 2*len(modes) {
			t.Errorf("%d statements that were undone are on record", found)
		}
	})
}
