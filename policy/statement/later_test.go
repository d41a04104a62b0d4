package statement

import (
	"slices"
	"testing"
)

func TestSetConfigByAnotherNameMaySetAnything(t *testing.T) {
	for _, text := range []string{
		"create aggregate sc (text, boolean) (sfunc = set_config, stype = text, initcond = 'role')",
		"create aggregate sc (text, boolean) (sfunc = pg_catalog.set_config, stype = text)",
		"create aggregate sc (text, boolean) (sfunc = 'set_config', stype = text)",
		"alter function set_config(text, text, boolean) rename to sc",
		"alter function pg_catalog.set_config(text, text, boolean) set schema public",
	} {
		if got := only(t, text).Settings; !slices.Contains(got, Setting{}) {
			t.Errorf("%s: got %v", text, got)
		}
	}
	for _, text := range []string{
		"create aggregate s (integer) (sfunc = int4pl, stype = integer)", "alter function app.set_config(text) rename to sc", "create function set_config(text) returns text language sql as 'select $1'",
	} {
		if got := only(t, text).Settings; len(got) > 0 {
			t.Errorf("%s: got %v", text, got)
		}
	}
}

// A domain's checks run where a value is made of it.
func TestTypesOfParametersAndVariablesAreListed(t *testing.T) {
	for text, want := range map[string]Type{
		"prepare p (s.positive) as select $1":                            {Schema: "s", Name: "positive"},
		"do $$ declare a positive := 1; begin null; end $$":              {Name: "positive"},
		"do $$ declare a s.positive[]; begin null; end $$":               {Schema: "s", Name: "positive"},
		"do $$ declare a \"Odd Name\" not null := 1; begin null; end $$": {Name: "Odd Name"},
	} {
		st := only(t, text)
		if p := st.Prepared; p != nil && !slices.Contains(p.Body.Types, want) {
			t.Errorf("%s: the body has %v", text, p.Body.Types)
		}
		if !slices.Contains(st.Types, want) {
			t.Errorf("%s: got %v", text, st.Types)
		}
	}
}
