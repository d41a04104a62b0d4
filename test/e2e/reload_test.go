package e2e

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestAPolicyIsReloadedAndABrokenOneKeepsTheLastGood(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	secret := filepath.Join(s.lab.Dir, "crm.password")
	first := s.status().Policy.Revision
	if got := s.psql("-c", "UPDATE orders SET cents = 0"); got.Code == 0 {
		t.Fatal("the first policy does not refuse")
	}

	s.must(s.weir.WritePolicy("crm.yaml", s.documents(secret, `
  masks:
  - name: names
    columns: [public.customers.name]
    with: {type: Redact}
`)))
	s.eventually("the new revision", func() (bool, string) {
		r := s.status().Policy.Revision
		return r != first, r
	})
	second := s.status().Policy.Revision
	if got := s.psql("-c", "SELECT name FROM customers"); strings.Contains(got.Stdout, "Ada Quill") || got.Code != 0 {
		t.Errorf("the new mask does not hold: %s%s", got.Stdout, got.Stderr)
	}
	if got := s.psql("-c", "UPDATE orders SET cents = 0 WHERE id = 1"); got.Code != 0 {
		t.Errorf("an old guard still holds: %s", got.Stderr)
	}

	s.must(s.weir.WritePolicy("crm.yaml", s.documents(secret, "  masks:\n  - name: names\n    colums: [public.customers.name]\n    with: {type: Redacted}\n")))
	s.eventually("the refusal of the broken file", func() (bool, string) {
		refused := s.status().Policy.Refused
		return len(refused) >= 2, strings.Join(refused, "\n")
	})
	st := s.status()
	for _, line := range st.Policy.Refused {
		if !regexp.MustCompile(`crm\.yaml:\d+:\d+: `).MatchString(line) {
			t.Errorf("%q does not name its place", line)
		}
	}
	if st.Policy.Revision != second {
		t.Errorf("revision %s, want the last good one %s", st.Policy.Revision, second)
	}
	if got := s.psql("-c", "SELECT name FROM customers"); strings.Contains(got.Stdout, "Ada Quill") || got.Code != 0 {
		t.Errorf("the last good policy does not hold: %s%s", got.Stdout, got.Stderr)
	}
}

func TestValidateNamesEveryPlaceAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	path, err := s.lab.Write("broken.yaml", "apiVersion: weir.dev/v1alpha1\nkind: Policy\nmetadata: {name: x}\nspec:\n  mode: Enforced\n  identities: []\n  databases: [nowhere]\n  guards:\n  - {name: g, match: {}, action: Denny}\n", 0o600)
	s.must(err)
	c := s.weir.Command("policy", "validate", path)
	c.Args = c.Args[:3]
	out, err := s.lab.Run(t.Context(), c)
	s.must(err)
	text := out.Stdout + out.Stderr
	if out.Code == 0 || strings.Count(text, "broken.yaml:") < 4 {
		t.Errorf("ended with %d:\n%s", out.Code, text)
	}
}
