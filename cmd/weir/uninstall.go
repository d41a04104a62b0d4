package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/weirgate/weir/daemon"
	"github.com/weirgate/weir/daemon/config"
	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/redirect"
)

func (a *app) uninstallCommand() *cobra.Command {
	var force, state bool
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "End the capture: remove programs, pins and weir's cgroup",
		Long: `Detach weir's programs from the kernel and remove their pins and the daemon's cgroup, so that
connections go straight to their databases again. Configuration, policies and, without
--state, the journal stay where they are.

It is refused while the daemon runs: stop that first. Nothing that runs is stopped.`,
		Example: `  sudo systemctl stop weir && sudo weir uninstall
  sudo weir uninstall --state     and delete journal, approvals and weir's CA`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.uninstall(cmd.Context(), force, state) },
	}
	cmd.Flags().BoolVar(&force, "force", false, "go on though a daemon answers on the admin socket")
	cmd.Flags().BoolVar(&state, "state", false, "delete the state folder as well: journal, approvals, weir's CA")
	return cmd
}

func (a *app) uninstall(ctx context.Context, force, state bool) error {
	cfg, err := config.Load(a.config)
	var missing *config.MissingError
	if errors.As(err, &missing) {
		a.note("There is no configuration at %s; the default installation is removed.", missing.Path)
		cfg, err = config.Default(), nil
	}
	if err != nil {
		return err
	}
	socket := cfg.Admin.Socket
	if a.socket != "" {
		socket = a.socket
	}
	client := console.NewClient(socket)
	defer client.Close()
	if _, err := client.Health(ctx); !errors.Is(err, console.ErrNotRunning) && !force {
		return console.Conflict("stop it first: `systemctl stop weir`, or interrupt `weir run`", "the daemon is running")
	}
	if os.Geteuid() != 0 {
		return console.Forbidden("run it with sudo", "removing programs from the kernel needs root")
	}
	capture, err := daemon.CaptureConfig(cfg, nil)
	if err != nil {
		return err
	}
	if err := redirect.Uninstall(capture); err != nil {
		return err
	}
	if err := a.printf("The capture is removed: no program, pin or cgroup of weir is left.\n"); err != nil {
		return err
	}
	if !state {
		return a.printf("Journal and approvals are kept in %s (--state deletes them).\n", cfg.State)
	}
	if err := removeState(cfg.State); err != nil {
		return err
	}
	return a.printf("%s is deleted.\n", cfg.State)
}

// removeState deletes what weir keeps in its state folder, and the folder when
// nothing else is in it: the setting may name a folder of somebody else's.
func removeState(folder string) error {
	for _, name := range []string{"journal", "ca", "weir.db", "weir.db-wal", "weir.db-shm"} {
		if err := os.RemoveAll(filepath.Join(folder, name)); err != nil {
			return fmt.Errorf("deleting the state: %w", err)
		}
	}
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("deleting the state: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s holds more than weir's own and stays: %s", folder, entries[0].Name())
	}
	if err := os.Remove(folder); err != nil {
		return fmt.Errorf("deleting the state: %w", err)
	}
	return nil
}
