package identity

import (
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/pattern"
)

func glob(t *testing.T, text string) pattern.Glob {
	t.Helper()
	g, err := pattern.NewGlob(text)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func path(t *testing.T, text string) pattern.Path {
	t.Helper()
	p, err := pattern.NewPath(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSelector(t *testing.T) {
	unit := &Identity{Kind: "Unit", Unit: "nightly-etl.service", CgroupPath: "/system.slice/nightly-etl.service", UID: 1001, User: "etl", Executable: "/usr/bin/psql"}
	container := &Identity{Kind: "Container", ContainerID: strings.Repeat("4f", 32), CgroupPath: "/system.slice/docker-4f.scope", UID: 10001}
	cgroup := &Identity{Kind: "Cgroup", CgroupPath: "/agents/bot/inner", UID: 0, User: "root"}

	with := func(id *Identity, change func(*Identity)) *Identity {
		c := *id
		change(&c)
		return &c
	}
	etl := User{Name: glob(t, "etl"), ByName: true}

	for name, c := range map[string]struct {
		selector Selector
		id       *Identity
		want     Outcome
	}{
		"a unit matches by glob":                  {Selector{Units: []pattern.Glob{glob(t, "nightly-*.service")}}, unit, Yes},
		"another unit does not":                   {Selector{Units: []pattern.Glob{glob(t, "web-*.service")}}, unit, No},
		"a cgroup is no unit":                     {Selector{Units: []pattern.Glob{glob(t, "*")}}, cgroup, No},
		"a unit without a name is unknown":        {Selector{Units: []pattern.Glob{glob(t, "*.service")}}, with(unit, func(i *Identity) { i.Unit = "" }), Unknown},
		"values of a field are joined by or":      {Selector{Units: []pattern.Glob{glob(t, "a.service"), glob(t, "nightly-etl.service")}}, unit, Yes},
		"fields are joined by and":                {Selector{Units: []pattern.Glob{glob(t, "nightly-*.service")}, Users: []User{{UID: 7}}}, unit, No},
		"all fields match":                        {Selector{Units: []pattern.Glob{glob(t, "nightly-*.service")}, Users: []User{etl}, Executables: []pattern.Path{path(t, "/usr/bin/psql")}}, unit, Yes},
		"uid 0 is a number like any other":        {Selector{Users: []User{{UID: 0}}}, cgroup, Yes},
		"uid 0 is not everyone":                   {Selector{Users: []User{{UID: 0}}}, unit, No},
		"a user by name without a name":           {Selector{Users: []User{etl}}, with(unit, func(i *Identity) { i.User = "" }), Unknown},
		"a user by number without a name":         {Selector{Users: []User{{UID: 5}}}, with(unit, func(i *Identity) { i.User = "" }), No},
		"a container's uid needs no name":         {Selector{Users: []User{etl}}, container, No},
		"an executable that could not be read":    {Selector{Executables: []pattern.Path{path(t, "/usr/bin/psql")}}, with(unit, func(i *Identity) { i.Executable = "" }), Unknown},
		"an executable replaced while it runs":    {Selector{Executables: []pattern.Path{path(t, "/usr/bin/psql")}}, with(unit, func(i *Identity) { i.Executable += " (deleted)" }), Unknown},
		"another executable replaced":             {Selector{Executables: []pattern.Path{path(t, "/usr/bin/python")}}, with(unit, func(i *Identity) { i.Executable += " (deleted)" }), No},
		"no wins over unknown":                    {Selector{Units: []pattern.Glob{glob(t, "web.service")}, Executables: []pattern.Path{path(t, "/usr/bin/psql")}}, with(unit, func(i *Identity) { i.Executable = "" }), No},
		"a cgroup's children belong to it":        {Selector{Cgroups: []pattern.Path{path(t, "/agents/bot")}}, cgroup, Yes},
		"a cgroup with the name as prefix is not": {Selector{Cgroups: []pattern.Path{path(t, "/agents/bo")}}, cgroup, No},
		"a cgroup that could not be obtained":     {Selector{Cgroups: []pattern.Path{path(t, "/agents")}}, with(cgroup, func(i *Identity) { i.CgroupPath = "" }), Unknown},
		"any container":                           {Selector{Containers: []Container{{}}}, container, Yes},
		"a container by the beginning of its id":  {Selector{Containers: []Container{{Prefix: "4f4f4f4f4f4f"}}}, container, Yes},
		"another container":                       {Selector{Containers: []Container{{Prefix: "aaaaaaaaaaaa"}}}, container, No},
		"a container without an id":               {Selector{Containers: []Container{{Prefix: "aaaaaaaaaaaa"}}}, with(container, func(i *Identity) { i.ContainerID = "" }), Unknown},
		"a unit is no container":                  {Selector{Containers: []Container{{}}}, unit, No},
		"any matches what is attested":            {Selector{Any: true}, cgroup, Yes},
		"any does not match what is not":          {Selector{Any: true}, &Identity{}, Unknown},
		"nobody is unknown":                       {Selector{Any: true}, nil, Unknown},
		"an empty selector selects nothing":       {Selector{}, unit, No},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.selector.Match(c.id); got != c.want {
				t.Errorf("match: %v, want %v", got, c.want)
			}
			got, fields := c.selector.Explain(c.id)
			if got != c.want {
				t.Errorf("explain: %v, want %v", got, c.want)
			}
			for _, f := range fields {
				if f.Why == "" {
					t.Errorf("field %s gives no reason", f.Field)
				}
			}
		})
	}
}
