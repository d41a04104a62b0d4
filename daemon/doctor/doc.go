// Package doctor finds out whether weir can work on this host and whether it
// does: one finding for each thing looked at, with what to do about it.
//
// It looks from outside, as an operator would, and changes nothing but for the
// moment of a check. It must not know how a finding is shown.
package doctor
