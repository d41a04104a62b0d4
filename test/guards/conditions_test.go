package guards

import (
	"os"
	"strings"
	"testing"
)

// conditionAttacks change all rows by a condition that does not stand in a WHERE of the
// table's own.
func conditionAttacks() []attack {
	return texts("nowhere",
		"UPDATE wide SET x = 'q' FROM accounts WHERE accounts.id = 1", "UPDATE wide SET x = 'q' FROM (SELECT id AS i FROM wide) s WHERE s.i = id", "UPDATE wide a SET x = 'q' FROM wide c WHERE a.ctid = c.ctid", "UPDATE wide a SET x = 'q' FROM generate_series(1, 10) g WHERE g = 1",
		"DELETE FROM wide USING accounts WHERE accounts.active", "DELETE FROM wide USING (VALUES (1)) v(y) WHERE y = 1", "DELETE FROM wide USING wide w2 WHERE w2.id >= wide.id", "DELETE FROM wide w USING generate_series(1, 3) g WHERE g > 0 OR g = w.id", "WITH w AS (SELECT id FROM wide) DELETE FROM wide WHERE id IN (SELECT id FROM w)",
		"MERGE INTO wide w USING (SELECT DISTINCT id FROM wide) s ON w.id = s.id WHEN MATCHED THEN DELETE", "MERGE INTO wide USING (SELECT 1) s ON true WHEN MATCHED THEN UPDATE SET x = 'q'", "MERGE INTO wide w USING accounts a ON a.id = 1 WHEN MATCHED THEN DELETE",
		"INSERT INTO vault SELECT * FROM vault ON CONFLICT (id) DO UPDATE SET secret = 'x'", "INSERT INTO vault TABLE vault ON CONFLICT (id) DO UPDATE SET secret = excluded.id::text", "PREPARE p (integer) AS DELETE FROM wide WHERE id = id + $1; EXECUTE p (0)", "PREPARE p (boolean) AS DELETE FROM wide WHERE $1 OR id = 1; EXECUTE p (true)",
		"SELECT empty_wide()", "SELECT empty_wide_whole()", "DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM wide LOOP DELETE FROM wide WHERE id = r.id; END LOOP; END $$", "DO $$ DECLARE i integer; BEGIN FOR i IN SELECT w.id FROM wide w ORDER BY n LOOP UPDATE wide SET x = 'q' WHERE wide.id = i; END LOOP; END $$",
		"DO $$ DECLARE c CURSOR FOR SELECT * FROM wide; BEGIN FOR r IN c LOOP DELETE FROM wide WHERE id = r.id; END LOOP; END $$", "DO $$ DECLARE c CURSOR FOR SELECT * FROM wide FOR UPDATE; BEGIN FOR r IN c LOOP DELETE FROM wide WHERE CURRENT OF c; END LOOP; END $$", "DO $$ DECLARE c CURSOR FOR TABLE wide; r wide; BEGIN OPEN c; LOOP FETCH c INTO r; EXIT WHEN NOT FOUND; UPDATE wide SET x = 'q' WHERE CURRENT OF c; END LOOP; END $$",
		"DO $$ DECLARE i integer; BEGIN FOREACH i IN ARRAY (SELECT array_agg(id) FROM wide) LOOP IF true THEN DELETE FROM wide WHERE id = i; END IF; END LOOP; END $$")
}

// TestNoConditionThatSparesNoRowPasses deletes by each condition of a list, in a
// transaction that is rolled back. Past weir each deletes all rows.
func TestNoConditionThatSparesNoRowPasses(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/conditions.txt")
	must(t, err)
	s := newServer(t, needed(t))
	g := newGateway(t, s, rulesets)
	left := func(c *client, where string) string {
		for _, text := range []string{"BEGIN", "SAVEPOINT a", "DELETE FROM wide WHERE " + where} {
			c.failed = nil
			must(t, simple(text)(c))
		}
		if c.failed != nil {
			must(t, simple("ROLLBACK TO a")(c))
		}
		count, err := c.value("SELECT count(*) FROM wide")
		must(t, err)
		must(t, simple("ROLLBACK")(c))
		return count
	}
	place := s.place("nowhere")
	past, err := open(s.socket(), place.database, nil)
	must(t, err)
	defer past.close()
	through, err := open(g.socket("nowhere"), place.database, nil)
	must(t, err)
	defer through.close()
	for _, where := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		if rows := left(past, where); rows != "0" {
			t.Errorf("%s: spares %s rows", where, rows)
		}
		if rows := left(through, where); rows != "5" {
			t.Errorf("%s: %s rows are left", where, rows)
		}
	}
}
