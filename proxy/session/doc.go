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
// The way of a statement: client.go takes a message, prepared.go and execute.go
// find the text that it runs, names.go keeps SQL's names and the protocol's apart,
// hold.go asks for an approval, record.go writes it down, deny.go puts a refusal
// in its place; expect.go remembers the reply that is due and server.go matches
// replies to it, rows.go masks, copy.go follows COPY.
package session
