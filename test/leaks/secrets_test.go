package leaks

import (
	_ "embed"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// person has the secrets of one row of people.
type person struct {
	email, phone, ssn, txt, card, note, tag, handle, raw, street, nick, prop, path, code string
	salary, balance, score, low                                                          int64
	worth, rate                                                                          string
	born, seen                                                                           time.Time
	token, addr, feeling                                                                 string
	vip                                                                                  bool
}

// secrets are the values that are hidden in one database, each unlike all others.
type secrets struct {
	people                      []person
	events, heirs, staff, login []string
}

const persons = 6

// makeSecrets makes all values of a seed. What Partial shows of them, their length and
// their last characters, is the same for all seeds, and so is which are NULL.
func makeSecrets(seed uint64) *secrets {
	r := rand.New(rand.NewPCG(seed, 7))
	word := func(n int) string {
		const letters = "bcdfghjkmnpqrstvwxyz"
		b := make([]byte, n)
		for i := range b {
			b[i] = letters[r.IntN(len(letters))]
		}
		return string(b)
	}
	number := func(digits int) int64 {
		n := int64(1 + r.IntN(9))
		for range digits - 1 {
			n = n*10 + int64(r.IntN(10))
		}
		return n
	}
	s := &secrets{}
	for i := range persons {
		born := time.Date(6000+r.IntN(999), time.Month(1+r.IntN(12)), 1+r.IntN(28), 0, 0, 0, 0, time.UTC)
		p := person{
			email: word(12+r.IntN(5)) + "@example.com", phone: word(16) + "42", ssn: fmt.Sprintf("%d-%s", number(7), word(8+r.IntN(5))), txt: word(14), card: word(15),
			note: word(13), tag: word(12), handle: word(14) + "17", raw: word(13), street: word(14), nick: word(12), prop: word(13), path: word(12) + "." + word(9), code: word(14) + "55",
			salary: number(7), balance: number(12), score: number(8), low: number(8), worth: fmt.Sprintf("%d.%02d", number(11), r.IntN(100)),
			rate: fmt.Sprintf("%d.5", number(9)), born: born, seen: born.Add(time.Duration(number(9)) * time.Millisecond),
			addr:    fmt.Sprintf("172.%d.%d.%d", 100+r.IntN(100), 100+r.IntN(100), 100+r.IntN(100)),
			feeling: []string{"sad", "calm", "glad", "proud"}[r.IntN(4)], vip: r.IntN(2) == 0,
		}
		p.token = uuidOf(word(16))
		_ = i
		s.people = append(s.people, p)
	}
	for range 6 {
		s.events, s.heirs = append(s.events, word(13)), append(s.heirs, word(13))
		s.staff, s.login = append(s.staff, word(12)), append(s.login, word(12))
	}
	return s
}

func uuidOf(text string) string {
	h := hex.EncodeToString([]byte(text))
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:32]}, "-")
}

//go:embed testdata/schema.sql
var schema string

//go:embed testdata/rows.sql
var rows string

//go:embed testdata/policy.yaml
var policy string

// fill writes the rows of a database.
func (s *secrets) fill() string {
	var people []string
	for i, p := range s.people {
		people = append(people, fmt.Sprintf("(%d, '%s', '%s', '%s', %d, %d::bigint, %s::numeric, %s::float8, date '%s', timestamptz '%s', uuid '%s', '%s', '%s', '%s', '%s', %d, '%s', bytea '%s', mood '%s', '%s', %t, citext '%s', '%s', %d, inet '%s', ltree '%s', '%s')",
			i+1, p.email, p.phone, p.ssn, p.salary, p.balance, p.worth, p.rate, p.born.Format(time.DateOnly), p.seen.Format("2006-01-02 15:04:05.000Z07"), p.token,
			p.txt, p.card, p.note, p.tag, p.score, p.handle, p.raw, p.feeling, p.street, p.vip, p.nick, p.prop, p.low, p.addr, p.path, p.code))
	}
	pairs := func(list []string) string {
		var out []string
		for i, v := range list {
			out = append(out, fmt.Sprintf("(%d, '%s')", i+1, v))
		}
		return strings.Join(out, ", ")
	}
	return strings.NewReplacer("{{people}}", strings.Join(people, ",\n"), "{{events}}", pairs(s.events), "{{heirs}}", pairs(s.heirs),
		"{{staff}}", pairs(s.staff), "{{logins}}", pairs(s.login)).Replace(rows)
}

// texts are the secrets that are texts, numbers those that are numbers, moments those
// that are dates or times.
func (s *secrets) texts() []string {
	var all []string
	for _, p := range s.people {
		all = append(all, strings.TrimSuffix(p.email, "@example.com"), p.phone[:len(p.phone)-2], p.ssn, p.txt, p.card, p.note, p.tag, p.handle[:len(p.handle)-2], p.raw, p.street,
			p.nick, p.prop, p.path, p.code[:len(p.code)-2], strings.ReplaceAll(p.token, "-", ""), p.addr)
	}
	for _, more := range [][]string{s.events, s.heirs, s.staff, s.login} {
		all = append(all, more...)
	}
	return all
}

func (s *secrets) numbers() []int64 {
	var all []int64
	for _, p := range s.people {
		all = append(all, p.salary, p.balance, p.score, p.low)
	}
	return all
}

func (s *secrets) decimals() []string {
	var all []string
	for _, p := range s.people {
		all = append(all, p.worth, p.rate)
	}
	return all
}

func (s *secrets) moments() []time.Time {
	var all []time.Time
	for _, p := range s.people {
		all = append(all, p.born, p.seen)
	}
	return all
}
