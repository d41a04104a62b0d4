package console

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// UnmatchedPattern is a pattern of a rule that matches nothing in any database that the
// rule is about and whose catalog is known.
type UnmatchedPattern struct {
	Rule      string   `json:"rule"`  // policy/rule
	Field     string   `json:"field"` // columns, tables, functions
	Pattern   string   `json:"pattern"`
	Databases []string `json:"databases"`         // that were looked at
	Unknown   []string `json:"unknown,omitempty"` // Databases of the policy whose catalogs are not known
	Nearest   []string `json:"nearest,omitempty"` // names that exist and are like it
}

// String is a sentence about it.
func (u UnmatchedPattern) String() string {
	text := fmt.Sprintf("%s: %s %s matches nothing in %s", u.Rule, u.Field, u.Pattern, inWords(u.Databases))
	if len(u.Unknown) > 0 {
		text += fmt.Sprintf(" (the catalog of %s is not known)", inWords(u.Unknown))
	}
	return text
}

// Meant suggests what may be meant instead, "" where nothing is like it.
func (u UnmatchedPattern) Meant() string {
	if len(u.Nearest) == 0 {
		return ""
	}
	return "there is " + strings.Join(u.Nearest, ", ")
}

// PatternsResult is the answer of GET /v1/policy/patterns.
type PatternsResult struct {
	Unmatched []UnmatchedPattern `json:"unmatched"`
	// Databases are those whose catalogs the patterns were held against, Unread the
	// others, each with why.
	Databases []string          `json:"databases"`
	Unread    map[string]string `json:"unread,omitempty"`
}

// PatternSource holds the patterns of the documents in force against catalogs.
type PatternSource interface {
	Patterns(ctx context.Context) (*PatternsResult, error)
}

func (s *Server) patterns(r *http.Request) (any, error) {
	if s.options.Patterns == nil {
		return nil, missing("policies")
	}
	return s.options.Patterns.Patterns(r.Context())
}

// Patterns asks which patterns of the documents in force match nothing.
func (c *Client) Patterns(ctx context.Context) (*PatternsResult, error) {
	return get[PatternsResult](ctx, c, "/v1/policy/patterns", nil)
}

func inWords(names []string) string {
	const most = 3
	text := ""
	for i, name := range names {
		switch {
		case i == most:
			return text + fmt.Sprintf(" and %d more", len(names)-most)
		case i > 0:
			text += ", "
		}
		text += name
	}
	return text
}
