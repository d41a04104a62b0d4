package upstream

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

// From RFC 7677 section 3. PostgreSQL's client leaves the user's name empty, so
// the first message differs from the RFC's and is set here.
const (
	rfcClientNonce = "rOprNGfwEbeRWgbNEkqO"
	rfcServerFirst = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
	rfcClientFinal = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
	rfcServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
)

func rfcExchange() *scramExchange {
	return &scramExchange{
		binding: []byte(bindingUnsupported), nonce: rfcClientNonce, firstBare: "n=user,r=" + rfcClientNonce,
	}
}

func TestTheExampleOfRFC7677(t *testing.T) {
	s := rfcExchange()
	final, err := s.answer([]byte(rfcServerFirst), AuthOptions{Password: "pencil"})
	if err != nil {
		t.Fatal(err)
	}
	if string(final) != rfcClientFinal {
		t.Errorf("final message %s\nwant          %s", final, rfcClientFinal)
	}
	if err := s.verify([]byte(rfcServerFinal)); err != nil {
		t.Error(err)
	}
	for name, wrong := range map[string]string{
		"another signature": "v=" + base64.StdEncoding.EncodeToString(make([]byte, 32)),
		"an empty one":      "v=",
		"a short one":       "v=6rri",
		"none":              "",
		"an error":          "e=other-error",
		"not base64":        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4",
	} {
		if err := s.verify([]byte(wrong)); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if err := new(scramExchange).verify([]byte("v=")); err == nil {
		t.Error("an empty signature was accepted before the exchange")
	}
}

func TestServerFirstMessagesThatAreRefused(t *testing.T) {
	nonce := "r=" + rfcClientNonce
	for name, message := range map[string]string{
		"empty":                         "",
		"weir's own nonce only":         nonce + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
		"another nonce":                 "r=xOprNGfwEbeRWgbNEkqOabc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
		"a nonce that is not printable": nonce + "a\x01,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
		"no salt":                       nonce + "abc,s=,i=4096",
		"a salt that is not base64":     nonce + "abc,s=W22ZaJ0SNY7soEsUEjb6gQ,i=4096",
		"a huge salt":                   nonce + "abc,s=" + strings.Repeat("AAAA", 1024) + ",i=4096",
		"no count":                      nonce + "abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=",
		"a count of zero":               nonce + "abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0",
		"a negative count":              nonce + "abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-4096",
		"a signed count":                nonce + "abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=+4096",
		"a count that is too cheap":     nonce + "abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4095",
		"a count that is too dear":      nonce + "abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=600001",
		"a count past an int32":         nonce + "abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4294967297",
		"a mandatory extension":         "m=x," + nonce + "abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
		"another order":                 "s=W22ZaJ0SNY7soEsUEjb6gQ==," + nonce + "abc,i=4096",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := rfcExchange().answer([]byte(message), AuthOptions{Password: "pencil"}); err == nil {
				t.Error("it was accepted")
			}
		})
	}
	t.Run("few iterations pass where the server is verified", func(t *testing.T) {
		message := nonce + "abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1"
		if _, err := rfcExchange().answer([]byte(message), AuthOptions{Password: "pencil", TLS: true, Verified: true}); err != nil {
			t.Error(err)
		}
	})
}

func TestEachLoginHasAFreshNonce(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		s := new(scramExchange)
		first, err := s.first(bindingUnsupported, AuthOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if seen[string(first)] || len(s.nonce) != 24 {
			t.Fatalf("first message %q", first)
		}
		seen[string(first)] = true
	}
}

// request makes the body of an authentication request.
func request(code byte, data string) []byte { return append([]byte{0, 0, 0, code}, data...) }

const (
	offerBoth  = "SCRAM-SHA-256-PLUS\x00SCRAM-SHA-256\x00\x00"
	offerPlain = "SCRAM-SHA-256\x00\x00"
)

func TestDowngradesAreRefused(t *testing.T) {
	tlsOptions := AuthOptions{User: "u", Password: "p", TLS: true, Verified: true, EndPoint: []byte("hash")}
	plainOptions := AuthOptions{User: "u", Password: "p"}
	for _, test := range []struct {
		name    string
		options AuthOptions
		steps   [][]byte // the last one must be refused, the others not
	}{
		{"the end in the middle of SCRAM", plainOptions, [][]byte{request(10, offerPlain), request(0, "")}},
		{"the end of SASL before its challenge", plainOptions, [][]byte{request(10, offerPlain), request(12, "v=x")}},
		{"a challenge before the start", plainOptions, [][]byte{request(11, "r=x,s=eA==,i=4096")}},
		{"the end of SASL before the start", plainOptions, [][]byte{request(12, "v=")}},
		{"md5 after SCRAM began", plainOptions, [][]byte{request(10, offerPlain), request(5, "salt")}},
		{"cleartext after md5", AuthOptions{User: "u", Password: "p", TLS: true}, [][]byte{request(5, "salt"), request(3, "")}},
		{"md5 twice, with another salt", plainOptions, [][]byte{request(5, "salt"), request(5, "tlas")}},
		{"SCRAM twice", plainOptions, [][]byte{request(10, offerPlain), request(10, offerPlain)}},
		{"cleartext in the open", plainOptions, [][]byte{request(3, "")}},
		{"PLUS offered where there is no TLS", plainOptions, [][]byte{request(10, offerBoth)}},
		{"PLUS only, where the certificate has no hash", AuthOptions{User: "u", Password: "p", TLS: true}, [][]byte{request(10, "SCRAM-SHA-256-PLUS\x00\x00")}},
		{"no binding where it is required", AuthOptions{User: "u", Password: "p", TLS: true, EndPoint: []byte("hash"), Binding: BindingRequire}, [][]byte{request(10, offerPlain)}},
		{"a binding that is required, where the certificate has no hash", AuthOptions{User: "u", Password: "p", TLS: true, Binding: BindingRequire}, [][]byte{request(10, offerBoth)}},
		{"md5 where only SCRAM will do", AuthOptions{User: "u", Password: "p", Allowed: MethodSCRAM | MethodSCRAMPlus}, [][]byte{request(5, "salt")}},
		{"cleartext where only SCRAM will do", AuthOptions{User: "u", Password: "p", TLS: true, Allowed: MethodSCRAM | MethodSCRAMPlus}, [][]byte{request(3, "")}},
		{"nothing asked where only SCRAM will do", AuthOptions{User: "u", Password: "p", Allowed: MethodSCRAM | MethodSCRAMPlus}, [][]byte{request(0, "")}},
		{"an unknown mechanism", plainOptions, [][]byte{request(10, "OAUTHBEARER\x00\x00")}},
		{"no mechanism", plainOptions, [][]byte{request(10, "\x00")}},
		{"mechanisms without an end", plainOptions, [][]byte{request(10, "SCRAM-SHA-256\x00")}},
		{"something after the mechanisms", plainOptions, [][]byte{request(10, offerPlain+"x")}},
		{"GSSAPI", plainOptions, [][]byte{request(7, "")}},
		{"SSPI", plainOptions, [][]byte{request(9, "")}},
		{"Kerberos", plainOptions, [][]byte{request(2, "")}},
		{"an unknown method", plainOptions, [][]byte{request(200, "")}},
		{"a short salt", plainOptions, [][]byte{request(5, "sal")}},
		{"a long salt", plainOptions, [][]byte{request(5, "salty")}},
		{"no code", plainOptions, [][]byte{{0, 0, 0}}},
		{"something after the end", plainOptions, [][]byte{request(0, "x")}},
		{"anything after the end", tlsOptions, [][]byte{request(0, ""), request(0, "")}},
		{"a password where there is none", AuthOptions{User: "u", TLS: true}, [][]byte{request(3, "")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := NewAuthenticator(test.options)
			for i, step := range test.steps {
				reply, _, err := a.Step(step)
				last := i == len(test.steps)-1
				if last != (err != nil) {
					t.Fatalf("step %d: reply %q, error %v", i, reply, err)
				}
				if err != nil && reply != nil {
					t.Errorf("something was sent: %q", reply)
				}
			}
			if _, _, err := a.Step(request(0, "")); err == nil {
				t.Error("it went on after the refusal")
			}
		})
	}
}

func TestTheOfferOfABindingIsAnsweredSoThatAStrippedOneShows(t *testing.T) {
	endPoint := []byte("hash")
	for _, test := range []struct {
		name    string
		options AuthOptions
		offer   string
		want    string // begin of the answer
	}{
		{"offered over TLS", AuthOptions{Password: "p", TLS: true, EndPoint: endPoint}, offerBoth, "SCRAM-SHA-256-PLUS\x00|p=tls-server-end-point,,n=,r="},
		{"not offered over TLS", AuthOptions{Password: "p", TLS: true, EndPoint: endPoint}, offerPlain, "SCRAM-SHA-256\x00|y,,n=,r="},
		{"without TLS", AuthOptions{Password: "p"}, offerPlain, "SCRAM-SHA-256\x00|n,,n=,r="},
		{"disabled", AuthOptions{Password: "p", TLS: true, EndPoint: endPoint, Binding: BindingDisable}, offerBoth, "SCRAM-SHA-256\x00|n,,n=,r="},
		{"a certificate without a hash", AuthOptions{Password: "p", TLS: true}, offerBoth, "SCRAM-SHA-256\x00|n,,n=,r="},
	} {
		t.Run(test.name, func(t *testing.T) {
			reply, _, err := NewAuthenticator(test.options).Step(request(10, test.offer))
			if err != nil {
				t.Fatal(err)
			}
			mechanism, first, _ := strings.Cut(test.want, "|")
			got := string(reply[5:])
			if !strings.HasPrefix(got, mechanism) || !strings.HasPrefix(got[len(mechanism)+4:], first) {
				t.Errorf("answer %q", got)
			}
		})
	}
}

func TestAnImpostorWithoutThePasswordIsFound(t *testing.T) {
	a := NewAuthenticator(AuthOptions{User: "u", Password: "p"})
	reply, _, err := a.Step(request(10, offerPlain))
	if err != nil {
		t.Fatal(err)
	}
	_, nonce, _ := strings.Cut(string(reply), "r=")
	if _, _, err = a.Step(request(11, "r="+nonce+"abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")); err != nil {
		t.Fatal(err)
	}
	_, _, err = a.Step(request(12, rfcServerFinal))
	var auth *AuthError
	if !errors.As(err, &auth) || auth.Kind != AuthServerUnproven {
		t.Errorf("error %T: %v", err, err)
	}
}

// FuzzAuthenticator feeds a server's requests, each a length byte and that many
// bytes. Whatever they are: no panic, nothing after the end, and never a login
// that skips the proof of a SCRAM exchange that was begun.
func FuzzAuthenticator(f *testing.F) {
	seed := func(options byte, steps ...[]byte) {
		input := []byte{options}
		for _, step := range steps {
			input = append(append(input, byte(len(step))), step...)
		}
		f.Add(input)
	}
	seed(0, request(0, ""))
	seed(1, request(3, ""), request(0, ""))
	seed(0, request(5, "salt"), request(0, ""))
	seed(7, request(10, offerBoth), request(11, rfcServerFirst), request(12, rfcServerFinal), request(0, ""))
	seed(8, request(10, offerPlain), request(11, rfcServerFirst), request(12, rfcServerFinal), request(0, ""))
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) == 0 {
			return
		}
		options := AuthOptions{User: "u", Password: "pencil"}
		options.TLS = input[0]&1 != 0
		options.Verified = input[0]&2 != 0
		if input[0]&4 != 0 {
			options.EndPoint = []byte("hash")
		}
		a := NewAuthenticator(options)
		a.sasl.nonce = rfcClientNonce
		input = input[1:]
		began, proven, failed, over := false, false, false, false
		for len(input) > 0 {
			n := min(int(input[0]), len(input)-1)
			step := input[1 : 1+n]
			input = input[1+n:]
			if a.state == authSASLFirst && strings.Contains(string(step), ",i=") && !strings.HasSuffix(string(step), ",i=4096") {
				return // do not let the fuzzer wait for many iterations
			}
			reply, done, err := a.Step(step)
			if (failed || over) && err == nil {
				t.Fatal("it went on after the end")
			}
			if err != nil && (reply != nil || done) {
				t.Fatal("an error with an answer")
			}
			if len(reply) > 0 && !options.TLS && strings.Contains(string(reply), "pencil") {
				t.Fatal("the password was sent in the open")
			}
			began = began || a.state == authSASLFirst
			proven = proven || a.state == authSASLProven
			if done && began && !proven {
				t.Fatal("a login without the server's proof")
			}
			failed, over = failed || err != nil, over || done
		}
	})
}
