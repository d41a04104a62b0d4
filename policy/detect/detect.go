package detect

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
)

// Kind is something that is found by its form, as policy documents name it.
type Kind string

// What has a form of its own everywhere.
const (
	PaymentCard          Kind = "PaymentCard"          // 13 to 19 digits of an issuer, with a right check digit
	EmailAddress         Kind = "EmailAddress"         // of a domain with a dot
	PhoneNumber          Kind = "PhoneNumber"          // with +, or grouped as phone numbers are
	IBAN                 Kind = "IBAN"                 // of a country's length, with right check digits
	SocialSecurityNumber Kind = "SocialSecurityNumber" // of the US, grouped 3-2-4
	APIKey               Kind = "APIKey"               // secrets that services give out with a prefix, and JSON web tokens
	PrivateKey           Kind = "PrivateKey"           // PEM, OpenSSH, PuTTY, age
)

// National identification numbers. All but GBNationalInsurance have check
// digits.
const (
	BRCPF               Kind = "BRCPF"               // Brazil: Cadastro de Pessoas Físicas
	CASocialInsurance   Kind = "CASocialInsurance"   // Canada
	CHSocialSecurity    Kind = "CHSocialSecurity"    // Switzerland: AHV
	DETaxID             Kind = "DETaxID"             // Germany: Steuer-Identifikationsnummer
	ESNationalID        Kind = "ESNationalID"        // Spain: DNI and NIE
	FRSocialSecurity    Kind = "FRSocialSecurity"    // France: NIR
	GBNationalInsurance Kind = "GBNationalInsurance" // United Kingdom
	INAadhaar           Kind = "INAadhaar"           // India
	ITFiscalCode        Kind = "ITFiscalCode"        // Italy: codice fiscale
	NLCitizenService    Kind = "NLCitizenService"    // Netherlands: BSN
	PLPESEL             Kind = "PLPESEL"             // Poland
	SEPersonalNumber    Kind = "SEPersonalNumber"    // Sweden
)

// Kinds are all there are, in the order of their names.
func Kinds() []Kind {
	list := []Kind{PaymentCard, EmailAddress, PhoneNumber, IBAN, SocialSecurityNumber, APIKey, PrivateKey}
	for k := range numbers() {
		if !slices.Contains(list, k) {
			list = append(list, k)
		}
	}
	slices.Sort(list)
	return list
}

// Span is a part of a text, in bytes.
type Span struct{ Start, End int }

// Set finds several kinds at once. It does not change and may be shared.
type Set struct {
	digits, letters []number // what is made of groups of digits, and of letters and digits
	email, phone    bool
	private         bool
	secrets         []secret  // of keys
	begins          [256]bool // what their first byte can be
	patterns        []*regexp.Regexp
	fewest          int // digits that a text must have for any number
}

// New makes a Set of kinds and of regular expressions in RE2's syntax. One that
// matches an empty text would match everywhere and is an error.
func New(kinds []Kind, patterns []string) (*Set, error) {
	if len(kinds) == 0 && len(patterns) == 0 {
		return nil, fmt.Errorf("there is nothing to detect")
	}
	s := &Set{fewest: 1 << 30}
	forms := numbers()
	for _, k := range kinds {
		switch k {
		case EmailAddress:
			s.email = true
		case PhoneNumber:
			s.phone = true
		case APIKey:
			s.secrets = secrets()
			for _, f := range s.secrets {
				s.begins[f.prefix[0]] = true
			}
		case PrivateKey:
			s.private = true
		default:
			n, ok := forms[k]
			if !ok {
				return nil, fmt.Errorf("there is no detector %q", k)
			}
			if n.letters {
				s.letters = append(s.letters, n)
			} else {
				s.digits = append(s.digits, n)
			}
			s.fewest = min(s.fewest, n.fewest)
		}
	}
	for _, p := range patterns {
		re, err := regexp.Compile(p)
		if err != nil {
			return nil, fmt.Errorf("the pattern cannot be read: %w", err)
		}
		if re.MatchString("") {
			return nil, fmt.Errorf("the pattern %q matches an empty text, and so everything", p)
		}
		s.patterns = append(s.patterns, re)
	}
	return s, nil
}

// The classes of bytes by which a text is sorted out at a glance.
const (
	isDigit uint8 = 1 << iota
	isLetter
	isAt
	isDash
	isUnderscore
	isDot
	isPercent
)

// class sorts bytes.
var class = func() (of [256]uint8) {
	for b := '0'; b <= '9'; b++ {
		of[b] = isDigit
	}
	for b := 'a'; b <= 'z'; b++ {
		of[b], of[b-'a'+'A'] = isLetter, isLetter
	}
	of['@'], of['-'], of['_'], of['.'], of['%'] = isAt, isDash, isUnderscore, isDot, isPercent
	return of
}()

// Finder gives something that finds with a Set and keeps memory of its own: it
// is not for two goroutines at a time.
func (s *Set) Finder() *Finder { return &Finder{set: s} }

// Finder finds what a Set is about.
type Finder struct {
	set    *Set
	spans  []Span
	window window
}

// Find gives the parts of text that have one of the forms, in their order and
// without overlap, valid until the next call. Its time is linear in the text's
// length.
func (f *Finder) Find(text []byte) []Span {
	s, dst := f.set, f.spans[:0]
	var seen uint8
	count := 0
	for _, b := range text {
		c := class[b]
		seen |= c
		count += int(c & isDigit)
	}
	if s.email && seen&isAt != 0 {
		dst = emails(dst, text, "@")
	}
	if s.email && seen&isPercent != 0 {
		dst = emails(dst, text, "%40") // in a URL
	}
	if s.phone && count >= fewestPhoneDigits {
		dst = phones(dst, text)
	}
	if count >= s.fewest {
		if len(s.digits) > 0 {
			dst = f.window.find(dst, text, s.digits, isDigit)
		}
		if len(s.letters) > 0 {
			dst = f.window.find(dst, text, s.letters, isDigit|isLetter)
		}
	}
	if len(s.secrets) > 0 {
		dst = s.keys(dst, text)
	}
	if s.private && seen&isDash != 0 {
		dst = privateKeys(dst, text)
	}
	for _, re := range s.patterns {
		dst = matches(dst, text, re)
	}
	f.spans = merge(dst)
	return f.spans
}

func matches(dst []Span, text []byte, re *regexp.Regexp) []Span {
	if !re.Match(text) { // allocates nothing
		return dst
	}
	for _, at := range re.FindAllIndex(text, -1) {
		if at[1] > at[0] {
			dst = append(dst, Span{at[0], at[1]})
		}
	}
	return dst
}

// merge orders the spans and joins those that overlap.
func merge(spans []Span) []Span {
	if len(spans) < 2 {
		return spans
	}
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) })
	n := 0
	for _, s := range spans[1:] {
		if s.Start < spans[n].End {
			spans[n].End = max(spans[n].End, s.End)
			continue
		}
		n++
		spans[n] = s
	}
	return spans[:n+1]
}
