package statement

import "testing"

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
		"case when id = 1 then true else true end": WhereConstant,
		"case when $1 then true end":               WhereConstant,
		"coalesce(true, id = 1)":                   WhereConstant,
		"exists (select 1)":                        WhereConstant,
		"exists (select 1 from u where u.a = 1)":   WhereConstant,
		"exists (select 1 from t where t.id = 1)":  WhereConstant,
		"1 in (select a from u)":                   WhereConstant,
		"id in (select id from t)":                 WhereConstant,
		"id in (select x.id from t x where true)":  WhereConstant,
		"(select count(*) from u) > 0":             WhereConstant,
		"false":                                    WhereConstant,

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
		"exists (select 1 from u where u.a = t.id)":      WherePresent,
		"exists (select id)":                             WherePresent,
		"exists (select 1 from u where u.a = t.*::text)": WherePresent,
		"exists (select 1 from u where u.a = t::text)":   WherePresent,
		"f(t)":         WherePresent,
		"current of c": WherePresent,
		"case when id = 1 then true else false end": WherePresent,
		"id = id and id = 1":                        WherePresent,
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
		"delete from t using u where t.a = u.a":                                     WherePresent,
		"delete from t using u where u.a = 1":                                       WhereConstant,
		"delete from t x using u where x.a = u.a":                                   WherePresent,
		"delete from t x using t where t.a = 1":                                     WhereConstant,
		"update t set a = 1 from u where u.b = 2":                                   WhereConstant,
		"update t set a = 1 from u where b = 2":                                     WherePresent,
		"update t set a = 1":                                                        WhereMissing,
		"merge into t using u on t.a = u.a when matched then delete":                WherePresent,
		"merge into t using u on true when matched then delete":                     WhereConstant,
		"merge into t using u on u.a = 1 when matched then do nothing":              WhereConstant,
		"insert into t values (1)":                                                  WherePresent,
		"prepare p as delete from t":                                                WhereMissing,
		"explain analyze delete from t where id = id":                               WhereConstant,
		"with x as (delete from t) select 1":                                        WhereMissing,
		"copy (delete from t where true returning 1) to stdout":                     WhereConstant,
		"create rule r as on insert to v do delete from t":                          WhereMissing,
		"do $$begin delete from t where 1=1; end$$":                                 WhereConstant,
		"create function f() returns int language sql as 'delete from t; select 1'": WhereMissing,
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
