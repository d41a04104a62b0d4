package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// childVariable makes this test binary a client, for a test that needs one with
// other credentials.
const childVariable = "WEIR_CONSOLE_TEST_SOCKET"

// loginVariable has the child take the login of a user before it asks; it ends
// with loginUnchanged where the kernel does not let it.
const (
	loginVariable  = "WEIR_CONSOLE_TEST_LOGIN"
	loginUnchanged = 77
)

// answer is what a child client got.
type answer struct {
	Status int
	Error  string
	By     string
}

func child() int {
	if login := os.Getenv(loginVariable); login != "" && os.WriteFile("/proc/self/loginuid", []byte(login), 0) != nil {
		return loginUnchanged
	}
	client := NewClient(os.Getenv(childVariable))
	request, err := client.Decide(context.Background(), "ap-1", true, "")
	var a answer
	var e *Error
	switch {
	case errors.As(err, &e):
		a = answer{Status: e.Status, Error: e.Error()}
	case err != nil:
		a = answer{Error: err.Error()}
	default:
		a = answer{Status: http.StatusOK, By: request.Decisions[0].Approver.Name}
	}
	if json.NewEncoder(os.Stdout).Encode(a) != nil {
		return 1
	}
	return 0
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("NEEDS ROOT: clients of several users are started")
	}
}

// clientBinary is a copy of this test binary that every user can execute.
func clientBinary(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(folder(t), "client")
	data, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(binary, data, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// as asks over the socket as another user.
func as(t *testing.T, binary, socket string, credential *syscall.Credential, env ...string) answer {
	t.Helper()
	command := exec.CommandContext(t.Context(), binary)
	command.Env = append([]string{childVariable + "=" + socket}, env...)
	command.Dir = "/"
	command.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	output, err := command.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == loginUnchanged {
		t.Skip("NEEDS AUDIT: the kernel does not let a process change its login")
	}
	if err != nil {
		t.Fatalf("the client: %v", err)
	}
	var a answer
	if err := json.Unmarshal(output, &a); err != nil {
		t.Fatalf("the client wrote %q: %v", output, err)
	}
	return a
}

func TestWhoMayUseTheSocket(t *testing.T) {
	needRoot(t)
	group, err := user.LookupGroup("daemon")
	if err != nil {
		t.Skipf("this host has no group daemon: %v", err)
	}
	var gid uint32
	if _, err := fmt.Sscan(group.Gid, &gid); err != nil {
		t.Fatal(err)
	}
	const uid, other = 61234, 61235
	binary := clientBinary(t)
	for _, c := range []struct {
		name       string
		group      string
		open       bool // anybody can reach the socket's file
		credential syscall.Credential
		want       answer
	}{
		{"root", "", false, syscall.Credential{}, answer{Status: 200, By: "root (uid 0)"}},
		{"a stranger is stopped by the file", group.Name, false, syscall.Credential{Uid: uid, Gid: uid}, answer{Status: 403, Error: "you may not use weir's admin socket"}},
		{"a stranger who can reach the socket", group.Name, true, syscall.Credential{Uid: uid, Gid: uid}, answer{Status: 403, Error: fmt.Sprintf(`uid %d may not use weir's admin socket: use sudo, or join the group "daemon"`, uid)}},
		{"a stranger of other groups", group.Name, true, syscall.Credential{Uid: uid, Gid: uid, Groups: []uint32{other, 0}}, answer{Status: 403, Error: "may not use"}},
		{"a member by supplementary group", group.Name, false, syscall.Credential{Uid: uid, Gid: uid, Groups: []uint32{other, gid}}, answer{Status: 200, By: fmt.Sprintf("uid %d", uid)}},
		{"a member by primary group", group.Gid, false, syscall.Credential{Uid: uid, Gid: gid}, answer{Status: 200, By: fmt.Sprintf("uid %d", uid)}},
		{"a member of a group that was not configured", "", true, syscall.Credential{Uid: uid, Gid: gid, Groups: []uint32{gid}}, answer{Status: 403, Error: "spec.admin.group"}},
		{"a member of the group of root", "", true, syscall.Credential{Uid: uid, Gid: 0}, answer{Status: 403, Error: "may not use"}},
		{"a member of more groups than fit at first", group.Name, false, syscall.Credential{Uid: uid, Gid: uid, Groups: many(gid)}, answer{Status: 200, By: fmt.Sprintf("uid %d", uid)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse()
			_, socket := start(t, Options{Group: c.group}, h)
			if c.open {
				if err := errors.Join(os.Chmod(filepath.Dir(socket), 0o755), os.Chmod(socket, 0o666)); err != nil {
					t.Fatal(err)
				}
			}
			got := as(t, binary, socket, &c.credential)
			if got.Status != c.want.Status || !strings.Contains(got.Error, c.want.Error) || !strings.HasPrefix(got.By, c.want.By) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if (len(h.decided) == 1) != (c.want.Status == 200) {
				t.Errorf("%d decisions were taken", len(h.decided))
			}
		})
	}
}

func TestTheLoginBehindRootIsSeen(t *testing.T) {
	needRoot(t)
	h := newHouse()
	_, socket := start(t, Options{}, h)
	got := as(t, clientBinary(t), socket, &syscall.Credential{}, loginVariable+"=61999")
	if got.By != "root (uid 0), logged in as uid 61999" || h.decided[0].LoginUID == nil || *h.decided[0].LoginUID != 61999 {
		t.Errorf("got %+v", got)
	}
}

func many(last uint32) []uint32 {
	var groups []uint32
	for i := range uint32(100) {
		groups = append(groups, 70000+i)
	}
	return append(groups, last)
}

func TestTheSocketAndItsFolderAreForTheGroupAlone(t *testing.T) {
	needRoot(t)
	_, socket := start(t, Options{Group: "daemon"}, nil)
	for path, want := range map[string]uint32{socket: unix.S_IFSOCK | 0o660, filepath.Dir(socket): unix.S_IFDIR | 0o750} {
		var status unix.Stat_t
		if err := unix.Lstat(path, &status); err != nil {
			t.Fatal(err)
		}
		group, err := user.LookupGroup("daemon")
		if err != nil {
			t.Fatal(err)
		}
		if status.Mode != want || fmt.Sprint(status.Gid) != group.Gid || status.Uid != 0 {
			t.Errorf("%s is %o of %d:%d", path, status.Mode, status.Uid, status.Gid)
		}
	}
}

func TestAStaleSocketIsReplaced(t *testing.T) {
	socket := filepath.Join(folder(t), "a.sock")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: socket})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	if err := stale.Close(); err != nil {
		t.Fatal(err)
	}
	client, _ := start(t, Options{Socket: socket}, newHouse())
	if _, err := client.Health(t.Context()); err != nil {
		t.Error(err)
	}
	entries, err := os.ReadDir(filepath.Dir(socket))
	if err != nil || len(entries) != 1 {
		t.Errorf("beside the socket there is %v, %v", entries, err)
	}
}

func TestASocketInUseIsNotTaken(t *testing.T) {
	client, socket := start(t, Options{}, newHouse())
	_, err := Listen(Options{Socket: socket})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d listens on %s already", os.Getpid(), socket)) {
		t.Errorf("got %v", err)
	}
	if _, err := client.Health(t.Context()); err != nil {
		t.Errorf("the first one is disturbed: %v", err)
	}
}

func TestPlacesWhereASocketIsRefused(t *testing.T) {
	base := folder(t)
	file := filepath.Join(base, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(base, "open")
	if err := errors.Join(os.Mkdir(open, 0o700), os.Chmod(open, 0o777)); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(base, "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(base, "foreign")
	if err := os.Mkdir(foreign, 0o755); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{
		file:                        "exists and is not a socket",
		link:                        "exists and is not a socket",
		filepath.Join(open, "a"):    "can be written by others (mode 0777)",
		filepath.Join(file, "a"):    "not a folder",
		filepath.Join(foreign, "a"): "belongs to uid 61234",
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(foreign, 61234, -1); err != nil {
			t.Fatal(err)
		}
	} else {
		delete(cases, filepath.Join(foreign, "a"))
	}
	for path, want := range cases {
		_, err := Listen(Options{Socket: path})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "precious" {
		t.Errorf("the file is %q now, %v", data, err)
	}
}

func TestALongPathWorks(t *testing.T) {
	base := folder(t)
	socket := filepath.Join(base, strings.Repeat("s", 107-len(base)-1))
	client, _ := start(t, Options{Socket: socket}, newHouse())
	if _, err := client.Health(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAnUnknownGroupIsExplained(t *testing.T) {
	_, err := Listen(Options{Socket: filepath.Join(folder(t), "a.sock"), Group: "no-such-group"})
	if err == nil || !strings.Contains(err.Error(), "groupadd --system no-such-group") {
		t.Errorf("got %v", err)
	}
}

func TestAClientWithoutADaemonIsTold(t *testing.T) {
	base := folder(t)
	refusing := filepath.Join(base, "refusing")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: refusing})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	if err := stale.Close(); err != nil {
		t.Fatal(err)
	}
	for _, socket := range []string{refusing, filepath.Join(base, "nothing"), filepath.Join(base, "no", "folder")} {
		client := NewClient(socket)
		_, err := client.Status(t.Context())
		if !errors.Is(err, ErrNotRunning) || !strings.Contains(err.Error(), "start it with `sudo weir run` or `systemctl start weir`") {
			t.Errorf("%s: %v", socket, err)
		}
		if errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: taken for a matter of permission", socket)
		}
	}
}

func TestAServerThatIsNotServedCloses(t *testing.T) {
	socket := filepath.Join(folder(t), "a.sock")
	server, err := Listen(Options{Socket: socket})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(socket); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}
