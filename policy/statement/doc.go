// Package statement turns SQL text into facts: which commands it holds, which
// tables it reads and writes, what for it reads columns, which functions it
// calls.
//
// It knows PostgreSQL's grammar. It is pure: text in, facts out, no catalog, no
// policy and no I/O. Facts is called in the parse worker, since a hostile text
// can exhaust the C parser's stack; Scan is safe anywhere and comes first.
package statement
