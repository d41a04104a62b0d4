package console

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// decider replays as it is told.
type decider func(ctx context.Context, r *ReplayRequest, progress func(ReplayProgress)) (*Replayed, error)

func (d decider) Replay(ctx context.Context, r *ReplayRequest, progress func(ReplayProgress)) (*Replayed, error) {
	return d(ctx, r, progress)
}

func (d decider) Patterns(context.Context) (*PatternsResult, error) {
	return &PatternsResult{Unmatched: []UnmatchedPattern{{Rule: "p/m", Field: "columns", Pattern: "a.b.c", Databases: []string{"crm", "hr", "x", "y", "z"}, Unknown: []string{"q"}, Nearest: []string{"a.b.d"}}}}, nil
}

var asked = ReplayRequest{Documents: []Document{{Name: "new.yaml", Text: "kind: Policy"}}, Database: "crm", Examples: 3}

func TestAReplayTellsHowFarItIsAndWhatCameOfIt(t *testing.T) {
	t.Parallel()
	client, _ := start(t, Options{Replay: decider(func(_ context.Context, r *ReplayRequest, progress func(ReplayProgress)) (*Replayed, error) {
		for i := range 3 {
			progress(ReplayProgress{Statements: 1000 * (i + 1)})
		}
		return &Replayed{Revision: r.Documents[0].Name, Statements: 3000}, nil
	})}, nil)
	var far []int
	o, err := client.Replay(t.Context(), &asked, func(p ReplayProgress) { far = append(far, p.Statements) })
	if err != nil || o.Revision != "new.yaml" || o.Statements != 3000 {
		t.Fatalf("%+v, %v", o, err)
	}
	if fmt.Sprint(far) != "[1000 2000 3000]" {
		t.Errorf("%v", far)
	}
}

func TestAReplayThatFailsSaysWhy(t *testing.T) {
	t.Parallel()
	client, _ := start(t, Options{Replay: decider(func(_ context.Context, _ *ReplayRequest, progress func(ReplayProgress)) (*Replayed, error) {
		progress(ReplayProgress{Statements: 1})
		return nil, Conflict("wait until that has ended", "another replay is under way")
	})}, nil)
	_, err := client.Replay(t.Context(), &asked, nil)
	if err == nil || !strings.Contains(err.Error(), "another replay is under way: wait until that has ended") {
		t.Errorf("%v", err)
	}
	for name, r := range map[string]ReplayRequest{
		"no documents":        {Examples: 3},
		"too many examples":   {Documents: asked.Documents, Examples: 100_000},
		"a negative number":   {Documents: asked.Documents, Examples: -1},
		"documents too large": {Documents: []Document{{Text: strings.Repeat("x", maxBody)}}},
	} {
		if _, err := client.Replay(t.Context(), &r, nil); err == nil || errors.Is(err, ErrNotRunning) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAReplayEndsWhenItsClientGoes(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	client, _ := start(t, Options{Replay: decider(func(ctx context.Context, _ *ReplayRequest, progress func(ReplayProgress)) (*Replayed, error) {
		progress(ReplayProgress{Statements: 1})
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	})}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := client.Replay(ctx, &asked, func(ReplayProgress) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	<-ended
}

func TestPatternsAreToldInWords(t *testing.T) {
	t.Parallel()
	client, _ := start(t, Options{Patterns: decider(nil)}, nil)
	p, err := client.Patterns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	u := p.Unmatched[0]
	if got, want := u.String(), "p/m: columns a.b.c matches nothing in crm, hr, x and 2 more (the catalog of q is not known)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if u.Meant() != "there is a.b.d" {
		t.Errorf("%q", u.Meant())
	}
	client, _ = start(t, Options{}, nil)
	if _, err := client.Patterns(t.Context()); err == nil {
		t.Error("patterns of nobody")
	}
	if _, err := client.Replay(t.Context(), &asked, nil); err == nil {
		t.Error("a replay of nothing")
	}
}
