package identity

import (
	"fmt"
	"strings"

	"github.com/weirgate/weir/policy/pattern"
)

// Outcome is the answer of a selector. It has three values, because an
// attribute that could not be obtained must neither let a workload in nor let
// it slip past the rules that were meant for it.
type Outcome uint8

// The outcomes. The zero value is No.
const (
	No      Outcome = iota
	Yes             // every field of the selector matches
	Unknown         // no field says no, but one of them asks for an attribute that could not be obtained
)

// String gives the name used in records: "No", "Yes" or "Unknown".
func (o Outcome) String() string {
	switch o {
	case Yes:
		return "Yes"
	case Unknown:
		return "Unknown"
	default:
		return "No"
	}
}

// MarshalText gives String.
func (o Outcome) MarshalText() ([]byte, error) {
	return []byte(o.String()), nil
}

// Selector is one entry of a policy's identities. Its fields are joined by AND,
// the values of one field by OR; a field without values is not asked. A
// selector without any field selects nothing unless Any is set.
type Selector struct {
	Name        string         `json:"name"`            // for explanations
	Any         bool           `json:"any,omitempty"`   // every attested workload; the fields below are not asked
	Units       []pattern.Glob `json:"units,omitempty"` // systemd unit names
	Users       []User         `json:"users,omitempty"`
	Executables []pattern.Path `json:"executables,omitempty"`
	Cgroups     []pattern.Path `json:"cgroups,omitempty"` // a cgroup belongs to those above it
	Containers  []Container    `json:"containers,omitempty"`
}

// User is a user of the host, by name or by number.
type User struct {
	Name pattern.Glob // asked when ByName is set
	UID  uint32
	// ByName tells the two apart: 0 is a good uid.
	ByName bool
}

// String gives the user as a document writes it.
func (u User) String() string {
	if u.ByName {
		return u.Name.String()
	}
	return fmt.Sprint(u.UID)
}

// MarshalText gives String, with a number told from a name of digits.
func (u User) MarshalText() ([]byte, error) {
	if u.ByName {
		return []byte("name:" + u.Name.String()), nil
	}
	return []byte(u.String()), nil
}

// Container selects containers by the beginning of their id, "" for every one.
type Container struct {
	Prefix string
}

// String gives the container as a document writes it.
func (c Container) String() string {
	if c.Prefix == "" {
		return "*"
	}
	return c.Prefix
}

// MarshalText gives String.
func (c Container) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Field is what one field of a selector said about an identity.
type Field struct {
	Field   string  `json:"field"` // as in documents: "units", "users", "executables", "cgroups", "containers", "any"
	Outcome Outcome `json:"outcome"`
	Why     string  `json:"why"`
}

// deleted is what /proc/<pid>/exe has at its end when the file was removed or
// replaced while it runs (fs/d_path.c).
const deleted = " (deleted)"

// Match says whether the selector selects an identity. One field that says No
// decides, whatever the others do not know. An identity that was not attested
// (nil, or without a kind) is Unknown to every selector.
func (s *Selector) Match(id *Identity) Outcome {
	outcome, _ := s.evaluate(id, nil)
	return outcome
}

// Explain is Match with the answer of every field.
func (s *Selector) Explain(id *Identity) (Outcome, []Field) {
	fields := make([]Field, 0, 5)
	outcome, fields := s.evaluate(id, fields)
	return outcome, fields
}

func (s *Selector) evaluate(id *Identity, fields []Field) (Outcome, []Field) {
	note := func(f Field) {
		if fields != nil {
			fields = append(fields, f)
		}
	}
	if id == nil || id.Kind == "" {
		note(Field{"any", Unknown, "the workload could not be attested"})
		return Unknown, fields
	}
	if s.Any {
		note(Field{"any", Yes, "any workload is selected"})
		return Yes, fields
	}
	result, asked := Yes, false
	for _, ask := range []struct {
		field  string
		values int
		match  func(*Identity) (Outcome, string)
	}{
		{"units", len(s.Units), s.units},
		{"users", len(s.Users), s.users},
		{"executables", len(s.Executables), s.executables},
		{"cgroups", len(s.Cgroups), s.cgroups},
		{"containers", len(s.Containers), s.containers},
	} {
		if ask.values == 0 {
			continue
		}
		asked = true
		outcome, why := ask.match(id)
		note(Field{ask.field, outcome, why})
		result = and(result, outcome)
	}
	if !asked {
		return No, fields
	}
	return result, fields
}

// and joins two outcomes: No wins over Unknown, Unknown over Yes.
func and(a, b Outcome) Outcome {
	switch {
	case a == No || b == No:
		return No
	case a == Unknown || b == Unknown:
		return Unknown
	default:
		return Yes
	}
}

func (s *Selector) units(id *Identity) (Outcome, string) {
	if id.Unit == "" {
		if id.Kind == "Unit" {
			return Unknown, "the name of the unit could not be obtained"
		}
		return No, fmt.Sprintf("the workload is not a systemd unit but a %s", strings.ToLower(id.Kind))
	}
	for _, u := range s.Units {
		if u.Match(id.Unit) {
			return Yes, fmt.Sprintf("unit %s matches %s", id.Unit, u)
		}
	}
	return No, fmt.Sprintf("unit %s matches none of the patterns", id.Unit)
}

func (s *Selector) users(id *Identity) (Outcome, string) {
	byName := false
	for _, u := range s.Users {
		switch {
		case !u.ByName && u.UID == id.UID:
			return Yes, fmt.Sprintf("uid %d is named", id.UID)
		case u.ByName && id.User != "" && u.Name.Match(id.User):
			return Yes, fmt.Sprintf("user %s matches %s", id.User, u.Name)
		}
		byName = byName || u.ByName
	}
	switch {
	case id.User != "" || !byName:
		return No, fmt.Sprintf("uid %d (%s) is not named", id.UID, orNameless(id.User))
	case id.Kind == "Container" || id.Kind == "Pod":
		// The host's names say nothing about a container's users: a uid without
		// a name is the rule there.
		return No, fmt.Sprintf("uid %d of a %s has no name on the host", id.UID, strings.ToLower(id.Kind))
	default:
		return Unknown, fmt.Sprintf("the name of uid %d could not be obtained; a rule that gives the number can decide", id.UID)
	}
}

func orNameless(user string) string {
	if user == "" {
		return "no name"
	}
	return user
}

func (s *Selector) executables(id *Identity) (Outcome, string) {
	if id.Executable == "" {
		return Unknown, "the executable could not be obtained"
	}
	for _, e := range s.Executables {
		if e.Match(id.Executable) {
			return Yes, fmt.Sprintf("executable %s matches %s", id.Executable, e)
		}
	}
	if path, ok := strings.CutSuffix(id.Executable, deleted); ok {
		for _, e := range s.Executables {
			if e.Match(path) {
				return Unknown, fmt.Sprintf("executable %s was removed or replaced while it runs, so what runs is not the file at %s any more", path, path)
			}
		}
	}
	return No, fmt.Sprintf("executable %s matches none of the patterns", id.Executable)
}

func (s *Selector) cgroups(id *Identity) (Outcome, string) {
	if id.CgroupPath == "" {
		return Unknown, "the cgroup could not be obtained"
	}
	for _, c := range s.Cgroups {
		if c.MatchBelow(id.CgroupPath) {
			return Yes, fmt.Sprintf("cgroup %s is at or below %s", id.CgroupPath, c)
		}
	}
	return No, fmt.Sprintf("cgroup %s is not at or below one of the patterns", id.CgroupPath)
}

func (s *Selector) containers(id *Identity) (Outcome, string) {
	inContainer := id.Kind == "Container" || id.Kind == "Pod"
	if id.ContainerID == "" && !inContainer {
		return No, fmt.Sprintf("the workload is not a container but a %s", strings.ToLower(id.Kind))
	}
	for _, c := range s.Containers {
		switch {
		case c.Prefix == "":
			return Yes, "the workload is a container"
		case id.ContainerID != "" && strings.HasPrefix(id.ContainerID, c.Prefix):
			return Yes, fmt.Sprintf("container id begins with %s", c.Prefix)
		}
	}
	if id.ContainerID == "" {
		return Unknown, "the container's id could not be obtained"
	}
	return No, fmt.Sprintf("container %.12s is not named", id.ContainerID)
}
