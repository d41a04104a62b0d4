package journal

import (
	"errors"
	"fmt"
)

// ErrUnavailable is what every refusal to record is (errors.Is). A statement
// that could not be recorded must not be forwarded. The journal recovers by
// itself once it can write again.
var ErrUnavailable = errors.New("the journal cannot be written")

// ErrClosed says that the journal or the session was closed before.
var ErrClosed = errors.New("the journal is closed")

// ErrInUse says that another process writes to the folder.
var ErrInUse = errors.New("the journal is in use by another process")

// UnavailableError says why the journal cannot be written and what to do.
type UnavailableError struct {
	Dir    string // the journal's folder
	Reason string // for people, with the remedy
	Err    error  // what the system said, or nil
}

func (e *UnavailableError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("the journal in %s cannot be written: %s: %v", e.Dir, e.Reason, e.Err)
	}
	return fmt.Sprintf("the journal in %s cannot be written: %s", e.Dir, e.Reason)
}

// Is makes errors.Is(err, ErrUnavailable) true.
func (e *UnavailableError) Is(target error) bool { return target == ErrUnavailable }

func (e *UnavailableError) Unwrap() error { return e.Err }
