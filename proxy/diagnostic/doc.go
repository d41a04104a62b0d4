// Package diagnostic makes every error and notice that a client sees from weir.
//
// The reader may be a language model: each says what was refused and why, and
// what can be done instead. It knows SQLSTATE codes and the fields of
// ErrorResponse. It must not know how a session works.
package diagnostic
