package catalog_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/lineage"
	"github.com/weirgate/weir/policy/mask"
)

// generator makes statements over the clinic, most of them plain, some of them
// odd in one way, a few in several.
type generator struct {
	*rand.Rand
	depth int
	alias int
}

func (g *generator) pick(of ...string) string { return of[g.IntN(len(of))] }

// odd is true now and then.
func (g *generator) odd(percent int) bool { return g.IntN(100) < percent }

type item struct{ alias, table string }

func columnsOf(table string) []string {
	switch table {
	case "customers":
		return []string{"id", "name", "email", "ssn", "region", "born", "tags", "card", "domain_of"}
	case "orders":
		return []string{"id", "customer_id", "note", "amount"}
	case "events", "events_old":
		return []string{"id", "at", "ip"}
	case "parent":
		return []string{"id", "secret"}
	case "child":
		return []string{"id", "secret", "extra"}
	case "contacts":
		return []string{"id", "mail", "shout", "name"}
	case "contacts2":
		return []string{"id", "m", "note", "s"}
	case "both_ways":
		return []string{"id", "x", "y"}
	case "clean":
		return []string{"id", "name", "n"}
	case "mat":
		return []string{"id", "e", "name"}
	case "subs":
		return []string{"id", "top", "probe", "arr", "note"}
	}
	return []string{"id"}
}

func (g *generator) table() string {
	return g.pick("customers", "customers", "customers", "orders", "orders", "events", "events_old", "parent", "child",
		"contacts", "contacts2", "both_ways", "clean", "mat", "subs")
}

func (g *generator) name() string {
	g.alias++
	return "t" + strconv.Itoa(g.alias)
}

// from gives a FROM and what can be referred to in it.
func (g *generator) from() (text string, items []item) {
	for i := range 1 + g.IntN(2) {
		it := item{table: g.table()}
		ref := it.table
		switch {
		case g.odd(60):
			it.alias = g.name()
			ref += " AS " + it.alias
		case g.odd(5):
			it.alias = g.name()
			ref += " AS " + it.alias + " (a, b, c)"
		case g.odd(8) && g.depth < 2:
			it.alias = g.name()
			ref = "(" + g.query() + ") AS " + it.alias
		default:
			it.alias = it.table
		}
		switch {
		case i == 0:
			text = ref
		case slices.ContainsFunc(items, func(o item) bool { return o.alias == it.alias }):
			continue
		case g.odd(10):
			text += " NATURAL JOIN " + ref
		case g.odd(11):
			text += " JOIN " + ref + " USING (" + g.pick("id", "id", "name", "email", "note") + ")"
		case g.odd(9):
			text += ", LATERAL (SELECT " + items[0].alias + "." + g.column(items[0]) + " AS v) AS l" + strconv.Itoa(g.alias)
			continue
		default:
			text += g.pick(" JOIN ", " LEFT JOIN ", " FULL JOIN ") + ref + " ON " + items[0].alias + ".id = " + it.alias + ".id"
		}
		items = append(items, it)
	}
	return text, items
}

func (g *generator) column(it item) string {
	c := columnsOf(it.table)
	return c[g.IntN(len(c))]
}

func (g *generator) reference(items []item) string {
	it := items[g.IntN(len(items))]
	if g.odd(20) {
		return g.column(it)
	}
	return it.alias + "." + g.column(it)
}

func (g *generator) expression(items []item) string {
	r := g.reference(items)
	it := items[g.IntN(len(items))].alias
	switch g.IntN(18) {
	case 0:
		return "upper(" + r + "::text)"
	case 1:
		return r + "::text || 'x'"
	case 2:
		return "CASE WHEN " + g.condition(items) + " THEN 1 ELSE 0 END"
	case 3:
		return "row_to_json(" + it + ")"
	case 4:
		return it + "::text"
	case 5:
		return "(" + it + ")." + g.column(items[0])
	case 6:
		return "count(" + g.pick("*", r) + ") OVER (" + g.pick("", "PARTITION BY "+g.reference(items), "ORDER BY "+g.reference(items)) + ")"
	case 7:
		return "length(" + r + "::text)"
	case 8:
		return "coalesce(" + r + "::text, 'none')"
	case 9:
		if g.depth < 2 {
			return "(SELECT " + g.reference([]item{{"customers", "customers"}}) + " FROM customers WHERE customers.id = " + it + ".id)"
		}
		return "1"
	case 10:
		return "ARRAY[" + r + "]"
	case 11:
		return it + "." + g.pick("row_to_json", "to_jsonb", "text", "name", "id")
	case 12:
		return g.pick("name", "email", "id", "to_jsonb", "shady") + "(" + it + ")"
	case 13:
		return r + " IS NULL"
	case 14:
		return "ROW(" + r + ", " + g.reference(items) + ")"
	case 15:
		return g.pick("now() IS NULL", "1", "'x'", "current_user", "NULL", "1 + 1")
	case 16:
		return "greatest(" + r + "::text, 'm')"
	}
	return "EXISTS (SELECT 1 FROM customers q WHERE q.id = " + it + ".id AND " + g.condition([]item{{"q", "customers"}}) + ")"
}

func (g *generator) condition(items []item) string {
	r := g.reference(items)
	switch g.IntN(9) {
	case 0:
		return r + "::text = 'none of them'"
	case 1:
		return r + " = " + g.reference(items)
	case 2:
		return r + "::text LIKE 'k%'"
	case 3:
		return items[0].alias + ".id IN (SELECT " + g.pick("id", "id", "length(email)") + " FROM customers)"
	case 4:
		return items[0].alias + ".id > 1 AND " + r + " IS NOT NULL"
	case 5:
		return r + "::text > 'm'"
	}
	return items[0].alias + ".id < " + strconv.Itoa(g.IntN(30))
}

func (g *generator) targets(items []item) string {
	var all []string
	for range 1 + g.IntN(4) {
		switch {
		case g.odd(10):
			all = append(all, "*")
		case g.odd(11):
			all = append(all, items[g.IntN(len(items))].alias+".*")
		case g.odd(12):
			all = append(all, g.expression(items)+" AS e"+strconv.Itoa(len(all)))
		case g.odd(3):
			all = append(all, items[0].alias)
		case g.odd(20):
			all = append(all, g.reference(items)+" AS "+g.pick("id", "name", "x"))
		default:
			all = append(all, g.reference(items))
		}
	}
	return strings.Join(all, ", ")
}

func (g *generator) query() string {
	g.depth++
	defer func() { g.depth-- }()
	with := ""
	from, items := g.from()
	if g.odd(8) && g.depth < 2 {
		with = "WITH w AS (" + g.query() + ") "
		from += g.pick("", " CROSS JOIN w", " JOIN w ON true")
	}
	sql := with + "SELECT " + g.pick("", "", "", "", "", "DISTINCT ") + g.targets(items) + " FROM " + from
	if g.odd(40) {
		sql += " WHERE " + g.condition(items)
	}
	if g.odd(6) {
		r := g.reference(items)
		return with + "SELECT " + g.pick(r, "count(*)", r+", count(*)", "max("+r+"::text)") + " FROM " + from + " GROUP BY " + g.pick(r, "1", g.reference(items)) + g.pick("", " HAVING max("+g.reference(items)+"::text) > 'm'")
	}
	if g.odd(8) && g.depth < 2 {
		return sql + g.pick(" UNION ", " UNION ALL ", " EXCEPT ", " INTERSECT ") + g.query()
	}
	if g.odd(15) {
		sql += " ORDER BY " + g.pick(g.reference(items), "1", "2 DESC", "id")
	}
	return sql
}

func (g *generator) statement() string {
	g.alias = 0
	target := item{"customers", g.pick("customers", "customers", "orders", "child", "contacts")}
	target.alias = target.table
	one := []item{target}
	switch g.IntN(20) {
	case 0:
		return "UPDATE " + target.table + " SET " + g.column(target) + " = " + g.pick("DEFAULT", "NULL", "'9'", g.reference(one), g.expression(one)) + " WHERE " + g.condition(one) + g.pick("", " RETURNING "+g.targets(one))
	case 1:
		return "DELETE FROM " + target.table + " WHERE " + g.condition(one) + g.pick("", " RETURNING "+g.targets(one))
	case 2:
		return "INSERT INTO orders (id, note) " + g.pick("SELECT 1000 + id, "+g.column(item{"customers", "customers"})+"::text FROM customers", "VALUES (1000, 'x')", "VALUES (1000, (SELECT max(email) FROM customers))") + g.pick("", " RETURNING *", " ON CONFLICT (id) DO UPDATE SET note = orders.note RETURNING note")
	case 3:
		return "INSERT INTO customers (id, name, email) VALUES (" + g.pick("1", "1000") + ", 'x', 'none of them') ON CONFLICT (" + g.pick("id", "email") + ") DO UPDATE SET name = " + g.pick("excluded.email", "customers.email", "'z'", "excluded.name") + g.pick("", " RETURNING *", " RETURNING name, email")
	case 4:
		return "UPDATE orders o SET note = " + g.pick("c.name", "c.email", "'x'") + " FROM customers c WHERE c.id = o.customer_id RETURNING " + g.targets([]item{{"o", "orders"}, {"c", "customers"}})
	case 5:
		return "WITH d AS (DELETE FROM orders WHERE id < 9 RETURNING *) SELECT " + g.targets([]item{{"c", "customers"}}) + " FROM customers c JOIN d ON d.customer_id = c.id"
	case 6:
		return "MERGE INTO orders o USING customers c ON c.id = o.customer_id AND " + g.condition([]item{{"c", "customers"}}) + " WHEN MATCHED THEN UPDATE SET note = " + g.pick("c.name", "c.email", "'x'")
	}
	return g.query()
}

// twin is the clinic with other values in the masked columns, the same NULLs, and
// the same rows equal to each other: which are may be asked, by GROUP BY and DISTINCT.
func twin() string {
	return strings.NewReplacer(
		"'kanarie' || i || '@vogelhuis.example'", "md5(i::text) || repeat('k', i % 7) || '@elsewhere.test'",
		"'777-77-' || (1000 + i)", "lpad((i * 7919 % 9973)::text, 6 + i % 5, '5')",
		"date '1947-11-01' + i", "date '2003-02-01' - i * 40",
		"ARRAY['kanarietag', 'x']", "ARRAY['a', 'b', 'c']",
		"'KanarieKarte' || i", "repeat('z', i)",
		"'kanarie-ip'", "'ip'", "'kanarie-secret'", "'other'",
	).Replace(clinic)
}

// Two databases differ in nothing but the values of masked columns. What a client
// sees must not: then no statement tells anything about them.
func TestAClientCannotTellTwoDatabasesApartByTheirMaskedValues(t *testing.T) {
	db := postgres(t)
	count, seed := 4000, uint64(20)
	if n, err := strconv.Atoi(os.Getenv("WEIR_GENERATED")); err == nil { // more, and others, for a longer hunt
		count, seed = n, uint64(time.Now().UnixNano())
	}
	var conns [2]*conn
	var masks [2]*lineage.Masks
	for i, script := range []string{clinic, twin()} {
		name := fmt.Sprintf("twins_%d", i)
		admin := db.connect(t, "postgres", "postgres")
		admin.run(t, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		admin.run(t, "CREATE DATABASE "+name)
		t.Cleanup(func() { db.connect(t, "postgres", "postgres").run(t, "DROP DATABASE "+name+" WITH (FORCE)") })
		conns[i] = db.connect(t, "postgres", name)
		conns[i].run(t, script)
		// One plan for both, so that row order cannot differ by statistics.
		conns[i].run(t, "DELETE FROM pg_statistic; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_hashagg = off; SET jit = off")
		masks[i] = clinicMasks(t, conns[i], mask.Spec{Type: mask.Redact})
	}
	none, err := lineage.Compile(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if told := tell(t, conns, [2]*lineage.Masks{none, none}, seed, count/10, func(string, [2]string) {}); told.differ < count/50 {
		t.Fatalf("without masks %+v: the test would not notice", told)
	}
	told := tell(t, conns, masks, seed, count, func(sql string, seen [2]string) {
		t.Errorf("seed %d: %s\ntells the databases apart:\n%.400s\n---\n%.400s", seed, sql, seen[0], seen[1])
	})
	t.Logf("seed %d: %+v", seed, told)
	if told.same < count/10 {
		t.Error("too few statements passed for the test to mean something")
	}
}

// outcome counts what became of statements in two databases.
type outcome struct{ same, refused, failed, differ int }

// tell runs statements in both and reports those whose visible results differ.
func tell(t *testing.T, conns [2]*conn, masks [2]*lineage.Masks, seed uint64, count int, report func(sql string, seen [2]string)) (told outcome) {
	t.Helper()
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1))}
	for range count {
		sql := g.statement()
		var seen [2]string
		var refused [2]bool
		for i := range conns {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			out, plan, err := through(ctx, conns[i], masks[i], sql, mask.TextFormat)
			cancel()
			if err != nil {
				t.Fatalf("seed %d: %s: %v", seed, sql, err)
			}
			rows := strings.Split(string(out), "\n")
			slices.Sort(rows)
			seen[i], refused[i] = strings.Join(rows, "\n"), plan.Refused
		}
		switch {
		case refused[0] != refused[1] || seen[0] != seen[1]:
			told.differ++
			report(sql, seen)
		case refused[0]:
			told.refused++
		case strings.HasPrefix(seen[0], "!"):
			told.failed++
		default:
			told.same++
		}
	}
	return told
}
