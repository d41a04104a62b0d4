// Package lab gives tests, the demonstration and the benchmarks real things to
// work with: a throwaway PostgreSQL, cgroups, network namespaces, processes in
// them, and a weir of their own.
//
// Everything hangs on a Lab, which takes it all down again in reverse order. What
// a crashed run left behind is found by its name, which carries the pid and the
// start time of the process that made it, and swept by the next New.
//
// It knows processes, files and kernel objects. It must not know how weir works
// inside: weir is a binary with a configuration file and a command line here.
package lab
