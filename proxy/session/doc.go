// Package session is one client's session as a state machine without I/O.
//
// Bytes from the client and from the server go in through FromClient and
// FromServer; bytes for either side come out through TakeClient and TakeServer.
// What needs waiting for (a TLS handshake, a connection to the server, a parse,
// an approval) comes out as a Question, and the session takes no more of the
// client's bytes until it has its answer. Journal records go to a Recorder
// before the bytes that they are about come out.
//
// It knows the protocol's rules: which replies are expected, what an error
// skips, what a denial must do to a transaction. It must not know sockets,
// policy documents, or how a statement is parsed.
//
// What a session keeps is bounded whatever either side sends. A message that must be
// whole is waited for up to Limits.Statement and 64 KiB (texts), 64 KiB (others of a
// client), Limits.Message (rows that are masked) or 4 MiB (others of a server); the
// rest streams. Texts and values take up to Limits.Memory for what has a name and as
// much again for messages whose replies are due, of which there are up to
// Limits.Replies, with some 300 bytes each. bounds_test.go holds it to that.
//
// The way of a statement: client.go takes a message, prepared.go and execute.go
// find the text that it runs, names.go keeps SQL's names and the protocol's apart,
// hold.go asks for an approval, record.go writes it down, deny.go puts a refusal
// in its place; expect.go remembers the reply that is due and server.go matches
// replies to it, rows.go masks, copy.go follows
// COPY from the client and copyout.go that to it.
package session
