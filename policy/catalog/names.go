package catalog

import (
	"iter"
	"maps"
)

// BuiltInNames gives the names of the functions of pg_catalog, each once, in no order.
func (s *Snapshot) BuiltInNames() iter.Seq[string] { return maps.Keys(s.builtName) }
