package console

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/approval"
	"github.com/weirgate/weir/policy/identity"
)

func TestWhoMayDecide(t *testing.T) {
	group, err := user.LookupGroup("daemon")
	if err != nil {
		t.Skipf("this host has no group daemon: %v", err)
	}
	number, err := strconv.ParseUint(group.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	daemonGroup, alice, bob, root := uint32(number), uint32(61001), uint32(61002), uint32(0)
	for _, c := range []struct {
		name      string
		approvers []string
		by        Peer
		want      error // nil: the decision is taken
	}{
		{"anybody who is let in", nil, Peer{UID: bob}, nil},
		{"the requester", nil, Peer{UID: alice, User: "alice"}, ErrForbidden},
		{"the requester's name with another uid", nil, Peer{UID: bob, User: "alice"}, ErrForbidden},
		{"the requester behind sudo", nil, Peer{UID: root, User: "root", LoginUID: &alice}, ErrForbidden},
		{"somebody else behind sudo", nil, Peer{UID: root, User: "root", LoginUID: &bob}, nil},
		{"a user who is named", []string{ApproverUser("bob")}, Peer{UID: bob, User: "bob"}, nil},
		{"a user who is named by number", []string{ApproverUser("61002")}, Peer{UID: bob}, nil},
		{"a user who is not", []string{ApproverUser("carol")}, Peer{UID: bob, User: "bob"}, ErrForbidden},
		{"root who is not named", []string{ApproverUser("carol")}, Peer{UID: root, User: "root"}, ErrForbidden},
		{"a named user behind sudo", []string{ApproverUser("bob")}, Peer{UID: root, User: "root", LoginUID: &bob, LoginUser: "bob"}, nil},
		{"a login that is not root's", []string{ApproverUser("bob")}, Peer{UID: 61003, User: "eve", LoginUID: &bob, LoginUser: "bob"}, ErrForbidden},
		{"a member by primary group", []string{ApproverGroup("daemon")}, Peer{UID: bob, GID: daemonGroup}, nil},
		{"a member by supplementary group", []string{ApproverUser("x"), ApproverGroup("daemon")}, Peer{UID: bob, GID: 5, Groups: []uint32{7, daemonGroup}}, nil},
		{"no member", []string{ApproverGroup("daemon")}, Peer{UID: bob, GID: 61002}, ErrForbidden},
		{"a group that does not exist", []string{ApproverGroup("no-such-group")}, Peer{UID: bob}, ErrForbidden},
		{"an entry that is not understood", []string{"everybody"}, Peer{UID: bob}, ErrForbidden},
		{"a user without a name and an empty entry", []string{ApproverUser("")}, Peer{UID: bob}, ErrForbidden},
	} {
		t.Run(c.name, func(t *testing.T) {
			broker := approval.NewBroker(approval.NewMemory(), approval.Options{})
			ticket, err := broker.Ask(t.Context(), approval.Request{
				Statement: approval.Statement{Text: "delete from t", Identity: identity.Identity{Subject: "unit:bot.service", UID: alice, User: "alice"}},
				Approvers: c.approvers,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer ticket.Close()
			request, err := BrokerApprovals{broker}.Decide(t.Context(), ticket.ID(), true, "fine", c.by)
			if c.want == nil {
				if err != nil || request.State != approval.Approved || request.Decisions[0].Approver.UID != c.by.UID || request.Decisions[0].Approver.Name != c.by.String() {
					t.Errorf("got %+v, %v", request, err)
				}
				return
			}
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if after, err := broker.Get(t.Context(), ticket.ID()); err != nil || after.State != approval.Pending {
				t.Errorf("the request is %v, %v", after, err)
			}
		})
	}
}

func TestErrorsOfARequestsLifeHaveAStatusAndAHint(t *testing.T) {
	now := time.Now()
	broker := approval.NewBroker(approval.NewMemory(), approval.Options{Now: func() time.Time { return now }})
	source := BrokerApprovals{broker}
	var ids []string
	for i := range 2 {
		ticket, err := broker.Ask(t.Context(), approval.Request{Statement: approval.Statement{Text: fmt.Sprint("delete ", i), Identity: identity.Identity{UID: 5}}})
		if err != nil {
			t.Fatal(err)
		}
		ticket.Close()
		ids = append(ids, ticket.ID())
	}
	if list, err := source.Approvals(t.Context(), approval.Pending); err != nil || len(list) != 2 {
		t.Errorf("pending: %v, %v", list, err)
	}
	_, err := source.Decide(t.Context(), ids[0], true, " ", Peer{})
	if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "--reason") {
		t.Errorf("without a reason: %v", err)
	}
	if _, err := source.Decide(t.Context(), ids[0], false, "no", Peer{}); err != nil {
		t.Error(err)
	}
	if _, err := source.Decide(t.Context(), ids[0], true, "yes", Peer{UID: 1}); !errors.Is(err, ErrConflict) {
		t.Errorf("after a denial: %v", err)
	}
	now = now.Add(time.Hour)
	if _, err := source.Decide(t.Context(), ids[1], true, "yes", Peer{}); !errors.Is(err, ErrConflict) || !strings.Contains(err.Error(), "send the statement again") {
		t.Errorf("too late: %v", err)
	}
	if _, err := source.Approval(t.Context(), "ap-none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("none: %v", err)
	}
	if list, err := source.Approvals(t.Context(), approval.Denied); err != nil || len(list) != 1 || list[0].ID != ids[0] {
		t.Errorf("denied: %v, %v", list, err)
	}
}
