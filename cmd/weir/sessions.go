package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weirgate/weir/cmd/weir/internal/terminal"
	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/proxy/journal"
)

func (a *app) sessionsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sessions",
		Short: "List the sessions of clients, or show one",
		Args:  usage(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.sessionsListCommand(), a.sessionsShowCommand())
	return cmd
}

type sessionFlags struct {
	all                              bool
	since, workload, database, state string
	limit                            int
}

func (a *app) sessionsListCommand() *cobra.Command {
	var f sessionFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List sessions, the newest first",
		Long: `List the sessions that are open; with --all or --since, those that have ended as well.

When the daemon does not run, ended sessions are read from its journal on the disk.`,
		Example: `  weir sessions list
  weir sessions list --all --workload nightly
  weir sessions list --since 24h -o json`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.sessionsList(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.all, "all", false, "ended sessions as well")
	flags.StringVar(&f.since, "since", "", "sessions that lived then or later: 1h, 7d, 14:30, 2006-01-02")
	flags.StringVar(&f.workload, "workload", "", "of workloads whose name contains this, or matches it with * and ?")
	flags.StringVar(&f.database, "database", "", "to this Database")
	flags.IntVarP(&f.limit, "last", "n", 0, "at most this many")
	flags.StringVar(&f.state, "state", "", "read the journal in this state folder instead of asking the daemon")
	a.outputFlag(cmd)
	return cmd
}

func (a *app) sessionsList(ctx context.Context, f sessionFlags) error {
	since, err := parseWhen(f.since, time.Now())
	if err != nil {
		return err
	}
	filter := console.SessionFilter{All: f.all || f.since != "", Since: since, Workload: workloadPattern(f.workload), Database: f.database, Limit: f.limit}
	done := a.err.Progress("reading sessions")
	sessions, err := a.sessions(ctx, f.state, filter)
	done()
	if err != nil {
		return err
	}
	if a.output == outputJSON {
		return a.printJSON(sessions)
	}
	if len(sessions) == 0 {
		if filter.All {
			a.note("No session matches.")
		} else {
			a.note("No session is open. `weir sessions list --all` lists those that have ended.")
		}
		return nil
	}
	return renderSessions(a.out, sessions, time.Now())
}

// sessions asks the daemon, or reads the journal when it does not run.
func (a *app) sessions(ctx context.Context, state string, f console.SessionFilter) ([]console.Session, error) {
	if state == "" {
		client := a.client()
		defer client.Close()
		sessions, err := client.Sessions(ctx, f)
		if !errors.Is(err, console.ErrNotRunning) {
			return sessions, err
		}
		if !readable(a.journalFolder("")) {
			return nil, err
		}
		if !f.All {
			return nil, fmt.Errorf("%w; those that have ended are listed with --all", err)
		}
		a.note("weir is not running; reading its journal in %s", a.journalFolder(""))
	}
	reader, err := journal.OpenReader(a.journalFolder(state))
	if err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	summaries, err := reader.Sessions(ctx, journal.Filter{Since: f.Since, Workload: f.Workload, Database: f.Database, Last: f.Limit})
	if err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	return console.Summaries(summaries, nobody), nil
}

func renderSessions(screen *terminal.Screen, sessions []console.Session, now time.Time) error {
	table := terminal.Table{
		Head:  []string{"SESSION", "STARTED", "STATE", "WORKLOAD", "DATABASE", "USER", "STATEMENTS", "REFUSED", "ROWS", "RUNNING"},
		Right: []bool{false, true, false, false, false, false, true, true, true},
	}
	for _, s := range sessions {
		state, colour := sessionState(s, now)
		refused := terminal.Cell{Text: strconv.FormatInt(s.Denied, 10)}
		if s.Denied > 0 {
			refused.Colour = terminal.Red
		}
		table.Rows = append(table.Rows, []terminal.Cell{
			{Text: s.ID}, {Text: ago(s.Started, now)}, {Text: state, Colour: colour}, {Text: subjectOf(s)},
			{Text: orDash(s.Database)}, {Text: orDash(s.User)}, {Text: strconv.FormatInt(s.Statements, 10)},
			refused, {Text: strconv.FormatInt(s.Rows, 10)}, {Text: s.Running},
		})
	}
	return table.Print(screen)
}

func sessionState(s console.Session, now time.Time) (string, terminal.Colour) {
	switch {
	case !s.Open && s.Ended.IsZero():
		return "ended", terminal.Dim
	case !s.Open:
		return "ended " + ago(s.Ended, now) + " ago", terminal.Dim
	case s.State == "":
		return "open", terminal.Green
	case s.State == "held":
		return s.State, terminal.Yellow
	}
	return s.State, terminal.Green
}

func subjectOf(s console.Session) string {
	if s.Identity == nil {
		return "-"
	}
	return orDash(s.Identity.Subject)
}

func (a *app) sessionsShowCommand() *cobra.Command {
	var state string
	var last int
	cmd := &cobra.Command{
		Use:     "show SESSION",
		Short:   "Show a session: who, where to, under which policies, and its last statements",
		Example: "  weir sessions show s-4k2m9q7x1a\n  weir play s-4k2m9q7x1a     the whole of it, as psql would show it",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.sessionShow(cmd.Context(), args[0], state, last)
		},
		ValidArgsFunction: a.completeSessions,
	}
	cmd.Flags().StringVar(&state, "state", "", "read the journal in this state folder instead of asking the daemon")
	cmd.Flags().IntVarP(&last, "last", "n", defaultLast, "show this many of its newest statements")
	a.outputFlag(cmd)
	return cmd
}

func (a *app) sessionShow(ctx context.Context, id, state string, last int) error {
	session, err := a.session(ctx, id, state)
	if err != nil {
		return err
	}
	if a.output == outputJSON {
		return a.printJSON(session)
	}
	if err := a.printf("%s\n", renderSession(a.out, session, time.Now())); err != nil {
		return err
	}
	return a.observe(ctx, observeFlags{session: id, state: state, last: last, ids: true})
}

func (a *app) session(ctx context.Context, id, state string) (*console.Session, error) {
	if state == "" {
		client := a.client()
		defer client.Close()
		session, err := client.Session(ctx, id)
		if !errors.Is(err, console.ErrNotRunning) {
			return session, err
		}
		if !readable(a.journalFolder("")) {
			return nil, err
		}
	}
	reader, err := journal.OpenReader(a.journalFolder(state))
	if err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	summaries, err := reader.Sessions(ctx, journal.Filter{Session: id})
	if err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	if len(summaries) == 0 {
		return nil, console.NotFound("`weir sessions list --all` lists those that are kept", "there is no session %q", id)
	}
	sessions := console.Summaries(summaries, nobody)
	if len(sessions) == 0 {
		return nil, console.Invalid("`weir sessions list --all` lists those of clients", "%q is the daemon's own", id)
	}
	return &sessions[0], nil
}

// nobody says that a session is not open.
func nobody(string) (console.Session, bool) { return console.Session{}, false }

func renderSession(screen *terminal.Screen, s *console.Session, now time.Time) string {
	sh := &sheet{screen: screen}
	state, colour := sessionState(*s, now)
	sh.line("session", "%s", s.ID)
	sh.coloured("state", colour, "%s", state)
	if s.Reason != "" {
		sh.line("", "%s", s.Reason)
	}
	if s.Running != "" {
		sh.line("running", "%s", s.Running)
	}
	sh.line("started", "%s", s.Started.Local().Format(time.DateTime+" MST"))
	if id := s.Identity; id != nil {
		sh.line("workload", "%s", id.Subject)
		sh.line("cgroup", "%s", id.CgroupPath)
		sh.line("process", "%d, user %s (uid %d), executable %s", id.PID, orDash(id.User), id.UID, orDash(id.Executable))
	}
	sh.line("database", "%s at %s, as user %s", orDash(s.Database), orDash(s.Server), orDash(s.User))
	sh.line("client", "%s, %s", orDash(s.Client), orDash(s.How))
	policies := "none selects it"
	if len(s.Policies) > 0 {
		policies = strings.Join(s.Policies, ", ")
	}
	sh.line("policies", "%s", policies)
	sh.line("statements", "%d forwarded, %d refused, %d held, %d failed, %d with masked columns; %d rows, %s", s.Statements, s.Denied, s.Held, s.Failed, s.Masked, s.Rows, sizeText(s.Bytes))
	return sh.b.String()
}

// completeSessions offers the ids of sessions to a shell.
func (a *app) completeSessions(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	client := a.client()
	defer client.Close()
	sessions, err := client.Sessions(cmd.Context(), console.SessionFilter{All: true, Limit: 50})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ids []string
	for _, s := range sessions {
		ids = append(ids, s.ID+"\t"+terminal.OneLine(subjectOf(s)))
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}
