package guards

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/weirgate/weir/test/lab"
)

// attack is a flow that has a forbidden effect where nothing stands in its way.
type attack struct {
	set     string // of rules
	name    string
	steps   []step
	options map[string]string // of the start
	kinds   string            // the things that may not differ; "" is what the set says
	// Other effects than on things:
	leaks bool   // the bytes that come hold a canary
	rows  int    // more rows come than so many; -1 is any
	probe string // a query whose answer on the same session is another one afterwards
	// uncontrolled says why there is no run past weir, "" where there is.
	uncontrolled string
}

// play runs an attack in a world and says what effect it had, "" for none. With
// undone it runs in a transaction that is rolled back, and is looked at from inside.
func (a *attack) play(p *place, socket string, undone bool) string {
	p.t.Helper()
	c, err := open(socket, p.database, a.options)
	if err != nil {
		if len(a.options) == 0 {
			p.t.Fatalf("%s: open a session: %v", a.name, err)
		}
		return ""
	}
	defer c.close()
	c.dir = p.dir
	was := ""
	if a.probe != "" {
		was, err = c.value(a.probe)
		must(p.t, err)
	}
	if undone {
		must(p.t, simple("BEGIN")(c))
	}
	c.received.Reset()
	c.rows = 0
	broken := false
	for _, s := range a.steps {
		if err := s(c); err != nil {
			broken = true // the session is over
			break
		}
	}
	switch {
	case a.rows != 0:
		if c.rows > max(0, a.rows) {
			return fmt.Sprintf("%d rows came", c.rows)
		}
		return ""
	case a.leaks:
		if at := bytes.Index(c.received.Bytes(), []byte(canary)); at >= 0 {
			return "there came " + strings.TrimSpace(string(c.received.Bytes()[at:min(at+40, c.received.Len())]))
		}
		return ""
	case a.probe != "":
		if broken {
			return ""
		}
		if now, err := c.value(a.probe); err == nil && now != was {
			return fmt.Sprintf("%q became %q", was, now)
		}
		return ""
	}
	kinds, fixed := a.kinds, false
	for _, set := range rulesets {
		if set.name == a.set {
			fixed = set.fixed
			if kinds == "" {
				kinds = set.kinds
			}
		}
	}
	var now view
	if undone {
		if now = c.look(p.dir); now == nil {
			return ""
		}
	} else {
		now = p.look()
	}
	return strings.Join(differences(p.before, now, kinds, fixed), "; ")
}

// attacks are all of them.
func attacks() []attack {
	var all []attack
	for _, list := range [][]attack{
		schemaAttacks(), writeAttacks(), privilegeAttacks(), fileAttacks(), exportAttacks(), secretAttacks(),
		tableAttacks(), limitAttacks(), protocolAttacks(), besideAttacks(), conditionAttacks(), cursorAttacks(), indirectAttacks(),
	} {
		all = append(all, list...)
	}
	return all
}

// spentIn17 are attacks that come to nothing on PostgreSQL 17 and later: the extension is
// gone, views are filled with a safe search path, a catalog's rows do not all fit into xml.
func spentIn17() []string {
	return []string{"CREATE EXTENSION adminpack", "CREATE MATERIALIZED VIEW c AS SELECT wipe()",
		"SELECT schema_to_xml('pg_catalog', true, true, '')"}
}

// A run past weir: each attack is one.
func TestDirectlyEachAttackHasItsEffect(t *testing.T) {
	t.Parallel()
	l := needed(t)
	s := newServer(t, l)
	p := s.place("direct")
	var spent []string
	if !regexp.MustCompile(`\) 1[0-6]\.`).MatchString(s.pg.Version) {
		spent = spentIn17()
	}
	for _, a := range attacks() {
		if a.uncontrolled != "" {
			continue
		}
		if a.play(p, s.socket(), true) != "" {
			if a.probe != "" || strings.Contains(strings.ToUpper(a.name), "COMMIT") { // it may have ended the transaction
				p = p.again()
			}
			continue
		}
		// Not within a transaction, then: what it does is cleared away by hand.
		if effect := a.play(p, s.socket(), false); effect == "" && !slices.Contains(spent, a.name) {
			t.Errorf("%s: %s has no effect", a.set, a.name)
		}
		p = p.again()
	}
}

func TestThroughWeirNoAttackHasAnEffect(t *testing.T) {
	t.Parallel()
	l := needed(t)
	s := newServer(t, l)
	g := newGateway(t, s, rulesets)
	places, run := map[string]*place{}, 0
	for _, a := range attacks() {
		p := places[a.set]
		if p == nil {
			p = s.place(a.set)
			places[a.set] = p
		}
		run++
		if effect := a.play(p, g.socket(a.set), false); effect != "" {
			t.Errorf("%s: %s: %s", a.set, a.name, effect)
		}
		// What is made on the way may not be in the way of the next one.
		places[a.set] = p.again()
	}
	t.Logf("%d attacks", run)
}

func needed(t *testing.T) *lab.Lab {
	t.Helper()
	lab.NeedRoot(t)
	lab.NeedCgroup2(t)
	lab.NeedPostgres(t)
	return lab.ForTest(t)
}

func (s *server) socket() string { return fmt.Sprintf("%s/.s.PGSQL.%d", s.pg.Socket, s.pg.Port) }
