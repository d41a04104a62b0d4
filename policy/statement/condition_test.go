package statement

import (
	"fmt"
	"strings"
	"testing"
)

func TestAWhereCountsOnlyIfTheRowDecides(t *testing.T) {
	for where, want := range map[string]Condition{
		"":                             WhereMissing,
		"true":                         WhereConstant,
		"'t'::bool":                    WhereConstant,
		"not false":                    WhereConstant,
		"1=1":                          WhereConstant,
		"1 < 2":                        WhereConstant,
		"$1":                           WhereConstant,
		"$1 = 5":                       WhereConstant,
		"now() > '2020-01-01'":         WhereConstant,
		"random() >= 0":                WhereConstant,
		"current_user = 'x'":           WhereConstant,
		"null is null":                 WhereConstant,
		"id = id":                      WhereConstant,
		"id=t.id":                      WhereConstant,
		"s.t.id = id":                  WhereConstant,
		"(id) = (id)":                  WhereConstant,
		"id + 1 = id + 1":              WhereConstant,
		"id >= id":                     WhereConstant,
		"not (id <> id)":               WhereConstant,
		"id is not distinct from id":   WhereConstant,
		"id in (1, id)":                WhereConstant,
		"id = any(array[id])":          WhereConstant,
		"id between id and id":         WhereConstant,
		"name like '%'":                WhereConstant,
		"name ilike '%%'":              WhereConstant,
		"name like name":               WhereConstant,
		"name similar to '%'":          WhereConstant,
		"name ~ '.*'":                  WhereConstant,
		"name ~ ''":                    WhereConstant,
		"id is not null or true":       WhereConstant,
		"true or id = 1":               WhereConstant,
		"id = 1 or 1 = 1":              WhereConstant,
		"id = 1 or $1":                 WhereConstant,
		"$1 is null or id = $1":        WhereConstant,
		"id is null or id is not null": WhereConstant,
		"id = 1 or id <> 1":            WhereConstant,
		"id = 1 or not id = 1":         WhereConstant,
		"id > 0 or t.id <= 0":          WhereConstant,
		"id = id and true":             WhereConstant,
		"(id is null) is not null":     WhereConstant,
		"(id = id) is true":            WhereConstant,
		"case when id = 1 then true else true end":                WhereConstant,
		"case when $1 then true end":                              WhereConstant,
		"coalesce(true, id = 1)":                                  WhereConstant,
		"exists (select 1)":                                       WhereConstant,
		"exists (select 1 from u where u.a = 1)":                  WhereConstant,
		"exists (select 1 from t where t.id = 1)":                 WhereConstant,
		"1 in (select a from u)":                                  WhereConstant,
		"id in (select id from t)":                                WhereConstant,
		"id in (select x.id from t x where true)":                 WhereConstant,
		"(select count(*) from u) > 0":                            WhereConstant,
		"false":                                                   WhereConstant,
		"id = (select id)":                                        WhereConstant,
		"id = id::int":                                            WhereConstant,
		"id::text = cast(id as text)":                             WhereConstant,
		"id = id + 0":                                             WhereConstant,
		"0 + id = id":                                             WhereConstant,
		"id * 1 = id":                                             WhereConstant,
		"id = +id":                                                WhereConstant,
		"name || '' = name":                                       WhereConstant,
		"name like '%' || '%'":                                    WhereConstant,
		"id in (select id)":                                       WhereConstant,
		"id in (select t.id)":                                     WhereConstant,
		"id = any (select id from t)":                             WhereConstant,
		"id = any (array(select id from t))":                      WhereConstant,
		"id in (select id from t union select 1)":                 WhereConstant,
		"exists (select id)":                                      WhereConstant,
		"exists (select t.id from u)":                             WhereConstant,
		"exists (select 1 from t x where x.id = t.id)":            WhereConstant,
		"exists (select 1 from s.t x where t.id = x.id and true)": WhereConstant,
		"ctid is not null":                                        WhereConstant,
		"t.xmin is not null":                                      WhereConstant,
		"tableoid = 't'::regclass":                                WhereConstant,
		"id = coalesce($1, id)":                                   WhereConstant,
		"id = coalesce(nullif($1, 0), t.id)":                      WhereConstant,
		"id >= least(id, 5)":                                      WhereConstant,
		"id = case when $1 then 5 else id end":                    WhereConstant,
		"id > 0 or id < 1":                                        WhereConstant,
		"id <= 5.5 or id >= 5":                                    WhereConstant,
		"id in (1) or id not in (1)":                              WhereConstant,
		"(select true)":                                           WhereConstant,
		"(select id = id)":                                        WhereConstant,
		"true = true":                                             WhereConstant,
		"upper('a') = 'A'":                                        WhereConstant,
		"1 + 1 = 2":                                               WhereConstant,
		"not (1 = 2)":                                             WhereConstant,
		"'a' in ('a', 'b')":                                       WhereConstant,

		"id = 1":                                WherePresent,
		"t.id = $1":                             WherePresent,
		"id = 1 and true":                       WherePresent,
		"id = 1 or false":                       WherePresent,
		"id = 1 or id = 2":                      WherePresent,
		"active":                                WherePresent,
		"not active":                            WherePresent,
		"id is not null":                        WherePresent,
		"id = other_id":                         WherePresent,
		"name like 'a%'":                        WherePresent,
		"name not like '%'":                     WherePresent,
		"id = any($1)":                          WherePresent,
		"id in (select id from t limit 10)":     WherePresent,
		"id in (select id from t where id > 5)": WherePresent,
		"id in (select id from u)":              WherePresent,
		"exists (select 1 from u where u.a = t.id)":                WherePresent,
		"exists (select 1 from u where u.a = t.*::text)":           WherePresent,
		"exists (select 1 from u where u.a = t::text)":             WherePresent,
		"exists (select 1 from t x where x.id = t.id and x.a > 5)": WherePresent,
		"exists (select 1 from t x where x.id < t.id)":             WherePresent,
		"id = (select max(id) from u)":                             WherePresent,
		"id = (select 5)":                                          WherePresent,
		"id = other_id + 0":                                        WherePresent,
		"id = id + 1":                                              WherePresent,
		"id = coalesce($1, 5)":                                     WherePresent,
		"ctid = '(0,1)'":                                           WherePresent,
		"ctid in (select ctid from t limit 10)":                    WherePresent,
		"id > 5 or id < 1":                                         WherePresent,
		"id::text like 'a%'":                                       WherePresent,
		"f(t)":                                                     WherePresent,
		"current of c":                                             WherePresent,
		"case when id = 1 then true else false end":                WherePresent,
		"id = id and id = 1":                                       WherePresent,
	} {
		text := "delete from t"
		if where != "" {
			text += " where " + where
		}
		if got := only(t, text).Writes[0].Where; got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestAConditionIsAboutTheTargetByTheNameThatItHas(t *testing.T) {
	for text, want := range map[string]Condition{
		"delete from t using u where t.a = u.a":                                                                 WherePresent,
		"delete from t using u where u.a = 1":                                                                   WhereConstant,
		"delete from t x using u where x.a = u.a":                                                               WherePresent,
		"delete from t x using t where t.a = 1":                                                                 WhereConstant,
		"update t set a = 1 from u where u.b = 2":                                                               WhereConstant,
		"update t set a = 1 from t x where x.id = t.id":                                                         WhereConstant,
		"delete from t using t x where t.id = x.id and true":                                                    WhereConstant,
		"delete from t using u, t x where t.id = x.id":                                                          WhereConstant,
		"delete from t using t x where t.id = x.id and x.a = 5":                                                 WherePresent,
		"delete from t using t x where t.email = x.email and t.id < x.id":                                       WherePresent,
		"merge into t using t x on t.id = x.id when matched then delete":                                        WhereConstant,
		"delete from t using (select id from t) x where x.id = t.id":                                            WhereConstant,
		"with x as (select * from s.t where true) delete from t using x where x.id = t.id":                      WhereConstant,
		"with x as (select id from t where old) delete from t using x where x.id = t.id":                        WherePresent,
		"with x as (select id from t limit 5) delete from t using x where x.id = t.id":                          WherePresent,
		"with x as (select id from u) delete from t using x where x.id = t.id":                                  WherePresent,
		"delete from t using (select id from t order by id for update skip locked limit 1) x where x.id = t.id": WherePresent,
		"update t set a = 1 from t old where t.id = old.id and t.id = 5 returning old.a":                        WherePresent,
		"update t set a = x.b from (values (1, 2)) x (id, b) where t.id = x.id":                                 WherePresent,
		"update t set a = 1 from u where b = 2":                                                                 WherePresent,
		"update t set a = 1":                                                                                    WhereMissing,
		"merge into t using u on t.a = u.a when matched then delete":                                            WherePresent,
		"merge into t using u on true when matched then delete":                                                 WhereConstant,
		"merge into t using u on u.a = 1 when matched then do nothing":                                          WhereConstant,
		"insert into t values (1)":                                                                              WherePresent,
		"prepare p as delete from t":                                                                            WhereMissing,
		"explain analyze delete from t where id = id":                                                           WhereConstant,
		"with x as (delete from t) select 1":                                                                    WhereMissing,
		"copy (delete from t where true returning 1) to stdout":                                                 WhereConstant,
		"create rule r as on insert to v do delete from t":                                                      WhereMissing,
		"do $$begin delete from t where 1=1; end$$":                                                             WhereConstant,
		"create function f() returns int language sql as 'delete from t; select 1'":                             WhereMissing,
	} {
		if got := only(t, text).Writes[0].Where; got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestEveryWriteIsListedWithWhatItWrites(t *testing.T) {
	for text, want := range map[string]string{
		"insert into t (a, b) values (1, 2)":                           "Insert t(a,b) Present",
		"insert into t values (1)":                                     "Insert t() Present",
		"update t set a = 1, (b, c) = (1, 2)":                          "Update t(a,b,c) Missing",
		"update t set a.x = 1, b[1] = 2":                               "Update t(a,b) Missing",
		"insert into t values (1) on conflict (a) do update set b = 1": "Insert t() Present; Update t(b) Present",
		"merge into t using u on t.a = u.a when matched and t.b = 1 then delete when matched then update set c = 1 when not matched then insert (d) values (1)": "Merge t(c,d) Present; Delete t() Present; Update t(c) Present; Insert t(d) Present",
		"merge into t using u on true when matched and t.b = 1 then delete when matched then update set c = 1":                                                  "Merge t(c) Constant; Delete t() Present; Update t(c) Constant",
		"with x as (delete from a), y as (update b set c = 1 where d = 1) insert into e values (1)":                                                             "Delete a() Missing; Update b(c) Present; Insert e() Present",
	} {
		if got := writes(only(t, text)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestAConditionThatNamesMayDecideSaysWhich(t *testing.T) {
	for text, want := range map[string]string{
		"delete from t where exists (select 1 from u where u.t_id = id)":                                    "[id] u",
		"delete from t where exists (select 1 from s.u x, v where tid = id)":                                "[tid id] s.u v",
		"delete from t where exists (select 1 from u where a = b) and exists (select 1 from v where c = d)": "[a b] u",
		"delete from t where exists (select 1 from u where a = b) or exists (select 1 from v where c = d)":  "[a b] u; [c d] v",
		"delete from t where exists (select 1 from u where u.a = t.id)":                                     "",
		"delete from t where exists (select 1 from u where u.a = 1)":                                        "",
		"delete from t where exists (select 1 from (select 1) u where a = b)":                               "",
		"delete from t where true or exists (select 1 from u where a = b)":                                  "",
		"delete from t where $1 or exists (select 1 from u where a = b)":                                    "",
		"delete from t": "",
		"update t set x = 1 where not exists (select 1 from u where a = b)": "[a b] u",
		"delete from t where 5 = (select count(*) from u where a = b)":      "[a b] u",
	} {
		w := only(t, text).Writes[0]
		var all []string
		for _, c := range w.Correlated {
			s := fmt.Sprint(c.Names)
			for _, r := range c.From {
				s += " " + strings.TrimPrefix(r.Schema+"."+r.Name, ".")
			}
			all = append(all, s)
		}
		if got := strings.Join(all, "; "); got != want || got != "" && w.Where != WhereConstant {
			t.Errorf("%s: got %s, %s; want %s", text, w.Where, got, want)
		}
	}
}
