// Package store keeps what must outlast the daemon, apart from the journal, in
// one SQLite file: approval requests.
//
// It knows SQL and the file. It must not know what a request's states mean; the
// package approval decides that.
package store
