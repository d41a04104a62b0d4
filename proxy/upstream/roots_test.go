package upstream

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAuthoritiesAreReadAgainOnlyWhenTheirFileChanged(t *testing.T) {
	r := NewRoots()
	path := filepath.Join(t.TempDir(), "ca.pem")
	write := func() {
		t.Helper()
		der := selfSigned(t, newKey(t), 0)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write()
	one, err := r.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	// A file that has just been changed is not relied upon.
	write()
	two, err := r.Load(path)
	if err != nil || two.Equal(one) {
		t.Fatalf("the change was not seen (%v)", err)
	}
	waitFor(t, "the file to be kept", func() bool {
		a, err := r.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := r.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
		return a == b
	})
	write()
	three, err := r.Load(path)
	if err != nil || three.Equal(two) {
		t.Fatalf("the later change was not seen (%v)", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Load(path); err == nil {
		t.Fatal("a file that is gone is still trusted")
	}
}
