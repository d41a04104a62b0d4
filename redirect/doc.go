// Package redirect catches the outbound PostgreSQL connections of workloads and
// hands each one over with the destination that it wanted and the process that
// asked for it.
//
// It knows the eBPF programs, their pins, listeners per network namespace and
// the explicit listeners. It must not know SQL, policy or the PostgreSQL wire.
package redirect
