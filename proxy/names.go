package proxy

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/weirgate/weir/policy/statement"
)

// names stands for what a session's unqualified names mean and as whom it acts:
// the search_path that it began with and what it has set since. Whether a
// transaction that set something was rolled back is not followed, so two texts
// that differ may mean the same, never the other way round.
type names struct {
	first string
	since []string
	size  int // of since, in bytes
}

// namesKept is how much of what was set is kept as it is, in bytes. Of more, a
// digest takes the place.
const namesKept = 4 << 10

func (n *names) String() string {
	if len(n.since) == 0 {
		return n.first
	}
	return n.first + "; " + strings.Join(n.since, "; ")
}

// follow notes what a statement sets.
func (n *names) follow(st *statement.Statement) {
	all := slices.ContainsFunc(st.Settings, func(s statement.Setting) bool { return s.Name == "all" })
	if all && slices.Contains(st.Commands, statement.CommandDiscard) {
		// DISCARD ALL, which cannot stand in a transaction.
		n.since, n.size = nil, 0
		return
	}
	for i := range st.Settings {
		s := &st.Settings[i]
		switch s.Name {
		case "search_path":
			n.add(value(s))
		case "role", "session_authorization":
			n.add(s.Name + " " + value(s))
		case "all":
			n.add("all " + value(s))
		case "":
			n.add("any " + rand.Text()) // of the same value again, it may be another setting
		}
	}
}

// value is what a setting is set to. One that is not in the text is like no other.
func value(s *statement.Setting) string {
	switch {
	case s.Reset:
		return "reset"
	case !s.Known:
		return "unknown " + rand.Text()
	}
	return s.Value
}

// add notes one change. What is set again, as pools do for each transaction,
// changes nothing.
func (n *names) add(what string) {
	if k := len(n.since); k > 0 && n.since[k-1] == what {
		return
	}
	n.since = append(n.since, what)
	if n.size += len(what); n.size > namesKept {
		sum := sha256.Sum256([]byte(n.String()))
		n.since = []string{hex.EncodeToString(sum[:])}
		n.size = len(n.since[0])
	}
}
