// Package trial tries policy documents out: on files that say what is to be
// decided (Suite), and on what is on record (Replay).
//
// It knows how an expectation is written and how two decisions are compared. It
// must not know how documents are judged, nor where records come from.
package trial
