package detect

// The checks of national numbers. Each is called with as many characters as its
// form has, digits or capital letters where the form allows them.

func isNumber(d []byte) bool {
	for _, b := range d {
		if b < '0' || b > '9' {
			return false
		}
	}
	return true
}

func weighted(d []byte, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += int(d[i]-'0') * w
	}
	return sum
}

func alike(d []byte) bool {
	for _, b := range d[1:] {
		if b != d[0] {
			return false
		}
	}
	return true
}

func cpf(d []byte) bool {
	digit := func(sum int) int {
		if r := sum % 11; r >= 2 {
			return 11 - r
		}
		return 0
	}
	return !alike(d) &&
		digit(weighted(d, 10, 9, 8, 7, 6, 5, 4, 3, 2)) == int(d[9]-'0') &&
		digit(weighted(d, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)) == int(d[10]-'0')
}

func ahv(d []byte) bool { // EAN-13 under the country's prefix
	return value(d, 3) == 756 && weighted(d, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1)%10 == 0
}

// taxID checks ISO 7064 MOD 11,10 and that one digit of the first ten comes two
// or three times and no other comes again.
func taxID(d []byte) bool {
	if d[0] == '0' {
		return false
	}
	var times [10]int
	for _, b := range d[:10] {
		times[b-'0']++
	}
	again := 0
	for _, n := range times {
		switch {
		case n > 3:
			return false
		case n > 1:
			again++
		}
	}
	if again != 1 {
		return false
	}
	product := 10
	for _, b := range d[:10] {
		sum := (int(b-'0') + product) % 10
		if sum == 0 {
			sum = 10
		}
		product = sum * 2 % 11
	}
	return (11-product)%10 == int(d[10]-'0')
}

// nir is 13 characters and a key modulo 97; the departments of Corsica have a
// letter, which counts as 19 and 18.
func nir(d []byte) bool {
	var n uint64
	for i, b := range d[:13] {
		switch {
		case b >= '0' && b <= '9':
			n = 10*n + uint64(b-'0')
		case i == 6 && d[5] == '2' && b == 'A':
			n = n/10*100 + 19
		case i == 6 && d[5] == '2' && b == 'B':
			n = n/10*100 + 18
		default:
			return false
		}
	}
	month := 0
	if isNumber(d[3:5]) {
		month = value(d[3:], 2)
	}
	sex := d[0] == '1' || d[0] == '2' || d[0] == '3' || d[0] == '4' || d[0] == '7' || d[0] == '8'
	return sex && month >= 1 && month <= 99 && isNumber(d[13:]) && 97-int(n%97) == value(d[13:], 2)
}

func verhoeff(d []byte) bool {
	times := [10][10]uint8{
		{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5}, {2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
		{3, 4, 0, 1, 2, 8, 9, 5, 6, 7}, {4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
		{6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3}, {8, 7, 6, 5, 9, 3, 2, 1, 0, 4},
		{9, 8, 7, 6, 5, 4, 3, 2, 1, 0},
	}
	moved := [8][10]uint8{
		{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4}, {5, 8, 0, 3, 7, 9, 6, 1, 4, 2},
		{8, 9, 1, 6, 0, 4, 3, 5, 2, 7}, {9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
		{2, 7, 9, 3, 8, 0, 6, 4, 1, 5}, {7, 0, 4, 6, 9, 1, 3, 2, 5, 8},
	}
	var c uint8
	for i := range d {
		c = times[c][moved[i%8][d[len(d)-1-i]-'0']]
	}
	return c == 0
}

func bsn(d []byte) bool {
	return !alike(d) && weighted(d, 9, 8, 7, 6, 5, 4, 3, 2, -1)%11 == 0
}

// day says whether a month and a day are on a calendar.
func day(m, d int) bool { return m >= 1 && m <= 12 && d >= 1 && d <= 31 }

func pesel(d []byte) bool { // the century is in the month
	return day(value(d[2:], 2)%20, value(d[4:], 2)) && weighted(d, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)%10 == 0
}

func personalNumber(d []byte) bool {
	switch len(d) {
	case 12:
		if c := value(d, 2); c != 18 && c != 19 && c != 20 {
			return false
		}
		d = d[2:]
	case 10:
	default:
		return false
	}
	of := value(d[4:], 2)
	return day(value(d[2:], 2), of%60) && luhn(d) // a coordination number has 60 added to the day
}

func dni(d []byte) bool {
	var n int
	switch d[0] {
	case 'X', 'Y', 'Z': // of foreigners
		n = int(d[0] - 'X')
	default:
		if !isNumber(d[:1]) {
			return false
		}
		n = int(d[0] - '0')
	}
	if !isNumber(d[1:8]) {
		return false
	}
	return d[8] == "TRWAGMYFPDXBNJZSQVHLCKE"[(n*1e7+value(d[1:], 7))%23]
}

func nino(d []byte) bool {
	letter := func(b byte, not string) bool {
		for i := range len(not) {
			if b == not[i] {
				return false
			}
		}
		return b >= 'A' && b <= 'Z'
	}
	switch string(d[:2]) {
	case "BG", "GB", "KN", "NK", "NT", "TN", "ZZ":
		return false
	}
	return letter(d[0], "DFIQUV") && letter(d[1], "DFIOQUV") && isNumber(d[2:8]) && d[8] >= 'A' && d[8] <= 'D'
}

func fiscalCode(d []byte) bool {
	odd := [26]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}
	const letters = "LLLLLLDDLDDLDDDL" // digits may be letters where the code of another is the same
	sum := 0
	for i, b := range d {
		var n int
		switch {
		case b >= '0' && b <= '9':
			if letters[i] == 'L' {
				return false
			}
			n = int(b - '0')
		case letters[i] == 'D' && (b < 'L' || b > 'V'):
			return false
		default:
			n = int(b - 'A')
		}
		if i == 15 {
			return int(b-'A') == sum%26
		}
		if i%2 == 0 {
			n = odd[n]
		}
		sum += n
	}
	return false
}
