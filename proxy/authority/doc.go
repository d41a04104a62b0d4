// Package authority is weir's own certificate authority: made on the first
// start, kept in a folder of weir's state, and used for the certificates that
// weir shows to clients which ask for TLS.
//
// It knows keys, certificates and the folder. It must not know sessions or the
// PostgreSQL protocol beyond its ALPN name. The authority's certificate may be
// given to anybody, so that clients can verify weir; its key never leaves the
// folder, and the keys of the certificates that it signs never leave memory.
package authority
