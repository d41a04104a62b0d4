// Package workload turns a cgroup and a process into the workload that an
// operator would name: a systemd unit, a container, a pod or a plain cgroup.
//
// It reads cgroupfs and /proc. It must not know policy or SQL.
package workload

import "time"

// Kind says what sort of workload a cgroup path was recognised as.
type Kind string

// The kinds of workload.
const (
	Unit      Kind = "Unit"      // a systemd unit below system.slice
	Container Kind = "Container" // a container that no pod owns
	Pod       Kind = "Pod"       // a Kubernetes pod
	Cgroup    Kind = "Cgroup"    // any other cgroup, named by its path
)

// Workload is who called: what the cgroup says and what the process says. Every
// field comes from the kernel or from files that only root can write.
type Workload struct {
	Kind        Kind   `json:"kind"`
	Name        string `json:"name"`                  // unit name, container id (12 digits), pod uid or cgroup path: for display and as a key
	CgroupPath  string `json:"cgroup"`                // path from the cgroup root, beginning with "/"
	Unit        string `json:"unit,omitempty"`        // systemd unit, believed only below system.slice
	ContainerID string `json:"containerId,omitempty"` // 64 hexadecimal digits
	PodUID      string `json:"podUid,omitempty"`      // with dashes

	PID        int           `json:"pid"`
	StartTime  time.Duration `json:"startTime"` // boot time of the process's start
	UID        uint32        `json:"uid"`
	User       string        `json:"user,omitempty"`       // name of UID in the host's passwd, "" when it has none
	LoginUID   uint32        `json:"loginUid,omitempty"`   // the user who logged in, whatever su and sudo made of it: 0 for nobody, or root
	Executable string        `json:"executable,omitempty"` // path of the executable as /proc/<pid>/exe gives it, "" when it could not be read
	Comm       string        `json:"comm,omitempty"`
}
