package proxy

import (
	"time"

	"unsafe"

	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

// recorder writes one session's records. It is used under the session's lock.
type recorder struct {
	journal *journal.Journal
	session *journal.Session
	counts  *counters
	entry   *entry
	// schemaChanged is called after a statement that may have changed the
	// database's schema, and when its transaction has ended.
	schemaChanged func()
	passed        func(*session.Decision, string) // is told of statements that have passed a limit
	settings      func(*session.Decision)         // is told of statements that change settings
	recording     func() policy.Recording         // says what policy wants to be recorded
	altered       bool                            // in the transaction that is open

	open   []running           // by id - 1: statements that have not ended
	free   []uint64            // ids that can be used again
	params []journal.Parameter // scratch
	result *journal.Result     // scratch
}

// running is a statement that has not ended.
type running struct {
	record   journal.Statement
	decision *session.Decision
}

// Begin records a statement that is about to be forwarded.
func (r *recorder) Begin(b *session.Begin) (uint64, error) {
	begin := journal.Begin{Text: r.bare(b.Text), Protocol: b.Protocol, Approval: b.Approval, Verdict: string(verdictAllow)}
	if d := b.Decision; d != nil {
		begin.Verdict, begin.Policy, begin.Rule = d.Action, d.Policy, d.Rule
		if j, ok := d.Private.(*judged); ok {
			begin.Revision, begin.Warnings, begin.Audited = j.revision, j.warnings, j.audited
			j.verdict.Spend(time.Now())
			if b.Protocol == "simple" {
				begin.Text = once(d)
			} else {
				begin.Prepared = r.text(d, j)
			}
		} else {
			begin.Text = r.bare([]byte(d.Text))
		}
		if d.RecordParameters {
			begin.Parameters = r.parameters(b.Parameters)
		}
	}
	st, err := r.session.Begin(&begin)
	if err != nil {
		r.counts.refusedByJournal.Add(1)
		return 0, err
	}
	r.counts.statements.count(begin.Verdict)
	r.entry.running.Store(b.Decision)
	if n := len(r.free); n > 0 {
		id := r.free[n-1]
		r.free = r.free[:n-1]
		r.open[id-1] = running{st, b.Decision}
		return id, nil
	}
	r.open = append(r.open, running{st, b.Decision})
	return uint64(len(r.open)), nil
}

// text gives a decision's text in the journal's form; where policy wants no
// texts, only its length.
func (r *recorder) text(d *session.Decision, j *judged) *journal.Text {
	if t := j.recorded.Load(); t != nil {
		return t
	}
	text := d.Text
	if !d.RecordText {
		text = ""
	}
	t := r.journal.Text([]byte(text))
	j.recorded.Store(t)
	return t
}

// once gives a decision's text, which is recorded this one time, without a copy.
func once(d *session.Decision) []byte {
	if !d.RecordText {
		return nil
	}
	return unsafe.Slice(unsafe.StringData(d.Text), len(d.Text))
}

// bare gives a text that was not decided on by the rules.
func (r *recorder) bare(text []byte) []byte {
	if r.recording().OmitStatements {
		return nil
	}
	return text
}

func (r *recorder) parameters(in []session.Parameter) []journal.Parameter {
	r.params = r.params[:0]
	for _, p := range in {
		q := journal.Parameter{Type: p.Type, Format: p.Format, Value: p.Value}
		switch {
		case p.Null:
			q.Value = nil
		case p.Value == nil:
			q.Value = []byte{}
		}
		r.params = append(r.params, q)
	}
	return r.params
}

// End records how a statement ended.
func (r *recorder) End(id uint64, e *session.End) {
	if id == 0 || id > uint64(len(r.open)) {
		return
	}
	end := journal.End{Rows: e.Rows, Bytes: e.Bytes, Tag: []byte(e.Tag), Masked: e.Masked,
		Rule: e.Rule, Warnings: e.Warned, Audited: e.Audited}
	switch {
	case e.Skipped:
		end.Failure = &journal.Failure{Severity: "ERROR", Message: "not executed: an earlier error in the pipeline skipped it"}
	case e.Error != nil:
		end.Failure = failure(e.Error)
		if e.Error.Severity == diagnostic.Fatal {
			end.Outcome = journal.OutcomeUnknown
		}
	case e.Tag == "suspended":
		end.Outcome, end.Tag = journal.OutcomeSuspended, nil
	}
	if e.Fields != nil {
		end.Result = r.rows(e.Fields, e.Sample)
	}
	// The end of a statement that has run cannot be refused: a journal that has
	// no room for it counts it as lost, and takes no new statement.
	_ = r.session.End(r.open[id-1].record, &end)
	r.schema(r.open[id-1].decision, e)
	if d := r.open[id-1].decision; d != nil && e.Rule != "" {
		r.passed(d, e.Rule)
	}
	r.open[id-1] = running{}
	r.entry.running.Store(nil)
	r.free = append(r.free, id)
	r.counts.rows.Add(uint64(max(e.Rows, 0)))
	if len(e.Masked) > 0 {
		r.counts.masked.Add(1)
	}
}

// schema follows changes of the database's schema: what is known of it is read
// again after the change, and once more when others can see it.
func (r *recorder) schema(d *session.Decision, e *session.End) {
	if d == nil || e.Skipped {
		return
	}
	if d.Settles {
		r.settings(d)
	}
	if d.Schema || d.Commits && r.altered {
		r.altered = d.Schema && !d.Commits
		r.schemaChanged()
	}
}

func (r *recorder) rows(fields []wire.Field, sample [][]byte) *journal.Result {
	if r.result == nil {
		r.result = r.journal.NewResult()
	}
	columns := make([]journal.Column, len(fields))
	for i, f := range fields {
		columns[i] = journal.Column{Name: f.Name, Type: f.TypeOID, Format: f.Format}
	}
	r.result.Reset(columns)
	for _, row := range sample {
		if !r.result.Row(row) {
			break
		}
	}
	return r.result
}

// Denied records a statement that was refused.
func (r *recorder) Denied(b *session.Begin, d *diagnostic.Diagnostic) {
	denied := journal.Denied{Text: r.bare(b.Text), Protocol: b.Protocol, Verdict: string(verdictDeny), Approval: b.Approval,
		Failure: *failure(d)}
	if dec := b.Decision; dec != nil {
		denied.Policy, denied.Rule = dec.Policy, dec.Rule
		denied.Text = r.bare([]byte(dec.Text))
		if dec.Action != "" && dec.Action != string(verdictAllow) {
			denied.Verdict = dec.Action
		}
		if j, ok := dec.Private.(*judged); ok {
			denied.Revision = j.revision
			denied.Prepared = r.text(dec, j)
		}
		if dec.RecordParameters {
			denied.Parameters = r.parameters(b.Parameters)
		}
	}
	r.counts.statements.count(denied.Verdict)
	_ = r.session.Denied(&denied) // the refusal stands whether or not it is on record
}

// Sample says how many bytes of a result's rows are recorded.
func (r *recorder) Sample() int {
	if r.recording().Results == policy.ResultsMasked {
		return maxSample
	}
	return 0
}

// maxSample is what a session keeps of one result's rows for the journal, which
// has its own cap, in bytes.
const maxSample = 64 << 10

func failure(d *diagnostic.Diagnostic) *journal.Failure {
	return &journal.Failure{Severity: string(d.Severity), SQLState: d.Code, Message: d.Message, Detail: d.Detail, Hint: d.Hint}
}
