package statement

import (
	"errors"
	"fmt"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
	"github.com/pganalyze/pg_query_go/v5/parser"
)

// SyntaxError is PostgreSQL's own refusal of a text (SQLSTATE 42601).
type SyntaxError struct {
	Message string // as PostgreSQL words it: syntax error at or near "slect"
	Cursor  int    // position in the text, in characters from 1; 0 for none
}

// Error gives PostgreSQL's message.
func (e *SyntaxError) Error() string { return e.Message }

// UnsupportedError says that a text parses but holds something of which no facts
// are known. The text must be refused.
type UnsupportedError struct {
	Construct string // the parser's name of the node, or words
}

// Error names the construct.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("the statement uses %s, which is not understood", e.Construct)
}

// Parse gives the facts of a text. It calls the C parser, which a hostile text
// can crash: call it in the parse worker, and Scan first. An error is a
// *SyntaxError, an *UnsupportedError or a *ScanError.
func Parse(text string) (*Facts, error) {
	facts, _, err := ParseShared(text)
	return facts, err
}

// ParseShared is Parse that says besides which other texts have the same facts.
func ParseShared(text string) (*Facts, Sharing, error) {
	tree, err := parseTree(text)
	if err != nil {
		return nil, Sharing{}, err
	}
	held := holdConstants(text, tree)
	facts, err := walk(tree, held)
	if err != nil {
		return nil, Sharing{}, err
	}
	pinned, shared := held.pinned()
	return facts, Sharing{Shared: shared, Pinned: pinned}, nil
}

// walk collects the facts of a tree whose constants are held.
func walk(tree *pg_query.ParseResult, held *constants) (*Facts, error) {
	facts := &Facts{Statements: make([]Statement, 0, len(tree.Stmts))}
	spent := 0
	for _, raw := range tree.Stmts {
		st := Statement{Limit: -1}
		w := walker{st: &st, constants: held, spent: &spent}
		w.statement(raw.Stmt)
		if w.err != nil {
			return nil, w.err
		}
		facts.Statements = append(facts.Statements, st)
	}
	return facts, nil
}

func parseTree(text string) (*pg_query.ParseResult, error) {
	if at := strings.IndexByte(text, 0); at >= 0 { // C would see the text end here
		return nil, &ScanError{at, "the text contains a NUL byte"}
	}
	tree, err := pg_query.Parse(text)
	if err == nil {
		return tree, nil
	}
	var syntax *parser.Error
	if errors.As(err, &syntax) {
		return nil, &SyntaxError{Message: syntax.Message, Cursor: max(0, syntax.Cursorpos)}
	}
	return nil, &UnsupportedError{"nesting that is too deep"}
}
