package copydata

import (
	"fmt"
	"strings"

	"github.com/weirgate/weir/policy/statement"
)

// Kind is one of COPY's formats.
type Kind uint8

// The formats.
const (
	Text Kind = iota
	CSV
	Binary
)

// Format is how a COPY writes its data. All bytes are in an encoding in which those
// below 0x80 stand for themselves, also behind others.
type Format struct {
	Kind      Kind
	Delimiter byte
	Quote     byte // CSV
	Escape    byte // CSV, may be Quote
	Null      string
	Header    bool // a line with the columns' names comes first
	// ForceAll and Force say which values are quoted in any case (FORCE_QUOTE). What
	// is quoted and need not be is still the same value.
	ForceAll bool
	Force    []string
}

// FormatOf reads the options of a COPY to the client as ProcessCopyOptions does
// (commands/copy.c). An error names an option that is not understood, or that COPY TO
// does not take: such data could not be read.
func FormatOf(c *statement.Copy) (Format, error) {
	f := Format{Delimiter: '\t', Null: `\N`}
	switch c.Format {
	case "text":
	case "csv":
		f.Kind, f.Delimiter, f.Quote, f.Null = CSV, ',', '"', ""
	case "binary":
		f.Kind = Binary
	default:
		return f, fmt.Errorf("FORMAT %s", c.Format)
	}
	seen := make(map[string]bool, len(c.Options))
	for _, o := range c.Options {
		if seen[o.Name] {
			return f, fmt.Errorf("%s, which is given twice", strings.ToUpper(o.Name))
		}
		seen[o.Name] = true
		if err := f.option(o); err != nil {
			return f, err
		}
	}
	if f.Kind == CSV && f.Escape == 0 {
		f.Escape = f.Quote
	}
	if err := f.check(seen); err != nil {
		return f, err
	}
	return f, nil
}

func (f *Format) option(o statement.CopyOption) error {
	var into *byte
	switch o.Name {
	case "null":
		f.Null = o.Value
	case "header":
		switch strings.ToLower(o.Value) {
		case "true", "on", "1":
			f.Header = true
		case "false", "off", "0":
		default:
			return fmt.Errorf("HEADER %s", o.Value)
		}
	case "delimiter":
		into = &f.Delimiter
	case "quote":
		into = &f.Quote
	case "escape":
		into = &f.Escape
	case "force_quote":
		// A list is joined by commas, which a name may have too: what may be meant is
		// quoted.
		f.ForceAll = o.Value == "*"
		f.Force = append(strings.Split(o.Value, ","), o.Value)
	case "encoding":
		if !readable(o.Value) {
			return fmt.Errorf("ENCODING %s", o.Value)
		}
	case "freeze": // is about COPY FROM
	default:
		return fmt.Errorf("%s", strings.ToUpper(o.Name))
	}
	if into == nil {
		return nil
	}
	if len(o.Value) != 1 || o.Value[0] >= 0x80 || o.Value[0] == '\n' || o.Value[0] == '\r' || o.Value[0] == 0 {
		return fmt.Errorf("%s of more than one byte", strings.ToUpper(o.Name))
	}
	*into = o.Value[0]
	return nil
}

// check refuses what PostgreSQL refuses, by which data would be ambiguous.
func (f *Format) check(seen map[string]bool) error {
	if f.Kind == Binary {
		for _, o := range []string{"delimiter", "null", "header", "quote", "escape", "force_quote"} {
			if seen[o] && (o != "header" || f.Header) {
				return fmt.Errorf("%s in binary format", strings.ToUpper(o))
			}
		}
		return nil
	}
	switch {
	case f.Kind == Text && (seen["quote"] || seen["escape"] || seen["force_quote"]):
		return fmt.Errorf("QUOTE, ESCAPE and FORCE_QUOTE in text format")
	case strings.ContainsAny(f.Null, "\r\n\x00"):
		return fmt.Errorf("a NULL string of several lines")
	case strings.IndexByte(f.Null, f.Delimiter) >= 0:
		return fmt.Errorf("DELIMITER in the NULL string")
	case f.Kind == CSV && (f.Delimiter == f.Quote || strings.IndexByte(f.Null, f.Quote) >= 0):
		return fmt.Errorf("QUOTE in DELIMITER or in the NULL string")
	case f.Kind == Text && strings.IndexByte(`\.abcdefghijklmnopqrstuvwxyz0123456789`, f.Delimiter) >= 0:
		return fmt.Errorf("DELIMITER %c", f.Delimiter)
	}
	return nil
}

// readable says whether data in an encoding can be read: what a session's
// client_encoding may be.
func readable(encoding string) bool {
	n := strings.ToLower(strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == ' ' {
			return -1
		}
		return r
	}, encoding))
	return n == "utf8" || n == "unicode" || n == "sqlascii"
}

// NullIsValue says that a value may be written as the NULL string is, so that the two
// cannot be told apart: in text format with a NULL string that is none of COPY's own
// escapes. Who chooses that string asks by it which values are equal to it.
func (f *Format) NullIsValue() bool {
	if f.Kind != Text {
		return false
	}
	value, ok := appendUnescaped(nil, []byte(f.Null))
	return ok && string(f.appendText(nil, value)) == f.Null
}

// forced says whether FORCE_QUOTE names a column; an empty name may be any.
func (f *Format) forced(name string) bool {
	if f.ForceAll || name == "" && len(f.Force) > 0 {
		return true
	}
	for _, n := range f.Force {
		if n == name {
			return true
		}
	}
	return false
}
