// Package lineage decides what a statement may do with masked columns, and which
// cells of its result are masked.
//
// It knows mask rules, the facts of a statement and a snapshot of the catalog. It
// is pure: it must not know connections, the wire or how a value is masked.
package lineage
