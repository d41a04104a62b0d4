package ordinary

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// mode is how a statement is sent.
type mode string

const (
	simple mode = "simple"
	text   mode = "extended, text"
	binary mode = "extended, binary"
)

// answer is what came back.
type answer struct {
	fields []pgconn.FieldDescription
	rows   [][][]byte
	tag    string
	copied string
	err    *pgconn.PgError
	said   []string
}

// ask sends a statement.
func (s *asked) ask(t *testing.T, st *step, m mode) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	s.said = nil
	var a answer
	var err error
	var tag pgconn.CommandTag
	switch word := strings.ToUpper(st.sql); {
	case st.copies:
		tag, err = s.CopyFrom(ctx, strings.NewReader(st.copied), st.sql)
	case strings.HasPrefix(word, "COPY"):
		var out bytes.Buffer
		tag, err = s.CopyTo(ctx, &out, st.sql)
		a.copied = out.String()
	case m == simple && st.with == nil:
		a, tag, err = s.simple(ctx, st.sql)
	default:
		var values [][]byte
		for _, v := range st.with {
			if v == nil {
				values = append(values, nil)
				continue
			}
			values = append(values, []byte(*v))
		}
		format := int16(0)
		if m == binary {
			format = 1
		}
		r := s.ExecParams(ctx, st.sql, values, nil, nil, []int16{format})
		a.take(r)
		tag, err = r.Close()
	}
	a.tag, a.said = tag.String(), s.said
	if err == nil {
		return a
	}
	if a.err = serverError(err); a.err == nil {
		t.Fatalf("%v\n%s", err, st.sql)
	}
	return a
}

// simple sends a text as a simple Query.
func (s *asked) simple(ctx context.Context, sql string) (a answer, tag pgconn.CommandTag, err error) {
	r := s.Exec(ctx, sql)
	for r.NextResult() {
		a.take(r.ResultReader())
		tag, _ = r.ResultReader().Close()
	}
	return a, tag, r.Close()
}

// take takes the rows of a result.
func (a *answer) take(r *pgconn.ResultReader) {
	a.fields = append(a.fields, r.FieldDescriptions()...)
	for r.NextRow() {
		row := make([][]byte, len(r.Values()))
		for i, v := range r.Values() {
			row[i] = bytes.Clone(v)
		}
		a.rows = append(a.rows, row)
	}
}

// tally counts statements and which were refused.
type tally struct {
	mu      sync.Mutex
	all     int
	wrong   int
	refused []string // rightly
	known   []string // wrongly, as is known
}

func (c *tally) report(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		t.Logf("%d of %d statements refused that must not be, %d of these known, %d rightly:\n%s", c.wrong+len(c.known), c.all, len(c.known), len(c.refused),
			strings.Join(append(c.known, c.refused...), "\n"))
	})
}

// rejected checks that a statement is refused as its script says. It is not sent
// directly.
func (c *tally) rejected(t *testing.T, st *step, m mode, through answer) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all++
	why := st.refused + st.known
	if through.err == nil || through.err.Code != "42501" {
		t.Errorf("%s: %s: is not refused any more, which the script should say:\n%s", m, why, st.sql)
		return
	}
	text := fmt.Sprintf("  %s (%s)", strings.Join(strings.Fields(st.sql), " "), why)
	if st.known != "" {
		c.known = append(c.known, text)
		return
	}
	c.refused = append(c.refused, text)
}

// compare holds an answer through weir against the direct one.
func (c *tally) compare(t *testing.T, st *step, m mode, direct, through answer) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all++
	if through.err != nil && direct.err == nil {
		c.wrong++
		t.Errorf("%s: refused: %s\n%s", m, wording(through.err), st.sql)
		return
	}
	if got, want := wording(through.err), wording(direct.err); got != want {
		if !st.hidden || through.err == nil || through.err.Code != direct.err.Code {
			t.Errorf("%s: the error is\n%s, directly\n%s\n%s", m, got, want, st.sql)
		}
	}
	if !slices.Equal(through.said, direct.said) && !st.hidden {
		t.Errorf("%s: notices are %q, directly %q\n%s", m, through.said, direct.said, st.sql)
	}
	if through.tag != direct.tag && !st.plan && !st.differs {
		t.Errorf("%s: tag %q, directly %q\n%s", m, through.tag, direct.tag, st.sql)
	}
	if st.plan || st.differs {
		return
	}
	if through.copied != direct.copied {
		t.Errorf("%s: copied\n%s, directly\n%s\n%s", m, through.copied, direct.copied, st.sql)
	}
	if len(through.fields) != len(direct.fields) || len(through.rows) != len(direct.rows) {
		t.Errorf("%s: %d columns and %d rows, directly %d and %d\n%s", m, len(through.fields), len(through.rows), len(direct.fields), len(direct.rows), st.sql)
		return
	}
	for name := range st.masked {
		if !slices.ContainsFunc(direct.fields, func(f pgconn.FieldDescription) bool { return f.Name == name }) {
			t.Errorf("there is no column %s\n%s", name, st.sql)
		}
	}
	for i, f := range direct.fields {
		if !alike(through.fields[i], f) {
			t.Errorf("%s: column %+v, directly %+v\n%s", m, through.fields[i], f, st.sql)
		}
		how := st.masked[f.Name]
		for j := range direct.rows {
			if wrong := wrongCell(how, m, direct.rows[j][i], through.rows[j][i]); wrong != "" {
				t.Errorf("%s: column %s, row %d: %q, directly %q: %s\n%s", m, f.Name, j+1, through.rows[j][i], direct.rows[j][i], wrong, st.sql)
				break
			}
		}
	}
}

// alike says whether two columns are described alike. What the session made has
// other oids.
func alike(a, b pgconn.FieldDescription) bool {
	const made = 16384 // FirstNormalObjectId of access/transam.h
	if a.TableOID >= made && b.TableOID >= made {
		a.TableOID = b.TableOID
	}
	if a.DataTypeOID >= made && b.DataTypeOID >= made {
		a.DataTypeOID = b.DataTypeOID
	}
	return a == b
}

// wording is all of an error that a client is told.
func wording(e *pgconn.PgError) string {
	if e == nil {
		return "none"
	}
	list := []string{e.Severity, e.Code, e.Message}
	for name, value := range map[string]string{
		"detail": e.Detail, "hint": e.Hint, "where": e.Where, "schema": e.SchemaName, "table": e.TableName, "column": e.ColumnName, "type": e.DataTypeName, "constraint": e.ConstraintName,
	} {
		if value != "" {
			list = append(list, name+": "+value)
		}
	}
	slices.Sort(list[3:])
	return strings.Join(list, " | ")
}

// wrongCell says what is wrong with a cell, "" if nothing is. The ways to mask that a
// script can name:
//
//	last4, edges  Partial: the last four characters stay; the first four and last two
//	redact        Redact
//	hash          32 hexadecimal digits, the same for the same value
//	near          a date within 30 days
//	null          NULL
//	paths         json in which what the paths of masks select is ****
//	json          json null
//	~             computed from masked columns: redacted, or NULL
func wrongCell(how string, m mode, direct, through []byte) string {
	switch {
	case how == "":
		if !bytes.Equal(direct, through) || (direct == nil) != (through == nil) {
			return "it is not masked and must be equal"
		}
		return ""
	case direct == nil:
		if through != nil {
			return "NULL must stay NULL"
		}
		return ""
	case how == "null":
		if through != nil {
			return "must be NULL"
		}
		return ""
	case m == binary:
		// In text it is looked at more closely.
		if bytes.Equal(direct, through) && !slices.Contains(redacted, string(direct)) && strings.Trim(string(direct), "\x00") != "" {
			return "it is not masked"
		}
		return ""
	}
	was, is := string(direct), string(through)
	switch how {
	case "last4":
		return unless(is == keep(was, 0, 4))
	case "edges":
		return unless(is == keep(was, 4, 2))
	case "redact":
		return unless(through != nil && slices.Contains(redacted, strings.TrimRight(is, " ")))
	case "~":
		return unless(through == nil || slices.Contains(redacted, is))
	case "hash":
		return hashes.wrong(was, is)
	case "near":
		return wrongDate(was, is)
	case "json":
		return unless(is == "null")
	case "paths":
		return wrongPayload(direct, through)
	}
	return "no such way to mask"
}

// redacted are the fixed values of types.
var redacted = []string{"****", "0", "0.00", "2000-01-01", "2000-01-01 00:00:00", "2000-01-01 00:00:00+00", "null", "{}", "f", "00:00:00"}

func unless(ok bool) string {
	if ok {
		return ""
	}
	return "it is not as the mask makes it"
}

// keep gives what Partial leaves of a text.
func keep(s string, first, last int) string {
	r := []rune(s)
	for i := range r {
		if len(r) <= first+last || i >= first && i < len(r)-last {
			r[i] = '*'
		}
	}
	return string(r)
}

var hashes hashing

// hashing remembers which hash a value got.
type hashing struct {
	mu   sync.Mutex
	of   map[string]string
	from map[string]string
}

var digest = regexp.MustCompile(`^[0-9a-f]{32}$`)

func (h *hashing) wrong(was, is string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of == nil {
		h.of, h.from = map[string]string{}, map[string]string{}
	}
	switch {
	case !digest.MatchString(is):
		return "it is not a hash"
	case h.of[was] != "" && h.of[was] != is:
		return "the same value had another hash before"
	case h.from[is] != "" && h.from[is] != was:
		return "another value had the same hash"
	}
	h.of[was], h.from[is] = is, was
	return ""
}

func wrongDate(was, is string) string {
	a, err1 := time.Parse(time.DateOnly, was)
	b, err2 := time.Parse(time.DateOnly, is)
	if err1 != nil || err2 != nil {
		return "it is not a date"
	}
	if off := b.Sub(a).Abs(); off == 0 || off > 30*24*time.Hour {
		return "it is not within 30 days, or the day itself"
	}
	return ""
}

func wrongPayload(direct, through []byte) string {
	var was, is map[string]any
	if json.Unmarshal(direct, &was) != nil || json.Unmarshal(through, &is) != nil {
		return "it is not json"
	}
	if user, ok := was["user"].(map[string]any); ok {
		user["email"] = "****"
	}
	for of, key := range map[string]string{"contacts": "email", "address": "street"} {
		if m, ok := was[of].(map[string]any); ok && m[key] != nil {
			m[key] = "****"
		}
	}
	if items, ok := was["items"].([]any); ok {
		for _, item := range items {
			if m, ok := item.(map[string]any); ok {
				m["card"] = "****"
			}
		}
	}
	a, err1 := json.Marshal(was)
	b, err2 := json.Marshal(is)
	if err1 != nil || err2 != nil || !bytes.Equal(a, b) {
		return "it is not as the mask makes it: " + string(a)
	}
	return ""
}
