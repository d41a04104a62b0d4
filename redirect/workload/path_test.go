package workload

import (
	"path"
	"strings"
	"testing"
)

const (
	id64   = "b2a102854b4969b2ce98dc329c86b4fb2b06e4ad2cc8da9d8a7578c9cd2004a2"
	other  = "0000000000000000000000000000000000000000000000000000000000000000"
	uid    = "72f7f152-440c-66ac-9084-e0fc1d8a910c"
	uidSys = "72f7f152_440c_66ac_9084_e0fc1d8a910c"
	static = "d7a3b1c5e9f04a6b8c2d1e3f5a7b9c0d"
)

func TestACgroupPathIsRecognisedFromTheRootDown(t *testing.T) {
	unit := func(name string) Workload { return Workload{Kind: Unit, Name: name, Unit: name} }
	container := Workload{Kind: Container, Name: id64[:12], ContainerID: id64}
	pod := func(uid, id string) Workload { return Workload{Kind: Pod, Name: uid, PodUID: uid, ContainerID: id} }
	plain := Workload{Kind: Cgroup}
	tests := []struct {
		name string
		path string
		want Workload // Name of a Cgroup and CgroupPath are the path
	}{
		{"the root", "/", plain},
		{"a service", "/system.slice/agent.service", unit("agent.service")},
		{"a scope", "/system.slice/run-r1.scope", unit("run-r1.scope")},
		{"an instance in a nested slice", "/system.slice/system-agent.slice/agent@7.service", unit("agent@7.service")},
		{"slices in slices", "/system.slice/foo.slice/foo-bar.slice/x.service", unit("x.service")},
		{"a cgroup below a service is the service", "/system.slice/agent.service/child/grandchild", unit("agent.service")},
		{"an escaped unit name", `/system.slice/dev-disk-by\x2dlabel-x.swap`, unit(`dev-disk-by\x2dlabel-x.swap`)},
		{"Docker under systemd", "/system.slice/docker-" + id64 + ".scope", container},
		{"what a container calls its own cgroups", "/system.slice/docker-" + id64 + ".scope/system.slice/sshd.service", container},
		{"Docker with cgroupfs", "/docker/" + id64, container},
		{"a cgroup in a Docker container", "/docker/" + id64 + "/kubepods/pod" + uid + "/" + other, container},
		{"podman as root", "/machine.slice/libpod-" + id64 + ".scope/container", container},
		{"podman with cgroupfs", "/libpod_parent/libpod-" + id64, container},
		{"nerdctl", "/system.slice/nerdctl-" + id64 + ".scope", container},
		{"a burstable pod under systemd", "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + uidSys + ".slice/cri-containerd-" + id64 + ".scope", pod(uid, id64)},
		{"a guaranteed pod under systemd", "/kubepods.slice/kubepods-pod" + uidSys + ".slice/crio-" + id64 + ".scope", pod(uid, id64)},
		{"a pod with cgroupfs", "/kubepods/besteffort/pod" + uid + "/" + id64, pod(uid, id64)},
		{"a guaranteed pod with cgroupfs", "/kubepods/pod" + uid + "/" + id64, pod(uid, id64)},
		{"a pod's own cgroup", "/kubepods/burstable/pod" + uid, pod(uid, "")},
		{"a static pod", "/kubepods/burstable/pod" + static + "/" + id64, pod(static, id64)},
		{"a kubelet with a root of its own", "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod" + uidSys + ".slice/cri-containerd-" + id64 + ".scope", pod(uid, id64)},
		{"containerd with mixed drivers", "/system.slice/containerd.service/kubepods-besteffort-pod" + uidSys + ".slice:cri-containerd:" + id64, pod(uid, id64)},
		{"what a container in a pod calls its own cgroups", "/kubepods/pod" + uid + "/" + id64 + "/kubepods/pod" + static + "/" + other, pod(uid, id64)},
		{"an unknown container name in a pod", "/kubepods/pod" + uid + "/whatever", pod(uid, "")},

		{"a forged pod below a user's manager", "/user.slice/user-1000.slice/user@1000.service/kubepods.slice/kubepods-pod" + uidSys + ".slice/cri-containerd-" + id64 + ".scope", plain},
		{"a forged unit below a user's manager", "/user.slice/user-1000.slice/user@1000.service/system.slice/postgresql.service", plain},
		{"rootless podman", "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id64 + ".scope/container", plain},
		{"a forged pod below a service", "/system.slice/agent.service/kubepods/pod" + uid + "/" + id64, unit("agent.service")},
		{"a forged mixed name below another service", "/system.slice/agent.service/kubepods-besteffort-pod" + uidSys + ".slice:cri-containerd:" + id64, unit("agent.service")},
		{"a login session", "/user.slice/user-1000.slice/session-3.scope", plain},
		{"system.slice not at the root", "/agents/system.slice/postgresql.service", plain},
		{"kubepods not at the root", "/agents/kubepods/pod" + uid + "/" + id64, plain},
		{"a container not at its place", "/agents/docker/" + id64, plain},
		{"a short container id", "/docker/" + id64[:12], plain},
		{"a container id in capitals", "/docker/" + strings.ToUpper(id64), plain},
		{"something behind the id", "/docker/" + id64 + "x", plain},
		{"a uid that is none", "/kubepods/pod72f7f152-440c-66ac-9084-e0fc1d8a91/" + id64, plain},
		{"a uid of dashes", "/kubepods/pod------------------------------------/" + id64, plain},
		{"a quality twice", "/kubepods/burstable/burstable/pod" + uid, plain},
		{"a unit with a newline", "/system.slice/a\nb.service", plain},
		{"a slice alone", "/system.slice/foo.slice", plain},
		{"a plain cgroup", "/weir-demo/agent", plain},
		{"dots", "/system.slice/../docker/" + id64, container},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.want
			want.CgroupPath = path.Clean(tt.path)
			if want.Kind == Cgroup {
				want.Name = want.CgroupPath
			}
			if got := fromPath(tt.path); got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func FuzzFromPath(f *testing.F) {
	f.Add("/system.slice/docker-" + id64 + ".scope")
	f.Add("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + uidSys + ".slice/cri-containerd-" + id64 + ".scope")
	f.Add("/kubepods/pod" + uid + "/" + id64)
	f.Add("/user.slice/user-1000.slice/user@1000.service/kubepods/pod" + uid)
	f.Add("/system.slice/containerd.service/kubepods-besteffort-pod" + uidSys + ".slice:cri-containerd:" + id64)
	f.Add("//../..")
	f.Fuzz(func(t *testing.T, p string) {
		w := fromPath(p)
		if !strings.HasPrefix(w.CgroupPath, "/") || w.Name == "" {
			t.Fatalf("%q gave %+v", p, w)
		}
		if w.ContainerID != "" && !plainID.MatchString(w.ContainerID) {
			t.Fatalf("%q gave container %q", p, w.ContainerID)
		}
		if w.PodUID != "" && podUID(w.PodUID) != w.PodUID {
			t.Fatalf("%q gave pod %q", p, w.PodUID)
		}
		if (w.Kind == Unit) != (w.Unit != "") || (w.Kind == Pod) != (w.PodUID != "") {
			t.Fatalf("%q gave %+v", p, w)
		}
		// What a container or unit adds below itself changes nothing.
		if w.Kind != Cgroup && w.ContainerID != "" {
			if below := fromPath(w.CgroupPath + "/kubepods/pod" + static + "/" + other); below.Name != w.Name || below.ContainerID != w.ContainerID {
				t.Fatalf("%q became %+v", p, below)
			}
		}
	})
}

func FuzzParseStartTime(f *testing.F) {
	f.Add([]byte("12 (a) b) S 1 12 12 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 4711 9 9"))
	f.Add([]byte("1 (x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, err := parseStartTime(b); err == nil && n < 0 {
			t.Fatal(n)
		}
	})
}
