// Package e2e holds the tests that need all of weir: its binary as it is shipped,
// real eBPF programs on real cgroups, a real PostgreSQL and unmodified clients.
//
// There is one file for each hazard. What a test looks at is what somebody outside
// can see: rows and errors, exit statuses, `weir`'s own output, the kernel's state.
package e2e
