package journal

import (
	"time"
)

// Begin is a statement that is about to be forwarded.
type Begin struct {
	Text     []byte // in the client's own bytes, which are taken to be UTF-8
	Prepared *Text  // instead of Text, see Journal.Text

	// Parameters are recorded as they are: leave them out where policy does
	// not want them kept.
	Parameters []Parameter

	Protocol string // Simple, Extended
	Verdict  string // policy's action: Allow, Warn, RequireApproval (then Approval has the request)
	Policy   string
	Rule     string
	Revision string
	Approval string
	Warnings []string
	Audited  []string
}

// Statement names a statement that was begun; its end needs it.
type Statement struct {
	// Seq is the number of its begin record in the session.
	Seq uint64

	started  time.Time
	verdict  string
	rule     string
	reserved int
}

// Begin records a statement before its bytes are forwarded. When it returns an
// error, which is ErrUnavailable by errors.Is unless the session is closed, the
// statement must not be forwarded. It does not keep b.
func (s *Session) Begin(b *Begin) (Statement, error) {
	text := s.sh.j.textOf(b.Text, b.Prepared)
	sh := s.sh
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if err := s.ready(); err != nil {
		return Statement{}, err
	}
	seq := s.seq
	now, err := sh.append(s, &entry{kind: KindStatementBegin, begin: b, text: text})
	if err != nil {
		sh.j.refusals.Add(1)
		return Statement{}, err
	}
	return Statement{Seq: seq, started: now, verdict: b.Verdict, rule: b.Rule, reserved: sh.reserve(s)}, nil
}

// ready is called under the shard's lock, before a record of a session.
func (s *Session) ready() error {
	if s.closed {
		return ErrClosed
	}
	if now := s.sh.clock.second; now-s.told.Unix() < int64(continueEvery/time.Second) {
		return nil
	}
	now, err := s.sh.append(s, &entry{kind: KindSessionContinued})
	if err == nil {
		s.told = now
	}
	return err
}

func (b *Begin) append(dst []byte, s *Session, text *Text) []byte {
	dst = appendField(dst, "verdict", b.Verdict)
	dst = append(dst, s.who...)
	dst = appendField(dst, "protocol", b.Protocol)
	dst = s.appendText(dst, b.Text, text)
	dst = appendParameters(dst, b.Parameters, s.sh.j.opts.MaxParameters)
	dst = appendField(dst, "policy", b.Policy)
	dst = appendField(dst, "rule", b.Rule)
	dst = appendField(dst, "revision", b.Revision)
	dst = appendField(dst, "approval", b.Approval)
	dst = appendList(dst, "warnings", b.Warnings)
	return appendList(dst, "audited", b.Audited)
}

// Failure is an error as the client got it, which for PostgreSQL's errors means
// after what masks hide was taken out.
type Failure struct {
	Severity string
	SQLState string
	Message  string
	Detail   string
	Hint     string
}

func (f *Failure) append(dst []byte, least bool) []byte {
	if f == nil {
		return dst
	}
	dst = appendField(dst, "sqlstate", f.SQLState[:min(len(f.SQLState), 5)])
	if least {
		return dst
	}
	dst = appendField(dst, "severity", f.Severity)
	dst = appendMessage(dst, "message", f.Message)
	dst = appendMessage(dst, "detail", f.Detail)
	return appendMessage(dst, "hint", f.Hint)
}

// End is how a statement ended.
type End struct {
	// Outcome is one of the Outcome constants; "" is Completed, or Failed
	// when there is a Failure.
	Outcome string
	Rows    int64
	Bytes   int64  // sent to the client for it
	Tag     []byte // the command tag, empty when there was none
	Failure *Failure
	Rule    string   // the rule that ended it or masked it; "" keeps the one of the begin record
	Masked  []string // "schema.table.column" of what was masked
	// Warnings and Audited are rules that were met while it ran: limits that it
	// has passed.
	Warnings, Audited []string
	Result            *Result // rows after masking, nil to record none
}

// End records how a statement ended. It is accepted also when new statements
// are refused; an error means that the end is not on record, the begin is. It
// does not keep e.
func (s *Session) End(st Statement, e *End) error {
	sh := s.sh
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.release(s, st.reserved)
	if s.closed {
		return ErrClosed
	}
	_, err := sh.append(s, &entry{kind: KindStatementEnd, end: e, st: st})
	if err != nil {
		sh.j.lost.Add(1)
	}
	return err
}

func (e *End) outcome() string {
	switch {
	case e.Outcome != "":
		return e.Outcome
	case e.Failure != nil:
		return OutcomeFailed
	}
	return OutcomeCompleted
}

func (e *End) append(dst []byte, s *Session, st Statement, now time.Time, least bool) []byte {
	dst = appendNumber(dst, "statement", int64(st.Seq))
	if !least {
		dst = appendField(dst, "verdict", st.verdict)
	}
	dst = appendField(dst, "outcome", e.outcome())
	dst = appendNumber(dst, "rows", e.Rows)
	dst = appendNumber(dst, "bytes", max(e.Bytes, 0))
	if !least {
		dst = appendList(dst, "masked", e.Masked)
		dst = appendList(dst, "warnings", e.Warnings)
		dst = appendList(dst, "audited", e.Audited)
	}
	dst = append(dst, s.who...)
	dst = appendNumber(dst, "nanoseconds", int64(max(now.Sub(st.started), 0)))
	dst = e.Failure.append(dst, least)
	if least {
		return dst
	}
	if len(e.Tag) > 0 {
		dst = appendName(dst, "tag")
		dst, _, _ = appendQuoted(dst, e.Tag, 128)
	}
	rule := e.Rule
	if rule == "" {
		rule = st.rule
	}
	dst = appendField(dst, "rule", rule)
	if e.Result != nil {
		dst = e.Result.append(dst)
	}
	return dst
}

// Denied is a statement that was not forwarded.
type Denied struct {
	Text       []byte
	Prepared   *Text
	Parameters []Parameter
	Protocol   string
	Verdict    string // Deny or RequireApproval
	Policy     string
	Rule       string
	Revision   string
	Approval   string
	Failure    Failure // as the client got it
}

// Denied records a statement that was refused. The refusal stands whether or
// not it could be recorded.
func (s *Session) Denied(d *Denied) error {
	text := s.sh.j.textOf(d.Text, d.Prepared)
	sh := s.sh
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if err := s.ready(); err != nil {
		return err
	}
	_, err := sh.append(s, &entry{kind: KindStatementDenied, denied: d, text: text})
	if err != nil {
		sh.j.lost.Add(1)
	}
	return err
}

func (d *Denied) append(dst []byte, s *Session, text *Text) []byte {
	dst = appendField(dst, "verdict", d.Verdict)
	dst = append(dst, s.who...)
	dst = appendField(dst, "protocol", d.Protocol)
	dst = s.appendText(dst, d.Text, text)
	dst = appendParameters(dst, d.Parameters, s.sh.j.opts.MaxParameters)
	dst = appendField(dst, "policy", d.Policy)
	dst = appendField(dst, "rule", d.Rule)
	dst = appendField(dst, "revision", d.Revision)
	dst = appendField(dst, "approval", d.Approval)
	return d.Failure.append(dst, false)
}

// Event is anything else that happened.
type Event struct {
	Kind     Kind
	Text     []byte // a statement's text, or nil
	Verdict  string
	Rule     string
	Policy   string
	Revision string
	Approval string
	Failure  Failure // a notice's or an error's fields
	Data     []Field // anything else
}

// Field is a name and a value in an event's data.
type Field struct{ Name, Value string }

// Event records something that happened in the session.
func (s *Session) Event(e *Event) error {
	var text *Text
	if len(e.Text) > 0 {
		text = s.sh.j.Text(e.Text)
	}
	if !validID(string(e.Kind)) {
		return errKind(e.Kind)
	}
	sh := s.sh
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if err := s.ready(); err != nil {
		return err
	}
	_, err := sh.append(s, &entry{kind: e.Kind, event: e, text: text})
	return err
}

func (e *Event) append(dst []byte, s *Session, text *Text) []byte {
	dst = appendField(dst, "verdict", e.Verdict)
	dst = append(dst, s.who...)
	if text != nil {
		dst = append(dst, text.encoded...)
	}
	dst = appendField(dst, "policy", e.Policy)
	dst = appendField(dst, "rule", e.Rule)
	dst = appendField(dst, "revision", e.Revision)
	dst = appendField(dst, "approval", e.Approval)
	dst = e.Failure.append(dst, false)
	if len(e.Data) == 0 {
		return dst
	}
	dst = append(dst, `,"data":{`...)
	for i, f := range e.Data {
		if i > 0 {
			dst = append(dst, ',')
		}
		if i == 16 {
			dst = append(dst, `"...":"..."`...)
			break
		}
		dst = appendString(dst, f.Name, nameRoom)
		dst = append(dst, ':')
		dst = appendString(dst, f.Value, 2*nameRoom)
	}
	return append(dst, '}')
}
