package policy

import (
	"fmt"
	"strings"

	"github.com/weirgate/weir/policy/statement"
)

// BuiltInReader is the name, in place of a policy's rule, of the refusal of what
// would make the server read a text otherwise than weir does.
const BuiltInReader = "built-in/same-reading"

// misreads says what in a statement would make the server read later texts
// otherwise than weir, "" for nothing.
func misreads(st *statement.Statement) (what, hint string) {
	for i := range st.Settings {
		s := &st.Settings[i]
		switch s.Name {
		case "":
			return "it changes a setting whose name is not a constant, which may be standard_conforming_strings or client_encoding",
				"Write the setting's name as a constant: SET name = value, or set_config('name', value, false)."
		case "standard_conforming_strings":
			if !s.Reset && (!s.Known || !isOn(s.Value)) {
				return "it turns off standard_conforming_strings, after which backslashes in strings mean something else",
					"Leave the setting on and write strings with backslash escapes as E'...'."
			}
		case "client_encoding":
			if !s.Reset && (!s.Known || !readableEncoding(s.Value)) {
				return fmt.Sprintf("it changes client_encoding to %s, in which statements cannot be read", orNotConstant(s)),
					"Use client_encoding UTF8."
			}
		}
	}
	if writesSettings(st) {
		return "it writes to pg_settings, which changes settings past SET", "Use SET name = value."
	}
	return "", ""
}

func orNotConstant(s *statement.Setting) string {
	if !s.Known {
		return "a value that is not a constant"
	}
	return fmt.Sprintf("%q", shorten(s.Value))
}

// isOn is parse_bool of PostgreSQL (utils/adt/bool.c), the true half.
func isOn(value string) bool {
	switch v := strings.ToLower(value); v {
	case "1", "on":
		return true
	default:
		return v != "" && (strings.HasPrefix("true", v) || strings.HasPrefix("yes", v))
	}
}

// readableEncoding says whether a client's encoding leaves texts as UTF-8.
// Names are compared as pg_char_to_encoding does (common/encnames.c).
func readableEncoding(value string) bool {
	name := strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			return c
		case 'A' <= c && c <= 'Z':
			return c + ('a' - 'A')
		}
		return -1
	}, value)
	return name == "utf8" || name == "unicode" || name == "sqlascii"
}
