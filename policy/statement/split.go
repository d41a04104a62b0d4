package statement

// Split gives where each statement of a text ends, as an offset in bytes: in front of its
// semicolon, or at the text's end. What stands between two statements, as white space
// and comments do, belongs to the second. ok is false where that is not told: of a text
// that Scan refuses, and of one with a body that has statements of its own.
func Split(text string, limits Limits) (ends []int, ok bool) {
	s := scanner{ends: &ends}
	if err := s.scan(text, limits, nil); err != nil || s.atomics > 0 {
		return nil, false
	}
	return ends, true
}
