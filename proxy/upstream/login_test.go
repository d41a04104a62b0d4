package upstream

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/wire"
)

func TestLoginByEveryMethodOnEveryWay(t *testing.T) {
	pg := server(t)
	noLeaks(t)
	ways := []struct {
		name   string
		target Target
	}{{"plain", plain(pg)}, {"tls", overTLS(pg)}, {"socket", overSocket(pg)}}
	if listener, err := net.Listen("tcp6", "[::1]:0"); err == nil {
		_ = listener.Close()
		six := overTLS(pg)
		six.Address = netip.AddrPortFrom(netip.IPv6Loopback(), six.Address.Port())
		ways = append(ways, struct {
			name   string
			target Target
		}{"tls on IPv6", six})
	}
	users := []struct {
		name, password string
		method         map[string]Method
	}{
		{"u_trust", "", map[string]Method{"plain": MethodTrust, "tls": MethodTrust, "socket": MethodTrust}},
		{"u_clear", "clear secret", map[string]Method{"plain": MethodCleartext, "tls": MethodCleartext, "socket": MethodCleartext}},
		{"u_md5", "md5 secret", map[string]Method{"plain": MethodMD5, "tls": MethodMD5, "socket": MethodTrust}},
		{"u_scram", "scram secret", map[string]Method{"plain": MethodSCRAM, "tls": MethodSCRAMPlus, "socket": MethodTrust}},
	}
	for _, way := range ways {
		for _, user := range users {
			t.Run(user.name+" over "+way.name, func(t *testing.T) {
				s := Startup{User: user.name, Database: "postgres",
					Parameters: []wire.Setting{{Name: "application_name", Value: "weir test"}, {Name: "options", Value: "-c work_mem=5MB"}}}
				if user.password != "" {
					s.Secret = Generated(user.password)
				}
				c, g := loginAs(t, way.target, s)
				want := user.method[strings.TrimSuffix(way.name, " on IPv6")]
				if g.Method != want {
					t.Errorf("logged in by %s, want %s", g.Method, want)
				}
				if g.TransactionStatus != 'I' || g.BackendPID == 0 || len(g.BackendKey) != 4 || g.Protocol != Protocol30 {
					t.Errorf("greeting: %+v", g)
				}
				if len(g.Frames) != len(g.Parameters) || len(g.Frames) < 10 {
					t.Errorf("%d frames for %d parameters", len(g.Frames), len(g.Parameters))
				}
				names := ""
				for i, parameter := range g.Parameters {
					names += parameter.Name + "=" + parameter.Value + " "
					if want := wire.AppendParameterStatus(nil, parameter.Name, parameter.Value); string(want) != string(g.Frames[i]) {
						t.Errorf("frame %q, want %q", g.Frames[i], want)
					}
				}
				if !strings.Contains(names, "application_name=weir test ") || !strings.Contains(names, "server_encoding=UTF8 ") {
					t.Errorf("parameters: %s", names)
				}
				r, err := c.Query(t.Context(), "select current_user, current_setting('work_mem')")
				if err != nil {
					t.Fatal(err)
				}
				if string(r.Rows[0][0]) != user.name || string(r.Rows[0][1]) != "5MB" {
					t.Errorf("rows: %q", r.Rows)
				}
			})
		}
	}
}

func TestAServerThatRefusesTheLoginIsTyped(t *testing.T) {
	pg := server(t)
	noLeaks(t)
	for _, test := range []struct {
		name     string
		target   Target
		startup  Startup
		auth     AuthFailure // 0: the server's own error passes
		code     string      // of the server's error
		sqlstate string      // for the client
	}{
		{"a wrong password by SCRAM", plain(pg), Startup{User: "u_scram", Secret: Generated("wrong")}, AuthRefused, "28P01", "08004"},
		{"a wrong password by SCRAM-PLUS", overTLS(pg), Startup{User: "u_scram", Secret: Generated("wrong")}, AuthRefused, "28P01", "08004"},
		{"a wrong password by md5", plain(pg), Startup{User: "u_md5", Secret: Generated("wrong")}, AuthRefused, "28P01", "08004"},
		{"a wrong password in cleartext", plain(pg), Startup{User: "u_clear", Secret: Generated("wrong")}, AuthRefused, "28P01", "08004"},
		{"a user who is not in pg_hba.conf", plain(pg), Startup{User: "u_nobody", Secret: Generated("x")}, AuthRefused, "28000", "08004"},
		{"a user who must come by TLS", plain(pg), Startup{User: "u_ssl", Secret: Generated("ssl secret")}, AuthRefused, "28000", "08004"},
		{"a role that may not log in", overSocket(pg), Startup{User: "u_nologin"}, AuthRefused, "28000", "08004"},
		{"no secret where one is asked for", plain(pg), Startup{User: "u_scram"}, AuthUnsupported, "", "08004"},
		{"a database that is not there", plain(pg), Startup{User: "u_trust", Database: "nowhere"}, 0, "3D000", "3D000"},
		{"a parameter that is none", plain(pg), Startup{User: "u_trust", Database: "postgres",
			Parameters: []wire.Setting{{Name: "no_such_parameter", Value: "1"}}}, 0, "42704", "42704"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := dial(t, test.target)
			_, err := c.Start(t.Context(), test.startup)
			var (
				auth *AuthError
				serv *ServerError
			)
			if errors.As(err, &auth) != (test.auth != 0) || (auth != nil && auth.Kind != test.auth) {
				t.Fatalf("error %T: %v", err, err)
			}
			if test.code != "" && (!errors.As(err, &serv) || serv.Code != test.code || !serv.Fatal() || serv.Message == "") {
				t.Errorf("server's error %+v, want code %s", serv, test.code)
			}
			if got := SQLState(err); got != test.sqlstate {
				t.Errorf("SQLSTATE %s, want %s", got, test.sqlstate)
			}
			if test.startup.Secret != nil && strings.Contains(err.Error(), string(test.startup.Secret.(Generated))) && len(string(test.startup.Secret.(Generated))) > 1 {
				t.Errorf("the error holds the secret: %v", err)
			}
			if _, again := c.Start(t.Context(), test.startup); again == nil {
				t.Error("a refused connection could be used again")
			}
		})
	}
}

func TestMethodsThatAreNotAllowedAreRefusedBeforeAnythingIsSent(t *testing.T) {
	pg := server(t)
	for _, test := range []struct {
		name    string
		target  Target
		startup Startup
	}{
		{"md5 where only SCRAM is allowed", plain(pg), Startup{User: "u_md5", Secret: Generated("md5 secret"), Methods: MethodSCRAM | MethodSCRAMPlus}},
		{"trust where a password is expected", plain(pg), Startup{User: "u_trust", Secret: Generated("x"), Methods: MethodSCRAM}},
		{"SCRAM without a binding where one is required", plain(pg), Startup{User: "u_scram", Secret: Generated("scram secret"), ChannelBinding: BindingRequire}},
		{"cleartext where a binding is required", overTLS(pg), Startup{User: "u_clear", Secret: Generated("clear secret"), ChannelBinding: BindingRequire}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := dial(t, test.target).Start(t.Context(), test.startup)
			var auth *AuthError
			if !errors.As(err, &auth) || auth.Kind != AuthUnsafe {
				t.Fatalf("error %T: %v", err, err)
			}
		})
	}
	t.Run("a binding that is disabled is not used", func(t *testing.T) {
		_, g := loginAs(t, overTLS(pg), Startup{User: "u_scram", Database: "postgres", Secret: Generated("scram secret"), ChannelBinding: BindingDisable})
		if g.Method != MethodSCRAM {
			t.Errorf("logged in by %s", g.Method)
		}
	})
	t.Run("a binding that is required is used", func(t *testing.T) {
		_, g := loginAs(t, overTLS(pg), Startup{User: "u_scram", Database: "postgres", Secret: Generated("scram secret"), ChannelBinding: BindingRequire})
		if g.Method != MethodSCRAMPlus {
			t.Errorf("logged in by %s", g.Method)
		}
	})
}

func TestANewerProtocolIsNegotiatedDown(t *testing.T) {
	pg := server(t)
	c, g := loginAs(t, overSocket(pg), Startup{User: "postgres", Version: Protocol32,
		Parameters: []wire.Setting{{Name: "_pq_.weir_test", Value: "1"}}})
	if len(g.Unrecognized) != 1 || g.Unrecognized[0] != "_pq_.weir_test" {
		t.Errorf("unrecognized: %q", g.Unrecognized)
	}
	if g.Protocol != Protocol30 && !strings.Contains(pg.Version, " 18") {
		t.Errorf("protocol %#x", g.Protocol)
	}
	if _, err := c.Query(t.Context(), "select 1"); err != nil {
		t.Error(err)
	}
}

// The passwords are chosen where SASLprep does something, and where PostgreSQL's
// own form of it differs from the RFC's.
func TestPasswordsAreNormalisedAsPostgreSQLDoes(t *testing.T) {
	pg := server(t)
	for name, password := range map[string]string{
		"ASCII":                              "plain",
		"ASCII with a control character":     "a\x07b",
		"a ligature":                         "ﬁne",
		"a soft hyphen":                      "I\u00adX",
		"an ordinal":                         "\u00aa",
		"a no-break space":                   "a\u00a0b",
		"a zero width space":                 "a\u200bb",
		"a zero width joiner":                "a\u200db",
		"a decomposed letter":                "u\u0308ber",
		"right to left":                      "\u0627\u0628",
		"right to left, ending in a digit":   "\u06271",
		"both directions":                    "a\u0627b",
		"a private character":                "a\ue000",
		"a tone mark that is forbidden":      "a\u0340\ufb01",
		"a character newer than Unicode 3.2": "\U0001f512\ufb01",
		"only what is mapped to nothing":     "\u00ad",
		"wide letters":                       "ＡＢＣ",
	} {
		t.Run(name, func(t *testing.T) {
			// The server hashes it: weir's own code must not decide both sides.
			conn, err := pg.Connect(t.Context(), "postgres")
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(t.Context())
			var statement string
			if err := conn.QueryRow(t.Context(), "select format('alter role u_prep password %L', $1::text)", password).Scan(&statement); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
			if _, err := dial(t, plain(pg)).Start(t.Context(), Startup{User: "u_prep", Database: "postgres", Secret: Generated(password)}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTheStartUpPacketOfPassthroughIsAllThatIsSent(t *testing.T) {
	pg := server(t)
	c := dial(t, overTLS(pg))
	if err := c.SendStartup(t.Context(), Startup{User: "u_scram", Database: "postgres"}); err != nil {
		t.Fatal(err)
	}
	if rest := c.Buffered(); len(rest) != 0 {
		t.Errorf("%q was read", rest)
	}
	raw := make([]byte, 512)
	n, err := c.NetConn().Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(raw[:n]); raw[0] != 'R' || !strings.Contains(got, "SCRAM-SHA-256-PLUS\x00SCRAM-SHA-256\x00\x00") {
		t.Errorf("the server said %q", got)
	}
}

func TestWhatWasReadTooFarIsHandedOver(t *testing.T) {
	pg := server(t)
	c, _ := loginAs(t, plain(pg), Startup{User: "u_trust", Database: "postgres"})
	// One write, so that both answers can come in one read.
	if _, err := c.NetConn().Write(wire.AppendQuery(nil, "select 1")); err != nil {
		t.Fatal(err)
	}
	r, err := c.Query(t.Context(), "select 2") // gets the first answer
	if err != nil {
		t.Fatal(err)
	}
	if string(r.Rows[0][0]) != "1" {
		t.Fatalf("rows %q", r.Rows)
	}
	rest := c.Buffered()
	for !strings.HasSuffix(string(rest), "Z\x00\x00\x00\x05I") {
		more := make([]byte, 512)
		n, err := c.NetConn().Read(more)
		if err != nil {
			t.Fatal(err)
		}
		rest = append(rest, more[:n]...)
	}
	if rest[0] != 'T' || !strings.Contains(string(rest), "D\x00\x00\x00\x0b\x00\x01\x00\x00\x00\x012") {
		t.Errorf("handed over: %q", rest)
	}
}
