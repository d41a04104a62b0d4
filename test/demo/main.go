// Command demo shows weir at work on this machine: a throwaway PostgreSQL with
// invented customers, weir in front of it, psql and a small Go program as agents in
// cgroups of their own, and beside what each of them sees, what a direct connection
// does.
//
// Every step checks what it shows, so the demo is a test as well. Nothing of it is
// left when it ends, by itself, by a failure or by Ctrl-C.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/weirgate/weir/test/lab"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == agentArgument {
		os.Exit(agent(os.Args[2:]))
	}
	os.Exit(demo())
}

func demo() int {
	binary := flag.String("weir", "", "the weir to show (built when empty)")
	width := flag.Int("width", 0, "columns to write for, 0 is the terminal's")
	flag.Parse()
	s := newScreen(os.Stdout, *width)

	missing := lab.Missing()
	if _, err := lab.PostgresBin(); err != nil {
		missing = append(missing, "PostgreSQL: "+err.Error())
	}
	if len(missing) > 0 {
		s.missing(missing)
		return 2
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	start := time.Now()
	l, err := lab.New()
	if err != nil {
		s.failed(err)
		return 1
	}
	d := &show{screen: s, lab: l, binary: *binary}
	err = d.run(ctx)
	interrupted := ctx.Err() != nil
	// Another Ctrl-C does not end the program while it takes things down, which is
	// bounded in time.
	closing := s.stage("taking everything down", func() (string, error) { return d.takeDown() })
	switch {
	case interrupted:
		s.note("Interrupted. Nothing is left behind.")
		return 130
	case err != nil:
		s.failed(errors.Join(err, closing))
		if d.weir != nil {
			s.note("weir's own log said:\n" + indent(tail(d.weir.Output.String(), 20), "    "))
		}
		return 1
	case closing != nil:
		return 1
	}
	s.close(time.Since(start))
	return 0
}

// takeDown closes the lab and looks whether anything of it is still there.
func (d *show) takeDown() (string, error) {
	var uninstalling error
	if d.weir != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		uninstalling = d.weir.Uninstall(ctx)
	}
	if err := errors.Join(uninstalling, d.lab.Close()); err != nil {
		return "", err
	}
	for _, path := range lab.Leftovers() {
		if strings.Contains(path, d.lab.Name) {
			return "", fmt.Errorf("%s is still there", path)
		}
	}
	return "no link, pin, cgroup, process or file is left", nil
}

// tail is the last n lines of text.
func tail(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
