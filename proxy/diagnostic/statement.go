package diagnostic

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Unscannable refuses a text that is not safe to parse.
func Unscannable(why string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: StatementTooComplex,
		Message: "weir refused the statement unread: " + why,
		Hint:    "Nothing was executed. Simplify the statement, or split it."}
}

// Unsupported refuses a statement whose effect is not known.
func Unsupported(why string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: FeatureNotSupported,
		Message: "weir refused the statement: " + why,
		Hint:    "Nothing was executed. weir does not know what such a statement does; write it another way."}
}

// Unparsed refuses a text of which the parser could not say anything.
func Unparsed(err error) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: StatementTooComplex,
		Message: "weir refused the statement: " + err.Error(),
		Hint:    "Nothing was executed."}
}

// Warned tells a client what a rule with action Warn has to say.
func Warned(what string) *Diagnostic {
	return &Diagnostic{Severity: Warning, Code: "01000", Message: "weir: " + what}
}

// InvalidUTF8 is PostgreSQL's own error for a text that is not valid UTF-8
// (report_invalid_encoding in mbutils.c): it names the bytes of the first
// sequence that is wrong, up to eight.
func InvalidUTF8(text []byte) *Diagnostic {
	at := 0
	for at < len(text) {
		r, n := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && n <= 1 {
			break
		}
		at += n
	}
	var bytes []string
	for i, n := at, sequence(text[at:]); i < at+n && i < len(text); i++ {
		bytes = append(bytes, fmt.Sprintf("0x%02x", text[i]))
	}
	return &Diagnostic{Severity: Error, Code: CharacterNotInRepertoire,
		Message: `invalid byte sequence for encoding "UTF8": ` + strings.Join(bytes, " ")}
}

// sequence is how many bytes the first one of p announces (pg_utf_mblen).
func sequence(p []byte) int {
	switch {
	case len(p) == 0:
		return 0
	case p[0]&0xe0 == 0xc0:
		return 2
	case p[0]&0xf0 == 0xe0:
		return 3
	case p[0]&0xf8 == 0xf0:
		return 4
	}
	return 1
}
