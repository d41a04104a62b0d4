package catalog

import (
	"maps"
	"slices"
)

// Data gives what the Snapshot was made of, to make another one of after changing
// it. The lists are copies; what their elements lead to is shared and must not be
// changed.
func (s *Snapshot) Data() Data {
	return Data{
		Database: s.database, Version: s.version, Taken: s.taken,
		Relations: slices.Clone(s.relations), Functions: slices.Clone(s.functions),
		Types:     slices.Collect(maps.Values(s.types)),
		BuiltIn:   s.builtIn,
		Operators: slices.Clone(s.operators), Casts: slices.Clone(s.casts), EventTriggers: slices.Clone(s.eventTriggers),
	}
}
