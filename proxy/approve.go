package proxy

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/policy/approval"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/session"
)

// noticeEvery is how often a client that waits for an approval is told so.
const noticeEvery = 10 * time.Second

// Approve finds an approval for a statement and takes it, or asks for one and,
// where the session may wait, waits for the decision. An approval is taken
// before the statement is forwarded.
func (v *visit) Approve(ctx context.Context, q *session.Approve, tell func(*diagnostic.Diagnostic)) (string, *diagnostic.Diagnostic) {
	verdict, ok := q.Decision.Approval.(*policy.Verdict)
	if !ok || verdict.Approval == nil {
		return "", diagnostic.ApprovalImpossible("the rule names no approval")
	}
	broker := v.gateway.cfg.Approvals
	asked := v.request(q, verdict)
	if p, ok := q.Decision.Private.(*judged); ok {
		asked.Meaning = p.meaning
	}
	digest := asked.Statement.Digest()
	ticket, err := broker.Ask(ctx, asked)
	if err != nil {
		return "", v.noApproval(err)
	}
	defer ticket.Close()
	r := ticket.Request()
	if r.State == approval.Approved {
		return v.consume(ctx, r.ID, digest)
	}
	if r.Session == v.info.ID {
		v.event(journal.KindApprovalRequested, r, recorded(q.Decision))
	}
	wait := verdict.Approval.Wait
	if !q.MayHold || wait <= 0 {
		return "", diagnostic.ApprovalNeeded(verdict.Message, verdict.Detail, r.ID, verdict.Approval.Who(), q.MayHold || wait <= 0)
	}
	v.event(journal.KindStatementHeld, r, recorded(q.Decision))
	switch v.wait(ctx, ticket, wait, verdict, q.Decision.Text, tell) {
	case waitDecided:
		return v.decided(ctx, ticket.Request(), digest)
	case waitCanceled:
		return "", diagnostic.CanceledWhileHeld(r.ID)
	}
	return "", diagnostic.ApprovalPending(r.ID, wait, verdict.Approval.Who())
}

// request describes exactly what is asked for.
func (v *visit) request(q *session.Approve, verdict *policy.Verdict) approval.Request {
	r := approval.Request{
		Statement: approval.Statement{
			Server: v.info.Server, Database: v.info.DatabaseSQL, Identity: v.info.Identity, User: v.info.User,
			SearchPath: v.judge.path(), Policy: verdict.Policy, Rule: verdict.Rule, Text: q.Decision.Text,
		},
		Session: v.info.ID, Approval: verdict.Approval.Name, Revision: verdict.Revision, Message: verdict.Message,
		Wait: verdict.Approval.Wait, Needed: 1,
	}
	if verdict.Approval.Expires > 0 {
		r.Expires = time.Now().Add(verdict.Approval.Expires)
	}
	for _, u := range verdict.Approval.Users {
		r.Approvers = append(r.Approvers, "user:"+u)
	}
	for _, g := range verdict.Approval.Groups {
		r.Approvers = append(r.Approvers, "group:"+g)
	}
	for _, p := range q.Parameters {
		r.Parameters = append(r.Parameters, approval.Parameter{Type: p.Type, Format: p.Format, Null: p.Null, Value: slices.Clone(p.Value)})
	}
	return r
}

// waited is how a wait ended.
type waited uint8

const (
	waitDecided  waited = iota
	waitTimedOut        // or the client has left
	waitCanceled        // by a cancel request
)

// wait holds the statement until it is decided, its time is over, or the client
// cancels or leaves. The client is told at once and again and again.
func (v *visit) wait(ctx context.Context, t *approval.Ticket, most time.Duration, verdict *policy.Verdict, text string, tell func(*diagnostic.Diagnostic)) waited {
	canceled := make(chan struct{}, 1)
	v.gateway.registry.holding(v.entry, t.ID(), text, func() bool {
		select {
		case canceled <- struct{}{}:
		default:
		}
		return true
	})
	defer v.gateway.registry.holding(v.entry, "", "", nil)
	began := time.Now()
	over := time.NewTimer(most)
	defer over.Stop()
	again := time.NewTicker(noticeEvery)
	defer again.Stop()
	id, who := t.ID(), verdict.Approval.Who()
	tell(diagnostic.Held(id, who, verdict.Message, most))
	for {
		select {
		case <-t.Done():
			return waitDecided
		case <-over.C:
			return waitTimedOut
		case <-ctx.Done():
			return waitTimedOut
		case <-canceled:
			return waitCanceled
		case <-again.C:
			tell(diagnostic.Held(id, who, verdict.Message, (most - time.Since(began)).Round(time.Second)))
		}
	}
}

// decided goes on with what the approvers said.
func (v *visit) decided(ctx context.Context, r *approval.Request, digest approval.Digest) (string, *diagnostic.Diagnostic) {
	switch r.State {
	case approval.Approved:
		return v.consume(ctx, r.ID, digest)
	case approval.Denied:
		by, why := "an approver", ""
		if n := len(r.Decisions); n > 0 {
			by, why = r.Decisions[n-1].Approver.String(), r.Decisions[n-1].Reason
		}
		return "", diagnostic.ApprovalDenied(r.ID, by, why)
	}
	return "", diagnostic.ApprovalGone(r.ID, strings.ToLower(string(r.State)))
}

// consume takes an approval.
func (v *visit) consume(ctx context.Context, id string, digest approval.Digest) (string, *diagnostic.Diagnostic) {
	r, err := v.gateway.cfg.Approvals.Consume(ctx, id, digest)
	if err != nil {
		return "", v.noApproval(err)
	}
	v.event(journal.KindApprovalUsed, r, "")
	return id, nil
}

func (v *visit) noApproval(err error) *diagnostic.Diagnostic {
	if !errors.Is(err, approval.ErrTooMany) && !errors.Is(err, approval.ErrUsed) && !errors.Is(err, context.Canceled) {
		v.gateway.cfg.Logger.Error("an approval could not be asked for or taken", "session", v.info.ID, "error", err)
		return diagnostic.ApprovalImpossible("weir's store of approvals cannot be used")
	}
	return diagnostic.ApprovalImpossible(err.Error())
}

// recorded is the text of a decision, "" where policy wants none on record.
func recorded(d *session.Decision) string {
	if !d.RecordText {
		return ""
	}
	return d.Text
}

// event records what happened to a request.
func (v *visit) event(kind journal.Kind, r *approval.Request, text string) {
	err := v.journal.Event(&journal.Event{
		Kind: kind, Verdict: string(verdictApproval), Policy: r.Policy, Rule: r.Rule, Revision: r.Revision,
		Approval: r.ID, Text: []byte(text),
	})
	if err != nil {
		v.gateway.cfg.Logger.Warn("an approval's event is not on record", "approval", r.ID, "error", err)
	}
}
