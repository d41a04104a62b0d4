package proxy

import (
	"crypto/sha256"
	"time"

	"github.com/weirgate/weir/proxy/session"
)

// passedKept is how many texts are remembered that have passed a limit which an
// approval lifts. One that is forgotten is undone once more.
const passedKept = 4096

// passing is a text of a workload that has passed a rule's limit.
type passing struct {
	subject, database, rule string
	text                    [sha256.Size]byte
}

// escalate makes the decision on a text that is known to pass a limit one that
// needs the limit's approval, so that nothing runs that would only be undone.
func (j *judge) escalate(p *grounds, text []byte) {
	limits := p.verdict.Limits
	var key passing
	for i := range limits {
		l := &limits[i]
		if l.Approval == nil || l.Audit {
			continue
		}
		if key.subject == "" {
			key = j.passing(text)
		}
		key.rule = l.Name()
		until, ok := j.gateway.passed.Get(key)
		switch {
		case !ok:
		case time.Now().After(until):
			j.gateway.passed.Remove(key)
		default:
			p.verdict, p.escalated = p.verdict.Escalate(l), true
		}
	}
}

func (j *judge) passing(text []byte) passing {
	key := passing{database: j.session.Database + "@" + j.target.String(), text: sha256.Sum256(text)}
	if j.identity != nil {
		key.subject = j.identity.Subject
	}
	return key
}

// pass notes that a statement has passed a limit, for as long as a request for its
// approval would live.
func (j *judge) pass(d *session.Decision, rule string) {
	p, ok := d.Private.(*judged)
	if !ok {
		return
	}
	for i := range p.verdict.Limits {
		l := &p.verdict.Limits[i]
		if l.Name() == rule && l.Approval != nil {
			key := j.passing([]byte(d.Text))
			key.rule = rule
			j.gateway.passed.Add(key, time.Now().Add(l.Approval.Expires))
		}
	}
}
