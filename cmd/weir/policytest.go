package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weirgate/weir/cmd/weir/internal/terminal"
	"github.com/weirgate/weir/daemon/trial"
	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/parser"
)

// outputJUnit is a form of output of `weir policy test`.
const outputJUnit = "junit"

func (a *app) testCommand() *cobra.Command {
	var policies []string
	cmd := &cobra.Command{
		Use:   "test FILE|FOLDER...",
		Short: "Check that policy documents decide as files of tests say",
		Long: `Run files of tests: who sends which statement, and what is to be decided. A folder stands
for the files in it whose names end in .yaml. Nothing is asked of the daemon or of a database.

  policies: [../policy.d]                  # relative to the file; or --policies
  as: {unit: support-agent.service}        # who sends it: unit, cgroup, container, uid, user, exe
  database: crm
  catalog:                                 # tables that masks are about
    public.customers: [id integer, email text]
  tests:
  - name: nobody drops a table
    sql: DROP TABLE customers
    expect: {action: Deny, rule: support-agent/no-ddl}
  - name: addresses are masked
    sql: SELECT id, email FROM customers
    rows: [["1", ada@example.com]]         # what the server would give
    expect: {action: Allow, rows: [["1", "***********.com"]]}

Of a test's expect only what it names is compared: action, rule ("none" for no rule),
warnings, limits, rows. Masks of type Hash have a key of the tests' own.

The exit status is 1 when a test fails.`,
		Example: `  weir policy test policy-tests
  weir policy test --policies new.yaml policy-tests/support.yaml
  weir policy test -o junit policy-tests > report.xml`,
		Args: some("which tests? Name files of tests, or folders with them; --help shows what stands in one"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.policyTest(cmd.Context(), args, policies) },
	}
	cmd.Flags().StringSliceVar(&policies, "policies", nil, "test these documents, files or folders, whatever the files of tests say")
	a.outputFlag(cmd, outputText, outputJSON, outputJUnit)
	return cmd
}

func (a *app) policyTest(ctx context.Context, paths, policies []string) error {
	files, err := suiteFiles(paths)
	if err != nil {
		return err
	}
	pool, err := parser.New(parser.Config{Workers: 1})
	if err != nil {
		return fmt.Errorf("starting the parser: %w", err)
	}
	defer func() { _ = pool.Close() }()
	runner := trial.Runner{Parse: parseWith(pool), Identify: identify}
	results := []trial.Result{}
	for _, file := range files {
		more, err := a.runSuite(ctx, &runner, file, policies)
		if err != nil {
			return err
		}
		results = append(results, more...)
	}
	return a.reportTests(results)
}

func parseWith(pool *parser.Pool) trial.Parse {
	return func(ctx context.Context, text string) (*statement.Facts, error) { return pool.Parse(ctx, text, "") }
}

// suiteFiles finds the files of tests; a path that is named must exist.
func suiteFiles(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("there is no file or folder %s with tests of policies", path)
		case err != nil:
			return nil, fmt.Errorf("reading tests of policies: %w", err)
		case !info.IsDir():
			files = append(files, path)
			continue
		}
		found, err := filepath.Glob(filepath.Join(path, "*.yaml"))
		if err != nil {
			return nil, fmt.Errorf("reading tests of policies: %w", err)
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("the folder %s has no file that ends in .yaml", path)
		}
		slices.Sort(found)
		files = append(files, found...)
	}
	return files, nil
}

// runSuite runs one file.
func (a *app) runSuite(ctx context.Context, runner *trial.Runner, file string, policies []string) ([]trial.Result, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading tests of policies: %w", err)
	}
	suite, err := trial.ReadSuite(file, data)
	if err != nil {
		return nil, err
	}
	if len(policies) > 0 {
		suite.Policies = policies
	}
	if len(suite.Policies) == 0 {
		return nil, fmt.Errorf("%s does not say which documents it tests: write policies: [...] in it, or give --policies", file)
	}
	sources, err := a.sources(suite.Policies)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	bundle, problems := policy.Compile(sources, policy.WithKeys(trial.NoKeys))
	if len(problems) > 0 {
		return nil, fmt.Errorf("the documents have errors:\n%w", problems)
	}
	results, err := runner.Run(ctx, suite, bundle)
	if err != nil {
		return nil, fmt.Errorf("running tests: %w", err)
	}
	return results, nil
}

// identify makes the identity of a description in a file.
func identify(attributes map[string]string) (*identity.Identity, error) {
	all := make([]string, 0, len(attributes))
	for key, value := range attributes {
		all = append(all, key+"="+value)
	}
	if len(all) == 0 {
		return nil, errors.New("who sends it? Write as: {unit: ...}, {cgroup: ...} or {container: ...}")
	}
	slices.Sort(all)
	id, err := parseIdentity(all)
	if err != nil {
		return nil, errors.New(strings.ReplaceAll(err.Error(), "--as", "as:"))
	}
	return id, nil
}

func (a *app) reportTests(results []trial.Result) error {
	failed := 0
	for i := range results {
		if !results[i].Passed {
			failed++
		}
	}
	var err error
	switch a.output {
	case outputJSON:
		err = a.printJSON(struct {
			Tests   int            `json:"tests"`
			Failed  int            `json:"failed"`
			Results []trial.Result `json:"results"`
		}{len(results), failed, results})
	case outputJUnit:
		err = trial.WriteJUnit(io.Writer(a.out), results)
	default:
		err = a.printTests(results, failed)
	}
	if err == nil && failed > 0 {
		return errReported
	}
	return err
}

func (a *app) printTests(results []trial.Result, failed int) error {
	file := ""
	for i := range results {
		r := &results[i]
		if r.File != file {
			file = r.File
			if err := a.printf("%s\n", a.out.Paint(terminal.Bold, terminal.OneLine(file))); err != nil {
				return err
			}
		}
		mark := a.out.Paint(terminal.Green, "ok  ")
		if !r.Passed {
			mark = a.out.Paint(terminal.Red, "FAIL")
		}
		if err := a.printf("  %s %s\n", mark, terminal.OneLine(r.Name)); err != nil {
			return err
		}
		if r.Passed {
			continue
		}
		for _, f := range r.Failures {
			if err := a.printf("         %s\n", terminal.OneLine(f)); err != nil {
				return err
			}
		}
		if r.Reason != "" {
			if err := a.printf("         because %s\n", terminal.OneLine(r.Reason)); err != nil {
				return err
			}
		}
	}
	if failed > 0 {
		return a.printf("\n%s %d of %d tests failed. `weir policy explain --file` shows every rule for a statement.\n",
			a.out.Paint(terminal.Red, "Failed."), failed, len(results))
	}
	return a.printf("\n%s %d %s passed.\n", a.out.Paint(terminal.Green, "Passed."), len(results), plural(len(results), "test", "tests"))
}
