package catalog

import "slices"

// Data gives what the Snapshot was made of, to make another one of after changing
// it. The lists are copies; what their elements lead to is shared and must not be
// changed. Of one that After gave it is not all.
func (s *Snapshot) Data() Data {
	return Data{
		Database: s.database, Version: s.version, Taken: s.taken,
		Relations: slices.Clone(s.relations.list()), Functions: slices.Clone(s.functions.list()),
		Types: slices.Clone(s.types.list()), Operators: slices.Clone(s.operators.list()),
		BuiltIn: s.builtIn, Casts: slices.Clone(s.casts), EventTriggers: slices.Clone(s.eventTriggers),
	}
}
