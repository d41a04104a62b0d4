package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weirgate/weir/cmd/weir/internal/terminal"
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
				s := &sheet{screen: a.out}
				for _, name := range policy.Packs() {
					s.b.WriteString(terminal.Pad(name, packName) + packAbout(name) + "\n")
				}
				return a.printf("%s", s.b.String())
			}
			if !slices.Contains(policy.Packs(), args[0]) {
				return &usageError{fmt.Errorf("there is no pack %q: use %s", args[0], strings.Join(policy.Packs(), ", "))}
			}
			return a.printf("%s", policy.PackText(args[0]))
		},
	}
	return cmd
}

// packName is the room of a pack's name in the list.
const packName = 28

// packAbout says what a pack is about: the comment that its text begins with.
func packAbout(name string) string {
	var about []string
	for line := range strings.Lines(policy.PackText(name)) {
		text, ok := strings.CutPrefix(strings.TrimSpace(line), "# ")
		if !ok {
			break
		}
		about = append(about, text)
	}
	return strings.Join(about, " ")
}
