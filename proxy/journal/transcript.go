package journal

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Transcript writes the records of one session as psql would have shown it: the
// prompt and the statement, rows where they were recorded, the command tag,
// errors with their DETAIL and HINT. What psql does not say (masked columns,
// rows that were not kept, a statement without an end) is in a comment. Control
// characters and those that steer a terminal are escaped.
func Transcript(w io.Writer, records iter.Seq2[*Record, error]) error {
	t := &transcript{w: bufio.NewWriter(w), open: make(map[uint64]*Record)}
	for r, err := range records {
		if err != nil {
			return err
		}
		t.record(r)
	}
	for _, seq := range t.order {
		if b := t.open[seq]; b != nil {
			t.statement(b)
			t.comment("no end is on record: weir or the connection went away")
		}
	}
	if err := t.w.Flush(); err != nil {
		return fmt.Errorf("writing the transcript: %w", err)
	}
	return nil
}

type transcript struct {
	w    *bufio.Writer
	open map[uint64]*Record // statements without an end yet
	// order is how they began; pipelined ones end later.
	order []uint64
}

// line writes one line; the writer keeps an error for Flush.
func (t *transcript) line(format string, args ...any) {
	_, _ = fmt.Fprintf(t.w, format+"\n", args...)
}

func (t *transcript) comment(format string, args ...any) {
	t.line("-- "+format, args...)
}

func (t *transcript) record(r *Record) {
	switch r.Kind {
	case KindSessionStart:
		who := "?"
		if r.Identity != nil {
			who = shown(r.Identity.Subject)
		}
		t.comment("session %s: %s as %s to %s, %s", shown(r.Session), who, orNone(shown(r.User)), orNone(shown(r.Database)), r.Time.Local().Format("2006-01-02 15:04:05 MST"))
	case KindSessionEnd:
		t.comment("ended %s%s", r.Time.Local().Format("15:04:05"), prefixed(": ", shown(r.Reason)))
	case KindStatementBegin:
		t.open[r.Seq] = r
		t.order = append(t.order, r.Seq)
	case KindStatementEnd:
		if b := t.open[r.Statement]; b != nil {
			t.statement(b)
			delete(t.open, r.Statement)
		} else {
			t.comment("the begin of this statement is not among the records")
		}
		t.end(r)
	case KindStatementDenied:
		t.statement(r)
		t.failure(r, "ERROR")
	case KindNotice, KindStatementHeld, KindApprovalRequested, KindApprovalUsed:
		t.event(r)
	}
	if len(t.order) > 64 && len(t.open) == 0 {
		t.order = t.order[:0]
	}
}

// event shows what the client saw of it as a notice.
func (t *transcript) event(r *Record) {
	if r.Message == "" {
		return
	}
	// It came while the statement it is about was waiting.
	t.failure(r, "NOTICE")
}

func orNone(s string) string {
	if s == "" {
		return "?"
	}
	return s
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func (t *transcript) statement(r *Record) {
	name := orNone(shown(r.Database))
	text := shownLines(strings.TrimRight(r.Text, " \t\r\n"))
	for i, l := range text {
		prompt := name + "=> "
		if i > 0 {
			prompt = name + "-> "
		}
		if i == len(text)-1 && !strings.HasSuffix(l, ";") {
			l += ";"
		}
		t.line("%s%s", prompt, l)
	}
	if r.TextBytes > 0 {
		t.comment("the text is longer: %d bytes", r.TextBytes)
	}
	if len(r.Params) > 0 {
		var all []string
		for i, p := range r.Params {
			v := shown(p.String())
			if !p.Null {
				v = "'" + v + "'"
			}
			all = append(all, fmt.Sprintf("$%d = %s", i+1, v))
		}
		if r.ParamsCut {
			all = append(all, "...")
		}
		t.comment("%s", strings.Join(all, ", "))
	}
	for _, w := range r.Warnings {
		t.line("WARNING:  %s", shown(w))
	}
	for _, a := range r.Audited {
		t.comment("rule %s would have refused this", shown(a))
	}
}

func (t *transcript) end(r *Record) {
	if len(r.Columns) > 0 {
		t.table(r)
	}
	switch {
	case r.Message != "" || r.SQLState != "":
		t.failure(r, "ERROR")
	case r.Outcome == OutcomeUnknown:
		t.comment("the connection was lost before an answer")
	case len(r.Columns) == 0 && strings.HasPrefix(r.Tag, "SELECT"):
		t.line("(%s)", rows(r.Rows))
		t.line("")
	case len(r.Columns) == 0 && r.Tag != "":
		t.line("%s", shown(r.Tag))
	}
	if len(r.Masked) > 0 {
		t.comment("masked: %s", shown(strings.Join(r.Masked, ", ")))
	}
}

func (t *transcript) failure(r *Record, severity string) {
	if r.Severity != "" {
		severity = shown(r.Severity)
	}
	message := r.Message
	if message == "" {
		message = "SQLSTATE " + r.SQLState
	}
	for _, f := range []struct{ label, text string }{{severity, message}, {"DETAIL", r.Detail}, {"HINT", r.Hint}} {
		if f.text != "" {
			t.line("%s:  %s", f.label, strings.Join(shownLines(f.text), "\n"))
		}
	}
}

func rows(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return strconv.FormatInt(n, 10) + " rows"
}

// table writes the rows as psql's aligned format does: headers in the middle,
// numbers to the right, lines of a value that has several marked with +.
func (t *transcript) table(r *Record) {
	columns := len(r.Columns)
	cells := make([][][]string, 0, len(r.Result)+1)
	header := make([][]string, columns)
	width, right := make([]int, columns), make([]bool, columns)
	for c, name := range r.Columns {
		header[c] = shownLines(name)
		width[c] = widest(header[c])
		right[c] = len(r.Result) > 0
	}
	for _, values := range r.Result {
		row := make([][]string, columns)
		for c := range columns {
			if c < len(values) && !values[c].Null {
				text := values[c].String()
				row[c] = shownLines(text)
				right[c] = right[c] && numeric(text)
			} else {
				row[c] = []string{""}
			}
			width[c] = max(width[c], widest(row[c]))
		}
		cells = append(cells, row)
	}
	t.row(header, width, nil, true)
	var rule []string
	for _, w := range width {
		rule = append(rule, strings.Repeat("-", w+2))
	}
	t.line("%s", strings.Join(rule, "+"))
	for _, row := range cells {
		t.row(row, width, right, false)
	}
	t.line("(%s)", rows(r.Rows))
	if kept := int64(len(r.Result)); kept < r.Rows || r.ResultCut {
		t.comment("only the first %s on record", map[bool]string{true: "row is", false: strconv.FormatInt(kept, 10) + " rows are"}[kept == 1])
	}
	t.line("")
}

func (t *transcript) row(cells [][]string, width []int, right []bool, center bool) {
	height := 1
	for _, c := range cells {
		height = max(height, len(c))
	}
	for i := range height {
		var b strings.Builder
		for c := range cells {
			text := ""
			if i < len(cells[c]) {
				text = cells[c][i]
			}
			space := width[c] - cellWidth(text)
			left := 0
			switch {
			case center:
				left = space / 2
			case right[c]:
				left = space
			}
			more := i+1 < len(cells[c])
			last := c == len(cells)-1
			b.WriteByte(' ')
			b.WriteString(strings.Repeat(" ", left))
			b.WriteString(text)
			if !last || more || center {
				b.WriteString(strings.Repeat(" ", space-left))
			}
			switch {
			case more:
				b.WriteByte('+')
			case !last || center:
				b.WriteByte(' ')
			}
			if !last {
				b.WriteByte('|')
			}
		}
		t.line("%s", b.String())
	}
}

func numeric(s string) bool {
	if s == "" {
		return true
	}
	for i, c := range []byte(s) {
		if (c < '0' || c > '9') && (c != '-' || i > 0) && c != '.' && c != 'e' && c != '+' {
			return false
		}
	}
	return s[0] != 'e'
}

func widest(lines []string) int {
	w := 0
	for _, l := range lines {
		w = max(w, cellWidth(l))
	}
	return w
}

// cellWidth is how many columns of a terminal s takes: two for the wide
// characters of East Asia, none for marks.
func cellWidth(s string) int {
	w := 0
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
		case r >= 0x1100 && (r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 ||
			r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 ||
			r >= 0xffe0 && r <= 0xffe6 || r >= 0x1f300 && r <= 0x1faff || r >= 0x20000 && r <= 0x3fffd):
			w += 2
		default:
			w++
		}
	}
	return w
}

func shownLines(s string) []string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = shown(lines[i])
	}
	return lines
}

// shown escapes what steers a terminal, the way psql does where it does: \x1B,
// \u202E.
func shown(s string) string {
	clean := true
	for _, r := range s {
		if r != utf8.RuneError && unicode.IsPrint(r) {
			continue
		}
		clean = false
		break
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1, r < 0x20, r == 0x7f:
			if r == '\t' {
				b.WriteString("        "[:8-b.Len()%8])
			} else {
				fmt.Fprintf(&b, `\x%02X`, s[i])
			}
		case unicode.IsPrint(r), r == 0xa0:
			b.WriteString(s[i : i+size])
		default:
			fmt.Fprintf(&b, `\u%04X`, r)
		}
		i += size
	}
	return b.String()
}
