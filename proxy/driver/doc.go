// Package driver moves bytes between two sockets and a session, and has the
// session's questions answered.
//
// A connection begins on a goroutine (driver.go): start-up, TLS, the connection
// to the server. Then, when both sockets are plain, it goes to one of a few event
// loops (loop.go), which serve many sessions each from one thread, without a
// goroutine or a buffer for an idle one. A connection with TLS on a side stays on
// goroutines, one for each direction (goroutines.go).
//
// It knows sockets. It must not know policy, or what the bytes mean.
package driver
