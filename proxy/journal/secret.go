package journal

import "bytes"

// hidden replaces what must not be kept.
const hidden = "***"

// mayHoldSecret is a quick test: false means that hideSecrets would change
// nothing. It looks for "passw" in any case and for "://".
func mayHoldSecret(text []byte) bool {
	for _, w := range [2]byte{'w', 'W'} {
		for i := 0; i < len(text); i++ {
			n := bytes.IndexByte(text[i:], w)
			if n < 0 {
				break
			}
			i += n
			if i >= 4 && foldEqual(text[i-4:i], "pass") {
				return true
			}
		}
	}
	return bytes.Contains(text, []byte("://"))
}

func foldEqual(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c|0x20 != lower[i] {
			return false
		}
	}
	return true
}

// hideSecrets returns text with the passwords in it replaced: the literal that
// follows the word PASSWORD (CREATE ROLE, CREATE USER MAPPING, a comparison),
// and inside literals "password=..." of a connection string and the password of
// a URI. It returns text itself when there is none.
func hideSecrets(text []byte) []byte {
	if !mayHoldSecret(text) {
		return text
	}
	var out []byte
	from := 0 // what comes before is in out
	scanSecrets(text, 0, len(text), 0, func(start, end int) {
		if start < from {
			return
		}
		out = append(out, text[from:start]...)
		out = append(out, hidden...)
		from = end
	})
	if out == nil {
		return text
	}
	return append(out, text[from:]...)
}

// scanSecrets calls cut, in ascending order, for each secret in text[i:end].
func scanSecrets(text []byte, i, end, depth int, cut func(start, end int)) {
	text = text[:end]
	expecting := false // the word PASSWORD came, its literal may follow
	for i < end {
		t := nextToken(text, i)
		switch t.kind {
		case tokenSpace:
		case tokenLiteral:
			switch {
			case expecting:
				cut(t.bodyStart, t.bodyEnd)
			case text[i] == '$' && depth < 8:
				// The body of a function or a DO is SQL again.
				scanSecrets(text, t.bodyStart, t.bodyEnd, depth+1, cut)
			default:
				hideInLiteral(text[t.bodyStart:t.bodyEnd], t.bodyStart, cut)
			}
			expecting = false
		case tokenWord:
			expecting = endsWithPassword(text[t.bodyStart:t.bodyEnd])
		default:
			// Between the word and its literal may stand =, :=, => and (.
			if !bytes.ContainsRune([]byte(`=:>(,`), rune(text[i])) {
				expecting = false
			}
		}
		i = t.end
	}
}

func endsWithPassword(w []byte) bool {
	for _, name := range []string{"password", "passwd"} {
		if len(w) >= len(name) && foldEqual(w[len(w)-len(name):], name) {
			return true
		}
	}
	return false
}

// hideInLiteral finds the passwords of connection strings and URIs, and of
// statements that are themselves given as a string.
func hideInLiteral(body []byte, base int, cut func(start, end int)) {
	for i := 0; i < len(body); i++ {
		switch {
		case body[i]|0x20 == 'p' && i+8 <= len(body) && foldEqual(body[i:i+8], "password"):
			j := i + 8
			for j < len(body) && bytes.IndexByte([]byte(" \t\n\"=:"), body[j]) >= 0 {
				j++
			}
			if j >= len(body) || bytes.IndexByte(body[i+8:j], '=') < 0 && bytes.IndexByte(body[i+8:j], ':') < 0 && body[j] != '\'' {
				continue
			}
			end := secretEnd(body, j)
			if end > j {
				cut(base+j, base+end)
			}
			i = end - 1
		case body[i] == ':' && i+3 <= len(body) && body[i+1] == '/' && body[i+2] == '/':
			start, end := userinfo(body, i+3)
			if end > start {
				cut(base+start, base+end)
				i = end
			}
		}
	}
}

// secretEnd finds the end of a connection string's value: a space, or the
// closing quotes (doubled inside a literal) when it is quoted.
func secretEnd(body []byte, i int) int {
	if i < len(body) && (body[i] == '\'' || body[i] == '"') {
		q, j := body[i], i
		for j < len(body) && body[j] == q {
			j++
		}
		for j < len(body) && body[j] != q {
			j++
		}
		for j < len(body) && body[j] == q {
			j++
		}
		return j
	}
	j := i
	for j < len(body) && bytes.IndexByte([]byte(" &\t\n"), body[j]) < 0 {
		j++
	}
	return j
}

// userinfo finds the password in "user:password@host" from i on.
func userinfo(body []byte, i int) (start, end int) {
	colon := -1
	for j := i; j < len(body); j++ {
		switch body[j] {
		case ':':
			if colon < 0 {
				colon = j
			}
		case '@':
			if colon >= 0 {
				return colon + 1, j
			}
			return 0, 0
		case '/', ' ', '?', '\n':
			return 0, 0
		}
	}
	return 0, 0
}

type tokenKind int

const (
	tokenOther tokenKind = iota
	tokenSpace           // space or comment
	tokenWord
	tokenLiteral
)

type token struct {
	kind               tokenKind
	end                int
	bodyStart, bodyEnd int // of a literal or a word, without its quotes
}

// nextToken reads the token at i the way PostgreSQL's scan.l does, as far as
// strings, comments and words go: what it took for a literal that is none would hide
// a statement from the record. An unclosed string ends with the text.
func nextToken(s []byte, i int) token {
	c := s[i]
	next := byte(0)
	if i+1 < len(s) {
		next = s[i+1]
	}
	switch {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
		return token{kind: tokenSpace, end: i + 1}
	case c == '-' && next == '-':
		return token{kind: tokenSpace, end: lineEnds(s, i)}
	case c == '/' && next == '*':
		return token{kind: tokenSpace, end: commentEnd(s, i)}
	case c == '\'':
		return quoted(s, i, false)
	case (c == 'e' || c == 'E') && next == '\'':
		return quoted(s, i+1, true)
	case c == '"':
		return identifier(s, i)
	case c == '$':
		if t, ok := dollarQuoted(s, i); ok {
			return t
		}
	case wordByte(c):
		j := i
		for j < len(s) && (wordByte(s[j]) || s[j] >= '0' && s[j] <= '9' || s[j] == '$') {
			j++
		}
		return token{kind: tokenWord, end: j, bodyStart: i, bodyEnd: j}
	}
	return token{kind: tokenOther, end: i + 1}
}

// identifier reads a quoted one.
func identifier(s []byte, open int) token {
	for j := open + 1; j < len(s); j++ {
		if s[j] != '"' {
			continue
		}
		if j+1 < len(s) && s[j+1] == '"' {
			j++
			continue
		}
		return token{kind: tokenWord, end: j + 1, bodyStart: open + 1, bodyEnd: j}
	}
	return token{kind: tokenWord, end: len(s), bodyStart: min(open+1, len(s)), bodyEnd: len(s)}
}

// lineEnds is where a comment to the end of its line ends.
func lineEnds(s []byte, i int) int {
	for i < len(s) && s[i] != '\n' && s[i] != '\r' {
		i++
	}
	return i
}

func wordByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80
}

func commentEnd(s []byte, i int) int {
	depth := 0
	for j := i; j < len(s); j++ {
		if j+1 < len(s) && s[j] == '/' && s[j+1] == '*' {
			depth++
			j++
		} else if j+1 < len(s) && s[j] == '*' && s[j+1] == '/' {
			depth--
			j++
			if depth == 0 {
				return j + 1
			}
		}
	}
	return len(s)
}

func quoted(s []byte, open int, escapes bool) token {
	for j := open + 1; j < len(s); j++ {
		switch {
		case escapes && s[j] == '\\':
			j++
		case s[j] == '\'' && j+1 < len(s) && s[j+1] == '\'':
			j++
		case s[j] == '\'':
			next, ok := continued(s, j+1)
			if !ok {
				return token{kind: tokenLiteral, end: j + 1, bodyStart: open + 1, bodyEnd: j}
			}
			j = next
		}
	}
	return token{kind: tokenLiteral, end: len(s), bodyStart: min(open+1, len(s)), bodyEnd: len(s)}
}

// continued looks for a further piece of a string that ends in front of i: one behind
// white space with a line end, and comments. It begins at the quote given. All pieces are
// read as the first one is.
func continued(s []byte, i int) (quote int, ok bool) {
	newline := false
	for i < len(s) {
		switch c := s[i]; {
		case c == '\n' || c == '\r':
			newline = true
			i++
		case c == ' ' || c == '\t' || c == '\f' || c == '\v':
			i++
		case c == '-' && i+1 < len(s) && s[i+1] == '-':
			i = lineEnds(s, i)
		default:
			return i, newline && c == '\''
		}
	}
	return i, false
}

func dollarQuoted(s []byte, i int) (token, bool) {
	j := i + 1
	for j < len(s) && (wordByte(s[j]) || j > i+1 && s[j] >= '0' && s[j] <= '9') {
		j++
	}
	if j >= len(s) || s[j] != '$' {
		return token{}, false
	}
	tag := s[i : j+1]
	end := bytes.Index(s[j+1:], tag)
	if end < 0 {
		return token{kind: tokenLiteral, end: len(s), bodyStart: j + 1, bodyEnd: len(s)}, true
	}
	return token{kind: tokenLiteral, end: j + 1 + end + len(tag), bodyStart: j + 1, bodyEnd: j + 1 + end}, true
}
