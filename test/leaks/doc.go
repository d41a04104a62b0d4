// Package leaks is the suite that attacks masks: no value that a policy hides may
// reach a client, in whatever form and by whatever way.
//
// A database is filled with secrets, each unlike all others, in masked columns of many
// types. Hundreds of statements and flows of several statements try to read them, by
// every way of the protocol; every byte that comes back is searched for the secrets
// and for what is made of them: parts, reversed, in other bases and encodings, hashed,
// in binary form. Probes, which ask for one bit at a time, run on two databases that
// differ in nothing but what is masked: the answers must be the same, byte for byte.
// Everything runs directly against PostgreSQL, too, and there must show a secret or a
// difference, so that an attack that has died of a slip of the pen is noticed.
//
// It knows weir from outside: its command line, its files, the wire.
package leaks
