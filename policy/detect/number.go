package detect

// number is the form of a number with groups.
type number struct {
	shortest, longest int // characters without separators
	fewest            int // digits among them
	letters           bool
	grouped           func(groups []int) bool // nil: however it is grouped
	valid             func(digits []byte) bool
}

// numbers gives the forms of all kinds that are numbers.
func numbers() map[Kind]number {
	return map[Kind]number{
		PaymentCard:          {shortest: 13, longest: 19, fewest: 13, valid: card},
		SocialSecurityNumber: {shortest: 9, longest: 9, fewest: 9, grouped: groupedAs(3, 2, 4), valid: ssn},
		IBAN:                 {shortest: 15, longest: 34, fewest: 4, letters: true, valid: iban},
		BRCPF:                {shortest: 11, longest: 11, fewest: 11, valid: cpf},
		CASocialInsurance:    {shortest: 9, longest: 9, fewest: 9, valid: func(d []byte) bool { return d[0] != '0' && d[0] != '8' && luhn(d) }},
		CHSocialSecurity:     {shortest: 13, longest: 13, fewest: 13, valid: ahv},
		DETaxID:              {shortest: 11, longest: 11, fewest: 11, valid: taxID},
		FRSocialSecurity:     {shortest: 15, longest: 15, fewest: 13, letters: true, valid: nir},
		INAadhaar:            {shortest: 12, longest: 12, fewest: 12, valid: func(d []byte) bool { return d[0] >= '2' && verhoeff(d) }},
		NLCitizenService:     {shortest: 9, longest: 9, fewest: 9, valid: bsn},
		PLPESEL:              {shortest: 11, longest: 11, fewest: 11, valid: pesel},
		SEPersonalNumber:     {shortest: 10, longest: 12, fewest: 10, valid: personalNumber},
		ESNationalID:         {shortest: 9, longest: 9, fewest: 7, letters: true, valid: dni},
		GBNationalInsurance:  {shortest: 9, longest: 9, fewest: 6, letters: true, valid: nino},
		ITFiscalCode:         {shortest: 16, longest: 16, fewest: 1, letters: true, valid: fiscalCode},
	}
}

// most is the length of the longest number.
const most = 34

// window is the run of groups that is being looked at: their characters
// without separators, in capitals.
type window struct {
	chars  [most]byte
	n      int
	sizes  [most]int
	groups int
}

// find looks for numbers in runs of groups: characters of the classes in of,
// each group parted from the next by a gap. A number begins and ends with a group.
func (w *window) find(dst []Span, text []byte, forms []number, of uint8) []Span {
	for i := 0; i < len(text); {
		if class[text[i]]&of == 0 {
			i++
			continue
		}
		end := groupEnd(text, i, of)
		if found := w.longest(text, i, forms, of); found > 0 {
			dst = append(dst, Span{i, found})
			i = found
			continue
		}
		if of == isDigit && end-i > 19 {
			dst = inside(dst, text, i, end, forms)
		}
		i = end
	}
	return dst
}

func groupEnd(text []byte, i int, of uint8) int {
	for i < len(text) && class[text[i]]&of != 0 {
		i++
	}
	return i
}

// separator is what stands between groups.
func separator(b byte) bool { return b == ' ' || b == '-' || b == '.' || b == '/' }

// widest is how many separators may stand between two groups: " - ".
const widest = 3

// gap gives the length of what parts one group from the next at the start of text, 0
// for what does not: separators, also those that typography has for them.
func gap(text []byte) (n int) {
	for range widest {
		switch rest := text[n:]; {
		case len(rest) == 0:
			return n
		case separator(rest[0]) || rest[0] == '_' || rest[0] == '\t' || rest[0] == '\n':
			n++
		case len(rest) >= 2 && rest[0] == 0xc2 && rest[1] == 0xa0: // no-break space
			n += 2
		case len(rest) >= 3 && rest[0] == 0xe2 && rest[1] == 0x80 && (rest[2] <= 0x95 || rest[2] == 0xaf): // U+2000 to U+2015, U+202F
			n += 3
		default:
			return n
		}
	}
	return n
}

// longest gives the end of the longest number that begins with the group at i,
// 0 for none.
func (w *window) longest(text []byte, i int, forms []number, of uint8) (end int) {
	w.n, w.groups = 0, 0
	for at := i; ; {
		next := groupEnd(text, at, of)
		if next == at || w.n+next-at > most {
			return end
		}
		for _, b := range text[at:next] {
			if b >= 'a' {
				b -= 'a' - 'A'
			}
			w.chars[w.n] = b
			w.n++
		}
		w.sizes[w.groups] = next - at
		w.groups++
		for k := range forms {
			f := &forms[k]
			if w.n >= f.shortest && w.n <= f.longest && (f.grouped == nil || f.grouped(w.sizes[:w.groups])) && f.valid(w.chars[:w.n]) {
				end = next
			}
		}
		wide := gap(text[next:])
		if wide == 0 || next+wide >= len(text) {
			return end
		}
		at = next + wide
	}
}

// inside looks for card numbers in a run of digits that is too long to be one:
// several that were put together.
func inside(dst []Span, text []byte, start, end int, forms []number) []Span {
	for k := range forms {
		if forms[k].longest != 19 {
			continue
		}
		for i := start; i+15 <= end; i++ {
			for _, n := range [...]int{16, 15} {
				if i+n <= end && forms[k].valid(text[i:i+n]) {
					dst = append(dst, Span{i, i + n})
					break
				}
			}
		}
	}
	return dst
}

func groupedAs(sizes ...int) func([]int) bool {
	return func(groups []int) bool {
		if len(groups) != len(sizes) {
			return false
		}
		for i := range sizes {
			if groups[i] != sizes[i] {
				return false
			}
		}
		return true
	}
}

// luhn is the check of ISO/IEC 7812.
func luhn(digits []byte) bool {
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// value reads the first n digits.
func value(digits []byte, n int) int {
	v := 0
	for _, d := range digits[:n] {
		v = 10*v + int(d-'0')
	}
	return v
}

// card checks the issuer's range and the check digit.
func card(d []byte) bool {
	two, three, four := value(d, 2), value(d, 3), value(d, 4)
	n := len(d)
	switch {
	case d[0] == '4': // Visa
		if n != 13 && n != 16 && n != 19 {
			return false
		}
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720: // Mastercard
		if n != 16 {
			return false
		}
	case two == 34, two == 37: // American Express
		if n != 15 {
			return false
		}
	case four == 6011, three >= 644 && three <= 649, two == 65, // Discover
		two == 62,                    // UnionPay
		four >= 3528 && four <= 3589, // JCB
		four >= 2200 && four <= 2204: // Mir
		if n < 16 {
			return false
		}
	case three >= 300 && three <= 305, two == 36, two == 38, two == 39: // Diners Club
		if n < 14 {
			return false
		}
	case two == 50, two >= 56 && two <= 58, two == 63, two == 67: // Maestro
	default:
		return false
	}
	return luhn(d)
}

// ssn leaves out what the Social Security Administration does not give out.
func ssn(d []byte) bool {
	area := value(d, 3)
	return area != 0 && area != 666 && area < 900 && value(d[3:], 2) != 0 && value(d[5:], 4) != 0
}
