package policy

import (
	"strings"
	"time"

	"github.com/weirgate/weir/policy/statement"
)

// JudgeSetting decides on a setting that a client wants at its session's start, as
// on a SET of it by the same session. Guards that are about settings count, those
// about statements do not, since there is none: a guard on the command Set does
// not keep clients from saying what their name is. The built-in rule counts.
func (r *Rules) JudgeSetting(name, value string, session Session, now time.Time) Verdict {
	only := *r
	only.guards = nil
	for _, g := range r.guards {
		if len(g.Match.Settings) > 0 {
			only.guards = append(only.guards, g)
		}
	}
	facts := &statement.Facts{Statements: []statement.Statement{StartupSetting(name, value)}}
	return only.Judge(Request{Facts: facts, Text: "SET " + name, Session: session, Now: now})
}

// StartupSetting gives the facts of the SET that stands for a setting at a
// session's start.
func StartupSetting(name, value string) statement.Statement {
	return statement.Statement{
		Command: statement.CommandSet, Commands: []statement.Command{statement.CommandSet},
		Settings: []statement.Setting{{Name: strings.ToLower(name), Value: value, Known: true}},
	}
}
