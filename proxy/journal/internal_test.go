package journal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestSecretsAreHidden(t *testing.T) {
	for in, want := range map[string]string{
		"select 1": "select 1",
		"ALTER ROLE a PASSWORD 'x''y' VALID UNTIL 'z'":                              "ALTER ROLE a PASSWORD '***' VALID UNTIL 'z'",
		"create user a with encrypted password E'x\\'y'":                            "create user a with encrypted password E'***'",
		"CREATE USER a PASSWORD /* 'no' */ $t$x$y$t$ LOGIN":                         "CREATE USER a PASSWORD /* 'no' */ $t$***$t$ LOGIN",
		"CREATE ROLE a PASSWORD NULL IN ROLE b; select 'x'":                         "CREATE ROLE a PASSWORD NULL IN ROLE b; select 'x'",
		"CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'u', password 'p')":       "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'u', password '***')",
		"CREATE SUBSCRIPTION s CONNECTION 'host=h password=p user=u' PUBLICATION q": "CREATE SUBSCRIPTION s CONNECTION 'host=h password=*** user=u' PUBLICATION q",
		"select dblink('host=h PASSWORD = ''a b'' user=u')":                         "select dblink('host=h PASSWORD = *** user=u')",
		"select dblink_connect('postgres://u:p@h/db')":                              "select dblink_connect('postgres://u:***@h/db')",
		"select 'https://example.org/a@b:c'":                                        "select 'https://example.org/a@b:c'",
		"select * from users where password = 'p' and \"user\" = 'u'":               "select * from users where password = '***' and \"user\" = 'u'",
		"select * from users where \"password\" = 'p'":                              "select * from users where \"password\" = '***'",
		"DO $$ BEGIN EXECUTE 'ALTER ROLE a PASSWORD ''p'''; END $$":                 "DO $$ BEGIN EXECUTE 'ALTER ROLE a PASSWORD ***'; END $$",
		"DO $$ BEGIN ALTER ROLE a PASSWORD 'p'; END $$":                             "DO $$ BEGIN ALTER ROLE a PASSWORD '***'; END $$",
		"ALTER ROLE a PASSWORD 'unclosed":                                           "ALTER ROLE a PASSWORD '***",
		"select password from users":                                                "select password from users",
		// What looks like a password's literal to a careless reader, and is a statement.
		"select 1 as \"password '\"; drop table t; select '1'":      "select 1 as \"password '\"; drop table t; select '1'",
		"select 1 as \"a\"\"password '\"; drop table t; select '1'": "select 1 as \"a\"\"password '\"; drop table t; select '1'",
		"select 'a' --\r '\n, password '; drop table t; --'":        "select 'a' --\r '\n, password '; drop table t; --'",
		"select E'a'\n'\\' , password '; drop table t; --'":         "select E'a'\n'\\' , password '; drop table t; --'",
		"select E'a' -- x\n '\\' , password '; drop table t; --'":   "select E'a' -- x\n '\\' , password '; drop table t; --'",
		"alter role a password 'x'\n  'y' valid until 'z'":          "alter role a password '***' valid until 'z'",
		"select 'the password is lost'":                             "select 'the password is lost'",
		"-- password\nselect 'x'":                                   "-- password\nselect 'x'",
	} {
		if got := string(hideSecrets([]byte(in))); got != want {
			t.Errorf("%s\ncame out as\n%s", in, got)
		}
	}
	// Text made to take long.
	for _, s := range []string{"$a$", "$$", "'", "/*", "password '", "password=", "://:", "$a"} {
		start := time.Now()
		hideSecrets([]byte("password " + strings.Repeat(s, 1<<20/len(s))))
		if d := time.Since(start); d > time.Minute {
			t.Errorf("a text of %q took %v", s, d)
		}
	}
}

func TestBinaryValuesReadAsPostgreSQLWritesThem(t *testing.T) {
	for _, c := range []struct {
		oid       uint32
		hex, want string
	}{
		{oidBool, "01", "t"}, {oidBool, "00", "f"}, {oidInt2, "ffff", "-1"}, {oidInt4, "000012d6", "4822"}, {oidInt8, "ffffffffffffffd6", "-42"},
		{oidOid, "ffffffff", "4294967295"}, {oidFloat4, "3fc00000", "1.5"}, {oidFloat8, "c00921fb54442d18", "-3.141592653589793"},
		{oidText, "c3a9", "é"}, {oidJSONB, "017b7d", "{}"}, {oidBytea, "0001ff", `\x0001ff`},
		{oidUUID, "00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff"},
		{oidDate, "00000000", "2000-01-01"}, {oidDate, "ffffffff", "1999-12-31"}, {oidDate, "00002585", "2026-04-19"},
		{oidTimestamp, "ffffffffffffffff", "1999-12-31 23:59:59.999999"},
		{oidTimestamptz, "0000000000000000", "2000-01-01 00:00:00+00"},
		{oidNumeric, "0002000000000002007b1194", "123.45"}, {oidNumeric, "0001ffff400000040001", "-0.0001"}, {oidNumeric, "0000000000000002", "0.00"},
		{oidNumeric, "00010002000000000001", "100000000"}, {oidNumeric, "00000000c0000000", "NaN"},
		{oidNumeric, "00030001000000040009270f270f", "99999.9999"}, {oidNumeric, "0001fffb000000140001", "0.00000000000000000001"},
		{oidNumeric, "000800040000000904d2162e23340d801ed204d2162e2328", "12345678901234567890.123456789"},
		{oidDate, "ffff718e", "1900-02-28"}, {oidDate, "fff5199c", "0044-03-15"}, {oidDate, "002c95d3", "9999-12-31"},
		{oidTimestamp, "0002f2cde00baba0", "2026-04-19 12:13:14.5"}, {oidTimestamp, "ff7976f17703e000", "0800-01-01 00:00:00"},
		{oidTime, "0000000000000000", "00:00:00"}, {oidTime, "000000141dc81dc1", "23:59:59.000001"},
		{oidFloat4, "7149f2ca", "1e+30"}, {oidFloat4, "3dcccccd", "0.1"}, {oidFloat4, "49742400", "1e+06"}, {oidFloat4, "4b3c614e", "1.2345678e+07"},
		{oidFloat8, "3fb999999999999a", "0.1"}, {oidFloat8, "be7ad7f29abcaf48", "-1e-07"}, {oidFloat8, "419d6f3454000000", "123456789"},
		{oidFloat8, "430c6bf526340000", "1e+15"}, {oidFloat8, "7ff0000000000000", "Infinity"},
	} {
		v, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := decodeBinary(nil, c.oid, v)
		if !ok || string(got) != c.want {
			t.Errorf("type %d, %s: %q, %v instead of %q", c.oid, c.hex, got, ok, c.want)
		}
	}
	for _, c := range []struct {
		oid uint32
		hex string
	}{{oidInt4, "00"}, {oidDate, "7fffffff"}, {oidTimestamp, "7fffffffffffffff"}, {oidTimestamp, "8000000000000000"}, {oidJSONB, ""}, {oidJSONB, "027b7d"}, {oidNumeric, "ffff"}, {600, "00"}} {
		v, _ := hex.DecodeString(c.hex)
		if got, ok := decodeBinary(nil, c.oid, v); ok {
			t.Errorf("type %d, %s came out as %q", c.oid, c.hex, got)
		}
	}
}

func FuzzValuesAndTexts(f *testing.F) {
	f.Add(uint32(oidNumeric), []byte("\x00\x02\x00\x00\x00\x00\x00\x02\x00\x7b\x11\x94"), "select \"\\\x00\u2028\xff password 'x'", 40)
	f.Add(uint32(oidUUID), []byte{}, "$a$://u:p@$a$", 64)
	f.Fuzz(func(t *testing.T, oid uint32, value []byte, text string, room int) {
		room = 64 + room&0xfff
		for _, format := range []int16{0, 1} {
			out := appendValue(nil, oid, format, value, room)
			var v Value
			if err := json.Unmarshal(out, &v); err != nil {
				t.Fatalf("%q: %v", out, err)
			}
			// Numbers and such have a bound of their own.
			if len(out) > room+64 && len(out) > 8192 {
				t.Fatalf("%d bytes in a room of %d", len(out), room)
			}
			again, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			var w Value
			if err := json.Unmarshal(again, &w); err != nil || w != v {
				t.Fatalf("%+v and %+v: %v", v, w, err)
			}
		}
		out, used, exact := appendQuoted(nil, []byte(text), room)
		var back string
		if err := json.Unmarshal(out, &back); err != nil || len(out) > room {
			t.Fatalf("%q (%d bytes of %d): %v", out, len(out), room, err)
		}
		if exact && back != text[:used] || exact != utf8.ValidString(text[:used]) {
			t.Fatalf("%q became %q, exact %v", text[:used], back, exact)
		}
		short := appendString(nil, text, room)
		if err := json.Unmarshal(short, &back); err != nil || len(short) > room {
			t.Fatalf("%q: %v", short, err)
		}
		hideSecrets([]byte(text))
	})
}

// line makes a record with the given text.
func line(seq int, text string) []byte {
	rec := fmt.Appendf(make([]byte, 4), `:1,"time":"2026-03-01T12:00:00.%09dZ","kind":"statement.begin","session":"s-1","seq":%d,"text":`, seq, seq)
	rec, _, _ = appendQuoted(rec, []byte(text), 1000)
	rec = finish(rec)
	copy(rec, lineStart)
	return rec
}

// FuzzRecovery damages the end of a segment the way a kill or a power failure
// does, or in ways that none does. What is before the damage must be found.
func FuzzRecovery(f *testing.F) {
	f.Add(3, []byte{}, 0, 0)
	f.Add(2, []byte("\x00\x00\x00\x00:1,\"time\":\"2026"), 10, 5)
	f.Add(1, line(7, "x"), 0, 3)
	f.Add(8, []byte("0"), 123, -114)
	f.Add(5, []byte("\n\n\n {\"v\":1}\n"), 4000, 9000)
	f.Fuzz(func(t *testing.T, records int, tail []byte, hole, nuls int) {
		records, hole, nuls = records&0xff, hole&0x3fff, nuls&0xffff
		dir := t.TempDir()
		g := &segment{name: segmentName{0, 1, time.Unix(0, 0)}, dir: dir}
		var content []byte
		for i := range records {
			content = append(content, line(i, strings.Repeat("é", i))...)
		}
		end := len(content)
		if hole > 0 && hole < end {
			// A page in the middle that the disk never got.
			clear(content[hole:min(end, hole+512)])
		}
		content = append(append(content, tail...), make([]byte, nuls)...)
		if err := os.WriteFile(g.path(), content, 0o600); err != nil {
			t.Fatal(err)
		}
		count := func(path string) int {
			file, err := os.Open(path)
			if err != nil {
				return 0
			}
			defer func() { _ = file.Close() }()
			scan := newLines(file, 0, 1<<40, false)
			n := 0
			for {
				rec, err := scan.next()
				if errors.Is(err, io.EOF) {
					return n
				}
				if err != nil {
					t.Fatal(err)
				}
				if _, err := Decode(rec); err != nil && bytes.HasPrefix(rec, []byte(`{"v":1,"time":"2026`)) {
					t.Fatalf("%s: %v", rec, err)
				}
				n++
			}
		}
		before := count(g.path())
		if hole == 0 || hole >= end {
			if before < records {
				t.Fatalf("%d of %d records are read", before, records)
			}
		}
		all, err := listSegments(dir)
		if err != nil {
			t.Fatal(err)
		}
		kept, err := recoverSegments(all, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if before > 0 && len(kept) != 1 {
			t.Fatalf("%d segments were kept", len(kept))
		}
		if before > 0 {
			// A record whose newline alone was lost is found again.
			if after := count(kept[0].path()); after < before || after > before+1 {
				t.Fatalf("%d records before, %d after", before, after)
			}
			if b, _ := os.ReadFile(kept[0].path()); bytes.IndexByte(b, 0) >= 0 {
				t.Fatal("NUL bytes are left")
			}
		}
	})
}

// FuzzHeader reads arbitrary lines the quick way and the thorough way.
func FuzzHeader(f *testing.F) {
	f.Add(line(1, "select 1"))
	f.Add([]byte(`{"v":1,"time":"2026-03-01T12:00:00.000000000Z","kind":"statement.end","session":"s","seq":2,"statement":1,"outcome":"Failed","rows":3,"bytes":4,"masked":["a"],"identity":{"subject":"unit:x"},"database":"crm","crc":"00000000"}`))
	m := newMatcher(Filter{Workload: "unit:*", Database: "crm", Verdicts: []string{VerdictFailed}})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, ok := parseHeader(b)
		if !ok {
			return
		}
		matched := m.match(h, b)
		newTally().add(h, b)
		r, err := Decode(bytes.Clone(b))
		if err != nil {
			return
		}
		if matched && h.kind == KindStatementEnd && bytes.HasPrefix(h.rest, []byte(`,"statement":`)) && r.Identity == nil {
			t.Fatalf("%s was matched", b)
		}
	})
}
