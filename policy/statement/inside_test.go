package statement

import (
	"slices"
	"strings"
	"testing"
)

// inside gives what a body holds: for each statement its commands, tables, functions
// called, and whether it is dynamic. Those that hold nothing are left out.
func inside(t *testing.T, definition string) string {
	t.Helper()
	facts, _, err := ParseText(BodyText(definition))
	if err != nil {
		t.Fatalf("%s: %v", definition, err)
	}
	if _, err := Decode(Encode(nil, facts)); err != nil {
		t.Fatalf("%s: %v", definition, err)
	}
	var all []string
	for i := range facts.Statements {
		st := &facts.Statements[i]
		if len(st.Tables)+len(st.Settings) == 0 && st.Command == CommandSelect && !st.Dynamic {
			for _, f := range st.Functions {
				all = append(all, "Select "+strings.TrimPrefix(f.Schema+"."+f.Name, ".")+"()")
			}
			continue
		}
		s := ""
		for _, c := range st.Commands {
			s += string(c) + " "
		}
		for _, x := range st.Tables {
			s += strings.TrimPrefix(x.Schema+"."+x.Name, ".") + " "
		}
		for _, f := range st.Functions {
			s += strings.TrimPrefix(f.Schema+"."+f.Name, ".") + "() "
		}
		for _, x := range st.Settings {
			s += x.Name + "=" + x.Value + " "
		}
		if st.Dynamic {
			s += "dynamic"
		}
		if s = strings.TrimPrefix(strings.TrimSpace(s), "Do dynamic"); s == "" && st.Dynamic {
			s = "dynamic"
		}
		if s != "Select" {
			all = append(all, s)
		}
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), "; ")
}

func plpgsqlFunction(body string) string {
	return "create or replace function s.f(a int, b s.row, int, out d text) returns setof record language plpgsql security definer set search_path = x as $function$" + body + "$function$"
}

func TestABodyGivesWhatStandsInIt(t *testing.T) {
	for body, want := range map[string]string{
		"begin null; end":                       "",
		"begin delete from t where id = a; end": "Delete t",
		"begin update x.t set c = f(a); insert into u select * from v; end":                                                                             "Insert Select u v; Update x.t f()",
		"begin d := (select ssn from c); return next; end":                                                                                              "Select c",
		"begin d = g(1); return next; end":                                                                                                              "Select g()",
		"begin return query select * from c; end":                                                                                                       "Select c",
		"begin return query execute 'select * from c'; end":                                                                                             "Select c",
		"begin if exists (select 1 from c) then perform f(1); elsif h(2) then call p(); else truncate u; end if; end":                                   "Call p(); Select c; Select f(); Select h(); Truncate u",
		"begin while f(1) loop for i in g(1)..h(2) by j(3) loop exit when k(4); end loop; end loop; end":                                                "Select f(); Select g(); Select h(); Select j(); Select k()",
		"declare r record; begin for r in select * from c loop raise notice '%', f(r.x) using hint = g(1); end loop; end":                               "Select c; Select f(); Select g()",
		"begin foreach d in array f(1) loop null; end loop; end":                                                                                        "Select f()",
		"begin assert f(1), g(2); end":                                                                                                                  "Select f(); Select g()",
		"begin case f(1) when g(2) then null; else perform h(3); end case; end":                                                                         "Select f(); Select g(); Select h()",
		"declare x int := f(1); y text default g(2); c cursor (k int) for select * from t where a = k; begin for r in c(h(3)) loop null; end loop; end": "Select f(); Select g(); Select h(); Select t",
		"begin insert into t values (1); exception when others then delete from u; end":                                                                 "Delete u; Insert t",
		"begin commit; rollback; end":                                                                                                                   "Commit; Rollback",
		"begin set local role bob; perform set_config('work_mem', '1', true); end":                                                                      "Select set_config() work_mem=1; Set role=bob",
		"begin get diagnostics a = row_count; return; end":                                                                                              "",
		"begin select x into strict d from c where y = $1 and z = $3; end":                                                                              "Select c",
		"begin delete from t returning x into d; end":                                                                                                   "Delete t",
		"begin create temp table tt as select * from c; end":                                                                                            "Create Select tt c",
		"begin declare x int; begin delete from t; end; end":                                                                                            "Delete t",
		"begin notify x; lock table t; end":                                                                                                             "Lock t; Notify",

		// What needs a record or a cursor.
		"begin b.x := (select ssn from c); b.y := 1; end":                                                                                                              "Select c",
		"declare r s.row; begin r.x = f(1); r.y.z := g(2); r.a[h(3)] := 1; end":                                                                                        "Select f(); Select g(); Select h()",
		"declare r s.row%rowtype; begin select x, y into r.a, r.b from c; end":                                                                                         "Select c",
		"declare r record; begin insert into s.t values (1) returning x, y into strict r.a, b.c; end":                                                                  "Insert s.t",
		"declare k refcursor; begin open k for select * from c where x = f(1); fetch k into d; fetch next from k into r.x; move k; close k; end":                       "Select c f()",
		"declare k refcursor; begin open k for select * from c where x = f(1); fetch k into d; fetch absolute -2 from k into b.x; move forward 3 from k; close k; end": "Select c f()",
		"declare k refcursor; begin open k no scroll for execute 'select * from c'; end":                                                                               "Select c",
		"declare k refcursor; begin open k for execute 'select * from ' || a using f(1); end":                                                                          "Select f(); dynamic",
		"declare k cursor for select * from c; begin open k; close k; end":                                                                                             "Select c",
		"declare k cursor (x int) for select * from c; begin open k(f(1)); end":                                                                                        "Select c; Select f()",
		"declare k refcursor; begin open k for select * from c; fetch absolute f(1) from k into d; end":                                                                "dynamic",
		"declare k refcursor; begin if true then open k for select 1 from c; else close k; end if; end":                                                                "Select c",

		"declare k cursor (x int, y int) for select * from c; begin open k(y := f(1), x => g(2)); end":                                "Select c; Select f(); Select g()",
		`declare a text collate "C" := f(1); b text collate pg_catalog."C" not null default 'x'; begin perform g(a collate "C"); end`: "Select f(); Select g()",

		// An expression after THEN is no statement about a cursor.
		"begin select case when true then move end from c; end":                                                         "Select c",
		"begin select case when true then a else move end from c into d; end":                                           "Select c",
		"begin perform 1 from c where case when true then b.x = 1 else close end; end":                                  "Select c",
		"begin if true then move next from k; else fetch k into b.x; end if; delete from t; end":                        "Delete t",
		"begin for d in k loop delete from t; end loop; end":                                                            "Delete t",
		"declare r record; k cursor (x int) for select * from c; begin for r in k(f(1)) loop r.x = g(1); end loop; end": "Select c; Select f(); Select g()",

		// What runs text.
		"begin execute 'delete from t where id = $1' using a; end":           "Delete t",
		"begin execute 'delete ' || 'from t'; end":                           "Delete t",
		"begin execute format('delete from %I.%I', 's', 't'); end":           "Delete s.t; Select format()",
		"begin execute 'truncate '::text || quote_ident('t'); end":           "Select quote_ident(); Truncate t",
		"begin execute 'delete from ' || b.x; end":                           "dynamic",
		"begin execute concat('drop table ', a); end":                        "Select concat(); dynamic",
		"begin execute (select q from queries); end":                         "Select queries; dynamic",
		"begin execute $$do 'begin delete from t; end'$$; end":               "Do Delete t",
		"begin for d in execute 'select x from c' loop null; end loop; end":  "Select c",
		"begin perform query_to_xml('select * from c', true, true, ''); end": "Select c query_to_xml()",
		"begin perform dblink_exec('x', 'y'); end":                           "Select dblink_exec() dynamic",
		"begin execute p; end":                                               "dynamic",
		"no body":                                                            "dynamic",
		"":                                                                   "dynamic",
		"begin selec 1; end":                                                 "dynamic",
	} {
		if got := inside(t, plpgsqlFunction(body)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", body, got, want)
		}
	}
}

func TestABodyInAnyFormIsRead(t *testing.T) {
	for definition, want := range map[string]string{
		"create function f(x int default g()) returns int language sql as 'delete from t; select * from c'":        "Delete t; Select c",
		"create function f() returns int language sql as 'no sql'":                                                 "dynamic",
		"create function f() returns int language sql as 'execute p'":                                              "Execute dynamic",
		"create function f() returns int language sql begin atomic delete from t; select 1 from c; end":            "Delete t; Select c",
		"create function f() returns int language sql return (select max(x) from c)":                               "Select c max()",
		"create procedure p() language sql as $$ truncate t $$":                                                    "Truncate t",
		"create function f() returns trigger language plpgsql as 'begin new.x := h(old.y); return new; end'":       "Select h()",
		"create function f() returns event_trigger language plpgsql as 'begin perform g(tg_tag); end'":             "Select g()",
		"create function f() returns table (a int, b int) language plpgsql as 'begin a := g(1); return next; end'": "Select g()",
		"create function f(int, int) returns int language plpgsql as 'begin $1 := g($2); return $1; end'":          "Select g()",
		"create procedure p(inout x int) language plpgsql as 'begin x := g(x); commit; end'":                       "Commit; Select g()",
		"create function f() returns int language c as 'x', 'y'":                                                   "dynamic",
		"create function f() returns int language plpython3u as 'x'":                                               "dynamic",
		"create function f() returns int language 'PLPGSQL' as 'x'":                                                "dynamic",
	} {
		if got := inside(t, definition); got != want {
			t.Errorf("%s:\n got %s\nwant %s", definition, got, want)
		}
	}
	for _, definition := range []string{"select 1", "", "create table t (a int)", "create function f() returns int language sql as ''; select 1", "slect"} {
		if _, err := ParseBody(definition); err == nil {
			t.Errorf("%s: no error", definition)
		}
	}
}

func TestAVariableOfABodyIsNoColumnOfTheRow(t *testing.T) {
	for where, want := range map[string]Condition{
		"a":              WhereConstant,
		"a = 1":          WhereConstant,
		"enabled":        WhereConstant,
		"id = a":         WherePresent,
		"t.a = 1":        WherePresent,
		"enabled or id":  WhereConstant,
		"id is not null": WherePresent,
	} {
		facts, err := ParseBody(plpgsqlFunction("declare enabled bool; begin delete from t where " + where + "; end"))
		if err != nil || len(facts.Statements) == 0 {
			t.Fatal(err)
		}
		at := slices.IndexFunc(facts.Statements, func(s Statement) bool { return len(s.Writes) > 0 })
		if got := facts.Statements[at].Writes[0].Where; got != want {
			t.Errorf("%s: got %s, want %s", where, got, want)
		}
	}
}

func TestAParameterOfAFunctionInSQLIsNoColumnOfTheRow(t *testing.T) {
	for definition, want := range map[string]Condition{
		"create function f(every bool) returns int language sql as 'delete from t where every; select 1'":           WhereConstant,
		"create function f(every bool) returns int language sql begin atomic delete from t where every; end":        WhereConstant,
		"create function f(every bool) returns int language sql as 'delete from t where every and t.id = 1'":        WherePresent,
		"create function f(out id int) language sql as 'delete from t where id = 1 returning id'":                   WherePresent,
		"create function f(x int) returns table (id int) language sql as 'delete from t where id = x returning id'": WherePresent,
		"create function f(inout every bool) language sql as 'update t set a = 1 where every; select true'":         WhereConstant,
	} {
		facts, err := ParseBody(definition)
		if err != nil {
			t.Fatal(err)
		}
		if got := facts.Statements[0].Writes[0].Where; got != want {
			t.Errorf("%s: got %s, want %s", definition, got, want)
		}
		if got := only(t, definition).Writes[0].Where; got != want {
			t.Errorf("%s, as a statement: got %s, want %s", definition, got, want)
		}
	}
}

func TestATagOfADollarQuoteInABodyDoesNotEndIt(t *testing.T) {
	body := "begin perform $body$x$body$, $body0$y$body0$; delete from t; end"
	if got := inside(t, "create function f() returns int language plpgsql as $f$"+body+"$f$"); got != "Delete t" {
		t.Errorf("got %s", got)
	}
}

func FuzzParseBody(f *testing.F) {
	for _, body := range []string{"begin b.x := 1; end", "declare k refcursor; begin open k for select 1; fetch k into b.x; close k; end",
		"begin execute 'x' || 'y'; end", "begin if a then b.c := $x$;$x$; end if; end", "<<l>> begin select 1 into a.b, c; end l"} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		limits := Limits{Length: 2000, Statements: 20, CommentDepth: 8, Nesting: 20, Chain: 200}
		definition := routine{parameters: []string{"a", ""}, set: true}.wrap(body)
		if Scan(definition, limits) != nil {
			return
		}
		facts, err := ParseBody(definition)
		if err != nil {
			return
		}
		if _, err := Decode(Encode(nil, facts)); err != nil {
			t.Fatalf("%q: %v", body, err)
		}
	})
}
