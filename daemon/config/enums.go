package config

// Unmatched is what becomes of a connection that no Policy selects.
type Unmatched string

// The choices for Unmatched.
const (
	UnmatchedDeny    Unmatched = "Deny"    // refused with an error that says so
	UnmatchedObserve Unmatched = "Observe" // relayed and recorded, nothing is enforced
)

// CaptureMode says whether connections are caught in the kernel.
type CaptureMode string

// The capture modes.
const (
	CaptureTransparent CaptureMode = "Transparent" // connect() is redirected by eBPF
	CaptureOff         CaptureMode = "Off"         // only the explicit listeners
)

// CgroupAction is what a connection from a cgroup gets.
type CgroupAction string

// The actions.
const (
	ActionRedirect CgroupAction = "Redirect" // to weir
	ActionPass     CgroupAction = "Pass"     // untouched and unseen
	ActionDeny     CgroupAction = "Deny"     // connect() fails
)

// Network is the kind of an explicit listener.
type Network string

// The kinds of listener.
const (
	NetworkTCP  Network = "tcp"
	NetworkUnix Network = "unix"
)

// ClientTLS says what a client's SSLRequest is answered with.
type ClientTLS string

// The choices for ClientTLS.
const (
	ClientTLSOffer   ClientTLS = "Offer"   // TLS for those who ask
	ClientTLSRequire ClientTLS = "Require" // plain text is refused
	ClientTLSOff     ClientTLS = "Off"
)

// DialFrom is the network namespace from which a database is dialled.
type DialFrom string

// The choices for DialFrom.
const (
	DialFromWorkload DialFrom = "Workload" // the caller's, so that it reaches what the caller would
	DialFromHost     DialFrom = "Host"
)

// Sync says when journal records are forced to the disk.
type Sync string

// The choices for Sync.
const (
	SyncNone     Sync = "None"     // records survive the daemon's death, not always the machine's
	SyncInterval Sync = "Interval" // at least once a second
)

// LogLevel is the least severity that is logged.
type LogLevel string

// The log levels.
const (
	LogDebug LogLevel = "debug"
	LogInfo  LogLevel = "info"
	LogWarn  LogLevel = "warn"
	LogError LogLevel = "error"
)

// LogFormat is the form of a log line.
type LogFormat string

// The log formats.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// enumeration is implemented by the string types that have a closed list of values.
type enumeration interface{ choices() []string }

func (Unmatched) choices() []string {
	return []string{string(UnmatchedDeny), string(UnmatchedObserve)}
}

func (CaptureMode) choices() []string {
	return []string{string(CaptureTransparent), string(CaptureOff)}
}

func (CgroupAction) choices() []string {
	return []string{string(ActionRedirect), string(ActionPass), string(ActionDeny)}
}

func (Network) choices() []string { return []string{string(NetworkTCP), string(NetworkUnix)} }

func (ClientTLS) choices() []string {
	return []string{string(ClientTLSOffer), string(ClientTLSRequire), string(ClientTLSOff)}
}

func (DialFrom) choices() []string {
	return []string{string(DialFromWorkload), string(DialFromHost)}
}

func (Sync) choices() []string { return []string{string(SyncNone), string(SyncInterval)} }

func (LogLevel) choices() []string {
	return []string{string(LogDebug), string(LogInfo), string(LogWarn), string(LogError)}
}

func (LogFormat) choices() []string { return []string{string(LogText), string(LogJSON)} }
