package console

import (
	"time"

	"github.com/weirgate/weir/policy/identity"
)

// The types of this file are the API's, version 1. A field may be added; none
// changes its meaning.

// Health is the answer of GET /v1/healthz.
type Health struct {
	Status  string `json:"status"` // "ok"
	Version string `json:"version"`
}

// Status is what the daemon knows of itself.
type Status struct {
	Version string    `json:"version"`
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	Config  string    `json:"config"` // path of the configuration file
	State   string    `json:"state"`  // folder of the journal and the store

	Policy    PolicyStatus     `json:"policy"`
	Capture   CaptureStatus    `json:"capture"`
	Listeners []ListenerStatus `json:"listeners"`
	Sessions  SessionStatus    `json:"sessions"`
	Journal   JournalStatus    `json:"journal"`
	Parser    ParserStatus     `json:"parser"`
	Catalogs  []CatalogStatus  `json:"catalogs"`
	Approvals ApprovalStatus   `json:"approvals"`
	// Problems are what an operator should know at once, in words.
	Problems []string `json:"problems,omitempty"`
}

// PolicyStatus is about the documents in force.
type PolicyStatus struct {
	Revision  string    `json:"revision"` // a hash over the documents; stands on every decision
	Loaded    time.Time `json:"loaded"`
	Databases []string  `json:"databases"`
	Policies  []string  `json:"policies"`
	Unmatched string    `json:"unmatched"` // Deny or Observe
	// Refused holds the problems of the newest documents when they could not be
	// loaded and older ones are still in force.
	Refused []string `json:"refused,omitempty"`
	// Patterns are those of rules that match nothing in the catalogs at hand.
	Patterns []UnmatchedPattern `json:"unmatchedPatterns,omitempty"`
}

// CaptureStatus is about the programs in the kernel.
type CaptureStatus struct {
	Mode     string            `json:"mode"` // Transparent or Off
	Cgroup   string            `json:"cgroup,omitempty"`
	Pins     string            `json:"pins,omitempty"`
	Ports    []uint16          `json:"ports,omitempty"`
	Links    []LinkStatus      `json:"links,omitempty"`
	Counters map[string]uint64 `json:"counters,omitempty"` // of the programs: redirected, passed, denied, ...
	// Unseen are database connections that are older than the capture.
	Unseen []Connection `json:"unseen,omitempty"`
}

// LinkStatus is one program's attachment.
type LinkStatus struct {
	Name     string `json:"name"`
	Attached bool   `json:"attached"`
	Problem  string `json:"problem,omitempty"`
}

// Connection is a TCP connection of some process on this host.
type Connection struct {
	ID         string `json:"id"` // names it in POST /v1/connections/destroy
	Local      string `json:"local"`
	Remote     string `json:"remote"`
	PID        int    `json:"pid,omitempty"`
	Executable string `json:"executable,omitempty"`
	User       string `json:"user,omitempty"`
	Cgroup     string `json:"cgroup,omitempty"`
	Netns      string `json:"netns,omitempty"`
}

// ListenerStatus is an address at which weir accepts.
type ListenerStatus struct {
	Name     string `json:"name"`
	Network  string `json:"network"`
	Address  string `json:"address"`
	Database string `json:"database,omitempty"` // "" for a listener that captured connections are sent to
	Netns    string `json:"netns,omitempty"`    // its network namespace when it is not the host's
}

// SessionStatus counts sessions.
type SessionStatus struct {
	Open    int `json:"open"`
	Limit   int `json:"limit"`
	Total   int `json:"total"`   // since the daemon's start
	Refused int `json:"refused"` // since the daemon's start
}

// JournalStatus says whether statements can be recorded.
type JournalStatus struct {
	Folder   string    `json:"folder"`
	Writable bool      `json:"writable"`
	Problem  string    `json:"problem,omitempty"`
	Records  int64     `json:"records"` // since the daemon's start
	Bytes    int64     `json:"bytes"`   // of all segments
	Free     int64     `json:"free"`    // bytes left on the file system
	Oldest   time.Time `json:"oldest,omitzero"`
}

// ParserStatus is about the processes that read SQL.
type ParserStatus struct {
	Workers  int    `json:"workers"`
	Hits     uint64 `json:"hits"`   // texts that were known already
	Misses   uint64 `json:"misses"` // texts that had to be parsed
	Lost     uint64 `json:"lost"`   // texts that a worker died of or did not finish
	Restarts uint64 `json:"restarts"`
}

// CatalogStatus is about what is known of one database's schema, for masks and for
// guards that stop statements.
type CatalogStatus struct {
	Database  string    `json:"database"` // server, network namespace and database
	Read      time.Time `json:"read,omitzero"`
	Confirmed time.Time `json:"confirmed,omitzero"` // when the server last said that it still is so
	Age       float64   `json:"ageSeconds"`         // since then
	Usable    bool      `json:"usable"`             // else the server is asked before the next statement that needs it
	Sessions  int       `json:"sessions"`           // that use it
	Relations int       `json:"relations"`          // tables, views and the like
	Functions int       `json:"functions"`
	Unread    int       `json:"unreadFunctions"` // whose body could not be read: they count as doing anything
	Took      float64   `json:"tookSeconds"`     // the last reading
	Reads     uint64    `json:"reads"`           // since the daemon's start
	Checks    uint64    `json:"checks"`          // questions whether it has changed
	Announced bool      `json:"announced"`       // the server announces changes
	Problem   string    `json:"problem,omitempty"`
}

// ApprovalStatus counts requests.
type ApprovalStatus struct {
	Pending int `json:"pending"`
	Limit   int `json:"limit"`
}

// Session is a connection of a client, open or ended.
type Session struct {
	ID       string             `json:"id"`
	Open     bool               `json:"open"`
	Started  time.Time          `json:"started"`
	Ended    time.Time          `json:"ended,omitzero"`
	Reason   string             `json:"reason,omitempty"` // why it ended
	Identity *identity.Identity `json:"identity,omitempty"`
	Database string             `json:"database"`           // the Database document
	User     string             `json:"user,omitempty"`     // the role at the server
	Server   string             `json:"server,omitempty"`   // address
	Client   string             `json:"client,omitempty"`   // address
	How      string             `json:"how,omitempty"`      // captured or addressed
	Policies []string           `json:"policies,omitempty"` // that select it
	State    string             `json:"state,omitempty"`    // of an open one: idle, active, idle in transaction, held
	Running  string             `json:"running,omitempty"`  // the statement that runs or waits

	Statements int64 `json:"statements"`
	Denied     int64 `json:"denied"`
	Held       int64 `json:"held"`
	Failed     int64 `json:"failed"`
	Masked     int64 `json:"masked"`
	Rows       int64 `json:"rows"`
	Bytes      int64 `json:"bytes"`
}

// SessionFilter chooses sessions. The zero value is all open ones.
type SessionFilter struct {
	All      bool      // ended ones as well
	Since    time.Time // not ended before
	Limit    int       // the newest; 0 is a limit of the server's
	Workload string
	Database string
}

// DecideRequest is the body of POST /v1/approvals/{id}/approve and deny.
type DecideRequest struct {
	Reason string `json:"reason"`
}

// ReloadResult is the answer of POST /v1/policy/reload.
type ReloadResult struct {
	Changed bool         `json:"changed"`
	Policy  PolicyStatus `json:"policy"`
}

// DestroyResult is the answer of POST /v1/connections/destroy.
type DestroyResult struct {
	Destroyed []Connection `json:"destroyed"`
	Failed    []string     `json:"failed,omitempty"`
}
