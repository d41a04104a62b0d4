// Package statement turns SQL text into facts: which commands it holds, which
// tables it reads and writes, what for it reads columns, which functions it
// calls.
//
// It knows PostgreSQL's grammar. It is pure: text in, facts out, no catalog, no
// policy and no I/O. Parse is called in the parse worker, since a hostile text
// can exhaust the C parser's stack; Scan is safe anywhere and comes first.
//
// The facts are PostgreSQL's only while the server reads the text by the same
// rules: standard_conforming_strings on and client_encoding UTF8. The session must
// refuse every change of either, in SET, set_config and start-up options.
//
// What the text does not say is not here: what views, rules, triggers, operators,
// casts, column defaults and functions do that stand in the database, what names
// an unqualified name means, and whether a qualified name is a column or a
// function of the whole row. A catalog must add it.
package statement
