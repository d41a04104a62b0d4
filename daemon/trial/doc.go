// Package trial tries policy documents out: on files that say what is to be
// decided (Suite), and on what is on record (Replay).
//
// It knows how an expectation is written and how two decisions are compared. How
// documents are judged is the session's own judge's to know (proxy.Rehearsals). It must
// not know where records and catalogs come from.
package trial
