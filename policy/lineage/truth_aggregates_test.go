package lineage_test

import (
	"testing"

	"github.com/weirgate/weir/policy/lineage"
)

// aggregates of a user: of PostgreSQL's own functions, and of functions that gather, ask,
// keep and read.
const aggregates = `
CREATE FUNCTION took(anyelement, anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1';
CREATE AGGREGATE first_seen (anyelement) (sfunc = took, stype = anyelement);
CREATE FUNCTION added(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT coalesce(a || '','', '''') || coalesce(b, '''')';
CREATE AGGREGATE listed (text) (sfunc = added, stype = text);
CREATE FUNCTION finished(a text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN upper(a); END';
CREATE AGGREGATE loud (text) (sfunc = textcat, stype = text, finalfunc = finished, initcond = '');
CREATE AGGREGATE gathered (anycompatible) (sfunc = array_append, stype = anycompatiblearray, initcond = '{}');
CREATE AGGREGATE highest (text) (sfunc = text_larger, stype = text);
CREATE AGGREGATE multiplied (numeric) (sfunc = numeric_mul, stype = numeric, initcond = '1');
CREATE FUNCTION asked(a text, b text) RETURNS text LANGUAGE plpgsql AS 'BEGIN IF b > ''m'' THEN RETURN a; END IF; RETURN b; END';
CREATE AGGREGATE asking (text) (sfunc = asked, stype = text, initcond = '');
CREATE FUNCTION cast_in(a int, b text) RETURNS int LANGUAGE sql AS 'SELECT a + b::int';
CREATE AGGREGATE casting (text) (sfunc = cast_in, stype = int, initcond = '0');
CREATE FUNCTION kept(a text, b text) RETURNS text LANGUAGE plpgsql AS 'BEGIN INSERT INTO notes (body) VALUES (b); RETURN a; END';
CREATE AGGREGATE keeping (text) (sfunc = kept, stype = text, initcond = '');
CREATE FUNCTION ran(a text, b text) RETURNS text LANGUAGE plpgsql AS 'BEGIN EXECUTE ''SELECT '' || quote_literal(b); RETURN a; END';
CREATE AGGREGATE running (text) (sfunc = ran, stype = text, initcond = '');
CREATE FUNCTION peeked(a text) RETURNS text LANGUAGE sql STABLE AS 'SELECT max(email) FROM customers';
CREATE AGGREGATE peeking (text) (sfunc = textcat, stype = text, finalfunc = peeked, initcond = '');
`

// What an aggregate of one's own makes of masked values is redacted, if all that it is
// made of can be followed and asks nothing of a value.
func TestAggregatesAreFollowedThroughTheirFunctions(t *testing.T) {
	s := newSite(t, lineage.Equality, aggregates)
	for sql, want := range map[string]string{
		"SELECT first_seen(email), first_seen(name ORDER BY id) FROM customers":                 "RC",
		"SELECT region, listed(email), listed(name) FROM customers GROUP BY region":             "CRC",
		"SELECT loud(email), loud(name) FROM customers":                                         "RC",
		"SELECT gathered(email), gathered(salary), gathered(id) FROM customers":                 "RRC",
		"SELECT highest(email) FROM customers":                                                  "R",
		"SELECT highest(email) OVER (PARTITION BY region) FROM customers":                       "R",
		"SELECT listed(upper(email)) FROM customers":                                            "R",
		"SELECT multiplied(id) FROM customers":                                                  "C",
		"SELECT multiplied(salary) FROM customers":                                              "",
		"SELECT asking(email) FROM customers":                                                   "",
		"SELECT asking(name) FROM customers":                                                    "C",
		"SELECT casting(ssn) FROM customers":                                                    "",
		"SELECT keeping(email) FROM customers":                                                  "",
		"SELECT running(email) FROM customers":                                                  "",
		"SELECT peeking(email) FROM customers":                                                  "",
		"SELECT peeking(name) FROM customers":                                                   "",
		"SELECT region FROM customers GROUP BY region HAVING listed(email) LIKE 'q%'":           "",
		"SELECT region FROM customers GROUP BY region ORDER BY first_seen(email)":               "",
		"SELECT listed(name) FILTER (WHERE email LIKE 'q%') FROM customers":                     "",
		"SELECT listed(name ORDER BY email) FROM customers":                                     "",
		"SELECT first_seen(c) FROM customers c":                                                 "R",
		"SELECT (first_seen(c)).email FROM customers c":                                         "R",
		"INSERT INTO notes (body) SELECT listed(email) FROM customers":                          "",
		"SELECT x FROM (SELECT first_seen(email) AS x FROM customers GROUP BY region) q":        "R",
		"SELECT first_seen(CASE WHEN email > 'm' THEN 1 ELSE 0 END) FROM customers GROUP BY id": "",
	} {
		v := s.judge(t, sql, 0)
		if v.failed != nil {
			t.Errorf("does not run: %s: %v", sql, v.failed)
		}
		if len(v.leaks) > 0 {
			t.Errorf("shows %q: %s", v.leaks, sql)
		}
		if got := s.classes(t, sql); got != want {
			t.Errorf("%s: %q (refused by %q), want %q", sql, got, v.refused, want)
		}
	}
}
