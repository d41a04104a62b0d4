package statement

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

func objects(st *Statement) string {
	var all []string
	for _, o := range st.Objects {
		name := o.Name
		if o.Relation != "" {
			name = o.Relation + "/" + name
		}
		if o.Schema != "" {
			name = o.Schema + "." + name
		}
		s := fmt.Sprintf("%s %s %s", o.Command, o.Kind, name)
		if o.Temporary {
			s += " temporary"
		}
		if o.Replaces {
			s += " replaces"
		}
		all = append(all, strings.TrimSpace(s))
	}
	return strings.Join(all, "; ")
}

func TestEveryDefinitionSaysWhatItIsAbout(t *testing.T) {
	for text, want := range map[string]string{
		"create table a.b (c int)":                                                                   "Create Table a.b",
		"create temp table b (c int)":                                                                "Create Table b temporary",
		"create table pg_temp.b (c int)":                                                             "Create Table pg_temp.b temporary",
		"create temp table b as select 1":                                                            "Create Table b temporary",
		"select 1 into temp b":                                                                       "Create Table b temporary",
		"select 1 into b":                                                                            "Create Table b",
		"create unlogged table b (c int)":                                                            "Create Table b",
		"create foreign table b (c int) server s":                                                    "Create ForeignTable b",
		"create or replace view a.v as select 1":                                                     "Create View a.v replaces",
		"create temp view v as select 1":                                                             "Create View v temporary",
		"create recursive view v (n) as select 1":                                                    "Create View v",
		"create materialized view v as select 1":                                                     "Create MaterializedView v",
		"create temp sequence s":                                                                     "Create Sequence s temporary",
		"create unique index i on a.b (c)":                                                           "Create Index a.b/i",
		"create index on b (c)":                                                                      "Create Index b/",
		"create type a.t as (x int)":                                                                 "Create Type a.t",
		"create type t as enum ('a')":                                                                "Create Type t",
		"create type t as range (subtype = int)":                                                     "Create Type t",
		"create type t (input = f, output = g)":                                                      "Create Type t",
		"create type t":                                                                              "Create Type t",
		"create domain a.d as int check (value > 0)":                                                 "Create Domain a.d",
		"create or replace function a.f() returns int language sql as ''":                            "Create Function a.f replaces",
		"create procedure p() language sql as ''":                                                    "Create Procedure p",
		"create aggregate a.x(int) (sfunc = f, stype = int)":                                         "Create Aggregate a.x",
		"create operator a.+ (procedure = f, leftarg = int, rightarg = t)":                           "Create Operator a.+",
		"create operator class a.o for type int using btree as storage int":                          "Create OperatorClass a.o",
		"create operator family a.o using btree":                                                     "Create OperatorFamily a.o",
		"create cast (int as t) with function f(int)":                                                "Create Cast",
		"create conversion a.c for 'UTF8' to 'LATIN1' from f":                                        "Create Conversion a.c",
		"create collation a.c (locale = 'C')":                                                        "Create Collation a.c",
		"create transform for int language sql (from sql with function f(internal))":                 "Create Transform",
		"create schema s":                                                                            "Create Schema s",
		"create schema s create table t (a int) create view v as select 1":                           "Create Table t; Create View v; Create Schema s",
		"create database d":                                                                          "Create Database d",
		"create role r":                                                                              "Create Role r",
		"create user u in role r":                                                                    "Create Role u",
		"create tablespace t location '/x'":                                                          "Create Tablespace t",
		"create extension e":                                                                         "Create Extension e",
		"create language l handler h":                                                                "Create Language l",
		"create access method m type table handler h":                                                "Create AccessMethod m",
		"create event trigger e on ddl_command_end execute function f()":                             "Create EventTrigger e",
		"create foreign data wrapper w handler h":                                                    "Create ForeignDataWrapper w",
		"create server s foreign data wrapper w":                                                     "Create Server s",
		"create user mapping for bob server s":                                                       "Create UserMapping bob",
		"create publication p for table a.t":                                                         "Create Publication p",
		"create subscription s connection '' publication p":                                          "Create Subscription s",
		"create statistics a.s on x, y from t":                                                       "Create Statistics a.s",
		"create text search configuration a.c (copy = english)":                                      "Create TextSearchConfiguration a.c",
		"create text search dictionary d (template = simple)":                                        "Create TextSearchDictionary d",
		"create text search parser p (start = f, gettoken = g, end = h, lextypes = i)":               "Create TextSearchParser p",
		"create text search template p (lexize = f)":                                                 "Create TextSearchTemplate p",
		"create or replace trigger g before update on a.t for each row execute function f()":         "Create Trigger a.t/g replaces",
		"create or replace rule r as on insert to a.t do nothing":                                    "Create Rule a.t/r replaces",
		"create policy p on a.t using (true)":                                                        "Create Policy a.t/p",
		"alter table a.t add column c int, drop column d, alter e type int, alter f set default g()": "Alter Table a.t; Create Column a.t/c; Drop Column a.t/d; Alter Column a.t/e; Alter Column a.t/f",
		"alter table t add constraint c check (true), drop constraint d, validate constraint e":      "Alter Table t; Create Constraint t/c; Drop Constraint t/d; Alter Constraint t/e",
		"alter table t disable trigger g, enable rule r":                                             "Alter Table t; Alter Trigger t/g; Alter Rule t/r",
		"alter table t disable trigger all, disable row level security":                              "Alter Table t; Alter Trigger t/; Alter Policy t/",
		"alter table t owner to bob, set schema s":                                                   "",
		"alter table t owner to bob":                                                                 "Alter Table t",
		"alter table t attach partition p for values in (1)":                                         "Alter Table t",
		"alter view v rename to w":                                                                   "Alter View v",
		"alter table t rename a to b":                                                                "Alter Column t/a",
		"alter table t rename constraint a to b":                                                     "Alter Constraint t/a",
		"alter index i rename to j":                                                                  "Alter Index i",
		"alter sequence s restart":                                                                   "Alter Sequence s",
		"alter sequence s rename to z":                                                               "Alter Sequence s",
		"alter type a.t add attribute x int":                                                         "Alter Type a.t; Create Column a.t/x",
		"alter type a.t rename attribute x to y":                                                     "Alter Column a.t/x",
		"alter type t rename to u":                                                                   "Alter Type t",
		"alter type t add value 'x'":                                                                 "Alter Type t",
		"alter type t set (receive = f)":                                                             "Alter Type t",
		"alter domain a.d add check (value > 0)":                                                     "Alter Domain a.d",
		"alter domain a.d rename constraint x to y":                                                  "Alter Domain a.d",
		"alter function a.f(int) owner to bob":                                                       "Alter Function a.f",
		"alter function a.f(int) set schema b":                                                       "Alter Function a.f",
		"alter routine f rename to g":                                                                "Alter Function f",
		"alter function f stable":                                                                    "Alter Function f",
		"alter function f depends on extension e":                                                    "Alter Function f",
		"alter trigger g on a.t depends on extension e":                                              "Alter Trigger a.t/g",
		"alter trigger g on a.t rename to h":                                                         "Alter Trigger a.t/g",
		"alter operator a.+ (int, int) owner to bob":                                                 "Alter Operator a.+",
		"alter operator a.+ (int, int) set (restrict = f)":                                           "Alter Operator a.+",
		"alter operator class a.o using btree rename to p":                                           "Alter OperatorClass a.o",
		"alter operator family a.o using btree add operator 1 < (int, int)":                          "Alter OperatorFamily a.o",
		"alter schema s rename to z":                                                                 "Alter Schema s",
		"alter schema s owner to bob":                                                                "Alter Schema s",
		"alter database d rename to e":                                                               "Alter Database d",
		"alter database d set work_mem = '1'":                                                        "Alter Database d",
		"alter database d allow_connections false":                                                   "Alter Database d",
		"alter role r rename to s":                                                                   "Alter Role r",
		"alter role r superuser":                                                                     "Alter Role r",
		"alter group g add user u":                                                                   "Alter Role g",
		"alter role all set work_mem = '1'":                                                          "Alter Role",
		"alter system set work_mem = '1'":                                                            "Alter Parameter work_mem",
		"alter default privileges in schema s grant select on tables to bob":                         "Alter DefaultPrivileges; Grant DefaultPrivileges",
		"alter extension e update":                                                                   "Alter Extension e",
		"alter extension e add table a.t":                                                            "Alter Extension e; Alter Table a.t",
		"alter extension e set schema s":                                                             "Alter Extension e",
		"alter policy p on t using (true)":                                                           "Alter Policy t/p",
		"alter policy p on t rename to q":                                                            "Alter Policy t/p",
		"alter publication p add table t":                                                            "Alter Publication p",
		"alter subscription s disable":                                                               "Alter Subscription s",
		"alter server s options (host 'x')":                                                          "Alter Server s",
		"alter foreign data wrapper w no handler":                                                    "Alter ForeignDataWrapper w",
		"alter user mapping for bob server s options (set x 'y')":                                    "Alter UserMapping bob",
		"alter event trigger e disable":                                                              "Alter EventTrigger e",
		"alter tablespace t set (seq_page_cost = 1)":                                                 "Alter Tablespace t",
		"alter table all in tablespace t set tablespace u":                                           "Alter All t",
		"alter collation c refresh version":                                                          "Alter Collation c",
		"alter statistics s set statistics 1":                                                        "Alter Statistics s",
		"alter text search configuration c alter mapping for x with y":                               "Alter TextSearchConfiguration c",
		"alter text search dictionary d (x = 'y')":                                                   "Alter TextSearchDictionary d",
		"alter large object 12 owner to bob":                                                         "Alter LargeObject 12",
		"drop table a.b, c":                                                                          "Drop Table a.b; Drop Table c",
		"drop function a.f(int), g":                                                                  "Drop Function a.f; Drop Function g",
		"drop cast (int as t)":                                                                       "Drop Cast",
		"drop trigger g on a.t":                                                                      "Drop Trigger a.t/g",
		"drop rule r on t":                                                                           "Drop Rule t/r",
		"drop policy p on t":                                                                         "Drop Policy t/p",
		"drop schema a, b cascade":                                                                   "Drop Schema a; Drop Schema b; Drop All",
		"drop owned by bob, alice":                                                                   "Drop Owned bob; Drop Owned alice",
		"drop role a, b":                                                                             "Drop Role a; Drop Role b",
		"drop database d":                                                                            "Drop Database d",
		"drop tablespace t":                                                                          "Drop Tablespace t",
		"drop user mapping for bob server s":                                                         "Drop UserMapping bob",
		"drop subscription s":                                                                        "Drop Subscription s",
		"drop operator class a.o using btree":                                                        "Drop OperatorClass a.o",
		"drop transform for int language sql":                                                        "Drop Transform",
		"drop type a.t":                                                                              "Drop Type a.t",
		"drop domain d":                                                                              "Drop Domain d",
		"drop access method m":                                                                       "Drop AccessMethod m",
		"drop server s":                                                                              "Drop Server s",
		"comment on column a.t.c is 'x'":                                                             "Comment Column a.t/c",
		"comment on constraint c on domain a.d is 'x'":                                               "Comment Constraint a.d/c",
		"comment on database d is null":                                                              "Comment Database d",
		"comment on function f(int) is null":                                                         "Comment Function f",
		"comment on large object 7 is null":                                                          "Comment LargeObject 7",
		"security label on role r is 'x'":                                                            "SecurityLabel Role r",
		"grant select on a.t, u to bob":                                                              "Grant Table a.t; Grant Table u",
		"grant execute on function a.f(int) to bob":                                                  "Grant Function a.f",
		"grant select on all tables in schema a, b to bob":                                           "Grant All a.; Grant All b.",
		"revoke usage on schema s from bob":                                                          "Revoke Schema s",
		"grant set on parameter work_mem to bob":                                                     "Grant Parameter work_mem",
		"grant a, b to c":                                                                            "Grant Role a; Grant Role b",
		"revoke a from b":                                                                            "Revoke Role a",
		"reassign owned by bob to alice":                                                             "Reassign Owned bob",
		"refresh materialized view a.v":                                                              "Refresh MaterializedView a.v",
		"import foreign schema s from server x into y":                                               "Import All y.; Create ForeignTable y.",
		"do $$begin create table t (a int); end$$":                                                   "Create Table t",
		"select 1": "",
	} {
		if want == "" && text != "select 1" { // not SQL
			continue
		}
		if got := objects(only(t, text)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestEveryKindOfObjectOfTheParserHasItsName(t *testing.T) {
	for number, name := range pg_query.ObjectType_name {
		kind := kindOf(pg_query.ObjectType(number))
		if (kind == "") != (number == 0) {
			t.Errorf("%s: %q", name, kind)
		}
		if kind != "" && !slices.Contains(Kinds(), kind) {
			t.Errorf("%s: %q is not in the list of kinds", name, kind)
		}
	}
}

// What runs later, unseen in any statement that then uses it.
func TestWhatADefinitionNamesForLaterIsSeen(t *testing.T) {
	// A definition's parts are listed in no order of their own.
	for text, want := range map[string]string{
		"create operator + (procedure = a.f, leftarg = int, rightarg = int, restrict = eqsel, commutator = operator(b.-))": "eqsel a.f | b.- | pg_catalog.int4",
		"create aggregate x(int) (sfunc = f, stype = a.t, finalfunc = g, sortop = <)":                                      "f g | < | a.t pg_catalog.int4",
		"create cast (int as a.t) with function f(int)":                                                                    "f | | a.t pg_catalog.int4",
		"create type t (input = i, output = o)":                                                                            "i o | |",
		"create type t as range (subtype = int, canonical = c, subtype_diff = d)":                                          "c d | | pg_catalog.int4",
		"create trigger g before update on t for each row execute function a.f(1)":                                         "a.f | |",
		"create event trigger e on ddl_command_end execute function f()":                                                   "f | |",
		"create operator class o for type int using btree as operator 1 <, function 1 f(int, int)":                         "f | < | pg_catalog.int4",
		"create conversion c for 'UTF8' to 'LATIN1' from f":                                                                "f | |",
		"create language l handler h inline i validator v":                                                                 "h i v | |",
		"create foreign data wrapper w handler h validator v":                                                              "h v | |",
		"create access method m type table handler h":                                                                      "h | |",
		"create transform for int language sql (from sql with function f(internal), to sql with function g(internal))":     "f g | | internal pg_catalog.int4",
		"create domain d as a.t check (f(value) > 0)":                                                                      "f | > | a.t",
		"create table t (a b.c default d('x'), e int generated always as (f(a)) stored)":                                   "d f | | b.c pg_catalog.int4",
		"create function f(x a.t, y b.c%type) returns d language sql as 'select 1'":                                        "| | a.t b.c% d",
		"select a::b.c, cast(d as e[]), f 'x'":                                                                             "| | b.c e f",
		"select a operator(b.+) c, -d, e between 1 and 2, f like 'x', g in (1), nullif(h, i), j is distinct from k":        "| b.+ -pre >= <= ~~ = |",
		"select 1 from t where a in (select 1) and b < any (select 2) order by c using operator(d.>)":                      "| = < d.> |",
	} {
		st := only(t, text)
		got := make([]string, 3)
		slices.SortFunc(st.Functions, func(a, b Function) int { return strings.Compare(a.Name, b.Name) })
		slices.SortFunc(st.Types, func(a, b Type) int { return strings.Compare(a.Schema+a.Name, b.Schema+b.Name) })
		for _, f := range st.Functions {
			got[0] += strings.TrimPrefix(f.Schema+"."+f.Name, ".") + " "
		}
		for _, o := range st.Operators {
			got[1] += " " + strings.TrimPrefix(o.Schema+"."+o.Name, ".")
			if o.Prefix {
				got[1] += "pre"
			}
		}
		for _, o := range st.Types {
			got[2] += " " + strings.TrimPrefix(o.Schema+"."+o.Name, ".")
			if o.Column {
				got[2] += "%"
			}
		}
		if line := strings.TrimSpace(got[0] + "|" + got[1] + " |" + got[2]); line != want {
			t.Errorf("%s:\n got %s\nwant %s", text, line, want)
		}
	}
}

func TestAnExplainSaysWhetherItRuns(t *testing.T) {
	for text, planned := range map[string]bool{
		"explain delete from t":                                 true,
		"explain (costs off) delete from t":                     true,
		"explain (analyze false) delete from t":                 true,
		"explain (analyze off, verbose) delete from t":          true,
		"explain (analyze 0) delete from t":                     true,
		"explain analyze delete from t":                         false,
		"explain analyse delete from t":                         false,
		"explain analyze verbose delete from t":                 false,
		"explain (analyze) delete from t":                       false,
		"explain (ANALYSE) delete from t":                       false,
		"explain (analyze true) delete from t":                  false,
		"explain (analyze on) delete from t":                    false,
		"explain (analyze 1) delete from t":                     false,
		"explain (analyze 'true') delete from t":                false,
		"explain (analyze 'FALSE') delete from t":               true,
		"explain (analyze true, analyze false) delete from t":   false,
		"explain (analyze false, analyze true) delete from t":   false,
		"delete from t":                                         false,
		"explain (verbose, analyze) create table x as select 1": false,
		"do $$begin explain delete from t; end$$":               false,
	} {
		st := only(t, text)
		if st.Planned != planned || !slices.Contains(st.Commands, CommandDelete) && !slices.Contains(st.Commands, CommandCreate) {
			t.Errorf("%s: planned %v, commands %v", text, st.Planned, st.Commands)
		}
	}
}
