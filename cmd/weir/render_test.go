package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/cmd/weir/internal/activity"
	"github.com/weirgate/weir/cmd/weir/internal/terminal"
	"github.com/weirgate/weir/daemon/doctor"
	"github.com/weirgate/weir/policy/approval"
)

func plain(b *bytes.Buffer) *terminal.Screen { return &terminal.Screen{Writer: b} }

// coloured is a terminal of 120 columns; escapes are shown as \e so that the
// golden file can be read.
func coloured(b *bytes.Buffer) *terminal.Screen {
	return &terminal.Screen{Writer: b, Colours: true, Width: 120, Terminal: true}
}

func visible(s string) string { return strings.ReplaceAll(s, "\x1b", `\e`) }

func TestStatementsAreOneAlignedLineEach(t *testing.T) {
	for _, c := range []struct {
		name    string
		screen  func(*bytes.Buffer) *terminal.Screen
		options activity.Options
	}{
		{"observe.txt", plain, activity.Options{Zone: time.UTC}},
		{"observe-colour.txt", coloured, activity.Options{Zone: time.UTC}},
		{"observe-ids-wide.txt", coloured, activity.Options{Zone: time.UTC, IDs: true, Wide: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			printer := activity.NewPrinter(c.screen(&out), c.options)
			joiner := activity.NewJoiner()
			for _, r := range day() {
				for _, e := range joiner.Add(r) {
					if err := printer.Print(e); err != nil {
						t.Fatal(err)
					}
				}
			}
			for _, e := range joiner.Rest() {
				if err := printer.Print(e); err != nil {
					t.Fatal(err)
				}
			}
			golden(t, c.name, visible(out.String()))
		})
	}
}

func TestStatusIsRendered(t *testing.T) {
	var out bytes.Buffer
	golden(t, "status.txt", renderStatus(plain(&out), status(), noon))
	golden(t, "status-colour.txt", visible(renderStatus(coloured(&out), status(), noon)))
	full := status()
	full.Journal.Writable, full.Journal.Problem = false, "no space left on device"
	full.Capture.Mode, full.Capture.Unseen = "Off", nil
	full.Policy.Unmatched, full.Policy.Refused, full.Policy.Policies = "Deny", nil, nil
	full.Problems, full.Approvals.Pending = nil, 0
	golden(t, "status-off.txt", renderStatus(plain(&out), full, noon))
}

func TestSessionsAreRendered(t *testing.T) {
	var out bytes.Buffer
	sessions := newHouse(t).sessions
	if err := renderSessions(plain(&out), sessions, noon); err != nil {
		t.Fatal(err)
	}
	out.WriteString("\n" + renderSession(plain(&out), &sessions[0], noon))
	out.WriteString("\n" + renderSession(plain(&out), &sessions[1], noon))
	golden(t, "sessions.txt", out.String())
}

// What a text says must not be taken for what weir says of it.
func TestATextCannotPassForItsParametersOrForWeirsWords(t *testing.T) {
	h := newHouse(t)
	r := h.request(t)
	r.Text = "delete from t where id = $1\n$1          '5' (type 23)\n\n! approved already" + strings.Repeat(".", 200) + "\n" + strings.Repeat("select 1;\n", 50)
	r.Parameters = []approval.Parameter{{Type: 23, Format: 1, Value: []byte{0, 0, 0, 7}}, {Type: 25, Value: []byte("аdmin\u202e")}, {Type: 25, Format: 1, Value: nil, Null: true}, {Format: 1, Value: []byte("x")}, {Type: 25, Value: []byte("a   b")}}
	var out bytes.Buffer
	screen := plain(&out)
	screen.Width = 80
	shown := renderApproval(screen, r, noon)
	var own []string
	for line := range strings.SplitSeq(shown, "\n") {
		if terminal.Width(line) > 80 && strings.HasPrefix(line, margin) {
			t.Errorf("a line of the text is wider than the screen: %q", line)
		}
		if !strings.HasPrefix(line, margin) {
			own = append(own, line)
		}
	}
	said := strings.Join(own, "\n")
	for _, want := range []string{"$1          '7', sent as \\x00000007 (type 23)", "$2          'аdmin<U+202E>' (type 25)", "$3          NULL (type 25)", "$4          bytes \\x78", "'a   b'", "bytes in 54 lines", "The text is long", "а (U+0430)"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in\n%s", want, said)
		}
	}
	for _, foreign := range []string{"'5'", "approved already"} {
		if strings.Contains(said, foreign) {
			t.Errorf("%q of the text stands where weir speaks:\n%s", foreign, said)
		}
	}
}

func TestARequestShowsExactlyWhatWouldPass(t *testing.T) {
	h := newHouse(t)
	r := h.request(t)
	r.ID, r.Digest = "ap-7k2m9q", "d1ge57"
	var out bytes.Buffer
	shown := renderApproval(plain(&out), r, noon.Add(20*time.Second))
	for _, c := range shown {
		if c != '\n' && terminal.Steers(c) {
			t.Errorf("%U is shown as it is", c)
		}
	}
	golden(t, "approval.txt", shown)
	r.State, r.Changed = approval.Denied, noon.Add(time.Minute)
	r.Decisions = []approval.Decision{{Approver: approval.Approver{UID: 0, User: "root", Name: "root (uid 0), logged in as ada (uid 1000)"}, Reason: "not on a Friday", At: noon}}
	golden(t, "approval-denied.txt", visible(renderApproval(coloured(&out), r, noon.Add(time.Hour))))
	out.Reset()
	if err := renderApprovals(plain(&out), []*approval.Request{r}, noon.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	golden(t, "approvals.txt", out.String())
}

func TestAnExplanationNamesEveryRule(t *testing.T) {
	var out bytes.Buffer
	golden(t, "explanation.txt", renderExplanation(plain(&out), explanation()))
	golden(t, "explanation-colour.txt", visible(renderExplanation(coloured(&out), explanation())))
}

func TestFindingsComeWithTheirRemedy(t *testing.T) {
	e := examination{Worst: doctor.Failed, Findings: []doctor.Finding{
		{Area: "kernel", Name: "a", Grade: doctor.Good}, {Area: "kernel", Name: "b", Grade: doctor.Good}, {Area: "kernel", Name: "c", Grade: doctor.Good},
		{Area: "kernel", Name: "kernel", Grade: doctor.Good, Detail: "6.1.0"},
		{Area: "kernel", Name: "bpf_set_retval", Grade: doctor.Warning, Detail: "not in this kernel", Remedy: "run a newer one"},
		{Area: "configuration", Name: "/etc/weir/weir.yaml", Grade: doctor.Good, Detail: "valid"},
		{Area: "daemon", Name: "problem", Grade: doctor.Failed, Detail: "first line\nsecond\x1b[2J line", Remedy: "look at the log"},
		{Area: "capture", Name: "programs", Grade: doctor.Skipped, Detail: "needs root"},
	}}
	var out bytes.Buffer
	golden(t, "doctor.txt", renderFindings(plain(&out), e, false))
	golden(t, "doctor-all-colour.txt", visible(renderFindings(coloured(&out), e, true)))
}

func TestMomentsAreUnderstood(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 30, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"":                     {},
		"1h":                   now.Add(-time.Hour),
		"7d":                   now.Add(-7 * 24 * time.Hour),
		"08:15":                time.Date(2026, 3, 4, 8, 15, 0, 0, time.UTC),
		"08:15:30":             time.Date(2026, 3, 4, 8, 15, 30, 0, time.UTC),
		"2026-01-02":           time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
		"2026-01-02 03:04":     time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC),
		"2026-01-02T03:04:05Z": time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	} {
		if got, err := parseWhen(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"yesterday", "1", "-1h", "25:00"} {
		if got, err := parseWhen(text, now); err == nil || statusOf(err) != exitUsage {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
}
