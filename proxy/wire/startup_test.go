package wire_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/weirgate/weir/proxy/wire"
)

func TestSplitOptions(t *testing.T) {
	for in, want := range map[string][]string{
		"":                        nil,
		"   ":                     nil,
		"-c a=b":                  {"-c", "a=b"},
		"  -c\ta=b\n\v\f\r--c=d ": {"-c", "a=b", "--c=d"},
		`a\ b`:                    {"a b"},
		`a\\b`:                    {`a\b`},
		`\-c \a=\b`:               {"-c", "a=b"},
		`a\`:                      {"a"},
		`\`:                       {""},
		`a \ b`:                   {"a", " b"},
		"-c 'a b'":                {"-c", "'a", "b'"},
	} {
		if got := wire.SplitOptions(in); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestReadPacketWaitsForAllOfIt(t *testing.T) {
	p := wire.AppendStartup(nil, 3<<16, []wire.Setting{{Name: "user", Value: "u"}})
	for n := range p {
		k, ok, err := wire.ReadPacket(p[:n])
		if ok || err != nil {
			t.Fatalf("%d bytes: %+v %v", n, k, err)
		}
		if want := wire.PacketSize(p[:n]); want <= n || want > len(p) {
			t.Fatalf("%d bytes: wants %d", n, want)
		}
	}
}

func FuzzStartup(f *testing.F) {
	f.Add(wire.AppendStartup(nil, 3<<16, []wire.Setting{{Name: "user", Value: "u"}, {Name: "options", Value: `-c a=b\ c`}}))
	f.Add(wire.AppendStartup(nil, 3<<16|9999, []wire.Setting{{Name: "_pq_.x", Value: ""}}))
	f.Add([]byte("\x00\x00\x00\x08\x04\xd2\x16\x2f"))
	f.Add([]byte("\x00\x00\x00\x10\x04\xd2\x16\x2e\x00\x00\x00\x01\x00\x00\x00\x02"))
	f.Add([]byte("\x00\x00\x00\x0a\x00\x03\x00\x00a\x00"))
	f.Fuzz(func(t *testing.T, p []byte) {
		k, ok, err := wire.ReadPacket(p)
		if err != nil || !ok {
			if ok == (err == nil) {
				t.Fatal("neither whole nor not")
			}
			return
		}
		if k.Size > len(p) || k.Size > wire.MaxStartup || len(k.Body) != k.Size-8 {
			t.Fatalf("%+v of %d bytes", k, len(p))
		}
		if k.Code == wire.CodeCancel {
			pid, key, err := wire.ReadCancel(k.Body)
			var theirs pgproto3.CancelRequest
			if e := theirs.Decode(p[4:k.Size]); e == nil && err == nil &&
				(theirs.ProcessID != pid || !bytes.Equal(theirs.SecretKey, key)) {
				t.Fatalf("cancel %d %x, want %+v", pid, key, theirs)
			}
			return
		}
		if k.Code != 3<<16 {
			return
		}
		settings, err := wire.ReadStartup(k.Body)
		var theirs pgproto3.StartupMessage
		if e := theirs.Decode(p[4:k.Size]); (e == nil) != (err == nil) {
			// The oracle takes bytes behind the end, which PostgreSQL does not, and
			// wants at least one setting.
			if err == nil && len(settings) > 0 {
				t.Fatalf("%q is taken: %v", k.Body, e)
			}
			return
		}
		if err != nil {
			return
		}
		last := map[string]string{}
		for _, s := range settings {
			last[s.Name] = s.Value
			if s.Name == "options" {
				words := wire.SplitOptions(s.Value)
				var again []string
				for _, w := range words {
					if len(w) > len(s.Value) {
						t.Fatal("a word longer than all")
					}
					if w != "" {
						again = append(again, wire.QuoteOption(w))
					}
				}
				words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
				if got := wire.SplitOptions(strings.Join(again, " ")); !slices.Equal(got, words) {
					t.Fatalf("%q, quoted and split again %q", words, got)
				}
			}
		}
		if len(last) != len(theirs.Parameters) {
			t.Fatalf("%v, want %v", last, theirs.Parameters)
		}
		for n, v := range theirs.Parameters {
			if last[n] != v {
				t.Fatalf("%v, want %v", last, theirs.Parameters)
			}
		}
		if again := wire.AppendStartup(nil, k.Code, settings); !bytes.Equal(again, p[:k.Size]) {
			t.Fatalf("%q, written again %q", p[:k.Size], again)
		}
	})
}

func TestACancelKeyHasFourTo256Bytes(t *testing.T) {
	for n, want := range map[int]bool{0: false, 3: false, 4: true, 256: true, 257: false} {
		_, key, err := wire.ReadCancel([]byte("\x00\x00\x00\x07" + strings.Repeat("k", n)))
		if (err == nil) != want || (want && len(key) != n) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}
