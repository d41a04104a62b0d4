package ordinary

import (
	"bytes"
	"testing"
)

// What analysts and agents ask.
func TestAnalyticQueriesAreAnsweredAsDirectly(t *testing.T) {
	t.Parallel()
	runScripts(t, "analytic/*.sql", reads, simple, text, binary)
}

// runScripts sends the statements of scripts in every mode, directly and through weir,
// each case on a session of its own.
func runScripts(t *testing.T, pattern string, w way, modes ...mode) *pair {
	t.Helper()
	return databases(t).runScripts(pattern, w, modes...)
}

func (p *pair) runScripts(pattern string, w way, modes ...mode) *pair {
	t := p.t
	t.Helper()
	var count tally
	count.report(t)
	for _, s := range scripts(t, pattern) {
		for _, m := range modes {
			t.Run(s.file+", "+string(m), func(t *testing.T) {
				at := *p
				at.t = t
				for _, c := range s.cases {
					at.run(c, w, m, &count)
				}
			})
		}
	}
	return p
}

// run runs a case.
func (p *pair) run(c *scenario, w way, m mode, count *tally) {
	direct, through := [2]*asked{}, [2]*asked{}
	for _, st := range c.steps {
		i := 0
		if st.other {
			i = 1
		}
		if direct[i] == nil {
			direct[i], through[i] = p.connect(""), p.connect(w)
		}
		if st.refused+st.known != "" {
			count.rejected(p.t, st, m, through[i].ask(p.t, st, m))
			continue
		}
		was, is := direct[i].ask(p.t, st, m), through[i].ask(p.t, st, m)
		p.unnamed(was)
		p.unnamed(is)
		count.compare(p.t, st, m, was, is)
	}
}

// unnamed takes the names of the two databases out of an answer.
func (p *pair) unnamed(a answer) {
	for _, row := range a.rows {
		for i, cell := range row {
			if bytes.Contains(cell, []byte("shop")) {
				row[i] = []byte(p.nameless(string(cell)))
			}
		}
	}
}
