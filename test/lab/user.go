package lab

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
)

// User is a user of the machine under whose name processes are started.
type User struct {
	Name string
	UID  uint32
	GID  uint32
}

// LookupUser finds a user by name.
func LookupUser(name string) (*User, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s: uid %q: %w", name, u.Uid, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s: gid %q: %w", name, u.Gid, err)
	}
	return &User{Name: name, UID: uint32(uid), GID: uint32(gid)}, nil
}

// Nobody is the user that agents run as: nil, which means the caller itself, when
// the caller is not root and so cannot change.
func Nobody() (*User, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // nil is a user here: oneself
	}
	return LookupUser("nobody")
}

// databaseUser is the user that PostgreSQL runs as, since it refuses root: the
// distribution's own, else nobody, else (when not root) the caller.
func databaseUser() (*User, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // nil is a user here: oneself
	}
	if u, err := LookupUser("postgres"); err == nil {
		return u, nil
	}
	return LookupUser("nobody")
}
