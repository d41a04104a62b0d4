package diagnostic

// NoSuchFunction is the error of a query that calls a function which the database does
// not have, and that was refused since nothing is known of it.
func NoSuchFunction(name string) *Diagnostic {
	return &Diagnostic{
		Severity: Error, Code: UndefinedFunction,
		Message: "function " + name + " does not exist",
		Detail:  "weir read the database's catalog after the statement had come, and it has no function of that name.",
		Hint:    "Check the name and its schema. If it was made a moment ago, try again.",
	}
}
