package policy

import (
	"testing"

	"github.com/weirgate/weir/policy/statement"
)

func TestASubqueryThatNamesTheRowLimitsAWrite(t *testing.T) {
	c := testCatalog(t)
	for sql, want := range map[string]statement.Condition{
		"delete from rates where exists (select 1 from free where free.id = rate)":                                                  statement.WherePresent,
		"delete from rates where exists (select 1 from free f where id = rate)":                                                     statement.WherePresent,
		"update rates set rate = 1 where not exists (select 1 from free where free.id = rate)":                                      statement.WherePresent,
		"with x as (delete from public.rates where exists (select from free where rate = 1)) select 1":                              statement.WherePresent,
		"delete from rates where exists (select 1 from free where free.id = id)":                                                    statement.WhereConstant,
		"delete from rates where exists (select 1 from rates r where r.id = rate)":                                                  statement.WhereConstant,
		"delete from rates where exists (select 1 from unknown u where u.id = rate)":                                                statement.WhereConstant,
		"delete from unknown where exists (select 1 from free where free.id = rate)":                                                statement.WhereConstant,
		"delete from rates where exists (select 1 from free where free.id = no_such_column)":                                        statement.WhereConstant,
		"delete from rates where true or exists (select 1 from free where free.id = rate)":                                          statement.WhereConstant,
		"delete from rates where exists (select 1 from free where free.id = rate) or exists (select 1 from free where free.id = 1)": statement.WhereConstant,
		"delete from rates": statement.WhereMissing,
	} {
		st := &facts(t, sql).Statements[0]
		before := st.Writes[0].Where
		if got := c.reachOf(st).Writes[0].Where; got != want {
			t.Errorf("%s: got %s, want %s", sql, got, want)
		}
		if st.Writes[0].Where != before {
			t.Errorf("%s: the facts were changed", sql)
		}
	}
}
