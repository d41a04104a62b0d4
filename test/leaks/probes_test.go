package leaks

import (
	"bytes"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// filled puts values of secrets into the text of a probe: {{ssn:1}} is a value of the
// first person, {{ssn:1:3}} the beginning of it, {{salary:1:+3}} a number that is three
// more, or a text without its first three characters.
func (s *secrets) filled(t testing.TB, text string) string {
	t.Helper()
	return regexp.MustCompile(`\{\{(\w+):(\d+)(?::([+-]?)(\d+))?\}\}`).ReplaceAllStringFunc(text, func(found string) string {
		m := regexp.MustCompile(`\{\{(\w+):(\d+)(?::([+-]?)(\d+))?\}\}`).FindStringSubmatch(found)
		who, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		if m[1] == "login" {
			return s.login[who-1]
		}
		v := reflect.ValueOf(s.people[who-1]).FieldByName(m[1])
		n, _ := strconv.Atoi("0" + m[4])
		switch {
		case !v.IsValid():
			t.Fatalf("there is no %s", found)
		case v.Kind() == reflect.Int64 && m[3] == "+":
			return strconv.FormatInt(v.Int()+int64(n), 10)
		case v.Kind() == reflect.Int64 && m[3] == "-":
			return strconv.FormatInt(v.Int()-int64(n), 10)
		case m[1] == "born":
			return s.people[who-1].born.Format(time.DateOnly)
		}
		value := fmt.Sprint(v)
		switch {
		case m[4] == "":
			return value
		case m[3] == "+":
			return value[n:]
		}
		return value[:n]
	})
}

// same says whether two answers are the same to the byte, apart from what is said of
// the session's settings.
func same(a, b answer) bool {
	strip := func(a answer) []byte {
		var all []byte
		for _, f := range a {
			if f.kind != 'S' {
				all = append(append(all, f.kind), f.body...)
				all = append(all, 0xff)
			}
		}
		return all
	}
	return bytes.Equal(strip(a), strip(b))
}

// TestNoProbeTellsDatabasesApart asks two databases that differ in masked values alone.
func TestNoProbeTellsDatabasesApart(t *testing.T) {
	s := getSite(t)
	all := load(t, "probes", true)
	for _, pair := range []string{equality, deny} {
		t.Run(pair, func(t *testing.T) {
			var direct, through [2]*client
			for i, side := range []string{"_left", "_right"} {
				direct[i], through[i] = s.directly(t, pair+side), s.through(t, pair+side)
			}
			told, refused := 0, 0
			for _, a := range all {
				onlyDeny := strings.HasPrefix(a.where, "equal.sql")
				if pair == equality && onlyDeny {
					continue
				}
				text := s.left.filled(t, a.texts[0])
				for _, w := range ways()[:3] {
					left, right := s.try(t, through[0], w, text), s.try(t, through[1], w, text)
					if !same(left, right) {
						told++
						t.Errorf("%s, by %s, is answered:\n%s\nleft:  %s\nright: %s", a.where, w.name, text, left.summary(), right.summary())
					}
					if left.failure() != "" {
						refused++
					}
				}
				if pair == equality && !onlyDeny || pair == deny && onlyDeny {
					w := ways()[0]
					left, right := s.try(t, direct[0], w, text), s.try(t, direct[1], w, text)
					if same(left, right) && !a.barren {
						t.Errorf("%s is dead: PostgreSQL itself answers alike (%s)\n%s", a.where, left.summary(), text)
					}
				}
			}
			t.Logf("%d probes: %d told something, %d refused", len(all), told, refused)
		})
	}
}

// summary is an answer for people.
func (a answer) summary() string {
	if f := a.failure(); f != "" {
		return f
	}
	var out []string
	for _, cells := range a.rows() {
		row := make([]string, len(cells))
		for i, c := range cells {
			row[i] = string(c)
			if c == nil {
				row[i] = "NULL"
			}
		}
		out = append(out, strings.Join(row, "|"))
	}
	return strings.ToValidUTF8(strings.Join(out, " ; "), "?")
}
