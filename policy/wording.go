package policy

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/weirgate/weir/policy/pattern"
	"github.com/weirgate/weir/policy/statement"
)

// word writes the error of a verdict. Its reader may be a language model: the
// message says what was refused and by which rule, the detail why, the hint what
// can be done instead.
func (j *judgement) word() {
	v := &j.verdict
	what := v.Reason // of a built-in rule, or of approvals that cannot be joined
	if j.decided != nil {
		if what == "" {
			what = j.decided.reason(j.because)
			v.Reason = what
		}
		if v.Hint == "" {
			v.Hint = j.decided.hint(j.because, v)
		}
	}
	rule := ruleName(v.Policy, v.Rule)
	said := what
	if j.decided != nil && j.decided.Message != "" {
		said = j.decided.Message
		v.Detail = sentence("The rule matched because " + what)
	}
	if v.Action == RequireApproval {
		v.Message = fmt.Sprintf("this statement needs approval %q by rule %s: %s", v.Approval.Name, rule, said)
	} else {
		v.Message = fmt.Sprintf("weir refused this statement by rule %s: %s", rule, said)
	}
	if n := len(j.request.Facts.Statements); n > 1 {
		v.Detail = strings.TrimSpace(v.Detail + fmt.Sprintf(" It is statement %d of the %d that were sent together; none of them was run.", v.Statement+1, n))
	}
	if v.Revision != "" && j.decided != nil { // what is built in does not depend on them
		v.Detail = strings.TrimSpace(v.Detail + " Decided by revision " + v.Revision + " of the policies.")
	}
}

// sentence ends a text with a full stop.
func sentence(s string) string {
	if strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

// reason says in terms of the statement why a guard matched, as a clause that
// begins with "it".
func (g *Guard) reason(why because) string {
	var s string
	switch {
	case why.hidden != "":
		s = "it " + why.hidden + ", and that could do what the rule is about: " + g.Match.about()
	default:
		s = g.Match.reason(why.st)
	}
	if g.Match.LongerThan > 0 {
		s += fmt.Sprintf(", in a text of %d bytes, more than %d", len(why.text), g.Match.LongerThan)
	}
	if g.Rate != nil {
		s += "; more than " + g.Rate.String() + " of these came from this workload"
	}
	if why.uncounted != "" {
		s += "; it " + why.uncounted + ", so that the rule's limit of " + g.Limit.String() + " cannot be kept"
	}
	if why.err != nil {
		s += fmt.Sprintf("; the rule's condition could not be evaluated (%v), so it counts as met", why.err)
	}
	return s
}

// reason words what of the match the statement meets. The match is met.
func (m *Match) reason(st *statement.Statement) string {
	if m.Any {
		return "it is " + article(st.Command) + ", and the rule is about every statement"
	}
	var parts []string
	if m.NoWhere {
		for _, w := range st.Writes {
			if m.unlimitedWrite(w) {
				how := "has no WHERE"
				if w.Where == statement.WhereConstant {
					how = "has a WHERE that does not limit the rows"
				}
				parts = append(parts, fmt.Sprintf("has %s of %s that %s", article(w.Command), qualified(w.Schema, w.Table), how))
				break
			}
		}
	} else if len(m.Commands) > 0 {
		for _, c := range st.Commands {
			if m.commands(&statement.Statement{Commands: []statement.Command{c}}) {
				parts = append(parts, "contains "+keyword(c))
				break
			}
		}
	}
	if (len(m.Tables) > 0 && !m.NoWhere) || (m.Access != "" && len(m.Columns) == 0) {
		parts = append(parts, m.tableReason(st))
	}
	if len(m.Columns) > 0 {
		verb := "touches"
		switch m.Access {
		case statement.AccessRead:
			verb = "reads"
		case statement.AccessWrite:
			verb = "writes"
		}
		for i := range m.Columns {
			if touchesColumn(&m.Columns[i], m.Access, st) {
				parts = append(parts, verb+" "+m.Columns[i].String())
				break
			}
		}
	}
	if len(m.Functions) > 0 {
		called := "changes the definition of a function that the rule names"
		for _, f := range st.Functions {
			if anyTable(m.Functions, f.Schema, f.Name) {
				called = "calls " + qualified(f.Schema, f.Name) + "()"
				break
			}
		}
		parts = append(parts, called)
	}
	if len(m.Settings) > 0 {
		parts = append(parts, "changes "+m.settingReason(st))
	}
	if m.AnyObject || len(m.Objects) > 0 {
		parts = append(parts, m.objectReason(st))
	}
	if len(parts) == 0 {
		return "it is " + article(st.Command)
	}
	return "it " + strings.Join(parts, " and ")
}

func (m *Match) tableReason(st *statement.Statement) string {
	for i := range st.Tables {
		one := statement.Statement{Commands: st.Commands, Tables: st.Tables[i : i+1]}
		if !m.tables(&one) {
			continue
		}
		verb := "touches"
		switch m.Access {
		case statement.AccessRead:
			verb = "reads"
		case statement.AccessWrite:
			verb = "writes to"
		}
		return verb + " " + qualified(st.Tables[i].Schema, st.Tables[i].Name)
	}
	return "may change tables that it does not name, " + list(m.Tables, "any table") + " among them"
}

func (m *Match) settingReason(st *statement.Statement) string {
	for _, s := range st.Settings {
		one := statement.Statement{Settings: []statement.Setting{s}}
		if m.settings(&one) {
			switch s.Name {
			case "":
				return "a setting whose name is not a constant"
			case "all":
				return "all settings"
			}
			return "the setting " + printable(s.Name)
		}
	}
	return "settings through pg_settings"
}

// about words what a match is about, for statements that hide what they do.
func (m *Match) about() string {
	if m.Any {
		return "every statement"
	}
	var parts []string
	words := make([]string, 0, len(m.Commands))
	for _, c := range m.Commands {
		words = append(words, keyword(c))
	}
	switch {
	case m.NoWhere && len(words) == 0:
		parts = append(parts, "a write without a WHERE")
	case m.NoWhere:
		parts = append(parts, alternatives(words)+" without a WHERE")
	case len(words) > 0:
		parts = append(parts, alternatives(words))
	}
	switch {
	case m.Access == statement.AccessRead && len(m.Columns) == 0:
		parts = append(parts, "reading "+list(m.Tables, "tables"))
	case m.Access == statement.AccessWrite && len(m.Columns) == 0:
		parts = append(parts, "writing to "+list(m.Tables, "tables"))
	case len(m.Tables) > 0:
		parts = append(parts, list(m.Tables, ""))
	}
	if len(m.Columns) > 0 {
		parts = append(parts, list(m.Columns, ""))
	}
	if len(m.Functions) > 0 {
		parts = append(parts, "calls of "+list(m.Functions, ""))
	}
	if len(m.Settings) > 0 {
		var words []string
		for _, g := range m.Settings {
			words = append(words, g.String())
		}
		parts = append(parts, "the settings "+alternatives(words))
	}
	if m.AnyObject || len(m.Objects) > 0 {
		parts = append(parts, "objects: "+m.kinds())
	}
	if m.LongerThan > 0 {
		parts = append(parts, fmt.Sprintf("texts longer than %d bytes", m.LongerThan))
	}
	if len(parts) == 0 && len(m.Identities) > 0 {
		return "every statement of " + alternatives(m.Identities)
	}
	return strings.Join(parts, ", ")
}

// hint says what can be done instead.
func (g *bound) hint(why because, v *Verdict) string {
	if v.Action == RequireApproval {
		return fmt.Sprintf("It can be approved by %s.", v.Approval.Who())
	}
	switch {
	case g.Rate != nil:
		return fmt.Sprintf("Wait and send it again: the rule lets %s pass. Work on many rows with one statement instead of many.", g.Rate.String())
	case why.uncounted != "":
		return "Send the INSERT, UPDATE or DELETE as a statement of its own, so that its rows can be counted."
	case g.Match.LongerThan > 0:
		return fmt.Sprintf("Send texts of at most %d bytes: split the statement, or give values as parameters.", g.Match.LongerThan)
	case why.hidden != "":
		return "Send the statements themselves, not wrapped in DO, EXECUTE or a function, so that they can be checked. " +
			"Functions of the database that are harmless can be named in trustedFunctions of policy " + g.policy + " by whoever is responsible for it."
	case g.Match.NoWhere:
		return "Add a WHERE that compares a column of the table with a value; a condition that is the same for every row does not count."
	case g.Match.Access == statement.AccessWrite && len(g.Match.Tables)+len(g.Match.Columns) > 0:
		return "Reading is not affected by this rule. If the change is needed, ask whoever is responsible for policy " + g.policy + "."
	}
	return "Statements that the rule does not name still work in this session. If this one is needed, ask whoever is responsible for policy " +
		g.policy + "; another spelling of it will be refused as well."
}

func list(names []pattern.Name, none string) string {
	if len(names) == 0 {
		return none
	}
	var words []string
	for _, n := range names {
		words = append(words, n.String())
	}
	return alternatives(words)
}

func qualified(schema, name string) string {
	if schema == "" {
		return printable(name)
	}
	return printable(schema) + "." + printable(name)
}

// printable writes a name of the statement so that it cannot pretend to be
// something else where it is shown: escaped if a character of it is not seen.
func printable(name string) string {
	name = shorten(name)
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.QuoteToASCII(name)
	}
	return name
}

// article gives a command with the article that it takes.
func article(c statement.Command) string {
	word := keyword(c)
	if word != "" && strings.ContainsRune("AEIOU", rune(word[0])) {
		return "an " + word
	}
	return "a " + word
}

// keyword gives a command as SQL writes it: "PrepareTransaction" is "PREPARE
// TRANSACTION".
func keyword(c statement.Command) string {
	var b strings.Builder
	for i, r := range string(c) {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}
