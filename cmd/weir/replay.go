package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/weirgate/weir/cmd/weir/internal/terminal"
	"github.com/weirgate/weir/daemon/config"
	"github.com/weirgate/weir/daemon/trial"
	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/parser"
)

type replayFlags struct {
	since, until, state string
	workload, database  string
	examples            int
}

func (a *app) replayCommand() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay FILE|FOLDER...",
		Short: "Tell what policy documents would have decided about what is on record",
		Long: `Decide recorded statements again by documents that are not in force, and count where the
decision would be another one, and where columns of results would be masked otherwise, with
examples. Nothing is sent to a database but questions for its catalog.

The daemon does it, with the catalogs as they are now: tables behind views, functions, triggers
and masks count as in a session. Transactions, temporary tables and prepared statements are
followed, limits are held against the rows that came back then, rates against the times.
What "detect" and "patterns" of masks find in values is not held against anything.

Without a daemon, or with --state, the journal is read from the disk and there is no catalog:
masks are left out, and a decision may be stricter then. The output says for which databases
that is so. Statements whose texts are not on record, or not the whole of them, are counted and
left out.

The exit status is 0 also when decisions would change: look at -o json in scripts.`,
		Example: `  weir policy replay --since 7d new.yaml
  weir policy replay --since 2026-03-01 --until 2026-03-08 --database crm ./policy.d
  weir policy replay --since 1d -o json new.yaml | jq '.changes[] | select(.now == "Deny")'
  weir policy replay --since 1d -o json new.yaml | jq '.masks[] | {kind, column, rule, count}'`,
		Args: some("which documents are to be tried? Name files or folders with policy documents, such as new.yaml"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.replay(cmd.Context(), args, f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.since, "since", "7d", "from then on: 1h, 7d, 14:30, 2006-01-02")
	flags.StringVar(&f.until, "until", "", "up to then")
	flags.StringVar(&f.workload, "workload", "", "of workloads whose name contains this, or matches it with * and ?")
	flags.StringVar(&f.database, "database", "", "to this Database")
	flags.IntVar(&f.examples, "examples", 3, "how many examples of each change to show")
	flags.StringVar(&f.state, "state", "", "read the journal in this state folder instead of asking the daemon")
	a.outputFlag(cmd)
	return cmd
}

func (a *app) replay(ctx context.Context, paths []string, f replayFlags) error {
	now := time.Now()
	filter := journal.Filter{Workload: workloadPattern(f.workload), Database: f.database}
	var err error
	if filter.Since, err = parseWhen(f.since, now); err != nil {
		return err
	}
	if filter.Until, err = parseWhen(f.until, now); err != nil {
		return err
	}
	if f.examples < 0 || f.examples > console.MaxExamples {
		return &usageError{fmt.Errorf("--examples %d: write a number from 0 to %d", f.examples, console.MaxExamples)}
	}
	if !filter.Until.IsZero() && !filter.Since.Before(filter.Until) {
		return &usageError{fmt.Errorf("--until %s is not after --since %s", f.until, f.since)}
	}
	sources, err := a.sources(paths)
	if err != nil {
		return err
	}
	bundle, problems := policy.Compile(sources, policy.WithKeys(trial.NoKeys))
	if len(problems) > 0 {
		return fmt.Errorf("the documents have errors:\n%w", problems)
	}
	if len(bundle.Databases())+len(bundle.Policies()) == 0 {
		return fmt.Errorf("there is no policy document in %s: by none everything would be refused", strings.Join(paths, ", "))
	}
	var far atomic.Pointer[console.ReplayProgress]
	finished := a.err.ProgressOf(func() string {
		p := far.Load()
		if p == nil {
			return "deciding what is on record again"
		}
		return fmt.Sprintf("deciding what is on record again: %d statements, up to %s", p.Statements, p.At.Local().Format(time.DateTime))
	})
	outcome, err := a.replayed(ctx, bundle, sources, filter, f, func(p console.ReplayProgress) { far.Store(&p) })
	finished()
	if err != nil {
		return err
	}
	if a.output == outputJSON {
		return a.printJSON(outcome)
	}
	return a.printReplay(outcome)
}

// replayed has the daemon decide what is on record again, or does it here where there
// is none.
func (a *app) replayed(ctx context.Context, b *policy.Bundle, sources []policy.Source, filter journal.Filter, f replayFlags, progress func(console.ReplayProgress)) (*console.Replayed, error) {
	without := "--state reads what is on the disk"
	if f.state == "" {
		request := &console.ReplayRequest{Since: filter.Since, Until: filter.Until, Workload: filter.Workload, Database: filter.Database, Examples: f.examples}
		for _, s := range sources {
			request.Documents = append(request.Documents, console.Document{Name: s.Name, Text: string(s.Data)})
		}
		client := a.client()
		defer client.Close()
		_, err := client.Health(ctx)
		var outcome *console.Replayed
		if err == nil {
			outcome, err = client.Replay(ctx, request, progress)
			if !errors.Is(err, console.ErrNotFound) {
				return outcome, err
			}
			without = "the daemon that runs is older than this command"
		} else {
			if !errors.Is(err, console.ErrNotRunning) || !readable(a.journalFolder("")) {
				return nil, err
			}
			without = "weir is not running"
		}
	}
	pool, err := parser.New(parser.Config{Workers: 2, Cache: 32 << 20})
	if err != nil {
		return nil, fmt.Errorf("starting the parser: %w", err)
	}
	defer func() { _ = pool.Close() }()
	records, done, err := a.records(ctx, observeFlags{state: f.state}, filter)
	if err != nil {
		return nil, err
	}
	defer done()
	x := trial.Replay{Bundle: b, Observe: a.settings().Unmatched == config.UnmatchedObserve, Parse: parseWith(pool), Without: without,
		Examples: f.examples, Progress: progress,
		Start: func(ctx context.Context, id string) (*journal.Record, error) { return a.sessionStart(ctx, f.state, id) }}
	outcome, err := x.Run(ctx, records)
	if err != nil {
		return nil, fmt.Errorf("replaying: %w", err)
	}
	return outcome, nil
}

// sessionStart finds the record that a session began with, nil when it is not kept.
func (a *app) sessionStart(ctx context.Context, state, id string) (*journal.Record, error) {
	records, done, err := a.records(ctx, observeFlags{state: state},
		journal.Filter{Session: id, Kinds: []journal.Kind{journal.KindSessionStart, journal.KindSessionContinued}})
	if err != nil {
		return nil, err
	}
	defer done()
	for r, err := range records {
		if err != nil {
			return nil, err
		}
		return r, nil
	}
	return nil, nil
}

func (a *app) printReplay(o *console.Replayed) error {
	s := &sheet{screen: a.out}
	if o.Statements == 0 {
		s.line("nothing", "there is no statement on record that could be decided again; --since looks further back, and without --workload and --database all are looked at")
	} else {
		s.line("documents", "revision %s", o.Revision)
		s.line("statements", "%d, from %s to %s", o.Statements, o.From.Local().Format(time.DateTime), o.To.Local().Format(time.DateTime))
		s.line("unchanged", "%d", o.Same)
	}
	for _, d := range o.Databases {
		if d.Catalog == console.CatalogHeld {
			s.line("catalog", "of %s, as it was at %s: held against %d statements", d.Title(), d.Read.Local().Format(time.DateTime), d.Statements)
		}
	}
	for _, d := range o.Databases {
		if d.Catalog == console.CatalogNotNeeded && d.Why != "" {
			s.coloured("database", terminal.Yellow, "%s: %s", d.Title(), d.Why)
		}
	}
	for _, what := range o.NotHeld {
		s.coloured("not held", terminal.Yellow, "%s", terminal.OneLine(what))
	}
	if m := o.Missing; m != nil {
		s.coloured("missing", terminal.Yellow, "%d statements use what the catalog does not have now (%s): what that was is not known",
			m.Statements, terminal.OneLine(strings.Join(m.Names, ", ")))
	}
	for _, why := range slices.Sorted(maps.Keys(o.Skipped)) {
		s.line("left out", "%d %s", o.Skipped[why], why)
	}
	for _, what := range slices.Sorted(maps.Keys(o.Warnings)) {
		s.line("beside", "%d times %s", o.Warnings[what], terminal.OneLine(what))
	}
	for i := range o.Patterns {
		s.coloured("pattern", terminal.Yellow, "%s", patternSays(&o.Patterns[i]))
	}
	for i := range o.Changes {
		c := &o.Changes[i]
		s.b.WriteByte('\n')
		s.coloured(fmt.Sprintf("%d times", c.Count), actionColour(c.Now), "%s by %s, instead of %s by %s", c.Now, orNoRule(c.Rule), c.Recorded, orNoRule(c.Before))
		printExamples(s, c.Examples)
	}
	for i := range o.Masks {
		m := &o.Masks[i]
		s.b.WriteByte('\n')
		s.coloured(fmt.Sprintf("%d times", m.Count), terminal.Magenta, "%s", terminal.OneLine(maskSays(m)))
		printExamples(s, m.Examples)
	}
	return a.printf("%s", s.b.String())
}

func printExamples(s *sheet, examples []console.ReplayExample) {
	for _, e := range examples {
		s.line("", "%s  %s  %s", e.ID, terminal.OneLine(e.Workload), e.Time.Local().Format(time.DateTime))
		s.line("", "  %s", shortenText(terminal.OneLine(e.Text)))
		if e.Reason != "" {
			s.line("", "  %s", shortenText(terminal.OneLine(e.Reason)))
		}
	}
}

// maskSays tells what would become of a column.
func maskSays(m *console.ReplayMask) string {
	switch m.Kind {
	case console.NowMasked:
		return fmt.Sprintf("%s masked, %s by %s, instead of shown", m.Column, orMask(m.How), orNoRule(m.Rule))
	case console.NoLongerMasked:
		return m.Column + " shown, instead of masked"
	}
	return fmt.Sprintf("%s masked otherwise, %s by %s, instead of %s", m.Column, orMask(m.How), orNoRule(m.Rule), m.Before)
}

func orMask(how string) string {
	if how == "" {
		return "somehow"
	}
	return how
}

// patternSays tells of a pattern that matches nothing.
func patternSays(p *console.UnmatchedPattern) string {
	text := p.String() + ": it protects nothing"
	if meant := p.Meant(); meant != "" {
		text += "; " + meant
	}
	return text
}

func orNoRule(rule string) string {
	if rule == "" {
		return "no rule"
	}
	return rule
}

// shortenText keeps an example to a line.
func shortenText(text string) string {
	const most = 160
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "..."
	}
	return text
}
