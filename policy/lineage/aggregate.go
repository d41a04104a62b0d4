package lineage

import (
	"strings"

	"github.com/weirgate/weir/policy/catalog"
)

// aggregated gives the result of an aggregate of the database's own over masked
// values: something that is made of them. What its functions ask of a value counts as
// asked by the statement. Each of their arguments, the state among them, may hold any
// of the values.
func (r *resolver) aggregated(f *catalog.Function, all value) *outcome {
	if why := r.userFunction(f); why != "" {
		r.unfollowed(f, why, all)
		return blurred(all)
	}
	state := all.made()
	state.row, state.typeOID, state.nullable = nil, 0, true
	followed := 0
	for _, oid := range f.Parts {
		if oid == 0 {
			continue
		}
		if why := r.part(oid, state); why != "" {
			r.unfollowed(f, why, all)
		}
		if r.failed {
			return blurred(state)
		}
		followed++
	}
	if followed == 0 {
		r.unfollowed(f, "is an aggregate of unknown functions", all)
	}
	return blurred(state)
}

// part judges a function that an aggregate is made of. why says, as a clause, why the
// aggregate is not followed, "" if it is.
func (r *resolver) part(oid uint32, state value) (why string) {
	if name, ok := r.snapshot.BuiltInName(oid); ok {
		if !accumulates(name) {
			return "is an aggregate that is made of " + name + "(), which may do more than gather values, or fail by them"
		}
		return ""
	}
	f := r.snapshot.Function(oid)
	switch {
	case f == nil:
		return "is an aggregate of a function that is not known"
	case r.env.Redefines:
		return redefined
	case len(r.frames) >= deepest:
		return "leads through too many others"
	}
	if why := r.inside(f, nil); why != "" {
		return "is an aggregate that is made of " + f.Qualified() + "(), which " + why
	}
	args := make([]argument, f.Arguments)
	for i := range args {
		args[i] = argument{value: state, spread: f.Variadic && i == len(args)-1}
	}
	if r.followed(f, args) == nil && !r.failed {
		return "is an aggregate that is made of " + f.Qualified() + "(), whose arguments are not known"
	}
	return ""
}

// accumulates says whether a function of PostgreSQL's own only gathers values, as the
// state of an aggregate, and never fails by one. Sums are not among those that an
// aggregate of one's own may have: who asks chooses how often a value is added.
func accumulates(name string) bool {
	if strings.HasSuffix(name, "larger") || strings.HasSuffix(name, "smaller") {
		return true
	}
	switch name {
	case "array_append", "array_agg_transfn", "array_agg_finalfn", "array_agg_combine", "array_agg_serialize", "array_agg_deserialize",
		"string_agg_transfn", "string_agg_finalfn", "string_agg_combine", "string_agg_serialize", "string_agg_deserialize",
		"textcat", "textanycat", "concat", "concat_ws", "json_agg_transfn", "json_agg_finalfn", "jsonb_agg_transfn", "jsonb_agg_finalfn",
		"booland_statefunc", "boolor_statefunc", "bool_accum", "bool_accum_inv", "bool_alltrue", "bool_anytrue", "array_to_string",
		"any_value_transfn", "int8inc", "int8inc_any":
		return true
	}
	return false
}
