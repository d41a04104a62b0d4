package proxy_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/weirgate/weir/proxy/wire"
)

// A value that is bound is made one of its parameter's type, whoever says which that
// is: the client's Parse, PREPARE, or the server by where the parameter stands.

// declaredSchema has a domain whose CHECK deletes what a guard is about, one whose CHECK
// tells what is masked, and what is made of them.
const declaredSchema = `
CREATE TABLE ledger (id integer);
CREATE TABLE plain (id integer, label text);
CREATE FUNCTION swallow(integer) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN DELETE FROM ledger WHERE id = $1; RETURN true; END';
CREATE FUNCTION tells(integer) RETURNS boolean LANGUAGE plpgsql AS
  $$DECLARE v text; BEGIN SELECT ssn INTO v FROM customers WHERE id = $1; RAISE NOTICE '%', v; RETURN true; END$$;
CREATE DOMAIN taking AS integer CHECK (swallow(VALUE));
CREATE DOMAIN telling AS integer CHECK (tells(VALUE));
CREATE DOMAIN deep AS taking;
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TYPE pair AS (a integer, b taking);
CREATE TYPE clean AS (a integer, b text);
CREATE TYPE span AS RANGE (subtype = taking);
CREATE TABLE stock (id integer, n taking);
CREATE TABLE parts (id integer, p pair, list taking[]);
CREATE VIEW shown AS SELECT * FROM stock;
CREATE FUNCTION takes(taking) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
ALTER TABLE ledger OWNER TO shop_app; ALTER TABLE plain OWNER TO shop_app; ALTER TABLE stock OWNER TO shop_app; ALTER TABLE parts OWNER TO shop_app;
GRANT SELECT ON shown TO shop_app;
`

const declaredRules = `
  guards:
  - name: ledger
    match: {tables: [public.ledger], access: Write}
    action: Deny
  masks:
  - name: ssn
    columns: [public.customers.ssn]
    with: {type: Redact}
`

// declares is a Parse that declares the types of its parameters.
func declares(name, text string, oids ...uint32) []byte {
	p, at := wire.Begin(nil, wire.Parse)
	p = append(append(append(append(p, name...), 0), text...), 0)
	p = binary.BigEndian.AppendUint16(p, uint16(len(oids)))
	for _, o := range oids {
		p = binary.BigEndian.AppendUint32(p, o)
	}
	return wire.End(p, at)
}

// binds is a Bind with values as text.
func binds(name string, values ...string) []byte {
	p, at := wire.Begin(nil, wire.Bind)
	p = append(append(p, 0), name...)
	p = append(p, 0, 0, 0)
	p = binary.BigEndian.AppendUint16(p, uint16(len(values)))
	for _, v := range values {
		p = binary.BigEndian.AppendUint32(p, uint32(len(v)))
		p = append(p, v...)
	}
	return wire.End(append(p, 0, 0), at)
}

func (s *site) typeOID(name string) uint32 {
	s.t.Helper()
	n, err := strconv.ParseUint(s.count("SELECT '"+name+"'::regtype::oid"), 10, 32)
	must(s.t, err)
	return uint32(n)
}

func newDeclaredSite(t *testing.T) *site {
	return newSite(t, options{setup: declaredSchema, rules: declaredRules})
}

func TestWhatATypeOfAParameterRunsIsJudged(t *testing.T) {
	s := newDeclaredSite(t)
	run := func(text string, oids ...uint32) func(value string) []byte {
		return func(value string) []byte {
			return pipeline(declares("", text, oids...), binds("", value), execute("", 0), syncs())
		}
	}
	simple := func(text string) func(string) []byte {
		return func(value string) []byte { return wire.AppendQuery(nil, strings.ReplaceAll(text, "@", value)) }
	}
	for _, test := range []struct {
		name  string
		send  func(value string) []byte
		value string
	}{
		{"a domain that the Parse declares", run("select $1", s.typeOID("taking")), "1"},
		{"a domain of a parameter that nothing uses", run("select 1", s.typeOID("taking")), "1"},
		{"a domain with a command that has no parameters", run("show work_mem", s.typeOID("taking")), "1"},
		{"a domain at the beginning of a transaction", run("begin", s.typeOID("taking")), "1"},
		{"a domain over it", run("select $1", s.typeOID("deep")), "1"},
		{"an array of it", run("select $1", s.typeOID("taking[]")), "{1}"},
		{"a composite type with it", run("select $1", s.typeOID("pair")), "(1,1)"},
		{"an array of these", run("select $1", s.typeOID("pair[]")), `{"(1,1)"}`},
		{"a range over it", run("select $1", s.typeOID("span")), "[1,1]"},
		{"an array of these ranges", run("select $1", s.typeOID("span[]")), `{"[1,1]"}`},
		{"a row of a table with it", run("select $1", s.typeOID("stock")), "(1,1)"},
		{"an array of rows of a table with it", run("select $1", s.typeOID("stock[]")), `{"(1,1)"}`},
		{"a row of a view with it", run("select $1", s.typeOID("shown")), "(1,1)"},
		{"it, where the text names a row of a table", run("select $1::stock"), "(1,1)"},
		{"it, where the text names an array by its own name", run("select $1::_pair"), `{"(1,1)"}`},
		{"it, where the text names an array of rows by its own name", run("select $1::_stock"), `{"(1,1)"}`},
		{"it, where the text names it", run("select $1::taking"), "1"},
		{"the argument of a function", run("select takes($1)"), "1"},
		{"the column that is inserted", run("insert into stock values (9, $1)"), "1"},
		{"the column that a query fills", run("insert into stock select 9, $1"), "1"},
		{"the column that is updated", run("update stock set n = $1 where false"), "1"},
		{"an attribute that is updated", run("update parts set p.b = $1 where false"), "1"},
		{"an element that is updated", run("update parts set list[1] = $1 where false"), "1"},
		{"the argument of a range's constructor", run("select span($1, null)"), "1"},
		{"PREPARE that declares it", simple("prepare p1 (taking) as select $1; execute p1 (@)"), "1"},
		{"PREPARE and EXECUTE one after the other", func(v string) []byte {
			return pipeline(wire.AppendQuery(nil, "prepare p2 (taking) as select $1"), wire.AppendQuery(nil, "execute p2 ("+v+")"))
		}, "1"},
		{"EXECUTE in SQL of what a Parse declared", func(v string) []byte {
			return pipeline(declares("p3", "select $1", s.typeOID("taking")), syncs(), wire.AppendQuery(nil, "execute p3 ("+v+")"))
		}, "1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.t = t
			must(t, s.pg.Exec(t.Context(), s.database, "TRUNCATE ledger; INSERT INTO ledger VALUES (1)"))
			w := s.raw()
			w.t = t
			defer func() { _ = w.Close() }()
			w.send(test.send(test.value), wire.AppendQuery(nil, "rollback"), wire.AppendQuery(nil, "select 'the end'"))
			var got []string
			for !strings.Contains(strings.Join(got, " "), "the end") {
				got = append(got, w.until(1))
			}
			if !strings.Contains(strings.Join(got, " "), "E:42501") {
				t.Errorf("it passed: %s", got)
			}
			if n := s.count("SELECT count(*) FROM ledger"); n != "1" {
				t.Errorf("the ledger has %s rows", n)
			}
		})
	}
}

func TestWhatATypeOfAParameterTellsIsMasked(t *testing.T) {
	s := newDeclaredSite(t)
	for _, oid := range []uint32{s.typeOID("telling"), s.typeOID("telling[]")} {
		w := s.raw()
		value := "1"
		if oid != s.typeOID("telling") {
			value = "{1}"
		}
		w.send(declares("", "select $1", oid), binds("", value), execute("", 0), syncs())
		got := w.until(1)
		if strings.Contains(got, "900-45-") || !strings.Contains(got, "E:42501") {
			t.Errorf("got %s", got)
		}
	}
}

// Types without anything behind them pass, whatever their kind, and so do those that the
// open transaction has made.
func TestTypesOfParametersThatRunNothingPass(t *testing.T) {
	s := newDeclaredSite(t)
	for name, value := range map[string]string{
		"positive": "3", "positive[]": "{3}", "mood": "sad", "mood[]": "{sad,happy}", "clean": "(1,x)", "clean[]": `{"(1,x)"}`,
		"plain": "(1,x)", "plain[]": `{"(1,x)"}`, "customers": "(1,a,b,c,)", "integer": "4",
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			w := s.raw()
			w.t = t
			for range 2 {
				w.send(declares("", "select $1", s.typeOID(name)), binds("", value), execute("", 0), syncs())
				if got := w.until(1); !strings.HasPrefix(got, "1 2 D:") {
					t.Errorf("got %s", got)
				}
			}
		})
	}
	c := s.connect()
	for _, how := range []struct{ begin, end string }{{"begin", "rollback"}, {"select 1", "select 1"}} {
		execs(t, c, how.begin)
		execs(t, c, "create type fresh as enum ('a', 'b')")
		var oid uint32
		must(t, c.QueryRow(t.Context(), "select 'fresh'::regtype::oid", pgx.QueryExecModeSimpleProtocol).Scan(&oid))
		for range 3 {
			r := c.PgConn().ExecParams(t.Context(), "select $1", [][]byte{[]byte("a")}, []uint32{oid}, nil, nil).Read()
			must(t, r.Err)
		}
		execs(t, c, how.end)
	}
}

// A type that only the open transaction knows is judged by what that has made.
func TestTypesOfParametersThatTheTransactionHasMadeAreJudged(t *testing.T) {
	s := newDeclaredSite(t)
	for _, made := range []string{
		"create domain mine as integer check (swallow(value))", "create type mine as (a taking)", "create table mine (a taking)",
		"create domain mine as integer; alter domain mine add check (swallow(value))",
		"create temporary table mine (a taking)", "create domain pg_temp.mine as integer check (swallow(value))",
	} {
		for _, transaction := range []bool{true, false} {
			t.Run(fmt.Sprint(made, transaction), func(t *testing.T) {
				if !transaction && !strings.Contains(made, "temp") {
					return
				}
				s.t = t
				must(t, s.pg.Exec(t.Context(), s.database, "TRUNCATE ledger; INSERT INTO ledger VALUES (1)"))
				c := s.connect()
				if transaction {
					execs(t, c, "begin")
				}
				if _, err := c.Exec(t.Context(), made, pgx.QueryExecModeSimpleProtocol); err != nil {
					refused(t, err, "42501") // which is as good
					return
				}
				var oid, array uint32
				must(t, c.QueryRow(t.Context(), "select 'mine'::regtype::oid, 'mine[]'::regtype::oid", pgx.QueryExecModeSimpleProtocol).Scan(&oid, &array))
				value := "1"
				if !strings.Contains(made, "domain") {
					value = "(1)"
				}
				for of, value := range map[uint32]string{oid: value, array: "{" + value + "}"} {
					r := c.PgConn().ExecParams(t.Context(), "select $1", [][]byte{[]byte(value)}, []uint32{of}, nil, nil).Read()
					if r.Err == nil {
						t.Errorf("%s passed", value)
						if transaction {
							execs(t, c, "commit")
						}
					} else if transaction {
						break
					}
				}
				_ = c.Close(context.WithoutCancel(t.Context()))
				if n := s.count("SELECT count(*) FROM ledger"); n != "1" {
					t.Errorf("the ledger has %s rows", n)
				}
			})
		}
	}
}

func execs(t *testing.T, c *pgx.Conn, text string) {
	t.Helper()
	_, err := c.Exec(t.Context(), text, pgx.QueryExecModeSimpleProtocol)
	must(t, err)
}

// A command about transactions is taken where the catalog cannot be had, unless its
// parameters have types that only a catalog tells of.
func TestTypesOfParametersAreNotTakenUnseen(t *testing.T) {
	s := passing(t, options{setup: declaredSchema, rules: declaredRules})
	s.direct("INSERT INTO ledger VALUES (1)")
	a, b := s.connect(asRole, simple), s.connect(asRole, simple)
	execs(t, a, "begin")
	execs(t, a, "select 1")
	s.direct("CREATE DOMAIN late AS integer CHECK (swallow(VALUE))")
	execs(t, b, "alter table plain add column more integer")
	r := a.PgConn().ExecParams(t.Context(), "savepoint s", [][]byte{[]byte("1")}, []uint32{s.typeOID("late")}, nil, nil).Read()
	if r.Err == nil {
		t.Fatal("it passed")
	}
	refused(t, r.Err, "42501")
	execs(t, a, "rollback")
}
