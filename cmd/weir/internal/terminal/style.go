package terminal

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Colour is one of the terminal's own colours, so that it fits its theme.
type Colour string

// The colours (ECMA-48, select graphic rendition).
const (
	Plain   Colour = ""
	Bold    Colour = "1"
	Dim     Colour = "2"
	Reverse Colour = "7"
	Red     Colour = "31"
	Green   Colour = "32"
	Yellow  Colour = "33"
	Blue    Colour = "34"
	Magenta Colour = "35"
	Cyan    Colour = "36"
)

// Screen is where a command writes.
type Screen struct {
	io.Writer
	// Colours says whether colours are wanted.
	Colours bool
	// Width is the number of columns, 0 when lines may be of any length.
	Width int
	// Terminal says that a person sees the output as it comes.
	Terminal bool
}

// NewScreen looks at where w leads. Colours go to terminals only, and not when
// NO_COLOR is set (no-color.org) or TERM is "dumb"; a width is known for terminals
// only, so that what goes into a pipe is whole.
func NewScreen(w io.Writer, getenv func(string) string) *Screen {
	s := &Screen{Writer: w}
	file, ok := w.(*os.File)
	if !ok {
		return s
	}
	size, err := unix.IoctlGetWinsize(int(file.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return s
	}
	s.Terminal = true
	s.Width = int(size.Col)
	s.Colours = getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
	return s
}

// Paint gives text in a colour, or as it is where colours are not wanted.
func (s *Screen) Paint(c Colour, text string) string {
	if !s.Colours || c == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}
