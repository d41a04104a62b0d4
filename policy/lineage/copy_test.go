package lineage

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/mask"
)

// What the columns of a COPY's data become: a masked one shows what x becomes.
func TestTheColumnsOfACopyAreKnownByTheirPlace(t *testing.T) {
	m := shop(t)
	for _, c := range []struct {
		sql     string
		columns int
		want    string // for each column - for one that passes, or what the value becomes
	}{
		{"COPY customers TO STDOUT", 6, "- - * * **** -"},
		{"COPY customers (region, email, id) TO STDOUT", 3, "- * -"},
		{"COPY public.customers TO STDOUT (FORMAT binary)", 6, "- - * * **** -"},
		{"COPY (SELECT * FROM customers) TO STDOUT", 6, "- - * * **** -"},
		{"COPY (SELECT email, upper(email), name, count(*) OVER () FROM customers) TO STDOUT", 4, "* **** - -"},
		{"COPY (DELETE FROM customers RETURNING ssn, id) TO STDOUT", 2, "**** -"},
		{"COPY (SELECT upper(email), ssn || ' ' || name, coalesce(email, 'none'), left(email, 2)::text, length(email) FROM customers) TO STDOUT", 5, "**** **** **** **** 0"},
		{"COPY (SELECT upper(email), nullif(email, 'x'), ARRAY[email], ssn || NULL FROM customers) TO STDOUT CSV", 4, "**** NULL NULL ****"},
		{"COPY (SELECT upper(email), name FROM customers) TO STDOUT (NULL 'A')", 2, "NULL -"},
		{"COPY (SELECT mail, shout FROM contacts) TO STDOUT", 2, "* ****"},
		{"COPY (SELECT c.email, o.* FROM customers c JOIN orders o USING (id)) TO STDOUT", 5, "* - - - -"},
		{"COPY generated TO STDOUT", 3, "- **** NULL"},
		{"COPY orders TO STDOUT", 4, "- - - -"},
		{"COPY (SELECT 1, 2) TO STDOUT", 2, "- -"},
		{"COPY (SELECT ssn, email FROM customers) TO STDOUT (NULL 'y')", 2, "NULL *"}, // nothing may be asked of ssn
		{"COPY (SELECT ssn, email FROM customers) TO STDOUT (FORMAT csv, NULL 'y')", 2, "**** *"},
	} {
		t.Run(c.sql, func(t *testing.T) {
			plan := m.Judge(facts(t, c.sql), Env{Fresh: true})
			if plan.Refused {
				t.Fatal(plan.Message)
			}
			if !plan.Placed {
				t.Error("an old snapshot would do")
			}
			columns, _, err := m.Copy(&plan, c.columns, mask.TextFormat)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, column := range columns {
				if column.Cell == nil {
					got = append(got, "-")
					continue
				}
				out, null := column.Cell.Mask(nil, []byte("x"))
				if null {
					out = []byte("NULL")
				}
				got = append(got, string(out))
			}
			if list := strings.Join(got, " "); list != c.want {
				t.Errorf("got %s, want %s", list, c.want)
			}
			if plan.Touches {
				for n := range 9 {
					if _, _, err := m.Copy(&plan, n, mask.TextFormat); n != c.columns && err == nil {
						t.Errorf("%d columns pass", n)
					}
				}
			}
		})
	}
}

func TestCopyOfWhatIsNotCertainIsRefused(t *testing.T) {
	m := shop(t)
	shadowed := func(_, name string) bool { return name == "customers" }
	for sql, env := range map[string]Env{
		"COPY (SELECT * FROM customers, generate_series(1, 2)) TO STDOUT":                                 {Fresh: true},
		"COPY customers TO STDOUT":                                                                        {Fresh: true, Known: shadowed},
		"COPY (TABLE customers) TO STDOUT":                                                                {Fresh: true, Known: shadowed},
		"COPY customers TO STDOUT (ENCODING 'SJIS')":                                                      {Fresh: true},
		"COPY customers TO STDOUT (FORMAT avro)":                                                          {Fresh: true},
		"COPY customers TO '/tmp/x'":                                                                      {Fresh: true},
		"COPY (SELECT email FROM customers) TO PROGRAM 'cat'":                                             {Fresh: true},
		"CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'COPY (SELECT email FROM customers) TO STDOUT'": {Fresh: true},
		"DO $$ BEGIN COPY customers TO STDOUT; END $$":                                                    {Fresh: true},
	} {
		plan := m.Judge(facts(t, sql), env)
		if !plan.Refused || plan.Message == "" || plan.Hint == "" {
			t.Errorf("%s: %+v", sql, plan)
		}
	}
	if _, _, err := m.Copy(nil, 1, mask.TextFormat); err == nil {
		t.Error("data of a COPY that was not judged pass")
	}
}

// A person who asks sees what a COPY sends.
func TestTheOutputsOfACopyAreShown(t *testing.T) {
	m := shop(t)
	for sql, want := range map[string]string{
		"COPY customers (id, email) TO STDOUT":                       "id Clean , email Copy Partial, ",
		"COPY orders (note) TO STDOUT":                               "note Clean , ",
		"COPY (SELECT upper(ssn) AS u FROM customers) TO STDOUT CSV": "u Derived Redact, ",
	} {
		plan := m.Judge(facts(t, sql), Env{Fresh: true, Outputs: true})
		var got strings.Builder
		for _, o := range plan.Outputs {
			fmt.Fprintf(&got, "%s %s %s, ", o.Name, o.Class, o.Mask)
		}
		if got.String() != want {
			t.Errorf("%s: %s", sql, got.String())
		}
	}
}
