package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/user"
	"slices"
	"strconv"
	"strings"

	"github.com/weirgate/weir/policy/approval"
)

// Broker is the part of an approval.Broker that the console needs.
type Broker interface {
	Get(ctx context.Context, id string) (*approval.Request, error)
	List(ctx context.Context, f approval.Filter) ([]*approval.Request, error)
	Decide(ctx context.Context, id string, d approval.Decision) (*approval.Request, error)
}

// BrokerApprovals serves a broker's requests. It makes the approver of the peer,
// and refuses those whom the request does not name.
type BrokerApprovals struct{ Broker Broker }

// maxApprovals bounds a list of all requests.
const maxApprovals = 1000

// The forms of an entry of approval.Request.Approvers: who may decide.
const (
	approverUser  = "user:"
	approverGroup = "group:"
)

// ApproverUser is how a request names a user of the host who may decide.
func ApproverUser(name string) string { return approverUser + name }

// ApproverGroup is how a request names a group of the host whose members may
// decide.
func ApproverGroup(name string) string { return approverGroup + name }

// Approvals gives the requests in a state, the newest first, cut where they are large.
func (s BrokerApprovals) Approvals(ctx context.Context, state approval.State) ([]*approval.Request, error) {
	filter := approval.Filter{Limit: maxApprovals, Brief: true}
	if state != "" {
		filter.States = []approval.State{state}
	}
	list, err := s.Broker.List(ctx, filter)
	slices.Reverse(list)
	return list, err
}

// Approval gives one request.
func (s BrokerApprovals) Approval(ctx context.Context, id string) (*approval.Request, error) {
	request, err := s.Broker.Get(ctx, id)
	return request, approvalError(err)
}

// Decide takes the peer's decision.
func (s BrokerApprovals) Decide(ctx context.Context, id string, approve bool, reason string, by Peer) (*approval.Request, error) {
	request, err := s.Broker.Get(ctx, id)
	if err != nil {
		return nil, approvalError(err)
	}
	// Behind sudo the peer is root, and the person is still the one who logged
	// in. The broker looks at the peer itself.
	if by.LoginUID != nil && *by.LoginUID == request.Identity.UID {
		return nil, Forbidden("another user must decide", "%s was asked for by the user that you logged in as (uid %d)", request.ID, *by.LoginUID)
	}
	if !mayDecide(request.Approvers, by) {
		return nil, Forbidden("run the command as one of them", "%s may not decide on %s, only %s", by, request.ID, strings.Join(request.Approvers, " or "))
	}
	approver := approval.Approver{UID: by.UID, User: by.User, Name: by.String()}
	if by.LoginUID != nil {
		approver.LoginUID = *by.LoginUID
	}
	request, err = s.Broker.Decide(ctx, id, approval.Decision{
		Approver: approver,
		Approve:  approve,
		Reason:   reason,
	})
	return request, approvalError(err)
}

// mayDecide says whether the peer, or the user that a root peer logged in as, is
// one of the approvers. An entry that is not understood names nobody.
func mayDecide(approvers []string, by Peer) bool {
	if len(approvers) == 0 {
		return true
	}
	people := []person{{by.UID, by.User, append([]uint32{by.GID}, by.Groups...)}}
	if by.UID == 0 && by.LoginUID != nil {
		people = append(people, person{*by.LoginUID, by.LoginUser, groupsOf(*by.LoginUID)})
	}
	for _, entry := range approvers {
		for _, p := range people {
			if p.is(entry) {
				return true
			}
		}
	}
	return false
}

type person struct {
	uid    uint32
	user   string
	groups []uint32
}

func (p person) is(entry string) bool {
	if name, ok := strings.CutPrefix(entry, approverUser); ok {
		return name != "" && (name == p.user || name == strconv.FormatUint(uint64(p.uid), 10))
	}
	name, ok := strings.CutPrefix(entry, approverGroup)
	if !ok || name == "" {
		return false
	}
	gid, err := resolveGroup(name)
	return err == nil && slices.Contains(p.groups, *gid)
}

// groupsOf reads the groups of a user who is not the peer itself from the host's
// database, none when they cannot be had.
func groupsOf(uid uint32) []uint32 {
	u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10))
	if err != nil {
		return nil
	}
	ids, err := u.GroupIds()
	if err != nil {
		return nil
	}
	var groups []uint32
	for _, id := range ids {
		if n, err := strconv.ParseUint(id, 10, 32); err == nil {
			groups = append(groups, uint32(n))
		}
	}
	return groups
}

// approvalError gives the errors of a request's life their status and hint.
func approvalError(err error) error {
	const list = "`weir approvals list` shows those that wait"
	for _, known := range []struct {
		is     error
		status int
		hint   string
	}{
		{approval.ErrNotFound, http.StatusNotFound, list},
		{approval.ErrSelf, http.StatusForbidden, "another user must decide"},
		{approval.ErrReason, http.StatusBadRequest, "give one with --reason"},
		{approval.ErrTwice, http.StatusConflict, "another approver must decide"},
		{approval.ErrFinal, http.StatusConflict, list},
		{approval.ErrExpired, http.StatusConflict, "the client must send the statement again, which makes a new request"},
		{approval.ErrUsed, http.StatusConflict, list},
	} {
		if errors.Is(err, known.is) {
			return &Error{Status: known.status, Message: err.Error(), Hint: known.hint}
		}
	}
	if err != nil {
		return fmt.Errorf("approvals: %w", err)
	}
	return nil
}
