package detect

import (
	"slices"
	"strings"
	"testing"
)

func found(t testing.TB, text string, kinds ...Kind) []string {
	t.Helper()
	s, err := New(kinds, nil)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, span := range s.Finder().Find([]byte(text)) {
		list = append(list, text[span.Start:span.End])
	}
	return list
}

func TestWhatIsFound(t *testing.T) {
	for _, tt := range []struct {
		kind Kind
		text string
		want []string
	}{
		{PaymentCard, "4111111111111111", []string{"4111111111111111"}},
		{PaymentCard, "card 4111 1111 1111 1111, cvv 123", []string{"4111 1111 1111 1111"}},
		{PaymentCard, "4111-1111-1111-1111 123", []string{"4111-1111-1111-1111"}},
		{PaymentCard, "x5555555555554444y378282246310005", []string{"5555555555554444", "378282246310005"}},
		{PaymentCard, "4111111111111111,5555555555554444", []string{"4111111111111111", "5555555555554444"}},
		{PaymentCard, "41111111111111115555555555554444", []string{"4111111111111111", "5555555555554444"}},
		{PaymentCard, "30569309025904 and 6011111111111117", []string{"30569309025904", "6011111111111117"}},
		{PaymentCard, "4111  1111\t1111\n1111", []string{"4111  1111\t1111\n1111"}},
		{PaymentCard, "4111\u00a01111\u20111111\u202f1111 \u2013 4111_1111_1111_1111", []string{"4111\u00a01111\u20111111\u202f1111", "4111_1111_1111_1111"}},
		{PaymentCard, "4111 - 1111 - 1111 - 1111 -", []string{"4111 - 1111 - 1111 - 1111"}},
		{PaymentCard, "4111    1111    1111    1111", nil},
		{EmailAddress, "/find?q=ada%40example.com&n=1", []string{"ada%40example.com"}},
		{APIKey, "https://hooks.slack.com/services/T00000000/B00000000/" + strings.Repeat("x", 24), []string{"hooks.slack.com/services/T00000000/B00000000/" + strings.Repeat("x", 24)}},
		{EmailAddress, "write to Ada.Lovelace+x@example.co.uk.", []string{"Ada.Lovelace+x@example.co.uk"}},
		{EmailAddress, "<a@b.example>,c@d.example", []string{"a@b.example", "c@d.example"}},
		{EmailAddress, "jürgen@müller.example", []string{"jürgen@müller.example"}},
		{PhoneNumber, "call +49 30 123456-78 or (555) 867-5309!", []string{"+49 30 123456-78", "(555) 867-5309"}},
		{PhoneNumber, "555-867-5309, 1-555-867-5309 and 020 7946 0018", []string{"555-867-5309", "1-555-867-5309", "020 7946 0018"}},
		{PhoneNumber, "+4930123456", []string{"+4930123456"}},
		{IBAN, "DE89370400440532013000", []string{"DE89370400440532013000"}},
		{IBAN, "to gb29 nwbk 6016 1331 9268 19 please", []string{"gb29 nwbk 6016 1331 9268 19"}},
		{SocialSecurityNumber, "his is 536-90-4399.", []string{"536-90-4399"}},
		{SocialSecurityNumber, "536 90 4399", []string{"536 90 4399"}},
		{APIKey, "key=AKIAIOSFODNN7EXAMPLE", []string{"AKIAIOSFODNN7EXAMPLE"}},
		{APIKey, "ghp_" + strings.Repeat("aB3", 12), []string{"ghp_" + strings.Repeat("aB3", 12)}},
		{APIKey, "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLW9mLWl0LXdhcw", []string{"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLW9mLWl0LXdhcw"}},
		{PrivateKey, "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb", []string{"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"}},
		{PrivateKey, "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl", []string{"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl"}},
		{BRCPF, "529.982.247-25", []string{"529.982.247-25"}},
		{CASocialInsurance, "046 454 286 and 130 692 544", []string{"130 692 544"}},
		{CHSocialSecurity, "756.9217.0769.85", []string{"756.9217.0769.85"}},
		{DETaxID, "86095742719", []string{"86095742719"}},
		{ESNationalID, "12345678Z, X1234567L", []string{"12345678Z", "X1234567L"}},
		{FRSocialSecurity, "2 55 08 14 168 025 38", []string{"2 55 08 14 168 025 38"}},
		{GBNationalInsurance, "AB 12 34 56 C", []string{"AB 12 34 56 C"}},
		{INAadhaar, "2345 6789 0124", []string{"2345 6789 0124"}},
		{ITFiscalCode, "RSSMRA85T10A562S", []string{"RSSMRA85T10A562S"}},
		{NLCitizenService, "111222333", []string{"111222333"}},
		{PLPESEL, "44051401359", []string{"44051401359"}},
		{SEPersonalNumber, "811228-9874 or 19811228-9874", []string{"811228-9874", "19811228-9874"}},
	} {
		if got := found(t, tt.text, tt.kind); !slices.Equal(got, tt.want) {
			t.Errorf("%s in %q: %q, not %q", tt.kind, tt.text, got, tt.want)
		}
	}
}

func TestWhatIsNotFound(t *testing.T) {
	for _, tt := range []struct {
		kind Kind
		text string
	}{
		{PaymentCard, "4111111111111112"}, {PaymentCard, "order 1234567890123456"}, {PaymentCard, "2024-01-02 03:04:05.678901"},
		{PaymentCard, "411111111111111"}, {PaymentCard, "0000000000000000"}, {PaymentCard, "9223372036854775807"},
		{EmailAddress, "@ada"}, {EmailAddress, "ada@localhost"}, {EmailAddress, "a@.example"}, {EmailAddress, "@@@@"}, {EmailAddress, "user@"},
		{PhoneNumber, "2024-01-02 03:04:05"}, {PhoneNumber, "192.168.100.200"}, {PhoneNumber, "12345678901"}, {PhoneNumber, "01.02.2024"},
		{PhoneNumber, "3.14159265358979"}, {PhoneNumber, "1 234 567 890 123"}, {PhoneNumber, "123e4567-e89b-12d3-a456-426614174000"},
		{IBAN, "DE89370400440532013001"}, {IBAN, "XX89370400440532013000"}, {IBAN, "DE8937040044053201300"},
		{SocialSecurityNumber, "000-12-3456"}, {SocialSecurityNumber, "666-12-3456"}, {SocialSecurityNumber, "900-12-3456"},
		{SocialSecurityNumber, "536904399"}, {SocialSecurityNumber, "536-904-399"}, {SocialSecurityNumber, "1536-90-4399"},
		{APIKey, "sk-short"}, {APIKey, "task-0123456789012345678901234"}, {APIKey, "eyJhbGciOiJIUzI1NiJ9" + strings.Repeat("a", 40)},
		{PrivateKey, "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----"},
		{BRCPF, "111.111.111-11"}, {DETaxID, "12345678901"}, {NLCitizenService, "000000000"}, {PLPESEL, "44951401359"}, {GBNationalInsurance, "GB123456A"},
	} {
		if got := found(t, tt.text, tt.kind); len(got) != 0 {
			t.Errorf("%s in %q: %q", tt.kind, tt.text, got)
		}
	}
}

func TestSpansAreInOrderAndJoined(t *testing.T) {
	s, err := New([]Kind{PaymentCard, PhoneNumber, EmailAddress}, []string{`EMP-\d+`, `\d{4}@`})
	if err != nil {
		t.Fatal(err)
	}
	text := "EMP-12 then 1234@example.com and 4111 1111 1111 1111"
	var got []string
	for _, f := range s.Finder().Find([]byte(text)) {
		got = append(got, text[f.Start:f.End])
	}
	if want := []string{"EMP-12", "1234@example.com", "4111 1111 1111 1111"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestASetThatMakesNoSenseIsAnError(t *testing.T) {
	for name, make := range map[string]func() (*Set, error){
		"nothing":                    func() (*Set, error) { return New(nil, nil) },
		"an unknown kind":            func() (*Set, error) { return New([]Kind{"Shoes"}, nil) },
		"a pattern with an error":    func() (*Set, error) { return New(nil, []string{"("}) },
		"a pattern that is anywhere": func() (*Set, error) { return New(nil, []string{"a*"}) },
	} {
		if _, err := make(); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if s, err := New(Kinds(), nil); err != nil || s == nil {
		t.Error(err)
	}
}

func BenchmarkFind(b *testing.B) {
	common := []Kind{PaymentCard, EmailAddress, PhoneNumber, IBAN, SocialSecurityNumber, APIKey, PrivateKey}
	for _, bb := range []struct {
		name, text string
		kinds      []Kind
	}{
		{"Name", "Ada Lovelace, Countess", common},
		{"Date", "2024-01-02 03:04:05", common},
		{"Email", "ada.lovelace@example.com", common},
		{"Card", "4111 1111 1111 1111", common},
		{"AllKinds", "Ada Lovelace, 12 Saint James's Square", Kinds()},
	} {
		b.Run(bb.name, func(b *testing.B) {
			s, err := New(bb.kinds, nil)
			if err != nil {
				b.Fatal(err)
			}
			f, text := s.Finder(), []byte(bb.text)
			b.ReportAllocs()
			for b.Loop() {
				f.Find(text)
			}
		})
	}
}

func FuzzFind(f *testing.F) {
	for _, s := range []string{"4111 1111 1111 1111", "a@b.c", "(0) 123-456 +49", "DE89 3704 0044 0532 0130 00", "-----BEGIN PRIVATE KEY", "eyJ.a.b", "RSSMRA85T10A562S", "\xff@\xff.x"} {
		f.Add([]byte(s))
	}
	s, err := New(Kinds(), []string{`[a-f]+\d`})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		at := 0
		for _, span := range s.Finder().Find(text) {
			if span.Start < at || span.End <= span.Start || span.End > len(text) {
				t.Fatalf("%v in a text of %d bytes, after %d", span, len(text), at)
			}
			at = span.End
		}
	})
}
