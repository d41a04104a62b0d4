package ordinary

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What client libraries and tools send to look at a database, as they were seen to
// send it; testdata/clients/README says how.
func TestClientsLookAtADatabase(t *testing.T) {
	t.Parallel()
	for _, s := range scripts(t, "clients/*.sql") {
		t.Run(s.file, func(t *testing.T) {
			t.Parallel()
			p := databases(t)
			p.resolve(s)
			w := looks
			if strings.HasSuffix(s.file, "-migrate.sql") {
				w = migrates
			}
			var count tally
			count.report(t)
			for _, c := range s.cases {
				p.run(c, w, simple, &count)
			}
		})
	}
}

var oid = regexp.MustCompile(`@oid:([a-z0-9_.]+)@`)

// resolve puts the oids of relations where a recording has their names. Both
// databases have the same.
func (p *pair) resolve(s *script) {
	p.t.Helper()
	known := map[string]string{}
	number := func(text string) string {
		name := oid.FindStringSubmatch(text)[1]
		if known[name] == "" {
			of, err := house.pg.Query1(p.t.Context(), p.direct, "SELECT '"+name+"'::regclass::oid")
			must(p.t, err)
			known[name] = of
		}
		return known[name]
	}
	for _, c := range s.cases {
		for _, st := range c.steps {
			st.sql = oid.ReplaceAllStringFunc(st.sql, number)
			for i, v := range st.with {
				if v != nil {
					replaced := oid.ReplaceAllStringFunc(*v, number)
					st.with[i] = &replaced
				}
			}
		}
	}
}

// Nothing in the recordings says where they were made.
func TestRecordingsNameNoPlace(t *testing.T) {
	for _, s := range scripts(t, filepath.Join("clients", "*.sql")) {
		for _, c := range s.cases {
			for _, st := range c.steps {
				if strings.Contains(st.sql, "/tmp/") {
					t.Errorf("%s:%d: %s", s.file, st.line, st.sql)
				}
			}
		}
	}
}
