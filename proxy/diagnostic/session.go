package diagnostic

import (
	"fmt"
	"time"
)

// Violation is what a client gets that broke the protocol.
func Violation(err error) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: ProtocolViolation, Message: err.Error(),
		Hint: "weir ended this connection, since the client's stream cannot be followed any longer. Connect again."}
}

// ServerViolation is what a client gets whose server broke the protocol.
func ServerViolation(err error) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: ConnectionFailure,
		Message: "weir ended the connection: " + err.Error(),
		Hint:    "The server's stream cannot be followed any longer. Connect again."}
}

// ServerLost is what a client gets whose server closed the connection.
func ServerLost(err error) *Diagnostic {
	d := &Diagnostic{Severity: Fatal, Code: ConnectionFailure, Message: "the server closed the connection unexpectedly",
		Hint: "Connect again."}
	if err != nil {
		d.Detail = err.Error()
	}
	return d
}

// ClientLeft is recorded for statements that were under way when the client
// went away.
func ClientLeft() *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: ConnectionDoesNotExist, Message: "the client closed the connection"}
}

// Shutdown is sent to clients when weir stops.
func Shutdown() *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: AdminShutdown,
		Message: "terminating connection: weir is stopping", Hint: "Connect again in a moment."}
}

// IdleTimeout is sent to a client that was idle for too long, in PostgreSQL's words.
func IdleTimeout(after time.Duration) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: IdleSessionTimeout, Message: "terminating connection due to idle-session timeout",
		Hint: fmt.Sprintf("weir ends sessions that are idle for %s (idleTimeout in its configuration). Connect again.", after)}
}

// IdleInTransactionTimeout is sent to a client that was idle in a transaction for
// too long, in PostgreSQL's words.
func IdleInTransactionTimeout(after time.Duration) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: IdleInTransactionSessionTimeout,
		Message: "terminating connection due to idle-in-transaction timeout",
		Hint: fmt.Sprintf("weir ends sessions that are idle in a transaction for %s (idleInTransactionTimeout in its configuration). "+
			"The transaction was rolled back. Connect again.", after)}
}

// UnsupportedProtocol refuses a protocol other than 3.
func UnsupportedProtocol(major, minor int) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: FeatureNotSupported,
		Message: fmt.Sprintf("unsupported frontend protocol %d.%d: weir speaks 3.0 to 3.2", major, minor)}
}

// TLSRequired refuses a client that speaks in clear.
func TLSRequired() *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: InvalidAuthorization,
		Message: "weir takes encrypted connections only", Hint: "Connect with sslmode=require."}
}

// Replication refuses a replication connection.
func Replication() *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: InsufficientPrivilege,
		Message: "replication connections are not allowed through weir",
		Detail:  "Replication carries rows that no rule sees.",
		Hint:    "Connect without the replication setting, or ask the operator of this host for replication: Allow in weir's Database document."}
}

// ReplicationMasked refuses a replication connection of whom masks apply to.
func ReplicationMasked() *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: InsufficientPrivilege,
		Message: "replication connections are not allowed through weir where columns are masked",
		Detail:  "Replication carries rows that no mask is applied to.",
		Hint:    "Connect without the replication setting. Allowing replication for this workload takes a policy without masks for it."}
}

// NoUser refuses a start-up packet without a user.
func NoUser() *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: InvalidAuthorization,
		Message: "no PostgreSQL user name specified in startup packet"}
}

// StartupOption refuses a setting at start-up that makes the server load code.
func StartupOption(name string) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: InsufficientPrivilege,
		Message: fmt.Sprintf("the start-up setting %q is not allowed through weir", name),
		Detail:  "It makes the server load a library, in which no rule sees what happens.",
		Hint:    "Leave it out of the connection's options."}
}

// StartupSetting refuses a setting at start-up that a rule refuses by SET, which is
// what the given refusal says.
func StartupSetting(name string, refusal *Diagnostic) *Diagnostic {
	d := *refusal
	d.Severity, d.Position = Fatal, 0
	d.Detail = fmt.Sprintf("The connection's start-up sets %q, which is judged as SET %s would be. %s", name, name, refusal.Detail)
	return &d
}

// StartupApproval refuses a setting at start-up that would need an approval.
func StartupApproval(name, rule string) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: InsufficientPrivilege,
		Message: fmt.Sprintf("weir refused the connection by rule %s: the start-up setting %q needs an approval", rule, name),
		Hint:    fmt.Sprintf("Connect without it, and send SET %s as a statement, which can be approved.", name)}
}

// StartupSwitch refuses a switch of the server's command line in the start-up's options.
func StartupSwitch(word string) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: SyntaxError,
		Message: fmt.Sprintf("invalid command-line argument for server process: %s", word),
		Hint:    "Write settings in the connection's options as -c name=value."}
}

// StartupValueMissing refuses a setting without a value in the start-up's options.
func StartupValueMissing(setting string) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: SyntaxError, Message: setting + " requires a value"}
}

// InvalidReplication is PostgreSQL's own error for the start-up setting "replication".
func InvalidReplication(value string) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: InvalidParameterValue,
		Message: fmt.Sprintf("invalid value for parameter \"replication\": %q", value),
		Hint:    `Valid values are: "false", 0, "true", 1, "database".`}
}

// StartTimeout is what a client gets that took too long to authenticate itself.
func StartTimeout() *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: QueryCanceled, Message: "canceling authentication due to timeout"}
}

// NonStandardStrings refuses texts while standard_conforming_strings is off.
func NonStandardStrings() *Diagnostic {
	return &Diagnostic{Severity: Error, Code: FeatureNotSupported,
		Message: "standard_conforming_strings must be on: weir cannot read statements otherwise",
		Hint:    "Leave the setting alone; write backslash escapes as E'...'."}
}

// Encoding refuses a client encoding in which texts cannot be read.
func Encoding(name string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: UntranslatableCharacter,
		Message: fmt.Sprintf("client_encoding %q is not supported through weir", name),
		Hint:    "Use client_encoding UTF8."}
}

// FunctionCall refuses the FunctionCall message of a function that is none of
// those for large objects.
func FunctionCall(oid uint32) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: FeatureNotSupported,
		Message: fmt.Sprintf("the function with oid %d is not allowed through weir by the fast-path protocol", oid),
		Detail:  "Of the FunctionCall message weir knows the functions for large objects only.",
		Hint:    "Nothing was executed. Call the function in a SELECT."}
}

// JournalUnavailable refuses a statement that could not be recorded.
func JournalUnavailable(err error) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: IOError,
		Message: "weir refused the statement: its journal cannot be written",
		Detail:  err.Error(),
		Hint:    "Nothing was executed. The operator of this host must make room or repair the journal's disk; then try again."}
}

// StatementTooLong refuses a text that is longer than weir reads.
func StatementTooLong(size, limit int) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: ProgramLimitExceeded,
		Message: fmt.Sprintf("the statement of %d bytes is longer than weir reads (%d bytes)", size, limit),
		Hint:    "Pass data as parameters or with COPY instead of in the text."}
}

// RowTooLarge ends a session whose row cannot be masked.
func RowTooLarge(size, limit int) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: ProgramLimitExceeded,
		Message: fmt.Sprintf("a row of %d bytes is larger than weir can look at (%d bytes)", size, limit),
		Hint:    "Select fewer or smaller columns."}
}

// TooMuchHeld ends a session for whose large message there is no room.
func TooMuchHeld() *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: OutOfMemory,
		Message: "weir holds as many large values as it has room for, of all sessions or of those of this workload",
		Hint:    "Select fewer or smaller columns, read results to their end, or try again later. The operator of this host sets the room as limits.large."}
}

// Unconfirmed refuses a COPY of masked columns whose places are not certain, since weir
// cannot ask for the catalog now.
func Unconfirmed() *Diagnostic {
	return &Diagnostic{Severity: Error, Code: InsufficientPrivilege,
		Message: "columns of this COPY are masked, and which columns * stands for cannot be confirmed while a transaction is open",
		Detail:  "weir reads the catalog on this session's own connection, and asks for it only while no transaction is open.",
		Hint:    "List the columns in place of *, as in COPY t (a, b) TO STDOUT, or run COPY outside of a transaction."}
}

// ValueTooLarge ends a session whose COPY has a value that cannot be masked.
func ValueTooLarge(err error, limit int) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: ProgramLimitExceeded,
		Message: fmt.Sprintf("weir looks at values of up to %d bytes: %s", limit, err),
		Hint:    "Copy fewer columns."}
}

// TooManyPrepared refuses one more prepared statement or portal.
func TooManyPrepared(limit int) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: ProgramLimitExceeded,
		Message: fmt.Sprintf("more than %d prepared statements or portals in one session", limit),
		Hint:    "Close those that are no longer used."}
}

// ReservedPrefix refuses a name that weir keeps for itself.
func ReservedPrefix(prefix string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: ReservedName,
		Message: fmt.Sprintf("names of prepared statements must not begin with %q", prefix)}
}

// NoSuchStatement is PostgreSQL's own error for an unknown prepared statement.
func NoSuchStatement(name string) *Diagnostic {
	d := &Diagnostic{Severity: Error, Code: "26000", Message: fmt.Sprintf("prepared statement %q does not exist", name)}
	if name == "" {
		d.Message = "unnamed prepared statement does not exist"
	}
	return d
}

// NoSuchPortal is PostgreSQL's own error for an unknown portal.
func NoSuchPortal(name string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: "34000", Message: fmt.Sprintf("portal %q does not exist", name)}
}

// LargeApproval refuses a statement whose parameters cannot be shown to an approver.
func LargeApproval(limit int) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: InsufficientPrivilege,
		Message: fmt.Sprintf("this statement needs an approval, and its parameters of more than %d bytes cannot be shown to the approver", limit),
		Hint:    "Split the statement into smaller ones."}
}

// MaskFailed ends a session whose result could not be masked.
func MaskFailed(err error) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: InsufficientPrivilege,
		Message: "weir ended the connection: a result could not be masked",
		Detail:  err.Error(),
		Hint:    "Connect again. If it happens again with the same statement, tell the operator of this host."}
}

// NotLookedAt refuses a COPY to the client whose form weir does not read, where a mask
// looks for values.
func NotLookedAt(rule, option string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: FeatureNotSupported,
		Message: "COPY TO STDOUT with " + option + " is not allowed through weir here: mask " + rule + " looks for values in results, and weir does not read such data",
		Hint:    "Use FORMAT text, csv or binary with the encoding UTF8, or SELECT."}
}

// PreparedChanged refuses an EXECUTE whose name stands for something else than
// when it was bound.
func PreparedChanged() *Diagnostic {
	return &Diagnostic{Severity: Error, Code: FeatureNotSupported,
		Message: "the prepared statement that EXECUTE names was changed after the statement was bound",
		Hint:    "Bind and execute it again."}
}
