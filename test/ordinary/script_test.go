package ordinary

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A script is a file of cases that psql could run: each begins with a comment that
// names it, and each of its statements ends with a line \g. Lines --@ before a
// statement say more about it:
//
//	--@ with: a | \N        its parameters, \N for NULL
//	--@ masked: email=last4 what becomes of columns, see answer_test.go
//	--@ plan                its rows are plans, which are not compared
//	--@ differs: why        its rows are of the moment, and are not compared
//	--@ copy: lines         rows for COPY FROM STDIN, \n between them, \t in them
//	--@ hidden: why         its error or notice has another text and the same SQLSTATE
//	--@ refused: why        it must be refused
//	--@ known: why          it is refused and should not be: fewer of these are better
//	--@ on: other           it is sent on the case's second session
type script struct {
	file  string
	cases []*scenario
}

type scenario struct {
	name  string
	line  int
	steps []*step
}

type step struct {
	line    int
	sql     string
	with    []*string // nil: no parameters
	masked  map[string]string
	plan    bool
	differs bool
	copied  string
	copies  bool
	hidden  bool
	refused string
	known   string
	other   bool
}

func scripts(t *testing.T, pattern string) []*script {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", pattern))
	must(t, err)
	if len(files) == 0 {
		t.Fatalf("no file is named %s", pattern)
	}
	all := make([]*script, 0, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		s, err := parseScript(filepath.Base(file), string(text))
		must(t, err)
		all = append(all, s)
	}
	return all
}

func parseScript(file, text string) (*script, error) {
	s := &script{file: file}
	var current *step
	var sql []string
	for i, line := range strings.Split(text, "\n") {
		note, isNote := strings.CutPrefix(line, "--@ ")
		name, isName := strings.CutPrefix(line, "-- ")
		if current == nil {
			current = &step{line: i + 1}
		}
		switch {
		case isNote:
			if err := current.note(note); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
			}
		case isName && len(sql) == 0:
			s.cases = append(s.cases, &scenario{name: name, line: i + 1})
			current = nil
		case line == `\g`:
			if len(s.cases) == 0 || len(sql) == 0 {
				return nil, fmt.Errorf(`%s:%d: \g without a statement in a case`, file, i+1)
			}
			current.sql = strings.Join(sql, "\n")
			c := s.cases[len(s.cases)-1]
			c.steps = append(c.steps, current)
			current, sql = nil, nil
		case line == "" && len(sql) == 0:
		default:
			if len(sql) == 0 {
				current.line = i + 1
			}
			sql = append(sql, line)
		}
	}
	if len(sql) > 0 {
		return nil, fmt.Errorf(`%s ends without \g`, file)
	}
	return s, nil
}

func (s *step) note(text string) error {
	key, value, _ := strings.Cut(text, ":")
	value = strings.TrimSpace(value)
	switch key {
	case "with":
		s.with = []*string{}
		for _, v := range strings.Split(value, " | ") {
			if v == `\N` {
				s.with = append(s.with, nil)
				continue
			}
			v = strings.ReplaceAll(v, `\n`, "\n")
			s.with = append(s.with, &v)
		}
	case "masked":
		s.masked = map[string]string{}
		for _, pair := range strings.Fields(value) {
			column, how, ok := strings.Cut(pair, "=")
			if !ok {
				return fmt.Errorf("%q is not column=how", pair)
			}
			s.masked[column] = how
		}
	case "plan":
		s.plan = true
	case "differs":
		s.differs = true
	case "copy":
		s.copies, s.copied = true, strings.NewReplacer(`\n`, "\n", `\t`, "\t").Replace(value)
	case "hidden":
		s.hidden = true
	case "refused":
		s.refused = value
	case "known":
		s.known = value
	case "on":
		s.other = value == "other"
	default:
		return fmt.Errorf("%q says nothing", key)
	}
	return nil
}
