package leaks

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// attack is one or more statements that try to read a secret.
type attack struct {
	where string // file and line
	texts []string
	// barren: PostgreSQL itself shows nothing, so it need not be seen directly.
	barren bool
}

// load reads the attacks of a folder under testdata. Each file has blocks parted by
// blank lines; in the files of statements each line is a block of its own. A line that
// begins with "-- refused by PostgreSQL" marks its block as barren, other comments are for
// people.
func load(t testing.TB, folder string, eachLine bool) []attack {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s: %v", folder, err)
	}
	var all []attack
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var next attack
		end := func() {
			if len(next.texts) > 0 {
				all = append(all, next)
			}
			next = attack{}
		}
		for i, line := range strings.Split(string(text), "\n") {
			line = strings.TrimSpace(line)
			switch {
			case line == "":
				end()
			case strings.HasPrefix(line, "-- refused by PostgreSQL"):
				next.barren = true
			case strings.HasPrefix(line, "--"):
			default:
				if len(next.texts) == 0 {
					next.where = filepath.Base(file) + ":" + strconv.Itoa(i+1)
				}
				next.texts = append(next.texts, line)
				if eachLine {
					end()
				}
			}
		}
		end()
	}
	return all
}

// reset brings a session back to where it began.
func reset(t testing.TB, c *client) {
	t.Helper()
	if _, err := c.send(query("ROLLBACK")); err != nil {
		t.Fatalf("the session has ended: %v", err)
	}
}

// TestNoStatementShowsAMaskedValue runs every statement by every way.
func TestNoStatementShowsAMaskedValue(t *testing.T) {
	s := getSite(t)
	all := load(t, "statements", true)
	for _, pair := range []string{equality, allow} {
		t.Run(pair, func(t *testing.T) {
			tried, shown, passed := 0, 0, 0
			database := pair + "_left"
			direct, through := s.directly(t, database), s.through(t, database)
			for _, a := range all {
				sql := a.texts[0]
				noticed := ""
				for _, w := range waysFor(sql, pair) {
					if pair == equality && noticed == "" {
						noticed = s.finder.inAnswer(s.try(t, direct, w, sql))
					}
					got := s.try(t, through, w, sql)
					tried++
					if got.failure() == "" {
						passed++
					}
					if leak := s.finder.inAnswer(got); leak != "" {
						shown++
						t.Errorf("%s, by %s: shows %s\n%s", a.where, w.name, leak, sql)
					}
				}
				if pair == equality && noticed == "" && !a.barren {
					t.Errorf("%s is dead: PostgreSQL itself shows nothing (%s)\n%s", a.where, s.try(t, direct, ways()[0], sql).failure(), sql)
				}
			}
			t.Logf("%d statements in %d tries: %d passed, %d showed something", len(all), tried, passed, shown)
		})
	}
}

// try runs a statement by a way, in a transaction that is undone.
func (s *site) try(t testing.TB, c *client, w way, sql string) answer {
	t.Helper()
	if _, err := c.send(query("BEGIN")); err != nil {
		t.Fatalf("the session has ended: %v", err)
	}
	a, err := w.run(c, sql)
	if err != nil {
		t.Fatalf("by %s: the session has ended: %v\n%s", w.name, err, sql)
	}
	reset(t, c)
	return a
}

// inAnswer gives what of a secret an answer shows, "" for nothing.
func (f *searcher) inAnswer(a answer) string {
	for _, data := range a.bytes() {
		if found := f.find(data); found != "" {
			return found
		}
	}
	return ""
}
