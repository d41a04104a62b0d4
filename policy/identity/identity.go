// Package identity says who a connection belongs to, in the terms that policy
// documents select by.
//
// It knows the attested facts about a workload and, later, verified claims. It
// must not know how they were obtained.
package identity

// Identity is what policies match. Everything in it was attested: nothing comes
// from what the client says.
type Identity struct {
	// Subject is the one-line name that records, approvals and errors show:
	// "unit:nightly-etl.service", "container:4f2a...", "pod:...", "cgroup:/agents/bot".
	Subject string `json:"subject"`

	Kind        string `json:"kind"` // Unit, Container, Pod, Cgroup
	Unit        string `json:"unit,omitempty"`
	ContainerID string `json:"containerId,omitempty"`
	PodUID      string `json:"podUid,omitempty"`
	CgroupPath  string `json:"cgroup"`

	PID  int    `json:"pid,omitempty"`
	UID  uint32 `json:"uid"`
	User string `json:"user,omitempty"`
	// LoginUID is the user who logged in, whatever su and sudo made of it since; 0 for a
	// process that nobody's login began (a service, a container), and for root's.
	LoginUID   uint32 `json:"loginUid,omitempty"`
	Executable string `json:"executable,omitempty"` // "" when it could not be read; a rule that names executables then does not match
	Comm       string `json:"comm,omitempty"`       // for display; never matched
}
