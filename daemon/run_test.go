package daemon_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/weirgate/weir/daemon"
	"github.com/weirgate/weir/daemon/config"
	"github.com/weirgate/weir/policy/approval"
	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/test/lab"
)

func TestADaemonServesItsListeners(t *testing.T) {
	h := newHome(t)
	metrics, err := lab.FreePort()
	must(t, err)
	r := h.start(h.config(fmt.Sprintf("  metrics: {listen: \"127.0.0.1:%d\"}\n", metrics)))
	c, err := h.connect(t.Context())
	must(t, err)
	email(t, c)
	_, err = c.Exec(t.Context(), "DROP TABLE customers")
	if got := refusal(err); !strings.Contains(got, "Schema changes") {
		t.Errorf("DROP gave %v", err)
	}
	u, err := h.connectTo(t.Context(), "unix", filepath.Join(h.dir, "shop.sock"))
	must(t, err)
	email(t, u)

	s, err := r.api.Status(t.Context())
	must(t, err)
	if s.Sessions.Open != 2 || len(s.Listeners) != 2 || len(s.Problems) != 0 || !slices.Equal(s.Policy.Databases, []string{"shop"}) || !s.Journal.Writable {
		t.Errorf("status: %+v", s)
	}
	open, err := r.api.Sessions(t.Context(), console.SessionFilter{})
	must(t, err)
	if len(open) != 2 || open[0].Identity.PID != h.agent.PID || open[0].How != "addressed" {
		t.Errorf("sessions: %+v", open)
	}
	// A statement waits, and is approved by the API.
	done := make(chan error, 1)
	go func() { _, err := c.Exec(context.Background(), "DELETE FROM customers WHERE id = 7"); done <- err }()
	var list []*approval.Request
	if !within(func() bool {
		list, err = r.api.Approvals(t.Context(), approval.Pending)
		must(t, err)
		return len(list) == 1
	}) {
		t.Fatal("no request")
	}
	if list[0].Text != "DELETE FROM customers WHERE id = 7" {
		t.Errorf("asked for %+v", list[0])
	}
	_, err = r.api.Decide(t.Context(), list[0].ID, true, "it is meant")
	must(t, err)
	must(t, <-done)
	must(t, u.Close(t.Context()))
	must(t, c.Close(t.Context()))
	r.end()
	if _, err := h.connect(t.Context()); err == nil {
		t.Error("somebody still listens")
	}
	// Nothing is left but the state.
	entries, err := os.ReadDir(h.dir)
	must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"mask.key", "policy.d", "secret", "state"}; !slices.Equal(names, want) {
		t.Errorf("left behind: %v, want %v", names, want)
	}
}

func TestAStopEndsOpenSessionsAndAStartGoesOn(t *testing.T) {
	h := newHome(t)
	for range 3 {
		r := h.start(h.config(""))
		c, err := h.connect(t.Context())
		must(t, err)
		email(t, c)
		done := make(chan error, 1)
		go func() { _, err := c.Exec(context.Background(), "SELECT pg_sleep(30)"); done <- err }()
		within(func() bool {
			list, err := r.api.Sessions(t.Context(), console.SessionFilter{})
			return err == nil && len(list) > 0 && list[0].State == "active"
		})
		began := time.Now()
		r.end()
		if time.Since(began) > 10*time.Second {
			t.Errorf("it took %v to stop", time.Since(began))
		}
		if got := refusal(<-done); !strings.HasPrefix(got, "57P01") {
			t.Errorf("the client got %q", got)
		}
	}
}

func TestDocumentsAreReadAgainWhenTheyChange(t *testing.T) {
	h := newHome(t)
	pg := postgres(t)
	r := h.start(h.config(""))
	c, err := h.connect(t.Context())
	must(t, err)
	drop := func() string {
		_, err := c.Exec(t.Context(), "DROP TABLE customers")
		return refusal(err)
	}
	becomes := func(word string) {
		t.Helper()
		if !within(func() bool { return strings.Contains(drop(), word) }) {
			t.Fatalf("%q: DROP gives %s\n%s", word, drop(), h.log)
		}
	}
	becomes("Schema changes")
	h.policyIs(fmt.Sprintf(documents, pg.Port, h.dir, "Other words."))
	becomes("Other words")

	// A broken document: the last good ones stay, and status says so.
	h.policyIs(strings.Replace(fmt.Sprintf(documents, pg.Port, h.dir, "Broken."), "kind: Policy", "kind: Polizy", 1))
	var s *console.Status
	refused := func() bool {
		s, err = r.api.Status(t.Context())
		must(t, err)
		return len(s.Policy.Refused) > 0
	}
	if !within(refused) {
		t.Fatal("status does not tell")
	}
	if !strings.Contains(s.Policy.Refused[0], "shop.yaml:12") || len(s.Problems) == 0 {
		t.Errorf("status: %+v", s)
	}
	becomes("Other words")
	if _, err := r.api.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "Polizy") {
		t.Errorf("reload: %v", err)
	}
	h.policyIs(fmt.Sprintf(documents, pg.Port, h.dir, "Good again."))
	becomes("Good again")
	if !within(func() bool { return !refused() }) {
		t.Errorf("status: %+v", s)
	}

	// Another key for a mask, in documents that are the same.
	before := email(t, c)
	h.write("mask.key", "another key of as many bytes, or more\n", 0o600)
	res, err := r.api.Reload(t.Context())
	must(t, err)
	if !res.Changed {
		t.Error("a new key changes nothing")
	}
	if after := email(t, c); after == before {
		t.Errorf("the mask is as before: %s", after)
	}
	if res, err = r.api.Reload(t.Context()); err != nil || res.Changed {
		t.Errorf("nothing has changed: %+v, %v", res, err)
	}

	// The documents are gone: what is not selected is denied, not left alone.
	must(t, os.Remove(h.policy))
	if !within(func() bool {
		_, err := c.Exec(t.Context(), "SELECT 1")
		return strings.Contains(refusal(err), "no policy allows")
	}) {
		t.Error("the session goes on as before")
	}
	if _, err := h.connect(t.Context()); !strings.Contains(refusal(err), "not defined") {
		t.Errorf("a new session: %v", err)
	}
}

func TestAStartThatCannotBe(t *testing.T) {
	pg := postgres(t)
	for _, c := range []struct {
		name   string
		breaks func(h *home) *config.Config
		words  []string
	}{
		{"a document is bad", func(h *home) *config.Config {
			h.policyIs("apiVersion: weir.dev/v1alpha1\nkind: Polizy\n")
			return h.config("")
		}, []string{"reading the policy documents", "shop.yaml:2"}},
		{"a document's key is not there", func(h *home) *config.Config {
			must(h.t, os.Remove(filepath.Join(h.dir, "mask.key")))
			return h.config("")
		}, []string{"mask.key", "no such file"}},
		{"the state folder cannot be made", func(h *home) *config.Config {
			h.write("state", "a file", 0o600)
			return h.config("")
		}, []string{"preparing the state folder", "not a directory"}},
		{"a listener's port is taken", func(h *home) *config.Config {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", h.port))
			must(h.t, err)
			h.t.Cleanup(func() { _ = l.Close() })
			return h.config("")
		}, []string{"catching connections", `listener "shop"`, "address already in use"}},
		{"the metrics' port is taken", func(h *home) *config.Config {
			return h.config(fmt.Sprintf("  metrics: {listen: \"127.0.0.1:%d\"}\n", pg.Port))
		}, []string{"metrics", "address already in use"}},
		{"the admin socket's folder is a file", func(h *home) *config.Config {
			h.admin = filepath.Join(h.dir, "secret", "admin.sock")
			return h.config("")
		}, []string{"opening the admin API", "not a folder"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHome(t)
			cfg := c.breaks(h)
			before := goleak.IgnoreCurrent()
			o := h.options()
			o.Ready = func() { t.Error("it says that it is ready") }
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			err := daemon.Run(ctx, cfg, o)
			if err == nil {
				t.Fatal("it started")
			}
			for _, w := range c.words {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q is not in: %v", w, err)
				}
			}
			leavesNothing(t, before)
			if left, _ := filepath.Glob(filepath.Join(h.dir, "*.sock")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestTwoDaemonsOnOneState(t *testing.T) {
	h := newHome(t)
	_ = h.start(h.config(""))
	other := newHome(t)
	cfg := other.config("")
	cfg.State = filepath.Join(h.dir, "state")
	err := daemon.Run(t.Context(), cfg, other.options())
	if err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("the second one: %v", err)
	}
	if c, err := h.connect(t.Context()); err != nil {
		t.Errorf("the first one: %v\n%s", err, h.log)
	} else {
		email(t, c)
	}
}
