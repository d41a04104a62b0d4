package doctor

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/weirgate/weir/proxy/console"
)

// patterns looks for patterns of rules that match nothing in the databases: they protect
// nothing, and nobody would notice.
func (x *examination) patterns(ctx context.Context, client *console.Client) {
	const area, name = "policies", "patterns"
	found, err := client.Patterns(ctx)
	switch {
	case errors.Is(err, console.ErrNotFound):
		x.skipped(area, name, "the daemon is older than this command")
		return
	case err != nil:
		x.skipped(area, name, "%v", err)
		return
	}
	for _, database := range slices.Sorted(maps.Keys(found.Unread)) {
		x.skipped(area, name, "were not held against the catalog of %s: %s", database, found.Unread[database])
	}
	for _, p := range found.Unmatched {
		remedy := p.Meant()
		if remedy == "" {
			remedy = "correct the name, or leave it if that is yet to be made"
		} else {
			remedy += "; or leave it if that is yet to be made"
		}
		x.warn(area, name, remedy, "%s, so that it protects nothing", p)
	}
	if len(found.Unmatched) == 0 && len(found.Databases) > 0 {
		x.good(area, name, "each one matches something in %s", strings.Join(found.Databases, ", "))
	}
}
