package proxy_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/wire"
)

// limitRules bound results to five rows or 2000 bytes, and changes to three rows.
const limitRules = `
  guards:
  - name: results
    match: {commands: [Select, Copy, Fetch, Declare, Execute, Update, Delete, Insert]}
    limit: {rows: 5, bytes: 2000, of: Result}
    action: Deny
    message: Ask for less.
  - name: writes
    match: {commands: [Update, Delete, Insert, Merge]}
    limit: {rows: 3}
    action: Deny
  - name: imports
    match: {commands: [Copy], access: Write}
    limit: {rows: 3}
    action: Deny
`

// limitSetup has a constraint that is checked at the end of the transaction.
const limitSetup = `
CREATE TABLE later (id integer PRIMARY KEY, other integer REFERENCES later DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE later OWNER TO shop_app;
`

// driven runs a test on an event loop and on goroutines.
func driven(t *testing.T, run func(t *testing.T, loops int)) {
	for name, loops := range map[string]int{"loop": 1, "goroutines": -1} {
		t.Run(name, func(t *testing.T) { run(t, loops) })
	}
}

// jsonRow is a row of EXPLAIN in JSON.
var jsonRow = regexp.MustCompile(`(?s)D:\[.*?\n\] `)

// short leaves the rows out of what until shows but for their number.
func short(shown string) string {
	var out []string
	rows := map[string]int{}
	flush := func() {
		for k, n := range rows {
			out = append(out, fmt.Sprintf("%s*%d", k, n))
		}
		clear(rows)
	}
	for f := range strings.FieldsSeq(jsonRow.ReplaceAllString(shown, "D:json ")) {
		if k, _, _ := strings.Cut(f, ":"); k == "D" || k == "d" {
			rows[k]++
			continue
		}
		flush()
		out = append(out, f)
	}
	flush()
	return strings.Join(out, " ")
}

func TestLimitsOfQueries(t *testing.T) {
	driven(t, func(t *testing.T, loops int) {
		s := newSite(t, options{rules: limitRules, setup: limitSetup, loops: loops})
		w := s.raw()
		for _, c := range []struct{ name, text, want, check string }{
			{"a result within the limit", "SELECT id FROM orders WHERE id <= 5", "T D*5 C:SELECT 5 Z:I", ""},
			{"a result beyond it", "SELECT id FROM orders", "T D*5 E:54000 Z:I", ""},
			{"a result without an end", "SELECT generate_series(1, 1000000000)", "T D*5 E:54000 Z:I", ""},
			{"a result of too many bytes", "SELECT repeat('x', 1900) UNION ALL SELECT repeat('y', 1900)", "T D*1 E:54000 Z:I", ""},
			{"one row of too many bytes", "SELECT repeat('x', 100000)", "T E:54000 Z:I", ""},
			{"the next statement", "SELECT 1", "T D*1 C:SELECT 1 Z:I", ""},
			{"COPY TO within the limit", "COPY (SELECT id FROM orders WHERE id <= 5) TO STDOUT", "H d*5 c C:COPY 5 Z:I", ""},
			{"COPY TO with a header", "COPY (SELECT id FROM orders WHERE id <= 5) TO STDOUT (FORMAT csv, HEADER)", "H d*6 c C:COPY 5 Z:I", ""},
			{"COPY TO in binary", "COPY (SELECT id FROM orders WHERE id <= 5) TO STDOUT (FORMAT binary)", "H d*6 c C:COPY 5 Z:I", ""},
			{"COPY TO beyond it", "COPY orders TO STDOUT", "H d*5 E:54000 Z:I", ""},
			{"COPY TO without an end", "COPY (SELECT generate_series(1, 1000000000)) TO STDOUT", "H d*5 E:54000 Z:I", ""},
			{"a write within the limit", "UPDATE orders SET cents = 1 WHERE id <= 3", "C:UPDATE 3 Z:I", "SELECT count(*) FROM orders WHERE cents = 1=3"},
			{"a write beyond it", "UPDATE orders SET cents = 2 WHERE id <= 4", "E:54000 Z:I", "SELECT count(*) FROM orders WHERE cents = 2=0"},
			{"a write that returns, beyond it", "UPDATE orders SET cents = 2 WHERE id <= 4 RETURNING id", "T D*3 E:54000 Z:I", "SELECT count(*) FROM orders WHERE cents = 2=0"},
			{"a write that returns, beyond both", "UPDATE orders SET cents = 2 RETURNING id", "T D*3 E:54000 Z:I", "SELECT count(*) FROM orders WHERE cents = 2=0"},
			{"a write that returns, within it", "UPDATE orders SET cents = 3 WHERE id = 7 RETURNING id", "T D*1 C:UPDATE 1 Z:I", "SELECT count(*) FROM orders WHERE cents = 3=1"},
			{"a write that fails", "INSERT INTO orders (id) VALUES (1)", "E:23505 Z:I", ""},
			{"a write that does not parse at the server", "INSERT INTO orders (nosuch) VALUES (1)", "E:42703 Z:I", ""},
			{"a constraint that is checked at the end", "INSERT INTO later VALUES (1, 99)", "E:23503 Z:I", "SELECT count(*) FROM later=0"},
			{"the same, kept", "INSERT INTO later VALUES (1, 1)", "C:INSERT 0 1 Z:I", "SELECT count(*) FROM later=1"},
			{"several writes within the limit", "INSERT INTO notes (body) VALUES ('a'); INSERT INTO notes (body) VALUES ('b')", "C:INSERT 0 1 C:INSERT 0 1 Z:I", "SELECT count(*) FROM notes=2"},
			{"several of which one is beyond it", "INSERT INTO notes (body) VALUES ('c'); DELETE FROM orders WHERE id > 90; INSERT INTO notes (body) VALUES ('d')", "C:INSERT 0 1 E:54000 Z:I", "SELECT count(*) FROM notes=2"},
			{"several whose last is beyond it", "INSERT INTO notes (body) VALUES ('c'); DELETE FROM orders WHERE id > 90", "C:INSERT 0 1 E:54000 Z:I", "SELECT count(*) FROM orders=100"},
			{"a result beyond it, and a write behind", "SELECT id FROM orders; INSERT INTO notes (body) VALUES ('e')", "T D*5 E:54000 Z:I", "SELECT count(*) FROM notes=2"},
			{"a write before a result beyond it", "INSERT INTO notes (body) VALUES ('e'); SELECT id FROM orders", "C:INSERT 0 1 T D*5 E:54000 Z:I", "SELECT count(*) FROM notes=2"},
			{"results of which each has its own count", "SELECT id FROM orders LIMIT 4; SELECT id FROM orders LIMIT 4", "T D*4 C:SELECT 4 T D*4 C:SELECT 4 Z:I", ""},
			{"two results beyond it", "SELECT id FROM orders; SELECT id FROM orders", "T D*5 E:54000 Z:I", ""},
			{"a write and the end of a transaction in one text", "INSERT INTO notes (body) VALUES ('f'); ROLLBACK", "C:INSERT 0 1 N:25P01 C:ROLLBACK Z:I", "SELECT count(*) FROM notes=2"},
			{"a whole transaction in one text", "BEGIN; INSERT INTO notes (body) VALUES ('f'); ROLLBACK", "C:BEGIN C:INSERT 0 1 C:ROLLBACK Z:I", "SELECT count(*) FROM notes=2"},
			{"a transaction that only reads in one text", "BEGIN; SELECT 1; COMMIT", "C:BEGIN T D*1 C:SELECT 1 C:COMMIT Z:I", ""},
			{"the same beyond the limit", "BEGIN; SELECT id FROM orders; COMMIT", "C:BEGIN T D*5 E:54000 Z:E", ""},
			{"the rollback of that", "ROLLBACK", "C:ROLLBACK Z:I", ""},
			{"a begin and a result beyond the limit", "BEGIN; SELECT id FROM orders", "C:BEGIN T D*5 E:54000 Z:E", ""},
			{"the rollback of that", "ROLLBACK", "C:ROLLBACK Z:I", ""},
			{"what cannot run in a transaction", "VACUUM notes", "C:VACUUM Z:I", ""},
			{"a prepared write", "PREPARE w AS UPDATE orders SET cents = 9 WHERE id <= $1", "C:PREPARE Z:I", ""},
			{"its execution beyond the limit", "EXECUTE w(4)", "E:54000 Z:I", "SELECT count(*) FROM orders WHERE cents = 9=0"},
			{"its execution within it", "EXECUTE w(2)", "C:UPDATE 2 Z:I", "SELECT count(*) FROM orders WHERE cents = 9=2"},
			{"an insert of a query beyond it", "INSERT INTO notes (body) SELECT 'n' || g FROM generate_series(1, 4) g", "E:54000 Z:I", "SELECT count(*) FROM notes=2"},
			{"an insert of a long text", "INSERT INTO notes (body) VALUES (repeat('x', 2500))", "C:INSERT 0 1 Z:I", ""},
			{"a merge beyond it", "MERGE INTO orders o USING orders u ON o.id = u.id WHEN MATCHED THEN UPDATE SET cents = 8", "E:54000 Z:I", "SELECT count(*) FROM orders WHERE cents = 8=0"},
			{"EXPLAIN of a write", "EXPLAIN (FORMAT json) DELETE FROM orders WHERE id = 1", "T D*1 C:EXPLAIN Z:I", ""},
			{"a write that is hidden", "WITH d AS (DELETE FROM orders WHERE id > 1 RETURNING id) SELECT count(*) FROM d", "T D*1 E:54000 Z:I", "SELECT count(*) FROM orders=100"},
			{"nothing at all", "", "I Z:I", ""},
		} {
			if got := short(w.query(c.text)); got != c.want {
				t.Errorf("%s: got %s, want %s", c.name, got, c.want)
			}
			if i := strings.LastIndexByte(c.check, '='); i > 0 {
				if got := s.count(c.check[:i]); got != c.check[i+1:] {
					t.Errorf("%s: %s gives %s", c.name, c.check, got)
				}
			}
		}
	})
}

func TestLimitsInATransaction(t *testing.T) {
	driven(t, func(t *testing.T, loops int) {
		s := newSite(t, options{rules: limitRules, loops: loops})
		w := s.raw()
		for _, c := range []struct{ text, want string }{
			{"BEGIN", "C:BEGIN Z:T"},
			{"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "C:SET Z:T"},
			{"UPDATE orders SET cents = 1 WHERE id <= 3", "C:UPDATE 3 Z:T"},
			{"SAVEPOINT a", "C:SAVEPOINT Z:T"},
			{"UPDATE orders SET cents = 2", "E:54000 Z:E"},
			{"SELECT 1", "E:25P02 Z:E"},
			{"UPDATE orders SET cents = 2", "E:25P02 Z:E"},
			{"ROLLBACK TO a", "C:ROLLBACK Z:T"},
			{"UPDATE orders SET cents = 4 WHERE id = 50", "C:UPDATE 1 Z:T"},
			{"SAVEPOINT b", "C:SAVEPOINT Z:T"},
			{"SELECT generate_series(1, 1000000000)", "T D*5 E:54000 Z:E"},
			{"ROLLBACK TO b", "C:ROLLBACK Z:T"},
			{"SELECT id FROM orders", "T D*5 E:54000 Z:E"},
			{"ROLLBACK TO b", "C:ROLLBACK Z:T"},
			{"UPDATE orders SET cents = 2; COMMIT", "E:54000 Z:E"},
			{"ROLLBACK TO b; UPDATE orders SET cents = 5 WHERE id = 51", "C:ROLLBACK C:UPDATE 1 Z:T"},
			{"RELEASE b", "C:RELEASE Z:T"},
			{"COMMIT", "C:COMMIT Z:I"},
		} {
			if got := short(w.query(c.text)); got != c.want {
				t.Errorf("%s: got %s, want %s", c.text, got, c.want)
			}
		}
		if got := s.count("SELECT count(*) FILTER (WHERE cents = 1) || ' ' || count(*) FILTER (WHERE cents = 2) || ' ' || count(*) FILTER (WHERE cents = 4) FROM orders"); got != "3 0 1" {
			t.Errorf("the table has %s", got)
		}
	})
}

func TestLimitsOfCursors(t *testing.T) {
	driven(t, func(t *testing.T, loops int) {
		s := newSite(t, options{rules: limitRules, loops: loops})
		w := s.raw()
		for _, c := range []struct{ text, want string }{
			{"BEGIN; DECLARE c CURSOR FOR SELECT id FROM orders", "C:BEGIN C:DECLARE CURSOR Z:T"},
			{"FETCH 3 FROM c", "T D*3 C:FETCH 3 Z:T"},
			{"FETCH 2 FROM c", "T D*2 C:FETCH 2 Z:T"},
			{"FETCH 1 FROM c", "T E:54000 Z:E"},
			{"ROLLBACK", "C:ROLLBACK Z:I"},
			{"DECLARE h CURSOR WITH HOLD FOR SELECT id FROM orders", "C:DECLARE CURSOR Z:I"},
			{"FETCH 3 FROM h", "T D*3 C:FETCH 3 Z:I"},
			{"SELECT 1", "T D*1 C:SELECT 1 Z:I"},
			{"FETCH BACKWARD 2 FROM h", "T D*2 C:FETCH 2 Z:I"},
			{"FETCH 3 FROM h", "T E:54000 Z:I"},
			{"CLOSE h", "C:CLOSE CURSOR Z:I"},
			{"BEGIN", "C:BEGIN Z:T"},
			{"DECLARE c CURSOR FOR SELECT id FROM orders", "C:DECLARE CURSOR Z:T"},
			{"FETCH 3 FROM c; FETCH 2 FROM c", "T D*3 C:FETCH 3 T D*2 C:FETCH 2 Z:T"},
			{"COMMIT", "C:COMMIT Z:I"},
			{"BEGIN; DECLARE c CURSOR FOR SELECT id FROM orders; FETCH 4 FROM c; FETCH 4 FROM c", "C:BEGIN C:DECLARE CURSOR T D*4 C:FETCH 4 T D*1 E:54000 Z:E"},
			{"ROLLBACK", "C:ROLLBACK Z:I"},
		} {
			if got := short(w.query(c.text)); got != c.want {
				t.Errorf("%s: got %s, want %s", c.text, got, c.want)
			}
		}
	})
}

func TestLimitsOfPipelines(t *testing.T) {
	driven(t, func(t *testing.T, loops int) {
		s := newSite(t, options{rules: limitRules, setup: limitSetup, loops: loops})
		w := s.raw()
		one := func(text string) []byte { return pipeline(parse("", text), bind("", ""), execute("", 0)) }
		for _, c := range []struct {
			name  string
			send  []byte
			ready int
			want  string
		}{
			{"a result within the limit", pipeline(one("SELECT id FROM orders LIMIT 5"), syncs()), 1, "1 2 D*5 C:SELECT 5 Z:I"},
			{"a result beyond it", pipeline(one("SELECT id FROM orders"), syncs()), 1, "1 2 D*5 E:54000 Z:I"},
			{"a result without an end", pipeline(one("SELECT generate_series(1, 1000000000)"), syncs()), 1, "1 2 D*5 E:54000 Z:I"},
			{"a result beyond it with more behind", pipeline(one("SELECT id FROM orders"), one("INSERT INTO notes (body) VALUES ('skipped')"), syncs(), one("SELECT 1"), syncs()), 2,
				"1 2 D*5 E:54000 Z:I 1 2 D*1 C:SELECT 1 Z:I"},
			{"a write before a result beyond it", pipeline(one("INSERT INTO notes (body) VALUES ('undone')"), one("SELECT id FROM orders"), syncs()), 1, "1 2 C:INSERT 0 1 1 2 D*5 E:54000 Z:I"},
			{"the same without an end", pipeline(one("INSERT INTO notes (body) VALUES ('undone2')"), one("SELECT generate_series(1, 1000000000)"), syncs()), 1, "1 2 C:INSERT 0 1 1 2 D*5 E:54000 Z:I"},
			{"a portal in parts", pipeline(parse("", "SELECT id FROM orders"), bind("", ""), execute("", 3), execute("", 3), execute("", 3), syncs()), 1, "1 2 D*3 s D*2 E:54000 Z:I"},
			{"a portal in parts within it", pipeline(parse("", "SELECT id FROM orders LIMIT 5"), bind("", ""), execute("", 3), execute("", 3), syncs()), 1, "1 2 D*3 s D*2 C:SELECT 2 Z:I"},
			{"a write within the limit", pipeline(one("UPDATE orders SET cents = 1 WHERE id <= 3"), syncs()), 1, "1 2 C:UPDATE 3 Z:I"},
			{"a write beyond it", pipeline(one("UPDATE orders SET cents = 2"), syncs()), 1, "1 2 E:54000 Z:I"},
			{"a write that returns, beyond it", pipeline(one("UPDATE orders SET cents = 2 RETURNING id"), syncs()), 1, "1 2 D*3 E:54000 Z:I"},
			{"writes of which one is beyond it", pipeline(one("INSERT INTO notes (body) VALUES ('undone')"), one("DELETE FROM orders"), one("INSERT INTO notes (body) VALUES ('skipped')"), syncs()), 1,
				"1 2 C:INSERT 0 1 1 2 E:54000 Z:I"},
			{"a transaction in one batch", pipeline(one("BEGIN"), one("DELETE FROM orders"), one("COMMIT"), syncs()), 1, "1 2 C:BEGIN 1 2 E:54000 Z:E"},
			{"its end", pipeline(one("COMMIT"), syncs()), 1, "1 2 C:ROLLBACK Z:I"},
			{"a begin and a result beyond the limit", pipeline(one("BEGIN"), syncs(), one("SELECT id FROM orders"), syncs()), 2, "1 2 C:BEGIN Z:T 1 2 D*5 E:54000 Z:E"},
			{"its rollback", pipeline(one("ROLLBACK"), syncs()), 1, "1 2 C:ROLLBACK Z:I"},
			{"COPY beyond it", pipeline(one("COPY orders TO STDOUT"), syncs()), 1, "1 2 H d*5 E:54000 Z:I"},
			{"a Query behind a batch", pipeline(one("SELECT id FROM orders"), syncs(), wire.AppendQuery(nil, "SELECT 1")), 2, "1 2 D*5 E:54000 Z:I T D*1 C:SELECT 1 Z:I"},
			{"Queries behind each other", pipeline(wire.AppendQuery(nil, "UPDATE orders SET cents = 2"), wire.AppendQuery(nil, "UPDATE orders SET cents = 1 WHERE id = 1"), wire.AppendQuery(nil, "SELECT id FROM orders")), 3,
				"E:54000 Z:I C:UPDATE 1 Z:I T D*5 E:54000 Z:I"},
			{"a Query without a Sync in front", pipeline(one("INSERT INTO notes (body) VALUES ('undone')"), wire.AppendQuery(nil, "UPDATE orders SET cents = 2")), 1, "1 2 C:INSERT 0 1 E:54000 Z:I"},
			{"a constraint that is checked at the end", pipeline(one("INSERT INTO later VALUES (1, 99)"), syncs()), 1, "1 2 C:INSERT 0 1 E:23503 Z:I"},
		} {
			w.send(c.send)
			if got := short(w.until(c.ready)); got != c.want {
				t.Errorf("%s: got %s, want %s", c.name, got, c.want)
			}
		}
		if got := s.count("SELECT (SELECT count(*) FROM notes) || ' ' || count(*) || ' ' || count(*) FILTER (WHERE cents = 1) FROM orders"); got != "0 100 3" {
			t.Errorf("the tables have %s", got)
		}
		// An error comes at once, also where a Sync is not sent yet.
		w.send(one("DELETE FROM orders"), frame('H', ""))
		for _, want := range []string{"1", "2", "E:54000"} {
			typ, body := w.next()
			if got := show(typ, body); got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
		}
		w.send(one("SELECT 'skipped'"), syncs())
		wants(t, short(w.until(1)), "Z:I")
		wants(t, short(w.query("SELECT 1")), "T D*1 C:SELECT 1 Z:I")
	})
}

func TestLimitsOfCopyFrom(t *testing.T) {
	driven(t, func(t *testing.T, loops int) {
		s := newSite(t, options{rules: limitRules, loops: loops})
		w := s.raw()
		for _, c := range []struct {
			rows int
			want string
		}{{3, "C:COPY 3 Z:I"}, {4, "E:54000 Z:I"}} {
			w.send(wire.AppendQuery(nil, "COPY notes (body) FROM STDIN"))
			if typ, body := w.next(); typ != 'G' {
				t.Fatal(show(typ, body))
			}
			for i := range c.rows {
				w.send(frame('d', fmt.Sprintf("%d of %d\n", i, c.rows)))
			}
			w.send(frame('c', ""))
			wants(t, short(w.until(1)), c.want)
			if got := s.count("SELECT count(*) FROM notes"); got != "3" {
				t.Errorf("after %d rows the table has %s", c.rows, got)
			}
		}
	})
}

func TestWhatPassesALimitIsOnRecord(t *testing.T) {
	s := newSite(t, options{rules: limitRules})
	c := s.connect(simple)
	_, err := c.Exec(t.Context(), "UPDATE orders SET cents = 2")
	e := refused(t, err, "54000", "bot/writes", "changed 100 rows", "allows 3")
	if e.Hint == "" || e.Detail == "" {
		t.Errorf("%+v", e)
	}
	_, err = c.Exec(t.Context(), "SELECT id FROM orders")
	e = refused(t, err, "54000", "bot/results", "more than 5 rows")
	if !strings.Contains(e.Detail, "Ask for less.") {
		t.Errorf("detail %q", e.Detail)
	}
	for _, r := range s.records(2, journal.KindStatementEnd) {
		if r.SQLState != "54000" || r.Outcome != journal.OutcomeFailed || !strings.HasPrefix(r.Rule, "bot/") {
			t.Errorf("recorded %+v", r)
		}
	}
}

func TestSoftLimitsTell(t *testing.T) {
	driven(t, func(t *testing.T, loops int) {
		s := newSite(t, options{loops: loops, rules: `
  guards:
  - {name: large, match: {commands: [Select, Update]}, limit: {rows: 5}, action: Warn, message: That is much.}
`})
		w := s.raw()
		wants(t, short(w.query("SELECT id FROM orders LIMIT 5")), "T D*5 C:SELECT 5 Z:I")
		wants(t, short(w.query("SELECT id FROM orders")), "T D*5 N:01000 D*95 C:SELECT 100 Z:I")
		wants(t, short(w.query("UPDATE orders SET cents = 7")), "N:01000 C:UPDATE 100 Z:I")
		found := 0
		for _, r := range s.records(3, journal.KindStatementEnd) {
			if len(r.Warnings) == 1 && strings.Contains(r.Warnings[0], "bot/large: more than 5 rows") {
				found++
			}
		}
		if found != 2 {
			t.Errorf("%d warnings are on record", found)
		}
	})
}

func TestRatesCountStatementsOnce(t *testing.T) {
	s := newSite(t, options{rules: `
  guards:
  - {name: often, match: {commands: [Select]}, rate: {statements: 4, per: 1h}, action: Deny}
`})
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeSimpleProtocol} {
		c := s.connect(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode })
		for range 2 {
			_, err := c.Exec(t.Context(), "SELECT 1")
			must(t, err)
		}
	}
	c := s.connect(simple)
	_, err := c.Exec(t.Context(), "SELECT 1")
	refused(t, err, "42501", "bot/often", "4 in 1h")
	_, err = c.Exec(t.Context(), "UPDATE orders SET cents = 1")
	must(t, err)
}

// A cancel request of the client's own ends a statement as ever, also in front of
// weir's own BEGIN.
func TestACanceledWriteWithALimit(t *testing.T) {
	driven(t, func(t *testing.T, loops int) {
		s := newSite(t, options{rules: limitRules, loops: loops})
		c := s.connect(simple)
		done := later(func() error {
			_, err := c.Exec(t.Context(), "UPDATE orders SET cents = 1 WHERE id = 1 AND pg_sleep(600) IS NOT NULL")
			return err
		})
		s.sleeps()
		must(t, c.PgConn().CancelRequest(t.Context()))
		err := <-done
		refused(t, err, "57014")
		if errors.Is(err, pgx.ErrNoRows) || c.PgConn().TxStatus() != 'I' {
			t.Errorf("state %c", c.PgConn().TxStatus())
		}
		must(t, c.Ping(t.Context()))
	})
}

// A statement that passes a limit with RequireApproval is undone once; sent again
// it waits for the approval, and then it has no such limit.
func TestALimitThatAnApprovalLifts(t *testing.T) {
	s := newSite(t, options{rules: `
  guards:
  - {name: bulk, match: {commands: [Update]}, limit: {rows: 10}, action: RequireApproval, approval: dba}
  approvals: [{name: dba, approvers: {any: true}, wait: 30s, expires: 5m}]
`})
	for i, mode := range modes {
		c := s.connect(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode })
		text := fmt.Sprintf("UPDATE orders SET cents = %d WHERE id <= 50", i+1)
		_, err := c.Exec(t.Context(), "UPDATE orders SET cents = 0 WHERE id = 1")
		must(t, err)
		_, err = c.Exec(t.Context(), text)
		e := refused(t, err, "54000", "changed 50 rows", "allows 10")
		if !strings.Contains(e.Hint, "approval dba") {
			t.Errorf("hint %q", e.Hint)
		}
		done := later(func() error {
			tag, err := c.Exec(context.Background(), text)
			if err == nil && tag.RowsAffected() != 50 {
				err = fmt.Errorf("%s", tag)
			}
			return err
		})
		r := s.pending(1)
		if r.Rule != "bulk" || r.Text != text {
			t.Errorf("asked for %+v", r)
		}
		s.decide(r.ID, true)
		must(t, <-done)
		if got := s.count(fmt.Sprintf("SELECT count(*) FROM orders WHERE cents = %d", i+1)); got != "50" {
			t.Errorf("%s rows", got)
		}
	}
}
