package terminal

import (
	"fmt"
	"strings"
)

// Cell is a field of a table.
type Cell struct {
	Text   string // made safe by the table
	Colour Colour
}

// Table is printed at once, each column as wide as its widest field.
type Table struct {
	Head  []string
	Rows  [][]Cell
	Right []bool // columns whose fields stand on the right
}

// Add appends a row of plain fields.
func (t *Table) Add(fields ...string) {
	row := make([]Cell, len(fields))
	for i, f := range fields {
		row[i].Text = f
	}
	t.Rows = append(t.Rows, row)
}

// Print writes the table. The last column is cut at the edge of a terminal.
func (t *Table) Print(s *Screen) error {
	widths := make([]int, len(t.Head))
	for i, h := range t.Head {
		widths[i] = Width(h)
	}
	for _, row := range t.Rows {
		for i := range row {
			row[i].Text = OneLine(row[i].Text)
			if i < len(widths) {
				widths[i] = max(widths[i], Width(row[i].Text))
			}
		}
	}
	head := make([]Cell, len(t.Head))
	for i, h := range t.Head {
		head[i] = Cell{Text: h, Colour: Bold}
	}
	var b strings.Builder
	for _, row := range append([][]Cell{head}, t.Rows...) {
		t.line(&b, s, row, widths)
	}
	if _, err := fmt.Fprint(s, b.String()); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return nil
}

func (t *Table) line(b *strings.Builder, s *Screen, row []Cell, widths []int) {
	used := 0
	for i, cell := range row {
		text := cell.Text
		last := i == len(row)-1
		right := i < len(t.Right) && t.Right[i]
		if i > 0 {
			b.WriteString("  ")
			used += 2
		}
		switch {
		case last && !right && s.Width > 0:
			text = Cut(text, max(s.Width-used, 8))
			b.WriteString(s.Paint(cell.Colour, text))
		case last && !right:
			b.WriteString(s.Paint(cell.Colour, text))
		case right:
			b.WriteString(strings.Repeat(" ", max(widths[i]-Width(text), 0)))
			b.WriteString(s.Paint(cell.Colour, text))
		default:
			b.WriteString(s.Paint(cell.Colour, text))
			b.WriteString(strings.Repeat(" ", max(widths[i]-Width(text), 0)))
		}
		used += widths[i]
	}
	b.WriteByte('\n')
}
