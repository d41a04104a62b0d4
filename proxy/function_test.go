package proxy_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/wire"
)

// call is a FunctionCall with values in binary.
func call(oid uint32, values ...[]byte) []byte {
	p, at := wire.Begin(nil, wire.FunctionCall)
	p = binary.BigEndian.AppendUint32(p, oid)
	p = append(p, 0, 1, 0, 1)
	p = binary.BigEndian.AppendUint16(p, uint16(len(values)))
	for _, v := range values {
		p = binary.BigEndian.AppendUint32(p, uint32(len(v)))
		p = append(p, v...)
	}
	return wire.End(append(p, 0, 1), at)
}

func int4(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

// The functions that may be called by their oid are what they are taken for.
func TestTheFunctionsOfTheFastPathHaveTheseOids(t *testing.T) {
	s, called := newSite(t, options{rules: open}), 0
	for signature, oid := range map[string]string{
		"lo_create(oid)": "715", "lo_open(oid,int4)": "952", "lo_close(int4)": "953", "loread(int4,int4)": "954",
		"lowrite(int4,bytea)": "955", "lo_lseek(int4,int4,int4)": "956", "lo_creat(int4)": "957", "lo_tell(int4)": "958",
		"lo_unlink(oid)": "964", "lo_truncate(int4,int4)": "1004", "lo_lseek64(int4,int8,int4)": "3170", "lo_tell64(int4)": "3171",
		"lo_truncate64(int4,int8)": "3172",
	} {
		if got := s.count("SELECT 'pg_catalog." + signature + "'::regprocedure::oid"); got != oid {
			t.Errorf("%s is %s, not %s", signature, got, oid)
		}
		var n uint32
		_, _ = fmt.Sscan(oid, &n)
		w := s.raw()
		w.send(call(n)) // without its arguments, which only the server counts
		wants(t, w.until(1), "E:08P01 Z:I")
		name, _, _ := strings.Cut(signature, "(")
		called++
		if r := s.records(called, journal.KindStatementBegin)[called-1]; !strings.HasPrefix(r.Text, "SELECT pg_catalog."+name+"(") || r.Protocol != "function" {
			t.Errorf("%s is on record as %q by %q", name, r.Text, r.Protocol)
		}
	}
	if got := s.count("SELECT count(*) FROM pg_proc WHERE oid = 1"); got != "0" {
		t.Error("there is a function with the oid that stands for refused calls")
	}
}

func TestLargeObjectsByTheFastPath(t *testing.T) {
	s := newSite(t, options{rules: open})
	w := s.raw()
	w.send(call(715, int4(4711)))
	wants(t, w.until(1), "V Z:I")
	w.query("BEGIN")
	w.send(call(952, int4(4711), int4(0x60000)), call(955, int4(0), []byte(strings.Repeat("data", 50000))), call(956, int4(0), int4(0), int4(0)),
		call(954, int4(0), int4(8)))
	wants(t, w.until(4), "V Z:T V Z:T V Z:T V Z:T")
	wants(t, w.query("COMMIT"), "C:COMMIT Z:I")
	if got := s.count("SELECT length(lo_get(4711))"); got != "200000" {
		t.Errorf("the object has %s bytes", got)
	}
	w.send(call(1), call(964, int4(4711)))
	wants(t, w.until(2), "E:0A000 Z:I V Z:I")
	r := s.records(1, journal.KindStatementDenied)[0]
	if r.Text != "FunctionCall of the function with oid 1" {
		t.Errorf("recorded %q", r.Text)
	}
	for _, r := range s.records(8, journal.KindStatementBegin) {
		if r.Text == "SELECT pg_catalog.lo_open($1, $2)" && len(r.Params) != 2 {
			t.Errorf("recorded %+v", r)
		}
	}
}

func TestRulesHoldForTheFastPath(t *testing.T) {
	t.Run("guards", func(t *testing.T) {
		s := newSite(t, options{rules: `
  guards:
  - name: objects-stay
    match: {functions: [pg_catalog.lo_unlink]}
    action: Deny
  - name: new-objects
    match: {functions: [pg_catalog.lo_create]}
    action: RequireApproval
    approval: dba
  approvals:
  - name: dba
    approvers: {any: true}
    wait: 20s
`})
		w := s.raw()
		w.send(call(964, int4(1)))
		wants(t, w.until(1), "E:42501 Z:I")
		w.query("BEGIN")
		w.send(call(964, int4(1)))
		wants(t, w.until(1), "E:42501 Z:E")
		wants(t, w.query("ROLLBACK"), "C:ROLLBACK Z:I")
		w.send(call(715, int4(4712)))
		r := s.pending(1)
		if r.Text != "SELECT pg_catalog.lo_create($1)" || len(r.Parameters) != 1 {
			t.Errorf("asked for %+v", r)
		}
		if s.count("SELECT count(*) FROM pg_largeobject_metadata WHERE oid = 4712") != "0" {
			t.Error("it did not wait")
		}
		s.decide(r.ID, true)
		wants(t, w.until(1), "N:00000 V Z:I")
		if s.count("SELECT count(*) FROM pg_largeobject_metadata WHERE oid = 4712") != "1" {
			t.Error("it was approved and not executed")
		}
	})
	t.Run("masks", func(t *testing.T) {
		s := newSite(t, options{login: "{type: Static, user: " + role + ", passwordFile: @secret@}"})
		w := s.raw()
		// What reads a large object shows what it holds; to make and fill one does not.
		w.send(call(954, int4(0), int4(8)))
		wants(t, w.until(1), "E:42501 Z:I")
		for _, f := range [][]byte{call(952, int4(1), int4(0x20000)), call(955, int4(0), []byte("x"))} {
			w.send(f)
			wants(t, w.until(1), "E:42704 Z:I")
		}
	})
}

// psql sends its large objects by the fast path.
func TestPsqlImportsAndExportsLargeObjects(t *testing.T) {
	s := newSite(t, options{rules: open})
	folder := t.TempDir()
	from, to := filepath.Join(folder, "from"), filepath.Join(folder, "to")
	must(t, os.WriteFile(from, []byte(strings.Repeat("large object ", 20000)), 0o600))
	host, port, _ := strings.Cut(s.address, ":")
	psql := exec.CommandContext(context.Background(), "psql", "-X", "-v", "ON_ERROR_STOP=1", "-h", host, "-p", port, "-U", "agent", s.database,
		"-c", `\lo_import '`+from+`' 'a note'`, "-c", `\lo_list`)
	out, err := psql.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "a note") {
		t.Fatalf("%v: %s", err, out)
	}
	oid := s.count("SELECT max(oid) FROM pg_largeobject_metadata")
	psql = exec.CommandContext(context.Background(), "psql", "-X", "-v", "ON_ERROR_STOP=1", "-h", host, "-p", port, "-U", "agent", s.database,
		"-c", `\lo_export `+oid+` '`+to+`'`, "-c", `\lo_unlink `+oid)
	if out, err := psql.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	a, _ := os.ReadFile(from)
	b, err := os.ReadFile(to)
	must(t, err)
	if string(a) != string(b) {
		t.Errorf("%d bytes of %d came back", len(b), len(a))
	}
}
