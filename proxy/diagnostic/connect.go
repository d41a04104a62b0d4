package diagnostic

import (
	"fmt"
	"strings"
)

// NotAttested refuses a connection whose caller could not be told.
func NotAttested() *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: InvalidAuthorization,
		Message: "weir could not tell which workload this connection belongs to",
		Hint:    "The operator of this host finds the reason in weir's log and with `weir doctor`."}
}

// IdentityUnknown refuses a workload of which a policy asks for something that
// could not be obtained.
func IdentityUnknown(subject, why string) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: InvalidAuthorization,
		Message: fmt.Sprintf("weir cannot tell whether a policy selects %s", subject), Detail: why,
		Hint: "Connect again; if it happens again, ask the operator of this host."}
}

// Unmatched refuses a workload that no policy admits.
func Unmatched(subject, database string) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: InvalidAuthorization,
		Message: fmt.Sprintf("no policy of weir admits %s to %s", subject, database),
		Hint:    "Trying again will not help. Ask the operator of this host for a policy that names this workload and this database."}
}

// NoDatabase refuses a connection to a listener whose Database is gone.
func NoDatabase(name string) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: InvalidCatalogName,
		Message: fmt.Sprintf("weir's listener names the Database %q, which is not defined", name),
		Hint:    "The operator of this host must define it in weir's policy documents."}
}

// DatabaseNotServed refuses a database that a Database document does not name.
func DatabaseNotServed(database, name string) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: InvalidCatalogName,
		Message: fmt.Sprintf("database %q is not served by weir's %s", database, name),
		Hint:    "Check the database's name in the connection string."}
}

// NoAddress refuses a connection to a listener whose Database has no address.
func NoAddress(name string) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: UnableToConnect,
		Message: fmt.Sprintf("weir knows no address of %s", name),
		Hint:    "Its host names do not resolve at the moment. Try again later."}
}

// PasswordFailed refuses a client that proved not to be who it says, in
// PostgreSQL's words.
func PasswordFailed(user string) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: InvalidPassword, Message: "password authentication failed for user \"" + user + "\""}
}

// PasswordEmpty refuses an empty password, in PostgreSQL's words.
func PasswordEmpty() *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: InvalidPassword, Message: "empty password returned by client"}
}

// SASL refuses a message of a SASL exchange, in PostgreSQL's words.
func SASL(code, message, detail string) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: code, Message: message, Detail: detail}
}

// ClientSecretUnreadable refuses a client whose password weir cannot check.
func ClientSecretUnreadable(user string) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: ConfigFileError,
		Message: "weir cannot check the password of user \"" + user + "\"",
		Hint:    "This is not about the client. The operator of this host finds the reason in weir's log."}
}

// DocumentsChanged refuses a client whose proof is not the one that is asked for any more.
func DocumentsChanged() *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: CannotConnectNow,
		Message: "weir's policy documents changed while the client logged in", Hint: "Connect again."}
}

// TooManyStarting refuses a connection of a workload that has too many which have
// not started a session.
func TooManyStarting(limit int) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: TooManyConnections,
		Message: fmt.Sprintf("weir refused the connection: this workload has %d others that have not logged in yet", limit),
		Hint:    "Close connections that say nothing, or open fewer at a time, and try again in a moment."}
}

// LoginFailed is what a client gets when weir's own login was refused.
func LoginFailed(server string) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: UnableToConnect,
		Message: fmt.Sprintf("weir could not log in to the server at %s", server),
		Hint:    "This is not about the client's password. The operator of this host finds the reason in weir's log."}
}

// Unreachable is what a client gets when no connection to the server came about.
func Unreachable(server, code string, err error) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: code,
		Message: fmt.Sprintf("weir could not connect to the server at %s", server), Detail: err.Error()}
}

// TooManySessions refuses one more session.
func TooManySessions(limit int) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: TooManyConnections,
		Message: fmt.Sprintf("weir has no room for another session (its limit is %d)", limit),
		Hint:    "Close connections that are not used, or try again later."}
}

// Unresolved refuses a destination of which it cannot be told whether a document
// names it.
func Unresolved(address string, names []string) *Diagnostic {
	return &Diagnostic{Severity: Fatal, Code: UnableToConnect,
		Message: fmt.Sprintf("weir cannot tell which database %s is: the addresses of %s are not known", address, strings.Join(names, ", ")),
		Hint:    "The names do not resolve at the moment. Try again later."}
}

// CatalogUnavailable refuses what depends on the database's catalog.
// why says what is the matter with it, and hint what the client can do.
func CatalogUnavailable(why, hint string) *Diagnostic {
	return &Diagnostic{Severity: Error, Code: InsufficientPrivilege,
		Message: "weir refused the statement: the rules for this session need the database's catalog, and " + why, Hint: hint}
}
