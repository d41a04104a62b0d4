package config

import (
	"net/netip"
	"os"
	"time"
)

// DefaultPath is read when no other file is named.
const DefaultPath = "/etc/weir/weir.yaml"

// APIVersion and Kind stand at the head of the file.
const (
	APIVersion = "weir.dev/v1alpha1"
	Kind       = "Config"
)

// Config is the daemon's configuration, complete (defaults filled in) and
// checked. Every path in it is absolute.
type Config struct {
	Path string `yaml:"-"` // the file that it was read from, "" for Default

	Policies  []string   `yaml:"policies"`  // files, or folders whose *.yaml files hold Database and Policy documents
	Unmatched Unmatched  `yaml:"unmatched"` // what becomes of a connection that no Policy selects
	State     string     `yaml:"state"`     // folder of the journal, the store and weir's own CA
	Capture   Capture    `yaml:"capture"`
	Listen    []Listener `yaml:"listen"`
	ClientTLS ClientTLS  `yaml:"clientTLS"` // whether clients may or must use TLS towards weir
	DialFrom  DialFrom   `yaml:"dialFrom"`  // network namespace from which databases are dialled
	KeepAlive KeepAlive  `yaml:"keepAlive"` // of TCP connections, clients' and servers'
	Admin     Admin      `yaml:"admin"`
	Metrics   Metrics    `yaml:"metrics"`
	Parser    Parser     `yaml:"parser"`
	Catalog   Catalog    `yaml:"catalog"`
	Limits    Limits     `yaml:"limits"`
	Journal   Journal    `yaml:"journal"`
	Log       Log        `yaml:"log"`
}

// Capture says which connections the kernel hands to weir.
type Capture struct {
	Mode     CaptureMode    `yaml:"mode"`
	Cgroup   string         `yaml:"cgroup"`   // subtree below the cgroup2 mount, without a leading slash; "" is the root
	Ports    []uint16       `yaml:"ports"`    // destination ports that are captured
	Networks []netip.Prefix `yaml:"networks"` // destinations that are captured; empty is all
	Exclude  []netip.Prefix `yaml:"exclude"`  // destinations that are not; of Networks and Exclude the longest prefix counts
	Pins     string         `yaml:"pins"`     // folder below the bpffs mount, and part of the name of the daemon's cgroup
	// ListenerPort is the port of weir's own listeners on the loopback addresses
	// of every network namespace.
	ListenerPort uint16          `yaml:"listenerPort"`
	Default      CgroupAction    `yaml:"default"` // for cgroups that Cgroups does not name
	Cgroups      []CapturedGroup `yaml:"cgroups"`
}

// CapturedGroup gives a cgroup and its descendants an action of their own.
type CapturedGroup struct {
	Path   string       `yaml:"path"` // from the cgroup2 root, beginning with "/"
	Action CgroupAction `yaml:"action"`
}

// Listener is an address at which clients can reach one Database by naming weir.
type Listener struct {
	Name     string      `yaml:"name"`
	Network  Network     `yaml:"network"`
	Address  string      `yaml:"address"`  // loopback address and port, or the path of a Unix socket
	Mode     os.FileMode `yaml:"mode"`     // of the Unix socket; 0 for TCP
	Database string      `yaml:"database"` // name of a Database document
}

// Admin is the socket that every other command of weir talks to.
type Admin struct {
	Socket string `yaml:"socket"`
	Group  string `yaml:"group"` // its members may use the socket besides root; "" is root alone
}

// Metrics is where Prometheus reads.
type Metrics struct {
	Listen string `yaml:"listen"` // address:port, "" is off
}

// Parser bounds the processes that read hostile SQL.
type Parser struct {
	Workers      int           `yaml:"workers"`
	Deadline     time.Duration `yaml:"deadline"`     // for one text
	Memory       Size          `yaml:"memory"`       // address space of one worker
	MaxStatement Size          `yaml:"maxStatement"` // longer texts are refused unparsed
	Cache        Size          `yaml:"cache"`        // facts kept, 0 keeps none
}

// Catalog says how what is known of a database's schema is kept up to date.
type Catalog struct {
	Poll    time.Duration `yaml:"poll"`    // between two questions whether it has changed
	Refresh time.Duration `yaml:"refresh"` // after which it is read anew in any case
	MaxAge  time.Duration `yaml:"maxAge"`  // after which it is not used if the server has not confirmed it
}

// Limits bounds what clients can make the daemon hold.
type Limits struct {
	Sessions int `yaml:"sessions"`
	// Starting is how many connections of one workload may be open that have not
	// started a session.
	Starting int `yaml:"starting"`
	// LoginTimeout is how long a client may take to start its session.
	LoginTimeout time.Duration `yaml:"loginTimeout"`
	// IdleTimeout and IdleInTransactionTimeout end sessions that say nothing for so
	// long, outside of a transaction and inside; 0 is never.
	IdleTimeout              time.Duration `yaml:"idleTimeout"`
	IdleInTransactionTimeout time.Duration `yaml:"idleInTransactionTimeout"`
	Message                  Size          `yaml:"message"` // one protocol message
	// Large bounds what messages of more than a MiB take in all sessions together, at
	// least twice Message.
	Large            Size `yaml:"large"`
	ApprovalsPending int  `yaml:"approvalsPending"`
}

// Journal is how the record of what happened is kept.
type Journal struct {
	Segment   Size          `yaml:"segment"`   // size at which a new segment file is begun
	Sync      Sync          `yaml:"sync"`      // when records are forced to the disk
	Retention time.Duration `yaml:"retention"` // segments older than this are removed
	MinFree   Size          `yaml:"minFree"`   // new statements are refused when the file system has less
}

// Log is the daemon's own log, on standard error.
type Log struct {
	Level  LogLevel  `yaml:"level"`
	Format LogFormat `yaml:"format"`
}

// Default is the configuration of a file that sets nothing.
func Default() *Config {
	return &Config{
		Policies:  []string{"/etc/weir/policy.d"},
		Unmatched: UnmatchedDeny,
		State:     "/var/lib/weir",
		Capture: Capture{
			Mode:         CaptureTransparent,
			Ports:        []uint16{5432},
			Pins:         "weir",
			ListenerPort: 18543,
			Default:      ActionRedirect,
		},
		ClientTLS: ClientTLSOffer,
		DialFrom:  DialFromWorkload,
		Admin:     Admin{Socket: "/run/weir/admin.sock"},
		Catalog:   Catalog{Poll: 5 * time.Second, Refresh: 10 * time.Minute, MaxAge: 5 * time.Minute},
		Parser: Parser{
			Workers:      2,
			Deadline:     2 * time.Second,
			Memory:       512 * MiB,
			MaxStatement: MiB,
			Cache:        64 * MiB,
		},
		Limits:    Limits{Sessions: 10000, Starting: 256, LoginTimeout: time.Minute, Message: 64 * MiB, Large: 2 * GiB, ApprovalsPending: 100},
		KeepAlive: KeepAlive{Idle: time.Minute, Interval: 10 * time.Second, Count: 6},
		Journal:   Journal{Segment: 16 * MiB, Sync: SyncNone, Retention: 30 * 24 * time.Hour, MinFree: 64 * MiB},
		Log:       Log{Level: LogInfo, Format: LogText},
	}
}

// Example is a file to start from: it watches everything and enforces nothing.
const Example = `apiVersion: weir.dev/v1alpha1
kind: Config
spec:
  policies: [/etc/weir/policy.d]   # Database and Policy documents
  unmatched: Observe               # relay and record what no Policy selects; Deny refuses it
  state: /var/lib/weir
  capture:
    ports: [5432]
`
