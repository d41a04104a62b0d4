package statement

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listed gives the lines of a file of conditions.
func listed(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

// Whatever the table holds.
func TestConditionsThatSpareNoRowAreConstant(t *testing.T) {
	for _, where := range listed(t, "conditions_sparing_none.txt") {
		if got := only(t, "delete from wide where "+where).Writes[0]; got.Where != WhereConstant {
			t.Errorf("%s: got %s", where, got.Where)
		}
	}
}

// The columns stand behind the arrow: where none of them can be NULL, no row is spared.
func TestConditionsThatSpareRowsWithNullsNameTheColumns(t *testing.T) {
	for _, line := range listed(t, "conditions_sparing_nulls.txt") {
		where, columns, _ := strings.Cut(line, " -> ")
		got := only(t, "delete from wide where "+where).Writes[0]
		if want := strings.Split(columns, " "); got.Where != WherePresent || !slices.Equal(got.Given.NotNull, want) {
			t.Errorf("%s: got %s %v, want %v", where, got.Where, got.Given.NotNull, want)
		}
	}
}

// The columns stand behind the arrow, and the kinds of types of which one must be theirs.
func TestConditionsThatSpareNoValueOfATypeNameTheColumns(t *testing.T) {
	for _, line := range listed(t, "conditions_sparing_by_type.txt") {
		where, given, _ := strings.Cut(line, " -> ")
		columns, kinds, _ := strings.Cut(given, " : ")
		got := only(t, "delete from wide where "+where).Writes[0]
		if got.Where != WherePresent || got.Given == nil || strings.Join(got.Given.Typed, " ") != columns || strings.Trim(fmt.Sprint(got.Given.As), "[]") != kinds {
			t.Errorf("%s: got %s %v, want %s", where, got.Where, got.Given, given)
		}
	}
}

// By joins with the table itself, CTEs, MERGE and ON CONFLICT.
func TestWritesThatReachEveryRow(t *testing.T) {
	for _, text := range listed(t, "writes_of_all_rows.txt") {
		if !slices.ContainsFunc(only(t, text).Writes, func(w Write) bool { return w.Where != WherePresent || w.Given != nil }) {
			t.Errorf("%s: got Present", text)
		}
	}
}

// What applications send.
func TestWritesThatReachSomeRows(t *testing.T) {
	for _, text := range listed(t, "writes_of_some_rows.txt") {
		for _, w := range only(t, text).Writes {
			if w.Where != WherePresent || w.Given != nil && len(w.Given.Typed) == 0 {
				t.Errorf("%s: got %s %v", text, w.Where, w.Given)
			}
		}
	}
}

// What applications send.
func TestUsualConditionsAreTakenForWhatTheyAre(t *testing.T) {
	for _, where := range listed(t, "conditions_usual.txt") {
		got := only(t, "delete from wide where "+where).Writes[0]
		if got.Where != WherePresent || got.Given != nil && len(got.Given.Typed) == 0 && !strings.Contains(strings.ToLower(where), " is null") {
			t.Errorf("%s: got %s %v", where, got.Where, got.Given)
		}
	}
}

func TestWritesFromTheirOwnTableAreOfAllRows(t *testing.T) {
	for text, want := range map[string]Condition{
		"update wide set x = 1 from (select id as i from wide) s where s.i = id":                            WhereConstant,
		"update wide set x = 1 from (select id as i from wide where y = 1) s where s.i = id":                WherePresent,
		"update wide a set x = 1 from generate_series(1, 10) g where g = 1":                                 WhereConstant,
		"update wide a set x = 1 from generate_series(1, 10) g where g = id":                                WherePresent,
		"delete from wide using (values (1)) v(y) where y = 1":                                              WhereConstant,
		"delete from wide using (values (1)) v(y) where y = id":                                             WherePresent,
		"delete from wide using wide w2 where w2.id >= wide.id":                                             WhereConstant,
		"delete from wide using wide w2 where w2.id > wide.id and w2.email = wide.email":                    WherePresent,
		"merge into wide w using (select distinct id from wide) s on w.id = s.id when matched then delete":  WhereConstant,
		"merge into wide w using (select distinct id from other) s on w.id = s.id when matched then delete": WherePresent,
	} {
		if got := only(t, text).Writes[0].Where; got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string]Condition{
		"insert into wide select * from wide on conflict (id) do update set x = 1":              WhereConstant,
		"insert into wide table wide on conflict (id) do update set x = excluded.x":             WhereConstant,
		"insert into wide select * from wide where id = 5 on conflict (id) do update set x = 1": WherePresent,
		"insert into wide select * from other on conflict (id) do update set x = 1":             WherePresent,
		"insert into wide values (1, 2) on conflict (id) do update set x = excluded.x":          WherePresent,
	} {
		if got := only(t, text).Writes[1].Where; got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}
