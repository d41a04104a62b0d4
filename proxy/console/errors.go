package console

import (
	"errors"
	"fmt"
	"net/http"
)

// Error is an answer that is not what was asked for. A source returns one to
// choose the status and the hint; any other error is shown as a failure of weir's.
type Error struct {
	Status  int    `json:"-"` // HTTP status
	Message string `json:"error"`
	Hint    string `json:"hint,omitempty"` // what to do next
}

// Error is the message and the hint.
func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + ": " + e.Hint
}

// Is lets errors.Is compare by status with the sentinels of this package.
func (e *Error) Is(target error) bool {
	switch target {
	case ErrNotFound:
		return e.Status == http.StatusNotFound
	case ErrConflict:
		return e.Status == http.StatusConflict
	case ErrForbidden:
		return e.Status == http.StatusForbidden
	case ErrInvalid:
		return e.Status == http.StatusBadRequest
	default:
		return false
	}
}

// What a caller may want to tell apart with errors.Is, at both ends of the socket.
var (
	ErrNotFound  = errors.New("not found")
	ErrConflict  = errors.New("conflict")
	ErrForbidden = errors.New("forbidden")
	ErrInvalid   = errors.New("invalid request")
)

// NotFound is an Error for something that does not exist.
func NotFound(hint, format string, args ...any) *Error {
	return &Error{Status: http.StatusNotFound, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// Conflict is an Error for something whose state does not allow the request.
func Conflict(hint, format string, args ...any) *Error {
	return &Error{Status: http.StatusConflict, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// Forbidden is an Error for a peer that may not do this.
func Forbidden(hint, format string, args ...any) *Error {
	return &Error{Status: http.StatusForbidden, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// Invalid is an Error for a request that makes no sense.
func Invalid(hint, format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// Unavailable is an Error for something that this daemon does not have, or not
// now.
func Unavailable(hint, format string, args ...any) *Error {
	return &Error{Status: http.StatusServiceUnavailable, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// asError gives every error a status and a form.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return &Error{Status: http.StatusRequestEntityTooLarge, Message: fmt.Sprintf("the request is larger than %d bytes", tooLarge.Limit)}
	}
	return &Error{Status: http.StatusInternalServerError, Message: err.Error()}
}
