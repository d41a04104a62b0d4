package journal

import (
	"bytes"
	"slices"
	"time"
)

// Pseudo verdicts of a Filter, found on end records.
const (
	VerdictMasked = "Masked" // a column of the result was masked
	VerdictFailed = "Failed" // the statement ended with an error
)

// Filter says which records are wanted. Fields that are not set do not
// restrict; several values of one field are alternatives.
type Filter struct {
	Since, Until time.Time // Until is not included
	Last         int       // only the newest so many; 0 gives all
	Session      string
	Workload     string // the identity's subject; * stands for any text, ? for one character
	Database     string // the Database document's name
	// Verdicts are policy's actions ("Allow", "Deny", "RequireApproval",
	// ...) as the begin, end and denied records carry them, or VerdictMasked
	// or VerdictFailed.
	Verdicts []string
	Kinds    []Kind
}

// matcher is a Filter prepared for lines.
type matcher struct {
	f            Filter
	since, until []byte
}

func newMatcher(f Filter) *matcher {
	m := &matcher{f: f}
	if !f.Since.IsZero() {
		m.since = f.Since.UTC().AppendFormat(nil, timeFormat)
	}
	if !f.Until.IsZero() {
		m.until = f.Until.UTC().AppendFormat(nil, timeFormat)
	}
	return m
}

// match decides without decoding the line.
func (m *matcher) match(h header, line []byte) bool {
	if m.f.Session != "" && string(h.session) != m.f.Session ||
		m.since != nil && bytes.Compare(h.time, m.since) < 0 ||
		m.until != nil && bytes.Compare(h.time, m.until) >= 0 ||
		len(m.f.Kinds) > 0 && !slices.Contains(m.f.Kinds, h.kind) {
		return false
	}
	if h.kind == KindSegmentStart && len(m.f.Kinds) == 0 {
		return false
	}
	return m.matchVerdict(h) && m.matchWho(line)
}

func (m *matcher) matchVerdict(h header) bool {
	if len(m.f.Verdicts) == 0 {
		return true
	}
	var verdict []byte
	if h.kind == KindStatementEnd {
		o, ok := parseEnd(h.rest)
		if ok && (o.masked && slices.Contains(m.f.Verdicts, VerdictMasked) || o.failed && slices.Contains(m.f.Verdicts, VerdictFailed)) {
			return true
		}
		verdict = o.verdict
	} else {
		verdict = parseVerdict(h.rest)
	}
	for _, v := range m.f.Verdicts {
		if string(verdict) == v {
			return true
		}
	}
	return false
}

func parseVerdict(rest []byte) []byte {
	c := cursor{rest, true}
	if !c.has(`,"verdict":"`) {
		return nil
	}
	return c.quoted()
}

func (m *matcher) matchWho(line []byte) bool {
	if m.f.Workload == "" && m.f.Database == "" {
		return true
	}
	// A quote inside a string is escaped, so these are names of fields, and
	// the first ones of a record.
	const subject, database = `,"identity":{"subject":"`, `,"database":"`
	i := bytes.Index(line, []byte(subject))
	if i < 0 {
		return false
	}
	if m.f.Workload != "" && !glob(m.f.Workload, unquote(line[i+len(subject):])) {
		return false
	}
	if m.f.Database == "" {
		return true
	}
	k := bytes.Index(line[i:], []byte(database))
	return k >= 0 && unquote(line[i+k+len(database):]) == m.f.Database
}

// unquote returns the JSON string that begins b, its quote left out. The rare
// escapes are left as they stand.
func unquote(b []byte) string {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return string(b[:i])
		}
	}
	return ""
}

// glob matches * and ?; everything else stands for itself.
func glob(pattern, s string) bool {
	p, i, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
