package leaks

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// window is how long a part of a text must be to count, digits how long that of a
// number, of which others have parts by chance.
const (
	window = 6
	digits = 8
)

// searcher finds secrets, and what can be made of them, in bytes.
type searcher struct {
	needles map[string]string // by their first bytes: the whole needle and what it is of
	more    map[string][]string
	short   map[string]string // binary forms of four bytes
}

func newSearcher(s *secrets) *searcher {
	f := &searcher{needles: map[string]string{}, more: map[string][]string{}, short: map[string]string{}}
	for _, text := range s.texts() {
		f.text(text)
	}
	for _, n := range s.numbers() {
		f.number(n)
	}
	for _, d := range s.decimals() {
		plain := strings.ReplaceAll(d, ".", "")
		f.windows(plain, d, digits)
		f.windows(reversed(plain), d+" reversed", digits)
		f.add(string(numericDigits(d)), d+" as a numeric")
		if v, err := strconv.ParseFloat(d, 64); err == nil {
			f.add(string(binary.BigEndian.AppendUint64(nil, math.Float64bits(v)))[:7], d+" as a double")
		}
		f.add(grouped(strings.Split(d, ".")[0]), d+" grouped")
	}
	for _, m := range s.moments() {
		f.moment(m)
	}
	return f
}

// add has a needle found. It is matched without regard to case where it is text.
func (f *searcher) add(needle, of string) {
	if len(needle) < window {
		return
	}
	needle = lowered([]byte(needle))
	key := needle[:window]
	if len(needle) == window {
		f.needles[key] = of
		return
	}
	if !slices.Contains(f.more[key], needle) {
		f.more[key] = append(f.more[key], needle)
	}
	if _, ok := f.needles["\x00"+needle]; !ok {
		f.needles["\x00"+needle] = of
	}
}

// windows has every part of n characters of a text found, or a shorter text as a whole.
func (f *searcher) windows(text, of string, n int) {
	n = min(n, len(text))
	for i := 0; i+n <= len(text); i++ {
		part := text[i : i+n]
		if len(part) == window && len(text) > window && strings.Trim(part, "0123456789abcdef") == "" {
			// What Hash and Noise make has as many digits in a row by chance.
			start := min(i, len(text)-window-1)
			part = text[start : start+window+1]
		}
		f.add(part, of)
	}
}

func (f *searcher) text(text string) {
	n := window
	if strings.Trim(text, "0123456789abcdef.") == "" {
		n = digits
	}
	f.windows(text, text, n)
	f.windows(reversed(text), text+" reversed", n)
	f.windows(strings.Map(rot13, text), text+" by rot13", digits)
	f.add(text[1:]+text[:1], text+" turned")
	raw := []byte(text)
	coded := hex.EncodeToString(raw)
	for i := 0; i+12 <= len(coded); i += 2 {
		f.add(coded[i:i+12], text+" in hexadecimal")
	}
	var octal, codes []string
	for _, b := range raw {
		octal = append(octal, fmt.Sprintf(`\%03o`, b))
		codes = append(codes, strconv.Itoa(int(b)))
	}
	f.add(strings.Join(octal[:4], ""), text+" in octal")
	for _, between := range []string{",", ", ", " ", ";", "|", "."} {
		f.add(strings.Join(codes[:5], between), text+" as codes")
		f.add(strings.Join(strings.Split(text[:7], ""), between), text+" spread")
	}
	for shift := range 3 {
		e := base64.StdEncoding.EncodeToString(append(make([]byte, shift), raw...))
		f.add(strings.TrimRight(e, "=")[shift+1:len(e)-4], text+" in base64")
	}
	m, s1, s2, s5 := md5.Sum(raw), sha1.Sum(raw), sha256.Sum256(raw), sha512.Sum512(raw)
	s224, s384 := sha256.Sum224(raw), sha512.Sum384(raw)
	for name, sum := range map[string][]byte{"md5": m[:], "sha1": s1[:], "sha224": s224[:], "sha256": s2[:], "sha384": s384[:], "sha512": s5[:]} {
		f.add(string(sum[:8]), text+" hashed with "+name)
		f.add(hex.EncodeToString(sum[:6]), text+" hashed with "+name)
		f.add(base64.StdEncoding.EncodeToString(sum)[:10], text+" hashed with "+name)
	}
	upper := md5.Sum([]byte(strings.ToUpper(text)))
	f.add(hex.EncodeToString(upper[:6]), text+" upper, hashed")
}

func rot13(c rune) rune {
	if c >= 'a' && c <= 'z' {
		return 'a' + (c-'a'+13)%26
	}
	return c
}

func (f *searcher) number(n int64) {
	text := strconv.FormatInt(n, 10)
	f.windows(text, text, digits)
	f.windows(reversed(text), text+" reversed", digits)
	f.add(grouped(text), text+" grouped")
	f.windows(strconv.FormatInt(n+1, 10), text+" and one", digits)
	f.windows(strconv.FormatInt(n*2, 10), text+" doubled", digits)
	f.add(strconv.FormatInt(n, 16), text+" in hexadecimal")
	f.add(strconv.FormatInt(n, 8), text+" in octal")
	f.add(strconv.FormatInt(n, 2), text+" in binary")
	f.add(string(binary.BigEndian.AppendUint64(nil, uint64(n)))[:8], text+" as a bigint")
	f.add(string(binary.BigEndian.AppendUint64(nil, math.Float64bits(float64(n)))), text+" as a double")
	f.add(string(numericDigits(text)), text+" as a numeric")
	if n < math.MaxInt32 {
		f.short[string(binary.BigEndian.AppendUint32([]byte{0, 0, 0, 4}, uint32(n)))] = text + " as an integer"
	}
	m := md5.Sum([]byte(text))
	f.add(hex.EncodeToString(m[:6]), text+" hashed with md5")
}

// numericDigits are the digits of PostgreSQL's binary numeric, in base 10,000.
func numericDigits(d string) []byte {
	whole, part, _ := strings.Cut(d, ".")
	for len(whole)%4 != 0 {
		whole = "0" + whole
	}
	for len(part)%4 != 0 {
		part += "0"
	}
	var out []byte
	for all := whole + part; all != ""; all = all[4:] {
		n, err := strconv.Atoi(all[:4])
		if err != nil {
			return nil
		}
		out = binary.BigEndian.AppendUint16(out, uint16(n))
	}
	return out
}

// lowered has the letters of ASCII in lower case and all else as it was.
func lowered(data []byte) string {
	out := make([]byte, len(data))
	for i, b := range data {
		if b >= 'A' && b <= 'Z' {
			b += 'a' - 'A'
		}
		out[i] = b
	}
	return string(out)
}

func grouped(digits string) string {
	var out string
	for i, c := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out += ","
		}
		out += string(c)
	}
	return out
}

func (f *searcher) moment(m time.Time) {
	epoch := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	// A Duration does not reach these years.
	seconds := m.Unix() - epoch.Unix()
	days := seconds / 86400
	of := m.Format(time.RFC3339)
	for _, layout := range []string{"2006-01-02", "20060102", "2006/01/02", "02.01.2006", "01/02/2006", "02-01-2006", "02 Jan 2006", "Jan 02 2006", "02/01/2006", "2 January 2006"} {
		f.add(m.Format(layout), of)
	}
	f.add(strconv.FormatInt(m.Unix(), 10), of+" in seconds")
	f.add(strconv.FormatInt(days+2451545, 10), of+" as a Julian day")
	f.add(strconv.FormatInt(seconds, 10), of+" in seconds")
	micro := seconds*1e6 + int64(m.Nanosecond()/1000)
	f.add(string(binary.BigEndian.AppendUint64(nil, uint64(micro))), of+" as a timestamp")
	f.short[string(binary.BigEndian.AppendUint32([]byte{0, 0, 0, 4}, uint32(days)))] = of + " as a date value"
	f.add(reversed(m.Format("2006-01-02")), of+" reversed")
	f.add(strconv.FormatInt(days, 10)+" days", of+" in days")
}

func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// find gives what of a secret is in some bytes, "" for nothing. UTF-16 and the like is
// seen through by looking again without zero bytes.
func (f *searcher) find(data []byte) string {
	for key, of := range f.short {
		if strings.Contains(string(data), key) {
			return of
		}
	}
	text := lowered(data)
	if of := f.look(text); of != "" {
		return of
	}
	if strings.Contains(text, "\x00") {
		return f.look(strings.ReplaceAll(text, "\x00", ""))
	}
	return ""
}

func (f *searcher) look(text string) string {
	for i := 0; i+window <= len(text); i++ {
		key := text[i : i+window]
		if of, ok := f.needles[key]; ok {
			return of + " (" + strconv.Quote(key) + ")"
		}
		for _, whole := range f.more[key] {
			if strings.HasPrefix(text[i:], whole) {
				return f.needles["\x00"+whole] + " (" + strconv.Quote(whole) + ")"
			}
		}
	}
	return ""
}
