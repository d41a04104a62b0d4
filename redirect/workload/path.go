package workload

import (
	"path"
	"regexp"
	"strings"
)

// The names that container engines and the kubelet give to cgroups, in the
// spelling of the systemd driver and of the cgroupfs driver.
var (
	podSlice      = regexp.MustCompile(`^(?:kubelet-)?kubepods(?:-besteffort|-burstable|-guaranteed)?-pod([0-9a-f_]{32,36})\.slice$`)
	podFolder     = regexp.MustCompile(`^pod([0-9a-f-]{32,36})$`)
	podAndID      = regexp.MustCompile(`^kubepods(?:-besteffort|-burstable|-guaranteed)?-pod([0-9a-f_]{32,36})\.slice:cri-containerd:([0-9a-f]{64})$`)
	engineScope   = regexp.MustCompile(`^(?:docker|libpod|cri-containerd|containerd|crio|cri-o|nerdctl|podman)-([0-9a-f]{64})\.scope$`)
	plainID       = regexp.MustCompile(`^([0-9a-f]{64})$`)
	libpodFolder  = regexp.MustCompile(`^libpod-([0-9a-f]{64})$`)
	dashedUID     = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	staticUID     = regexp.MustCompile(`^[0-9a-f]{32}$`)
	unitName      = regexp.MustCompile(`^[A-Za-z0-9:_.\\@-]+\.(?:service|scope|socket|mount|swap|device|timer|path|automount|target)$`)
	sliceName     = regexp.MustCompile(`^[A-Za-z0-9:_.\\@-]+\.slice$`)
	qualityFolder = regexp.MustCompile(`^(?:besteffort|burstable|guaranteed)$`)
	qualitySlice  = regexp.MustCompile(`^(?:kubelet-)?kubepods-(?:besteffort|burstable|guaranteed)\.slice$`)
)

// fromPath recognises a cgroup path, which begins with "/" at the host's root.
//
// It reads from the root down and believes a name only where nobody but root can
// have made it: whoever has a cgroup to himself (a user's manager, a container,
// a service with Delegate=) may call everything below it as he likes. What
// stands first wins, and what follows it is not looked at.
func fromPath(p string) Workload {
	p = path.Clean("/" + p)
	w := Workload{Kind: Cgroup, Name: p, CgroupPath: p}
	parts := strings.Split(strings.TrimPrefix(p, "/"), "/")
	switch parts[0] {
	case "kubepods", "kubepods.slice":
		w.pod(parts[1:])
	case "kubelet", "kubelet.slice": // the kubelet with a cgroup root of its own
		if len(parts) > 1 && (parts[1] == "kubepods" || parts[1] == "kubelet-kubepods.slice") {
			w.pod(parts[2:])
		}
	case "system.slice":
		w.systemSlice(parts[1:])
	case "machine.slice": // podman as root
		if len(parts) > 1 {
			w.container(engineScope, parts[1])
		}
	case "docker", "moby": // Docker with the cgroupfs driver
		if len(parts) > 1 {
			w.container(plainID, parts[1])
		}
	case "libpod_parent": // podman with the cgroupfs driver
		if len(parts) > 1 {
			w.container(libpodFolder, parts[1])
		}
	}
	return w
}

// pod reads what is below the folder of all pods.
func (w *Workload) pod(parts []string) {
	if len(parts) > 0 && (qualityFolder.MatchString(parts[0]) || qualitySlice.MatchString(parts[0])) {
		parts = parts[1:]
	}
	if len(parts) == 0 {
		return
	}
	m := podSlice.FindStringSubmatch(parts[0])
	if m == nil {
		m = podFolder.FindStringSubmatch(parts[0])
	}
	if m == nil {
		return
	}
	uid := podUID(m[1])
	if uid == "" {
		return
	}
	w.Kind, w.Name, w.PodUID = Pod, uid, uid
	if len(parts) == 1 {
		return
	}
	if m := engineScope.FindStringSubmatch(parts[1]); m != nil {
		w.ContainerID = m[1]
	} else if m := plainID.FindStringSubmatch(parts[1]); m != nil {
		w.ContainerID = m[1]
	}
}

// podUID gives a uid with dashes, which slice names have as underscores; a
// static pod's uid has none. "" is no uid.
func podUID(s string) string {
	s = strings.ReplaceAll(s, "_", "-")
	if dashedUID.MatchString(s) || staticUID.MatchString(s) {
		return s
	}
	return ""
}

// systemSlice reads what is below system.slice, where only the system's manager
// makes units.
func (w *Workload) systemSlice(parts []string) {
	for len(parts) > 0 && sliceName.MatchString(parts[0]) {
		parts = parts[1:]
	}
	if len(parts) == 0 {
		return
	}
	if w.container(engineScope, parts[0]) {
		return
	}
	if parts[0] == "containerd.service" && len(parts) > 1 {
		// containerd given systemd's names but not its driver.
		if m := podAndID.FindStringSubmatch(parts[1]); len(m) == 3 {
			if uid := podUID(m[1]); uid != "" {
				w.Kind, w.Name, w.PodUID, w.ContainerID = Pod, uid, uid, m[2]
				return
			}
		}
	}
	if unitName.MatchString(parts[0]) {
		w.Kind, w.Name, w.Unit = Unit, parts[0], parts[0]
	}
}

// container notes a container when the name is one.
func (w *Workload) container(names *regexp.Regexp, name string) bool {
	m := names.FindStringSubmatch(name)
	if m == nil {
		return false
	}
	w.Kind, w.Name, w.ContainerID = Container, m[1][:12], m[1]
	return true
}
