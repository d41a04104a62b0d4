package main

import (
	"errors"
	"strings"

	"github.com/weirgate/weir/proxy/console"
)

// The exit statuses. They are part of the command line's interface.
const (
	exitOK         = 0
	exitFailed     = 1 // what was asked could not be done, or was found wrong
	exitUsage      = 2 // the command line makes no sense
	exitNotRunning = 3 // the daemon is needed and does not run
	exitForbidden  = 4 // not permitted
)

const exitHelp = `Exit status: 0 done; 1 failed, or something was found wrong; 2 the command line makes
no sense; 3 weir is not running; 4 not permitted.`

// usageError is about the command line.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// errReported ends a command with exitFailed after it has said why on its output.
var errReported = errors.New("see above")

func statusOf(err error) int {
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage), strings.HasPrefix(err.Error(), "unknown command "): // cobra has no type for it
		return exitUsage
	case errors.Is(err, console.ErrNotRunning):
		return exitNotRunning
	case errors.Is(err, console.ErrForbidden):
		return exitForbidden
	default:
		return exitFailed
	}
}
