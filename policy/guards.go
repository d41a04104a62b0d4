package policy

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/weirgate/weir/policy/pattern"
	"github.com/weirgate/weir/policy/statement"
)

// Action is what a guard does with a statement that it matches.
type Action string

// The actions. The strictest of all guards that match wins.
const (
	Allow           Action = "Allow"
	Warn            Action = "Warn"
	RequireApproval Action = "RequireApproval"
	Deny            Action = "Deny"
)

// rank orders actions by strictness.
func (a Action) rank() int {
	switch a {
	case Deny:
		return 3
	case RequireApproval:
		return 2
	case Warn:
		return 1
	default:
		return 0
	}
}

// stops says whether a statement does not just go on.
func (a Action) stops() bool { return a.rank() >= RequireApproval.rank() }

// Guard is a rule about statements.
type Guard struct {
	Name     string `json:"name"`
	Match    Match  `json:"match"`
	When     string `json:"when,omitempty"` // a CEL condition, "" for always
	Action   Action `json:"action"`
	Message  string `json:"message,omitempty"`
	Approval string `json:"approval,omitempty"` // with RequireApproval: the name of an approval of the policy
	// Limit makes the action one for statements that pass it; nil for none.
	Limit *Limit `json:"limit,omitempty"`
	// Rate makes the guard match only statements that come too fast; nil for none.
	Rate *Rate `json:"rate,omitempty"`
	// Pack is the built-in pack that the guard is of, "" for one of the document's own.
	Pack string `json:"pack,omitempty"`

	condition *condition // nil where When is ""
}

// Match selects statements: its fields are joined by AND, the values of one
// field by OR; a field without values is not asked.
type Match struct {
	Any       bool                `json:"any,omitempty"`
	Commands  []statement.Command `json:"commands,omitempty"`
	Tables    []pattern.Name      `json:"tables,omitempty"` // schema.table or table
	Access    statement.Access    `json:"access,omitempty"` // "" for both
	Columns   []pattern.Name      `json:"columns,omitempty"`
	Functions []pattern.Name      `json:"functions,omitempty"` // schema.function or function
	Settings  []pattern.Glob      `json:"settings,omitempty"`
	// NoWhere asks for an UPDATE or DELETE that no WHERE limits.
	NoWhere bool `json:"noWhere,omitempty"`
	// Objects are kinds of object that a statement defines, changes, drops,
	// comments on or grants; AnyObject is all of them.
	Objects   []statement.Kind `json:"objects,omitempty"`
	AnyObject bool             `json:"anyObject,omitempty"`
	// LongerThan asks for a text of more bytes than this; 0 does not ask.
	LongerThan int64 `json:"longerThan,omitempty"`
	// Identities are entries of the policy's identities, by name; the guard is
	// about workloads that one of them matches.
	Identities []string `json:"identities,omitempty"`
}

func (r *reader) guards(n *yaml.Node, p *Policy) []*Guard {
	var all []*Guard
	r.named(n, "guards", "a guard", func(m *mapping, name string) {
		g := &Guard{Name: name}
		if n := m.need("match", "write match: {any: true} for every statement"); n != nil {
			r.match(&g.Match, n, p)
		}
		if n := m.get("when"); n != nil {
			r.when(g, n)
		}
		r.action(g, m, p)
		if n := m.get("message"); n != nil {
			g.Message = r.message(n)
		}
		r.limit(g, m)
		r.rate(g, m)
		all = append(all, g)
	})
	sortGuards(all)
	return all
}

func (r *reader) action(g *Guard, m *mapping, p *Policy) {
	n := m.need("action", "write action: Deny")
	approval := m.get("approval")
	if s, ok := r.choice(n, "action", string(Deny), string(RequireApproval), string(Warn), string(Allow)); ok {
		g.Action = Action(s)
	}
	switch {
	case approval != nil && g.Action != "" && g.Action != RequireApproval:
		r.report(approval, "", "approval has no effect with action %s", g.Action)
	case approval == nil && g.Action == RequireApproval:
		r.report(n, "name one of the policy's approvals: approval: ...", "\"approval\" is missing: action RequireApproval needs it")
	case approval != nil:
		s, ok := r.text(approval, "approval")
		if !ok {
			return
		}
		g.Approval = s
		if p.approval(s) == nil {
			var known []string
			for _, a := range p.Approvals {
				known = append(known, a.Name)
			}
			hint := didYouMean(s, known)
			if len(known) == 0 {
				hint = "the policy has no approvals"
			}
			r.report(approval, hint, "approval %q is not defined in this policy", shorten(s))
		}
	}
}

const longestMessage = 1000

func (r *reader) message(n *yaml.Node) string {
	s, ok := r.text(n, "message")
	if ok && len(s) > longestMessage {
		r.report(n, "", "message is longer than %d bytes", longestMessage)
	}
	return strings.TrimSpace(s)
}

func (r *reader) match(k *Match, n *yaml.Node, p *Policy) {
	m := r.mapping(n, "match")
	anything := m.get("any")
	k.Any = r.any(anything)
	k.Commands = r.commands(m.get("commands"))
	k.Tables = r.names(m.get("tables"), "tables", "schema.table", 1, 2)
	access := m.get("access")
	if s, ok := r.choice(access, "access", string(statement.AccessRead), string(statement.AccessWrite)); ok {
		k.Access = statement.Access(s)
	}
	k.Columns = r.names(m.get("columns"), "columns", "schema.table.column", 1, 3)
	k.Functions = r.names(m.get("functions"), "functions", "schema.function", 1, 2)
	k.Settings = r.settings(m.get("settings"))
	where := m.get("where")
	if where != nil {
		_, k.NoWhere = r.choice(where, "where", "Missing")
	}
	r.objects(k, m.get("objects"))
	if v, ok := r.size(m.get("longerThan"), "longerThan", 1); ok {
		k.LongerThan = v
	}
	k.Identities = r.entries(m.get("identities"), p)
	m.close()
	switch {
	case m.broken:
	case len(m.values) == 0:
		r.report(n, "write match: {any: true} for every statement", "match is empty")
	case anything != nil && len(m.values) > 1:
		r.report(anything, "leave any out", "match has any besides other fields, which would have no effect")
	}
	if !k.NoWhere {
		return
	}
	if k.Access == statement.AccessRead {
		r.report(where, "", "a rule with where: Missing and access: Read can never match: what is limited is a write")
	}
	for _, c := range k.Commands {
		if !limited(c) {
			r.report(where, "where: Missing is about Update, Delete and Merge; make a guard of its own for the others",
				"where: Missing can never match the command %s", c)
		}
	}
}

// limited says whether a command is one that a WHERE limits.
func limited(c statement.Command) bool {
	return c == statement.CommandUpdate || c == statement.CommandDelete || c == statement.CommandMerge
}

// entries reads names of entries of the policy's identities.
func (r *reader) entries(n *yaml.Node, p *Policy) []string {
	var known []string
	for i := range p.Identities {
		known = append(known, p.Identities[i].Name)
	}
	var all []string
	for _, w := range readList(r, n, "identities", func(n *yaml.Node) (word, bool) {
		s, ok := r.text(n, "the name of one of the policy's identities")
		if ok && !slices.Contains(known, s) {
			r.report(n, didYouMean(s, known), "identities: %q is not one of the policy's identities", shorten(s))
			return "", false
		}
		return word(s), ok
	}) {
		all = append(all, string(w))
	}
	return all
}

func (r *reader) commands(n *yaml.Node) []statement.Command {
	var all []statement.Command
	for _, w := range readList(r, n, "commands", func(n *yaml.Node) (word, bool) {
		s, ok := r.text(n, "a command")
		if !ok {
			return "", false
		}
		if _, known := statement.Known(s); !known {
			r.report(n, nearestCommand(s), "commands: %q is not a command", shorten(s))
			return "", false
		}
		return word(s), true
	}) {
		all = append(all, statement.Command(w))
	}
	return all
}

func nearestCommand(s string) string {
	var names []string
	for _, c := range statement.All() {
		names = append(names, string(c))
	}
	// SQL's own spelling of more than one word: "DROP TABLE" is Drop.
	for _, try := range []string{s, strings.ReplaceAll(s, " ", ""), strings.SplitN(s, " ", 2)[0]} {
		if c := nearest(try, names); c != "" {
			return `did you mean "` + c + `"?`
		}
	}
	return "docs/policy.md lists the commands"
}

func (r *reader) settings(n *yaml.Node) []pattern.Glob {
	all := r.globs(n, "settings")
	for i, g := range all {
		// PostgreSQL compares the names of settings without regard to case.
		if lower, err := pattern.NewGlob(strings.ToLower(g.String())); err == nil {
			all[i] = lower
		}
	}
	return all
}
