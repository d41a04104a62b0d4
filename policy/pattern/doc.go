// Package pattern holds the three kinds of pattern that policy documents write:
// a plain glob, a path glob, and a qualified SQL name whose parts are globs.
//
// It knows text only. It must not know what the patterns select.
package pattern
