package activity

import (
	"maps"
	"slices"
	"strings"

	"github.com/weirgate/weir/proxy/journal"
)

// Verdicts are what an entry can be chosen by: policy's actions, and what became
// of the statement.
var verdicts = []string{"Allow", "Warn", "RequireApproval", "Deny", "Observe", journal.VerdictMasked, journal.VerdictFailed}

// ParseVerdict finds the verdict that is meant, in any case and by the name that
// reads well beside "statement": denied, warned, approval.
func ParseVerdict(text string) (verdict string, ok bool) {
	switch strings.ToLower(text) {
	case "allowed":
		return "Allow", true
	case "warned":
		return "Warn", true
	case "denied", "refused":
		return "Deny", true
	case "approval", "held":
		return "RequireApproval", true
	}
	for _, v := range verdicts {
		if strings.EqualFold(v, text) {
			return v, true
		}
	}
	return "", false
}

// Verdicts lists what ParseVerdict knows.
func Verdicts() []string { return slices.Clone(verdicts) }

// Is says whether the entry has one of the verdicts; an empty list is all.
func (e Entry) Is(wanted []string) bool {
	if len(wanted) == 0 {
		return true
	}
	for _, v := range wanted {
		switch v {
		case journal.VerdictMasked:
			if e.End != nil && len(e.End.Masked) > 0 {
				return true
			}
		case journal.VerdictFailed:
			if e.End != nil && e.End.Outcome == journal.OutcomeFailed {
				return true
			}
		default:
			if e.First.Verdict == v {
				return true
			}
		}
	}
	return false
}

// Ends says whether verdicts ask for something that only a statement's end
// tells.
func Ends(wanted []string) bool {
	return slices.Contains(wanted, journal.VerdictMasked) || slices.Contains(wanted, journal.VerdictFailed)
}

func sortedKeys(m map[string]string) []string {
	return slices.Sorted(maps.Keys(m))
}
