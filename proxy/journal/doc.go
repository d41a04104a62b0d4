// Package journal keeps what happened: a record before each statement is
// forwarded and one after it ended, with who asked on every line.
//
// The truth is a folder of segments, files with one JSON object per line that
// grep and jq read. A record is written through a shared mapping of a file
// whose space was allocated before, so an append is a copy into memory that
// the kernel owns: it costs no system call, survives a kill -9, and cannot meet
// a full disk half way. A SQLite index beside the segments answers questions
// faster; it can be deleted at any time and is built again.
//
// It knows records, files and the form of PostgreSQL's values. It must not know
// policy, sockets or the wire protocol, and it never gets to see a value before
// it was masked, or a credential.
package journal
