package upstream

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestAPasswordFileIsReadWholeWithoutItsLastNewline(t *testing.T) {
	for content, want := range map[string]string{
		"secret":      "secret",
		"secret\n":    "secret",
		"secret\r\n":  "secret",
		"secret\n\n":  "secret\n",
		"a secret \n": "a secret ",
		"two\nlines":  "two\nlines",
		"über\n":      "über",
		"trailing\r":  "trailing\r",
		"\nleading\n": "\nleading",
	} {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := readSecret(t.Context(), PasswordFile(path)); err != nil || got != want {
			t.Errorf("%q gives %q, %v; want %q", content, got, err, want)
		}
	}
}

func TestAPasswordFileIsReadAgainEachTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	for _, password := range []string{"first", "second"} {
		if err := os.WriteFile(path, []byte(password), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := readSecret(t.Context(), PasswordFile(path)); err != nil || got != password {
			t.Errorf("%q, %v", got, err)
		}
	}
}

func TestSecretsThatAreNotFitForUse(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string, mode os.FileMode) PasswordFile {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil { // past the umask
			t.Fatal(err)
		}
		return PasswordFile(path)
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(string(file("open", "hunter2", 0o644)), link); err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string]Secret{
		"a file that is not there":     PasswordFile(filepath.Join(dir, "none")),
		"a folder":                     PasswordFile(dir),
		"a named pipe":                 PasswordFile(fifo),
		"a device":                     PasswordFile("/dev/zero"),
		"an empty file":                file("empty", "", 0o600),
		"a file of one newline":        file("newline", "\n", 0o600),
		"a file that all may read":     file("readable", "hunter2", 0o644),
		"a file that all may write":    file("writable", "hunter2", 0o602),
		"a link to such a file":        PasswordFile(link),
		"a file with a zero byte":      file("zero", "hunter2\x00x", 0o600),
		"a file that is far too large": file("large", strings.Repeat("hunter2", 20000), 0o600),
		"an empty generated one":       Generated(""),
	} {
		t.Run(name, func(t *testing.T) {
			password, err := readSecret(t.Context(), secret)
			var failed *SecretError
			if !errors.As(err, &failed) || password != "" {
				t.Fatalf("%q, error %T: %v", password, err, err)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "<nil>") {
				t.Errorf("the error: %v", err)
			}
			if SQLState(err) != "F0000" {
				t.Errorf("SQLSTATE %s", SQLState(err))
			}
		})
	}
	if _, err := readSecret(t.Context(), file("group", "hunter2", 0o640)); err != nil {
		t.Errorf("a group was not allowed: %v", err)
	}
}

func TestAGeneratedSecretIsNotPrinted(t *testing.T) {
	s := Startup{User: "u", Secret: Generated("hunter2")}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if got := fmt.Sprintf(format, s); strings.Contains(got, "hunter2") {
			t.Errorf("%s: %s", format, got)
		}
	}
}

func TestNothingIsSentWhenTheSecretCannotBeRead(t *testing.T) {
	sent := make(chan int, 1)
	c := dial(t, fake(t, func(conn net.Conn) {
		n, _ := conn.Read(make([]byte, 1))
		sent <- n
	}))
	_, err := c.Start(t.Context(), Startup{User: "u", Secret: PasswordFile("/nonexistent")})
	var failed *SecretError
	if !errors.As(err, &failed) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %T: %v", err, err)
	}
	_ = c.Close()
	if n := <-sent; n != 0 {
		t.Error("something was sent")
	}
}
