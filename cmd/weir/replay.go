package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/weirgate/weir/cmd/weir/internal/terminal"
	"github.com/weirgate/weir/daemon/trial"
	"github.com/weirgate/weir/policy"
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
decision would be another one, with examples. Limits are held against the rows that came
back then, rates against the times. Nothing is sent to a database.

Masks are not replayed, nor what takes the database's catalog (tables behind views, functions
of the database): a decision may be stricter then. Statements whose texts are not on record,
or not the whole of them, are counted and left out.

The exit status is 0 also when decisions would change: look at -o json in scripts.`,
		Example: `  weir policy replay --since 7d new.yaml
  weir policy replay --since 2026-03-01 --until 2026-03-08 --database crm ./policy.d
  weir policy replay --since 1d -o json new.yaml | jq '.changes[] | select(.now == "Deny")'`,
		Args: usage(cobra.MinimumNArgs(1)),
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
	if f.examples < 0 {
		return &usageError{fmt.Errorf("--examples %d: write a number from 0 up", f.examples)}
	}
	sources, err := a.sources(paths)
	if err != nil {
		return err
	}
	bundle, problems := policy.Compile(sources, policy.WithKeys(noKeys))
	if len(problems) > 0 {
		return fmt.Errorf("the documents have errors:\n%w", problems)
	}
	pool, err := parser.New(parser.Config{Workers: 2})
	if err != nil {
		return fmt.Errorf("starting the parser: %w", err)
	}
	defer func() { _ = pool.Close() }()
	records, done, err := a.records(ctx, observeFlags{state: f.state}, filter)
	if err != nil {
		return err
	}
	defer done()
	finished := a.err.Progress("deciding what is on record again")
	x := trial.Replay{Bundle: bundle, Parse: parseWith(pool), Examples: f.examples,
		Start: func(ctx context.Context, id string) (*journal.Record, error) { return a.sessionStart(ctx, f.state, id) }}
	outcome, err := x.Run(ctx, records)
	finished()
	if err != nil {
		return fmt.Errorf("replaying: %w", err)
	}
	if a.output == outputJSON {
		return a.printJSON(outcome)
	}
	return a.printReplay(outcome)
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

func (a *app) printReplay(o *trial.Outcome) error {
	s := &sheet{screen: a.out}
	if o.Statements == 0 {
		s.line("nothing", "there is no statement on record that could be decided again; --since looks further back")
	} else {
		s.line("documents", "revision %s", o.Revision)
		s.line("statements", "%d, from %s to %s", o.Statements, o.From.Local().Format(time.DateTime), o.To.Local().Format(time.DateTime))
		s.line("unchanged", "%d", o.Same)
		s.line("not held", "masks, detections and what only the database's catalog tells: decisions may be stricter then")
	}
	for _, why := range slices.Sorted(maps.Keys(o.Skipped)) {
		s.line("left out", "%d %s", o.Skipped[why], why)
	}
	for _, what := range slices.Sorted(maps.Keys(o.Warnings)) {
		s.line("beside", "%d times %s", o.Warnings[what], what)
	}
	for i := range o.Changes {
		c := &o.Changes[i]
		s.b.WriteByte('\n')
		s.coloured(fmt.Sprintf("%d times", c.Count), actionColour(c.Now), "%s by %s, instead of %s by %s", c.Now, orNoRule(c.Rule), c.Recorded, orNoRule(c.Before))
		for _, e := range c.Examples {
			s.line("", "%s  %s  %s", e.ID, e.Workload, e.Time.Local().Format(time.DateTime))
			s.line("", "  %s", shortenText(terminal.OneLine(e.Text)))
			if e.Reason != "" {
				s.line("", "  %s", terminal.OneLine(e.Reason))
			}
		}
	}
	return a.printf("%s", s.b.String())
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
