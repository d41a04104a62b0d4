package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weirgate/weir/cmd/weir/internal/terminal"
	"github.com/weirgate/weir/daemon/config"
	"github.com/weirgate/weir/proxy/console"
)

// app is what every command has: where it writes, and the flags that all share.
type app struct {
	in     io.Reader
	out    *terminal.Screen
	err    *terminal.Screen
	getenv func(string) string

	config string // --config
	socket string // --socket
	output string // -o of the command that runs
}

// execute runs a command line and gives the exit status.
func execute(ctx context.Context, args []string, in io.Reader, out, errs io.Writer, getenv func(string) string) int {
	a := &app{in: in, out: terminal.NewScreen(out, getenv), err: terminal.NewScreen(errs, getenv), getenv: getenv}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	command, err := root.ExecuteContextC(ctx)
	if err != nil && !errors.Is(err, errReported) {
		_, _ = fmt.Fprintf(a.err, "%s %s\n", a.err.Paint(terminal.Red, "weir:"), errorText(err))
		if statusOf(err) == exitUsage {
			_, _ = fmt.Fprintf(a.err, "See `%s --help`.\n", command.CommandPath())
		}
	}
	return statusOf(err)
}

// errorText gives an error line by line with what steers a terminal made visible:
// part of it may come from a client.
func errorText(err error) string {
	shown, _ := terminal.Exact(strings.ReplaceAll(err.Error(), "\t", "    "))
	return shown
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "weir",
		Short: "A gateway for PostgreSQL that agents do not notice until a rule speaks to them",
		Long: `weir catches the PostgreSQL connections of the workloads on this host, knows which
workload each belongs to, and enforces guards, masks and approvals on every statement.

` + "`weir run`" + ` is the daemon. Every other command talks to it through its admin socket, or
reads files.

` + exitHelp,
		Example: `  sudo weir doctor            can it work here?
  sudo weir run               start it
  weir observe --follow       watch what passes
  weir approvals list         what waits for a decision`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("weir {{.Version}}\n")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.PersistentFlags().StringVar(&a.config, "config", config.DefaultPath, "configuration file of the daemon")
	root.PersistentFlags().StringVar(&a.socket, "socket", "", "admin socket of the daemon (default: as the configuration says)")
	root.AddCommand(
		a.runCommand(), a.statusCommand(), a.doctorCommand(), a.observeCommand(), a.sessionsCommand(), a.playCommand(),
		a.approvalsCommand(), a.policyCommand(), a.caCommand(), a.uninstallCommand(), a.versionCommand(),
	)
	return root
}

// usage marks the errors of an argument check as errors of the command line.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return &usageError{err}
		}
		return nil
	}
}

// some asks for one argument or more, and says which are missing.
func some(question string) cobra.PositionalArgs {
	return usage(func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return errors.New(question)
		}
		return nil
	})
}

// The forms of output.
const (
	outputText = "text"
	outputJSON = "json"
)

// outputFlag adds -o to a command.
func (a *app) outputFlag(cmd *cobra.Command, forms ...string) {
	if len(forms) == 0 {
		forms = []string{outputText, outputJSON}
	}
	output := cmd.Flags().StringP("output", "o", forms[0], "form of the output: "+strings.Join(forms, " or "))
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !slices.Contains(forms, *output) {
			return &usageError{fmt.Errorf("-o %q is not a form of output: use %s", *output, strings.Join(forms, " or "))}
		}
		a.output = *output
		return run(cmd, args)
	}
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(forms, cobra.ShellCompDirectiveNoFileComp))
}

// printJSON writes a value for machines.
func (a *app) printJSON(value any) error {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	if err == nil {
		_, err = fmt.Fprint(a.out, terminal.JSON(b.String()))
	}
	if err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return nil
}

// printf writes a line for people.
func (a *app) printf(format string, args ...any) error {
	if _, err := fmt.Fprintf(a.out, format, args...); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return nil
}

// note tells something beside the output proper.
func (a *app) note(format string, args ...any) {
	_, _ = fmt.Fprintf(a.err, "%s\n", a.err.Paint(terminal.Dim, fmt.Sprintf(format, args...)))
}

// settings gives the configuration when it can be read, and the default's paths
// when it cannot: most users may not read it, and need only the socket.
func (a *app) settings() *config.Config {
	if c, err := config.Load(a.config); err == nil {
		return c
	}
	return config.Default()
}

// client prepares to talk to the daemon.
func (a *app) client() *console.Client {
	socket := a.socket
	if socket == "" {
		socket = a.settings().Admin.Socket
	}
	return console.NewClient(socket)
}

// journalFolder is where the journal is: below the state folder that is named, or
// the configuration's.
func (a *app) journalFolder(state string) string {
	if state == "" {
		state = a.settings().State
	}
	return filepath.Join(state, "journal")
}

// readable says whether a folder can be read, for falling back on it.
func readable(folder string) bool {
	entries, err := os.ReadDir(folder)
	return err == nil && len(entries) > 0
}
