package console

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// socket is the listening socket with the file that leads to it.
type socket struct {
	*net.UnixListener
	path  string
	inode uint64 // of the file that this process made
}

// listen makes the socket at path, 0660 and of the group, in a folder that only
// this process's user can write. A socket that nobody listens on is replaced; one
// that a running weir listens on is not.
//
// The new socket is bound under another name and moved into place, so that
// clients find the old one or the ready new one and nothing in between.
func listen(path string, group *uint32, folderMode os.FileMode) (_ *socket, err error) {
	folder, name := filepath.Dir(path), filepath.Base(path)
	if err := prepareFolder(folder, group, folderMode); err != nil {
		return nil, err
	}
	dir, err := os.Open(folder)
	if err != nil {
		return nil, fmt.Errorf("opening the admin socket's folder: %w", err)
	}
	defer func() { _ = dir.Close() }()
	if err := checkVacant(path); err != nil {
		return nil, err
	}
	// Through the folder's descriptor the name is short enough for sun_path, and
	// the folder is the one that was checked.
	temporary := fmt.Sprintf(".%s.%d", name, os.Getpid())
	if err := unix.Unlinkat(int(dir.Fd()), temporary, 0); err != nil && !errors.Is(err, unix.ENOENT) {
		return nil, fmt.Errorf("removing what an earlier start left at %s: %w", filepath.Join(folder, temporary), err)
	}
	address := &net.UnixAddr{Net: "unix", Name: fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), temporary)}
	listener, err := net.ListenUnix("unix", address)
	if err != nil {
		return nil, fmt.Errorf("making the admin socket in %s: %w", folder, err)
	}
	listener.SetUnlinkOnClose(false)
	defer func() {
		if err != nil {
			_ = listener.Close()
			_ = unix.Unlinkat(int(dir.Fd()), temporary, 0)
		}
	}()
	if group != nil {
		if err := unix.Fchownat(int(dir.Fd()), temporary, -1, int(*group), unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return nil, fmt.Errorf("giving the admin socket to its group: %w", err)
		}
	}
	if err := unix.Fchmodat(int(dir.Fd()), temporary, 0o660, 0); err != nil {
		return nil, fmt.Errorf("setting the admin socket's permissions: %w", err)
	}
	var status unix.Stat_t
	if err := unix.Fstatat(int(dir.Fd()), temporary, &status, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return nil, fmt.Errorf("looking at the admin socket: %w", err)
	}
	if err := unix.Renameat(int(dir.Fd()), temporary, int(dir.Fd()), name); err != nil {
		return nil, fmt.Errorf("moving the admin socket to %s: %w", path, err)
	}
	return &socket{UnixListener: listener, path: path, inode: status.Ino}, nil
}

// remove takes the socket's file away unless another process put its own there.
func (s *socket) remove() {
	var status unix.Stat_t
	if unix.Lstat(s.path, &status) == nil && status.Ino == s.inode {
		_ = unix.Unlink(s.path)
	}
}

// prepareFolder makes the folder, or makes sure that nobody else can replace
// what is in it.
func prepareFolder(folder string, group *uint32, mode os.FileMode) error {
	err := os.Mkdir(folder, 0o700)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(folder), 0o755); err == nil {
			err = os.Mkdir(folder, 0o700)
		}
	}
	if err == nil {
		if group != nil {
			if err := os.Chown(folder, -1, int(*group)); err != nil {
				return fmt.Errorf("giving the admin socket's folder to its group: %w", err)
			}
		}
		if err := os.Chmod(folder, mode); err != nil {
			return fmt.Errorf("setting the permissions of the admin socket's folder: %w", err)
		}
		return nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("making the admin socket's folder: %w", err)
	}
	var status unix.Stat_t
	if err := unix.Stat(folder, &status); err != nil {
		return fmt.Errorf("looking at the admin socket's folder: %w", err)
	}
	switch {
	case status.Mode&unix.S_IFMT != unix.S_IFDIR:
		return fmt.Errorf("%s is not a folder: choose another place in spec.admin.socket", folder)
	case status.Uid != 0 && status.Uid != uint32(os.Geteuid()):
		return fmt.Errorf("%s belongs to uid %d, who could replace the admin socket: choose another folder in spec.admin.socket, or `chown root %s`", folder, status.Uid, folder)
	case status.Mode&0o022 != 0:
		return fmt.Errorf("%s can be written by others (mode %04o), who could replace the admin socket: choose another folder in spec.admin.socket, or `chmod go-w %s`", folder, status.Mode&0o7777, folder)
	}
	return nil
}

// checkVacant says whether the path may be taken: nothing there, or a socket on
// which nobody listens.
func checkVacant(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking at the admin socket: %w", err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s exists and is not a socket: remove it, or choose another place in spec.admin.socket", path)
	}
	conn, err := net.Dial("unix", path)
	if errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("asking whether another weir listens on %s: %w", path, err)
	}
	defer func() { _ = conn.Close() }()
	who := "another process"
	if peer, err := readPeer(conn.(*net.UnixConn)); err == nil {
		who = fmt.Sprintf("process %d", peer.PID)
	}
	return fmt.Errorf("%s listens on %s already: stop that weir first (`systemctl stop weir`), or give this one a socket of its own in spec.admin.socket", who, path)
}
