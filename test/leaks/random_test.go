package leaks

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// term is an expression made at random.
type term struct {
	sql    string
	kind   byte // t text, n number
	hidden bool // is made of a masked column
}

// maker makes statements over the schema.
type maker struct {
	*rand.Rand
	names int
}

func (m *maker) pick(list ...string) string { return list[m.IntN(len(list))] }

func (m *maker) name() string {
	m.names++
	return "x" + strconv.Itoa(m.names)
}

// item gives an item of FROM and its columns.
func (m *maker) item(deep int) (string, []term) {
	a := m.name()
	of := func(hidden bool, kind byte, names ...string) (out []term) {
		for _, n := range names {
			out = append(out, term{a + "." + n, kind, hidden})
		}
		return out
	}
	if deep > 0 && m.IntN(3) == 0 {
		q, columns := m.query(deep - 1)
		for i := range columns {
			columns[i].sql = a + "." + columns[i].sql
		}
		return m.pick("(", "LATERAL (") + q + ") " + a, columns
	}
	switch m.IntN(6) {
	case 0:
		return "orders " + a, slices.Concat(of(false, 't', "item"), of(false, 'n', "id", "person_id", "cents"))
	case 1:
		return "contacts " + a, slices.Concat(of(true, 't', "mail", "loud"), of(false, 't', "name"), of(false, 'n', "id"))
	case 2:
		return m.pick("events ", "events_low ") + a, slices.Concat(of(true, 't', "ip"), of(false, 'n', "id"))
	case 3:
		return "login " + a, slices.Concat(of(true, 't', "ssn"), of(false, 'n', "id"))
	}
	return "people " + a, slices.Concat(of(true, 't', "email", "phone", "ssn", "handle::text", "shout", "tags[1]"), of(true, 'n', "salary", "balance"),
		of(false, 't', "name", "city"), of(false, 'n', "id", "region", "cap"))
}

// term gives an expression of a kind over columns.
func (m *maker) term(columns []term, kind byte, deep int) term {
	var fit []term
	for _, c := range columns {
		if c.kind == kind {
			fit = append(fit, c)
		}
	}
	if len(fit) > 0 && (deep == 0 || m.IntN(2) == 0) {
		return fit[m.IntN(len(fit))]
	}
	if deep == 0 {
		return term{map[byte]string{'t': "'c'::text", 'n': "7"}[kind], kind, false}
	}
	a, b := m.term(columns, kind, deep-1), m.term(columns, kind, deep-1)
	two := a.hidden || b.hidden
	if kind == 'n' {
		switch m.IntN(4) {
		case 0:
			t := m.term(columns, 't', deep-1)
			return term{"length(" + t.sql + ")", 'n', t.hidden}
		case 1:
			return term{"coalesce(" + a.sql + ", " + b.sql + ")", 'n', two}
		case 2:
			return term{"greatest(" + a.sql + ", " + b.sql + ")", 'n', two}
		}
		return term{"CASE WHEN " + m.condition(columns) + " THEN " + a.sql + " ELSE " + b.sql + " END", 'n', two}
	}
	switch m.IntN(9) {
	case 0:
		return term{"(" + a.sql + " || " + b.sql + ")", 't', two}
	case 1:
		return term{m.pick("upper", "reverse", "lower", "initcap", "quote_literal") + "(" + a.sql + ")", 't', a.hidden}
	case 2:
		return term{"coalesce(" + a.sql + ", " + b.sql + ")", 't', two}
	case 3:
		return term{"CASE WHEN " + m.condition(columns) + " THEN " + a.sql + " ELSE " + b.sql + " END", 't', two}
	case 4:
		n := m.term(columns, 'n', deep-1)
		return term{n.sql + "::text", 't', n.hidden}
	case 5:
		return term{"to_jsonb(ARRAY[" + a.sql + ", " + b.sql + "])::text", 't', two}
	case 6:
		return term{"encode(convert_to(" + a.sql + ", 'UTF8'), '" + m.pick("hex", "base64") + "')", 't', a.hidden}
	case 7:
		q, c := m.query(deep - 1)
		return term{"(SELECT max(q." + c[0].sql + "::text) FROM (" + q + ") q)", 't', c[0].hidden}
	}
	return term{"row_to_json(ROW(" + a.sql + ", " + b.sql + "))::text", 't', two}
}

func (m *maker) condition(columns []term) string {
	for range 3 {
		if c := columns[m.IntN(len(columns))]; c.kind == 'n' && !c.hidden {
			return c.sql + m.pick(" < 5", " > 2", " IS NOT NULL", " = 3")
		}
	}
	return m.pick("true", "random() >= 0")
}

// query gives a query and the columns of its result.
func (m *maker) query(deep int) (string, []term) {
	from, columns := m.item(deep)
	from = strings.TrimPrefix(from, "LATERAL ")
	if m.IntN(2) == 0 {
		more, others := m.item(deep)
		switch {
		case m.IntN(3) == 0:
			from += " LEFT JOIN " + more + " ON true"
		default:
			from += " CROSS JOIN " + more
		}
		columns = append(columns, others...)
	}
	var targets []string
	var result []term
	for range 1 + m.IntN(3) {
		e := m.term(columns, "tn"[m.IntN(2)], deep)
		label := m.name()
		targets, result = append(targets, e.sql+" AS "+label), append(result, term{label, e.kind, e.hidden})
	}
	where := m.condition(columns)
	q := "SELECT " + strings.Join(targets, ", ") + " FROM " + from + " WHERE " + where
	if m.IntN(6) == 0 {
		arm, others := m.item(0)
		var list []string
		for i := range result {
			e := m.term(others, result[i].kind, 1)
			result[i].hidden = result[i].hidden || e.hidden
			list = append(list, e.sql)
		}
		q += " UNION ALL SELECT " + strings.Join(list, ", ") + " FROM " + arm
	}
	if m.IntN(6) == 0 {
		n := m.name()
		q = "WITH " + n + " AS (" + q + ") SELECT * FROM " + n
	}
	return q, result
}

// statement gives the statement of a seed.
func statement(seed, n uint64) (string, []term) {
	m := &maker{Rand: rand.New(rand.NewPCG(seed, n))}
	q, columns := m.query(2)
	names := make([]string, len(columns))
	for i := range columns {
		names[i] = columns[i].sql
	}
	return "SELECT " + strings.Join(names, ", ") + " FROM (" + q + ") AS made LIMIT 20", columns
}

// seeds are those of testdata/seeds: what ever failed is added there.
func seeds(t testing.TB) (list []uint64) {
	t.Helper()
	f, err := os.Open("testdata/seeds")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		n, err := strconv.ParseUint(lines.Text(), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	return list
}

// TestRandomStatementsShowNothing runs statements made at random through weir and
// directly: nothing masked comes through, and what is made of other columns alone comes
// as it is.
func TestRandomStatementsShowNothing(t *testing.T) {
	s := getSite(t)
	direct, through := s.directly(t, equality+"_left"), s.through(t, equality+"_left")
	end := time.Now().Add(longer(t))
	taken, passed, noticed, tried := 0, 0, 0, 0
	try := func(seed, n uint64) {
		sql, columns := statement(seed, n)
		w := ways()[1+n%2]
		tried++
		want := s.try(t, direct, w, sql)
		if want.failure() != "" {
			return
		}
		taken++
		if s.finder.inAnswer(want) != "" {
			noticed++
		}
		got := s.try(t, through, w, sql)
		if leak := s.finder.inAnswer(got); leak != "" {
			t.Errorf("seed %d, statement %d shows %s:\n%s", seed, n, leak, sql)
		}
		if got.failure() != "" {
			return
		}
		passed++
		if strings.Contains(sql, "LIMIT 1)") {
			return
		}
		a, b := got.rows(), want.rows()
		if len(a) != len(b) {
			t.Errorf("seed %d, statement %d gives %d rows, directly %d:\n%s", seed, n, len(a), len(b), sql)
			return
		}
		for i := range a {
			for k := range columns {
				if !columns[k].hidden && string(a[i][k]) != string(b[i][k]) {
					t.Errorf("seed %d, statement %d: %s is %q, directly %q:\n%s", seed, n, columns[k].sql, a[i][k], b[i][k], sql)
					return
				}
			}
		}
	}
	for _, seed := range seeds(t) {
		for n := range uint64(60) {
			try(seed, n)
		}
	}
	for seed := uint64(time.Now().UnixNano()); time.Now().Before(end) && !t.Failed(); seed++ {
		for n := range uint64(20) {
			try(seed, n)
		}
	}
	share := func(n, of int) string { return fmt.Sprintf("%d %%", 100*n/max(of, 1)) }
	t.Logf("%d statements: PostgreSQL takes %s; of these weir passes %s, and %s show a masked value directly", tried, share(taken, tried), share(passed, taken), share(noticed, taken))
	if taken < tried*8/10 || passed < taken*5/10 || noticed < taken*2/10 {
		t.Error("the statements are not what they should be")
	}
}
