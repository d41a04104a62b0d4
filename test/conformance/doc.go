// Command conformance runs the tests that others wrote for PostgreSQL, each
// directly and through weir, and names every difference.
//
// The way through weir is the one of an agent: the client is in a captured cgroup
// and connects to the database's own address. The policy selects it, has guards
// that are evaluated on every statement and match none, and the journal is on. So
// what a suite finds must be the same on both ways; whether its tests pass is not
// the question, only whether they do alike.
//
// Everything runs on throwaway instances, a fresh server for each suite and way.
// What is fetched and built is kept in a folder for the next run. The package knows
// the suites and what they need; of weir it knows the binary and its documents.
package main
