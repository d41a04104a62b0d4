package parser

import (
	"errors"
	"strings"
	"unicode"
)

// Errors about the parser rather than the text. A text that got one of them is
// refused.
var (
	// ErrParserCrashed says that the worker that read this text died of it.
	ErrParserCrashed = errors.New("the parser did not survive this text; simplify the statement or split it")
	// ErrParserDeadline says that the worker did not finish in time and was killed.
	ErrParserDeadline = errors.New("the parser did not finish with this text in time; simplify the statement or split it")
	// ErrParserUnavailable says that no worker could be had: none starts, or all
	// are busy for longer than Config.Wait.
	ErrParserUnavailable = errors.New("no parser is available; try again, and ask the operator if it stays so")
	// ErrClosed says that the pool was closed.
	ErrClosed = errors.New("the parser is closed")
)

// printable makes a worker's words fit to be shown: valid UTF-8, no control
// characters, not endless.
func printable(b []byte) string {
	const longest = 4096
	if len(b) > longest {
		b = b[:longest]
	}
	s := strings.ToValidUTF8(string(b), "?")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
