package statement

import (
	"reflect"
	"testing"
)

func TestSettingsAreReadFromEveryForm(t *testing.T) {
	for text, want := range map[string][]Setting{
		"set search_path to a, \"B\"":           {{Name: "search_path", Value: "a, B", Known: true}},
		"set \"Role\" = 'postgres'":             {{Name: "role", Value: "postgres", Known: true}},
		"set role bob":                          {{Name: "role", Value: "bob", Known: true}},
		"set local role none":                   {{Name: "role", Value: "none", Known: true, Local: true}},
		"set session authorization bob":         {{Name: "session_authorization", Value: "bob", Known: true}},
		"set session authorization default":     {{Name: "session_authorization", Known: true, Reset: true}},
		"reset session authorization":           {{Name: "session_authorization", Known: true, Reset: true}},
		"reset role":                            {{Name: "role", Known: true, Reset: true}},
		"reset all":                             {{Name: "all", Known: true, Reset: true}},
		"set names 'latin1'":                    {{Name: "client_encoding", Value: "latin1", Known: true}},
		"set schema 'x'":                        {{Name: "search_path", Value: "x", Known: true}},
		"set time zone 'UTC'":                   {{Name: "timezone", Value: "UTC", Known: true}},
		"set standard_conforming_strings = off": {{Name: "standard_conforming_strings", Value: "off", Known: true}},
		"set work_mem = 64":                     {{Name: "work_mem", Value: "64", Known: true}},
		"set a.b to default":                    {{Name: "a.b", Known: true, Reset: true}},
		"set x from current":                    {{Name: "x"}},
		"set transaction isolation level serializable, read only": {
			{Name: "transaction_isolation", Value: "serializable", Known: true, Local: true},
			{Name: "transaction_read_only", Value: "1", Known: true, Local: true}},
		"set session characteristics as transaction read write": {{Name: "default_transaction_read_only", Value: "0", Known: true}},
		"begin read only":                                                                {{Name: "transaction_read_only", Value: "1", Known: true, Local: true}},
		"select set_config('ROLE', 'bob', true)":                                         {{Name: "role", Value: "bob", Known: true, Local: true}},
		"select pg_catalog.set_config('role', 'bob', false)":                             {{Name: "role", Value: "bob", Known: true}},
		"select set_config('role', $1, false)":                                           {{Name: "role"}},
		"select set_config('ro' || 'le', 'x', false)":                                    {{Name: "role", Value: "x", Known: true}},
		"select set_config('ro' || a, 'x', false) from t":                                {{Value: "x", Known: true}},
		"select set_config(new_value => $1, is_local => true, setting_name => 'role')":   {{Name: "role", Local: true}},
		"select set_config(a, b, false) from t":                                          {{}},
		"select set_config(setting_name => 'role', new_value => 'x', is_local => false)": {{Name: "role", Value: "x", Known: true}},
		"update pg_settings set setting = 'x' where name = 'role'":                       {{}},
		"do $$begin set role bob; end$$":                                                 {{Name: "role", Value: "bob", Known: true}},
		"with x as (select set_config('role', 'bob', false)) select 1":                   {{Name: "role", Value: "bob", Known: true}},
		"discard all":                                   {{Name: "session_authorization", Reset: true, Known: true}, {Name: "all", Reset: true, Known: true}},
		"discard plans":                                 nil,
		"alter role bob set role = 'x'":                 {{Name: "role", Value: "x", Known: true, Scope: ScopeRole}},
		"alter role all in database d reset all":        {{Name: "all", Known: true, Reset: true, Scope: ScopeRole}},
		"alter database d set client_encoding = 'SJIS'": {{Name: "client_encoding", Value: "SJIS", Known: true, Scope: ScopeDatabase}},
		"alter system set archive_command = 'x'":        {{Name: "archive_command", Value: "x", Known: true, Scope: ScopeSystem}},
		"alter system reset all":                        {{Name: "all", Known: true, Reset: true, Scope: ScopeSystem}},
		"alter function f(int) set search_path = a, b":  {{Name: "search_path", Value: "a, b", Known: true, Scope: ScopeFunction}},
		"alter procedure p reset role":                  {{Name: "role", Known: true, Reset: true, Scope: ScopeFunction}},
		"create function f() returns int language sql set role = 'x' set work_mem from current as 'select 1'": {
			{Name: "role", Value: "x", Known: true, Scope: ScopeFunction}, {Name: "work_mem", Scope: ScopeFunction}},
		"select 1": nil,
	} {
		if got := only(t, text).Settings; !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", text, got, want)
		}
	}
}

func TestPreparedStatementsAndCursorsCarryTheirBody(t *testing.T) {
	p := only(t, "prepare p (int) as select ssn from c where a = $1").Prepared
	if p == nil || p.Name != "p" || p.What != "Prepare" || outputs(p.Body) != "ssn" || !p.Body.Shape.Plain {
		t.Errorf("got %+v", p)
	}
	c := only(t, "declare c binary insensitive cursor with hold for select ssn from c").Cursor
	if c == nil || c.Name != "c" || c.What != "Declare" || !c.Binary || !c.Hold || outputs(c.Body) != "ssn" {
		t.Errorf("got %+v", c)
	}
	for text, want := range map[string]Prepared{
		"execute p(1)":                {Name: "p", What: "Execute"},
		"explain analyze execute p":   {Name: "p", What: "Execute"},
		"create table x as execute p": {Name: "p", What: "Execute"},
		"deallocate p":                {Name: "p", What: "Deallocate"},
		"deallocate all":              {What: "Deallocate"},
		"discard all":                 {What: "Deallocate"},
	} {
		if got := only(t, text).Prepared; got == nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: got %+v", text, got)
		}
	}
	for text, want := range map[string]Cursor{
		"fetch all c":      {Name: "c", What: "Fetch"},
		"move 5 in c":      {Name: "c", What: "Move"},
		"close c":          {Name: "c", What: "Close"},
		"close all":        {What: "Close"},
		"fetch backward c": {Name: "c", What: "Fetch"},
	} {
		if got := only(t, text).Cursor; got == nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: got %+v", text, got)
		}
	}
}

func TestCopySaysWhereTheDataGoes(t *testing.T) {
	for text, want := range map[string]Copy{
		"copy s.t (a, b) from stdin": {From: true, Target: "Client", Schema: "s", Table: "t", Columns: []string{"a", "b"}, Format: "text"},
		"copy t to stdout (format csv, header, delimiter ';', force_quote (a, b))": {Target: "Client", Table: "t", Format: "csv",
			Options: []CopyOption{{"header", "true"}, {"delimiter", ";"}, {"force_quote", "a,b"}}},
		"copy binary t to stdout":                  {Target: "Client", Table: "t", Format: "binary"},
		"copy t to stdout csv header null 'x'":     {Target: "Client", Table: "t", Format: "csv", Options: []CopyOption{{"header", "true"}, {"null", "x"}}},
		"copy t from '/etc/passwd'":                {From: true, Target: "File", Table: "t", Format: "text"},
		"copy t from program 'id'":                 {From: true, Target: "Program", Table: "t", Format: "text"},
		"copy (select 1) to program 'id'":          {Target: "Program", Query: true, Format: "text"},
		"do $$begin copy t to program 'id'; end$$": {Target: "Program", Table: "t", Format: "text"},
	} {
		if got := only(t, text).Copy; got == nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", text, got, want)
		}
	}
}
