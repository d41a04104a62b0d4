package statement

import (
	"strings"
	"testing"
)

func BenchmarkTemplate(b *testing.B) {
	limits := DefaultLimits()
	for name, text := range map[string]string{
		"select": "SELECT abalance FROM pgbench_accounts WHERE aid = 1234567;",
		"insert": "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (7, 1, 52341, -2310, CURRENT_TIMESTAMP);",
	} {
		b.Run(name, func(b *testing.B) {
			var t Template
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if err := t.Read(text, limits); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkParse shows what holding the constants costs besides the parse.
func BenchmarkParse(b *testing.B) {
	row := "(1, -2, 'text', now(), null), "
	for name, text := range map[string]string{
		"select":      "SELECT abalance FROM pgbench_accounts WHERE aid = 1234567;",
		"analysis":    analysis,
		"long insert": "insert into t values " + strings.Repeat(row, 1000) + "(1, 2, 'x', now(), null)",
	} {
		b.Run(name+", held", func(b *testing.B) {
			for b.Loop() {
				if _, _, err := ParseShared(text); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+", open", func(b *testing.B) {
			for b.Loop() {
				tree, err := parseTree(text)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := walk(tree, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// analysis is a statement as reports have them, of 1.6 KB.
const analysis = `
WITH monthly AS (
    SELECT date_trunc('month', o.created_at) AS month, c.region, p.category, sum(l.quantity * l.price) AS revenue,
           count(DISTINCT o.customer_id) AS customers, avg(l.price) FILTER (WHERE l.discount = 0) AS full_price
      FROM orders o
      JOIN order_lines l ON l.order_id = o.id
      JOIN products p ON p.id = l.product_id
      LEFT JOIN customers c ON c.id = o.customer_id AND c.deleted_at IS NULL
     WHERE o.created_at >= now() - interval '13 months' AND o.status IN ('paid', 'shipped', 'delivered')
       AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = o.id AND r.amount >= 0.9 * o.total)
     GROUP BY 1, 2, 3
    HAVING sum(l.quantity * l.price) > 1000
), ranked AS (
    SELECT m.*, rank() OVER (PARTITION BY m.month ORDER BY m.revenue DESC) AS place,
           m.revenue - lag(m.revenue) OVER (PARTITION BY m.region, m.category ORDER BY m.month) AS growth,
           m.revenue / nullif(sum(m.revenue) OVER (PARTITION BY m.month), 0) AS share
      FROM monthly m
)
SELECT to_char(r.month, 'YYYY-MM') AS month, coalesce(r.region, 'unknown') AS region, r.category, round(r.revenue, 2) AS revenue,
       r.customers, r.growth, round(100 * r.share, 1) AS percent,
       CASE WHEN r.growth > 0.2 * r.revenue THEN 'up' WHEN r.growth < -0.2 * r.revenue THEN 'down' ELSE 'steady' END AS trend,
       (SELECT string_agg(t.name, ', ' ORDER BY t.name) FROM tags t JOIN category_tags ct ON ct.tag_id = t.id WHERE ct.category = r.category) AS tags
  FROM ranked r
 WHERE r.place <= 10 AND (r.region = ANY (ARRAY['emea', 'apac']) OR r.region IS NULL)
 ORDER BY r.month DESC, r.place
 LIMIT 200 OFFSET 0`
