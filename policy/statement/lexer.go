package statement

import (
	"math"
	"strings"
)

// skipSpace moves past white space and comments. It reports whether a token
// follows.
func (s *scanner) skipSpace() bool {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case isSpace(c):
			s.at++
			s.runStarts = 0
		case c >= '0': // no comment starts so
			return true
		case c == '-' && strings.HasPrefix(s.text[s.at:], "--"):
			s.at = pastLine(s.text, s.at)
			s.runStarts = 0
		case c == '/' && strings.HasPrefix(s.text[s.at:], "/*"):
			s.blockComment()
			if s.err != nil {
				return false
			}
		default:
			return true
		}
	}
	return false
}

// blockComment moves past a block comment, which may hold others. The parser
// takes time in proportion to the length of a run of operator characters for
// each comment that starts in it, so their number in one run is bounded.
func (s *scanner) blockComment() {
	start, depth := s.at, 0
	for s.at < len(s.text) {
		c := s.text[s.at]
		switch {
		case c == '/' && strings.HasPrefix(s.text[s.at:], "/*"):
			depth++
			s.runStarts++
			if depth > s.limits.CommentDepth || s.runStarts > commentStartsPerRun {
				s.refuse(s.at, "block comments are nested or packed too densely; remove them")
				return
			}
			s.at += 2
		case c == '*' && strings.HasPrefix(s.text[s.at:], "*/"):
			depth--
			s.at += 2
			if depth == 0 {
				return
			}
		default:
			if !isOperator(c) {
				s.runStarts = 0
			}
			s.at++
		}
	}
	if depth > 0 {
		s.at = len(s.text)
		s.refuse(start, "a block comment is not ended")
	}
}

func pastLine(text string, at int) int {
	for at < len(text) && text[at] != '\n' && text[at] != '\r' {
		at++
	}
	return at
}

// plainString reads a string without a prefix. One that is in one piece is a
// literal; one that PostgreSQL joins from several, or that does not end, is not.
func (s *scanner) plainString() {
	start := s.at
	if s.quoted(false) && s.template != nil {
		s.template.literal(start, s.at, classString)
	}
}

// quoted reads a string whose opening quote is at s.at, with the further
// segments that PostgreSQL joins to it: those after white space that has a
// newline. They keep the first one's rule about backslashes. It reports whether
// the string has one segment, which ends.
func (s *scanner) quoted(backslash bool) (single bool) {
	s.at, single = pastQuote(s.text, s.at+1, '\'', backslash)
	for {
		next := s.at
		newline := false
		for next < len(s.text) {
			c := s.text[next]
			switch {
			case isSpace(c):
				newline = newline || c == '\n' || c == '\r'
				next++
				continue
			case c == '-' && strings.HasPrefix(s.text[next:], "--"):
				next = pastLine(s.text, next)
				continue
			}
			break
		}
		if !newline || next >= len(s.text) || s.text[next] != '\'' {
			return single
		}
		s.at, _ = pastQuote(s.text, next+1, '\'', backslash)
		single = false
	}
}

// pastQuote gives the offset after the closing quote of what starts at at, or
// the text's end where there is none (the parser then refuses it).
func pastQuote(text string, at int, quote byte, backslash bool) (past int, ends bool) {
	for at < len(text) {
		switch text[at] {
		case quote:
			if at+1 < len(text) && text[at+1] == quote {
				at += 2
				continue
			}
			return at + 1, true
		case '\\':
			if backslash {
				at++
			}
		}
		at++
	}
	return len(text), false
}

// dollar reads a parameter, a dollar-quoted string or a lone dollar.
func (s *scanner) dollar() {
	end := s.at + 1
	if end < len(s.text) && isDigit(s.text[end]) {
		for end < len(s.text) && isDigit(s.text[end]) {
			end++
		}
		s.at = end
		return
	}
	for end < len(s.text) && isIdentPart(s.text[end]) && s.text[end] != '$' {
		end++
	}
	if end >= len(s.text) || s.text[end] != '$' {
		s.step()
		s.at++
		return
	}
	tag := s.text[s.at : end+1]
	rest := s.text[end+1:]
	length := strings.Index(rest, tag)
	if length < 0 {
		s.at = len(s.text)
		return
	}
	s.at = end + 1 + length + len(tag)
}

// number reads a number, and what stands directly at it as PostgreSQL never
// reads it. Only one in plain decimal digits, with one point or none, is a literal:
// no exponent, base or underscores, nothing that is part of a word or of a range.
func (s *scanner) number() {
	start := s.at
	end := pastDigits(s.text, start)
	class := integerClass(s.text[start:end])
	if end < len(s.text) && s.text[end] == '.' {
		end = pastDigits(s.text, end+1)
		class = classNumeric
	}
	if s.endsNumber(end) && (start == 0 || s.text[start-1] != '.' && s.text[start-1] != '$') && end-start <= longestNumber {
		s.at = end
		if s.template != nil {
			s.template.literal(start, end, class)
		}
		return
	}
	for s.at < len(s.text) && (isIdentPart(s.text[s.at]) && s.text[s.at] != '$') {
		s.at++
	}
	if strings.HasPrefix(s.text[s.at:], ".") && !strings.HasPrefix(s.text[s.at:], "..") {
		s.at++
		for s.at < len(s.text) && (isIdentPart(s.text[s.at]) && s.text[s.at] != '$') {
			s.at++
		}
	}
}

// A longer number is left to the parser.
const longestNumber = 64

// endsNumber says that what follows cannot be more of a number.
func (s *scanner) endsNumber(at int) bool {
	return at >= len(s.text) || !isIdentPart(s.text[at]) && s.text[at] != '.'
}

func pastDigits(text string, at int) int {
	for at < len(text) && isDigit(text[at]) {
		at++
	}
	return at
}

// integerClass tells whether PostgreSQL's scanner takes digits for a 32-bit
// integer or for a numeric (process_integer_literal in parser/scan.l).
func integerClass(digits string) byte {
	var n uint64
	for i := range len(digits) {
		if n = 10*n + uint64(digits[i]-'0'); n > math.MaxInt32 {
			return classNumeric
		}
	}
	return classInteger
}

// operator reads a run of operator characters up to a comment and counts each
// of them, because the parser may take each for one operator.
func (s *scanner) operator() {
	start := s.at
	for s.at < len(s.text) && isOperator(s.text[s.at]) {
		if c := s.text[s.at]; s.at > start && (c == '-' || c == '/') {
			if strings.HasPrefix(s.text[s.at:], "--") || strings.HasPrefix(s.text[s.at:], "/*") {
				return
			}
		}
		s.step()
		s.at++
		if s.at-start > longestOperator {
			s.refuse(start, "a run of operator characters is too long")
		}
		if s.err != nil {
			return
		}
	}
}

func isSpace(c byte) bool {
	return c == ' ' || (c >= '\t' && c <= '\r')
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isIdentStart(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80
}

func isIdentPart(c byte) bool {
	return isIdentStart(c) || isDigit(c) || c == '$'
}

// The bits of the characters that operators are made of: ~!@#^&|`?+-*/%<>=
const (
	operatorsLow  uint64 = 0xf000ac6a00000000
	operatorsHigh uint64 = 0x5000000140000001
)

func isOperator(c byte) bool {
	if c < 64 {
		return operatorsLow>>c&1 != 0
	}
	return c < 128 && operatorsHigh>>(c-64)&1 != 0
}
