package parser

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/weirgate/weir/policy/statement"
)

// Errors about the parser rather than the text. A text that got one of them is
// refused.
var (
	// ErrParserCrashed says that the worker that read this text died of it: of its
	// depth, or of the memory that it takes.
	ErrParserCrashed = errors.New("the parser did not survive this text")
	// ErrParserMemory says that the text takes more memory than a worker may have.
	ErrParserMemory = errors.New("the parser has not enough memory for this text")
	// ErrParserDeadline says that the worker did not finish in time and was killed.
	ErrParserDeadline = errors.New("the parser did not finish with this text in time")
	// ErrParserUnavailable says that no worker could be had: none starts, or all
	// are busy for longer than Config.Wait.
	ErrParserUnavailable = errors.New("no parser is available; try again, and ask the operator if it stays so")
	// ErrClosed says that the pool was closed.
	ErrClosed = errors.New("the parser is closed")
)

// explained adds to one of these errors what the limit was and what to do.
func (p *Pool) explained(err error, length int) error {
	const advice = "simplify the statement or split it"
	memory := strconv.FormatInt(p.config.Memory>>20, 10) + " MiB"
	switch {
	case errors.Is(err, ErrParserDeadline):
		return fmt.Errorf("%w, which was %v; %s", err, p.allowance(length), advice)
	case errors.Is(err, ErrParserMemory):
		return fmt.Errorf("%w, which was %s; %s", err, memory, advice)
	case errors.Is(err, ErrParserCrashed):
		return fmt.Errorf("%w: it nests too deep, or takes more memory than the %s that a parser has; %s", err, memory, advice)
	}
	return err
}

// exhausted says whether what a worker says of a text is that its own memory did not
// suffice (the parser's errcode 53200).
func exhausted(verdict error) bool {
	var s *statement.SyntaxError
	return errors.As(verdict, &s) && s.Message == "out of memory"
}

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
