package main

import (
	"errors"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/weirgate/weir/proxy/console"
)

// versions is the output of `weir version`.
type versions struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
	Daemon  string `json:"daemon,omitempty"` // version of the one that runs
}

func (a *app) versionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version of this command and of the daemon that runs",
		Example: "  weir version\n  weir version -o json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := versions{Version: version, Go: runtime.Version()}
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						v.Commit = s.Value
					}
				}
			}
			client := a.client()
			defer client.Close()
			health, err := client.Health(cmd.Context())
			if err == nil {
				v.Daemon = health.Version
			}
			if a.output == outputJSON {
				return a.printJSON(v)
			}
			daemon := v.Daemon
			switch {
			case errors.Is(err, console.ErrNotRunning):
				daemon = "not running"
			case err != nil:
				daemon = "not known: " + errorText(err)
			}
			return a.printf("weir %s (%s)\ndaemon %s\n", v.Version, v.Go, daemon)
		},
	}
	a.outputFlag(cmd)
	return cmd
}
