package leaks

import (
	"os"
	"regexp"
	"slices"
)

// way is one of the protocol's and of SQL's ways to have a statement run and to get its
// result.
type way struct {
	name    string
	sql     bool // by another statement around it
	queries bool // for queries alone
	run     func(c *client, sql string) (answer, error)
}

// script sends a text after the other with the simple protocol, until one fails.
func script(texts ...string) func(c *client, sql string) (answer, error) {
	return func(c *client, sql string) (answer, error) {
		var all answer
		for _, text := range texts {
			a, err := c.send(query(regexp.MustCompile(`\?\?`).ReplaceAllLiteralString(text, sql)))
			all = append(all, a...)
			if err != nil || a.failure() != "" {
				return all, err
			}
		}
		return all, nil
	}
}

func ways() []way {
	return []way{
		{"simple", false, false, func(c *client, sql string) (answer, error) { return c.send(query(sql)) }},
		{"extended, text", false, false, func(c *client, sql string) (answer, error) {
			return c.send(parse("", sql), bind("", ""), describe('P', ""), execute("", 0), syncNow())
		}},
		{"extended, binary", false, false, func(c *client, sql string) (answer, error) {
			return c.send(parse("", sql), bind("", "", 1), describe('P', ""), execute("", 0), syncNow())
		}},
		{"mixed formats", false, false, mixed},
		{"rows one by one", false, false, func(c *client, sql string) (answer, error) {
			all, err := c.send(parse("", sql), bind("p", "", 1), execute("p", 1), execute("p", 1), execute("p", 2), execute("p", 0), syncNow())
			return all, err
		}},
		{"again without a description", false, false, again},
		{"cursor", true, true, script("DECLARE c CURSOR FOR ??", "FETCH 1 FROM c", "FETCH ALL FROM c", "CLOSE c")},
		{"binary cursor, held", true, true, script("DECLARE c BINARY SCROLL CURSOR WITH HOLD FOR ??", "FETCH 2 FROM c", "MOVE ABSOLUTE 0 IN c", "FETCH FORWARD ALL FROM c", "CLOSE c")},
		{"cursor, by the protocol", true, true, func(c *client, sql string) (answer, error) {
			a, err := c.send(query("DECLARE c CURSOR FOR " + sql))
			if err != nil || a.failure() != "" {
				return a, err
			}
			b, err := c.send(parse("", "FETCH 2 FROM c"), bind("", "", 1), execute("", 0), describe('P', "c"), execute("c", 1), execute("c", 0), syncNow())
			return append(a, b...), err
		}},
		{"PREPARE", true, true, script("PREPARE s AS ??", "EXECUTE s", "DEALLOCATE s")},
		{"PREPARE, then by the protocol", true, true, func(c *client, sql string) (answer, error) {
			a, err := c.send(query("PREPARE s AS " + sql))
			if err != nil || a.failure() != "" {
				return a, err
			}
			b, err := c.send(bind("", "s", 1), execute("", 0), syncNow())
			_, _ = c.send(query("ROLLBACK; DEALLOCATE ALL; BEGIN"))
			return append(a, b...), err
		}},
		{"COPY", true, true, script("COPY (??) TO STDOUT", "COPY (??) TO STDOUT (FORMAT csv, FORCE_QUOTE *)", "COPY (??) TO STDOUT (FORMAT binary)")},
		{"EXPLAIN", true, false, script("EXPLAIN (VERBOSE, ANALYZE, COSTS) ??", "EXPLAIN (FORMAT json) ??")},
		{"a table of it", true, true, script("CREATE TEMP TABLE taken AS ??", "SELECT * FROM taken")},
		{"a view of it", true, true, script("CREATE TEMP VIEW seen AS ??", "SELECT * FROM seen")},
		{"a function of it", true, true, script("CREATE FUNCTION pg_temp.seen() RETURNS SETOF record LANGUAGE sql AS $f$ ?? $f$", "SELECT pg_temp.seen()")},
		{"a query around it", true, true, script("SELECT * FROM (??) AS around", "SELECT around::text FROM (??) AS around", "WITH around AS (??) SELECT to_json(around) FROM around")},
	}
}

// mixed asks for the columns in text and binary by turns.
func mixed(c *client, sql string) (answer, error) {
	a, err := c.send(parse("m", sql), describe('S', "m"), syncNow())
	if err != nil || a.failure() != "" {
		return a, err
	}
	formats := []int16{}
	for i := range max(a.columns(), 0) {
		formats = append(formats, int16(i%2))
	}
	b, err := c.send(bind("", "m", formats...), execute("", 0), message('C', byte('S'), "m"), syncNow())
	return slices.Concat(a, b), err
}

// again runs a statement thrice, never asking for a description, in other formats.
func again(c *client, sql string) (answer, error) {
	a, err := c.send(parse("a", sql), bind("", "a"), execute("", 0), syncNow())
	if err != nil || a.failure() != "" {
		return a, err
	}
	b, err := c.send(bind("q", "a", 1), execute("q", 1), bind("", "a", 1), execute("", 0), execute("q", 0), syncNow())
	if err != nil {
		return slices.Concat(a, b), err
	}
	d, err := c.send(message('C', byte('S'), "a"), syncNow())
	return slices.Concat(a, b, d), err
}

func isQuery(sql string) bool {
	return regexp.MustCompile(`(?i)^\(*(SELECT|WITH|TABLE|VALUES)\b`).MatchString(sql) && !regexp.MustCompile(`(?i)\b(INTO|RETURNING)\b`).MatchString(sql)
}

// waysFor gives the ways by which a statement is tried: those of the protocol, and of
// SQL's some in turn, all where WEIR_LEAKS is "all".
func waysFor(sql, pair string) []way {
	var out []way
	var sum int
	for _, b := range []byte(sql) {
		sum += int(b)
	}
	for i, w := range ways() {
		switch {
		case pair != equality && i > 2: // what may be asked differs, not what is shown
		case !w.sql:
			out = append(out, w)
		case w.queries && !isQuery(sql):
		case os.Getenv("WEIR_LEAKS") == "all" || (i+sum)%5 == 0:
			out = append(out, w)
		}
	}
	return out
}
