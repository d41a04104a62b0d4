// Command weir is the daemon and everything that an operator does with it.
//
// It knows flags, wiring and the form of what is printed. It must not know how
// the rooms do their work.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/weirgate/weir/proxy/parser"
)

// version is set by the linker (-X main.version=...).
var version = "unreleased"

func main() {
	// A parse worker is this binary again. It must not start anything before it
	// has given up what a hostile text could use.
	if len(os.Args) == 2 && os.Args[1] == "parse-worker" {
		os.Exit(parser.WorkerMain())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv)
	stop()
	os.Exit(status)
}
