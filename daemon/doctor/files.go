package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/daemon"
	"github.com/weirgate/weir/daemon/config"
	"github.com/weirgate/weir/policy"
)

// checkWritable warns of a file, or of one in a folder, that others can change.
func (x *examination) checkWritable(area, path string) {
	info, err := os.Stat(path)
	if err != nil {
		return // whoever reads it will say so
	}
	owner := uint32(0)
	if status, ok := info.Sys().(*syscall.Stat_t); ok {
		owner = status.Uid
	}
	switch {
	case info.Mode().Perm()&0o022 != 0:
		x.warn(area, path, "run `chmod go-w "+path+"`", "others can write it (mode %04o), and so decide what weir enforces", info.Mode().Perm())
	case owner != 0:
		x.warn(area, path, "run `chown root "+path+"`", "uid %d owns it, and so decides what weir enforces", owner)
	}
}

// policies reads the documents as the daemon would.
func (x *examination) policies(context.Context) {
	const area = "policies"
	paths := x.config.Policies
	for _, path := range paths {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			x.warn(area, path, "create it, or correct spec.policies", "it does not exist, and so holds no documents")
		}
	}
	sources, err := daemon.ReadDocuments(paths)
	if err != nil {
		x.failed(area, "documents", "correct spec.policies, or run this as root", "%v", err)
		return
	}
	bundle, problems := policy.Compile(sources, policy.WithKeys(os.ReadFile))
	for _, p := range problems {
		x.failed(area, "documents", "correct the document; `weir policy validate` checks it", "%s", p.Error())
	}
	for _, path := range paths {
		x.checkWritable(area, path)
	}
	for _, s := range sources {
		x.checkWritable(area, s.Name)
	}
	if bundle == nil {
		return
	}
	x.good(area, "documents", "%d files: %d Databases, %d Policies, revision %s", len(sources), len(bundle.Databases()), len(bundle.Policies()), bundle.Revision())
	if len(bundle.Policies()) == 0 && x.config.Unmatched == config.UnmatchedDeny {
		x.warn(area, "documents", "write a Policy, or set spec.unmatched: Observe for a first look", "there is no Policy, so that every connection is refused")
	}
	for _, d := range bundle.Databases() {
		if d.Login.Type == policy.LoginStatic {
			x.secret(area, "password of "+d.Name, d.Login.PasswordFile)
		}
		if d.Catalog != nil {
			x.secret(area, "catalog password of "+d.Name, d.Catalog.PasswordFile)
		}
		if d.TLS.Mode == policy.TLSDisable {
			x.warn(area, "TLS of "+d.Name, "set tls.mode: VerifyFull where the server offers it", "passwords and rows travel unencrypted to the server")
		}
	}
}

// secret looks at a file with a password without reading it.
func (x *examination) secret(area, name, path string) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		x.skipped(area, name, "%s can be looked at by root only", path)
	case err != nil:
		x.failed(area, name, "create it with mode 0600", "%v", err)
	case !info.Mode().IsRegular():
		x.failed(area, name, "name a file", "%s is not a regular file", path)
	case info.Mode().Perm()&0o077 != 0:
		x.warn(area, name, "run `chmod 0600 "+path+"`", "%s can be read by others (mode %04o)", path, info.Mode().Perm())
	default:
		x.good(area, name, "%s, mode %04o", path, info.Mode().Perm())
	}
}

// state looks whether the journal can be written.
func (x *examination) state(context.Context) {
	const area = "state"
	folder := x.config.State
	existing := folder
	for {
		info, err := os.Stat(existing)
		if err == nil && !info.IsDir() {
			x.failed(area, folder, "choose another spec.state", "%s is not a folder", existing)
			return
		}
		if err == nil {
			break
		}
		parent := filepath.Dir(existing)
		if !errors.Is(err, fs.ErrNotExist) || parent == existing {
			x.failed(area, folder, "run this as root, or choose another spec.state", "%v", err)
			return
		}
		existing = parent
	}
	var system unix.Statfs_t
	if err := unix.Statfs(existing, &system); err != nil {
		x.failed(area, folder, "choose another spec.state", "%v", err)
		return
	}
	free := config.Size(int64(system.Bavail) * system.Bsize)
	if need := x.config.Journal.MinFree + 2*x.config.Journal.Segment; free < need {
		x.failed(area, "free space", "make room, or lower spec.journal.minFree and segment", "%d MiB are free at %s, %d are needed; statements are refused", free/config.MiB, existing, need/config.MiB)
	} else {
		x.good(area, "free space", "%d MiB at %s", free/config.MiB, existing)
	}
	if system.Flags&unix.ST_RDONLY != 0 || unix.Access(existing, unix.W_OK) != nil {
		if os.Geteuid() != 0 {
			x.skipped(area, folder, "whether it can be written is seen by root only")
			return
		}
		x.failed(area, folder, "choose a spec.state on a file system that can be written", "%s cannot be written", existing)
		return
	}
	if existing != folder {
		x.good(area, folder, "does not exist yet; weir makes it")
		return
	}
	info, err := os.Stat(folder)
	if err == nil && info.Mode().Perm()&0o007 != 0 {
		x.warn(area, folder, "run `chmod 0700 "+folder+"`", "it is open to everybody (mode %04o), and holds every statement", info.Mode().Perm())
		return
	}
	x.good(area, folder, "can be written")
}
