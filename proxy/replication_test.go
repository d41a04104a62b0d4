package proxy_test

import (
	"net/netip"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/wire"
)

const replicates = `DO $$ BEGIN CREATE ROLE shop_repl LOGIN REPLICATION PASSWORD '` + password + `'; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;`

func replicating(more string) options {
	return options{
		rules: open + more, setup: replicates, login: "{type: Static, user: shop_repl, passwordFile: @secret@}",
		database: "  replication: Allow\n",
	}
}

func TestReplicationIsRefusedUnlessDocumentsAllowIt(t *testing.T) {
	s := newSite(t, options{rules: open})
	for _, kind := range []string{"database", "true"} {
		_, err := s.dial(set("replication", kind))
		refused(t, err, "42501", "replication: Allow")
	}
	for _, mask := range []string{`columns: ["*.*.ssn"]`, "detect: [EmailAddress]"} {
		masks := "  masks:\n  - {name: hidden, " + mask + ", with: {type: Redact}}\n"
		o := replicating(masks)
		o.rules = masks
		_, err := newSite(t, o).dial(set("replication", "database"))
		refused(t, err, "42501", "columns are masked")
	}
}

// On a connection for logical replication SQL is judged as everywhere, its own
// commands are recorded and relayed.
func TestLogicalReplication(t *testing.T) {
	o := replicating("")
	o.rules = "  guards:\n  - {name: no-ddl, match: {commands: [Drop]}, action: Deny}\n"
	s := newSite(t, o)
	c := s.connect(simple, set("replication", "database"))
	conn := c.PgConn()
	got, err := conn.Exec(t.Context(), "IDENTIFY_SYSTEM").ReadAll()
	must(t, err)
	if len(got) != 1 || string(got[0].Rows[0][3]) != s.database {
		t.Errorf("got %v", got)
	}
	for _, text := range []string{"DROP TABLE orders", " drop_replication_slot_x; DROP TABLE orders", "/* IDENTIFY_SYSTEM */ DROP TABLE orders"} {
		_, err = conn.Exec(t.Context(), text).ReadAll()
		if e := pgError(err); e == nil || e.Code != "42501" && e.Code != "42601" {
			t.Errorf("%s: %v", text, err)
		}
	}
	// The server reads what begins as a command of its own as nothing else.
	for _, text := range []string{"IDENTIFY_SYSTEM; DROP TABLE orders", "identify_system DROP TABLE orders", "\fDROP_REPLICATION_SLOT x; DROP TABLE orders"} {
		_, err = conn.Exec(t.Context(), text).ReadAll()
		if e := pgError(err); e == nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if s.count("SELECT count(*) FROM orders") != "100" {
		t.Error("the table is gone")
	}
	got, err = conn.Exec(t.Context(), "SELECT 1; SHOW wal_level").ReadAll()
	must(t, err)
	if len(got) != 2 {
		t.Errorf("got %v", got)
	}
	found := false
	for _, r := range s.records(1, journal.KindStatementBegin) {
		found = found || r.Protocol == "replication" && r.Text == "IDENTIFY_SYSTEM"
	}
	if !found {
		t.Error("the command is not on record")
	}
	// Elsewhere such a command is no SQL.
	_, err = s.connect(simple).Exec(t.Context(), "IDENTIFY_SYSTEM")
	refused(t, err, "42601")
}

func TestAStreamGoesBothWays(t *testing.T) {
	for _, loops := range []int{1, -1} {
		o := replicating("")
		o.loops = loops
		s := newSite(t, o)
		w := newWireConn(t, dialTCP(t, s.address))
		w.start(s.database, wire.Setting{Name: "replication", Value: "database"})
		w.send(wire.AppendQuery(nil, "IDENTIFY_SYSTEM"))
		line := w.until(1)
		position := strings.Split(line, ",")[2]
		w.send(wire.AppendQuery(nil, "START_REPLICATION PHYSICAL "+position))
		if typ, _ := w.next(); typ != wire.CopyBothResponse {
			t.Fatalf("got %q", typ)
		}
		s.direct("INSERT INTO notes (body) VALUES ('streamed')")
		for {
			typ, body := w.next()
			if typ != wire.CopyData {
				t.Fatalf("got %q", typ)
			}
			if strings.Contains(string(body), "streamed") {
				break
			}
		}
		w.send(frame(wire.CopyData, "r"+strings.Repeat("\x00", 33)), frame(wire.CopyDone, ""))
		for {
			typ, body := w.next()
			if typ == wire.CopyData {
				continue
			}
			if typ != wire.CopyDone {
				t.Fatalf("got %s", show(typ, body))
			}
			break
		}
		if rest := w.until(1); !strings.HasSuffix(rest, "Z:I") {
			t.Errorf("got %s", rest)
		}
		wants(t, w.query("SELECT 1"), "T D:1 C:SELECT 1 Z:I")
	}
}

func TestABaseBackupPasses(t *testing.T) {
	o := replicating("")
	s := newSite(t, o)
	a := netip.MustParseAddrPort(s.address)
	// A connection for physical replication is to no database; libpq calls it so.
	s.apply(strings.Replace(s.databaseDocument(), "databases: ["+s.database+"]", "databases: [\"*\"]", 1) +
		s.policyFor(`host: {units: ["bot.service"]}`, open))
	to := filepath.Join(t.TempDir(), "backup")
	out, err := exec.CommandContext(t.Context(), filepath.Join(s.pg.Bin, "pg_basebackup"), "-h", a.Addr().String(), "-p",
		netip.AddrPortFrom(a.Addr(), a.Port()).String()[len(a.Addr().String())+1:], "-U", "agent", "-w", "-D", to, "-X", "stream", "-c", "fast", "--no-sync").CombinedOutput()
	if err != nil {
		t.Fatalf("pg_basebackup: %v\n%s\n%s", err, out, s.log)
	}
	verify, err := exec.CommandContext(t.Context(), filepath.Join(s.pg.Bin, "pg_verifybackup"), to).CombinedOutput()
	if err != nil {
		t.Fatalf("pg_verifybackup: %v\n%s", err, verify)
	}
}
