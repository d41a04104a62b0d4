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
// Texts of one Template differ in nothing but the values of literals. ParseShared
// says on which of these the facts depend, so that a cache need not parse every
// text of an application that writes its values into it. That it does is not left
// to care: the values are taken out of the tree before it is walked, what asks for
// one is noted (constant.go), and a literal that is not one constant of the tree and
// nothing else counts as asked for.
//
// What the text does not say is not here: what views, rules, triggers, operators,
// casts, column defaults and functions do that stand in the database, what names
// an unqualified name means, and whether a qualified name is a column or a
// function of the whole row. A catalog must add it.
package statement
