package documents

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestFilesAndFoldersAreReadInOrder(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"b.yaml": "b", "a.yaml": "a", ".hidden.yaml": "x", "notes.txt": "x", "c.yaml~": "x", "sub/d.yaml": "x", "../single.conf": "s"} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sources, err := Read([]string{filepath.Join(folder, "..", "single.conf"), folder, "-"}, strings.NewReader("in"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range sources {
		got = append(got, filepath.Base(s.Name)+"="+string(s.Data))
	}
	if want := "single.conf=s a.yaml=a b.yaml=b -=in"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatCannotBeReadIsReportedAtOnce(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"good.yaml", "forgotten.yml"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("a"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/zero", filepath.Join(folder, "endless.yaml")); err != nil {
		t.Fatal(err)
	}
	_, err := Read([]string{filepath.Join(folder, "none"), folder, "-"}, nil)
	if err == nil {
		t.Fatal("nothing was reported")
	}
	for _, want := range []string{"none: no such file", "forgotten.yml does not end with .yaml", "pipe.yaml is not a regular file", "endless.yaml is not a regular file", "stat -:"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in: %v", want, err)
		}
	}
}
