package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weirgate/weir/cmd/weir/internal/terminal"
	"github.com/weirgate/weir/daemon"
	"github.com/weirgate/weir/daemon/config"
	"github.com/weirgate/weir/policy"
)

func (a *app) policyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Validate, test and replay policy documents, explain decisions, reload",
		Args:  usage(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.validateCommand(), a.testCommand(), a.explainCommand(), a.replayCommand(), a.packsCommand(), a.reloadCommand())
	return cmd
}

func (a *app) validateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "validate [FILE|FOLDER...]",
		Short: "Check policy documents; every error with its place",
		Long: `Check documents as the daemon would, and tell everything that is wrong with them at once,
with file, line and column. Without arguments the configuration is checked and the documents
that it names. "-" reads standard input. Key and password files are not read.`,
		Example: `  weir policy validate
  weir policy validate ./policy.d new.yaml
  weir policy validate -o json new.yaml`,
		RunE: func(_ *cobra.Command, args []string) error { return a.validate(args) },
	}
	a.outputFlag(cmd)
	return cmd
}

// validation is the output of `weir policy validate`.
type validation struct {
	Valid     bool                `json:"valid"`
	Problems  []policy.Diagnostic `json:"problems"`
	Revision  string              `json:"revision,omitempty"`
	Databases []string            `json:"databases"`
	Policies  []string            `json:"policies"`
}

func (a *app) validate(paths []string) error {
	v := validation{Problems: []policy.Diagnostic{}, Databases: []string{}, Policies: []string{}}
	if len(paths) == 0 {
		cfg, err := config.Load(a.config)
		var problems config.Problems
		switch {
		case errors.As(err, &problems):
			for _, p := range problems {
				message := p.Message
				if p.Path != "" {
					message = p.Path + ": " + message
				}
				v.Problems = append(v.Problems, policy.Diagnostic{File: p.File, Line: p.Line, Column: p.Column, Message: message})
			}
		case err != nil:
			return err
		default:
			paths = cfg.Policies
		}
	}
	sources, err := a.sources(paths)
	if err != nil {
		return err
	}
	bundle, problems := policy.Compile(sources)
	v.Problems = append(v.Problems, problems...)
	v.Valid = len(v.Problems) == 0
	if bundle != nil {
		v.Revision = bundle.Revision()
		for _, d := range bundle.Databases() {
			v.Databases = append(v.Databases, d.Name)
		}
		for _, p := range bundle.Policies() {
			v.Policies = append(v.Policies, p.Name)
		}
	}
	if a.output == outputJSON {
		err = a.printJSON(v)
	} else {
		err = a.printValidation(v, len(sources))
	}
	if err == nil && !v.Valid {
		return errReported
	}
	return err
}

func (a *app) printValidation(v validation, files int) error {
	for _, p := range v.Problems {
		if err := a.printf("%s\n", renderProblem(a.out, p)); err != nil {
			return err
		}
	}
	switch {
	case !v.Valid:
		return a.printf("\n%d %s found.\n", len(v.Problems), plural(len(v.Problems), "problem", "problems"))
	case files == 0:
		return a.printf("%s There is no document: nothing is selected by any policy.\n", a.out.Paint(terminal.Yellow, "Valid."))
	}
	return a.printf("%s %s, %s; revision %s\n", a.out.Paint(terminal.Green, "Valid."), list("database", "databases", v.Databases), list("policy", "policies", v.Policies), v.Revision)
}

func renderProblem(screen *terminal.Screen, p policy.Diagnostic) string {
	place := terminal.OneLine(p.File)
	if p.Line > 0 {
		place += fmt.Sprintf(":%d:%d", p.Line, p.Column)
	}
	message, _ := terminal.Exact(p.Message)
	line := screen.Paint(terminal.Bold, place+":") + " " + message
	if p.Hint != "" {
		hint, _ := terminal.Exact(p.Hint)
		line += screen.Paint(terminal.Dim, " ("+hint+")")
	}
	return line
}

// sources reads documents; "-" is standard input, and a path that is named must
// exist.
func (a *app) sources(paths []string) ([]policy.Source, error) {
	var sources []policy.Source
	for _, path := range paths {
		if path == "-" {
			data, err := io.ReadAll(a.in)
			if err != nil {
				return nil, fmt.Errorf("reading policy documents from standard input: %w", err)
			}
			sources = append(sources, policy.Source{Name: "-", Data: data})
			continue
		}
		if _, err := os.Stat(path); err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("there is no file or folder %s with policy documents", path)
			}
			return nil, fmt.Errorf("reading policy documents: %w", err)
		}
		found, err := daemon.ReadDocuments([]string{path})
		if err != nil {
			return nil, err
		}
		sources = append(sources, found...)
	}
	return sources, nil
}

func (a *app) reloadCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "Have the daemon read its policy documents now",
		Long: `The daemon notices changed documents by itself. This has it look now, and says what came
of it. While documents have errors the last good ones stay in force.`,
		Example: "  weir policy validate && weir policy reload",
		Args:    usage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.reload(cmd.Context()) },
	}
	a.outputFlag(cmd)
	return cmd
}

func (a *app) reload(ctx context.Context) error {
	client := a.client()
	defer client.Close()
	done := a.err.Progress("reloading")
	result, err := client.Reload(ctx)
	done()
	if err != nil {
		return err
	}
	if a.output == outputJSON {
		return a.printJSON(result)
	}
	what := "Nothing has changed"
	if result.Changed {
		what = "Loaded"
	}
	p := result.Policy
	s := &sheet{screen: a.out}
	statusOfPatterns(s, p.Patterns)
	return a.printf("%s: revision %s, %s, %s\n%s", what, p.Revision, list("database", "databases", p.Databases), list("policy", "policies", p.Policies), s.b.String())
}

// splitID takes a statement's id, SESSION/NUMBER, apart.
func splitID(text string) (session, number string, ok bool) {
	session, number, ok = strings.Cut(text, "/")
	return session, number, ok && session != "" && number != "" && strings.Trim(number, "0123456789") == ""
}
