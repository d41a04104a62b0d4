package upstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// maxPassword bounds a password's length in bytes. Tokens that cloud providers
// take as passwords are a few kilobytes long.
const maxPassword = 64 << 10

// Secret gives the password of a login. It is asked once per Start, before
// anything is sent, so that a secret that was rotated is picked up.
type Secret interface {
	// Password returns the password. An error is reported as a *SecretError, so
	// it must not hold any of the secret.
	Password(ctx context.Context) (string, error)
	// Source says where the password comes from, for messages; never the password.
	Source() string
}

// PasswordFile is a Secret kept in a file: the whole content, without one
// newline at its end.
//
// The file must be a regular one (symbolic links are followed, as Kubernetes
// mounts secrets through them) and must give others no permission at all, since
// then an agent's user could read or replace it.
type PasswordFile string

// Source returns the file's path.
func (f PasswordFile) Source() string { return string(f) }

// Password reads the file.
func (f PasswordFile) Password(context.Context) (string, error) {
	// O_NONBLOCK: a named pipe at this place must not hold up the login.
	file, err := os.OpenFile(string(f), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", withoutPath(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", withoutPath(err)
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("it is not a regular file")
	}
	if mode := info.Mode().Perm(); mode&0o007 != 0 {
		return "", fmt.Errorf("its mode is %04o, so every user of this host has access to it; "+
			"run chmod o-rwx on it (in Kubernetes: defaultMode: 0400 of the secret's volume)", mode)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxPassword+2))
	if err != nil {
		return "", fmt.Errorf("reading: %w", withoutPath(err))
	}
	if line, ended := bytes.CutSuffix(content, []byte("\n")); ended {
		content = bytes.TrimSuffix(line, []byte("\r"))
	}
	return string(content), nil
}

// withoutPath leaves out what Source says already.
func withoutPath(err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

// Generated is a Secret that weir made itself, for a login role of its own.
type Generated string

// Source returns a fixed text.
func (Generated) Source() string { return "weir's generated credential" }

// Password returns the secret.
func (g Generated) Password(context.Context) (string, error) { return string(g), nil }

// String hides the secret from fmt and from logs.
func (Generated) String() string { return "[secret]" }

// GoString hides the secret from fmt's %#v.
func (Generated) GoString() string { return "[secret]" }

// readSecret asks the secret and checks what every method needs of a password.
func readSecret(ctx context.Context, secret Secret) (string, error) {
	password, err := secret.Password(ctx)
	switch {
	case err != nil:
	case password == "":
		err = errors.New("it is empty")
	case len(password) > maxPassword:
		err = fmt.Errorf("it is longer than %d bytes", maxPassword)
	case strings.IndexByte(password, 0) >= 0:
		err = errors.New("it holds a zero byte, which PostgreSQL cannot take")
	}
	if err != nil {
		return "", &SecretError{Source: secret.Source(), Err: err}
	}
	return password, nil
}
