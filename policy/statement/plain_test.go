package statement

import (
	"slices"
	"testing"
)

// Which columns a definition is about is told only where it depends on no other's values.
func TestDefinitionsOfSingleColumnsSayWhich(t *testing.T) {
	for sql, want := range map[string][]string{
		"create index on t (a, b desc nulls last) include (c)":                                             {"a", "b", "c"},
		"create unique index concurrently if not exists i on s.t using btree (a text_pattern_ops)":         {"a"},
		"create index on t (lower(a))":                                                                     {NoColumn, "a"},
		"create index on t (a, (b + 1))":                                                                   {"a", NoColumn, "b"},
		"create index on t (peek(a))":                                                                      nil,
		"create index on t ((t is null))":                                                                  nil,
		"create index on t ((t.b))":                                                                        nil,
		"create index on t (a) where exists (select from u)":                                               nil,
		"create index on t (a) where num_nulls(variadic b) > 0":                                            nil,
		"create index on t (a) where s.lower(b) = 'x'":                                                     nil,
		"create index on t (a) where deleted_at is null and b in (1, 2)":                                   {"deleted_at", "b", "a"},
		"create statistics s on a, b from t":                                                               {"a", "b"},
		"create statistics s on a, (b + 1) from t":                                                         nil,
		"alter table t add a text generated always as (upper(t)) stored":                                   nil,
		"alter table t add constraint k check (peek(a) > 0)":                                               nil,
		"alter table t validate constraint c, set (fillfactor = 90)":                                       {NoColumn, NoColumn},
		"alter table t set (autovacuum_enabled = off), alter a drop default":                               {NoColumn, "a"},
		"alter table t set (user_catalog_table = true)":                                                    nil,
		"alter view t set (security_barrier)":                                                              nil,
		"alter table t replica identity full":                                                              {NoColumn},
		"alter table t rename to u":                                                                        nil,
		"alter view t rename column a to b":                                                                nil,
		"create index on t (a) where b > 0":                                                                {"b", "a"},
		"alter table t add column a text":                                                                  {"a"},
		"alter table t add a int not null default 0, add column if not exists b timestamptz default now()": {"a", "b"},
		"alter table t add a uuid default gen_random_uuid() unique":                                        {"a"},
		"alter table t add a text[] default '{}'::text[], drop column b cascade":                           {"a", "b"},
		"alter table t add a int check (b > 0)":                                                            {"a", "b"},
		"alter table t add a int generated always as (b * 2) stored":                                       {"a", "b"},
		"alter table t add a text default peek()":                                                          nil,
		"alter table t add a text default (select max(b) from t)":                                          nil,
		"alter table t add a text default s.now()":                                                         nil,
		"alter table t add a int generated always as identity":                                             nil,
		"alter table t alter a set default 1, alter b drop default, alter c set not null":                  {"a", "b", "c"},
		"alter table t alter a type varchar(100)":                                                          {"a"},
		"alter table t alter a type int using b::int":                                                      {"b", "a"},
		"alter table t add constraint u unique (a, b)":                                                     {"a", "b"},
		"alter table t add primary key (a) include (b)":                                                    {"a", "b"},
		"alter table t add constraint f foreign key (a) references o (id) not valid":                       {"a"},
		"alter table t add constraint k check (a > 0)":                                                     {"a", NoColumn},
		"alter table t add constraint u unique using index i":                                              nil,
		"alter table t add exclude using gist (a with =)":                                                  nil,
		"alter table t add column a int, enable row level security":                                        nil,
		"alter table t rename column a to b":                                                               {"a", "b"},
		"alter table t attach partition p for values in (1)":                                               nil,
		"alter table t inherit u":                                                                          nil,
		"alter table t owner to x":                                                                         nil,
		"alter table t drop constraint c":                                                                  {NoColumn},
		"alter table t alter a set storage external, alter b set statistics 100":                           {"a", "b"},
		"alter table t alter a add generated always as identity":                                           nil,
		"alter table t alter a drop expression":                                                            nil,
	} {
		facts, err := Parse(sql)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		var got []string
		for _, table := range facts.Statements[0].Tables {
			if table.Name == "t" && !table.Referred {
				got = append(got, table.Keys...)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}
