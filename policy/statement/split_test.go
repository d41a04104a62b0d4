package statement

import (
	"slices"
	"testing"
)

func TestATextIsSplitWhereItsStatementsEnd(t *testing.T) {
	for text, want := range map[string][]string{
		"select 1":                   {"select 1"},
		"select 1;":                  {"select 1"},
		" ; select 1 ;; select 2 ; ": {" ; select 1 ", "; select 2 "},
		"select ';'; select \"a;b\"; select $x$;$x$": {"select ';'", " select \"a;b\"", " select $x$;$x$"},
		"-- a; b\nselect 1; /* c; */ select 2":       {"-- a; b\nselect 1", " /* c; */ select 2"},
		"create rule r as on insert to t do also (delete from u; delete from v); select 1": {
			"create rule r as on insert to t do also (delete from u; delete from v)", " select 1"},
		"select e'\\';'; select case when a then b end; select 2": {"select e'\\';'", " select case when a then b end", " select 2"},
	} {
		ends, ok := Split(text, DefaultLimits())
		var got []string
		begin := 0
		for _, end := range ends {
			got = append(got, text[begin:end])
			begin = end + 1
		}
		if !ok || !slices.Equal(got, want) {
			t.Errorf("%s is split into %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"select 'a", "create function f() returns int begin atomic select 1; select 2; end; select 3", "select 1 \x00"} {
		if ends, ok := Split(text, DefaultLimits()); ok && len(ends) == 1 {
			continue // which is for the parser
		} else if ok {
			t.Errorf("%q is split at %v", text, ends)
		}
	}
}
