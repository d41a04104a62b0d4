package diagnostic

// Syntax is PostgreSQL's own error for a text that does not parse.
func Syntax(message string, position int) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: SyntaxError, Message: message, Position: position}
}

// Unscannable refuses a text that is not safe to parse.
func Unscannable(why string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: StatementTooComplex,
		Message: "weir refused the statement unread: " + why,
		Hint:    "Nothing was executed. Simplify the statement, or split it."}
}

// Unsupported refuses a statement whose effect is not known.
func Unsupported(why string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: FeatureNotSupported,
		Message: "weir refused the statement: " + why,
		Hint:    "Nothing was executed. weir does not know what such a statement does; write it another way."}
}

// Unparsed refuses a text of which the parser could not say anything.
func Unparsed(err error) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: StatementTooComplex,
		Message: "weir refused the statement: " + err.Error(),
		Hint:    "Nothing was executed."}
}

// Warned tells a client what a rule with action Warn has to say.
func Warned(what string) *Diagnostic {
	return &Diagnostic{Severity: Warning, Code: "01000", Message: "weir: " + what}
}
