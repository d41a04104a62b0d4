package proxy_test

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/wire"
)

// A text of several statements that begins or ends transactions itself, or takes COPY
// data, is sent one statement after the other where a limit is on it. The client must not
// tell it from one that was sent whole, unless a limit is passed.

// textRules have limits on all that the texts do, so high that none is passed.
const textRules = `
  guards:
  - name: rows
    match: {any: true}
    limit: {rows: 1000}
    action: Deny
`

const textSetup = `
CREATE TABLE x (a integer PRIMARY KEY, b text);
CREATE TABLE late (a integer UNIQUE DEFERRABLE INITIALLY DEFERRED);
CREATE FUNCTION adds(integer) RETURNS integer LANGUAGE plpgsql AS 'BEGIN INSERT INTO x VALUES ($1); RETURN $1; END';
ALTER TABLE x OWNER TO shop_app; ALTER TABLE late OWNER TO shop_app;
`

// texts are told from each other by what they do to transactions.
var texts = []string{
	"BEGIN; UPDATE x SET b = 'u' WHERE a = 2; COMMIT",
	"BEGIN; UPDATE x SET b = 'u' WHERE a = 2; COMMIT;",
	" ; BEGIN ;; UPDATE x SET b = 'u' WHERE a = 2 ; ; COMMIT ; ",
	"BEGIN; UPDATE x SET b = 'u' WHERE a = 2; END",
	"START TRANSACTION; DELETE FROM x WHERE a = 2; ROLLBACK",
	"BEGIN; DELETE FROM x WHERE a = 2; ABORT",
	"BEGIN; DELETE FROM x WHERE a = 2",
	"BEGIN",
	"INSERT INTO x VALUES (10, 'before'); BEGIN; UPDATE x SET b = 'in' WHERE a = 1; COMMIT; INSERT INTO x VALUES (11, 'behind')",
	"INSERT INTO x VALUES (10, 'before'); BEGIN; UPDATE x SET b = 'in' WHERE a = 1; ROLLBACK; INSERT INTO x VALUES (11, 'behind')",
	"INSERT INTO x VALUES (10, 'before'); BEGIN",
	"INSERT INTO x VALUES (10, 'before'); BEGIN; INSERT INTO x VALUES (1, 'fails')",
	"INSERT INTO x VALUES (10, 'before'); BEGIN; COMMIT; INSERT INTO x VALUES (1, 'fails'); SELECT 1",
	"INSERT INTO x VALUES (10, 'a'); INSERT INTO x VALUES (11, 'b'); BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT",
	"INSERT INTO x VALUES (10, 'a'); COMMIT; INSERT INTO x VALUES (1, 'fails')",
	"INSERT INTO x VALUES (10, 'a'); ROLLBACK; INSERT INTO x VALUES (11, 'b')",
	"INSERT INTO x VALUES (10, 'a'); COMMIT; COMMIT; ROLLBACK; INSERT INTO x VALUES (11, 'b'); END",
	"COMMIT; INSERT INTO x VALUES (10, 'a')",
	"INSERT INTO x VALUES (10, 'a'); SAVEPOINT s; INSERT INTO x VALUES (11, 'b')",
	"INSERT INTO x VALUES (10, 'a'); RELEASE s; INSERT INTO x VALUES (11, 'b')",
	"INSERT INTO x VALUES (10, 'a'); ROLLBACK TO s; INSERT INTO x VALUES (11, 'b')",
	"INSERT INTO x VALUES (10, 'a'); COMMIT AND CHAIN; INSERT INTO x VALUES (11, 'b')",
	"INSERT INTO x VALUES (10, 'a'); ROLLBACK AND CHAIN; INSERT INTO x VALUES (11, 'b')",
	"INSERT INTO x VALUES (10, 'a'); PREPARE TRANSACTION 'p'; SELECT 1",
	"INSERT INTO x VALUES (10, 'a'); COMMIT PREPARED 'p'; SELECT 1",
	"SAVEPOINT s; INSERT INTO x VALUES (10, 'a')",
	"BEGIN; SAVEPOINT s; INSERT INTO x VALUES (10, 'a'); ROLLBACK TO s; INSERT INTO x VALUES (11, 'b'); RELEASE s; COMMIT",
	"BEGIN; INSERT INTO x VALUES (10, 'a'); COMMIT AND CHAIN; INSERT INTO x VALUES (11, 'b')",
	"BEGIN; INSERT INTO x VALUES (10, 'a'); ROLLBACK AND CHAIN; INSERT INTO x VALUES (11, 'b'); COMMIT",
	"BEGIN; INSERT INTO x VALUES (10, 'a'); BEGIN; INSERT INTO x VALUES (11, 'b'); COMMIT; COMMIT",
	"BEGIN; INSERT INTO x VALUES (10, 'a'); COMMIT; BEGIN; INSERT INTO x VALUES (11, 'b'); ROLLBACK; BEGIN; INSERT INTO x VALUES (12, 'c'); COMMIT",
	"BEGIN; INSERT INTO x VALUES (10, 'a'); INSERT INTO x VALUES (1, 'fails'); INSERT INTO x VALUES (11, 'b'); COMMIT",
	"BEGIN; INSERT INTO x VALUES (10, 'a'); COMMIT; INSERT INTO x VALUES (1, 'fails'); INSERT INTO x VALUES (11, 'b')",
	"BEGIN; INSERT INTO x VALUES (10, 'a'); COMMIT; INSERT INTO x VALUES (12, 'b'); INSERT INTO x VALUES (1, 'fails')",
	"BEGIN; INSERT INTO x VALUES (10, 'ä'); /* ∅ */ INSERT INTO nosuch VALUES (1); COMMIT",
	"INSERT INTO x VALUES (10, '€'); INSERT INTO x (a, nosuch) VALUES (11, ''); COMMIT",
	"BEGIN; INSERT INTO x (a) SELECT 1 / (a - 1) FROM x; COMMIT",
	"BEGIN; INSERT INTO late VALUES (1), (1); COMMIT; INSERT INTO x VALUES (10, 'a')",
	"INSERT INTO x VALUES (10, 'a'); INSERT INTO late VALUES (1), (1)",
	"INSERT INTO x VALUES (10, 'a'); COMMIT; INSERT INTO late VALUES (1), (1)",
	"INSERT INTO late VALUES (1), (1); ROLLBACK; INSERT INTO x VALUES (10, 'a')",
	"BEGIN; INSERT INTO late VALUES (1), (1); SET CONSTRAINTS ALL IMMEDIATE; COMMIT",
	"INSERT INTO x VALUES (10, 'a'); COMMIT; VACUUM x",
	"BEGIN; INSERT INTO x VALUES (10, 'a'); VACUUM x; COMMIT",
	"BEGIN; COMMIT; VACUUM x",
	"BEGIN; COMMIT; CREATE DATABASE nobody",
	"BEGIN; SELECT adds(10); COMMIT; SELECT adds(11); SELECT adds(1)",
	"BEGIN; WITH w AS (INSERT INTO x VALUES (10, 'a') RETURNING a) SELECT * FROM w; COMMIT; SELECT count(*) FROM x",
	"SELECT adds(10); COMMIT; SELECT adds(11)",
	"SELECT adds(10); BEGIN; SELECT adds(11); ROLLBACK",
	"BEGIN; DO 'BEGIN INSERT INTO x VALUES (10); RAISE NOTICE ''done''; END'; COMMIT",
	"BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; WITH w AS (INSERT INTO x VALUES (10, 'a') RETURNING a) SELECT * FROM w; SHOW transaction_isolation; COMMIT",
	"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; WITH w AS (INSERT INTO x VALUES (10, 'a') RETURNING a) SELECT * FROM w; SHOW transaction_isolation",
	"SET LOCAL work_mem = '5MB'; COMMIT; SHOW work_mem; INSERT INTO x VALUES (10, 'a')",
	"BEGIN READ ONLY; INSERT INTO x VALUES (10, 'a'); COMMIT",
	"BEGIN; DECLARE c CURSOR FOR SELECT a FROM x ORDER BY a; FETCH 2 FROM c; UPDATE x SET b = 'c' WHERE CURRENT OF c; COMMIT",
	"DECLARE c CURSOR FOR SELECT a FROM x ORDER BY a; FETCH 2 FROM c; COMMIT; FETCH 1 FROM c; INSERT INTO x VALUES (10, 'a')",
	"BEGIN; CREATE TABLE made (a integer); INSERT INTO made VALUES (1); DROP TABLE IF EXISTS nosuch; DROP TABLE made; COMMIT",
	"BEGIN; PREPARE p AS INSERT INTO x VALUES ($1); EXECUTE p (10); COMMIT; EXECUTE p (11); DEALLOCATE p",
	"BEGIN; SELECT a FROM x ORDER BY a; INSERT INTO x VALUES (10, 'a') RETURNING a, b; COMMIT; SELECT 2",
	"BEGIN; COPY x FROM STDIN; COMMIT; SELECT count(*) FROM x",
	"COPY x FROM STDIN; SELECT count(*) FROM x; COPY x TO STDOUT",
	"BEGIN; COPY x FROM STDIN; COPY x FROM STDIN; COMMIT",
	"INSERT INTO x VALUES (20, 'a'); COPY x FROM STDIN; ROLLBACK; SELECT count(*) FROM x",
	"BEGIN; COPY x TO STDOUT; DELETE FROM x WHERE a = 1; COMMIT",
	"ROLLBACK; INSERT INTO x VALUES (10, 'a'); SELECT 1",
	"INSERT INTO x VALUES (10, 'a'); LISTEN n; COMMIT; UNLISTEN n",
	"BEGIN; LOCK TABLE x; DISCARD ALL; COMMIT",
	"-- a comment; with a semicolon\nBEGIN; INSERT INTO x VALUES (10, ';'); INSERT INTO x VALUES (11, $$;COMMIT;$$); COMMIT",
}

// replies gives what comes back for a text, frame by frame, with the data that COPY asks
// for.
func replies(t *testing.T, c net.Conn, text string, copied *int) []string {
	t.Helper()
	must(t, c.SetDeadline(time.Now().Add(30*time.Second)))
	w := newWireConn(t, c)
	w.send(wire.AppendQuery(nil, text))
	var got []string
	for {
		typ, body := w.next()
		switch typ {
		case wire.ParameterStatus:
			continue // which comes at any time
		case wire.ErrorResponse, wire.NoticeResponse:
			// The routine that raises one in an implicit transaction can be another.
			body = withoutSource(body)
		case wire.CopyInResponse:
			*copied++
			w.send(frame('d', fmt.Sprintf("%d\tcopied\n", 100+*copied)), frame('c', ""))
		}
		got = append(got, fmt.Sprintf("%c %q", typ, body))
		if typ == wire.ReadyForQuery {
			return got
		}
	}
}

func withoutSource(body []byte) []byte {
	var kept []string
	for f := range strings.SplitSeq(string(body), "\x00") {
		if f != "" && !strings.ContainsAny(f[:1], "FLR") {
			kept = append(kept, f)
		}
	}
	return []byte(strings.Join(kept, " "))
}

func TestTextsWithTransactionsOfTheirOwnAreAsWithoutLimits(t *testing.T) {
	driven(t, func(t *testing.T, loops int) {
		s := newSite(t, options{rules: textRules, setup: textSetup, loops: loops})
		admin := s.directly()
		for i, before := range []string{"", "BEGIN; INSERT INTO x VALUES (5, 'before')", "BEGIN; INSERT INTO x VALUES (1)"} {
			for k, text := range texts {
				if loops < 0 && (i > 0 || k%4 > 0) || i > 0 && k%2 > 0 {
					continue // which is enough
				}
				t.Run(before+"|"+text, func(t *testing.T) {
					s.t = t
					var both [2][]string
					for i := range both {
						copied := 0
						replies(t, admin, "TRUNCATE x, late; INSERT INTO x VALUES (1, 'one'), (2, 'two')", &copied)
						var c net.Conn
						if i == 0 {
							c = s.directly()
						} else {
							c = s.raw().Conn
						}
						if before != "" {
							replies(t, c, before, &copied)
						}
						both[i] = replies(t, c, text, &copied)
						both[i] = append(both[i], replies(t, c, "COMMIT", &copied)...)
						both[i] = append(both[i], replies(t, c, "SELECT a, b FROM x UNION ALL SELECT a, 'late' FROM late ORDER BY 1, 2", &copied)...)
						_ = c.Close()
					}
					if !slices.Equal(both[0], both[1]) {
						t.Errorf("directly\n\t%s\nthrough weir\n\t%s", strings.Join(both[0], "\n\t"), strings.Join(both[1], "\n\t"))
					}
				})
			}
		}
		_ = admin.Close()
	})
}

// A statement that passes its limit is undone with what its transaction did before, and
// nothing behind it runs. What was committed before stays.
func TestLimitsOfTextsWithTransactionsOfTheirOwn(t *testing.T) {
	driven(t, func(t *testing.T, loops int) {
		s := newSite(t, options{loops: loops, setup: textSetup, rules: `
  guards:
  - name: writes
    match: {any: true}
    limit: {rows: 3}
    action: Deny
  masks:
  - name: ssn
    columns: [public.customers.ssn]
    with: {type: Redact}
`})
		w := s.raw()
		for _, c := range []struct{ text, want, rows string }{
			{"BEGIN; INSERT INTO x VALUES (1); INSERT INTO x SELECT g FROM generate_series(11, 14) g; INSERT INTO x VALUES (2); COMMIT", "C:BEGIN C:INSERT 0 1 E:54000 Z:E", ""},
			{"ROLLBACK", "C:ROLLBACK Z:I", ""},
			{"BEGIN; INSERT INTO x VALUES (1); COMMIT; INSERT INTO x VALUES (2); DELETE FROM orders WHERE id > 4; INSERT INTO x VALUES (3); COMMIT", "C:BEGIN C:INSERT 0 1 C:COMMIT C:INSERT 0 1 E:54000 Z:I", "1"},
			{"INSERT INTO x VALUES (2); BEGIN; DELETE FROM orders WHERE id > 4; COMMIT", "C:INSERT 0 1 C:BEGIN E:54000 Z:E", "1"},
			{"ROLLBACK; INSERT INTO x VALUES (2); COMMIT", "C:ROLLBACK C:INSERT 0 1 N:25P01 C:COMMIT Z:I", "1 2"},
			{"INSERT INTO x VALUES (3); COMMIT; WITH d AS (DELETE FROM orders RETURNING id) SELECT count(*) FROM d; INSERT INTO x VALUES (4)", "C:INSERT 0 1 N:25P01 C:COMMIT T D*1 E:54000 Z:I", "1 2 3"},
			{"BEGIN; SELECT adds(4); SELECT adds(g) FROM generate_series(5, 8) g; COMMIT", "C:BEGIN T D*1 C:SELECT 1 T D*3 E:54000 Z:E", "1 2 3"},
			{"ROLLBACK", "C:ROLLBACK Z:I", "1 2 3"},
			{"SELECT adds(4); SELECT adds(g) FROM generate_series(5, 8) g; COMMIT", "T D*1 C:SELECT 1 T D*3 E:54000 Z:I", "1 2 3"},
			{"BEGIN; SELECT id FROM orders; INSERT INTO x VALUES (4); COMMIT", "C:BEGIN T D*3 E:54000 Z:E", "1 2 3"},
			{"ROLLBACK", "C:ROLLBACK Z:I", "1 2 3"},
			{"BEGIN; SELECT id FROM orders; COMMIT", "C:BEGIN T D*3 E:54000 Z:E", "1 2 3"},
			{"ROLLBACK", "C:ROLLBACK Z:I", "1 2 3"},
			{"INSERT INTO x VALUES (4); SELECT generate_series(1, 1000000000); COMMIT", "C:INSERT 0 1 T D*3 E:54000 Z:I", "1 2 3"},
			{"BEGIN; SELECT ssn FROM customers WHERE id = 1; INSERT INTO x VALUES (4); COMMIT", "C:BEGIN T D*1 C:SELECT 1 C:INSERT 0 1 C:COMMIT Z:I", "1 2 3 4"},
			{"BEGIN; SAVEPOINT s; DELETE FROM orders; ROLLBACK TO s; COMMIT", "C:BEGIN C:SAVEPOINT E:54000 Z:E", "1 2 3 4"},
			{"ROLLBACK TO s; INSERT INTO x VALUES (5); COMMIT", "C:ROLLBACK C:INSERT 0 1 C:COMMIT Z:I", "1 2 3 4 5"},
		} {
			shown := w.query(c.text)
			if got := short(shown); got != c.want {
				t.Errorf("%s: got %s, want %s", c.text, got, c.want)
			}
			if strings.Contains(shown, "900-45-") {
				t.Errorf("%s shows %s", c.text, shown)
			}
			if got := s.count("SELECT coalesce(string_agg(a::text, ' ' ORDER BY a), '') FROM x"); got != c.rows {
				t.Errorf("%s: the table has %s, want %s", c.text, got, c.rows)
			}
		}
		if got := s.count("SELECT count(*) FROM orders"); got != "100" {
			t.Errorf("of 100 orders there are %s", got)
		}
	})
}

// A text is one record, with what became of it.
func TestTextsWithTransactionsOfTheirOwnAreOnRecord(t *testing.T) {
	s := newSite(t, options{setup: textSetup, rules: strings.Replace(textRules, "1000", "3", 1)})
	w := s.raw()
	for i, c := range []struct{ text, want, tag, code, rule string }{
		{"BEGIN; INSERT INTO x VALUES (1); COMMIT", "C:BEGIN C:INSERT 0 1 C:COMMIT Z:I", "COMMIT", "", ""},
		{"INSERT INTO x VALUES (2); COMMIT; INSERT INTO x VALUES (3)", "C:INSERT 0 1 N:25P01 C:COMMIT C:INSERT 0 1 Z:I", "INSERT 0 1", "", ""},
		{"SELECT adds(4); COMMIT; SELECT adds(5)", "T D*1 C:SELECT 1 N:25P01 C:COMMIT T D*1 C:SELECT 1 Z:I", "SELECT 1", "", ""},
		{"BEGIN; INSERT INTO x VALUES (2); COMMIT", "C:BEGIN E:23505 Z:E", "", "23505", ""},
		{"ROLLBACK; DELETE FROM x; COMMIT; SELECT 1", "C:ROLLBACK E:54000 Z:I", "", "54000", "bot/rows"},
		{"INSERT INTO late VALUES (1), (1); COMMIT; SELECT 1", "C:INSERT 0 2 E:23505 Z:I", "", "23505", ""},
	} {
		wants(t, short(w.query(c.text)), c.want)
		begin := s.records(i+1, journal.KindStatementBegin)[i]
		end := s.records(i+1, journal.KindStatementEnd)[i]
		if begin.Text != c.text || end.Tag != c.tag || end.SQLState != c.code || c.rule != "" && end.Rule != c.rule {
			t.Errorf("%s is on record as %+v and %+v", c.text, begin, end)
		}
	}
}

// A session that ends in the middle of a text ends its record, and leaves nothing open.
func TestASessionThatEndsInTheMiddleOfATextLeavesNothing(t *testing.T) {
	s := newSite(t, options{setup: textSetup, rules: textRules})
	w := s.raw()
	w.send(wire.AppendQuery(nil, "BEGIN; INSERT INTO x VALUES (1); SELECT pg_terminate_backend(pg_backend_pid()); COMMIT"))
	for {
		if typ, body := w.next(); typ == wire.ErrorResponse {
			wants(t, show(typ, body), "E:57P01")
			break
		}
	}
	if end := s.records(1, journal.KindStatementEnd)[0]; end.SQLState != "57P01" {
		t.Errorf("recorded %+v", end)
	}
	if got := s.count("SELECT count(*) FROM x"); got != "0" {
		t.Errorf("the table has %s rows", got)
	}
}
