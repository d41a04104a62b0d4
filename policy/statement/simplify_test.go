package statement

import (
	"slices"
	"strings"
	"testing"
)

// what gives all that a body in PL/pgSQL does, sorted, as it is written or made
// simpler. ok is false where the parser does not take it.
func what(body string) (found []string, dynamic, ok bool) {
	r := routine{parameters: []string{"a", "b"}, set: true}
	tree, ok := parsePlpgsql(r.wrap(body))
	if !ok {
		return nil, false, false
	}
	w := walker{st: &Statement{Limit: -1}}
	w.plpgsqlNode(tree)
	for _, c := range w.st.Commands {
		found = append(found, "command "+string(c))
	}
	for _, t := range w.st.Tables {
		for _, a := range t.Access {
			found = append(found, "table "+t.Schema+"."+t.Name+" "+string(a))
		}
	}
	for _, f := range w.st.Functions {
		found = append(found, "function "+f.Schema+"."+f.Name)
	}
	for _, s := range w.st.Settings {
		found = append(found, "setting "+s.Name)
	}
	slices.Sort(found)
	return slices.Compact(found), w.st.Dynamic, true
}

// missing gives what the simpler form of a body does not show, though the parser
// takes the body as it is.
func missing(body string) []string {
	simpler, changed := simplify(body)
	if !changed {
		return nil
	}
	want, dynamic, ok := what(body)
	got, vague, understood := what(simpler)
	if !ok || dynamic || !understood || vague {
		return nil
	}
	return slices.DeleteFunc(want, func(s string) bool {
		return slices.Contains(got, s) || s == "command "+string(CommandSelect)
	})
}

func TestASimplerBodyDoesTheSame(t *testing.T) {
	for _, body := range []string{
		"begin select case when x then move end from c into a; end",
		"begin insert into s.t select 1; insert into s.t (a, b) values (1, 2) returning a into b; end",
		"begin merge into s.t using u on t.a = u.a when matched then delete; end",
		"begin for a in select * from c loop null; end loop; end",
		"begin for a in (select 1) loop null; end loop; end",
		"begin if x then perform 1 from c where case when y then b.z = 1 else f(2) end; end if; end",
		"begin case when x then a := 1; else delete from c; end case; end",
		"begin a := 'x' collate \"C\"; return query select b collate \"C\" from c; end",
		"begin perform f(a := 1, b => 2); end",
		"begin return next a; return; end",
		"begin update c set fetch_x = 1, open = 2, close = 3; end",
		"begin perform close, open, move from c; end",
		"begin perform 1; /* open */ delete from c; -- close;\nend",
	} {
		if lost := missing(body); len(lost) > 0 {
			t.Errorf("%s: lost %s", body, strings.Join(lost, ", "))
		}
	}
}

func FuzzSimplify(f *testing.F) {
	for _, body := range []string{"begin b.x := 1; end", "declare k refcursor; begin open k for select 1; fetch k into b.x; close k; end",
		"begin select case when x then move end from c into a.b; end", "begin insert into s.t values (1); end",
		"begin for a in k(f(1)) loop delete from c; end loop; end", "begin if x then close a; else move b from c; end if; end",
		"begin return next; a.b = c; a[f(1)].c := 2; end", "begin perform a collate x.y from c; end"} {
		f.Add(body)
	}
	limits := Limits{Length: 2000, Statements: 20, CommentDepth: 8, Nesting: 20, Chain: 200}
	f.Fuzz(func(t *testing.T, body string) {
		if Scan(body, limits) != nil {
			return
		}
		if lost := missing(body); len(lost) > 0 {
			simpler, _ := simplify(body)
			t.Errorf("%q became %q and lost %s", body, simpler, strings.Join(lost, ", "))
		}
	})
}
