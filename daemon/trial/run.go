package trial

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/policy/lineage"
	"github.com/weirgate/weir/policy/mask"
	"github.com/weirgate/weir/policy/statement"
)

// Parse gives a text's facts.
type Parse func(ctx context.Context, text string) (*statement.Facts, error)

// Runner runs suites.
type Runner struct {
	Parse Parse
	// Identify makes the identity that a description stands for.
	Identify func(attributes map[string]string) (*identity.Identity, error)
}

// Result is what came of a test.
type Result struct {
	File     string        `json:"file"`
	Name     string        `json:"name"`
	Passed   bool          `json:"passed"`
	Failures []string      `json:"failures,omitempty"` // what was not as expected
	Action   string        `json:"action"`
	Rule     string        `json:"rule,omitempty"` // policy/rule
	Reason   string        `json:"reason,omitempty"`
	Message  string        `json:"message,omitempty"`
	Rows     [][]*string   `json:"rows,omitempty"` // what the client would get
	Took     time.Duration `json:"nanoseconds"`
}

// decided is what became of a text.
type decided struct {
	action, rule, reason, message string
	warnings, limits              []string
	rows                          [][]*string
}

// Run runs the tests of a suite on documents. An error is about the suite, not
// about what is decided.
func (x *Runner) Run(ctx context.Context, s *Suite, b *policy.Bundle) ([]Result, error) {
	snap, err := snapshot(s.Catalog)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.File, err)
	}
	var all []Result
	for i := range s.Tests {
		t := &s.Tests[i]
		began := time.Now()
		r := Result{File: s.File, Name: t.Name}
		d, err := x.decide(ctx, s, t, b, snap)
		if err != nil {
			return nil, fmt.Errorf("%s: test %q: %w", s.File, t.Name, err)
		}
		r.Action, r.Rule, r.Reason, r.Message, r.Rows = d.action, d.rule, d.reason, d.message, d.rows
		r.Failures = t.Expect.compare(d)
		r.Passed, r.Took = len(r.Failures) == 0, time.Since(began)
		all = append(all, r)
	}
	return all, nil
}

// compare says what is not as expected.
func (e *Expect) compare(d *decided) []string {
	var failures []string
	differs := func(what, got, want string) {
		failures = append(failures, fmt.Sprintf("%s is %s, want %s", what, got, want))
	}
	if e.Action != "" && e.Action != d.action {
		differs("action", d.action, e.Action)
	}
	if rule := orNone(d.rule); e.Rule != "" && e.Rule != rule {
		differs("rule", rule, e.Rule)
	}
	if e.Warnings != nil && !slices.Equal(sorted(e.Warnings), sorted(d.warnings)) {
		differs("warnings", list(d.warnings), list(e.Warnings))
	}
	if e.Limits != nil && !slices.Equal(sorted(e.Limits), sorted(d.limits)) {
		differs("limits", list(d.limits), list(e.Limits))
	}
	if e.Rows != nil && !slices.EqualFunc(e.Rows, d.rows, func(a, b []*string) bool {
		return slices.EqualFunc(a, b, func(x, y *string) bool { return (x == nil) == (y == nil) && (x == nil || *x == *y) })
	}) {
		differs("rows", shown(d.rows), shown(e.Rows))
	}
	return failures
}

// decide judges one test's text: by guards, then by masks.
func (x *Runner) decide(ctx context.Context, s *Suite, t *Test, b *policy.Bundle, snap *catalog.Snapshot) (*decided, error) {
	as := t.As
	if as == nil {
		as = s.As
	}
	id, err := x.Identify(as)
	if err != nil {
		return nil, err
	}
	db, err := database(b, t.Database, s.Database)
	if err != nil {
		return nil, err
	}
	rules := b.Rules(id, db)
	facts, err := x.Parse(ctx, t.SQL)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return &decided{action: string(policy.Deny), rule: "built-in/unreadable", reason: err.Error(), message: err.Error()}, nil
	}
	at := t.At
	if at.IsZero() {
		at = time.Now()
	}
	v := rules.Judge(policy.Request{Facts: facts, Text: t.SQL, Now: at, Prepared: prepared(facts), Catalog: policy.NewCatalog(snap),
		Session: policy.Session{InTransaction: t.InTransaction}})
	d := &decided{action: string(v.Action), rule: ruleName(v.Policy, v.Rule), reason: v.Reason, message: v.Message}
	for _, w := range v.Warnings {
		d.warnings = append(d.warnings, ruleName(w.Policy, w.Rule))
	}
	for i := range v.Limits {
		if name := v.Limits[i].Name(); !slices.Contains(d.limits, name) {
			d.limits = append(d.limits, name)
		}
	}
	if v.Action == policy.Deny {
		return d, nil
	}
	return d, masked(d, t, rules, facts, snap)
}

// prepared gives the statements that a text itself prepares.
func prepared(facts *statement.Facts) func(string) *statement.Statement {
	return func(name string) *statement.Statement {
		for i := range facts.Statements {
			if p := facts.Statements[i].Prepared; p != nil && p.What == "Prepare" && p.Name == name {
				return p.Body
			}
		}
		return nil
	}
}

// masked holds a text against the masks, and masks its rows.
func masked(d *decided, t *Test, rules *policy.Rules, facts *statement.Facts, snap *catalog.Snapshot) error {
	if len(rules.Masks) == 0 {
		var err error
		d.rows, err = hideIn(t.Rows, nil, texts(t.Rows), rules.Detectors)
		return err
	}
	if snap == nil {
		if t.Rows != nil {
			return fmt.Errorf("the policy has masks: write the tables that are concerned under catalog")
		}
		return nil
	}
	masks, err := lineage.Compile(rules.Masks, snap)
	if err != nil {
		return fmt.Errorf("resolving the masks: %w", err)
	}
	for i := range facts.Statements {
		plan := masks.Judge(&facts.Statements[i], lineage.Env{Fresh: true, Outputs: true})
		if plan.Refused {
			*d = decided{action: string(policy.Deny), rule: plan.Rule, reason: plan.Construct, message: plan.Message}
			return nil
		}
		if i+1 < len(facts.Statements) || t.Rows == nil {
			continue
		}
		if d.rows, err = maskRows(t.Rows, masks, &plan, snap, rules.Detectors); err != nil {
			return err
		}
	}
	return nil
}

// maskRows masks rows of the result that a plan is about.
func maskRows(rows [][]*string, masks *lineage.Masks, plan *lineage.Plan, snap *catalog.Snapshot, detectors []mask.Detection) ([][]*string, error) {
	if len(rows) == 0 {
		return rows, nil
	}
	fields := texts(rows)
	place := 0
	for _, o := range plan.Outputs {
		if o.Many || place >= len(fields) {
			return nil, fmt.Errorf("which columns the rows have cannot be told: name the columns in the statement instead of a star")
		}
		f := &fields[place]
		f.Name = o.Name
		if o.Class != lineage.Derived && len(o.Columns) == 1 {
			origin(f, snap, o.Columns[0])
		}
		place++
	}
	row, err := masks.Row(plan, fields)
	if err != nil {
		return nil, fmt.Errorf("masking the rows: %w", err)
	}
	return hideIn(rows, row.Cells, fields, detectors)
}

// texts are fields of the type text for the columns of rows.
func texts(rows [][]*string) []lineage.Field {
	if len(rows) == 0 {
		return nil
	}
	fields := make([]lineage.Field, len(rows[0]))
	for i := range fields {
		fields[i] = lineage.Field{TypeOID: 25, TypeMod: -1}
	}
	return fields
}

// hideIn masks values by the cells of masks, and in the other columns what is detected.
func hideIn(rows [][]*string, cells []*mask.Cell, fields []lineage.Field, detectors []mask.Detection) ([][]*string, error) {
	all := make([]*mask.Cell, len(fields))
	copy(all, cells)
	for i, f := range fields {
		if all[i] == nil && len(detectors) > 0 {
			all[i] = mask.DetectingCell(detectors, mask.Column{TypeOID: f.TypeOID, TypeMod: f.TypeMod})
		}
	}
	if len(rows) == 0 {
		return rows, nil
	}
	var out [][]*string
	for n, values := range rows {
		if len(values) != len(fields) {
			return nil, fmt.Errorf("row %d has %d values, the first one %d", n+1, len(values), len(fields))
		}
		shown := slices.Clone(values)
		for i := range all {
			if all[i] == nil || values[i] == nil {
				continue
			}
			value, null := all[i].Mask(nil, []byte(*values[i]))
			shown[i] = nil
			if text := string(value); !null {
				shown[i] = &text
			}
		}
		out = append(out, shown)
	}
	return out, nil
}

// origin says which table's column a field is, by its name schema.table.column.
func origin(f *lineage.Field, snap *catalog.Snapshot, name string) {
	parts := strings.Split(name, ".")
	if len(parts) != 3 {
		return
	}
	for _, r := range snap.Named(parts[0], parts[1]) {
		if c, ok := r.Column(parts[2]); ok {
			f.TableOID, f.Column, f.TypeOID = r.OID, c.Number, c.Type
		}
	}
}

// database finds the Database that is named first, or the only one.
func database(b *policy.Bundle, names ...string) (*policy.Database, error) {
	for _, name := range names {
		if name == "" {
			continue
		}
		if d := b.Database(name); d != nil {
			return d, nil
		}
		return nil, fmt.Errorf("there is no Database %q among the documents", name)
	}
	all := b.Databases()
	if len(all) != 1 {
		return nil, fmt.Errorf("to which database? Write database: with the name of one of the %d Database documents", len(all))
	}
	return all[0], nil
}

func ruleName(policyName, rule string) string {
	if policyName == "" {
		return rule
	}
	return policyName + "/" + rule
}

func orNone(rule string) string {
	if rule == "" {
		return "none"
	}
	return rule
}

func sorted(all []string) []string {
	all = slices.Clone(all)
	slices.Sort(all)
	return all
}

func list(all []string) string { return "[" + strings.Join(all, ", ") + "]" }

// shown gives rows for a reader.
func shown(rows [][]*string) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, row := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('[')
		for k, v := range row {
			if k > 0 {
				b.WriteString(", ")
			}
			if v == nil {
				b.WriteString("null")
				continue
			}
			b.WriteString(*v)
		}
		b.WriteByte(']')
	}
	return b.String() + "]"
}
