// Package wire cuts PostgreSQL's frontend/backend protocol (version 3) into
// frames and reads and writes the few messages that weir looks at.
//
// It knows bytes. It must not know sessions, policy or sockets: every function
// takes a slice and returns slices of it, allocates nothing that the peer can
// make larger, and checks bounds before it decodes.
package wire
