package trial

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/proxy/journal"
)

// bundle compiles a policy with these rules for the Database crm.
func bundle(t *testing.T, rules string) *policy.Bundle {
	t.Helper()
	b, problems := policy.Compile([]policy.Source{{Name: "x.yaml", Data: []byte(`
apiVersion: weir.dev/v1alpha1
kind: Database
metadata: {name: crm}
spec: {hosts: [10.0.0.1], databases: ["*"], tls: {mode: Disable}, login: {type: Static, user: app, passwordFile: /nowhere}}
---
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: p}
spec:
  mode: Enforce
  identities: [{name: bot, host: {units: [bot.service]}}]
  databases: [crm]
` + rules)}}, policy.WithKeys(NoKeys))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return b
}

// tape is a journal that is made up.
type tape struct {
	records []*journal.Record
	at      time.Time
	seq     uint64
}

const testSession = "s-1"

func (p *tape) add(r journal.Record) uint64 {
	if p.at.IsZero() {
		p.at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	}
	p.at = p.at.Add(time.Second)
	r.Time, r.Seq = p.at, p.seq
	if r.Session == "" {
		r.Session = testSession
	}
	p.seq++
	p.records = append(p.records, &r)
	return r.Seq
}

func (p *tape) start(user string) {
	p.add(journal.Record{Kind: journal.KindSessionStart, Database: "crm", DatabaseName: "shop", ClientUser: user,
		Identity: &identity.Identity{Subject: "unit:bot.service", Kind: "Unit", Unit: "bot.service", CgroupPath: "/system.slice/bot.service"}})
}

// sent adds a statement that passed; end says how it ended.
func (p *tape) sent(text string, end journal.Record) {
	end.Statement = p.add(journal.Record{Kind: journal.KindStatementBegin, Text: text, Verdict: "Allow", Protocol: "simple", Database: "crm"})
	end.Kind = journal.KindStatementEnd
	if end.Outcome == "" {
		end.Outcome = journal.OutcomeCompleted
	}
	p.add(end)
}

func (p *tape) all() iter.Seq2[*journal.Record, error] {
	return func(yield func(*journal.Record, error) bool) {
		for _, r := range p.records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// world is the catalog that the tests know.
func world(t *testing.T) *catalog.Snapshot {
	t.Helper()
	s, err := snapshot(map[string][]string{
		"public.customers": {"id integer", "name text", "email text"},
		"public.orders":    {"id integer", "cents integer"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func replay(t *testing.T, b *policy.Bundle, p *tape, change ...func(*Replay)) *console.Replayed {
	t.Helper()
	snap := world(t)
	x := Replay{Bundle: b, Examples: 5,
		Parse:   func(_ context.Context, text string) (*statement.Facts, error) { return statement.Parse(text) },
		Catalog: func(context.Context, string, string) (*catalog.Snapshot, error) { return snap, nil }}
	for _, f := range change {
		f(&x)
	}
	o, err := x.Run(t.Context(), p.all())
	if err != nil {
		t.Fatal(err)
	}
	counted := 0
	for _, c := range o.Changes {
		counted += c.Count
	}
	if counted+o.Same > o.Statements {
		t.Errorf("%d statements, of which %d are the same and %d are not", o.Statements, o.Same, counted)
	}
	return o
}

// said gives the changes of an outcome, a line for each example.
func said(o *console.Replayed) []string {
	var all []string
	for _, c := range o.Changes {
		for _, e := range c.Examples {
			all = append(all, fmt.Sprintf("%s: %s by %s", e.Text, c.Now, c.Rule))
		}
	}
	for _, m := range o.Masks {
		for _, e := range m.Examples {
			all = append(all, fmt.Sprintf("%s: %s %s by %s, %s instead of %s", e.Text, m.Kind, m.Column, m.Rule, m.How, m.Before))
		}
	}
	return all
}

const maskedEmail = `
  masks: [{name: m, columns: [public.customers.email], with: {type: Partial, keepLast: 2}}]
`

func TestWhatIsReplayed(t *testing.T) {
	t.Parallel()
	completed := journal.Record{}
	failed := journal.Record{Outcome: journal.OutcomeFailed}
	shown := journal.Record{Masked: []string{"public.customers.email"}}
	type step struct {
		text string
		end  journal.Record
	}
	for name, c := range map[string]struct {
		rules string
		steps []step
		want  []string
	}{
		"a column that a mask would hide": {maskedEmail, []step{{"SELECT email AS e FROM customers", completed}},
			[]string{"SELECT email AS e FROM customers: Masked public.customers.email by p/m, Partial (keepLast 2) instead of "}},
		"a column that is masked as it was":     {maskedEmail, []step{{"SELECT email AS e FROM customers", shown}}, nil},
		"a column that is computed from one":    {maskedEmail, []step{{"SELECT upper(email) FROM customers", completed}}, []string{"SELECT upper(email) FROM customers: Masked public.customers.email by p/m, Redact instead of "}},
		"a column that would be shown":          {"  guards: [{name: g, match: {commands: [Drop]}, action: Deny}]\n", []step{{"SELECT email FROM customers", shown}}, []string{"SELECT email FROM customers: Unmasked public.customers.email by ,  instead of "}},
		"a statement that failed shows nothing": {maskedEmail, []step{{"SELECT email FROM customers", failed}}, nil},
		"a plan shows nothing":                  {maskedEmail, []step{{"EXPLAIN SELECT email FROM customers", completed}}, nil},
		"a question that a mask refuses":        {maskedEmail, []step{{"SELECT id FROM customers ORDER BY email", completed}}, []string{"SELECT id FROM customers ORDER BY email: Deny by p/m"}},
		"what EXECUTE shows of what was prepared": {maskedEmail, []step{{"PREPARE q AS SELECT email FROM customers", completed}, {"EXECUTE q", completed}},
			[]string{"EXECUTE q: Masked public.customers.email by p/m, Partial (keepLast 2) instead of "}},
		"what FETCH shows of a cursor": {maskedEmail, []step{{"BEGIN", completed}, {"DECLARE c CURSOR FOR SELECT email FROM customers", completed}, {"FETCH c", completed}},
			[]string{"FETCH c: Masked public.customers.email by p/m, Partial (keepLast 2) instead of "}},
		"a temporary table of the session's own": {maskedEmail, []step{{"CREATE TEMP TABLE mine (id integer)", completed}, {"SELECT id FROM mine", completed}}, nil},
		"transactions are followed": {"  guards: [{name: g, match: {commands: [Update]}, when: session.inTransaction, action: Deny}]\n", []step{
			{"UPDATE orders SET cents = 1", completed}, {"BEGIN", completed}, {"UPDATE orders SET cents = 2", completed}, {"COMMIT", completed},
			{"UPDATE orders SET cents = 3", completed}, {"BEGIN", failed}, {"UPDATE orders SET cents = 4", completed},
			{"BEGIN", completed}, {"SELECT 1/0", failed}, {"ROLLBACK", completed}, {"UPDATE orders SET cents = 5", completed},
			{"BEGIN", completed}, {"COMMIT AND CHAIN", completed}, {"UPDATE orders SET cents = 6", completed},
		}, []string{"UPDATE orders SET cents = 2: Deny by p/g", "UPDATE orders SET cents = 6: Deny by p/g"}},
		"a role that the client asked for": {"  guards: [{name: g, match: {any: true}, when: session.user == 'agent' && session.database == 'shop', action: Deny}]\n",
			[]step{{"SELECT 1", completed}}, []string{"SELECT 1: Deny by p/g"}},
		"a table that was dropped, and that nobody has now": {"  packs: [SchemaChanges]\n", []step{{"DROP TABLE gone", completed}, {"DROP TABLE never", journal.Record{Outcome: journal.OutcomeFailed, SQLState: "42P01"}}},
			[]string{"DROP TABLE gone: Deny by p/schema-changes.define"}},
		"rows beyond a limit":            {"  guards: [{name: g, match: {any: true}, limit: {rows: 10}, action: Deny}]\n", []step{{"SELECT * FROM orders", journal.Record{Rows: 11}}, {"SELECT 1", journal.Record{Rows: 1}}}, []string{"SELECT * FROM orders: Deny (limit) by p/g"}},
		"changed rows are not results":   {"  guards: [{name: g, match: {any: true}, limit: {rows: 10, of: Result}, action: Deny}]\n", []step{{"UPDATE orders SET cents = 1", journal.Record{Rows: 11}}}, nil},
		"a rate, by the times on record": {"  guards: [{name: g, match: {any: true}, rate: {statements: 1, per: 10s}, action: Deny}]\n", []step{{"SELECT 1", completed}, {"SELECT 2", completed}}, []string{"SELECT 2: Deny by p/g"}},
		"a text that cannot be read":     {maskedEmail, []step{{"SELEC 1", failed}}, []string{"SELEC 1: Deny by built-in/unreadable"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &tape{}
			p.start("agent")
			for _, s := range c.steps {
				p.sent(s.text, s.end)
			}
			p.add(journal.Record{Kind: journal.KindSessionEnd})
			o := replay(t, bundle(t, c.rules), p)
			if got := said(o); !slices.Equal(got, c.want) {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(c.want, "\n     "))
			}
			if o.Statements != len(c.steps) || len(o.Skipped) > 0 {
				t.Errorf("%+v", o)
			}
		})
	}
}

func TestWhatCannotBeReplayedIsCounted(t *testing.T) {
	t.Parallel()
	p := &tape{}
	p.start("agent")
	p.sent("EXECUTE nobody_prepared_it", journal.Record{})
	p.add(journal.Record{Kind: journal.KindStatementBegin, Protocol: "function", Text: "2200"})
	p.add(journal.Record{Kind: journal.KindStatementBegin, Protocol: "simple"})
	p.add(journal.Record{Kind: journal.KindStatementBegin, Protocol: "simple", Text: "SELECT", TextBytes: 1000})
	p.add(journal.Record{Kind: journal.KindStatementBegin, Session: "s-2", Protocol: "simple", Text: "SELECT 1"})
	p.sent("SELECT * FROM nosuch", journal.Record{})
	o := replay(t, bundle(t, maskedEmail), p)
	if o.Statements != 1 || len(o.Skipped) != 5 {
		t.Errorf("%+v", o.Skipped)
	}
	if o.Missing == nil || !slices.Equal(o.Missing.Names, []string{"nosuch"}) {
		t.Errorf("%+v", o.Missing)
	}
}

func TestWhatWasMaskedOtherwiseIsToldByTheDocumentsInForce(t *testing.T) {
	t.Parallel()
	old := bundle(t, maskedEmail)
	p := &tape{}
	p.start("agent")
	p.sent("SELECT email FROM customers", journal.Record{Masked: []string{"public.customers.email"}})
	p.sent("SELECT email FROM customers LIMIT 1", journal.Record{Masked: []string{"public.customers.email"}})
	p.records[1].Revision = old.Revision() // of the other one it is not known how it was masked
	inForce := func(x *Replay) { x.InForce = old }
	got := said(replay(t, bundle(t, strings.ReplaceAll(maskedEmail, "keepLast: 2", "keepLast: 3")), p, inForce))
	if want := []string{"SELECT email FROM customers: Otherwise public.customers.email by p/m, Partial (keepLast 3) instead of Partial (keepLast 2)"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := said(replay(t, bundle(t, strings.ReplaceAll(maskedEmail, "name: m", "name: another")), p, inForce)); len(got) > 0 {
		t.Errorf("the same mask by another name: %q", got)
	}
}

func TestWithoutACatalogItIsSaid(t *testing.T) {
	t.Parallel()
	p := &tape{}
	p.start("agent")
	p.sent("SELECT email FROM customers", journal.Record{Masked: []string{"public.customers.email"}})
	unnamed := &tape{records: slices.Clone(p.records)}
	first := *p.records[0]
	first.DatabaseName, unnamed.records[0] = "", &first
	for name, c := range map[string]struct {
		change func(*Replay)
		why    string
		tape   *tape
	}{
		"nobody has one": {func(x *Replay) { x.Catalog, x.Without = nil, "weir is not running" }, "weir is not running", p},
		"it cannot be had": {func(x *Replay) {
			x.Catalog = func(context.Context, string, string) (*catalog.Snapshot, error) { return nil, errors.New("it is away") }
		}, "it is away", p},
		"its name is not known": {func(*Replay) {}, "not on record", unnamed},
	} {
		o := replay(t, bundle(t, maskedEmail), c.tape, c.change)
		if len(o.Masks) > 0 || o.Same != 1 || len(o.NotHeld) != 1 || !strings.Contains(o.NotHeld[0], c.why) ||
			o.Databases[0].Catalog != console.CatalogNotHeld || !strings.Contains(o.Databases[0].Why, c.why) {
			t.Errorf("%s: %+v", name, o)
		}
	}
	o := replay(t, bundle(t, "  guards: [{name: g, match: {any: true}, action: Warn}]\n"), p)
	if o.Databases[0].Catalog != console.CatalogNotNeeded || len(o.NotHeld) > 0 || o.Masks[0].Kind != console.NoLongerMasked {
		t.Errorf("rules without masks need none: %+v", o)
	}
}

func TestDetectionsAreSaidNotToBeHeld(t *testing.T) {
	t.Parallel()
	p := &tape{}
	p.start("agent")
	p.sent("SELECT 1", journal.Record{})
	o := replay(t, bundle(t, "  masks: [{name: cards, detect: [PaymentCard], with: {type: Redact}}]\n"), p)
	if len(o.NotHeld) != 1 || !strings.Contains(o.NotHeld[0], "p/cards") {
		t.Errorf("%q", o.NotHeld)
	}
}

func TestAReplayEndsWhenItIsInterruptedAndTellsHowFarItIs(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	p := &tape{}
	p.start("agent")
	p.sent("SELECT 1", journal.Record{})
	x := Replay{Bundle: bundle(t, maskedEmail), Parse: func(_ context.Context, text string) (*statement.Facts, error) { return statement.Parse(text) }, Without: "it is a test"}
	records := func(yield func(*journal.Record, error) bool) {
		for r, err := range p.all() {
			if !yield(r, err) {
				return
			}
		}
		cancel()
		for yield(p.records[0], nil) {
		}
	}
	if _, err := x.Run(ctx, records); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestManySessionsAreForgottenOneByOne(t *testing.T) {
	t.Parallel()
	p := &tape{}
	for i := range maxSessions + 100 {
		p.add(journal.Record{Kind: journal.KindSessionStart, Session: fmt.Sprint("s-", i), Database: "crm", DatabaseName: "shop",
			Identity: &identity.Identity{Subject: "unit:bot.service", Kind: "Unit", Unit: "bot.service", CgroupPath: "/system.slice/bot.service"}})
		p.add(journal.Record{Kind: journal.KindStatementBegin, Session: fmt.Sprint("s-", i), Text: "SELECT email FROM customers", Protocol: "simple", Verdict: "Allow"})
	}
	o := replay(t, bundle(t, maskedEmail), p)
	if o.Statements != maxSessions+100 || o.Same != o.Statements {
		t.Errorf("%d, %d the same, %v", o.Statements, o.Same, maps.Keys(o.Skipped))
	}
}
