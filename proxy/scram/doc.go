// Package scram is SCRAM-SHA-256 (RFC 5802, RFC 7677) as PostgreSQL does it: keys
// from passwords, the verifiers that stand in pg_authid, the binding to a TLS
// certificate, and the server's side of an exchange, which weir takes towards
// clients. The client's side is in package upstream.
//
// It knows no sockets, no frames and no policy: messages go in and out as bytes.
package scram
