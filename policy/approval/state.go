package approval

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/weirgate/weir/policy/identity"
)

// Errors of a request's life. What is returned wraps one of them and says more.
var (
	ErrNotFound    = errors.New("there is no such approval request")
	ErrExists      = errors.New("there is such an approval request already")
	ErrConflict    = errors.New("the approval request was changed meanwhile")
	ErrFinal       = errors.New("the approval request is decided already")
	ErrExpired     = errors.New("the approval request has expired")
	ErrSelf        = errors.New("nobody decides on their own request")
	ErrTwice       = errors.New("an approver counts once")
	ErrReason      = errors.New("a decision needs a reason")
	ErrNotApproved = errors.New("the approval request is not approved")
	ErrUsed        = errors.New("the approval was used already")
	ErrMismatch    = errors.New("the statement is not the one that was approved")
	ErrTooMany     = errors.New("too many approval requests are pending")
)

// Approver is who decides, as the kernel says at the admin socket.
type Approver struct {
	UID      uint32 `json:"uid"`
	User     string `json:"user,omitempty"`
	Name     string `json:"name,omitempty"`     // in full, for display
	LoginUID uint32 `json:"loginUid,omitempty"` // who logged in, see identity.Identity
}

func (a Approver) String() string {
	if a.User != "" {
		return a.User
	}
	return fmt.Sprintf("uid %d", a.UID)
}

// same reports whether two approvers are one person.
func (a Approver) same(b Approver) bool { return a.person().is(b.person()) }

// asked reports whether the approver is the user that the request came from.
func (a Approver) asked(id *identity.Identity) bool {
	return a.person().is(person{id.UID, id.LoginUID, id.User})
}

func (a Approver) person() person { return person{a.UID, a.LoginUID, a.User} }

// person is what is known of who stands behind a process.
type person struct {
	uid, login uint32
	user       string
}

// is reports whether two may be one person: one fact suffices. That both are root does
// not where either has a login, since that says who became root.
func (p person) is(q person) bool {
	if p.uid == q.uid && (p.uid != 0 || p.login == q.login) {
		return true
	}
	if p.login != 0 && (p.login == q.login || p.login == q.uid) || q.login != 0 && q.login == p.uid {
		return true
	}
	return p.user != "" && p.user == q.user && (p.uid != 0 || q.uid != 0)
}

// Decision is one approver's answer.
type Decision struct {
	Approver Approver  `json:"approver"`
	Approve  bool      `json:"approve"`
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
}

// maxReason bounds a reason's length in bytes.
const maxReason = 4 << 10

// Decide adds a decision; d.At is set to now. One denial denies, also after
// others approved, as long as the approval was not used. Enough different
// approvers approve.
func (r *Request) Decide(d Decision, now time.Time) error {
	d.Reason = strings.TrimSpace(d.Reason)
	switch {
	case d.Reason == "":
		return ErrReason
	case len(d.Reason) > maxReason:
		return fmt.Errorf("a reason has at most %d bytes", maxReason)
	case d.Approver.asked(&r.Identity):
		return fmt.Errorf("%w: %s was asked for by user %s; someone else must decide", ErrSelf, r.ID, requester(&r.Identity))
	case !r.State.Live():
		return fmt.Errorf("%w: %s is %s since %s", ErrFinal, r.ID, r.State, r.Changed.Format(time.RFC3339))
	case !now.Before(r.Expires):
		return fmt.Errorf("%w: %s at %s", ErrExpired, r.ID, r.Expires.Format(time.RFC3339))
	}
	if d.Approve {
		for _, earlier := range r.Decisions {
			if earlier.Approver.same(d.Approver) {
				return fmt.Errorf("%w: %s has approved %s already", ErrTwice, d.Approver, r.ID)
			}
		}
		if r.State == Approved {
			return fmt.Errorf("%w: %s is Approved since %s", ErrFinal, r.ID, r.Changed.Format(time.RFC3339))
		}
	}
	d.At = now
	r.Decisions = append(r.Decisions, d)
	switch {
	case !d.Approve:
		r.become(Denied, now)
	case len(r.Decisions) >= max(r.Needed, 1): // all approve, by different people
		r.become(Approved, now)
	}
	return nil
}

// Missing is how many more approvers must agree.
func (r *Request) Missing() int {
	if r.State != Pending {
		return 0
	}
	return max(r.Needed, 1) - len(r.Decisions)
}

// Use takes the approval for the statement with the given digest. It must be
// stored before the statement is sent.
func (r *Request) Use(digest Digest, now time.Time) error {
	switch {
	case r.State == Used:
		return fmt.Errorf("%w: %s at %s", ErrUsed, r.ID, r.Changed.Format(time.RFC3339))
	case r.State != Approved:
		return fmt.Errorf("%w: %s is %s", ErrNotApproved, r.ID, r.State)
	case !now.Before(r.Expires):
		return fmt.Errorf("%w: %s at %s", ErrExpired, r.ID, r.Expires.Format(time.RFC3339))
	case digest != r.Digest || digest != r.Statement.Digest():
		return fmt.Errorf("%w: %s", ErrMismatch, r.ID)
	}
	r.become(Used, now)
	return nil
}

// Expire ends a live request whose time is over and reports whether it did.
func (r *Request) Expire(now time.Time) bool {
	if !r.State.Live() || now.Before(r.Expires) {
		return false
	}
	r.become(Expired, now)
	return true
}

// Cancel ends a live request that is not wanted any more.
func (r *Request) Cancel(reason string, now time.Time) error {
	if !r.State.Live() {
		return fmt.Errorf("%w: %s is %s", ErrFinal, r.ID, r.State)
	}
	r.Reason = reason
	r.become(Cancelled, now)
	return nil
}

func (r *Request) become(s State, now time.Time) {
	r.State, r.Changed = s, now
}

func requester(id *identity.Identity) string {
	if id.User != "" {
		return id.User
	}
	return fmt.Sprintf("%d", id.UID)
}
