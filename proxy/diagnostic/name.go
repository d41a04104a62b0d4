package diagnostic

import "fmt"

// NameTooLong refuses the name of a prepared statement or portal that servers cut
// or convert: two such names may be one there.
func NameTooLong(limit int) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: "42622",
		Message: fmt.Sprintf("names of prepared statements and portals must be of ASCII and of at most %d bytes", limit),
		Hint:    "PostgreSQL cuts longer names, so that two of them may be one."}
}

// RenamedInText refuses an EXECUTE of a name that the same text changes.
func RenamedInText(name string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: FeatureNotSupported,
		Message: fmt.Sprintf("EXECUTE of %q in the text that prepares it is not supported through weir while columns are masked", name),
		Hint:    "Send PREPARE and EXECUTE as separate statements."}
}

// FetchOfPortal refuses a FETCH in SQL from a portal of the protocol whose
// statement concerns masked columns.
func FetchOfPortal(name string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: InsufficientPrivilege,
		Message: fmt.Sprintf("FETCH from the portal %q, whose statement concerns masked columns, is not allowed", name),
		Hint:    "Execute the portal by the protocol, or use a cursor that DECLARE made."}
}

// ApprovalOfName refuses an EXECUTE that would need an approval: who approves it
// could not see what it runs, and the name may stand for something else later.
func ApprovalOfName() *Diagnostic {
	return &Diagnostic{Severity: Error, Code: InsufficientPrivilege,
		Message: "what EXECUTE would run needs an approval, which cannot be given for a name",
		Hint:    "Send the statement itself."}
}

// TooMuchPrepared refuses one more prepared statement or portal.
func TooMuchPrepared(limit int) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: ProgramLimitExceeded,
		Message: fmt.Sprintf("the prepared statements and portals of one session take more than %d bytes", limit),
		Hint:    "Close those that are no longer used."}
}

// StartupNameTooLong refuses a user or database whose name servers would cut.
func StartupNameTooLong(limit int) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: "42622",
		Message: fmt.Sprintf("names of users and databases have at most %d bytes", limit)}
}

// ExecuteOfCommand refuses an EXECUTE of what only the protocol can prepare.
func ExecuteOfCommand(name string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: FeatureNotSupported,
		Message: fmt.Sprintf("EXECUTE of %q, which is not a SELECT, INSERT, UPDATE, DELETE or MERGE, is not supported through weir", name),
		Hint:    "Send the statement itself."}
}

// UnknownExecute is PostgreSQL's own error for an EXECUTE of what was not
// prepared, as far as weir can see.
func UnknownExecute(name string) *Diagnostic {
	d := NoSuchStatement(name)
	d.Hint = "A statement that a function or a DO block has prepared is not executed through weir, which has not seen it: prepare it with PREPARE."
	return d
}
