// Package activity turns the journal's records into lines for an operator: one
// for each statement, made of the record before it and the one after.
//
// It knows records and what an operator wants to see of them. It must not know
// where records come from.
package activity
