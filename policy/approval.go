package policy

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// Bounds and defaults of an approval's times.
const (
	defaultWait    = 60 * time.Second
	longestWait    = time.Hour
	defaultExpires = 15 * time.Minute
	longestExpires = 30 * 24 * time.Hour
)

// Approval says who may let a statement through and how long it can take.
type Approval struct {
	Name   string   `json:"name"`
	Any    bool     `json:"any,omitempty"`    // whoever may reach the daemon's admin socket
	Users  []string `json:"users,omitempty"`  // of the host
	Groups []string `json:"groups,omitempty"` // of the host; a member of one is enough
	// Wait is how long a statement of an idle session is held; 0: it is refused
	// at once, and passes when it is sent again after the approval.
	Wait time.Duration `json:"wait"`
	// Expires is how long a request lives, and an approval that is not used.
	Expires time.Duration `json:"expires"`
}

// Who names the approvers for a reader: "a member of group dba".
func (a *Approval) Who() string {
	var who []string
	for _, u := range a.Users {
		who = append(who, "user "+u)
	}
	for _, g := range a.Groups {
		who = append(who, "a member of group "+g)
	}
	if a.Any || len(who) == 0 {
		return "an operator"
	}
	return alternatives(who)
}

func (r *reader) approvals(n *yaml.Node) []*Approval {
	var all []*Approval
	r.named(n, "approvals", "an approval", func(m *mapping, name string) {
		a := &Approval{Name: name, Wait: defaultWait, Expires: defaultExpires}
		if n := m.need("approvers", "write approvers: {groups: [...]}, or {any: true} for every operator"); n != nil {
			r.approvers(a, n)
		}
		wait := m.get("wait")
		if d, ok := r.duration(wait, "wait", 0, longestWait); ok {
			a.Wait = d
		}
		expires := m.get("expires")
		if d, ok := r.duration(expires, "expires", time.Second, longestExpires); ok {
			a.Expires = d
		}
		if a.Wait > a.Expires {
			at := wait
			if at == nil {
				at = expires
			}
			r.report(at, "make expires the longer one", "approval %q waits for %v but its requests expire after %v", name, a.Wait, a.Expires)
		}
		all = append(all, a)
	})
	slices.SortFunc(all, func(a, b *Approval) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func (r *reader) approvers(a *Approval, n *yaml.Node) {
	m := r.mapping(n, "approvers")
	users, groups, anyone := m.get("users"), m.get("groups"), m.get("any")
	a.Any = r.any(anyone)
	a.Users = r.words(users, "users")
	a.Groups = r.words(groups, "groups")
	switch {
	case anyone != nil && (users != nil || groups != nil):
		r.report(anyone, "leave one of them out", "approvers has either any or users and groups")
	case anyone == nil && users == nil && groups == nil && !m.broken:
		r.report(n, "write groups: [...] or users: [...], or any: true for every operator", "approvers names nobody")
	}
	if least := m.get("minimum"); least != nil {
		if v, ok := r.integer(least, "minimum", 1, 100); ok && v > 1 {
			r.report(least, "write minimum: 1", "more than one approver is not available in this version")
		}
	}
	m.close()
}

// words reads a list of plain texts, sorted.
func (r *reader) words(n *yaml.Node, what string) []string {
	var all []string
	for _, w := range readList(r, n, what, func(n *yaml.Node) (word, bool) {
		s, ok := r.text(n, "a value of "+what)
		return word(s), ok
	}) {
		all = append(all, string(w))
	}
	return all
}
