package lineage_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/lineage"
)

// seeds are the first numbers of the statements that are generated; what ever failed
// is added here.
func seeds() []uint64 { return []uint64{1, 20241122, 76543} }

// generator makes statements at random.
type generator struct {
	*rand.Rand
	depth int
	names int
}

// column is one that an expression can name, with its type: t text, n number, d date, j
// jsonb, a array.
type column struct {
	name string
	kind byte
}

func (g *generator) pick(options ...string) string { return options[g.IntN(len(options))] }

func (g *generator) name() string {
	g.names++
	return fmt.Sprintf("x%d", g.names)
}

// source gives an item of FROM and its columns, under an alias.
func (g *generator) source(around []column) (string, []column) {
	alias := g.name()
	own := func(columns ...column) []column {
		out := make([]column, len(columns))
		for i, c := range columns {
			out[i] = column{alias + "." + c.name, c.kind}
		}
		return out
	}
	limit := 9
	if g.depth > 3 {
		limit = 5
	}
	switch g.IntN(limit) {
	case 0, 1:
		return "customers " + alias, own(column{"id", 'n'}, column{"name", 't'}, column{"email", 't'}, column{"ssn", 't'}, column{"salary", 'n'}, column{"born", 'd'}, column{"doc", 'j'}, column{"tags", 'a'}, column{"region", 'n'})
	case 2:
		return "orders " + alias, own(column{"id", 'n'}, column{"customer_id", 'n'}, column{"note", 't'}, column{"email", 't'})
	case 3:
		return g.pick("contacts ", "contacts AS ") + alias, own(column{"id", 'n'}, column{"mail", 't'}, column{"shout", 't'}, column{"name", 't'})
	case 4:
		return g.pick("events ", "events_old ", "events_new ") + alias, own(column{"id", 'n'}, column{"ip", 't'})
	case 5:
		q, columns := g.query(nil)
		return "(" + q + ") " + alias, own(columns...)
	case 6:
		q, columns := g.query(around)
		return "LATERAL (" + q + ") " + alias, own(columns...)
	case 7:
		q, columns := g.query(nil)
		renamed := make([]string, len(columns))
		for i := range columns {
			renamed[i] = g.name()
			columns[i].name = renamed[i]
		}
		return "(" + q + ") AS " + alias + "(" + strings.Join(renamed, ", ") + ")", own(columns...)
	}
	return fmt.Sprintf("(VALUES (%s, %s), (NULL, NULL)) %s(a, b)", g.expression(around, 't'), g.expression(around, 'n'), alias), own(column{"a", 't'}, column{"b", 'n'})
}

// expression gives one of a kind over the columns.
func (g *generator) expression(columns []column, kind byte) string {
	g.depth++
	defer func() { g.depth-- }()
	var fitting []string
	for _, c := range columns {
		if c.kind == kind {
			fitting = append(fitting, c.name)
		}
	}
	if len(fitting) > 0 && (g.depth > 4 || g.IntN(3) > 0) {
		return g.pick(fitting...)
	}
	if g.depth > 5 {
		return map[byte]string{'t': "'c'", 'n': "1", 'd': "date '2020-01-01'", 'j': "jsonb '{}'", 'a': "ARRAY['c']"}[kind]
	}
	e := func(k byte) string { return g.expression(columns, k) }
	switch kind {
	case 't':
		switch g.IntN(14) {
		case 0:
			return "upper(" + e('t') + ")"
		case 1:
			return "(" + e('t') + " || " + e('t') + ")"
		case 2:
			return "coalesce(" + e('t') + ", " + e('t') + ")"
		case 3:
			return "CASE WHEN " + g.condition(columns) + " THEN " + e('t') + " ELSE " + e('t') + " END"
		case 4:
			return "(" + e('j') + " ->> 'k')"
		case 5:
			return e('n') + "::text"
		case 6:
			return "left(" + e('t') + ", 9)"
		case 7:
			return "(" + e('a') + ")[1]"
		case 8:
			return "greatest(" + e('t') + ", " + e('t') + ")"
		case 9:
			q, _ := g.scalar(columns, 't')
			return q
		case 10:
			return "reverse(" + e('t') + ")"
		case 11:
			return e('d') + "::text"
		case 12:
			return "(" + e('j') + ")::text"
		}
		return "'c'"
	case 'n':
		switch g.IntN(6) {
		case 0:
			return "length(" + e('t') + ")"
		case 1:
			return "abs(" + e('n') + ")"
		case 2:
			return "CASE WHEN " + g.condition(columns) + " THEN " + e('n') + " END"
		case 3:
			return "coalesce(" + e('n') + ", 0)"
		case 4:
			q, _ := g.scalar(columns, 'n')
			return q
		}
		return strconv.Itoa(g.IntN(9))
	case 'd':
		if g.IntN(2) == 0 {
			return "coalesce(" + e('d') + ", date '2020-02-02')"
		}
		return "date '2020-01-01'"
	case 'j':
		switch g.IntN(4) {
		case 0:
			return "to_jsonb(" + e('t') + ")"
		case 1:
			return "jsonb_build_object('k', " + e('t') + ", 'n', " + e('n') + ")"
		case 2:
			return "(" + e('j') + " -> 'k')"
		}
		return "jsonb '{\"k\": 1}'"
	}
	switch g.IntN(3) {
	case 0:
		return "ARRAY[" + e('t') + ", " + e('t') + "]"
	case 1:
		return "string_to_array(" + e('t') + ", ',')"
	}
	return "ARRAY['c']"
}

func (g *generator) scalar(columns []column, kind byte) (string, column) {
	from, own := g.source(columns)
	return "(SELECT " + g.expression(append(own, columns...), kind) + " FROM " + from + " LIMIT 1)", column{}
}

func (g *generator) condition(columns []column) string {
	var ids []string
	for _, c := range columns {
		if c.kind == 'n' && strings.HasSuffix(c.name, "id") {
			ids = append(ids, c.name)
		}
	}
	switch g.IntN(6) {
	case 0:
		return g.expression(columns, 't') + " = 'c'"
	case 1:
		return g.expression(columns, 't') + " IS NOT NULL"
	case 2:
		from, own := g.source(columns)
		return "EXISTS (SELECT 1 FROM " + from + " WHERE " + own[0].name + " = 3)"
	case 3:
		if len(ids) > 0 {
			return g.pick(ids...) + " < 5"
		}
	}
	return "true"
}

// query gives a query and the columns of its result.
func (g *generator) query(around []column) (string, []column) {
	g.depth++
	defer func() { g.depth-- }()
	from, columns := g.source(around)
	for range g.IntN(3) {
		item, more := g.source(append(columns, around...))
		switch join := g.IntN(4); {
		case strings.HasPrefix(item, "LATERAL"), join == 0:
			from += " CROSS JOIN " + item
		case join == 1:
			from += " LEFT JOIN " + item + " ON " + columns[0].name + "::text = " + more[0].name + "::text"
		default:
			from += " JOIN " + item + " ON true"
		}
		columns = append(columns, more...)
	}
	all := append(append([]column{}, columns...), around...)
	var targets []string
	var result []column
	for range 1 + g.IntN(4) {
		kind := "tnjdat"[g.IntN(6)]
		label := g.name()
		targets = append(targets, g.expression(all, kind)+" AS "+label)
		result = append(result, column{label, kind})
	}
	head, tail := "SELECT ", ""
	switch g.IntN(8) {
	case 0:
		head = "SELECT DISTINCT "
	case 1:
		tail = " ORDER BY " + columns[0].name + " LIMIT 7"
	}
	q := head + strings.Join(targets, ", ") + " FROM " + from + " WHERE " + g.condition(all) + tail
	if g.depth < 3 && g.IntN(5) == 0 && tail == "" {
		other, own := g.source(nil)
		arms := make([]string, len(result))
		for i := range result {
			arms[i] = g.expression(own, result[i].kind)
		}
		q += " " + g.pick("UNION ALL", "UNION ALL", "UNION", "INTERSECT", "EXCEPT ALL") + " SELECT " + strings.Join(arms, ", ") + " FROM " + other
	}
	if g.depth < 3 && g.IntN(5) == 0 {
		name := g.name()
		q = "WITH " + name + " AS (" + q + ") SELECT * FROM " + name
	}
	return q, result
}

// TestGeneratedStatementsShowNothing runs random queries over the masked columns.
// WEIR_LINEAGE_STATEMENTS is how many for each seed.
func TestGeneratedStatementsShowNothing(t *testing.T) {
	n := 60
	if text := os.Getenv("WEIR_LINEAGE_STATEMENTS"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		must(t, err)
	}
	s := newSite(t, lineage.Equality)
	for _, seed := range seeds() {
		ran, refused, failed, noticed := 0, 0, 0, 0
		constructs := map[string]int{}
		for i := range n {
			g := &generator{Rand: rand.New(rand.NewPCG(seed, uint64(i)))}
			sql, _ := g.query(nil)
			sql = "SELECT * FROM (" + sql + ") whole LIMIT 50"
			v := s.judge(t, sql, int16(i%2))
			if v.refused == "a column that is not known" && s.runs(t, sql) {
				t.Errorf("seed %d, statement %d is not resolved:\n%s", seed, i, sql)
			}
			switch {
			case v.refused != "":
				refused++
				constructs[v.refused]++
			case v.failed != nil:
				failed++
			default:
				ran++
			}
			if v.direct > 0 {
				noticed++
			}
			if len(v.leaks) > 0 {
				t.Errorf("seed %d, statement %d shows %q:\n%s", seed, i, v.leaks, sql)
			}
		}
		t.Logf("seed %d: %d ran, %d of which show masked values directly; %d refused (%v), %d failed", seed, ran, noticed, refused, constructs, failed)
		if noticed < n/20 {
			t.Errorf("seed %d: only %d statements would show a masked value", seed, noticed)
		}
	}
}
