package statement

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits bounds what Scan lets through to the C parser.
type Limits struct {
	Length       int // bytes of text
	Statements   int // statements in one text
	CommentDepth int // how deep block comments nest
	Nesting      int // how deep parentheses, brackets and CASE nest
	// Chain is how deep one expression or one FROM may grow by operators, words,
	// joins and set operations: 1+1+1 counts two. AND, OR and lists do not count,
	// because the parser keeps them flat. Two thousand fit several times into the
	// smallest stack that a worker has.
	Chain int
}

// DefaultLimits are the limits that the daemon uses unless configured otherwise.
func DefaultLimits() Limits {
	return Limits{Length: 1 << 20, Statements: 2000, CommentDepth: 32, Nesting: 400, Chain: 2000}
}

// ScanError says why a text does not reach the parser.
type ScanError struct {
	Offset int    // byte offset in the text where it was noticed
	Reason string // in words, for the client
}

// Error gives the reason and the place.
func (e *ScanError) Error() string { return fmt.Sprintf("%s (at byte %d)", e.Reason, e.Offset) }

// Runs of operator characters that PostgreSQL's scanner reads again and again:
// it takes the whole run, gives all but the first character back and starts
// over. Real operators have at most 63 characters.
const (
	longestOperator     = 64
	commentStartsPerRun = 16
)

// Scan refuses what must not reach the C parser: text that is not UTF-8, a NUL
// (the parser would not see what follows), and text that could exhaust the
// parser's stack or time. It reads PostgreSQL's lexical rules with
// standard_conforming_strings on, runs in linear time and allocates little.
//
// What it lets through may still be wrong SQL. The estimate of depth is never
// lower than what the parser builds, and for real SQL not much higher. The error
// is a *ScanError.
func Scan(text string, limits Limits) error {
	var s scanner
	if err := s.scan(text, limits, nil); err != nil {
		return err
	}
	return nil
}

// scan is Scan. Where a template is given, it is told the literals.
func (s *scanner) scan(text string, limits Limits, template *Template) *ScanError {
	if len(text) > limits.Length {
		return &ScanError{limits.Length, fmt.Sprintf("the text is longer than %d bytes", limits.Length)}
	}
	if at := strings.IndexByte(text, 0); at >= 0 {
		return &ScanError{at, "the text contains a NUL byte"}
	}
	if !utf8.ValidString(text) {
		return &ScanError{invalidAt(text), "the text is not valid UTF-8"}
	}
	*s = scanner{text: text, limits: limits, template: template, ends: s.ends, levels: append(s.levels[:0], level{})}
	s.run()
	return s.err
}

func invalidAt(text string) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return 0
}

// scanner walks the tokens of a text. Its estimate knows four reaches:
//
//	soft  operators and words, since the last AND, OR, WHEN, comma ...
//	mid   joins, since the last comma
//	hard  set operations, since the level was opened
//	sub   the deepest closed level inside the current soft stretch
type scanner struct {
	text       string
	limits     Limits
	template   *Template // nil: nobody asks for the literals
	at         int
	levels     []level // levels[0] is the statement
	statements int
	runStarts  int  // block comments that start in the current run of operator characters
	started    bool // the current statement has a token
	atomics    int  // BEGIN ATOMIC seen: a semicolon no longer ends the tree
	afterDot   bool // the next word is a name, whatever it spells
	afterBegin bool
	ends       *[]int // where statements end, nil: nobody asks
	err        *ScanError
}

type level struct {
	open     byte // '(' or '[' or 'c' for CASE, 0 for the statement
	soft     int
	sub      int
	run      int // deepest soft+sub since the last comma
	mid      int
	deepest  int // deepest mid+run in this level
	hard     int
	betweens int // BETWEENs whose AND has not come
}

func (s *scanner) top() *level { return &s.levels[len(s.levels)-1] }

func (s *scanner) refuse(at int, reason string) {
	if s.err == nil {
		s.err = &ScanError{at, reason}
	}
}

func (l *level) endStretch() {
	l.run = max(l.run, l.soft+l.sub)
	l.soft, l.sub = 0, 0
}

func (l *level) endElement() {
	l.endStretch()
	l.deepest = max(l.deepest, l.mid+l.run)
	l.run, l.mid, l.betweens = 0, 0, 0
}

func (l *level) depth() int {
	l.endElement()
	return l.hard + l.deepest
}

// step counts one link of a chain.
func (s *scanner) step() {
	l := s.top()
	l.soft++
	if l.soft+l.sub > s.limits.Chain {
		s.tooDeep()
	}
}

func (s *scanner) tooDeep() {
	s.refuse(s.at, fmt.Sprintf("an expression or a FROM is built of more than %d parts in a row; split the statement", s.limits.Chain))
}

func (s *scanner) push(open byte) {
	if len(s.levels) > s.limits.Nesting {
		s.refuse(s.at, fmt.Sprintf("parentheses, brackets or CASE nest deeper than %d; split the statement", s.limits.Nesting))
		return
	}
	s.levels = append(s.levels, level{open: open})
}

// pop closes the current level and hands its depth to the one around it.
func (s *scanner) pop() {
	depth := s.top().depth() + 1
	s.levels = s.levels[:len(s.levels)-1]
	l := s.top()
	l.sub = max(l.sub, depth)
	if l.soft+l.sub > s.limits.Chain {
		s.tooDeep()
	}
}

// shut closes the innermost level that was opened by open, with every CASE that
// was left open inside. A stray closing character is left to the parser.
func (s *scanner) shut(open byte) {
	for i := len(s.levels) - 1; i > 0; i-- {
		if s.levels[i].open == open {
			for len(s.levels) > i {
				s.pop()
			}
			return
		}
		if s.levels[i].open != 'c' {
			return
		}
	}
}

func (s *scanner) endStatement() {
	for len(s.levels) > 1 {
		s.pop()
	}
	if s.top().depth() > s.limits.Chain {
		s.tooDeep()
	}
	if s.started {
		if s.ends != nil {
			*s.ends = append(*s.ends, s.at)
		}
		s.statements++
		if s.statements > s.limits.Statements {
			s.refuse(s.at, fmt.Sprintf("the text holds more than %d statements; send them one by one", s.limits.Statements))
		}
	}
	s.started = false
	if s.atomics == 0 {
		s.levels[0] = level{}
	}
}

func (s *scanner) run() {
	for s.err == nil && s.skipSpace() {
		s.token(s.text[s.at])
	}
	if s.err == nil {
		s.endStatement()
	}
}

// token reads one token that starts with c.
func (s *scanner) token(c byte) {
	if c != ';' {
		s.started = true
	}
	if !isOperator(c) {
		s.runStarts = 0
	}
	begin, dot := s.afterBegin, s.afterDot
	s.afterBegin, s.afterDot = false, false
	switch {
	case isIdentStart(c): // first, as most tokens are words
		s.word(dot, begin)
	case c == '\'':
		s.plainString()
	case c == '"':
		s.at, _ = pastQuote(s.text, s.at+1, '"', false)
	case c == '$':
		s.dollar()
	case isDigit(c):
		s.number()
	case isOperator(c):
		s.operator()
	default:
		s.punctuation(c)
		s.at++
	}
}

func (s *scanner) punctuation(c byte) {
	switch c {
	case ',':
		s.top().endElement()
	case '(', '[':
		s.push(c)
	case ')':
		s.shut('(')
	case ']':
		s.shut('[')
	case '.':
		s.afterDot = true
	case ';':
		if len(s.levels) == 1 || s.onlyCasesOpen() {
			s.endStatement()
			return
		}
		s.top().endElement() // CREATE RULE ... DO (a; b)
	default:
		s.step()
	}
}

func (s *scanner) onlyCasesOpen() bool {
	for _, l := range s.levels[1:] {
		if l.open != 'c' {
			return false
		}
	}
	return true
}

// word reads an identifier or keyword, or a string or name with a prefix.
func (s *scanner) word(afterDot, afterBegin bool) {
	start, end := s.at, s.at+1
	for end < len(s.text) && isIdentPart(s.text[end]) {
		end++
	}
	s.at = end
	w := s.text[start:end]
	if s.at < len(s.text) && len(w) == 1 {
		switch next, p := s.text[s.at], w[0]|0x20; {
		case next == '\'' && p == 'e':
			s.quoted(true)
			return
		case next == '\'' && (p == 'b' || p == 'x' || p == 'n'):
			s.quoted(false)
			return
		case next == '&' && p == 'u' && s.at+1 < len(s.text) && s.text[s.at+1] == '\'':
			s.at++
			s.quoted(false)
			return
		case next == '&' && p == 'u' && s.at+1 < len(s.text) && s.text[s.at+1] == '"':
			s.at, _ = pastQuote(s.text, s.at+2, '"', false)
			return
		}
	}
	if afterDot { // a.or is a column
		s.step()
		return
	}
	s.keyword(w, afterBegin)
}

// startsKeyword says whether a word that keyword tells from others may begin so.
func startsKeyword(c byte) bool {
	switch c | 0x20 {
	case 'a', 'b', 'c', 'e', 'i', 'j', 'o', 's', 't', 'u', 'w':
		return true
	}
	return false
}

func (s *scanner) keyword(w string, afterBegin bool) {
	var buf [9]byte
	if len(w) > len(buf) || !startsKeyword(w[0]) {
		s.step()
		return
	}
	for i := range len(w) {
		c := w[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		buf[i] = c
	}
	l := s.top()
	switch string(buf[:len(w)]) {
	case "or", "when", "then", "else", "on", "select":
		l.endStretch()
	case "and":
		if l.betweens > 0 {
			l.betweens--
			s.step()
			return
		}
		l.endStretch()
	case "between":
		l.betweens++
		s.step()
	case "join":
		l.mid++
		s.step()
		if l.mid > s.limits.Chain {
			s.tooDeep()
		}
	case "union", "intersect", "except":
		l.endElement()
		l.hard++
		if l.hard > s.limits.Chain {
			s.tooDeep()
		}
	case "case":
		s.step()
		s.push('c')
	case "end":
		if l.open == 'c' {
			s.pop()
		}
	case "begin":
		s.step()
		s.afterBegin = true
	case "atomic":
		s.step()
		if afterBegin {
			s.atomics++
			if s.atomics > s.limits.Nesting {
				s.refuse(s.at, "too many function bodies in one text; split it")
			}
		}
	default:
		s.step()
	}
}
