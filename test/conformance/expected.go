package main

// expectedReason says why a difference is one by design, "" when it is not.
func expectedReason(string, difference) string { return "" }
