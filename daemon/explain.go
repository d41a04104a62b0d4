package daemon

import (
	"context"
	"errors"

	"github.com/weirgate/weir/daemon/config"
	"github.com/weirgate/weir/daemon/explain"
	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/console"
)

// Explain tells how a statement is decided by the documents in force, and why.
func (d *Daemon) Explain(ctx context.Context, r *console.ExplainRequest) (*console.Explanation, error) {
	x := explain.Explainer{
		Bundle: d.policies.current(), Observe: d.cfg.Unmatched == config.UnmatchedObserve,
		Parse: func(ctx context.Context, text string) (*statement.Facts, error) {
			return d.parser.Parse(ctx, text, "")
		},
		Records: d.journal, Snapshot: d.gateway.Snapshot,
	}
	if len(r.Documents) > 0 {
		var err error
		if x.Bundle, err = tried(r.Documents); err != nil {
			return nil, err
		}
		// Its secrets are those of the documents in force.
		x.Snapshot = func(ctx context.Context, db *policy.Database, name string) (*catalog.Snapshot, error) {
			return d.catalogNow(ctx, db.Name, name)
		}
	}
	return x.Explain(ctx, r)
}

// Reload reads the documents again.
func (d *Daemon) Reload(context.Context) (*console.ReloadResult, error) {
	changed, err := d.policies.reload()
	var problems policy.Diagnostics
	if errors.As(err, &problems) {
		return nil, console.Invalid("the documents that were in force stay in force", "the policy documents have problems:\n%v", problems)
	}
	if err != nil {
		return nil, err
	}
	return &console.ReloadResult{Changed: changed, Policy: d.policyStatus()}, nil
}
