// Package parser keeps a pool of worker processes that turn SQL into facts, and
// a cache of what they said.
//
// PostgreSQL's grammar is C code in which a hostile text can exhaust the stack,
// memory or time of its process. So it runs in processes that may die: they hold
// no credential, no descriptor but their two pipes and no privilege, and their
// answers are read as an attacker's. What a worker that has been taken over could
// still do is give wrong facts about later texts; it can reach nothing else.
//
// The package knows processes, pipes and the bounds of what a parse may cost. It
// must not know policy, sessions or the wire.
package parser
