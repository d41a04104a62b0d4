package lineage

import "slices"

// fails judges the arguments of a function that gives a result for every value of
// some of its arguments alone: by the others it fails, and that it does is an answer.
func (r *resolver) fails(name string, args []argument) {
	construct := "the argument of " + name + "()"
	most, checked := harmlessArguments(name)
	for i := range args {
		v := args[i].value
		switch {
		case !v.tainted():
		case checked && !slices.Contains(most, i),
			name == "date" && !isMoment(r.wire(v.typeOID)), // a cast, in the notation of a function
			v.nullable && namesKeys(name) && (i%2 == 0 || args[i].spread),
			v.array && name == "array_agg":
			r.require(v, Allow, construct)
		}
	}
}

// harmlessArguments gives the places of the arguments by whose values a function never
// fails, counted from 0. checked is false where that is all.
func harmlessArguments(name string) (places []int, checked bool) {
	switch name {
	case "regexp_match", "regexp_like", "regexp_count", "regexp_substr", "regexp_instr", "substr", "substring", "to_char", "encode", "lag", "lead", "nth_value":
		return []int{0}, true
	case "overlay", "split_part":
		return []int{0, 1}, true
	case "regexp_replace", "lpad", "rpad":
		return []int{0, 2}, true
	case "date_trunc", "date_part", "extract", "percentile_cont", "percentile_disc":
		return []int{1}, true
	case "to_tsvector": // the last; a text search configuration stands before it
		return []int{0, 1}, true
	}
	return nil, false
}

// namesKeys says whether a function fails where an argument is NULL that is a key:
// every other one, from the first.
func namesKeys(name string) bool {
	switch name {
	case "json_build_object", "jsonb_build_object", "json_object_agg", "jsonb_object_agg":
		return true
	}
	return false
}

// sums says whether an aggregate of numbers or intervals fails where what it adds up is
// more than their type holds. Masked values alone are hardly so large; beside one that is
// chosen, that it fails tells them.
func sums(name string) bool {
	switch name {
	case "sum", "avg", "stddev", "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp":
		return true
	}
	return false
}

// makesArray says whether a function gives arrays whose number of elements may follow
// from its arguments' values.
func makesArray(name string) bool {
	switch name {
	case "string_to_array", "regexp_match", "array_agg", "min", "max", "any_value", "mode", "percentile_disc", "percentile_cont",
		"lag", "lead", "first_value", "last_value", "nth_value":
		return true
	}
	return false
}

func isMoment(oid uint32) bool { return oid == dateOID || oid == timestampOID || oid == timestamptzOID }
