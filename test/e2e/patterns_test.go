package e2e

import (
	"encoding/json"
	"strings"
	"testing"
)

// A mask with a slip of the pen protects nothing: whoever looks at weir is told, with
// what may be meant.
func TestPatternsThatMatchNothingAreTold(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{policy: `
  guards:
  - name: notes
    match: {tables: [public.note]}
    action: Deny
  masks:
  - name: contact
    columns: [public.customers.emial, public.customers.phone]
    with: {type: Redact}
  - name: social
    columns: ['*.*."SSN"']
    with: {type: Redact}
`})
	var findings struct {
		Findings []struct{ Area, Name, Grade, Detail, Remedy string }
	}
	// doctor ends with 1 where something failed, which is not what is looked at here.
	out, err := s.weir.Run(t.Context(), "doctor", "--all", "-o", "json")
	s.must(err)
	s.must(json.Unmarshal([]byte(out.Stdout), &findings))
	doctor := ""
	for _, f := range findings.Findings {
		if f.Name == "patterns" {
			doctor += f.Grade + " " + f.Detail + ": " + f.Remedy + "\n"
		}
	}
	in := " matches nothing in crm/" + s.database
	wanted := []struct{ pattern, meant string }{
		{"bots/contact: columns public.customers.emial" + in, "there is public.customers.email"},
		{`bots/social: columns *.*."SSN"` + in, "there is public.customers.ssn"},
		{"bots/notes: tables public.note" + in, "there is public.notes"},
	}
	status := s.cli("status")
	explained := s.cli("policy", "explain", "--as", "cgroup="+s.agents.Name+",user=nobody", "SELECT 1")
	for _, w := range wanted {
		for where, text := range map[string]string{"doctor": doctor, "status": status, "explain": explained} {
			if !strings.Contains(text, w.pattern) || !strings.Contains(text, w.meant) {
				t.Errorf("%s does not say %q and %q:\n%s", where, w.pattern, w.meant, text)
			}
		}
	}
	if n := strings.Count(doctor, "Warning"); n != len(wanted) {
		t.Errorf("%d warnings, want %d:\n%s", n, len(wanted), doctor)
	}
}
