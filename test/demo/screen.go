package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// screen writes for a reader: with colours where it is a terminal.
type screen struct {
	out      io.Writer
	terminal bool
	colours  bool
	width    int
	act      int
}

// The colours used (ECMA-48, select graphic rendition).
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

// newScreen finds out what out is. Without a terminal it writes 120 columns, without
// colours.
func newScreen(out *os.File, width int) *screen {
	s := &screen{out: out, width: 120}
	if size, err := unix.IoctlGetWinsize(int(out.Fd()), unix.TIOCGWINSZ); err == nil {
		s.terminal = true
		s.colours = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		if size.Col > 0 {
			s.width = int(size.Col)
		}
	}
	if width > 0 {
		s.width = width
	}
	return s
}

func (s *screen) paint(colour, text string) string {
	if !s.colours || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

func (s *screen) line(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// title opens the show.
func (s *screen) title(text, versions string) {
	s.line("\n%s\n%s\n", s.paint(bold, text), s.paint(dim, versions))
}

// heading opens an act.
func (s *screen) heading(title, explanation string) {
	s.act++
	s.line("\n%s %s", s.paint(bold+";"+cyan, fmt.Sprintf("%d", s.act)), s.paint(bold, title))
	for _, l := range strings.Split(explanation, "\n") {
		s.line("  %s", s.paint(dim, l))
	}
	s.line("")
}

// command shows what is typed.
func (s *screen) command(text string) {
	s.line("  %s %s", s.paint(green, "$"), s.paint(bold, text))
}

// note says something aside.
func (s *screen) note(text string) { s.line("  %s", text) }

// check says what was verified.
func (s *screen) check(text string) {
	s.line("  %s %s", s.paint(green, "✓"), text)
}

// stage runs f and says so, at once on a terminal, and after two seconds elsewhere.
func (s *screen) stage(what string, f func() (string, error)) error {
	start := time.Now()
	done := make(chan struct{})
	told := make(chan struct{})
	go func() {
		defer close(told)
		s.tell(what, start, done)
	}()
	result, err := f()
	close(done)
	<-told
	mark := s.paint(green, "✓")
	if err != nil {
		mark = s.paint(red, "✗")
	}
	if result == "" {
		result = what
	}
	if s.terminal {
		fmt.Fprint(s.out, "\r\x1b[K")
	}
	s.line("  %s %s %s", mark, pad(result, 74), s.paint(dim, fmt.Sprintf("%.1f s", time.Since(start).Seconds())))
	return err
}

// tell shows that something goes on until done is closed.
func (s *screen) tell(what string, start time.Time, done <-chan struct{}) {
	every, frames := 2*time.Second, []string{"…"}
	if s.terminal {
		every, frames = 120*time.Millisecond, []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}
		fmt.Fprintf(s.out, "  %s %s", frames[0], what)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for i := 1; ; i++ {
		select {
		case <-done:
			return
		case <-tick.C:
			if s.terminal {
				fmt.Fprintf(s.out, "\r\x1b[K  %s %s %s", s.paint(cyan, frames[i%len(frames)]), what,
					s.paint(dim, fmt.Sprintf("%.0f s", time.Since(start).Seconds())))
			} else {
				s.line("  … %s (%.0f s)", what, time.Since(start).Seconds())
			}
		}
	}
}

// missing says why there is nothing to show.
func (s *screen) missing(list []string) {
	s.line("\n%s\n", s.paint(bold, "The demo cannot run on this machine. What is missing:"))
	for _, m := range list {
		what, rest, _ := strings.Cut(m, ": ")
		s.line("  %s %s: %s", s.paint(red, "✗"), s.paint(bold, what), rest)
	}
	s.line("")
}

func (s *screen) failed(err error) {
	s.line("\n%s\n%s", s.paint(bold+";"+red, "The demo failed."), indent(err.Error(), "  "))
}

func (s *screen) close(took time.Duration) {
	s.line("\n%s\n", s.paint(dim, fmt.Sprintf("That was all, in %.0f seconds. Next: README.md has how to install weir and what it does not do.", took.Seconds())))
}

// panel is one side of a comparison.
type panel struct {
	title  string
	lines  []string
	colour string // of the title
}

// beside shows two panels next to each other, or one below the other where they do
// not fit. paint, when set, colours a line of the right one.
func (s *screen) beside(left, right panel, paint func(row int, line string) string) {
	if paint == nil {
		paint = func(_ int, line string) string { return line }
	}
	lw, rw := widest(left), widest(right)
	if 2+lw+5+rw > s.width {
		for i, p := range []panel{left, right} {
			s.line("  %s", s.paint(p.colour, "── "+p.title))
			for row, l := range p.lines {
				if i == 1 {
					l = paint(row, l)
				}
				s.line("  %s", l)
			}
			s.line("")
		}
		return
	}
	bar := s.paint(dim, "│")
	s.line("  %s  %s  %s", s.paint(left.colour, pad(left.title, lw)), bar, s.paint(right.colour, right.title))
	s.line("  %s", s.paint(dim, strings.Repeat("─", lw+2)+"┼"+strings.Repeat("─", rw+2)))
	for row := range max(len(left.lines), len(right.lines)) {
		var l, r string
		if row < len(left.lines) {
			l = left.lines[row]
		}
		if row < len(right.lines) {
			r = paint(row, right.lines[row])
		}
		s.line("  %s  %s  %s", pad(l, lw), bar, r)
	}
	s.line("")
}

func widest(p panel) int {
	w := utf8.RuneCountInString(p.title)
	for _, l := range p.lines {
		w = max(w, utf8.RuneCountInString(l))
	}
	return w
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+by)
}

// wrap breaks lines at blanks so that they fit into width.
func wrap(text string, width int) []string {
	var lines []string
	for _, l := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		for utf8.RuneCountInString(l) > width {
			cut := strings.LastIndex(string([]rune(l)[:width]), " ")
			if cut < width/3 {
				cut = len(string([]rune(l)[:width]))
			}
			lines = append(lines, l[:cut])
			l = "    " + strings.TrimLeft(l[cut:], " ")
		}
		lines = append(lines, l)
	}
	return lines
}

// differing paints the cells of psql's row that are not the same on the other side.
func (s *screen) differing(other []string) func(int, string) string {
	return func(row int, line string) string {
		if row >= len(other) || !strings.Contains(line, "|") {
			return line
		}
		theirs, cells := strings.Split(other[row], "|"), strings.Split(line, "|")
		for i, cell := range cells {
			if i < len(theirs) && strings.TrimSpace(theirs[i]) != strings.TrimSpace(cell) {
				cells[i] = s.paint(yellow, cell)
			}
		}
		return strings.Join(cells, "|")
	}
}

// clip cuts a line that a terminal would break, less what is already taken of it.
// Elsewhere lines stay whole.
func (s *screen) clip(line string, taken int) string {
	runes := []rune(line)
	if !s.terminal || len(runes) <= s.width-taken {
		return line
	}
	return string(runes[:max(0, s.width-taken-1)]) + "…"
}

// verdict colours what was decided in a line of `weir observe` or of a transcript.
func (s *screen) verdict(line string) string {
	for _, v := range []struct{ word, colour string }{
		{" Deny ", red}, {" RequireApproval ", yellow}, {" Allow ", green}, {"ERROR:", red},
	} {
		if before, after, ok := strings.Cut(line, v.word); ok {
			return before + s.paint(v.colour, v.word) + after
		}
	}
	return line
}
