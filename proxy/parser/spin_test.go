package parser

import (
	"io"
	"os"
	"testing"
)

// Where looking is in vain it is all but given up, and taken up again once it is not.
func TestLookingIsGivenUpWhereItIsInVain(t *testing.T) {
	looks := func(s *spinner, times int, found bool) (n int) {
		for range times {
			if s.worth() {
				n++
				s.looked(found)
			}
		}
		return n
	}
	var s spinner
	if n := looks(&s, 1000, true); n != 1000 {
		t.Errorf("looked %d times of 1000 although each found something", n)
	}
	if n := looks(&s, 10_000, false); n > 10_000/spinLeave+8 {
		t.Errorf("looked %d times of 10000 in vain", n)
	}
	looks(&s, 4*spinLeave, true)
	if n := looks(&s, 1000, true); n != 1000 {
		t.Errorf("looked %d times of 1000 once each found something again", n)
	}
}

func TestWhatIsLookedAtIsReadAllTheSame(t *testing.T) {
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	look, err := looker(out)
	if err != nil {
		t.Fatal(err)
	}
	look() // in vain
	if _, err := in.WriteString("text"); err != nil {
		t.Fatal(err)
	}
	look()
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	look()
	if got, err := io.ReadAll(out); err != nil || string(got) != "text" {
		t.Errorf("got %q, %v", got, err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	look() // at what is closed
}
