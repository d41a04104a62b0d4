// Package upstream is weir's side of a connection to a PostgreSQL server: the
// dial (from a chosen network namespace), TLS, the start-up packet, the
// authentication with a secret that only weir reads, cancel requests, and a
// small simple-query client for weir's own questions.
//
// It knows the PostgreSQL protocol as a client speaks it. It must not know
// sessions, policy, identities or eBPF: who may connect where, and with which
// login, was decided before it is called.
//
// The server is treated as hostile until TLS has verified it, and as faulty
// afterwards: every frame has a limit for its type before anything is allocated
// for it, every length is checked before it is used, and a server can neither
// learn the password by asking for a weaker method (see AuthOptions) nor hold a
// caller longer than its context and ConnectTimeout allow.
package upstream
