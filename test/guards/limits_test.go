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
