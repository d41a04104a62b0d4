package diagnostic

import "fmt"

// ProgramLimit is program_limit_exceeded.
const ProgramLimit = "54000"

// ResultLimit ends a statement whose result passes the limit of a rule. What came
// before has reached the client.
func ResultLimit(rule, message, bound, approval string, undone bool) *Diagnostic {
	d := &Diagnostic{Severity: Error, Code: ProgramLimit,
		Message: fmt.Sprintf("weir ended this statement by rule %s: its result has more than %s", rule, bound),
		Detail:  "The rows up to the limit were sent, the statement was ended then.",
		Hint:    "Ask for fewer rows or columns: a WHERE, a LIMIT, or an aggregate in the database.",
	}
	if undone {
		d.Detail = "The rows up to the limit were sent. What the statement changed is undone."
	}
	return d.with(message).orApproved(approval)
}

// ChangeLimit ends a statement that has changed more rows than a rule allows.
func ChangeLimit(rule, message, approval string, rows, most int64) *Diagnostic {
	d := &Diagnostic{Severity: Error, Code: ProgramLimit,
		Message: fmt.Sprintf("weir undid this statement by rule %s: it changed %d rows, and the rule allows %d", rule, rows, most),
		Detail:  "Nothing of what the statement changed remains.",
		Hint:    "Narrow its WHERE, or do it in parts of which each changes no more than that.",
	}
	return d.with(message).orApproved(approval)
}

// ChangePortions ends a statement whose result is asked for in portions, so that the
// server does not say how many rows it has changed.
func ChangePortions(rule, message string, most int64) *Diagnostic {
	d := &Diagnostic{Severity: Error, Code: ProgramLimit,
		Message: fmt.Sprintf("weir undid this statement by rule %s: it allows %d changed rows, which are not told where the result is fetched in portions", rule, most),
		Detail:  "Nothing of what the statement changed remains.",
		Hint:    "Execute it without a row limit.",
	}
	return d.with(message)
}

// orApproved adds to a hint how to have the statement run all the same.
func (d *Diagnostic) orApproved(approval string) *Diagnostic {
	if approval != "" {
		d.Hint += " If all of it is needed, send exactly the same statement again: it then waits for " + approval + "."
	}
	return d
}

// with puts a rule's own message in front of the detail.
func (d *Diagnostic) with(message string) *Diagnostic {
	if message != "" {
		d.Detail = message + " " + d.Detail
	}
	return d
}

// LimitPassed tells a client, of a rule with action Warn, that a statement has
// passed its limit.
func LimitPassed(rule, message, bound string) *Diagnostic {
	text := fmt.Sprintf("weir: this statement has passed the limit of rule %s: more than %s", rule, bound)
	if message != "" {
		text += ": " + message
	}
	return &Diagnostic{Severity: Warning, Code: "01000", Message: text}
}

// LimitUntold tells a client, of a rule with action Warn, that a statement may have
// passed its limit.
func LimitUntold(rule, message string) *Diagnostic {
	text := fmt.Sprintf("weir: whether this statement has passed the limit of rule %s is not told where its result is fetched in portions", rule)
	if message != "" {
		text += ": " + message
	}
	return &Diagnostic{Severity: Warning, Code: "01000", Message: text}
}

// LimitInText refuses a text of several statements in which a limit cannot be kept,
// since it is not told where they end.
func LimitInText(rule string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: FeatureNotSupported,
		Message: fmt.Sprintf("weir refused these statements by rule %s: to keep its limit weir would send them one by one, and it does not follow where each of them ends", rule),
		Detail:  "A function whose body is written with BEGIN ATOMIC has semicolons of its own.",
		Hint:    "Send the statements one by one: BEGIN, each statement, COMMIT.",
	}
}

// NoTransaction is the server's warning to what would end a transaction where none was
// begun (xact.c, EndTransactionBlock).
func NoTransaction() *Diagnostic {
	return &Diagnostic{Severity: Warning, Code: "25P01", Message: "there is no transaction in progress"}
}

// UncountedBefore refuses a statement whose changes could not be counted, since the
// question that comes in front of it has failed.
func UncountedBefore(rule, code, why string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: code,
		Message: fmt.Sprintf("weir refused this statement by rule %s: the rows that it would change cannot be counted: %s", rule, why),
		Detail:  "weir asks the server for its counters of rows in front of the statement and behind it; the question in front of it failed.",
		Hint:    "Send it again. If it is a statement_timeout that is too short for the question, set a longer one.",
	}
}

// UncountedAfter ends a statement whose changes could not be counted, since the
// question that comes behind it has failed.
func UncountedAfter(rule, code, why string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: code,
		Message: fmt.Sprintf("weir undid this statement by rule %s: the rows that it changed could not be counted: %s", rule, why),
		Detail:  "Nothing of what the statement changed remains. weir asks the server for its counters of rows behind the statement; that question failed.",
		Hint:    "Send it again. If it is a statement_timeout that is too short for the question, set a longer one.",
	}
}

// Uncountable ends a statement of whose changes the server's counters do not tell.
func Uncountable(rule, message, why string, most int64) *Diagnostic {
	d := &Diagnostic{Severity: Error, Code: ProgramLimit,
		Message: fmt.Sprintf("weir undid this statement by rule %s: it allows %d changed rows, and they cannot be counted: %s", rule, most, why),
		Detail:  "Nothing of what the statement changed remains.",
		Hint:    "Send each INSERT, UPDATE and DELETE as a statement of its own: the server reports the rows of those.",
	}
	return d.with(message)
}

// LimitUncounted tells a client, of a rule with action Warn, that a statement may have
// passed its limit.
func LimitUncounted(rule, message, why string) *Diagnostic {
	text := fmt.Sprintf("weir: whether this statement has passed the limit of rule %s is not known: %s", rule, why)
	if message != "" {
		text += ": " + message
	}
	return &Diagnostic{Severity: Warning, Code: "01000", Message: text}
}

// LimitOfMessage refuses a statement whose changes cannot be counted in the way in
// which it was sent.
func LimitOfMessage(rule, what string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: FeatureNotSupported,
		Message: fmt.Sprintf("weir refused this statement by rule %s: the rows that %s changes inside something else cannot be counted", rule, what),
		Hint:    "Send it as a simple Query.",
	}
}
