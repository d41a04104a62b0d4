package approval_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/weirgate/weir/policy/approval"
	"github.com/weirgate/weir/policy/approval/approvaltest"
	"github.com/weirgate/weir/policy/identity"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemoryIsAStore(t *testing.T) {
	approvaltest.Store(t, func(*testing.T) approval.Store { return approval.NewMemory() })
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func statement() approval.Statement {
	return approval.Statement{
		Server: "10.0.3.7:5432", Database: "crm", User: "app", SearchPath: "public", Policy: "p", Rule: "r", Text: "delete from t where a = $1",
		Identity:   identity.Identity{Subject: "unit:bot.service", Kind: "Unit", Unit: "bot.service", CgroupPath: "/system.slice/bot.service", UID: 1001, User: "bot", PID: 1, Executable: "/usr/bin/bot"},
		Parameters: []approval.Parameter{{Type: 25, Value: []byte("x")}},
	}
}

func TestADigestIsOfEveryFieldAndItsBorders(t *testing.T) {
	base := statement()
	seen := map[approval.Digest]string{base.Digest(): "the statement itself"}
	for name, change := range map[string]func(*approval.Statement){
		"another server":               func(s *approval.Statement) { s.Server += "1" },
		"another database":             func(s *approval.Statement) { s.Database = "crm2" },
		"another subject":              func(s *approval.Statement) { s.Identity.Subject = "unit:other.service" },
		"another kind":                 func(s *approval.Statement) { s.Identity.Kind = "Pod" },
		"another unit":                 func(s *approval.Statement) { s.Identity.Unit = "x" },
		"another container":            func(s *approval.Statement) { s.Identity.ContainerID = "x" },
		"another pod":                  func(s *approval.Statement) { s.Identity.PodUID = "x" },
		"another cgroup":               func(s *approval.Statement) { s.Identity.CgroupPath = "x" },
		"another executable":           func(s *approval.Statement) { s.Identity.Executable = "x" },
		"another uid":                  func(s *approval.Statement) { s.Identity.UID = 0 },
		"another role":                 func(s *approval.Statement) { s.User = "x" },
		"another meaning":              func(s *approval.Statement) { s.Meaning = "x" },
		"another login":                func(s *approval.Statement) { s.Identity.LoginUID = 7 },
		"another search path":          func(s *approval.Statement) { s.SearchPath = "evil, public" },
		"another rule":                 func(s *approval.Statement) { s.Rule = "x" },
		"another policy":               func(s *approval.Statement) { s.Policy = "x" },
		"a blank more":                 func(s *approval.Statement) { s.Text += " " },
		"a byte that is not UTF-8":     func(s *approval.Statement) { s.Text += "\xff" },
		"another byte, not UTF-8":      func(s *approval.Statement) { s.Text += "\xfe" },
		"a border moved":               func(s *approval.Statement) { s.Server, s.Database = "10.0.3.7:5432c", "rm" },
		"no parameters":                func(s *approval.Statement) { s.Parameters = nil },
		"a parameter's other value":    func(s *approval.Statement) { s.Parameters[0].Value = []byte("y") },
		"a parameter's other type":     func(s *approval.Statement) { s.Parameters[0].Type = 23 },
		"a parameter's other format":   func(s *approval.Statement) { s.Parameters[0].Format = 1 },
		"a null parameter":             func(s *approval.Statement) { s.Parameters[0] = approval.Parameter{Type: 25, Null: true} },
		"an empty parameter":           func(s *approval.Statement) { s.Parameters[0] = approval.Parameter{Type: 25} },
		"a null parameter more":        func(s *approval.Statement) { s.Parameters = append(s.Parameters, approval.Parameter{Null: true}) },
		"the parameter is in the text": func(s *approval.Statement) { s.Text += "x"; s.Parameters = s.Parameters[:0] },
	} {
		s := statement()
		change(&s)
		if other, there := seen[s.Digest()]; there {
			t.Errorf("%s has the digest of %s", name, other)
		}
		seen[s.Digest()] = name
	}
	again := statement()
	again.Identity.PID, again.Identity.Comm = 2, "other"
	if again.Digest() != base.Digest() {
		t.Error("a client that starts again is another one")
	}
}

func request(needed int) *approval.Request {
	r := &approval.Request{ID: "ap-1", State: approval.Pending, Statement: statement(), Created: noon, Expires: noon.Add(15 * time.Minute), Changed: noon, Needed: needed}
	r.Digest = r.Statement.Digest()
	return r
}

var (
	ann = approval.Approver{UID: 1, User: "ann"}
	bob = approval.Approver{UID: 2, User: "bob"}
	cat = approval.Approver{UID: 3, User: "cat"}
)

func yes(a approval.Approver) approval.Decision {
	return approval.Decision{Approver: a, Approve: true, Reason: "fine"}
}
func no(a approval.Approver) approval.Decision {
	return approval.Decision{Approver: a, Reason: "not so"}
}

func TestTheLifeOfARequest(t *testing.T) {
	type step struct {
		do   func(*approval.Request) error
		want error
	}
	decide := func(d approval.Decision) func(*approval.Request) error {
		return func(r *approval.Request) error { return r.Decide(d, noon.Add(time.Minute)) }
	}
	use := func(r *approval.Request) error { return r.Use(r.Digest, noon.Add(2*time.Minute)) }
	late := func(f func(*approval.Request, time.Time) error) func(*approval.Request) error {
		return func(r *approval.Request) error { return f(r, r.Expires) }
	}
	for name, c := range map[string]struct {
		needed int
		steps  []step
		end    approval.State
	}{
		"approved and used once":                      {1, []step{{decide(yes(ann)), nil}, {use, nil}, {use, approval.ErrUsed}}, approval.Used},
		"not used before it is approved":              {1, []step{{use, approval.ErrNotApproved}}, approval.Pending},
		"denied":                                      {1, []step{{decide(no(ann)), nil}, {decide(yes(bob)), approval.ErrFinal}, {use, approval.ErrNotApproved}}, approval.Denied},
		"two approvers are two people":                {2, []step{{decide(yes(ann)), nil}, {decide(yes(ann)), approval.ErrTwice}, {use, approval.ErrNotApproved}, {decide(yes(bob)), nil}, {use, nil}}, approval.Used},
		"one person with two names is one":            {2, []step{{decide(yes(ann)), nil}, {decide(yes(approval.Approver{UID: 1, User: "root"})), approval.ErrTwice}}, approval.Pending},
		"one name with two numbers is one":            {2, []step{{decide(yes(ann)), nil}, {decide(yes(approval.Approver{UID: 9, User: "ann"})), approval.ErrTwice}}, approval.Pending},
		"one person, once behind sudo, is one":        {2, []step{{decide(yes(ann)), nil}, {decide(yes(approval.Approver{UID: 0, User: "root", LoginUID: 1})), approval.ErrTwice}}, approval.Pending},
		"two people behind sudo are two":              {2, []step{{decide(yes(approval.Approver{User: "root", LoginUID: 1})), nil}, {decide(yes(approval.Approver{User: "root", LoginUID: 2})), nil}, {use, nil}}, approval.Used},
		"who became the requester does not decide":    {1, []step{{decide(yes(approval.Approver{UID: 9, LoginUID: 1001})), approval.ErrSelf}}, approval.Pending},
		"one denial outweighs approvals":              {3, []step{{decide(yes(ann)), nil}, {decide(yes(bob)), nil}, {decide(no(cat)), nil}, {decide(yes(cat)), approval.ErrFinal}}, approval.Denied},
		"an approver may take it back":                {2, []step{{decide(yes(ann)), nil}, {decide(no(ann)), nil}}, approval.Denied},
		"a denial after approval counts while unused": {1, []step{{decide(yes(ann)), nil}, {decide(no(bob)), nil}, {use, approval.ErrNotApproved}}, approval.Denied},
		"more approvals than needed change nothing":   {1, []step{{decide(yes(ann)), nil}, {decide(yes(bob)), approval.ErrFinal}, {use, nil}}, approval.Used},
		"a denial after use is too late":              {1, []step{{decide(yes(ann)), nil}, {use, nil}, {decide(no(bob)), approval.ErrFinal}}, approval.Used},
		"the requester's uid does not decide":         {1, []step{{decide(yes(approval.Approver{UID: 1001})), approval.ErrSelf}}, approval.Pending},
		"the requester's name does not decide":        {1, []step{{decide(yes(approval.Approver{UID: 7, User: "bot"})), approval.ErrSelf}}, approval.Pending},
		"the requester does not deny either":          {1, []step{{decide(no(approval.Approver{UID: 1001})), approval.ErrSelf}}, approval.Pending},
		"a reason is needed":                          {1, []step{{decide(approval.Decision{Approver: ann, Approve: true, Reason: " "}), approval.ErrReason}}, approval.Pending},
		"an approval comes too late": {1, []step{{late(func(r *approval.Request, at time.Time) error { return r.Decide(yes(ann), at) }), approval.ErrExpired},
			{late(func(r *approval.Request, at time.Time) error { r.Expire(at); return nil }), nil}, {decide(yes(ann)), approval.ErrFinal}}, approval.Expired},
		"an approval does not outlive the request": {1, []step{{decide(yes(ann)), nil},
			{late(func(r *approval.Request, at time.Time) error { return r.Use(r.Digest, at) }), approval.ErrExpired}}, approval.Approved},
		"another statement does not use it": {1, []step{{decide(yes(ann)), nil}, {func(r *approval.Request) error { return r.Use("x", noon) }, approval.ErrMismatch}}, approval.Approved},
		"a changed text does not use it": {1, []step{{decide(yes(ann)), nil}, {func(r *approval.Request) error {
			r.Text = "drop table t"
			return r.Use(r.Digest, noon)
		}, approval.ErrMismatch}}, approval.Approved},
		"cancelled": {1, []step{{func(r *approval.Request) error { return r.Cancel("gone", noon) }, nil}, {decide(yes(ann)), approval.ErrFinal}}, approval.Cancelled},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(c.needed)
			for i, s := range c.steps {
				if err := s.do(r); !errors.Is(err, s.want) {
					t.Fatalf("step %d gave %v instead of %v", i, err, s.want)
				}
			}
			if r.State != c.end {
				t.Errorf("it ended %s instead of %s", r.State, c.end)
			}
		})
	}
	if err := request(1).Decide(yes(approval.Approver{UID: 1001}), noon); !strings.Contains(err.Error(), "user bot") {
		t.Errorf("the error does not say who asked: %v", err)
	}
}

// A request of root comes from a container, or from somebody behind sudo.
func TestWhoseRequestIsRoots(t *testing.T) {
	root := func(login uint32) approval.Approver {
		return approval.Approver{User: "root", LoginUID: login}
	}
	for name, c := range map[string]struct {
		login uint32 // of the requester
		by    approval.Approver
		want  error
	}{
		"a container's root, by a user":               {0, ann, nil},
		"a container's root, by somebody behind sudo": {0, root(1), nil},
		"a container's root, by a service of root's":  {0, root(0), approval.ErrSelf},
		"behind sudo, by who is behind it":            {1, ann, approval.ErrSelf},
		"behind sudo, by the same again":              {1, root(1), approval.ErrSelf},
		"behind sudo, by another":                     {1, root(2), nil},
		"behind sudo, by another user":                {1, bob, nil},
	} {
		r := request(1)
		r.Identity.UID, r.Identity.User, r.Identity.LoginUID = 0, "root", c.login
		if err := r.Decide(yes(c.by), noon); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestEscapeShowsWhatIsHidden(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"plain text":              {"SELECT 'é日本', \"a\"\n\tFROM t;", "SELECT 'é日本', \"a\"\n\tFROM t;"},
		"an escape sequence":      {"a\x1b[2Kb", "a<U+001B>[2Kb"},
		"an eight-bit control":    {"a\u009bb", "a<U+009B>b"},
		"a carriage return":       {"drop\rselect", "drop<U+000D>select"},
		"a change of direction":   {"a\u202eb\u2066", "a<U+202E>b<U+2066>"},
		"a blank that is none":    {"a\u00a0b\u200bc\ufeff", "a<U+00A0>b<U+200B>c<U+FEFF>"},
		"a filler":                {"a\u3164b", "a<U+3164>b"},
		"a variation selector":    {"a\ufe0fb", "a<U+FE0F>b"},
		"a tag character":         {"a\U000e0041", "a<U+E0041>"},
		"bytes that are not text": {"a\xff\xc3", "a<0xFF><0xC3>"},
		"a NUL":                   {"a\x00", "a<U+0000>"},
		"many blanks":             {"a" + strings.Repeat(" ", 300) + "b", "a<300 blanks>b"},
		"many lines":              {"a\n" + strings.Repeat(" \n", 50) + "  b", "a\n<50 empty lines>\n  b"},
		"a few lines":             {"a\n\n  b", "a\n\n  b"},
		"nothing":                 {"", ""},
	} {
		if got := approval.Escape(c.in); got != c.want {
			t.Errorf("%s: %q instead of %q", name, got, c.want)
		}
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("select 1")
	f.Add("a\u202e\xff\x1b \n\n\n\n\n")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range approval.Escape(s) {
			if r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r <= 0x9f || r >= 0x202a && r <= 0x202e || r == 0xfffd {
				t.Fatalf("%q shows %U", s, r)
			}
		}
	})
}
