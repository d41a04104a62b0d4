package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Diagnostic is one thing that is wrong with a document.
type Diagnostic struct {
	File    string `json:"file"`
	Line    int    `json:"line"`   // from 1; 0 when the place is the whole file
	Column  int    `json:"column"` // from 1, in characters; 0 with Line
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // what to do, "" when the message says it
}

// Error gives "file:line:column: message (hint)".
func (d Diagnostic) Error() string {
	var b strings.Builder
	b.WriteString(d.File)
	if d.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", d.Line, d.Column)
	}
	b.WriteString(": " + d.Message)
	if d.Hint != "" {
		b.WriteString(" (" + d.Hint + ")")
	}
	return b.String()
}

// Diagnostics are all that is wrong with a set of documents, sorted by file,
// line and column. None means that the documents are good.
type Diagnostics []Diagnostic

// Error gives one line for each.
func (d Diagnostics) Error() string {
	lines := make([]string, len(d))
	for i, one := range d {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Err gives d as an error, nil when there is none in it.
func (d Diagnostics) Err() error {
	if len(d) == 0 {
		return nil
	}
	return d
}

func (d Diagnostics) sort() {
	slices.SortStableFunc(d, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Message, b.Message))
	})
}

// nearest gives the candidate that a misspelled word was probably meant to be,
// "" when none is near enough.
func nearest(word string, candidates []string) string {
	best, distance := "", max(1, len(word)/3)+1
	for _, c := range candidates {
		if strings.EqualFold(word, c) {
			return c
		}
		if d := editDistance(strings.ToLower(word), strings.ToLower(c)); d < distance {
			best, distance = c, d
		}
	}
	return best
}

// editDistance counts insertions, deletions, replacements and swaps of
// neighbours. Long words are not worth the work and are far from everything.
func editDistance(a, b string) int {
	const longest = 64
	if len(a) > longest || len(b) > longest {
		return longest
	}
	var rows [3][longest + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// didYouMean is a hint that names the nearest candidate, or all of them when
// none is near and they are few.
func didYouMean(word string, candidates []string) string {
	if c := nearest(word, candidates); c != "" {
		return fmt.Sprintf("did you mean %q?", c)
	}
	if len(candidates) == 0 || len(candidates) > 12 {
		return ""
	}
	return "use " + alternatives(candidates)
}

// alternatives joins words to "a, b or c".
func alternatives(words []string) string {
	switch len(words) {
	case 0:
		return "nothing"
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
