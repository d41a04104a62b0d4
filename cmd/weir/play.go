package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/proxy/journal"
)

// maxPause is the longest pause between two statements that `weir play --speed`
// makes, so that a session that slept over night does not.
const maxPause = 5 * time.Second

func (a *app) playCommand() *cobra.Command {
	var state string
	var speed float64
	cmd := &cobra.Command{
		Use:   "play SESSION",
		Short: "Show a session as psql would have shown it",
		Long: `Show what a session sent and what it got back, as a transcript that reads like psql:
statements, rows where the policy has them recorded (after masking), command tags, errors.

When the daemon does not run, its journal is read from the disk.`,
		Example: `  weir sessions list --all
  weir play s-4k2m9q7x1a
  weir play s-4k2m9q7x1a --speed 2     at twice the speed at which it went`,
		Args:              usage(cobra.ExactArgs(1)),
		ValidArgsFunction: a.completeSessions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if speed < 0 {
				return &usageError{fmt.Errorf("--speed %g: write a number above 0", speed)}
			}
			return a.play(cmd.Context(), args[0], state, speed)
		},
	}
	cmd.Flags().StringVar(&state, "state", "", "read the journal in this state folder instead of asking the daemon")
	cmd.Flags().Float64Var(&speed, "speed", 0, "keep the session's pauses, shortened by this factor and to 5 s at most; 0 leaves them out")
	return cmd
}

func (a *app) play(ctx context.Context, id, state string, speed float64) error {
	records, done, err := a.records(ctx, observeFlags{state: state}, journal.Filter{Session: id})
	if err != nil {
		return err
	}
	defer done()
	n := 0
	counted := func(yield func(*journal.Record, error) bool) {
		for r, err := range records {
			n++
			if !yield(r, err) {
				return
			}
		}
	}
	if speed > 0 {
		err = a.paced(ctx, counted, speed)
	} else {
		err = journal.Transcript(a.out, counted)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("playing session %s: %w", id, err)
	}
	if n == 0 {
		return console.NotFound("`weir sessions list --all` lists those that are kept", "there is no session %q", id)
	}
	return nil
}

// paced writes the transcript record by record, with the pauses between them.
func (a *app) paced(ctx context.Context, records iter.Seq2[*journal.Record, error], speed float64) error {
	var last time.Time
	paced := func(yield func(*journal.Record, error) bool) {
		for r, err := range records {
			if err == nil {
				if !last.IsZero() && !sleep(ctx, min(time.Duration(float64(r.Time.Sub(last))/speed), maxPause)) {
					yield(nil, ctx.Err())
					return
				}
				last = r.Time
			}
			if !yield(r, err) {
				return
			}
		}
	}
	return journal.Transcript(a.out, paced)
}

// sleep says false when ctx ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
