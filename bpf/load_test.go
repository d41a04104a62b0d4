package bpf

import (
	"errors"
	"os"
	"testing"

	"github.com/cilium/ebpf"
)

func TestTheVerifierTakesEveryProgram(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("NEEDS ROOT: loads eBPF programs")
	}
	for _, hasSetRetval := range []uint8{0, 1} {
		spec, err := LoadCapture()
		if err != nil {
			t.Fatal(err)
		}
		if err := spec.Variables["has_set_retval"].Set(hasSetRetval); err != nil {
			t.Fatal(err)
		}
		c, err := ebpf.NewCollection(spec)
		var refused *ebpf.VerifierError
		if errors.As(err, &refused) {
			t.Fatalf("with has_set_retval=%d: %+v", hasSetRetval, refused)
		}
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
}
