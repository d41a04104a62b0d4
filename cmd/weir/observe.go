package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weirgate/weir/cmd/weir/internal/activity"
	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/proxy/journal"
)

// defaultLast is how many statements `weir observe` shows when nothing says how
// many.
const defaultLast = 20

// recordsPerStatement is how many records are read for one statement that is
// wanted: its begin, its end, and those of others that run beside it.
const recordsPerStatement = 4

type observeFlags struct {
	follow                             bool
	last                               int
	since, until                       string
	workload, database, session, state string
	verdicts                           []string
	wide, ids, events                  bool
}

func (a *app) observeCommand() *cobra.Command {
	var f observeFlags
	cmd := &cobra.Command{
		Use:   "observe",
		Short: "Show the statements that passed, and those that pass",
		Long: `Show statements as weir saw them, the newest last: when, from which workload, to which
database, what was decided by which rule, how long it took, how many rows came back, and
the text.

When the daemon does not run, its journal is read from the disk. With -o json each line is
a record of the journal as it stands there; --last then counts records.`,
		Example: `  weir observe                                  the last 20 statements
  weir observe --follow                         and everything that comes
  weir observe --since 1h --verdict denied      what was refused within the hour
  weir observe --workload 'unit:nightly-*' --database crm --last 100
  weir observe --session s-4k2m9q7x1a --wide    one session, texts in full
  weir observe --since 2d -o json | jq -r 'select(.kind=="statement.denied").text'`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.observe(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.BoolVarP(&f.follow, "follow", "f", false, "go on with what comes, until interrupted")
	flags.IntVarP(&f.last, "last", "n", 0, fmt.Sprintf("show at most this many of the newest (default %d without --since)", defaultLast))
	flags.StringVar(&f.since, "since", "", "from then on: 1h, 7d, 14:30, 2006-01-02")
	flags.StringVar(&f.until, "until", "", "up to then")
	flags.StringVar(&f.workload, "workload", "", "of workloads whose name contains this, or matches it with * and ?")
	flags.StringVar(&f.database, "database", "", "to this Database")
	flags.StringVar(&f.session, "session", "", "of this session")
	flags.StringSliceVar(&f.verdicts, "verdict", nil, "with one of these: "+strings.Join(activity.Verdicts(), ", "))
	flags.BoolVar(&f.wide, "wide", false, "do not shorten texts")
	flags.BoolVar(&f.ids, "ids", false, "show each statement's id, for weir policy explain")
	flags.BoolVar(&f.events, "events", false, "show sessions' begins and ends and other events, too")
	flags.StringVar(&f.state, "state", "", "read the journal in this state folder instead of asking the daemon")
	a.outputFlag(cmd, "compact", outputJSON)
	_ = cmd.RegisterFlagCompletionFunc("verdict", cobra.FixedCompletions(activity.Verdicts(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// filter makes the journal's filter of the flags; wanted are the verdicts that
// must be looked for after a statement's two records were brought together.
func (a *app) filter(f observeFlags, now time.Time) (filter journal.Filter, wanted []string, err error) {
	if f.last < 0 {
		return filter, nil, &usageError{fmt.Errorf("--last %d: write a number from 1 up", f.last)}
	}
	filter = journal.Filter{Session: f.session, Workload: workloadPattern(f.workload), Database: f.database, Last: f.last}
	if filter.Since, err = parseWhen(f.since, now); err != nil {
		return filter, nil, err
	}
	if filter.Until, err = parseWhen(f.until, now); err != nil {
		return filter, nil, err
	}
	for _, v := range f.verdicts {
		verdict, ok := activity.ParseVerdict(v)
		if !ok {
			return filter, nil, &usageError{fmt.Errorf("--verdict %q is not known: use %s", v, strings.Join(activity.Verdicts(), ", "))}
		}
		wanted = append(wanted, verdict)
	}
	if f.follow && f.state != "" {
		return filter, nil, &usageError{errors.New("--state reads what is on the disk; --follow needs the daemon")}
	}
	if f.follow && !filter.Until.IsZero() {
		return filter, nil, &usageError{errors.New("--until and --follow exclude each other")}
	}
	if filter.Last == 0 && filter.Since.IsZero() && f.session == "" {
		filter.Last = defaultLast
	}
	return filter, wanted, nil
}

// workloadPattern makes a pattern of a part of a name.
func workloadPattern(text string) string {
	if text == "" || strings.ContainsAny(text, "*?") {
		return text
	}
	return "*" + text + "*"
}

func (a *app) observe(ctx context.Context, f observeFlags) error {
	filter, wanted, err := a.filter(f, time.Now())
	if err != nil {
		return err
	}
	if a.output == outputJSON {
		filter.Verdicts = wanted
		return a.eachRecord(ctx, f, filter, func(r *journal.Record) error { return a.printf("%s\n", r.Line) }, nil)
	}
	o := observer{
		joiner:  activity.NewJoiner(),
		printer: activity.NewPrinter(a.out, activity.Options{Wide: f.wide, IDs: f.ids}),
		wanted:  wanted, events: f.events, last: filter.Last,
	}
	if activity.Ends(wanted) {
		filter.Last = 0 // which statements count shows only when their ends are there
	} else {
		filter.Verdicts = wanted
		filter.Last *= recordsPerStatement
	}
	if !f.events {
		filter.Kinds = []journal.Kind{journal.KindStatementBegin, journal.KindStatementEnd, journal.KindStatementDenied, journal.KindStatementHeld}
	}
	if f.follow && o.last > 0 {
		return a.followAfterLast(ctx, f, filter, &o)
	}
	if f.follow {
		o.last = 0
	}
	err = a.eachRecord(ctx, f, filter, o.take, a.err.Progress("reading the journal"))
	if err == nil || errors.Is(err, context.Canceled) {
		err = o.finish(f.follow)
	}
	if err == nil && o.shown == 0 && !f.follow {
		a.note("Nothing matches. %s", advice(f))
	}
	return err
}

// followAfterLast shows the newest statements and goes on.
func (a *app) followAfterLast(ctx context.Context, f observeFlags, filter journal.Filter, o *observer) error {
	client := a.client()
	_, err := client.Health(ctx)
	client.Close()
	if err != nil {
		return err
	}
	from := time.Now()
	past := f
	past.follow = false
	filter.Until = from
	if err := a.eachRecord(ctx, past, filter, o.take, a.err.Progress("reading the journal")); err != nil {
		return err
	}
	if err := o.flush(); err != nil {
		return err
	}
	filter.Since, filter.Until, filter.Last = from, time.Time{}, 0
	err = a.eachRecord(ctx, f, filter, o.take, nil)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// eachRecord gives records to take, from the daemon or, when it does not run,
// from its journal. waited is called before the first one.
func (a *app) eachRecord(ctx context.Context, f observeFlags, filter journal.Filter, take func(*journal.Record) error, waited func()) error {
	if waited == nil {
		waited = func() {}
	}
	defer waited()
	records, done, err := a.records(ctx, f, filter)
	if err != nil {
		return err
	}
	defer done()
	for r, err := range records {
		waited()
		if err != nil {
			return err
		}
		if err := take(r); err != nil {
			return err
		}
	}
	if f.follow && ctx.Err() != nil {
		return context.Canceled
	}
	return ctx.Err()
}

func (a *app) records(ctx context.Context, f observeFlags, filter journal.Filter) (records iter.Seq2[*journal.Record, error], done func(), err error) {
	client := a.client()
	if f.state == "" {
		_, err := client.Health(ctx)
		if err == nil {
			return client.Records(ctx, filter, f.follow), client.Close, nil
		}
		if !errors.Is(err, console.ErrNotRunning) {
			return nil, nil, err
		}
		folder := a.journalFolder("")
		if f.follow || !readable(folder) {
			return nil, nil, err
		}
		a.note("weir is not running; reading its journal in %s", folder)
	}
	reader, err := journal.OpenReader(a.journalFolder(f.state))
	if err != nil {
		return nil, nil, fmt.Errorf("reading the journal: %w", err)
	}
	return reader.Query(ctx, filter), func() {}, nil
}

func advice(f observeFlags) string {
	if f.workload != "" || f.database != "" || f.session != "" || len(f.verdicts) > 0 {
		return "Leave out a filter, or look at `weir sessions list --all`."
	}
	return "Is the workload captured? `weir doctor` tries it."
}

// observer brings records together and prints what is wanted.
type observer struct {
	joiner  *activity.Joiner
	printer *activity.Printer
	wanted  []string
	events  bool
	last    int // keep this many until flush; 0 prints at once
	kept    []activity.Entry
	shown   int
}

func (o *observer) take(r *journal.Record) error {
	for _, e := range o.joiner.Add(r) {
		if err := o.entry(e); err != nil {
			return err
		}
	}
	return nil
}

func (o *observer) entry(e activity.Entry) error {
	switch {
	case e.First.Kind == console.KindLost && o.last == 0:
	case e.Statement() && !e.Is(o.wanted), !e.Statement() && !o.events, e.First.Kind == journal.KindSessionContinued:
		return nil
	case o.last > 0:
		o.kept = append(o.kept, e)
		if len(o.kept) > 2*o.last+1024 {
			o.kept = append(o.kept[:0], o.kept[len(o.kept)-o.last:]...)
		}
		return nil
	}
	o.shown++
	return o.printer.Print(e)
}

// flush prints what was kept; from then on entries are printed at once.
func (o *observer) flush() error {
	kept := o.kept[max(0, len(o.kept)-o.last):]
	o.last, o.kept = 0, nil
	for _, e := range kept {
		o.printer.Measure(e)
	}
	for _, e := range kept {
		if err := o.entry(e); err != nil {
			return err
		}
	}
	return nil
}

// finish prints what is left. Statements without an end run still, or their end
// was never recorded; when following was interrupted they are left out.
func (o *observer) finish(interrupted bool) error {
	if !interrupted {
		for _, e := range o.joiner.Rest() {
			if err := o.entry(e); err != nil {
				return err
			}
		}
	}
	return o.flush()
}
