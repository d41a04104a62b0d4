// Package approvaltest holds the tests that every approval.Store must pass.
package approvaltest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/weirgate/weir/policy/approval"
	"github.com/weirgate/weir/policy/identity"
)

// Base is the time at which the requests of these tests are made.
var base = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Request returns a pending request.
func Request(id, text string) *approval.Request {
	r := &approval.Request{
		ID: id, Version: 1, State: approval.Pending, Session: "s-1", Approval: "dba", Revision: "rev",
		Created: base, Expires: base.Add(15 * time.Minute), Wait: time.Minute, Changed: base, Needed: 1, Approvers: []string{"dba"},
		Statement: approval.Statement{
			Server: "10.0.3.7:5432", Database: "crm", User: "app", SearchPath: `"$user", public`, Policy: "support", Rule: "bulk",
			Identity: identity.Identity{Subject: "unit:bot.service", Kind: "Unit", UID: 1001, User: "bot", PID: 42},
			Text:     text, Parameters: []approval.Parameter{{Type: 25, Value: []byte("x\x00\xff")}, {Null: true}, {Format: 1, Value: []byte{}}},
		},
	}
	r.Digest = r.Statement.Digest()
	return r
}

// Store runs the tests. open returns an empty store each time.
func Store(t *testing.T, open func(t *testing.T) approval.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, approval.Store)
	}{
		{"what was created is returned as it was", testCreate},
		{"an id and a live digest exist once", testExists},
		{"an update needs the version that is there", testUpdate},
		{"a failed mutation changes nothing", testFailedMutation},
		{"of many that use an approval one succeeds", testRace},
		{"a list has what matches, the newest last", testList},
		{"only what has been final for long is removed", testRemove},
		{"the earliest final ones beyond the bytes are removed", testRemoveBytes},
		{"a brief list cuts what is large", testBrief},
		{"those that are due are found", testDue},
		{"the revision changes with each change", testRevision},
		{"what a store returns is the caller's own", testOwn},
		{"a cancelled context stops", testContext},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s gave %v instead of %v", what, err, want)
	}
}

func testCreate(t *testing.T, s approval.Store) {
	r := Request("ap-1", "delete from t")
	must(t, s.Create(t.Context(), r))
	got, err := s.Get(t.Context(), "ap-1")
	must(t, err)
	if got.Statement.Digest() != r.Digest || got.Digest != r.Digest || got.Version != 1 || got.State != approval.Pending ||
		!got.Expires.Equal(r.Expires) || !got.Created.Equal(r.Created) || got.Wait != r.Wait || got.Approvers[0] != "dba" ||
		got.Identity != r.Identity || got.Session != "s-1" || got.Revision != "rev" || got.Approval != "dba" {
		t.Errorf("it came back as %+v", got)
	}
	_, err = s.Get(t.Context(), "ap-2")
	wants(t, "an unknown id", err, approval.ErrNotFound)
}

func testExists(t *testing.T, s approval.Store) {
	must(t, s.Create(t.Context(), Request("ap-1", "a")))
	wants(t, "the same id", s.Create(t.Context(), Request("ap-1", "b")), approval.ErrExists)
	wants(t, "the same digest", s.Create(t.Context(), Request("ap-2", "a")), approval.ErrExists)
	_, err := s.Update(t.Context(), "ap-1", 1, func(r *approval.Request) error { return r.Cancel("", base) })
	must(t, err)
	must(t, s.Create(t.Context(), Request("ap-2", "a")))
}

func testUpdate(t *testing.T, s approval.Store) {
	must(t, s.Create(t.Context(), Request("ap-1", "a")))
	deny := func(r *approval.Request) error {
		return r.Decide(approval.Decision{Approver: approval.Approver{UID: 1}, Reason: "no"}, base.Add(time.Second))
	}
	r, err := s.Update(t.Context(), "ap-1", 1, deny)
	must(t, err)
	if r.Version != 2 || r.State != approval.Denied || r.Decisions[0].Reason != "no" || !r.Decisions[0].At.Equal(base.Add(time.Second)) {
		t.Errorf("the update gave %+v", r)
	}
	again, err := s.Get(t.Context(), "ap-1")
	must(t, err)
	if again.Version != 2 || again.State != approval.Denied || len(again.Decisions) != 1 {
		t.Errorf("the update left %+v", again)
	}
	_, err = s.Update(t.Context(), "ap-1", 1, deny)
	wants(t, "an old version", err, approval.ErrConflict)
	_, err = s.Update(t.Context(), "ap-2", 1, deny)
	wants(t, "an unknown id", err, approval.ErrNotFound)
}

func testFailedMutation(t *testing.T, s approval.Store) {
	must(t, s.Create(t.Context(), Request("ap-1", "a")))
	mine := errors.New("mine")
	_, err := s.Update(t.Context(), "ap-1", 1, func(r *approval.Request) error {
		r.State = approval.Used
		return mine
	})
	wants(t, "a failed mutation", err, mine)
	r, err := s.Get(t.Context(), "ap-1")
	must(t, err)
	if r.State != approval.Pending || r.Version != 1 {
		t.Errorf("it left %+v", r)
	}
}

func testRace(t *testing.T, s approval.Store) {
	must(t, s.Create(t.Context(), Request("ap-1", "a")))
	approved, err := s.Update(t.Context(), "ap-1", 1, func(r *approval.Request) error {
		return r.Decide(approval.Decision{Approver: approval.Approver{UID: 1}, Approve: true, Reason: "yes"}, base)
	})
	must(t, err)
	var used atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := s.Update(t.Context(), "ap-1", approved.Version, func(r *approval.Request) error { return r.Use(r.Digest, base) })
			switch {
			case err == nil:
				used.Add(1)
			case !errors.Is(err, approval.ErrConflict):
				t.Errorf("a use that was too late gave %v", err)
			}
		})
	}
	wg.Wait()
	if used.Load() != 1 {
		t.Errorf("it was used %d times", used.Load())
	}
}

func testList(t *testing.T, s approval.Store) {
	for i := range 4 {
		r := Request(fmt.Sprintf("ap-%d", i), fmt.Sprintf("select %d", i))
		r.Created = base.Add(time.Duration(-i) * time.Second)
		if i == 3 {
			r.Identity.Subject = "unit:other.service"
			r.Digest = r.Statement.Digest()
		}
		must(t, s.Create(t.Context(), r))
	}
	_, err := s.Update(t.Context(), "ap-1", 1, func(r *approval.Request) error { return r.Cancel("", base) })
	must(t, err)
	for name, c := range map[string]struct {
		filter approval.Filter
		want   string
	}{
		"everything":   {approval.Filter{}, "[ap-3 ap-2 ap-1 ap-0]"},
		"live":         {approval.Filter{States: []approval.State{approval.Pending, approval.Approved}}, "[ap-3 ap-2 ap-0]"},
		"a digest":     {approval.Filter{Digest: Request("x", "select 2").Digest}, "[ap-2]"},
		"a subject":    {approval.Filter{Subject: "unit:other.service"}, "[ap-3]"},
		"the last two": {approval.Filter{Limit: 2}, "[ap-1 ap-0]"},
		"before":       {approval.Filter{Before: base.Add(-time.Second)}, "[ap-3 ap-2]"},
		"nothing":      {approval.Filter{States: []approval.State{approval.Used}}, "[]"},
	} {
		all, err := s.List(t.Context(), c.filter)
		must(t, err)
		ids := []string{}
		for _, r := range all {
			ids = append(ids, r.ID)
		}
		if fmt.Sprint(ids) != c.want {
			t.Errorf("%s: %v instead of %s", name, ids, c.want)
		}
	}
}

func testRemove(t *testing.T, s approval.Store) {
	for i := range 3 {
		must(t, s.Create(t.Context(), Request(fmt.Sprintf("ap-%d", i), fmt.Sprint(i))))
	}
	for i, when := range []time.Time{base, base.Add(time.Hour)} {
		_, err := s.Update(t.Context(), fmt.Sprintf("ap-%d", i), 1, func(r *approval.Request) error { return r.Cancel("", when) })
		must(t, err)
	}
	n, err := s.Remove(t.Context(), base.Add(time.Minute), 1<<30)
	must(t, err)
	all, err := s.List(t.Context(), approval.Filter{})
	must(t, err)
	if n != 1 || len(all) != 2 {
		t.Errorf("%d were removed, %d are left", n, len(all))
	}
}

func testRemoveBytes(t *testing.T, s approval.Store) {
	for i := range 4 {
		must(t, s.Create(t.Context(), Request(fmt.Sprintf("ap-%d", i), strings.Repeat(fmt.Sprint(i), 100_000))))
		if i == 0 {
			continue // stays live, and is not counted
		}
		_, err := s.Update(t.Context(), fmt.Sprintf("ap-%d", i), 1, func(r *approval.Request) error { return r.Cancel("", base.Add(time.Duration(i)*time.Hour)) })
		must(t, err)
	}
	n, err := s.Remove(t.Context(), base, 300_000) // a store may need more for each than its text
	must(t, err)
	all, err := s.List(t.Context(), approval.Filter{Brief: true})
	must(t, err)
	if n == 0 || len(all) != 4-n || all[0].ID != "ap-0" || all[len(all)-1].ID != "ap-3" {
		t.Errorf("%d were removed, %d are left", n, len(all))
	}
}

func testBrief(t *testing.T, s approval.Store) {
	long := strings.Repeat("é", 400_000)
	must(t, s.Create(t.Context(), Request("ap-1", long)))
	many := Request("ap-2", "b")
	many.Parameters = []approval.Parameter{{Value: make([]byte, 100_000)}}
	many.Digest = many.Statement.Digest()
	must(t, s.Create(t.Context(), many))
	must(t, s.Create(t.Context(), Request("ap-3", "c")))
	for range 2 { // as they were made, and after a change
		all, err := s.List(t.Context(), approval.Filter{Brief: true})
		must(t, err)
		if len(all) != 3 {
			t.Fatalf("%d requests", len(all))
		}
		if r := all[0]; !r.Cut || len(r.Text) < 100 || len(r.Text) > 2000 || !strings.HasPrefix(long, r.Text) || !utf8.ValidString(r.Text) || r.Parameters != nil {
			t.Errorf("a long text became %d bytes, cut %v, %d parameters", len(r.Text), r.Cut, len(r.Parameters))
		}
		if r := all[1]; !r.Cut || r.Text != "b" || r.Parameters != nil || r.Digest != many.Digest {
			t.Errorf("large parameters became %+v", r)
		}
		if r := all[2]; r.Cut || len(r.Parameters) != 3 {
			t.Errorf("a small one became %+v", r)
		}
		whole, err := s.Get(t.Context(), "ap-1")
		must(t, err)
		if whole.Cut || whole.Text != long || whole.Statement.Digest() != whole.Digest {
			t.Error("the request itself is cut")
		}
		for _, r := range all {
			_, err := s.Update(t.Context(), r.ID, r.Version, func(r *approval.Request) error {
				r.Reason = "changed"
				return nil
			})
			must(t, err)
		}
	}
}

func testDue(t *testing.T, s approval.Store) {
	for i := range 3 {
		r := Request(fmt.Sprintf("ap-%d", i), fmt.Sprint(i))
		r.Expires = base.Add(time.Duration(i) * time.Minute)
		must(t, s.Create(t.Context(), r))
	}
	all, err := s.List(t.Context(), approval.Filter{Due: base.Add(time.Minute)})
	must(t, err)
	if len(all) != 2 || all[0].ID != "ap-0" || all[1].ID != "ap-1" {
		t.Errorf("%d are due", len(all))
	}
}

func testRevision(t *testing.T, s approval.Store) {
	seen := make(map[int64]bool)
	look := func() {
		t.Helper()
		n, err := s.Revision(t.Context())
		must(t, err)
		if seen[n] {
			t.Errorf("revision %d came twice", n)
		}
		seen[n] = true
	}
	look()
	must(t, s.Create(t.Context(), Request("ap-1", "a")))
	look()
	_, err := s.Update(t.Context(), "ap-1", 1, func(r *approval.Request) error { return r.Cancel("", base) })
	must(t, err)
	look()
	_, err = s.Remove(t.Context(), base.Add(time.Minute), 1<<30)
	must(t, err)
	look()
}

func testOwn(t *testing.T, s approval.Store) {
	r := Request("ap-1", "a")
	must(t, s.Create(t.Context(), r))
	r.Parameters[0].Value[0] = 'y'
	got, err := s.Get(t.Context(), "ap-1")
	must(t, err)
	got.Parameters[0].Value[0] = 'z'
	got, err = s.Get(t.Context(), "ap-1")
	must(t, err)
	if string(got.Parameters[0].Value) != "x\x00\xff" {
		t.Errorf("the store shares %q", got.Parameters[0].Value)
	}
}

func testContext(t *testing.T, s approval.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Create(ctx, Request("ap-1", "a")); err == nil {
		t.Error("it created")
	}
	if _, err := s.List(ctx, approval.Filter{}); err == nil {
		t.Error("it listed")
	}
}
