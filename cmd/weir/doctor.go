package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weirgate/weir/cmd/weir/internal/terminal"
	"github.com/weirgate/weir/daemon/doctor"
)

func (a *app) doctorCommand() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find out whether weir can work here, and whether it does",
		Long: `Look at the kernel's features, the configuration, the policies, the state folder, the daemon,
the programs that the kernel really runs, and the databases; and try a live connection from
a cgroup of its own. Every finding comes with its remedy.

The exit status is 1 when something failed. Warnings do not count.`,
		Example: `  sudo weir doctor
  sudo weir doctor --all -o json | jq '.findings[] | select(.grade=="Failed")'`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context(), all) },
	}
	cmd.Flags().BoolVar(&all, "all", false, "show what is good in full, instead of counting it")
	a.outputFlag(cmd)
	return cmd
}

// examination is the output of `weir doctor -o json`.
type examination struct {
	Worst    doctor.Grade     `json:"worst"`
	Findings []doctor.Finding `json:"findings"`
}

func (a *app) doctor(ctx context.Context, all bool) error {
	result := examination{Findings: []doctor.Finding{}}
	stop := func() {}
	result.Worst = doctor.Examine(ctx, doctor.Options{
		Config: a.config, Socket: a.socket, Version: version,
		Looking: func(area string) {
			stop()
			stop = a.err.Progress("looking at " + area)
		},
	}, func(f doctor.Finding) { result.Findings = append(result.Findings, f) })
	stop()
	if ctx.Err() != nil {
		return fmt.Errorf("the examination was interrupted: %w", ctx.Err())
	}
	var err error
	if a.output == outputJSON {
		err = a.printJSON(result)
	} else {
		err = a.printf("%s", renderFindings(a.out, result, all))
	}
	if err == nil && result.Worst == doctor.Failed {
		return errReported
	}
	return err
}

func gradeMark(g doctor.Grade) (mark string, colour terminal.Colour) {
	switch g {
	case doctor.Good:
		return "ok  ", terminal.Green
	case doctor.Warning:
		return "WARN", terminal.Yellow
	case doctor.Failed:
		return "FAIL", terminal.Red
	}
	return "--  ", terminal.Dim
}

func renderFindings(screen *terminal.Screen, e examination, all bool) string {
	var b strings.Builder
	count := make(map[doctor.Grade]int)
	for _, f := range e.Findings {
		count[f.Grade]++
	}
	for i := 0; i < len(e.Findings); {
		end := i
		for end < len(e.Findings) && e.Findings[end].Area == e.Findings[i].Area {
			end++
		}
		renderArea(&b, screen, e.Findings[i:end], all)
		i = end
	}
	b.WriteByte('\n')
	switch {
	case count[doctor.Failed] > 0:
		b.WriteString(screen.Paint(terminal.Red, fmt.Sprintf("%d failed", count[doctor.Failed])))
		fmt.Fprintf(&b, ", %d %s, %d good.\n", count[doctor.Warning], plural(count[doctor.Warning], "warning", "warnings"), count[doctor.Good])
	case count[doctor.Warning] > 0:
		fmt.Fprintf(&b, "Nothing failed; %d %s, %d good.\n", count[doctor.Warning], plural(count[doctor.Warning], "warning", "warnings"), count[doctor.Good])
	default:
		b.WriteString(screen.Paint(terminal.Green, "All is well") + fmt.Sprintf(": %d good.\n", count[doctor.Good]))
	}
	return b.String()
}

// renderArea shows what was found in one area; what is good is only counted
// unless all is wanted or it says something.
func renderArea(b *strings.Builder, screen *terminal.Screen, findings []doctor.Finding, all bool) {
	b.WriteString(screen.Paint(terminal.Bold, findings[0].Area) + "\n")
	const countFrom = 4
	good := 0
	for _, f := range findings {
		if f.Grade == doctor.Good {
			good++
		}
	}
	counted := !all && good >= countFrom
	if counted {
		fmt.Fprintf(b, "  %s  %d checks\n", screen.Paint(terminal.Green, "ok  "), good)
	}
	for _, f := range findings {
		if counted && f.Grade == doctor.Good {
			continue
		}
		mark, colour := gradeMark(f.Grade)
		detail, _ := terminal.Exact(f.Detail)
		detail = strings.ReplaceAll(detail, "\n", "\n        ")
		line := fmt.Sprintf("  %s  %s", screen.Paint(colour, mark), terminal.OneLine(f.Name))
		if detail != "" {
			line += ": " + detail
		}
		b.WriteString(line + "\n")
		if f.Remedy != "" {
			b.WriteString("        " + screen.Paint(terminal.Cyan, "-> "+terminal.OneLine(f.Remedy)) + "\n")
		}
	}
}
