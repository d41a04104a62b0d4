package diagnostic

import "strings"

// refinement is what PostgreSQL says of an error of its grammar besides the message.
type refinement struct {
	prefix, suffix       string // of the message
	code, detail, remedy string
}

// refinements gives the errors of PostgreSQL's scanner and grammar that are not bare
// syntax errors: the parser hands on their message and position alone. From the calls
// of ereport in src/backend/parser/gram.y, scan.l and parser.c of version 16.
func refinements() []refinement {
	return []refinement{
		{prefix: "missing argument", remedy: "Use NONE to denote the missing argument of a unary operator."},
		{prefix: "LIMIT #,# syntax is not supported", remedy: "Use separate LIMIT and OFFSET clauses."},
		{prefix: "unrecognized row security option ", remedy: "Only PERMISSIVE or RESTRICTIVE policies are supported currently."},
		{
			prefix: "invalid publication object list",
			detail: "One of TABLE or TABLES IN SCHEMA must be specified before a standalone table or schema name.",
		},
		{
			prefix: "UNENCRYPTED PASSWORD is no longer supported", code: FeatureNotSupported,
			remedy: "Remove UNENCRYPTED to store the password in encrypted form instead.",
		},
		{
			prefix: `unsafe use of \' in a string literal`, code: "22P06",
			remedy: `Use '' to write quotes in strings. \' is insecure in client-only encodings.`,
		},
		{prefix: "CREATE SCHEMA IF NOT EXISTS cannot include schema elements", code: FeatureNotSupported},
		{prefix: "current database cannot be changed", code: FeatureNotSupported},
		{prefix: "MATCH PARTIAL not yet implemented", code: FeatureNotSupported},
		{prefix: "a column list with ", suffix: " is only supported for ON DELETE actions", code: FeatureNotSupported},
		{prefix: "CREATE EXTENSION ... FROM is no longer supported", code: FeatureNotSupported},
		{prefix: "CREATE OR REPLACE CONSTRAINT TRIGGER is not supported", code: FeatureNotSupported},
		{prefix: "CREATE ASSERTION is not yet implemented", code: FeatureNotSupported},
		{prefix: "aggregates cannot have output arguments", code: FeatureNotSupported},
		{prefix: "WITH CHECK OPTION not supported on recursive views", code: FeatureNotSupported},
		{prefix: "UNIQUE predicate is not yet implemented", code: FeatureNotSupported},
		{prefix: "an ordered-set aggregate with a VARIADIC direct argument ", code: FeatureNotSupported},
		{suffix: " constraints cannot be marked DEFERRABLE", code: FeatureNotSupported},
		{suffix: " constraints cannot be marked NOT VALID", code: FeatureNotSupported},
		{suffix: " constraints cannot be marked NO INHERIT", code: FeatureNotSupported},
		{prefix: "column number must be in range from ", code: InvalidParameterValue},
		{prefix: "precision for type float must be ", code: InvalidParameterValue},
		{prefix: "unrecognized partitioning strategy ", code: InvalidParameterValue},
		{prefix: "modulus for hash partition provided more than once", code: duplicateObject},
		{prefix: "remainder for hash partition provided more than once", code: duplicateObject},
		{prefix: "frame start", code: windowingError},
		{prefix: "frame end cannot be ", code: windowingError},
		{prefix: "role name ", suffix: " is reserved", code: ReservedName},
		{suffix: " cannot be used as a role name here", code: ReservedName},
	}
}

// SQLSTATEs that only the grammar uses here.
const (
	invalidEscape   = "22025"
	duplicateObject = "42710"
	windowingError  = "42P20"
)

// Syntax is PostgreSQL's own error for a text that does not parse, with the SQLSTATE,
// detail and hint that it has there. position counts characters from 1, 0 for none.
func Syntax(text []byte, message string, position int) *Diagnostic {
	d := &Diagnostic{Severity: Error, Code: SyntaxError, Message: message, Position: position}
	if message == "invalid Unicode escape" {
		// The scanner says this of E'\u...', the parser of U&'\...'.
		d.Hint = `Unicode escapes must be \XXXX or \+XXXXXX.`
		if c := after(text, position); c == 'u' || c == 'U' {
			d.Code, d.Hint = invalidEscape, `Unicode escapes must be \uXXXX or \UXXXXXXXX.`
		}
		return d
	}
	for _, r := range refinements() {
		if strings.HasPrefix(message, r.prefix) && strings.HasSuffix(message, r.suffix) {
			d.Detail, d.Hint = r.detail, r.remedy
			if r.code != "" {
				d.Code = r.code
			}
			break
		}
	}
	return d
}

// after gives the byte behind the character at a position, 0 where there is none.
func after(text []byte, position int) byte {
	for i := range string(text) {
		if position--; position == 0 && i+1 < len(text) {
			return text[i+1]
		}
	}
	return 0
}
