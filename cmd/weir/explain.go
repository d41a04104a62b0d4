package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/user"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weirgate/weir/cmd/weir/internal/terminal"
	"github.com/weirgate/weir/daemon/config"
	"github.com/weirgate/weir/daemon/explain"
	"github.com/weirgate/weir/daemon/trial"
	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/policy/statement"
	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/parser"
)

type explainFlags struct {
	as                           []string
	database, databaseName, role string
	transaction                  bool
	at                           string
	files                        []string
	state                        string
}

func (a *app) explainCommand() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain STATEMENT-ID | SQL",
		Short: "Tell why a statement is decided as it is: every rule, matched or not, and why",
		Long: `Explain a recorded statement (its id is SESSION/NUMBER, as ` + "`weir observe --ids`" + ` shows it) by the
policies in force now, beside what was decided then; or a text, as a workload that --as
describes would send it. "-" reads the text from standard input.

--as takes attributes as a comma-separated list or several times: unit=, cgroup=, container=,
uid=, user=, exe=. The cgroup of a unit is made up when it is not given.

With --file, documents are explained that are not in force. Where the daemon runs, it does it with
the database's catalog. Without it, masks are not followed, nor what views, triggers and functions
do. --dbname says which database's catalog, where the Database document has a pattern.`,
		Example: `  weir policy explain s-4k2m9q7x1a/12
  weir policy explain --as unit=nightly-etl.service,user=etl --database crm "delete from customers"
  weir policy explain --file new.yaml --as cgroup=/agents/bot,uid=1000 --database crm "select * from customers"`,
		Args: usage(func(_ *cobra.Command, args []string) error {
			switch len(args) {
			case 0:
				return errors.New("which statement? Give the id of a recorded one (`weir observe --ids` shows them), or a text and who would send it")
			case 1:
				return nil
			}
			return errors.New("one statement is explained at a time: put its text into quotes")
		}),
		RunE: func(cmd *cobra.Command, args []string) error { return a.explain(cmd.Context(), args[0], f) },
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.as, "as", nil, "the workload: unit=NAME, cgroup=PATH, container=ID, uid=NUMBER, user=NAME, exe=PATH")
	flags.StringVar(&f.database, "database", "", "name of the Database document (may be left out when there is one only)")
	flags.StringVar(&f.databaseName, "dbname", "", "the database's name at the server")
	flags.StringVar(&f.role, "role", "", "the user that the client asks for")
	flags.BoolVar(&f.transaction, "in-transaction", false, "as a statement of an open transaction")
	flags.StringVar(&f.at, "at", "", "as if sent at this time (14:30, 2006-01-02 14:30, 2h ago as 2h)")
	flags.StringSliceVar(&f.files, "file", nil, "explain these documents instead of those in force")
	flags.StringVar(&f.state, "state", "", "with --file: find a recorded statement in this state folder")
	a.outputFlag(cmd)
	return cmd
}

func (a *app) explain(ctx context.Context, what string, f explainFlags) error {
	request, err := a.explainRequest(what, f)
	if err != nil {
		return err
	}
	done := a.err.Progress("explaining")
	var e *console.Explanation
	if len(f.files) > 0 {
		e, err = a.explainFiles(ctx, request, f)
	} else {
		e, err = a.explainInForce(ctx, request)
	}
	done()
	if err != nil {
		return err
	}
	if a.output == outputJSON {
		return a.printJSON(e)
	}
	return a.printf("%s", renderExplanation(a.out, e))
}

func (a *app) explainRequest(what string, f explainFlags) (*console.ExplainRequest, error) {
	r := &console.ExplainRequest{Database: f.database, DatabaseName: f.databaseName, User: f.role, InTransaction: f.transaction}
	at, err := parseWhen(f.at, time.Now())
	if err != nil {
		return nil, err
	}
	r.Time = at
	if session, number, ok := splitID(what); ok && len(f.as) == 0 {
		seq, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			return nil, &usageError{fmt.Errorf("%q is not the id of a statement: %w", what, err)}
		}
		r.Session, r.Seq = session, seq
		return r, nil
	}
	if len(f.as) == 0 {
		return nil, &usageError{errors.New("who would send it? Describe the workload, such as --as unit=nightly-etl.service,user=etl; or give the id of a recorded statement")}
	}
	if r.Identity, err = parseIdentity(f.as); err != nil {
		return nil, &usageError{err}
	}
	r.Text = what
	if what == "-" {
		text, err := io.ReadAll(io.LimitReader(a.in, 1<<20))
		if err != nil {
			return nil, fmt.Errorf("reading the statement from standard input: %w", err)
		}
		r.Text = string(text)
	}
	return r, nil
}

// parseIdentity makes the identity that a workload of this description would be
// attested as.
func parseIdentity(attributes []string) (*identity.Identity, error) {
	id := &identity.Identity{}
	uid := false
	for _, attribute := range attributes {
		key, value, _ := strings.Cut(attribute, "=")
		if value == "" {
			return nil, fmt.Errorf("--as %q: write key=value", attribute)
		}
		switch key {
		case "unit":
			id.Unit = value
		case "cgroup":
			id.CgroupPath = value
		case "container":
			id.ContainerID = value
		case "pod":
			id.PodUID = value
		case "user":
			id.User = value
		case "exe":
			id.Executable = value
		case "uid":
			n, err := strconv.ParseUint(value, 10, 32)
			if err != nil {
				return nil, fmt.Errorf("--as uid=%s is not a number", value)
			}
			id.UID, uid = uint32(n), true
		default:
			return nil, fmt.Errorf("--as %q is not known: use unit, cgroup, container, pod, uid, user, exe", key)
		}
	}
	completeUser(id, uid)
	switch {
	case id.PodUID != "":
		id.Kind, id.Subject = "Pod", "pod:"+id.PodUID
	case id.ContainerID != "":
		id.Kind, id.Subject = "Container", "container:"+id.ContainerID[:min(12, len(id.ContainerID))]
	case id.Unit != "":
		id.Kind, id.Subject = "Unit", "unit:"+id.Unit
	default:
		id.Kind, id.Subject = "Cgroup", "cgroup:"+id.CgroupPath
	}
	if id.CgroupPath == "" {
		if id.Unit == "" {
			return nil, errors.New("--as needs a unit=, a cgroup= or a container=: it is how policies tell workloads apart")
		}
		id.CgroupPath = path.Join("/system.slice", id.Unit)
	}
	return id, nil
}

// completeUser fills in the uid of a user of this host, or the user of a uid.
func completeUser(id *identity.Identity, uid bool) {
	switch {
	case uid && id.User == "":
		if u, err := user.LookupId(strconv.FormatUint(uint64(id.UID), 10)); err == nil {
			id.User = u.Username
		}
	case !uid && id.User != "":
		id.UID = 65534 // nobody, for a user that this host does not have
		if u, err := user.Lookup(id.User); err == nil {
			if n, err := strconv.ParseUint(u.Uid, 10, 32); err == nil {
				id.UID = uint32(n)
			}
		}
	}
}

func (a *app) explainInForce(ctx context.Context, r *console.ExplainRequest) (*console.Explanation, error) {
	client := a.client()
	defer client.Close()
	if r.Session == "" && r.Database == "" {
		status, err := client.Status(ctx)
		if err != nil {
			return nil, err
		}
		if r.Database, err = onlyOne(status.Policy.Databases); err != nil {
			return nil, err
		}
	}
	return client.Explain(ctx, r)
}

func onlyOne(databases []string) (string, error) {
	if len(databases) == 1 {
		return databases[0], nil
	}
	return "", &usageError{fmt.Errorf("to which database? Add --database with one of: %s", strings.Join(databases, ", "))}
}

// explainFiles explains documents that are not in force.
func (a *app) explainFiles(ctx context.Context, r *console.ExplainRequest, f explainFlags) (*console.Explanation, error) {
	sources, err := a.sources(f.files)
	if err != nil {
		return nil, err
	}
	bundle, problems := policy.Compile(sources, policy.WithKeys(trial.NoKeys))
	if len(problems) > 0 {
		return nil, fmt.Errorf("the documents have errors:\n%w", problems)
	}
	if r.Session == "" && r.Database == "" {
		var names []string
		for _, d := range bundle.Databases() {
			names = append(names, d.Name)
		}
		if r.Database, err = onlyOne(names); err != nil {
			return nil, err
		}
	}
	if f.state == "" {
		asked := *r
		for _, s := range sources {
			asked.Documents = append(asked.Documents, console.Document{Name: s.Name, Text: string(s.Data)})
		}
		client := a.client()
		defer client.Close()
		e, err := client.Explain(ctx, &asked)
		switch {
		case errors.Is(err, console.ErrNotRunning), errors.Is(err, console.ErrForbidden), errors.Is(err, console.ErrInvalid):
			// Without the daemon, or by one that is older, there is no catalog: it says so.
		default:
			return e, err
		}
	}
	// The text may be anybody's: it is parsed where weir parses all of them.
	pool, err := parser.New(parser.Config{Workers: 1})
	if err != nil {
		return nil, fmt.Errorf("starting the parser: %w", err)
	}
	defer func() { _ = pool.Close() }()
	x := explain.Explainer{
		Bundle:  bundle,
		Observe: a.settings().Unmatched == config.UnmatchedObserve,
		Parse:   func(ctx context.Context, text string) (*statement.Facts, error) { return pool.Parse(ctx, text, "") },
	}
	if r.Session != "" {
		if x.Records, err = journal.OpenReader(a.journalFolder(f.state)); err != nil {
			return nil, fmt.Errorf("reading the journal: %w", err)
		}
	}
	return x.Explain(ctx, r)
}

func renderExplanation(screen *terminal.Screen, e *console.Explanation) string {
	s := &sheet{screen: screen}
	shown, _ := terminal.Exact(e.Text)
	for line := range strings.SplitSeq(strings.TrimRight(shown, "\n"), "\n") {
		s.b.WriteString("    " + line + "\n")
	}
	s.b.WriteByte('\n')
	if e.Identity != nil {
		s.line("workload", "%s, user %s (uid %d), executable %s", e.Identity.Subject, orDash(e.Identity.User), e.Identity.UID, orDash(e.Identity.Executable))
	}
	s.line("database", "%s", orDash(e.Database))
	if r := e.Recorded; r != nil {
		s.line("recorded", "%s by %s, revision %s, %s", orDash(r.Verdict), ruleOrNone(r.Policy, r.Rule), orDash(r.Revision), r.Time.Local().Format(time.DateTime))
	}
	s.coloured("verdict", actionColour(e.Verdict), "%s by %s, revision %s", e.Verdict, ruleOrNone(e.Policy, e.Rule), e.Revision)
	for _, part := range []struct{ name, text string }{
		{"because", e.Reason}, {"message", e.Message}, {"detail", e.Detail}, {"hint", e.Hint}, {"approvers", e.Approvers},
	} {
		if part.text != "" {
			s.line(part.name, "%s", part.text)
		}
	}
	for _, w := range e.Warnings {
		s.coloured("warning", terminal.Yellow, "%s", w)
	}
	for _, w := range e.Audited {
		s.coloured("audit", terminal.Yellow, "%s", w)
	}
	for _, l := range e.Limits {
		s.coloured("limit", terminal.Yellow, "%s", l)
	}
	for _, n := range e.Notes {
		s.coloured("note", terminal.Yellow, "%s", n)
	}
	for i := range e.Policies {
		explainPolicy(s, &e.Policies[i])
	}
	for _, m := range e.Masks {
		explainMask(s, m)
	}
	return s.b.String()
}

func explainPolicy(s *sheet, p *console.ExplainedPolicy) {
	say := func(indent int, colour terminal.Colour, mark, format string, args ...any) {
		s.b.WriteString(strings.Repeat("  ", indent) + s.screen.Paint(colour, mark) + " " + terminal.OneLine(fmt.Sprintf(format, args...)) + "\n")
	}
	s.b.WriteByte('\n')
	mode := ""
	if p.Mode != string(policy.Enforce) {
		mode = " (" + p.Mode + ")"
	}
	if p.Selected != "Yes" {
		say(0, terminal.Dim, "-", "policy %s%s does not select the connection: %s", p.Name, mode, p.Why)
		for _, id := range p.Identities {
			say(1, terminal.Dim, "-", "identity %s: %s: %s", id.Name, id.Matched, strings.Join(id.Why, "; "))
		}
		return
	}
	say(0, terminal.Green, "+", "policy %s%s selects the connection: %s", p.Name, mode, p.Why)
	for _, g := range p.Guards {
		colour, mark := terminal.Dim, "-"
		verb := "did not match"
		if g.Matched {
			colour, mark, verb = actionColour(g.Action), "+", "matched"
		}
		if g.Decided {
			verb += " and decided"
		}
		about := g.About
		if g.When != "" {
			about += ", when " + g.When
		}
		if g.Limit != "" {
			about += ", at most " + g.Limit
		}
		if g.Rate != "" {
			about += ", faster than " + g.Rate
		}
		if g.Pack != "" {
			about += ", of pack " + g.Pack
		}
		if g.Note != "" {
			say(1, terminal.Dim, "-", "guard %s (%s: %s) is not asked: %s", g.Name, g.Action, about, g.Note)
			continue
		}
		say(1, colour, mark, "guard %s (%s: %s) %s", g.Name, g.Action, about, verb)
		for _, st := range g.Statements {
			what := fmt.Sprintf("statement %d", st.Statement+1)
			if st.Prepared {
				what += ", prepared"
			}
			say(2, terminal.Dim, "·", "%s: %s", what, st.Why)
		}
	}
	if len(p.Masks) > 0 {
		say(1, terminal.Magenta, "+", "masks %s", strings.Join(p.Masks, ", "))
	}
}

func explainMask(s *sheet, m console.ExplainedMask) {
	name := fmt.Sprintf("masks of %d", m.Statement+1)
	switch {
	case m.Refused:
		s.coloured(name, terminal.Red, "refused by %s: %s", m.Rule, m.Why)
	case len(m.Columns) > 0:
		s.coloured(name, terminal.Magenta, "%s", strings.Join(m.Columns, ", "))
	case m.Touches:
		s.coloured(name, terminal.Magenta, "the result is compared with the masks column by column")
	default:
		s.line(name, "nothing of this statement is masked")
	}
	for i, o := range m.Outputs {
		explainOutput(s, i, o)
	}
}

// explainOutput tells where a column of a result comes from and what is done with it.
func explainOutput(s *sheet, i int, o console.ExplainedOutput) {
	name := fmt.Sprintf("column %d", i+1)
	what := o.Name
	if o.Many {
		what += " (several)"
	}
	if what == "" {
		what = "(without a name)"
	}
	from := "from no column"
	if len(o.Columns) > 0 {
		from = "from " + strings.Join(o.Columns, ", ")
	}
	if o.Mask == "" {
		s.line(name, "%s: %s, %s, as it is", what, strings.ToLower(o.Class), from)
		return
	}
	text := fmt.Sprintf("%s: %s, %s, %s by %s", what, strings.ToLower(o.Class), from, o.Mask, o.Rule)
	if o.Why != "" {
		text += ": " + o.Why
	}
	s.coloured(name, terminal.Magenta, "%s", text)
}

func ruleOrNone(policyName, rule string) string {
	switch {
	case rule == "":
		return "no rule"
	case policyName == "":
		return rule
	}
	return policyName + "/" + rule
}

func actionColour(action string) terminal.Colour {
	switch action {
	case "Allow":
		return terminal.Green
	case "Deny":
		return terminal.Red
	case "Warn", "RequireApproval":
		return terminal.Yellow
	}
	return terminal.Cyan
}
