package parser

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// spinFor is how long is looked for bytes before the processor is given away. A text of
// usual length is parsed in a third of it; to fall asleep and be woken takes a virtual
// machine's processor longer than to parse it.
const spinFor = 100 * time.Microsecond

// spinner says whether to look is worth it: it costs the processor that the other side
// may need. After each time that was in vain twice as many are left out, and half as many
// after each that was not, so that it costs next to nothing where texts come one at a
// time or the machine is busy.
type spinner struct{ left, leave int }

// spinLeave is how often at most it is left out.
const spinLeave = 127

// worth says whether to look now.
func (s *spinner) worth() bool {
	if s.left > 0 {
		s.left--
		return false
	}
	return true
}

// looked notes whether there was something.
func (s *spinner) looked(found bool) {
	if found {
		s.leave /= 2
	} else {
		s.leave = min(2*s.leave+1, spinLeave)
	}
	s.left = s.leave
}

// spin looks at a descriptor until it can be read or the time is over.
func (s *spinner) spin(fd int) {
	fds := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	var now unix.Timespec // does not wait
	for began := time.Now(); ; {
		n, err := unix.Ppoll(fds[:], &now, nil)
		if n > 0 || err != nil {
			s.looked(n > 0)
			return
		}
		if time.Since(began) >= spinFor {
			s.looked(false)
			return
		}
	}
}

// eager reads from a file that it looks at first.
type eager struct {
	file *os.File
	spinner
}

// Read reads.
func (e *eager) Read(p []byte) (int, error) {
	if e.worth() {
		e.spin(int(e.file.Fd()))
	}
	return e.file.Read(p)
}
