// Package bpf holds the programs that run in the kernel, compiled, and the
// bindings that load them.
//
// It knows the layout of the programs' maps. It must not know policy or
// PostgreSQL; how the programs are attached is package redirect's matter.
//
// The objects are committed, so that building needs no clang. `go generate`
// builds them again, byte for byte, with clang 14, llvm 14 and libbpf 1.1 as
// Debian 12 has them.
package bpf

//go:generate go tool -modfile=../tools/go.mod bpf2go -cc clang-14 -strip llvm-strip-14 -target bpfel -type flow -type flow_key -type reservation -type settings -type listener_key -type namespace_state -type wanted -type network_key -type client -type action -type network -type counter Capture capture.c -- -O2 -Wall -Wextra -Werror -Wno-missing-declarations -fdebug-prefix-map=${PWD}=. -idirafter /usr/include/x86_64-linux-gnu -idirafter /usr/include/aarch64-linux-gnu
