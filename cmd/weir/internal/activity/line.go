package activity

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/weirgate/weir/cmd/weir/internal/terminal"
	"github.com/weirgate/weir/proxy/console"
	"github.com/weirgate/weir/proxy/journal"
)

// Printer writes entries as aligned lines. Its columns grow with what they have
// held, since what comes later is not known.
type Printer struct {
	screen *terminal.Screen
	zone   *time.Location
	wide   bool // texts are not shortened
	ids    bool // with the statement's id, for `weir policy explain`
	widths [columns]int
	day    string
	headed bool
}

// The columns in front of the text.
const (
	columnTime = iota
	columnID
	columnWorkload
	columnDatabase
	columnVerdict
	columnRule
	columnDuration
	columns
)

// shortText is how much of a text is shown where there is no terminal with a
// width.
const shortText = 160

// clock is how a moment of the day is shown.
const clock = "15:04:05.000"

// maxColumn is how wide a column can become.
const maxColumn = 32

// Options of a Printer.
type Options struct {
	Zone *time.Location
	Wide bool // show texts whole
	IDs  bool // show each statement's id
}

// NewPrinter returns a printer for a screen.
func NewPrinter(s *terminal.Screen, o Options) *Printer {
	p := &Printer{screen: s, zone: o.Zone, wide: o.Wide, ids: o.IDs}
	if p.zone == nil {
		p.zone = time.Local
	}
	p.widths = [columns]int{columnTime: 12, columnWorkload: 16, columnDatabase: 8, columnVerdict: 7, columnRule: 8, columnDuration: 8}
	if p.ids {
		p.widths[columnID] = 16
	}
	return p
}

// Measure makes the columns wide enough for an entry that is printed later.
func (p *Printer) Measure(e Entry) {
	if !e.Statement() {
		return
	}
	cells, _ := p.cells(e)
	for i, c := range cells {
		p.widths[i] = max(p.widths[i], terminal.Width(fitted(c.text)))
	}
}

// Print writes one entry.
func (p *Printer) Print(e Entry) error {
	var b strings.Builder
	p.Measure(e)
	p.head(&b)
	p.newDay(&b, e.First.Time.In(p.zone))
	p.entry(&b, e)
	if _, err := fmt.Fprint(p.screen, b.String()); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return nil
}

func (p *Printer) head(b *strings.Builder) {
	if p.headed {
		return
	}
	p.headed = true
	p.row(b, [columns]cell{
		columnTime: {text: "TIME"}, columnID: {text: "STATEMENT"}, columnWorkload: {text: "WORKLOAD"}, columnDatabase: {text: "DATABASE"},
		columnVerdict: {text: "VERDICT"}, columnRule: {text: "RULE"}, columnDuration: {text: "DURATION", right: true},
	}, cell{text: "ROWS", right: true}, "TEXT", "", terminal.Bold)
}

func (p *Printer) newDay(b *strings.Builder, t time.Time) {
	day := t.Format(time.DateOnly)
	if day == p.day {
		return
	}
	p.day = day
	b.WriteString(p.screen.Paint(terminal.Dim, "-- "+day+" "+t.Format("MST")))
	b.WriteByte('\n')
}

type cell struct {
	text   string
	colour terminal.Colour
	right  bool
}

func (p *Printer) entry(b *strings.Builder, e Entry) {
	r := e.First
	if !e.Statement() {
		b.WriteString(p.screen.Paint(terminal.Dim, terminal.Cut(r.Time.In(p.zone).Format(clock)+"  "+event(r), p.screen.Width)))
		b.WriteByte('\n')
		return
	}
	c, rows := p.cells(e)
	note, colour := remark(e)
	text := terminal.OneLine(r.Text)
	if r.Hidden || r.TextBytes > int64(len(r.Text)) {
		text += " …"
	}
	p.row(b, c, rows, text, note, colour)
}

// cells are the columns of a statement.
func (p *Printer) cells(e Entry) (c [columns]cell, rows cell) {
	r := e.First
	c = [columns]cell{
		columnTime:     {text: r.Time.In(p.zone).Format(clock), colour: terminal.Dim},
		columnWorkload: {text: subject(r)},
		columnDatabase: {text: orDash(r.Database)},
		columnVerdict:  {text: orDash(r.Verdict), colour: verdictColour(r)},
		columnRule:     {text: orDash(r.Rule)},
		columnDuration: {right: true},
	}
	if p.ids {
		c[columnID] = cell{text: StatementID(r), colour: terminal.Dim}
	}
	rows.right = true
	if e.End != nil {
		c[columnDuration].text = Duration(e.End.Duration())
		rows.text = strconv.FormatInt(e.End.Rows, 10)
	}
	return c, rows
}

// fitted makes the text of a column safe and short enough.
func fitted(text string) string { return terminal.Cut(terminal.OneLine(text), maxColumn) }

// row writes the columns, the rows, the text and a remark on it. On a terminal
// the text is cut so that the remark is seen.
func (p *Printer) row(b *strings.Builder, cells [columns]cell, rows cell, text, note string, colour terminal.Colour) {
	used := 0
	head := note == "" && text == "TEXT"
	for i, c := range cells {
		if i == columnID && !p.ids {
			continue
		}
		c.text = fitted(c.text)
		if head {
			c.colour = colour
		}
		p.field(b, c, p.widths[i])
		used += p.widths[i] + 2
	}
	const rowsWidth = 6
	if head {
		rows.colour = colour
	}
	p.field(b, rows, rowsWidth)
	used += max(rowsWidth, terminal.Width(rows.text)) + 2
	text, note = p.fit(text, terminal.OneLine(note), used)
	switch {
	case head:
		b.WriteString(p.screen.Paint(colour, text))
	case note == "":
		b.WriteString(text)
	default:
		b.WriteString(text)
		b.WriteString(p.screen.Paint(colour, "  -- "+note))
	}
	b.WriteByte('\n')
}

func (p *Printer) field(b *strings.Builder, c cell, width int) {
	fill := strings.Repeat(" ", max(width-terminal.Width(c.text), 0))
	if c.right {
		b.WriteString(fill)
	}
	b.WriteString(p.screen.Paint(c.colour, c.text))
	if !c.right {
		b.WriteString(fill)
	}
	b.WriteString("  ")
}

// fit shortens text and note to what is left of the line.
func (p *Printer) fit(text, note string, used int) (string, string) {
	const separator = 5 // "  -- "
	if p.wide {
		return text, note
	}
	if p.screen.Width == 0 {
		return terminal.Cut(text, shortText), note
	}
	left := max(p.screen.Width-used, 20)
	if note == "" {
		return terminal.Cut(text, left), ""
	}
	left = max(left-separator, 20)
	textWidth, noteWidth := terminal.Width(text), terminal.Width(note)
	if textWidth+noteWidth > left {
		noteWidth = min(noteWidth, max(left/2, left-textWidth))
		textWidth = left - noteWidth
	}
	return terminal.Cut(text, textWidth), terminal.Cut(note, noteWidth)
}

// remark is what matters about a statement besides its columns.
func remark(e Entry) (string, terminal.Colour) {
	r := e.First
	switch {
	case r.Kind == journal.KindStatementHeld:
		return "waits for approval " + r.Approval, terminal.Yellow
	case r.Kind == journal.KindStatementDenied:
		return message(r), terminal.Red
	case e.End == nil:
		return "no end is on record yet", terminal.Yellow
	case e.End.Outcome == journal.OutcomeFailed:
		return message(e.End), terminal.Red
	case e.End.Outcome == journal.OutcomeUnknown:
		return "the connection was lost before an answer", terminal.Red
	case len(e.End.Masked) > 0:
		return "masked: " + strings.Join(e.End.Masked, ", "), terminal.Magenta
	case r.Approval != "":
		return "approved: " + r.Approval, terminal.Yellow
	case len(r.Audited) > 0:
		return "would have been refused by " + strings.Join(r.Audited, ", "), terminal.Yellow
	case len(r.Warnings) > 0:
		return strings.Join(r.Warnings, "; "), terminal.Yellow
	}
	return "", terminal.Plain
}

// message gives an error as psql would begin it.
func message(r *journal.Record) string {
	s := r.Message
	if r.SQLState != "" {
		s = r.SQLState + " " + s
	}
	return strings.TrimSpace(s)
}

func verdictColour(r *journal.Record) terminal.Colour {
	switch r.Verdict {
	case "Allow":
		return terminal.Green
	case "Deny":
		return terminal.Red
	case "Warn", "RequireApproval":
		return terminal.Yellow
	}
	return terminal.Cyan
}

// event tells what happened in a record that is about no statement.
func event(r *journal.Record) string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+terminal.OneLine(value))
		}
	}
	switch r.Kind {
	case console.KindLost:
		return r.Data["records"] + " records passed too fast to be shown; they are in the journal"
	case journal.KindSessionStart:
		parts = append(parts, "session "+r.Session+" begins:")
	case journal.KindSessionEnd:
		parts = append(parts, "session "+r.Session+" ends:")
	default:
		parts = append(parts, string(r.Kind))
	}
	if r.Identity != nil {
		add("", r.Identity.Subject)
	}
	add("database ", r.Database)
	add("as ", r.User)
	add("server ", r.Server)
	add("approval ", r.Approval)
	add("rule ", r.Rule)
	add("revision ", r.Revision)
	add("", r.Message)
	add("", r.Reason)
	for _, k := range sortedKeys(r.Data) {
		add(terminal.OneLine(k)+"=", r.Data[k])
	}
	return strings.Join(parts, " ")
}

// StatementID names a statement for other commands.
func StatementID(r *journal.Record) string {
	return r.Session + "/" + strconv.FormatUint(r.Seq, 10)
}

func subject(r *journal.Record) string {
	if r.Identity == nil {
		return "-"
	}
	return orDash(r.Identity.Subject)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// Duration gives a duration with three digits or so.
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "-"
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2fms", float64(d)/float64(time.Millisecond))
	case d < time.Second:
		return fmt.Sprintf("%.0fms", float64(d)/float64(time.Millisecond))
	case d < time.Minute:
		return fmt.Sprintf("%.2fs", d.Seconds())
	default:
		return d.Round(time.Second).String()
	}
}
