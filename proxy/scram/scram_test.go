package scram_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/scram"
)

// rfcVerifier is that of the example in RFC 7677 section 3.
func rfcVerifier(t *testing.T) scram.Verifier {
	t.Helper()
	salt, err := base64.StdEncoding.DecodeString("W22ZaJ0SNY7soEsUEjb6gQ==")
	must(t, err)
	v, err := scram.NewVerifier(nil, "pencil", salt)
	must(t, err)
	return v
}

const (
	rfcFirst      = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
	rfcFinal      = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
	rfcServerPart = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
)

func rfcServer(t *testing.T) *scram.Server {
	return &scram.Server{Verifier: rfcVerifier(t), Nonce: rfcServerPart}
}

func TestTheExampleOfRFC7677(t *testing.T) {
	s := rfcServer(t)
	first, err := s.First([]byte(rfcFirst))
	must(t, err)
	if want := "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"; string(first) != want {
		t.Errorf("first %s\nwant  %s", first, want)
	}
	final, err := s.Final([]byte(rfcFinal))
	must(t, err)
	if want := "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="; string(final) != want {
		t.Errorf("final %s\nwant  %s", final, want)
	}
}

func TestARightProofOfAUserThatDoesNotExistIsWrong(t *testing.T) {
	s := rfcServer(t)
	s.Doomed = true
	_, err := s.First([]byte(rfcFirst))
	must(t, err)
	if _, err := s.Final([]byte(rfcFinal)); !errors.Is(err, scram.ErrWrong) {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsRefusedOfAClient(t *testing.T) {
	proof := base64.StdEncoding.EncodeToString(make([]byte, sha256.Size))
	const nonce = "r=rOprNGfwEbeRWgbNEkqO" + rfcServerPart
	plus := base64.StdEncoding.EncodeToString([]byte("p=tls-server-end-point,,leaf"))
	for name, c := range map[string]struct {
		plus, tls    bool
		first, final string
		code         string // "" is ErrWrong
	}{
		"a wrong proof":                       {first: rfcFirst, final: "c=biws," + nonce + ",p=" + proof},
		"a wrong proof that is bound":         {plus: true, tls: true, first: "p=tls-server-end-point,,n=,r=rOprNGfwEbeRWgbNEkqO", final: "c=" + plus + "," + nonce + ",p=" + proof},
		"nothing":                             {code: "08P01"},
		"a zero byte":                         {first: "n,,n=,r=a\x00b", code: "08P01"},
		"no header":                           {first: "n", code: "08P01"},
		"another flag":                        {first: "x,,n=,r=a", code: "08P01"},
		"no binding with the bound mechanism": {plus: true, tls: true, first: "n,,n=,r=a", code: "08P01"},
		"an offer unseen with the bound mechanism":   {plus: true, tls: true, first: "y,,n=,r=a", code: "08P01"},
		"an offer that somebody took away":           {tls: true, first: "y,,n=,r=a", code: "28000"},
		"a binding with the other mechanism":         {tls: true, first: "p=tls-server-end-point,,n=,r=a", code: "08P01"},
		"a binding of another type":                  {plus: true, tls: true, first: "p=tls-unique,,n=,r=a", code: "08P01"},
		"an authorization identity":                  {first: "n,a=root,n=,r=a", code: "0A000"},
		"something in its place":                     {first: "n,b=root,n=,r=a", code: "08P01"},
		"no second comma":                            {first: "n,", code: "08P01"},
		"a mandatory extension":                      {first: "n,,m=x,n=,r=a", code: "0A000"},
		"no user":                                    {first: "n,,r=a", code: "08P01"},
		"no nonce":                                   {first: "n,,n=,s=a", code: "08P01"},
		"an empty nonce":                             {first: "n,,n=,r=", code: "08P01"},
		"a nonce with a space":                       {first: "n,,n=,r=a b", code: "08P01"},
		"a nonce that is not ASCII":                  {first: "n,,n=,r=\xc3\xa4", code: "08P01"},
		"no proof":                                   {first: rfcFirst, final: "c=biws," + nonce, code: "08P01"},
		"a proof that is not base64":                 {first: rfcFirst, final: "c=biws," + nonce + ",p=?", code: "08P01"},
		"a short proof":                              {first: rfcFirst, final: "c=biws," + nonce + ",p=AAAA", code: "08P01"},
		"something behind the proof":                 {first: rfcFirst, final: "c=biws," + nonce + ",p=" + proof + ",x=y", code: "08P01"},
		"an empty final message":                     {first: rfcFirst, final: "", code: "08P01"},
		"another header than before":                 {first: rfcFirst, final: "c=eSws," + nonce + ",p=" + proof, code: "08P01"},
		"a binding to another certificate":           {plus: true, tls: true, first: "p=tls-server-end-point,,n=,r=rOprNGfwEbeRWgbNEkqO", final: "c=biws," + nonce + ",p=" + proof, code: "28000"},
		"no binding in the final message":            {first: rfcFirst, final: nonce + ",p=" + proof, code: "08P01"},
		"another nonce":                              {first: rfcFirst, final: "c=biws,r=other,p=" + proof, code: "08P01"},
		"no nonce in the final message":              {first: rfcFirst, final: "c=biws,s=a,p=" + proof, code: "08P01"},
		"only the beginning of the nonce":            {first: rfcFirst, final: "c=biws,r=rOprNGfwEbeRWgbNEkqO,p=" + proof, code: "08P01"},
		"the final message without a first":          {final: rfcFinal, code: "08P01"},
		"a proof of another header than that signed": {first: "y,,n=user,r=rOprNGfwEbeRWgbNEkqO", final: strings.Replace(rfcFinal, "biws", "eSws", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			s := rfcServer(t)
			s.Plus, s.TLS, s.EndPoint = c.plus, c.tls, []byte("leaf")
			_, err := s.First([]byte(c.first))
			if err == nil {
				_, err = s.Final([]byte(c.final))
			}
			var e *scram.Error
			switch {
			case c.code == "" && !errors.Is(err, scram.ErrWrong):
				t.Errorf("got %v, want a wrong proof", err)
			case c.code != "" && (!errors.As(err, &e) || e.Code != c.code):
				t.Errorf("got %v, want %s", err, c.code)
			}
		})
	}
}

func TestAVerifierIsReadAsItIsWritten(t *testing.T) {
	v := rfcVerifier(t)
	again, err := scram.ParseVerifier(v.String())
	must(t, err)
	if again.String() != v.String() {
		t.Errorf("%s, read and written again %s", v, again)
	}
	for _, bad := range []string{
		"", "md5" + strings.Repeat("a", 32), "SCRAM-SHA-256$", "SCRAM-SHA-256$4096", "SCRAM-SHA-256$4096:c2FsdA==", "SCRAM-SHA-256$4096:c2FsdA==$",
		strings.Replace(v.String(), "4096", "0", 1), strings.Replace(v.String(), "4096", "-1", 1),
		strings.Replace(v.String(), "4096", "99999999999", 1), strings.Replace(v.String(), "W22Z", "", 1) + "x",
		strings.Replace(v.String(), "SHA-256", "SHA-1", 1), v.String() + "A", v.String()[:len(v.String())-4],
	} {
		if _, err := scram.ParseVerifier(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestKeysAreDerivedOnceForThePasswordSaltAndIterations(t *testing.T) {
	c, err := scram.NewCache(8)
	must(t, err)
	seen := map[scram.Keys]string{}
	for _, of := range []struct {
		password, salt string
		iterations     int
	}{{"a", "bc", 1}, {"ab", "c", 1}, {"a", "bc", 2}, {"b", "bc", 1}} {
		want, err := scram.Derive(of.password, []byte(of.salt), of.iterations)
		must(t, err)
		for range 2 {
			got, err := c.Derive(of.password, []byte(of.salt), of.iterations)
			must(t, err)
			if got != want {
				t.Errorf("%v: other keys", of)
			}
		}
		if other := seen[want]; other != "" {
			t.Errorf("%v has the keys of %s", of, other)
		}
		seen[want] = of.password
	}
	if n := testing.AllocsPerRun(10, func() { _, _ = c.Derive("a", []byte("bc"), 1) }); n > 20 {
		t.Errorf("%v allocations for what is known", n)
	}
}

func TestTheBindingToACertificate(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	of := func(algorithm x509.SignatureAlgorithm) ([]byte, []byte) {
		var key crypto.Signer = ec
		switch algorithm {
		case x509.PureEd25519:
			key = ed
		case x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSAPSS:
			key = rs
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1), SignatureAlgorithm: algorithm}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		must(t, err)
		c, err := x509.ParseCertificate(der)
		must(t, err)
		return der, scram.EndPoint(c)
	}
	for algorithm, hash := range map[x509.SignatureAlgorithm]func([]byte) []byte{
		x509.ECDSAWithSHA256:  func(b []byte) []byte { h := sha256.Sum256(b); return h[:] },
		x509.ECDSAWithSHA384:  func(b []byte) []byte { h := sha512.Sum384(b); return h[:] },
		x509.ECDSAWithSHA512:  func(b []byte) []byte { h := sha512.Sum512(b); return h[:] },
		x509.SHA256WithRSA:    func(b []byte) []byte { h := sha256.Sum256(b); return h[:] },
		x509.SHA384WithRSA:    func(b []byte) []byte { h := sha512.Sum384(b); return h[:] },
		x509.SHA512WithRSAPSS: func(b []byte) []byte { h := sha512.Sum512(b); return h[:] },
		x509.PureEd25519:      func([]byte) []byte { return nil },
	} {
		if der, got := of(algorithm); !bytes.Equal(got, hash(der)) {
			t.Errorf("%s: %x", algorithm, got)
		}
	}
	// What is never made any more, MD5 and SHA-1, counts as SHA-256.
	for _, old := range []x509.SignatureAlgorithm{x509.MD5WithRSA, x509.SHA1WithRSA, x509.ECDSAWithSHA1} {
		want := sha256.Sum256([]byte("raw"))
		if got := scram.EndPoint(&x509.Certificate{SignatureAlgorithm: old, Raw: []byte("raw")}); !bytes.Equal(got, want[:]) {
			t.Errorf("%s: %x", old, got)
		}
	}
}

// FuzzServer sends arbitrary messages of a client.
func FuzzServer(f *testing.F) {
	f.Add(rfcFirst, rfcFinal, false, false)
	f.Add("p=tls-server-end-point,,n=,r=a", "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCws,r=a"+rfcServerPart+",p=AAAA", true, true)
	f.Add("y,,n=,r=a", "", false, true)
	f.Add("n,a=x,m=y,r=", "p=", true, false)
	v, err := scram.NewVerifier(nil, "a password that nobody guesses", []byte("salt"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, first, final string, plus, tls bool) {
		s := &scram.Server{Verifier: v, Plus: plus, TLS: tls, EndPoint: []byte("leaf"), Nonce: rfcServerPart}
		if _, err := s.First([]byte(first)); err != nil {
			return
		}
		if out, err := s.Final([]byte(final)); err == nil {
			t.Fatalf("%q let in: %q", final, out)
		}
	})
}

// FuzzParseVerifier reads arbitrary verifiers.
func FuzzParseVerifier(f *testing.F) {
	f.Add("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")
	f.Add("SCRAM-SHA-256$1:$:")
	f.Fuzz(func(t *testing.T, text string) {
		v, err := scram.ParseVerifier(text)
		if err != nil {
			return
		}
		if again, err := scram.ParseVerifier(v.String()); err != nil || again.String() != v.String() {
			t.Fatalf("%q is read as %s, then %v", text, v, err)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
