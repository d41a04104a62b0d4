// Package terminal writes for people: columns, colours, text that nobody
// trusts, and progress.
//
// It knows terminals. It must not know what weir's commands are about.
package terminal
