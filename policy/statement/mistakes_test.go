package statement

import (
	"slices"
	"strings"
	"testing"
)

// Mistakes that other readers of SQL have made. Each case names what must be seen:
// columns (with what for), tables, functions or commands.
func TestMistakesSeenElsewhereAreNotMadeHere(t *testing.T) {
	for _, c := range []struct{ mistake, text, see string }{
		{"EXCEPT's right arm is dropped", "select a from t except select ssn from c", "column ssn Derived, table c"},
		{"INTERSECT's right arm is dropped", "select a from t intersect select ssn from c", "column ssn Derived, table c"},
		{"arms of arms are dropped", "(select 1 union select 2) except (select 3 union all (select ssn from c))", "column ssn Derived, table c"},
		{"the ORDER BY of a set operation is dropped", "select a from t union select b from u order by f(1)", "function f"},
		{"only the targets of sublinks are walked", "select (select 1 from c where ssn = 'x' group by email having max(phone) > 1 order by card limit f(1))",
			"column ssn Equality, column email Grouping, column phone Predicate, column card Ordering, function f, table c"},
		{"the tested expression of IN is dropped", "select 1 where ssn in (select a from t)", "column ssn Predicate"},
		{"FILTER is skipped", "select count(*) filter (where ssn like '1%') from c", "column ssn Predicate"},
		{"ORDER BY in an aggregate is skipped", "select array_agg(a order by ssn) from c", "column ssn Ordering"},
		{"WITHIN GROUP is skipped", "select percentile_cont(0.5) within group (order by salary) from c", "column salary Ordering"},
		{"window clauses are skipped", "select count(*) over w from c window w as (partition by ssn order by email rows f(1) preceding)",
			"column ssn Grouping, column email Ordering, function f"},
		{"windows in place are skipped", "select rank() over (order by ssn) from c", "column ssn Ordering"},
		{"GROUPING SETS are skipped", "select 1 from c group by rollup (ssn), cube (email), grouping sets ((phone), ())",
			"column ssn Grouping, column email Grouping, column phone Grouping"},
		{"DISTINCT ON is skipped", "select distinct on (ssn) a from c", "column ssn Grouping"},
		{"USING's columns are traced to one side", "select 1 from a join c using (ssn)", "column ssn Predicate, opaque a JOIN with USING"},
		{"a NATURAL JOIN's columns are not traced", "select 1 from a natural join c", "opaque a NATURAL JOIN"},
		{"CTE names are subtracted flat", "select (with c as (select 1) select 1 from c), ssn from c", "table c"},
		{"a CTE hides the table that it reads", "with c as (select * from c) select ssn from c", "table c"},
		{"a CTE's name hides a qualified table", "with c as (select 1) select ssn from public.c", "table c"},
		{"a CTE's name hides the target of a write", "with c as (select 1) delete from c", "table c, command Delete"},
		{"RETURNING is not seen as a result", "delete from c where id = 1 returning ssn", "column ssn Output"},
		{"RETURNING in a CTE is not seen", "with x as (update c set a = 1 returning ssn) select * from x", "column ssn Derived, command Update"},
		{"MERGE is not seen", "merge into c using t on c.id = t.id when matched and ssn = 'x' then update set email = phone when not matched then insert (id) values (f(1))",
			"column ssn Equality, column phone Derived, column email Write, function f, command Merge, command Update, command Insert"},
		{"the arguments of functions in FROM are lost", "select 1 from c, lateral f(c.ssn) g, unnest(array[email])", "column ssn Derived, column email Derived, function f, function unnest"},
		{"ROWS FROM is lost", "select 1 from c, rows from (f(ssn), g(email))", "column ssn Derived, column email Derived, function f, function g"},
		{"the arguments of TABLESAMPLE are lost", "select 1 from c tablesample bernoulli (f(1)) repeatable (g(2))", "function f, function g"},
		{"XMLTABLE is lost", "select 1 from c, xmltable('/x' passing ssn columns a text path f(1) default email)", "column ssn Derived, column email Derived"},
		{"casts are not walked into", "select (ssn)::text::int, cast(email as text) from c", "column ssn Derived, column email Derived"},
		{"CASE is not walked into", "select case ssn when email then phone else card end from c",
			"column ssn Derived, column email Derived, column phone Derived, column card Derived"},
		{"JSON constructors are not walked into", "select json_object('a': ssn), json_array(email), json_arrayagg(phone order by card) from c",
			"column ssn Derived, column email Derived, column phone Derived, column card Ordering"},
		{"indirection is not walked into", "select (array[ssn])[1], (row(email)).f1, (f(phone)).x from c", "column ssn Derived, column email Derived, column phone Derived"},
		{"LIMIT and OFFSET are not walked into", "select 1 from t limit (select ssn from c) offset f(1)", "column ssn Derived, table c, function f"},
		{"ON is skipped", "select 1 from t join c on c.ssn > t.a left join u on f(u.x)", "column ssn Predicate, function f"},
		{"identifiers with dots are taken apart", `select "a.b" from "public.c" where "x.y" = 1`, "column a.b Output, column x.y Equality, table public.c"},
		{"identifiers lose their case", `select "SSN" from "C"`, "column SSN Output, table C"},
		{"an INSERT's SELECT is skipped", "insert into t select ssn from c", "column ssn Derived, table c"},
		{"ON CONFLICT is skipped", "insert into t values (1) on conflict (a) where b > 1 do update set d = excluded.ssn where f(1)",
			"column a Predicate, column b Predicate, column ssn Derived, function f, command Update"},
		{"SET (a, b) = (SELECT ...) is skipped", "update t set (a, b) = (select ssn, 1 from c)", "column ssn Derived, table c"},
		{"UPDATE ... FROM is skipped", "update t set a = 1 from c where c.ssn = 'x'", "column ssn Equality, table c"},
		{"DELETE ... USING is skipped", "delete from t using c where c.ssn = 'x'", "column ssn Equality, table c"},
		{"COPY's query is skipped", "copy (select ssn from c) to stdout", "column ssn Output, table c"},
		{"COPY FROM's WHERE is skipped", "copy t from stdin where f(a)", "function f"},
		{"EXPLAIN is not looked into", "explain (analyse, verbose) delete from c", "command Delete, table c"},
		{"a materialized CTE is not looked into", "with x as materialized (delete from c returning *) select 1", "command Delete, table c"},
		{"SEARCH and CYCLE break a CTE", "with recursive x as (select id from c union all select id from x) search depth first by id set o cycle id set m to true default false using p select 1",
			"table c"},
		{"a view's query is not looked into", "create view v as select ssn from c", "column ssn Derived, table c"},
		{"a rule's actions are not looked into", "create rule r as on insert to t where f(1) do also (delete from c; select ssn from u)", "command Delete, table c, column ssn Derived, table u, function f"},
		{"a schema's elements are not looked into", "create schema s create view v as select ssn from c create table t (a int default f(1))", "column ssn Derived, table c, function f"},
		{"a policy's expressions are not looked into", "create policy p on t using (f(1)) with check (ssn in (select a from c))", "function f, column ssn Derived, table c"},
		{"a default is not looked into", "alter table t add column a int default f(1), alter b set default g(2)", "function f, function g"},
		{"USING of ALTER TYPE is not looked into", "alter table t alter a type int using f(ssn)", "function f, column ssn Derived"},
		{"an index's expressions are not looked into", "create index on c (f(ssn)) include (email) where g(phone)", "function f, function g, column ssn Derived, column phone Derived"},
		{"a trigger's WHEN is not looked into", "create trigger g after update of ssn on c for each row when (f(new.ssn)) execute function h()", "function f, function h, column ssn Derived"},
		{"a generated column is not looked into", "create table t (a int, b text generated always as (f(a)) stored)", "function f"},
		{"a partition's bound is not looked into", "create table p partition of t for values from (f(1)) to (g(2))", "function f, function g"},
		{"a statistics object's query is not looked into", "create statistics s on (f(ssn)), a from c", "function f, column ssn Derived, table c"},
		{"an EXECUTE's parameters are not looked into", "execute p(f(1), (select ssn from c))", "function f, column ssn Derived, table c"},
		{"CALL's arguments are not looked into", "call p(f(1), (select ssn from c))", "function f, function p, column ssn Derived, table c"},
		{"a cursor's query is not looked into", "declare x cursor for select ssn from c", "column ssn Output, table c"},
		{"CREATE TABLE AS is not looked into", "create table x as select ssn from c", "column ssn Derived, table c"},
		{"what EXPLAIN CREATE TABLE AS holds is not looked into", "explain analyze create table x as select ssn from c", "column ssn Derived, table c, command Create"},
		{"functional notation hides a column", "select ssn(c) from c", "column ssn Derived"},
		{"a whole row hides columns", "select c from c", "column * Derived"},
		{"DDL inside of DO is not seen", "do $$begin if true then drop table c; end if; end$$", "command Drop, table c"},
		{"a DO in a DO is not seen", "do $a$begin execute $b$do 'begin drop table c; end'$b$; end$a$", "command Drop, table c"},
	} {
		st := only(t, c.text)
		for want := range strings.SplitSeq(c.see, ", ") {
			if !sees(st, want) {
				t.Errorf("%s: %s\n not seen: %s in %+v", c.mistake, c.text, want, *st)
			}
		}
	}
}

func sees(st *Statement, what string) bool {
	kind, name, _ := strings.Cut(what, " ")
	switch kind {
	case "column":
		name, use, _ := strings.Cut(name, " ")
		return slices.ContainsFunc(st.Columns, func(c Column) bool {
			return string(c.Use) == use && (c.Name == name || c.Star && name == "*")
		})
	case "table":
		return slices.ContainsFunc(st.Tables, func(t Table) bool { return t.Name == name })
	case "function":
		return slices.ContainsFunc(st.Functions, func(f Function) bool { return f.Name == name })
	case "command":
		return slices.Contains(st.Commands, Command(name))
	case "opaque":
		return slices.Contains(st.Opaque, name)
	}
	return false
}
