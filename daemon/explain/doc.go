// Package explain tells why a statement is decided as it is: a recorded one, or
// one that somebody thinks of.
//
// It knows where the parts of an explanation come from and puts them together.
// It must not know who asks, and it decides nothing.
package explain
