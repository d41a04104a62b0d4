package lab

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports are taken from below the range from which the kernel takes those of outgoing
// connections (32768 and up by default): none of these can come between the moment
// when a port is found free and the one when somebody listens on it, or listens again.
// weir's own listeners, which it may make much later, have a part of their own.
const (
	firstListener = 20000
	firstFree     = 26000
	lastFree      = 32767
)

// FreePort finds a TCP port that nobody listens on at 127.0.0.1 at this moment.
func FreePort() (int, error) { return freePort(firstFree, lastFree+1) }

// freePort finds one from first up to, and without, end.
func freePort(first, end int) (int, error) {
	for range 100 {
		port := first + rand.IntN(end-first)
		if l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("no free port at 127.0.0.1")
}
