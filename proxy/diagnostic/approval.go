package diagnostic

import (
	"fmt"
	"time"
)

// ApprovalNeeded refuses a statement that must be approved first and could not
// wait. held says whether it would have waited in another state of the session.
func ApprovalNeeded(message, detail, id, who string, idle bool) *Diagnostic {
	d := &Diagnostic{Severity: Error, Code: InsufficientPrivilege, Message: message, Detail: detail,
		Hint: fmt.Sprintf("Approval request %s was made; %s can approve it with `weir approvals approve %s`. "+
			"Then send exactly the same statement with the same parameters again: it passes once.", id, who, id)}
	if d.Message == "" {
		d.Message = "this statement needs an approval"
	}
	if !idle {
		d.Hint += " Outside of a transaction it would have waited for the decision."
	}
	return d
}

// ApprovalPending refuses a statement whose wait is over.
func ApprovalPending(id string, wait time.Duration, who string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: InsufficientPrivilege,
		Message: fmt.Sprintf("this statement needs an approval, and none came within %v", wait),
		Hint: fmt.Sprintf("Approval request %s is still open; %s can approve it. "+
			"Then send exactly the same statement with the same parameters again: it passes once.", id, who)}
}

// ApprovalDenied refuses a statement that an approver denied.
func ApprovalDenied(id, by, why string) *Diagnostic {
	d := &Diagnostic{Severity: Error, Code: InsufficientPrivilege,
		Message: fmt.Sprintf("approval request %s was denied by %s", id, by),
		Hint:    "Do not send this statement again unless the reason no longer holds."}
	if why != "" {
		d.Detail = "Reason: " + why
	}
	return d
}

// ApprovalGone refuses a statement whose request ended without a decision.
func ApprovalGone(id, state string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: InsufficientPrivilege,
		Message: fmt.Sprintf("approval request %s is %s", id, state),
		Hint:    "Send the statement again to ask anew."}
}

// ApprovalOutdated refuses a statement that does not mean any more what was approved.
func ApprovalOutdated(id string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: InsufficientPrivilege,
		Message: fmt.Sprintf("approval %s is not for this statement any more: what it names, or who must approve it, has changed since it was asked for", id),
		Hint:    "Nothing was executed. Send the statement again to ask anew."}
}

// ApprovalImpossible refuses a statement for which no approval can be had now.
func ApprovalImpossible(why string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: InsufficientPrivilege,
		Message: "this statement needs an approval, which cannot be had: " + why,
		Hint:    "Nothing was executed. Try again later, or ask the operator of this host."}
}

// ApprovalOfBound refuses a statement that came to need an approval after it was
// bound, when its parameters are not at hand any more.
func ApprovalOfBound() *Diagnostic {
	return &Diagnostic{Severity: Error, Code: InsufficientPrivilege,
		Message: "this statement has come to need an approval since it was bound",
		Hint:    "Nothing was executed. Bind and execute it again."}
}

// Canceled ends a statement that the client cancelled before the server had it.
func Canceled() *Diagnostic {
	return &Diagnostic{Severity: Error, Code: QueryCanceled, Message: "canceling statement due to user request"}
}

// CanceledWhileHeld ends a wait that the client cancelled.
func CanceledWhileHeld(id string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: QueryCanceled,
		Message: "canceling statement due to user request",
		Detail:  fmt.Sprintf("It was waiting for approval request %s, which stays open.", id)}
}

// Held tells a client that its statement waits.
func Held(id, who, message string, left time.Duration) *Diagnostic {
	return &Diagnostic{Severity: Notice, Code: "00000",
		Message: fmt.Sprintf("weir: the statement waits for approval %s by %s, for %v more", id, who, left),
		Detail:  message,
		Hint:    fmt.Sprintf("Approve it with `weir approvals approve %s --reason ...`.", id)}
}
