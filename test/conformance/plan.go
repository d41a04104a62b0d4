package main

import (
	"fmt"
	"slices"
	"strings"
)

// installed names the newest server that the machine has.
const installed = "installed"

// newer is the server that npm has beside it.
const newer = "18"

// variant is how a suite is run.
type variant struct {
	server string // installed, a major version that npm has, or a folder
	tls    bool
	masks  bool
}

// round is a variant with the suites that are run in it.
type round struct {
	variant
	suites []suite
}

// plan gives the rounds that the options ask for: one, when they name a variant.
func plan(o options) ([]round, error) {
	chosen, err := selectSuites(o.suites)
	if err != nil {
		return nil, err
	}
	if o.server != "" || o.tls || o.masks {
		v := variant{server: o.server, tls: o.tls, masks: o.masks}
		if v.server == "" {
			v.server = installed
		}
		return []round{{v, chosen}}, nil
	}
	secured := slices.DeleteFunc(slices.Clone(chosen), func(s suite) bool { return !s.wire })
	rounds := []round{{variant{server: installed}, chosen}}
	if !o.quick {
		rounds = append(rounds,
			round{variant{server: newer}, chosen},
			round{variant{server: installed, tls: true}, secured})
	}
	rounds = append(rounds, round{variant{server: newer, tls: true}, secured})
	return slices.DeleteFunc(rounds, func(r round) bool { return len(r.suites) == 0 }), nil
}

// label is a suite's name in this variant: of its results, and in the report.
func (v variant) label(suite string) string {
	if v.server != installed {
		suite += "@" + strings.NewReplacer("/", "_", " ", "_").Replace(v.server)
	}
	return suite + v.suffix()
}

func (v variant) suffix() string {
	suffix := ""
	if v.tls {
		suffix += "+tls"
	}
	if v.masks {
		suffix += "+masks"
	}
	return suffix
}

// expectations are the folders in which expected differences of a suite are looked
// for: those of all variants, of one, and of this one alone. major is the server's.
func (v variant) expectations(suite, major string) []string {
	list := []string{suite, suite + "@" + major}
	if v.tls {
		list = append(list, suite+"+tls")
	}
	if v.masks {
		list = append(list, suite+"+masks")
	}
	if v.suffix() != "" {
		list = append(list, suite+"@"+major+v.suffix())
	}
	return list
}

// selectSuites finds suites by their names: "all" are all, "programs" those with a
// client library each.
func selectSuites(names string) ([]suite, error) {
	all := suites()
	var chosen []suite
	for _, name := range strings.Split(names, ",") {
		found := slices.DeleteFunc(slices.Clone(all), func(s suite) bool {
			return name != "all" && name != s.name && (name != "programs" || !s.program)
		})
		if len(found) == 0 {
			return nil, fmt.Errorf("there is no suite %q; -list names them", name)
		}
		chosen = append(chosen, found...)
	}
	return chosen, nil
}
