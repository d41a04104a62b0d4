package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weirgate/weir/cmd/weir/internal/terminal"
	"github.com/weirgate/weir/daemon/config"
	"github.com/weirgate/weir/proxy/console"
)

func (a *app) statusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what the daemon does, and the connections that it cannot see",
		Long: `Show what the daemon captures, the policies in force, sessions, journal and parser, and
the database connections that are older than the capture and so pass unseen
(` + "`weir run --destroy-existing`" + ` ends them).`,
		Example: "  weir status\n  weir status -o json | jq .policy.revision",
		Args:    usage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.status(cmd.Context()) },
	}
	a.outputFlag(cmd)
	return cmd
}

func (a *app) status(ctx context.Context) error {
	client := a.client()
	defer client.Close()
	done := a.err.Progress("asking weir")
	status, err := client.Status(ctx)
	done()
	if err != nil {
		return err
	}
	if a.output == outputJSON {
		return a.printJSON(status)
	}
	return a.printf("%s", renderStatus(a.out, status, time.Now()))
}

// sheet is a list of names with values, aligned.
type sheet struct {
	screen *terminal.Screen
	b      strings.Builder
}

const sheetName = 12

func (s *sheet) line(name, format string, args ...any) {
	value := terminal.OneLine(fmt.Sprintf(format, args...))
	s.name(name)
	s.b.WriteString(value)
	s.b.WriteByte('\n')
}

func (s *sheet) coloured(name string, colour terminal.Colour, format string, args ...any) {
	value := terminal.OneLine(fmt.Sprintf(format, args...))
	s.name(name)
	s.b.WriteString(s.screen.Paint(colour, value))
	s.b.WriteByte('\n')
}

// name begins a line; a long one is still apart from what follows.
func (s *sheet) name(name string) {
	padded := terminal.Pad(name, sheetName)
	if name != "" && !strings.HasSuffix(padded, " ") {
		padded += " "
	}
	s.b.WriteString(s.screen.Paint(terminal.Bold, padded))
}

func renderStatus(screen *terminal.Screen, st *console.Status, now time.Time) string {
	s := &sheet{screen: screen}
	s.line("weir", "%s, process %d, up for %s", st.Version, st.PID, span(now.Sub(st.Started)))
	if st.Config != "" {
		s.line("config", "%s", st.Config)
	}
	statusOfPolicy(s, &st.Policy, now)
	statusOfCapture(s, &st.Capture)
	for _, l := range st.Listeners {
		where := l.Network + " " + l.Address
		if l.Database != "" {
			where += " for database " + l.Database
		}
		if l.Netns != "" {
			where += " in " + l.Netns
		}
		s.line("listener", "%s: %s", l.Name, where)
	}
	s.line("sessions", "%d open of at most %d; %d since the start, %d connections refused", st.Sessions.Open, st.Sessions.Limit, st.Sessions.Total, st.Sessions.Refused)
	if st.Journal.Writable {
		s.line("journal", "%s: %s in segments, %s free, %d records since the start", st.Journal.Folder, sizeText(st.Journal.Bytes), sizeText(st.Journal.Free), st.Journal.Records)
	} else {
		s.coloured("journal", terminal.Red, "%s cannot be written, so statements are refused: %s", st.Journal.Folder, st.Journal.Problem)
	}
	statusOfCatalogs(s, st.Catalogs, now)
	statusOfPatterns(s, st.Policy.Patterns)
	s.line("parser", "%d workers, %d texts parsed, %s from the cache, %d lost to hostile texts, %d %s", st.Parser.Workers, st.Parser.Misses, share(st.Parser.Hits, st.Parser.Hits+st.Parser.Misses), st.Parser.Lost, st.Parser.Restarts, plural(int(st.Parser.Restarts), "restart", "restarts"))
	if st.Approvals.Pending > 0 {
		s.coloured("approvals", terminal.Yellow, "%d pending of at most %d: weir approvals list", st.Approvals.Pending, st.Approvals.Limit)
	} else {
		s.line("approvals", "none pending")
	}
	for _, p := range st.Problems {
		s.coloured("problem", terminal.Red, "%s", p)
	}
	return s.b.String() + renderUnseen(screen, st.Capture.Unseen)
}

func statusOfPolicy(s *sheet, p *console.PolicyStatus, now time.Time) {
	s.line("policy", "revision %s, loaded %s ago: %s; %s", p.Revision, ago(p.Loaded, now), list("policy", "policies", p.Policies), list("database", "databases", p.Databases))
	if p.Unmatched == string(config.UnmatchedObserve) {
		s.coloured("unmatched", terminal.Yellow, "Observe: what no policy selects is relayed and recorded, nothing is enforced on it")
	} else {
		s.line("unmatched", "%s", p.Unmatched)
	}
	for _, problem := range p.Refused {
		s.coloured("refused", terminal.Red, "%s", problem)
	}
	if len(p.Refused) > 0 {
		s.coloured("", terminal.Red, "the newest documents have errors; the revision above stays in force until they are corrected")
	}
}

// statusOfPatterns tells of the patterns of rules that match nothing.
func statusOfPatterns(s *sheet, all []console.UnmatchedPattern) {
	const most = 5
	for i := range all {
		if i == most {
			s.coloured("pattern", terminal.Yellow, "%d more match nothing: `weir doctor` names them", len(all)-most)
			return
		}
		s.coloured("pattern", terminal.Yellow, "%s", patternSays(&all[i]))
	}
}

// statusOfCatalogs shows how old is what is known of databases' schemas.
func statusOfCatalogs(s *sheet, all []console.CatalogStatus, now time.Time) {
	name := "catalog"
	for _, c := range all {
		switch {
		case c.Confirmed.IsZero() && c.Problem == "":
			continue // nothing needed it yet
		case c.Confirmed.IsZero():
			s.coloured(name, terminal.Red, "%s: never read", c.Database)
		case !c.Usable && c.Problem != "":
			s.coloured(name, terminal.Red, "%s: last confirmed %s ago, too old", c.Database, ago(c.Confirmed, now))
		default:
			s.line(name, "%s: confirmed %s ago, %d %s, %d %s", c.Database, ago(c.Confirmed, now),
				c.Relations, plural(c.Relations, "relation", "relations"), c.Functions, plural(c.Functions, "function", "functions"))
		}
		name = ""
	}
}

func statusOfCapture(s *sheet, c *console.CaptureStatus) {
	if c.Mode != string(config.CaptureTransparent) {
		s.coloured("capture", terminal.Yellow, "%s: only the listeners' own addresses are served", c.Mode)
		return
	}
	ports := make([]string, len(c.Ports))
	for i, p := range c.Ports {
		ports[i] = strconv.Itoa(int(p))
	}
	where := c.Cgroup
	if where == "" || where == "/" {
		where = "all cgroups"
	} else {
		where = "cgroup " + where
	}
	attached := 0
	for _, l := range c.Links {
		if l.Attached {
			attached++
		}
	}
	s.line("capture", "%s, ports %s; %d of %d programs attached", where, strings.Join(ports, ", "), attached, len(c.Links))
	for _, l := range c.Links {
		if !l.Attached || l.Problem != "" {
			s.coloured("", terminal.Red, "%s is not attached: %s", l.Name, l.Problem)
		}
	}
	var parts []string
	for name, n := range c.Counters {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, name))
		}
	}
	if len(parts) > 0 {
		slices.SortFunc(parts, func(a, b string) int {
			return strings.Compare(a[strings.IndexByte(a, ' '):], b[strings.IndexByte(b, ' '):])
		})
		s.line("", "%s", strings.Join(parts, ", "))
	}
}

// renderUnseen lists the connections that weir cannot see.
func renderUnseen(screen *terminal.Screen, unseen []console.Connection) string {
	if len(unseen) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteByte('\n')
	b.WriteString(screen.Paint(terminal.Yellow, fmt.Sprintf("%d database %s older than the capture and %s unseen; `weir run --destroy-existing` ends them:",
		len(unseen), plural(len(unseen), "connection is", "connections are"), plural(len(unseen), "passes", "pass"))))
	b.WriteByte('\n')
	table := terminal.Table{Head: []string{"LOCAL", "REMOTE", "PID", "USER", "EXECUTABLE", "CGROUP"}, Right: []bool{false, false, true}}
	for _, c := range unseen {
		pid := "-"
		if c.PID > 0 {
			pid = strconv.Itoa(c.PID)
		}
		table.Add(c.Local, c.Remote, pid, orDash(c.User), orDash(c.Executable), orDash(c.Cgroup))
	}
	to := *screen
	to.Writer = &b
	_ = table.Print(&to) // a strings.Builder takes everything
	return b.String()
}

func list(one, many string, names []string) string {
	switch len(names) {
	case 0:
		return "no " + many
	case 1:
		return one + " " + names[0]
	}
	return fmt.Sprintf("%d %s (%s)", len(names), many, strings.Join(names, ", "))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func share(part, whole uint64) string {
	if whole == 0 {
		return "none"
	}
	return fmt.Sprintf("%.0f%%", 100*float64(part)/float64(whole))
}

// sizeText gives a size with at most one digit behind the point.
func sizeText(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, names := float64(n)/unit, []string{"KiB", "MiB", "GiB", "TiB", "PiB"}
	for value >= unit && len(names) > 1 {
		value, names = value/unit, names[1:]
	}
	return fmt.Sprintf("%.1f %s", value, names[0])
}
