package detect

// iban checks a country's length and ISO 7064 MOD 97-10.
func iban(d []byte) bool {
	if !isNumber(d[2:4]) || ibanLength(string(d[:2])) != len(d) {
		return false
	}
	rest := 0
	for i := range d {
		b := d[(i+4)%len(d)]
		if b >= 'A' {
			rest = (rest*100 + int(b-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(b-'0')) % 97
		}
	}
	return rest == 1
}

// ibanLength is a country's length in the IBAN registry, 0 where it has none.
func ibanLength(country string) int {
	switch country {
	case "NO":
		return 15
	case "BE":
		return 16
	case "DK", "FI", "FK", "FO", "GL", "NL", "SD":
		return 18
	case "MK", "SI":
		return 19
	case "AT", "BA", "EE", "KZ", "LT", "LU", "MN", "XK":
		return 20
	case "CH", "CR", "HR", "LI", "LV":
		return 21
	case "BG", "BH", "DE", "GB", "GE", "IE", "ME", "RS", "VA":
		return 22
	case "AE", "GI", "IL", "IQ", "OM", "SO", "TL":
		return 23
	case "AD", "CZ", "ES", "MD", "PK", "RO", "SA", "SE", "SK", "TN", "VG":
		return 24
	case "LY", "PT", "ST":
		return 25
	case "IS", "TR":
		return 26
	case "BI", "DJ", "FR", "GR", "IT", "MC", "MR", "SM":
		return 27
	case "AL", "AZ", "BY", "CY", "DO", "GT", "HN", "HU", "LB", "NI", "PL", "SV":
		return 28
	case "BR", "EG", "PS", "QA", "UA", "YE":
		return 29
	case "JO", "KW", "MU":
		return 30
	case "LC", "MT":
		return map[string]int{"LC": 32, "MT": 31}[country]
	case "SC":
		return 31
	case "RU":
		return 33
	}
	return 0
}
