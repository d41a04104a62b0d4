package leaks

import (
	"testing"
)

// TestNoFlowShowsAMaskedValue runs statements after one another that carry values to
// where they could be read, each by the simple and by the extended protocol.
func TestNoFlowShowsAMaskedValue(t *testing.T) {
	s := getSite(t)
	const database = equality + "_left"
	run := func(t *testing.T, c *client, a attack, w way) (all answer) {
		t.Helper()
		for _, text := range a.texts {
			got, err := w.run(c, text)
			all = append(all, got...)
			if err != nil {
				t.Fatalf("%s: the session has ended at %s: %v", a.where, text, err)
			}
			if w.name == "extended, binary" && got.failure() != "" {
				continue
			}
		}
		reset(t, c)
		return all
	}
	for _, a := range load(t, "flows", false) {
		t.Run(a.where, func(t *testing.T) {
			for _, w := range []way{ways()[0], ways()[2]} {
				if leak := s.finder.inAnswer(run(t, s.through(t, database), a, w)); leak != "" {
					t.Errorf("by %s, shows %s:\n%q", w.name, leak, a.texts)
				}
			}
			direct := run(t, s.directly(t, database), a, ways()[0])
			if s.finder.inAnswer(direct) == "" && !a.barren {
				t.Errorf("is dead: PostgreSQL itself shows nothing (%s)\n%q", direct.failure(), a.texts)
			}
		})
	}
}
