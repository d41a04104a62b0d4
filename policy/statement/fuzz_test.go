package statement

import (
	"reflect"
	"strings"
	"testing"

	pg_query "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func seeds() []string {
	return []string{
		"select 1", "select a, b.*, upper(c) x from s.t b where d = $1 order by 1 limit 5",
		"with recursive x as (select 1 union all select n+1 from x) table x",
		"insert into t (a) values (1) on conflict (a) do update set b = excluded.c returning *",
		"update t set (a, b) = (select 1, 2) where id = id", "delete from t using u where t.a between 1 and 2 and u.b",
		"merge into t using u on true when matched then delete", "copy (select 1) to stdout (format csv, header)",
		"do $$begin execute 'x'; perform f(1); end$$", "create function f() returns int language sql as 'select 1'",
		"create table t (a int default f() check (a > 1), like u)", "prepare p as select 1", "declare c cursor for select 1",
		"explain analyse delete from t", "select e'\\'' 'x' /* /* */ */ -- y\n + 1", "select $a$ $b$ $a$, u&\"\\0041\"",
		"select case when a then b else c end between 1 and 2 is null", "drop table a, b; truncate c",
		"set role x; reset all; discard all", "select a.or + a.case(1) operator(pg_catalog.+) 2",
		"select json_object('a': b), xmlelement(name x, y), extract(year from z)",
		"select 1 from a natural join b join c using (d) cross join lateral f(e) g(h)",
		"select not a is distinct from not b, a[1][2:3], (x).y.*, array[1,2], row(1,2)",
	}
}

// depthOf counts the operators, subqueries and the like that stand in each other:
// the messages of the tree from the root to its deepest leaf.
func depthOf(m protoreflect.Message) int {
	deepest := 0
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Kind() != protoreflect.MessageKind:
		case field.IsList():
			for i := range value.List().Len() {
				deepest = max(deepest, depthOf(value.List().Get(i).Message()))
			}
		default:
			deepest = max(deepest, depthOf(value.Message()))
		}
		return true
	})
	return deepest + 1
}

// FuzzScan checks against the parser that a text which Scan lets through under
// tight limits cannot have a deep tree, however it is written.
func FuzzScan(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	for _, s := range []string{"a+", "not ", "a is null ", "case when a then ", "a between 1 and ", "(", "select 1 union ", "x join "} {
		f.Add("select " + strings.Repeat(s, 20) + "1")
	}
	limits := Limits{Length: 2000, Statements: 20, CommentDepth: 8, Nesting: 10, Chain: 20}
	f.Fuzz(func(t *testing.T, text string) {
		if Scan(text, limits) != nil {
			return
		}
		tree, err := pg_query.Parse(text)
		if err != nil {
			return
		}
		// One link takes up to three messages of the tree, one bracket up to a
		// dozen, a statement's own frame some more.
		if got := depthOf(tree.ProtoReflect()); got > 3*limits.Chain+12*limits.Nesting+40 {
			t.Errorf("%q: depth %d", text, got)
		}
	})
}

// FuzzParse checks that every text that the parser takes has facts that survive
// the pipe, or is refused with a typed error.
func FuzzParse(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	limits := Limits{Length: 2000, Statements: 20, CommentDepth: 8, Nesting: 20, Chain: 200}
	f.Fuzz(func(t *testing.T, text string) {
		if Scan(text, limits) != nil {
			return
		}
		facts, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Decode(Encode(nil, facts))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if !reflect.DeepEqual(normal(facts), normal(again)) {
			t.Fatalf("%q:\n%+v\n%+v", text, facts, again)
		}
		for _, s := range facts.Statements {
			if len(s.Commands) == 0 || s.Commands[0] != s.Command {
				t.Fatalf("%q: %+v", text, s)
			}
		}
	})
}

// normal makes empty lists nil, which the pipe does not tell apart.
func normal(f *Facts) *Facts {
	for i := range f.Statements {
		normalStatement(&f.Statements[i])
	}
	return f
}

func normalStatement(s *Statement) {
	v := reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		if field := v.Field(i); field.Kind() == reflect.Slice && field.Len() == 0 {
			field.SetZero()
		}
	}
	for i := range s.Writes {
		if len(s.Writes[i].Columns) == 0 {
			s.Writes[i].Columns = nil
		}
	}
	for i := range s.Tables { // Access is a set
		if len(s.Tables[i].Access) == 2 {
			s.Tables[i].Access = []Access{AccessRead, AccessWrite}
		}
	}
	for _, body := range []*Statement{s.Prepared.body(), s.Cursor.body()} {
		if body != nil {
			normalStatement(body)
		}
	}
}

func (p *Prepared) body() *Statement {
	if p == nil {
		return nil
	}
	return p.Body
}

func (c *Cursor) body() *Statement {
	if c == nil {
		return nil
	}
	return c.Body
}

// FuzzDecode checks that a worker's bytes, whatever they are, are read within
// bounds, and that what is accepted is written the same way again.
func FuzzDecode(f *testing.F) {
	for _, s := range seeds() {
		if facts, err := Parse(s); err == nil {
			f.Add(Encode(nil, facts))
		}
	}
	f.Add([]byte{encodingMark, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, data []byte) {
		facts, err := Decode(data)
		if err != nil {
			return
		}
		again, err := Decode(Encode(nil, facts))
		if err != nil || !reflect.DeepEqual(facts, again) {
			t.Fatalf("%v\n%+v\n%+v", err, facts, again)
		}
		if size := facts.Size(); size > 100*len(data)+1000 {
			t.Fatalf("%d bytes of facts of %d", size, len(data))
		}
	})
}
