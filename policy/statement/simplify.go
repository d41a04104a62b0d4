package statement

import "strings"

// The parser of PL/pgSQL bodies stands outside of a database: it takes every
// variable for a scalar one. So it refuses what needs a record or a cursor. simplify
// writes such a body in a form that it takes and that runs the same SQL.

// simplify rewrites assignments to fields, fields behind INTO, RETURN NEXT of what
// the parameters hold, and what is about cursors. What is left out holds no SQL.
// changed is false where it found nothing.
func simplify(body string) (simpler string, changed bool) {
	s := simplified(body)
	return s.out.String(), s.changed
}

func simplified(body string) *simplifier {
	s := &simplifier{text: body, tokens: tokensOf(body)}
	for i := 0; i < len(s.tokens); {
		i = s.next(i)
	}
	s.out.WriteString(body[s.copied:])
	return s
}

type simplifier struct {
	text    string
	tokens  []piece
	out     strings.Builder
	copied  int // bytes of the text that were written or left out
	changed bool
	// moved says that what was rewritten carries values: between variables and
	// cursors, or into fields.
	moved bool
	// partly says that an assignment to a field was rewritten to one to the whole.
	partly bool
}

// piece is a token of a body: a word in lower case, a character, or one of several
// characters that nothing here looks into.
type piece struct {
	start, end int
	word       string // "" for what is no unquoted word
	kind       byte   // 'w' word, 'q' quoted name, 'n' number, 's' string, or the character
}

// replace writes something else in place of the tokens from i up to, but not
// including, j.
func (s *simplifier) replace(i, j int, with string) {
	s.out.WriteString(s.text[s.copied:s.tokens[i].start])
	s.out.WriteString(with)
	s.copied = s.tokens[j-1].end
	s.changed = true
}

// next handles what starts at token i and gives where to go on.
func (s *simplifier) next(i int) int {
	if s.tokens[i].word == "into" && i > 0 && !s.isWord(i-1, "insert", "merge") {
		return s.targets(i + 1)
	}
	if s.tokens[i].word == "collate" && i > 0 && s.isName(i+1) { // of a declaration; elsewhere it says nothing here
		at := i + 2
		for s.isKind(at, '.') && s.isName(at+1) {
			at += 2
		}
		s.replace(i, at, "")
		return at
	}
	sure, start := s.startsStatement(i)
	if !start {
		return i + 1
	}
	if past, ok := s.field(i, sure); ok {
		return past
	}
	end := s.end(i)
	if end < 0 || !s.isName(i+1) || !sure && s.has("end", i, end) {
		return i + 1 // after THEN and ELSE an expression has its END before the semicolon
	}
	switch s.tokens[i].word {
	case "for":
		return s.loop(i)
	case "return":
		if s.isWord(i+1, "next") && end == i+2 {
			s.replace(i, end, "NULL")
			return end
		}
	case "open":
		s.moved = true
		return s.open(i, end)
	case "fetch":
		for j := i + 1; j < end; j++ {
			if s.tokens[j].word == "into" {
				s.moved = true
				return s.drop(i, j, end)
			}
		}
	case "move", "close":
		return s.drop(i, end, end)
	}
	return i + 1
}

// startsStatement says whether a statement may start at token i, and whether it is
// sure: after THEN and ELSE an expression may stand as well.
func (s *simplifier) startsStatement(i int) (sure, start bool) {
	if i == 0 {
		return true, true
	}
	if p := s.tokens[i-1]; p.kind == ';' || p.kind == '>' && i > 1 && s.tokens[i-2].kind == '>' {
		return true, true
	}
	if s.isWord(i-1, "begin", "loop") {
		return true, true
	}
	return false, s.isWord(i-1, "then", "else")
}

// field rewrites a.b[1].c := to a[1] :=.
func (s *simplifier) field(i int, sure bool) (past int, ok bool) {
	if !s.isName(i) {
		return 0, false
	}
	var fields []int // where a point stands
	at := i + 1
	for {
		switch {
		case s.isKind(at, '.') && s.isName(at+1):
			fields = append(fields, at)
			at += 2
			continue
		case s.isKind(at, '[') && s.closing(at) > 0:
			at = s.closing(at) + 1
			continue
		}
		break
	}
	assigns := s.isKind(at, ':') && s.isKind(at+1, '=')
	if len(fields) == 0 || !assigns && !(sure && s.isKind(at, '=')) {
		return 0, false
	}
	s.partly = true
	for _, f := range fields {
		s.replace(f, f+2, "")
	}
	return at, true
}

// closing gives the bracket that closes the one at i, -1 for none.
func (s *simplifier) closing(i int) int {
	depth := 0
	for ; i < len(s.tokens); i++ {
		switch s.tokens[i].kind {
		case '(', '[':
			depth++
		case ')', ']':
			if depth--; depth == 0 {
				return i
			}
		case ';':
			return -1
		}
	}
	return -1
}

// loop rewrites FOR r IN cursor(arguments) LOOP to one over a query of the
// arguments: the cursor's own query stands where it is declared. A query cannot be
// a name alone, nor a call.
func (s *simplifier) loop(i int) int {
	at := i + 1
	for !s.isWord(at, "in") {
		if at >= len(s.tokens) || !s.isName(at) && !s.isKind(at, ',') && !s.isKind(at, '.') {
			return i + 1
		}
		at++
	}
	name := at + 1
	// Its record is declared by the loop.
	switch {
	case !s.isName(name):
	case s.isWord(name+1, "loop"):
		s.moved = true
		with := "found IN SELECT 1"
		if at == i+2 { // a record of the cursor's rows, see goesRound
			with = "found IN SELECT NULL AS " + s.written(i+1) + ", NULL AS " + s.written(name)
		}
		s.replace(i+1, name+1, with)
		return name + 1
	case s.isKind(name+1, '(') && s.isWord(s.closing(name+1)+1, "loop"):
		s.moved = true
		s.replace(i+1, name+1, "found IN SELECT ")
		return s.arguments(name + 1)
	}
	return name
}

// written gives a token as it stands in the body.
func (s *simplifier) written(i int) string { return s.text[s.tokens[i].start:s.tokens[i].end] }

// arguments leaves out the names of a cursor's arguments, (a := 1, b => 2).
func (s *simplifier) arguments(i int) int {
	past := s.closing(i)
	depth := 0
	for ; i < past; i++ {
		switch s.tokens[i].kind {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		}
		named := s.isKind(i+2, ':') && s.isKind(i+3, '=') || s.isKind(i+2, '=') && s.isKind(i+3, '>')
		if depth == 1 && (s.isKind(i, '(') || s.isKind(i, ',')) && s.isName(i+1) && named {
			s.replace(i+1, i+4, "")
		}
	}
	return max(i, past)
}

// has says whether a word stands among the tokens from i up to j.
func (s *simplifier) has(word string, i, j int) bool {
	for ; i < j; i++ {
		if s.tokens[i].word == word {
			return true
		}
	}
	return false
}

// targets rewrites the fields in INTO [STRICT] a.b, c.d to their variables.
func (s *simplifier) targets(i int) int {
	if s.isWord(i, "strict") {
		i++
	}
	for s.isName(i) {
		at := i + 1
		for s.isKind(at, '.') && s.isName(at+1) {
			at += 2
		}
		if at > i+1 {
			s.moved = true
			s.replace(i+1, at, "")
		}
		if !s.isKind(at, ',') {
			return at
		}
		i = at + 1
	}
	return i
}

// open rewrites the statement OPEN from i to its semicolon: to the query that it
// runs, or the arguments that it evaluates.
func (s *simplifier) open(i, end int) int {
	at := i + 2
	switch {
	case at == end:
		s.replace(i, end, "NULL")
		return end
	case s.isKind(at, '('):
		s.replace(i, at, "PERFORM ")
		return s.arguments(at)
	}
	for s.isWord(at, "no", "scroll") {
		at++
	}
	if !s.isWord(at, "for") || at+1 >= end {
		return i + 1
	}
	if s.isWord(at+1, "execute") {
		s.replace(i, at+1, "")
		return at + 1
	}
	query := s.text[s.tokens[at+1].start:s.tokens[end-1].end]
	s.replace(i, end, "FOR found IN "+query+" LOOP NULL; END LOOP")
	return end
}

// drop leaves out a statement about a cursor, if nothing in it up to j is evaluated.
func (s *simplifier) drop(i, j, end int) int {
	for at := i + 1; at < j; at++ {
		if t := s.tokens[at]; t.kind != 'w' && t.kind != 'q' && t.kind != 'n' && t.kind != '-' {
			return i + 1
		}
	}
	s.replace(i, end, "NULL")
	return end
}

// end gives the semicolon that ends the statement at i, -1 for none.
func (s *simplifier) end(i int) int {
	depth := 0
	for ; i < len(s.tokens); i++ {
		switch s.tokens[i].kind {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		case ';':
			if depth <= 0 {
				return i
			}
		}
	}
	return -1
}

func (s *simplifier) isWord(i int, words ...string) bool {
	if i < 0 || i >= len(s.tokens) {
		return false
	}
	for _, w := range words {
		if s.tokens[i].word == w {
			return true
		}
	}
	return false
}

func (s *simplifier) isKind(i int, kind byte) bool {
	return i < len(s.tokens) && s.tokens[i].kind == kind
}

// isName says whether a token can be a variable.
func (s *simplifier) isName(i int) bool {
	return (s.isKind(i, 'w') || s.isKind(i, 'q')) && !s.isWord(i, "end", "else", "when", "then", "select", "from")
}

// tokensOf takes a body apart by PostgreSQL's lexical rules.
func tokensOf(body string) []piece {
	s := scanner{text: body, limits: unlimited(), levels: []level{{}}}
	var tokens []piece
	for s.skipSpace() && s.err == nil {
		start := s.at
		t := piece{start: start}
		switch c := body[start]; {
		case isIdentStart(c):
			s.word(true, false)
			t.kind = 'w'
			if last := body[s.at-1]; last == '\'' {
				t.kind = 's'
			} else if last == '"' {
				t.kind = 'q'
			} else {
				t.word = strings.ToLower(body[start:s.at])
			}
		case c == '\'':
			s.quoted(false)
			t.kind = 's'
		case c == '"':
			s.at, _ = pastQuote(body, start+1, '"', false)
			t.kind = 'q'
		case c == '$':
			s.dollar()
			t.kind = 's'
		case isDigit(c):
			s.number()
			t.kind = 'n'
		default:
			s.at++
			t.kind = c
		}
		if t.end = s.at; t.end <= start {
			return nil
		}
		tokens = append(tokens, t)
	}
	if s.err != nil {
		return nil
	}
	return tokens
}
