// Package parser keeps a pool of worker processes that turn SQL into facts, and
// a cache of what they said.
//
// PostgreSQL's grammar is C code in which a hostile text can exhaust the stack,
// memory or time of its process. So it runs in processes that may die: they hold
// no credential, no descriptor but their two pipes and no privilege, and their
// answers are read as an attacker's.
//
// Facts are kept by the exact text, or by its template (statement.Template) and
// those of its literals that they depend on. Every text is scanned before it is
// looked up by template; errors are kept by the exact text only.
//
// What a worker that has been taken over could still do is give wrong facts about
// later texts, and say that they do not depend on literals on which they do; then
// they are taken for those of texts that it never saw. They stay, as they would for
// one text, until the cache forgets them or the daemon starts anew. That it says
// nothing about literals that a text does not have is checked; it can reach nothing
// else.
//
// The package knows processes, pipes and the bounds of what a parse may cost. It
// must not know policy, sessions or the wire.
package parser
