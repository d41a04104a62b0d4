package guards

import (
	"encoding/binary"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// protocolAttacks use the wire itself.
func protocolAttacks() []attack {
	frame := func(kind byte, length uint32, body string) string {
		return string(binary.BigEndian.AppendUint32([]byte{kind}, length)) + body
	}
	query := func(text string) string { return frame('Q', uint32(len(text)+5), text+"\x00") }
	drop := "DROP TABLE orders"
	var all []attack
	for name, data := range map[string]string{
		"a NUL inside the text":                        frame('Q', uint32(len("SELECT 1\x00; "+drop)+5), "SELECT 1\x00; "+drop+"\x00"),
		"a NUL before the text":                        frame('Q', uint32(len(drop)+6), "\x00"+drop+"\x00"),
		"a text without a NUL":                         frame('Q', uint32(len(drop)+4), drop),
		"a text behind a Terminate":                    frame('X', 4, "") + query(drop),
		"a message of length 0":                        frame('Q', 0, "") + query(drop),
		"a message of length 4":                        frame('Q', 4, "") + query(drop),
		"a message of a type that there is not":        frame('z', 4, "") + query(drop),
		"a Parse with a lie about its parameters":      frame('P', uint32(len(drop)+4+1+1+2), "\x00"+drop+"\x00\x00\x09") + frame('S', 4, ""),
		"a Parse that goes on behind its end":          frame('P', uint32(len("SELECT 1")+4+1+1+2+len(drop)), "\x00SELECT 1\x00\x00\x00"+drop) + frame('S', 4, ""),
		"CopyData that nobody asked for, then a Query": frame('d', uint32(4+len(query(drop))), query(drop)) + frame('c', 4, "") + query("SELECT 1"),
		"a password that nobody asked for":             frame('p', uint32(4+len(drop)+1), drop+"\x00") + query(drop),
		"the length of another message":                frame('Q', uint32(len("SELECT 1; --")+5), "SELECT 1; --\n"+drop+"\x00"),
	} {
		all = append(all, attack{set: "schema", name: name, steps: []step{raw(data), simple("SELECT 1")}, uncontrolled: "the server takes it for an error, or does not"})
	}
	for size, name := range map[int]string{9 << 20: "9 MiB", 40 << 20: "40 MiB", 70 << 20: "70 MiB"} {
		text := "/*" + strings.Repeat("x", size) + "*/ DROP TABLE orders"
		all = append(all, attack{set: "schema", name: "a comment of " + name, steps: []step{simple(text)}, uncontrolled: "it is large"})
		if size < 10<<20 {
			all = append(all, attack{set: "writes", name: "a comment of " + name, steps: []step{extended("/*" + strings.Repeat("x", size) + "*/ DELETE FROM vault")}})
		}
	}
	all = append(all,
		attack{set: "schema", name: "one good one in front of a denied one, and one behind", kinds: "rows,relation", steps: []step{
			pipeline("INSERT INTO ledger (what) VALUES ('a')", drop, "INSERT INTO ledger (what) VALUES ('b')")}},
		attack{set: "schema", name: "good ones that must not commit before a denied one of the same segment", kinds: "rows", steps: []step{
			pipeline("INSERT INTO ledger (what) VALUES ('a')", "INSERT INTO ledger (what) VALUES ('b')", "CREATE TABLE t ()")}},
		attack{set: "schema", name: "a denied one in a text of several", kinds: "rows", steps: []step{
			simple("INSERT INTO ledger (what) VALUES ('a'); DROP TABLE orders; INSERT INTO ledger (what) VALUES ('b')")}},
		attack{set: "schema", name: "a denied one at the end of a text", kinds: "rows", steps: []step{simple("INSERT INTO ledger (what) VALUES ('a'); DROP TABLE orders")}},
		attack{set: "schema", name: "a denied one at the end of a text, behind a COMMIT", kinds: "relation", steps: []step{simple("BEGIN; INSERT INTO ledger (what) VALUES ('a'); COMMIT; DROP TABLE orders")}},
		attack{set: "schema", name: "a transaction whose denied statement is passed over", kinds: "rows", steps: []step{
			simple("BEGIN"), simple("INSERT INTO ledger (what) VALUES ('a')"), simple(drop), simple("COMMIT")}},
		attack{set: "schema", name: "FunctionCall of a function of the user's", steps: []step{functionCall("drop_vault")}},
		attack{set: "writes", name: "FunctionCall of wipe", steps: []step{functionCall("wipe")}},
		attack{set: "vault", name: "FunctionCall of wipe_sql", steps: []step{functionCall("wipe_sql")}},
		attack{set: "functions", name: "FunctionCall of wipe_deep", steps: []step{functionCall("wipe_deep")}},
		attack{set: "limit", name: "FunctionCall of wipe", steps: []step{functionCall("wipe")}},
		attack{set: "schema", name: "Describe of a denied statement, then Execute without Bind", uncontrolled: "there is no portal",
			steps: []step{messages(1, &pgproto3.Parse{Query: drop}, &pgproto3.Describe{ObjectType: 'S'}, &pgproto3.Execute{}, &pgproto3.Sync{})}},
		attack{set: "schema", name: "a denied statement between two Syncs", kinds: "relation", steps: []step{messages(3,
			&pgproto3.Sync{}, &pgproto3.Parse{Query: drop}, &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Sync{}, &pgproto3.Sync{})}},
		attack{set: "schema", name: "a denied Query behind an unfinished segment", steps: []step{messages(1,
			&pgproto3.Parse{Query: "SELECT 1"}, &pgproto3.Bind{}, &pgproto3.Query{String: drop})}},
		attack{set: "schema", name: "a Query behind an error without Sync", uncontrolled: "the server skips it", steps: []step{messages(1,
			&pgproto3.Parse{Query: "SELECT 1/0"}, &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Query{String: drop}, &pgproto3.Sync{})}},
		attack{set: "schema", name: "parameters of a DO", uncontrolled: "the server refuses it", steps: []step{extended("DO $$ BEGIN EXECUTE $1; END $$", drop)}},
	)
	return all
}

// functionCall asks for a function by its oid, in the message that is made for it.
func functionCall(name string) step {
	return func(c *client) error {
		oid, err := c.value("SELECT oid FROM pg_proc WHERE proname = '" + name + "'")
		if err != nil {
			return err
		}
		var number uint32
		for _, d := range oid {
			number = number*10 + uint32(d-'0')
		}
		return messages(1, &pgproto3.FunctionCall{Function: number, ResultFormatCode: 1})(c)
	}
}
