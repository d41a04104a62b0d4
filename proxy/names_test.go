package proxy

import (
	"fmt"
	"testing"

	"github.com/weirgate/weir/policy/statement"
)

func set(name, value string) *statement.Statement {
	return &statement.Statement{Commands: []statement.Command{statement.CommandSet},
		Settings: []statement.Setting{{Name: name, Value: value, Known: true}}}
}

func TestWhatNamesMeanIsFollowed(t *testing.T) {
	discard := &statement.Statement{Commands: []statement.Command{statement.CommandDiscard},
		Settings: []statement.Setting{{Name: "session_authorization", Reset: true}, {Name: "all", Reset: true}}}
	reset := &statement.Statement{Commands: []statement.Command{statement.CommandReset}, Settings: []statement.Setting{{Name: "all", Reset: true, Known: true}}}
	for _, c := range []struct {
		name string
		sets []*statement.Statement
		want string
	}{
		{"nothing is set", nil, "public"},
		{"another setting", []*statement.Statement{set("work_mem", "1MB")}, "public"},
		{"a path", []*statement.Statement{set("search_path", "app")}, "public; app"},
		{"the same path for each transaction", []*statement.Statement{set("search_path", "app"), set("search_path", "app")}, "public; app"},
		{"one path and back", []*statement.Statement{set("search_path", "app"), set("search_path", "public")}, "public; app; public"},
		{"a role", []*statement.Statement{set("role", "boss")}, "public; role boss"},
		{"a reset of all", []*statement.Statement{set("search_path", "app"), reset}, "public; app; all reset"},
		{"DISCARD ALL", []*statement.Statement{set("search_path", "app"), set("role", "boss"), discard}, "public"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := names{first: "public"}
			for _, st := range c.sets {
				n.follow(st)
			}
			if got := n.String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestASettingThatIsNotInTheTextIsLikeNoOther(t *testing.T) {
	unknown := &statement.Statement{Settings: []statement.Setting{{Name: "search_path"}}}
	a, b := names{}, names{}
	a.follow(unknown)
	b.follow(unknown)
	if a.String() == b.String() {
		t.Errorf("both are %q", a.String())
	}
	before := a.String()
	if a.follow(unknown); a.String() == before {
		t.Error("set again, it is the same")
	}
}

func TestWhatNamesMeanIsBounded(t *testing.T) {
	a, b := names{}, names{}
	for i := range 10000 {
		a.follow(set("search_path", fmt.Sprintf("schema%d", i)))
		if i != 5 {
			b.follow(set("search_path", fmt.Sprintf("schema%d", i)))
		}
	}
	if n := len(a.String()); n > 2*namesKept {
		t.Errorf("%d bytes are kept", n)
	}
	if a.String() == b.String() {
		t.Error("what was left out makes no difference")
	}
}
