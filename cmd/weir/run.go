package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/weirgate/weir/daemon"
	"github.com/weirgate/weir/daemon/config"
	"github.com/weirgate/weir/proxy/journal"
)

func (a *app) runCommand() *cobra.Command {
	var destroy bool
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the daemon: capture connections, enforce the policies, record",
		Long: `Run the daemon in the foreground until it gets SIGINT or SIGTERM. It needs root for the
capture. Clients whose connections are captured get "connection refused" while it does not
run; ` + "`weir uninstall`" + ` ends the capture.

Connections that are older than the capture pass unseen until they end: ` + "`weir status`" + ` lists
them, --destroy-existing ends them.`,
		Example: `  sudo weir run
  sudo weir run --config ./weir.yaml --destroy-existing`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.run(cmd.Context(), destroy) },
	}
	cmd.Flags().BoolVar(&destroy, "destroy-existing", false, "end database connections that are older than the capture")
	return cmd
}

func (a *app) run(ctx context.Context, destroy bool) error {
	cfg, err := config.Load(a.config)
	if err != nil {
		return err
	}
	if a.socket != "" {
		cfg.Admin.Socket = a.socket
	}
	logger := a.logger(cfg.Log)
	err = daemon.Run(ctx, cfg, daemon.Options{
		Logger:          logger,
		DestroyExisting: destroy,
		Version:         version,
		Ready: func() {
			if err := notify(a.getenv, "READY=1"); err != nil {
				logger.Warn("the service manager could not be told that weir is ready", "error", err)
			}
		},
	})
	if told := notify(a.getenv, "STOPPING=1"); told != nil {
		logger.Debug("the service manager could not be told that weir stops", "error", told)
	}
	if errors.Is(err, journal.ErrInUse) {
		return fmt.Errorf("%w: another weir runs with the same spec.state; `weir status` shows it", err)
	}
	return err
}

// logger writes the daemon's log to standard error. The time is left out where
// the journal of the host adds its own.
func (a *app) logger(l config.Log) *slog.Logger {
	levels := map[config.LogLevel]slog.Level{
		config.LogDebug: slog.LevelDebug, config.LogInfo: slog.LevelInfo, config.LogWarn: slog.LevelWarn, config.LogError: slog.LevelError,
	}
	options := &slog.HandlerOptions{Level: levels[l.Level]}
	if l.Format == config.LogJSON {
		return slog.New(slog.NewJSONHandler(a.err, options))
	}
	if a.getenv("JOURNAL_STREAM") != "" {
		options.ReplaceAttr = func(groups []string, attr slog.Attr) slog.Attr {
			if len(groups) == 0 && attr.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return attr
		}
	}
	return slog.New(slog.NewTextHandler(a.err, options))
}
