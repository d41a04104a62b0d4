package statement

import (
	"slices"
	"strings"
	"testing"
)

func TestOutputsSayWhatIsAColumnAndNothingElse(t *testing.T) {
	for text, want := range map[string]string{
		"select ssn from c":                               "ssn",
		"select (ssn) from c":                             "ssn",
		"select ssn as x, c.name n from c":                "ssn as x, c.name as n",
		"select * from c":                                 "*",
		"select c.*, s.c.ssn from s.c":                    "c.*, s.c.ssn",
		"table c":                                         "*",
		"select upper(ssn), ssn || '', ssn::text from c":  "(), (), ()",
		"select c from c":                                 "(c)",
		"select x from c x":                               "(x)",
		"select (c).ssn, (c).* from c":                    "(), (c.*)",
		"select c.row_to_json from c":                     "(c.row_to_json)",
		"select case when ssn > '1' then ssn end from c":  "()",
		"select (select ssn from c limit 1)":              "()",
		"select array[ssn] from c":                        "()",
		"select count(*) from c":                          "()",
		"select ssn from c union all select a from b":     "()",
		"select * from c union select 1":                  "(*)",
		"values (1, 2)":                                   "(), ()",
		"delete from c returning ssn, *":                  "ssn, *",
		"update c set a = 1 returning c.ssn":              "c.ssn",
		"insert into c values (1) returning upper(ssn)":   "()",
		"explain select ssn from c":                       "",
		"create table x as select ssn from c":             "",
		"copy c to stdout":                                "c.*",
		"copy s.c (ssn, a) to stdout":                     "s.c.ssn, s.c.a",
		"copy (select ssn, a || b as z from c) to stdout": "ssn, () as z",
		"copy c from stdin":                               "",
	} {
		if got := outputs(only(t, text)); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestAPlainShapeIsTablesAndTheirJoins(t *testing.T) {
	for text, want := range map[string]string{
		"select 1":                                                  "",
		"select * from c":                                           "",
		"select * from c, d join e on d.a = e.a":                    "",
		"select * from c tablesample system (10)":                   "",
		"select (select max(a) from d) from c":                      "",
		"with x as (select 1) select * from c":                      "",
		"with x as (select 1) select * from s.x":                    "",
		"delete from c using d where c.a = d.a":                     "",
		"insert into c select * from (select 1) x returning *":      "",
		"select * from (select * from c) x":                         "a subquery in FROM",
		"select * from f()":                                         "a function in FROM",
		"select * from rows from (f(), g()) as x":                   "a function in FROM",
		"select * from c, lateral (select c.a) x":                   "a subquery in FROM",
		"select * from (values (1)) x":                              "a subquery in FROM",
		"values (1)":                                                "VALUES",
		"select 1 union select 2":                                   "a UNION",
		"select 1 intersect select 2":                               "an INTERSECT",
		"select 1 except select 2":                                  "an EXCEPT",
		"with x as (table c) select * from x":                       "a common table expression in FROM",
		"with x as (table c) select * from d join x on true":        "a common table expression in FROM",
		"update c set a = 1 from (select 1) x":                      "a subquery in FROM",
		"with x as (table d) delete from c using x":                 "a common table expression in FROM",
		"select * from xmltable('/a' passing '<a/>' columns b int)": "XMLTABLE in FROM",
	} {
		s := only(t, text)
		if s.Shape.Why != want || s.Shape.Plain != (want == "") {
			t.Errorf("%s: got %+v, want %q", text, s.Shape, want)
		}
	}
}

func TestConstructsThatAreNotFollowedAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"select * from a natural join b":                         "a NATURAL JOIN",
		"select * from a join b using (x)":                       "a JOIN with USING",
		"select j.x from (a join b on true) as j":                "an alias of a JOIN",
		"select j.x from a join b using (x) as j":                "a JOIN with USING, an alias of a JOIN",
		"select *, a from c order by 2":                          "ORDER BY a position after a star",
		"select c.*, count(*) from c group by 1":                 "GROUP BY a position after a star",
		"create table x as execute p":                            "CREATE TABLE AS EXECUTE",
		"select 1 where exists (select 1 from a natural join b)": "a NATURAL JOIN",
		"select a, * from c order by 1":                          "",
	} {
		if got := strings.Join(only(t, text).Opaque, ", "); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestEveryColumnIsListedWithItsUse(t *testing.T) {
	for text, want := range map[string]string{
		"select a from t where b = 1":                                                           "a:Output b:Equality",
		"select a from t where 1 = b":                                                           "a:Output b:Equality",
		"select a from t where b = $1::int":                                                     "a:Output b:Equality",
		"select a from t where b = -1":                                                          "a:Output b:Equality",
		"select a from t where b in (1, $2)":                                                    "a:Output b:Equality",
		"select a from t where b = any($1)":                                                     "a:Output b:Equality",
		"select a from t where b operator(pg_catalog.=) 1":                                      "a:Output b:Equality",
		"select a from t where b operator(x.=) 1":                                               "a:Output b:Predicate",
		"select a from t where b not in (1)":                                                    "a:Output b:Predicate",
		"select a from t where not b = 1":                                                       "a:Output b:Predicate",
		"select a from t where b <> 1":                                                          "a:Output b:Predicate",
		"select a from t where b::text = '1'":                                                   "a:Output b:Predicate",
		"select a from t where b = c":                                                           "a:Output b:Predicate c:Predicate",
		"select a from t where b in (1, c)":                                                     "a:Output b:Predicate c:Predicate",
		"select a from t where b like '1%'":                                                     "a:Output b:Predicate",
		"select a from t where b is null":                                                       "a:Output b:Predicate",
		"select a from t where f(b)":                                                            "a:Output b.f:Derived b:Predicate",
		"select a from t where b = 1 or c = 2 and d > 3":                                        "a:Output b:Equality c:Equality d:Predicate",
		"select a from t join u on t.x = 1":                                                     "t.x:Equality a:Output",
		"select a from t order by b":                                                            "a:Output b:Ordering",
		"select a, b from t order by 2":                                                         "a:Output b:Output b:Ordering",
		"select a as z from t order by z":                                                       "a:Output a:Ordering z:Ordering",
		"select a || b as z from t order by z":                                                  "a:Derived b:Derived a:Ordering b:Ordering z:Ordering",
		"select a from t group by 1":                                                            "a:Output a:Grouping",
		"select a, b from t group by (1, 2)":                                                    "a:Output b:Output a:Grouping b:Grouping",
		"select a from t group by cube (1, c)":                                                  "a:Output a:Grouping c:Grouping",
		"select a from t group by a having max(b) > 1":                                          "a:Output a:Grouping b.max:Derived b:Predicate",
		"select distinct a, upper(b) from t":                                                    "a:Output b.upper:Derived b:Derived a:Grouping b:Grouping",
		"select distinct on (1) a from t":                                                       "a:Output a:Grouping",
		"select sum(a) over (partition by b order by c) from t":                                 "a.sum:Derived a:Derived b:Grouping c:Ordering",
		"select 1 from t window w as (partition by b)":                                          "b:Grouping",
		"select string_agg(a, ',' order by b) filter (where c > 1) from t":                      "a:Derived b:Ordering c:Predicate",
		"select x from t x":                                                                     "x.*:Derived x:Output",
		"select row_to_json(x) from t x":                                                        "x.row_to_json:Derived x.*:Derived x:Derived",
		"select ssn(t) from t":                                                                  "t.ssn:Derived t.*:Derived t:Derived",
		"select (t).ssn from t":                                                                 "t.*:Derived t:Derived t.ssn:Derived",
		"select t::text from t":                                                                 "t.*:Derived t:Derived",
		"select t.to_json from t":                                                               "t.*:Derived t.to_json:Output",
		"select 1 from t where exists (select t)":                                               "t.*:Derived t:Derived",
		"select (select a from u where b = 1) from t":                                           "b:Equality a:Derived",
		"select a from (select b as a from u) t":                                                "b:Derived a:Output",
		"select a from t union select b from u":                                                 "a:Derived b:Derived",
		"with x as (select a from t) select 1":                                                  "a:Derived",
		"select a from t, lateral f(b)":                                                         "b.f:Derived b:Derived a:Output",
		"select coalesce(a, b), (a, b), array[a], a[b] from t":                                  "a:Derived b:Derived",
		"update t set a = b where c = 1":                                                        "c:Equality a:Write b:Derived",
		"update t set (a, b) = (select c, d from u)":                                            "a:Write b:Write c:Derived d:Derived",
		"insert into t (a) select b from u":                                                     "a:Write b:Derived",
		"insert into t (a) values (1) on conflict (b) do update set c = excluded.d where e > 1": "a:Write b:Predicate c:Write excluded.d:Derived e:Predicate",
		"delete from t where a = 1 returning b":                                                 "a:Equality b:Output",
		"merge into t using u on t.a = u.b when matched and c > 1 then update set d = e":        "t.a:Predicate u.b:Predicate c:Predicate d:Write e:Derived",
		"create table x as select a from t":                                                     "a:Derived",
		"create view x as select a from t where b = 1":                                          "b:Equality a:Derived",
		"create index on t (upper(a)) where b > 1":                                              "a.upper:Derived a:Derived b:Derived",
		"create policy p on t using (a = 1)":                                                    "a:Derived",
		"alter table t add check (a > 1)":                                                       "a:Derived",
		"alter table t alter a type int using a::int":                                           "a:Derived",
		"explain select a from t":                                                               "a:Output",
		"copy t (a) to stdout":                                                                  "t.a:Output",
		"copy t to '/tmp/x'":                                                                    "t.*:Derived",
		"copy t (a) from stdin where b = 1":                                                     "a:Write b:Equality",
		"copy (select a from t) to program 'x'":                                                 "a:Derived",
		"call p(a)":                                                                             "a.p:Derived a:Derived",
		"select a from t join u using (b)":                                                      "b:Predicate a:Output",
		"select xmlelement(name x, a), xmlforest(b), xmlserialize(content c as text) from t":    "a:Derived b:Derived c:Derived",
		"select json_object('k': a), json_array(b), json_arrayagg(c order by d), a is json from t":    "a:Derived b:Derived d:Ordering c:Derived",
		"select extract(year from a), position('x' in b), a at time zone 'x', a collate \"C\" from t": "a:Derived b:Derived",
		"select grouping(a) from t group by rollup(a)":                                                "a:Grouping",
		"select max(a) from t limit (select b from u)":                                                "a.max:Derived a:Derived b:Derived",
		"declare c cursor for select a from t":                                                        "a:Output",
		"select a from t where current_user = b":                                                      "a:Output b:Predicate",
		"select db.s.t.a from t":                                                                      "s.t.a:Output",
	} {
		if got := columns(only(t, text)); !sameWords(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestTablesAreListedAndCTEsAreNot(t *testing.T) {
	for text, want := range map[string]string{
		"select 1 from a, s.b x, d.s.c":                                                                     "a:R* s.b=x:R* s.c:R*",
		"select 1 from t x(a, b)":                                                                           "t=x():R*",
		"select 1 from (select 1 from a) x, b":                                                              "a:R b:R*",
		"with x as (select 1 from a) select 1 from x":                                                       "a:R",
		"with x as (select 1 from x) select 1 from x":                                                       "x:R",
		"with recursive x as (select 1 from x) select 1 from x":                                             "",
		"with a as (table b), b as (table a) select 1":                                                      "b:R",
		"with recursive a as (table b), b as (table a) select 1":                                            "",
		"with x as (table a) select 1 from s.x":                                                             "a:R s.x:R*",
		"with x as (table a) select (select 1 from x), 1 from b where exists (with y as (table x) table y)": "a:R b:R*",
		"select 1 from (with x as (table a) table x) y, x":                                                  "a:R x:R*",
		"select 1 where exists (with x as (table a) table x) or exists (table x)":                           "a:R x:R",
		"with x as (table a) delete from x":                                                                 "a:R x:W*",
		"with x as (table a) insert into b table x":                                                         "a:R b:W*",
		"insert into b with x as (table a) table x":                                                         "b:W* a:R",
		"with x as (table a) select 1 union (with y as (table x) table y)":                                  "a:R",
		"(with x as (table a) table x) union table x":                                                       "a:R x:R",
		"update t set a = 1 from u where t.b = u.b":                                                         "t:RW* u:R*",
		"delete from t":             "t:W*",
		"delete from t returning a": "t:RW*",
		"merge into t using u on true when matched then delete": "t:RW* u:R*",
		"truncate only a, s.b":           "a:W s.b:W",
		"drop table a, s.b":              "a:W s.b:W",
		"drop view s.v":                  "s.v:W",
		"drop trigger g on s.t":          "s.t:W",
		"drop policy p on t":             "t:W",
		"comment on column s.t.c is 'x'": "s.t:W",
		"create table t (a int references u, like v, b int default f()) inherits (p)": "t:W u:RW v:RW p:RW",
		"create table t partition of p for values in (1)":                             "t:W p:RW",
		"alter table t add foreign key (a) references u":                              "t:W u:RW",
		"alter table p attach partition c for values in (1)":                          "p:W c:RW",
		"create index on t (a)":                                                       "t:RW",
		"create view v as table t":                                                    "v:W t:R",
		"create rule r as on insert to v do instead insert into t values (1)":         "v:W t:W",
		"grant select on s.t to bob":                                                  "s.t:W",
		"lock table t":                                                                "t:W",
		"copy s.t to stdout":                                                          "s.t:R*",
		"copy t from stdin":                                                           "t:W*",
		"copy (table t) to stdout":                                                    "t:R*",
		"create table x as table t":                                                   "x:W t:R",
		"select table_to_xml('s.t', true, true, '')":                                  "s.t:R",
		"select query_to_xml('table t', true, true, '')":                              "t:R",
		"select 1 from t for update":                                                  "t:R*",
		"do $$begin perform 1 from t; end$$":                                          "t:R",
		"create publication p for table t where (a > 1)":                              "t:W",
		"refresh materialized view v":                                                 "v:RW",
		"explain delete from t":                                                       "t:W*",
	} {
		if got := tables(only(t, text)); !sameWords(got, want) {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestFunctionsAreListedWhereverTheyAreCalled(t *testing.T) {
	for text, want := range map[string]string{
		"select f(), s.g(1), pg_catalog.h(1, 2)": "f/0 s.g/1 pg_catalog.h/2",
		"select 1 from f(g(1))":                  "f/1 g/1",
		"call p(f())":                            "p/1 f/0",
		"select 1 order by f()":                  "f/0",
		"select 1 limit f()":                     "f/0",
		"insert into t values (f())":             "f/0",
		"update t set a = f() where g()":         "g/0 f/0",
		"create table t (a int default f())":     "f/0",
		"execute p(f())":                         "f/0",
		"create trigger g before insert on t execute procedure s.f()":       "s.f/0",
		"select count(*), max(distinct a) from t":                           "count/0 max/1",
		"select current_user, now(), localtime(1)":                          "pg_catalog.current_user/0 now/0 pg_catalog.localtime/0",
		"select extract(year from a), a at time zone 'x'":                   "pg_catalog.extract/2 pg_catalog.timezone/2",
		"do $$begin perform f(g(1)); x := 1; end$$":                         "",
		"do $$declare x int := h(); begin perform f(g(1)); x := k(); end$$": "f/1 g/1 k/0 h/0",
		"select (f(t)).a from t":                                            "f/1",
		"notify x":                                                          "",
		"select 1 from t tablesample s.m (f())":                             "s.m/1 f/0",
	} {
		if got := functions(only(t, text)); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestTextThatIsNotReadIsDynamic(t *testing.T) {
	for text, want := range map[string]bool{
		"do $$begin null; end$$":                                                       false,
		"do $$begin perform 1; end$$":                                                  false,
		"do $$begin execute 'drop table t'; end$$":                                     false,
		"do $$begin execute 'drop table ' || t; end$$":                                 true,
		"do $$begin execute format('drop table %I', 't'); end$$":                       false,
		"do $$begin execute format('drop table %I', t); end$$":                         true,
		"do $$begin execute format('drop table %1$I', 't'); end$$":                     true,
		"do $$begin execute $1; end$$":                                                 true,
		"do $$begin execute 'no sql'; end$$":                                           true,
		"do $$begin return query execute 'x'; end$$":                                   true,
		"do $$declare r record; begin for r in execute 'x' loop null; end loop; end$$": true,
		"do $$declare c refcursor; begin open c for execute 'x'; end$$":                true,
		"do $$this is no body$$":                                                       true,
		"do language plpython3u 'x'":                                                   true,
		"create function f() returns int language c as 'x', 'y'":                       true,
		"create function f() returns int language internal as 'x'":                     true,
		"create function f() returns int language sql as 'select 1'":                   false,
		"create function f() returns int language sql as 'no sql'":                     true,
		"create function f() returns int language sql as 'execute p'":                  true,
		"create function f() returns int return 1":                                     false,
		"select query_to_xml('select 1', true, true, '')":                              false,
		"select query_to_xml($1, true, true, '')":                                      true,
		"select query_to_xml('select ' || 1, true, true, '')":                          false,
		"select query_to_xml('select ' || a, true, true, '') from t":                   true,
		"select * from dblink('host=x', 'select 1') as t(a int)":                       true,
		"select extensions.dblink_exec('drop table t')":                                true,
		"select cron.schedule('* * * * *', 'drop table t')":                            true,
		"select database_to_xml(true, true, '')":                                       true,
		"select table_to_xml($1, true, true, '')":                                      true,
		"create rule r as on insert to t do instead delete from u":                     false,
		"select 1": false,
	} {
		if got := only(t, text).Dynamic; got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
}

func TestOnlyAConstantLimitOfTheOutermostQueryCounts(t *testing.T) {
	for text, want := range map[string]int64{
		"select 1":                         -1,
		"select 1 limit 10":                10,
		"select 1 limit 0":                 0,
		"select 1 fetch first 5 rows only": 5,
		"select 1 fetch first row only":    1,
		"select a from t order by a fetch first 5 rows with ties": -1,
		"select 1 limit all":                 -1,
		"select 1 limit null":                -1,
		"select 1 limit $1":                  -1,
		"select 1 limit 1+1":                 -1,
		"select 1 union select 2 limit 3":    3,
		"select * from (select 1 limit 5) x": -1,
		"copy (select 1 limit 5) to stdout":  5,
		"(select 1 limit 5)":                 5,
		"explain select 1 limit 5":           -1,
	} {
		if got := only(t, text).Limit; got != want {
			t.Errorf("%s: got %d, want %d", text, got, want)
		}
	}
}

func TestLockingIsNoted(t *testing.T) {
	if !only(t, "select 1 where exists (select 1 from t for share)").Locking || only(t, "select 1 from t").Locking {
		t.Error("FOR SHARE is not told apart")
	}
	if !slices.Equal(only(t, "select 1 from t for update").Tables[0].Access, []Access{AccessRead}) {
		t.Error("FOR UPDATE does not read")
	}
}
