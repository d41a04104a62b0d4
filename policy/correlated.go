package policy

import (
	"slices"

	"github.com/weirgate/weir/policy/statement"
)

// limited gives the writes of a statement with what the catalog says of their conditions.
func (c *Catalog) limited(writes []statement.Write) []statement.Write {
	other := func(w statement.Write) bool { return c.snapshot.Where(&w) != w.Where }
	if !slices.ContainsFunc(writes, other) {
		return writes
	}
	writes = slices.Clone(writes)
	for i := range writes {
		writes[i].Where = c.snapshot.Where(&writes[i])
	}
	return writes
}
