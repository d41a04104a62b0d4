package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weirgate/weir/policy"
)

func (a *app) packsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "packs [NAME]",
		Short: "List the built-in packs of guards, or show one",
		Long: `A policy switches packs on by name: packs: [SchemaChanges, UnboundedWrites]. Their guards are
as if they stood in the document. With a name, the guards of that pack are shown as YAML, so
that they can be copied and changed.`,
		Example: `  weir policy packs
  weir policy packs SecretCatalogs`,
		Args:              usage(cobra.MaximumNArgs(1)),
		ValidArgsFunction: cobra.FixedCompletions(policy.Packs(), cobra.ShellCompDirectiveNoFileComp),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.printf("%s\n", strings.Join(policy.Packs(), "\n"))
			}
			if !slices.Contains(policy.Packs(), args[0]) {
				return &usageError{fmt.Errorf("there is no pack %q: use %s", args[0], strings.Join(policy.Packs(), ", "))}
			}
			return a.printf("%s", policy.PackText(args[0]))
		},
	}
	return cmd
}
