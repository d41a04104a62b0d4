// Package guards holds the suite of attacks on guards: statements and flows of
// messages that try to have an effect which a guard or a built-in pack forbids, by
// every way that PostgreSQL knows to say a thing differently.
//
// What counts is the effect. After each attack a connection past weir looks at the
// tables, definitions, roles, settings and files that were to stay as they were, and
// the bytes that reached the client are searched for what was to stay inside. The
// text of an error counts for nothing. Each attack is run past weir too, on a server
// of its own, where it must have its effect: so a test that could not notice fails.
// Beside the attacks stand ordinary statements, which each pack must let pass.
//
// Like all tests here it sees weir from outside: the binary, its documents and the
// wire. It must not know how a statement is judged.
package guards
