package guards

import (
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// limitAttacks change more rows than a limit lets, are longer than a length lets, or
// come more often than a rate lets.
func limitAttacks() []attack {
	var all []attack
	for _, a := range parts("limit", "UPDATE vault SET secret = 'gone' WHERE id < 7") {
		// What triggers, rules and defaults change is the table's own, and not counted.
		if !strings.Contains(a.name, "TRIGGER") && !strings.Contains(a.name, "RULE") && !strings.Contains(a.name, "DEFAULT") {
			all = append(all, a)
		}
	}
	all = append(all, texts("limit",
		"DELETE FROM vault", "DELETE FROM vault WHERE id < 4", "UPDATE vault SET secret = 'x'; SELECT 1", "DELETE FROM vault WHERE id < 4 RETURNING *", "MERGE INTO vault USING ledger ON false WHEN NOT MATCHED THEN DO NOTHING; DELETE FROM vault", "MERGE INTO vault USING (SELECT 1) x ON true WHEN MATCHED THEN UPDATE SET secret = 'x'",
		"UPDATE events SET body = 'x'", "DELETE FROM animals WHERE id < 10", "DELETE FROM vault_view", "DELETE FROM accounts WHERE id < 10", "SELECT wipe()", "SELECT wipe_sql()", "SELECT wipe_dynamic('vault')", "CALL purge()", "DO 'BEGIN DELETE FROM vault; END'", "DO 'BEGIN DELETE FROM vault; COMMIT; END'",
		"INSERT INTO vault SELECT id, 'x' FROM vault ON CONFLICT (id) DO UPDATE SET secret = 'x'", "WITH x AS (DELETE FROM vault RETURNING 1) SELECT * FROM x", "WITH x AS (DELETE FROM vault RETURNING 1) UPDATE ledger SET what = 'x' WHERE false", "EXPLAIN ANALYZE DELETE FROM vault",
		"BEGIN; DELETE FROM vault; COMMIT", "DELETE FROM vault; COMMIT", "BEGIN; DELETE FROM vault WHERE id < 5; SAVEPOINT a; COMMIT", "PREPARE a AS DELETE FROM vault; EXECUTE a", "START TRANSACTION; UPDATE vault SET secret = 'x'; END", "DELETE FROM vault;;", "SELECT 1; DELETE FROM vault; SELECT 2", "COPY (DELETE FROM vault RETURNING id) TO STDOUT",
	)...)
	all = append(all, flows("limit",
		[]string{"BEGIN", "DELETE FROM vault WHERE id < 6", "COMMIT"},
		[]string{"BEGIN", "SAVEPOINT a", "DELETE FROM vault WHERE id < 6", "RELEASE a", "COMMIT"},
		[]string{"BEGIN", "DELETE FROM vault WHERE id < 6", "ROLLBACK AND CHAIN", "DELETE FROM vault WHERE id < 6", "COMMIT"},
		[]string{"BEGIN", "DELETE FROM vault WHERE id < 6", "COMMIT AND CHAIN", "COMMIT"},
		[]string{"BEGIN", "DELETE FROM vault", "PREPARE TRANSACTION 'x'", "COMMIT PREPARED 'x'"},
		[]string{"PREPARE a (integer) AS DELETE FROM vault WHERE id > $1", "EXECUTE a (1)"},
		[]string{"BEGIN", "DELETE FROM vault WHERE id < 6", "END"},
		[]string{"BEGIN ISOLATION LEVEL SERIALIZABLE", "UPDATE vault SET secret = 'x'", "COMMIT WORK"},
	)...)
	all = append(all,
		attack{set: "limit", name: "COPY FROM STDIN", steps: []step{copyFrom("COPY animals FROM STDIN", "7\ta\n8\tb\n9\tc\n")}},
		attack{set: "limit", name: "COPY FROM STDIN in a transaction", steps: []step{simple("BEGIN"), copyFrom("COPY animals FROM STDIN", "7\ta\n8\tb\n9\tc\n"), simple("COMMIT")}},
		attack{set: "limit", name: "an Execute of a limited write before others", steps: []step{pipeline("DELETE FROM vault", "SELECT 1")}},
		attack{set: "limit", name: "a limited write and a COMMIT in one pipeline", steps: []step{pipeline("BEGIN", "DELETE FROM vault", "COMMIT")}},
		attack{set: "limit", name: "a limited write and a COMMIT in another segment of one message", steps: []step{simple("BEGIN"), messages(2,
			&pgproto3.Parse{Query: "DELETE FROM vault"}, &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Sync{},
			&pgproto3.Parse{Query: "COMMIT"}, &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Sync{})}},
		attack{set: "limit", name: "RETURNING by portions", steps: []step{simple("BEGIN"), portalByPortions("DELETE FROM vault RETURNING id", 2, 4), simple("COMMIT")}},
		attack{set: "limit", name: "RETURNING by portions, committed early", steps: []step{messages(2,
			&pgproto3.Parse{Query: "DELETE FROM vault RETURNING id"}, &pgproto3.Bind{DestinationPortal: "p"}, &pgproto3.Execute{Portal: "p", MaxRows: 1}, &pgproto3.Sync{},
			&pgproto3.Query{String: "SELECT 1"})}},
	)
	all = append(all, countedAttacks()...)
	long := strings.Repeat("x", 2000)
	for _, text := range []string{
		"INSERT INTO ledger (what) VALUES ('" + long + "')", "INSERT INTO ledger (what) VALUES ('a') /*" + long + "*/", "--" + long + "\nINSERT INTO ledger (what) VALUES ('a')", strings.Repeat(" ", 2000) + "INSERT INTO ledger (what) VALUES ('a')",
		"INSERT INTO ledger (what) VALUES ('a'); SELECT '" + long + "'", "SELECT '" + long + "'; INSERT INTO ledger (what) VALUES ('a')", strings.Repeat(";", 2000) + "INSERT INTO ledger (what) VALUES ('a')",
	} {
		name := strings.ReplaceAll(text, long, "...")
		all = append(all,
			attack{set: "length", name: name, steps: []step{simple(text)}},
			attack{set: "length", name: name + " prepared", steps: []step{extended(text)}, uncontrolled: "the simple form has shown it"})
	}
	all = append(all, attack{set: "length", name: "a long text prepared by SQL", steps: []step{simple("PREPARE a AS INSERT INTO ledger (what) VALUES ('" + long + "')"), simple("EXECUTE a")}})
	for _, way := range []struct {
		name  string
		steps []step
	}{
		{"six statements", []step{insert, insert, insert, insert, insert, insert}},
		{"six statements in one text", []step{simple(strings.Repeat("INSERT INTO ledger (what) VALUES ('x');", 6))}},
		{"six statements in a pipeline", []step{pipeline(slices6("INSERT INTO ledger (what) VALUES ('x')")...)}},
		{"one prepared statement, executed again and again", []step{messages(1, &pgproto3.Parse{Name: "a", Query: "INSERT INTO ledger (what) VALUES ('x')"}, &pgproto3.Sync{}),
			boundAgain, boundAgain, boundAgain, boundAgain, boundAgain}},
		{"PREPARE and EXECUTE", []step{simple("PREPARE a AS INSERT INTO ledger (what) VALUES ('x')"), simple("EXECUTE a"), simple("EXECUTE a"), simple("EXECUTE a"), simple("EXECUTE a"), simple("EXECUTE a")}},
		{"a transaction", []step{simple("BEGIN"), insert, insert, insert, simple("COMMIT"), insert, insert}},
		{"with different literals", []step{simple("INSERT INTO ledger (what) VALUES ('a')"), simple("INSERT INTO ledger (what) VALUES ('b')"), simple("INSERT INTO ledger (what) VALUES ('c')"), simple("INSERT INTO ledger (what) VALUES ('d')")}},
	} {
		all = append(all, attack{set: "rate", name: way.name, steps: way.steps, probe: "SELECT count(*) > 3 FROM ledger"})
	}
	return all
}

var insert = simple("INSERT INTO ledger (what) VALUES ('x')")

var boundAgain = messages(1, &pgproto3.Bind{PreparedStatement: "a"}, &pgproto3.Execute{}, &pgproto3.Sync{})

func slices6(text string) []string { return []string{text, text, text, text, text, text} }

// countedAttacks change more rows than a limit lets inside something else, and try to keep
// the server's counters from telling.
func countedAttacks() []attack {
	all := texts("limit",
		"DO 'BEGIN FOR i IN 1..8 LOOP BEGIN DELETE FROM vault WHERE id = i; EXCEPTION WHEN division_by_zero THEN NULL; END; END LOOP; END'",
		"DO 'BEGIN DELETE FROM vault WHERE id < 4; UPDATE ledger SET what = what; END'",
		"WITH x AS (DELETE FROM vault WHERE id = 1 RETURNING 1), y AS (DELETE FROM vault WHERE id = 2 RETURNING 1), z AS (DELETE FROM vault WHERE id = 3 RETURNING 1) SELECT 1 FROM x, y, z",
		"WITH x AS (DELETE FROM vault RETURNING 1) SELECT set_config('track_counts', 'off', true), count(*) FROM x",
		"WITH x AS (DELETE FROM vault RETURNING 1) SELECT pg_stat_reset(), count(*) FROM x",
		"WITH x AS (DELETE FROM vault RETURNING 1) SELECT pg_stat_reset_single_table_counters('vault'::regclass), count(*) FROM x",
		"WITH x AS (DELETE FROM vault RETURNING 1) SELECT pg_stat_clear_snapshot(), pg_stat_force_next_flush(), count(*) FROM x",
		"WITH x AS (DELETE FROM vault RETURNING 1) UPDATE ledger SET what = 'x' WHERE id = (SELECT count(*) FROM x)",
		"DO 'BEGIN SET LOCAL track_counts = off; DELETE FROM vault; END'",
		"DO 'BEGIN DELETE FROM vault; TRUNCATE vault; END'",
		"DO 'BEGIN DELETE FROM vault; ALTER TABLE vault RENAME TO safe; END'",
		"DO 'BEGIN UPDATE vault SET secret = reverse(secret); ALTER TABLE vault ADD note text DEFAULT random(); END'",
		"DO 'BEGIN UPDATE events SET id = id + 20 WHERE id < 100; END'",
		"DO 'BEGIN DELETE FROM accounts WHERE id = 1; END'",
		"SELECT wipe_lie(1)", "EXPLAIN SELECT wipe_lie(1)", "SELECT 1 WHERE wipe_lie(2)",
		"EXPLAIN ANALYZE SELECT wipe_deep()", "CREATE TABLE copied AS SELECT wipe_deep()", "CREATE TEMP TABLE copied AS WITH x AS (DELETE FROM vault RETURNING *) SELECT * FROM x",
		"SELECT wipe_deep(); COMMIT; SELECT 1", "WITH x AS (DELETE FROM vault RETURNING 1) SELECT 1; SELECT 1", "SELECT 1; CALL purge_sql()",
		"INSERT INTO inbox VALUES (1)", "INSERT INTO outbox VALUES (1)", "DELETE FROM ruled WHERE id = 1", "DELETE FROM triggered WHERE id = 1", "COPY inbox FROM PROGRAM 'echo 1'",
	)
	all = append(all, flows("limit",
		[]string{"SET track_counts = off", "WITH x AS (DELETE FROM vault RETURNING 1) SELECT 1"},
		[]string{"BEGIN", "SET LOCAL track_counts = off", "SELECT wipe_deep()", "COMMIT"},
		[]string{"CREATE FUNCTION public.f() RETURNS void LANGUAGE plpgsql SET track_counts = off AS $$ BEGIN DELETE FROM vault; END $$", "SELECT f()"},
		[]string{"CREATE TEMP TABLE pg_class (oid oid, relname name)", "CREATE TEMP TABLE pg_namespace (oid oid)", "SET search_path = pg_temp, public", "WITH x AS (DELETE FROM public.vault RETURNING 1) SELECT 1"},
		[]string{"BEGIN ISOLATION LEVEL SERIALIZABLE", "SELECT 1", "WITH x AS (DELETE FROM vault RETURNING 1) SELECT 1", "COMMIT"},
		[]string{"BEGIN", "SAVEPOINT a", "SELECT wipe_deep()", "RELEASE a", "COMMIT"},
		[]string{"BEGIN", "WITH x AS (DELETE FROM vault RETURNING 1) SELECT 1", "COMMIT AND CHAIN", "COMMIT"},
		[]string{"PREPARE a AS WITH x AS (DELETE FROM vault RETURNING 1) SELECT 1", "DEALLOCATE ALL", "PREPARE a AS SELECT wipe_deep()", "EXECUTE a"},
		[]string{"PREPARE a (integer) AS SELECT wipe_lie($1)", "EXPLAIN EXECUTE a (1)"},
	)...)
	closing := &pgproto3.Sync{}
	for name, more := range map[string][]pgproto3.FrontendMessage{
		"a Sync": {closing}, "a Close and a Sync": {&pgproto3.Close{ObjectType: 'P', Name: "p"}, closing},
		"a Query": {&pgproto3.Query{String: "SELECT 1"}},
	} {
		all = append(all, attack{set: "limit", name: "a Bind that plans what deletes, then " + name, steps: []step{messages(1, append([]pgproto3.FrontendMessage{
			&pgproto3.Parse{Query: "SELECT 1 WHERE wipe_lie(1)"}, &pgproto3.Bind{DestinationPortal: "p"}}, more...)...)}})
	}
	return append(all,
		attack{set: "limit", name: "a session that does not count", options: map[string]string{"options": "-c track_counts=off"}, steps: []step{simple("SELECT wipe_deep()")}},
		attack{set: "limit", name: "a WITH in portions, committed early", steps: []step{messages(2,
			&pgproto3.Parse{Query: "WITH x AS (DELETE FROM vault RETURNING id) SELECT id FROM x"}, &pgproto3.Bind{DestinationPortal: "p"}, &pgproto3.Execute{Portal: "p", MaxRows: 1}, &pgproto3.Sync{},
			&pgproto3.Query{String: "SELECT 1"})}},
		attack{set: "limit", name: "a WITH and a COMMIT in one pipeline", steps: []step{pipeline("BEGIN", "WITH x AS (DELETE FROM vault RETURNING id) SELECT count(*) FROM x", "COMMIT")}},
		attack{set: "limit", name: "a block and a COMMIT in another segment", steps: []step{simple("BEGIN"), messages(2,
			&pgproto3.Parse{Query: "DO 'BEGIN DELETE FROM vault; END'"}, &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Sync{},
			&pgproto3.Parse{Query: "COMMIT"}, &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Sync{})}},
	)
}
