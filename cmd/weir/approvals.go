package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/weirgate/weir/cmd/weir/internal/terminal"
	"github.com/weirgate/weir/policy/approval"
	"github.com/weirgate/weir/proxy/journal"
)

func (a *app) approvalsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "approvals",
		Short: "List, show and decide requests for a statement to be let through",
		Long: `A rule with the action RequireApproval holds a statement until somebody decides. The
approver is the user who runs the command, as the kernel tells the daemon; the user whose
process asked cannot decide, not even behind sudo.`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.approvalsListCommand(), a.approvalsShowCommand(), a.decideCommand(true), a.decideCommand(false))
	return cmd
}

func (a *app) approvalsListCommand() *cobra.Command {
	var all bool
	var state string
	states := []approval.State{approval.Pending, approval.Approved, approval.Used, approval.Denied, approval.Expired, approval.Cancelled}
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List requests, the newest first: those that wait, or all",
		Example: "  weir approvals list\n  weir approvals list --all\n  weir approvals list --state Denied -o json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			wanted := approval.Pending
			if all {
				wanted = ""
			}
			if state != "" {
				wanted = ""
				var names []string
				for _, s := range states {
					names = append(names, string(s))
					if strings.EqualFold(state, string(s)) {
						wanted = s
					}
				}
				if wanted == "" {
					return &usageError{fmt.Errorf("--state %q is not known: use %s", state, strings.Join(names, ", "))}
				}
			}
			return a.approvalsList(cmd.Context(), wanted)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "decided ones as well")
	cmd.Flags().StringVar(&state, "state", "", "those in this state")
	a.outputFlag(cmd)
	return cmd
}

func (a *app) approvalsList(ctx context.Context, state approval.State) error {
	client := a.client()
	defer client.Close()
	requests, err := client.Approvals(ctx, state)
	if err != nil {
		return err
	}
	if a.output == outputJSON {
		return a.printJSON(requests)
	}
	if len(requests) == 0 {
		if state == approval.Pending {
			a.note("Nothing waits for a decision. `weir approvals list --all` lists what was decided.")
		} else {
			a.note("No request matches.")
		}
		return nil
	}
	return renderApprovals(a.out, requests, time.Now())
}

func renderApprovals(screen *terminal.Screen, requests []*approval.Request, now time.Time) error {
	table := terminal.Table{Head: []string{"ID", "STATE", "AGE", "EXPIRES", "WORKLOAD", "DATABASE", "RULE", "TEXT"}, Right: []bool{false, false, true, true}}
	for _, r := range requests {
		text := r.Text
		if r.Cut {
			text += "…"
		}
		expires := "-"
		if r.State.Live() {
			expires = span(r.Expires.Sub(now))
		}
		table.Rows = append(table.Rows, []terminal.Cell{
			{Text: r.ID}, {Text: string(r.State), Colour: stateColour(r.State)}, {Text: ago(r.Created, now)}, {Text: expires},
			{Text: r.Identity.Subject}, {Text: r.Database}, {Text: r.Policy + "/" + r.Rule}, {Text: text},
		})
	}
	return table.Print(screen)
}

func stateColour(s approval.State) terminal.Colour {
	switch s {
	case approval.Pending:
		return terminal.Yellow
	case approval.Approved, approval.Used:
		return terminal.Green
	case approval.Denied:
		return terminal.Red
	}
	return terminal.Dim
}

func (a *app) approvalsShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show one request: the exact text and parameters, who asks, and which rule",
		Long: `Show exactly what would be let through. Characters that steer a terminal, change the
direction of writing or are not seen are written as <U+202E>, whatever the output is.`,
		Example:           "  weir approvals show ap-7k2m9q",
		Args:              usage(cobra.ExactArgs(1)),
		ValidArgsFunction: a.completeApprovals,
		RunE: func(cmd *cobra.Command, args []string) error {
			client := a.client()
			defer client.Close()
			request, err := client.Approval(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if a.output == outputJSON {
				return a.printJSON(request)
			}
			return a.printf("%s", renderApproval(a.out, request, time.Now()))
		},
	}
	a.outputFlag(cmd)
	return cmd
}

func renderApproval(screen *terminal.Screen, r *approval.Request, now time.Time) string {
	s := &sheet{screen: screen}
	s.line("request", "%s", r.ID)
	state := string(r.State)
	switch held := r.Created.Add(r.Wait); {
	case r.State == approval.Pending && now.Before(held):
		state += fmt.Sprintf(", the client is held for %s more; asked %s ago, expires in %s", span(held.Sub(now)), ago(r.Created, now), span(r.Expires.Sub(now)))
	case r.State.Live():
		state += fmt.Sprintf("; asked %s ago, expires in %s", ago(r.Created, now), span(r.Expires.Sub(now)))
	default:
		state += fmt.Sprintf(" %s ago; asked %s ago", ago(r.Changed, now), ago(r.Created, now))
	}
	s.coloured("state", stateColour(r.State), "%s", state)
	if r.Reason != "" {
		s.line("", "%s", r.Reason)
	}
	id := &r.Identity
	s.line("workload", "%s", id.Subject)
	s.line("process", "user %s (uid %d), executable %s, cgroup %s", orDash(id.User), id.UID, orDash(id.Executable), orDash(id.CgroupPath))
	s.line("database", "%s at %s, as user %s, search_path %s", orDash(r.Database), orDash(r.Server), orDash(r.User), orDash(r.SearchPath))
	s.line("rule", "%s/%s%s", r.Policy, r.Rule, prefixed(": ", r.Message))
	if len(r.Approvers) > 0 {
		s.line("approvers", "%s", strings.Join(r.Approvers, " or "))
	}
	if r.Needed > 1 {
		s.line("", "%d must agree, %d more are needed", r.Needed, r.Missing())
	}
	s.line("session", "%s", r.Session)
	s.line("digest", "%s", r.Digest)
	for _, d := range r.Decisions {
		verb, colour := "denied", terminal.Red
		if d.Approve {
			verb, colour = "approved", terminal.Green
		}
		by := d.Approver.Name
		if by == "" {
			by = d.Approver.String()
		}
		s.coloured("decision", colour, "%s by %s: %s", verb, by, d.Reason)
	}
	// The text stands behind a margin that nothing in it can come out of, and what is not
	// of it does not.
	shown := approval.Escape(r.Text)
	s.line("text", "%s", sizes(r.Text))
	for line := range strings.SplitSeq(strings.TrimRight(shown, "\n"), "\n") {
		for piece := range terminal.Pieces(strings.ReplaceAll(line, "\t", tab), screen.Width-len(margin)) {
			s.b.WriteString(margin + piece + "\n")
		}
	}
	for i, p := range r.Parameters {
		name := fmt.Sprintf("$%d", i+1)
		for piece := range terminal.Pieces(parameter(p), screen.Width-sheetName) { // each blank counts
			s.b.WriteString(screen.Paint(terminal.Bold, terminal.Pad(name, sheetName)) + piece + "\n")
			name = ""
		}
	}
	s.b.WriteByte('\n')
	for _, w := range warnings(r, shown) {
		s.b.WriteString(screen.Paint(terminal.Yellow, "! "+w) + "\n")
	}
	if r.State == approval.Pending {
		fmt.Fprintf(&s.b, "weir approvals approve %s --reason \"...\"\nweir approvals deny %s --reason \"...\"\n", r.ID, r.ID)
	}
	return s.b.String()
}

// margin stands in front of each line of a text, tab in place of one in it.
const (
	margin = "  | "
	tab    = "    "
)

// sizes says how long a text is, so that a part of it is not taken for all.
func sizes(text string) string {
	lines := strings.Count(strings.TrimRight(text, "\n"), "\n") + 1
	if lines == 1 {
		return fmt.Sprintf("%d bytes", len(text))
	}
	return fmt.Sprintf("%d bytes in %d lines", len(text), lines)
}

// What is longer than this is easily not read to its end.
const (
	longText  = 4000
	longLines = 40
)

// warnings tell what an approver may not see in a request.
func warnings(r *approval.Request, shown string) []string {
	var list []string
	text := r.Text
	if len(text) > longText || strings.Count(text, "\n") > longLines {
		list = append(list, fmt.Sprintf("The text is long: %s. Read it to its end (`weir approvals show %s | less`) before you approve it.", sizes(text), r.ID))
	}
	var values strings.Builder
	for i := range r.Parameters {
		if p := &r.Parameters[i]; !p.Null && p.Format == 0 {
			values.Write(p.Value)
		}
	}
	text += values.String()
	if shown != r.Text {
		list = append(list, "The text holds characters that are not seen or steer a terminal; they are shown as <U+...>.")
	}
	if foreign := terminal.Foreign(text); len(foreign) > 0 {
		const most = 8
		var names []string
		for _, r := range foreign[:min(len(foreign), most)] {
			names = append(names, fmt.Sprintf("%c (U+%04X)", r, r))
		}
		if len(foreign) > most {
			names = append(names, "...")
		}
		list = append(list, "The text or a value holds characters beyond ASCII, some of which look like others: "+strings.Join(names, ", "))
	}
	return list
}

// parameter shows a bound value as what it is.
func parameter(p approval.Parameter) string {
	var s string
	switch {
	case p.Null:
		s = "NULL"
	case p.Format == 0 && utf8.Valid(p.Value):
		s = quoted(string(p.Value))
	default:
		raw := `\x` + hex.EncodeToString(p.Value)
		v := journal.ValueOf(journal.Parameter{Type: p.Type, Format: p.Format, Value: p.Value})
		if p.Format == 0 || v.Hex != "" || len(p.Value) == 0 {
			s = "bytes " + raw
			break
		}
		s = quoted(v.Text) + ", sent as " + raw
	}
	if p.Type != 0 {
		s += fmt.Sprintf(" (type %d)", p.Type)
	}
	return s
}

// quoted shows a text as a literal.
func quoted(text string) string {
	s := strconv.Quote(approval.Escape(text))
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s[1:len(s)-1], `\"`, `"`), "'", "''") + "'"
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func (a *app) decideCommand(approve bool) *cobra.Command {
	var reason string
	verb, short := "deny", "Deny a request; the statement is refused"
	if approve {
		verb, short = "approve", "Approve a request: the statement passes, once"
	}
	cmd := &cobra.Command{
		Use:               verb + " ID --reason TEXT",
		Short:             short,
		Example:           fmt.Sprintf("  weir approvals show ap-7k2m9q\n  weir approvals %s ap-7k2m9q --reason \"agreed with the team, ticket 4711\"", verb),
		Args:              usage(cobra.ExactArgs(1)),
		ValidArgsFunction: a.completeApprovals,
		RunE: func(cmd *cobra.Command, args []string) error {
			if strings.TrimSpace(reason) == "" {
				return &usageError{errors.New("a decision needs a reason: add --reason \"...\"")}
			}
			client := a.client()
			defer client.Close()
			request, err := client.Decide(cmd.Context(), args[0], approve, reason)
			if err != nil {
				return err
			}
			if a.output == outputJSON {
				return a.printJSON(request)
			}
			return a.printf("%s", decided(request))
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is kept with the decision")
	a.outputFlag(cmd)
	return cmd
}

func decided(r *approval.Request) string {
	switch r.State {
	case approval.Approved:
		return fmt.Sprintf("%s is approved: the statement passes once, until %s.\n", r.ID, r.Expires.Local().Format(time.TimeOnly))
	case approval.Used:
		return fmt.Sprintf("%s is approved, and the statement has passed.\n", r.ID)
	case approval.Pending:
		return fmt.Sprintf("%s is recorded; %d more must agree.\n", r.ID, r.Missing())
	}
	return fmt.Sprintf("%s is %s.\n", r.ID, strings.ToLower(string(r.State)))
}

// completeApprovals offers the ids of pending requests to a shell.
func (a *app) completeApprovals(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	client := a.client()
	defer client.Close()
	requests, err := client.Approvals(cmd.Context(), approval.Pending)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ids []string
	for _, r := range requests {
		ids = append(ids, r.ID+"\t"+terminal.Cut(terminal.OneLine(r.Text), 60))
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}
