package proxy

import (
	"fmt"

	"github.com/weirgate/weir/policy/copydata"
	"github.com/weirgate/weir/policy/lineage"
	"github.com/weirgate/weir/policy/mask"
	"github.com/weirgate/weir/proxy/session"
)

// Copy gives how the data of a COPY to the client are masked.
func (j *judge) Copy(d *session.Decision, place, n int, binary bool) (*session.CopyMask, error) {
	if d == nil || place >= len(d.Statements) || d.Statements[place].Statement == nil || d.Statements[place].Statement.Copy == nil {
		return nil, fmt.Errorf("data of a COPY that was not judged")
	}
	p, ok := d.Private.(*judged)
	if !ok {
		return nil, fmt.Errorf("data of a COPY that was not judged")
	}
	s := p.standing
	wireFormat := mask.TextFormat
	if binary {
		wireFormat = mask.BinaryFormat
	}
	columns := make([]lineage.CopyColumn, n)
	var masked []string
	if !s.masks.Empty() {
		if place >= len(p.plans) {
			return nil, fmt.Errorf("data of a COPY that was not judged")
		}
		var err error
		if columns, masked, err = s.masks.Copy(&p.plans[place], n, wireFormat); err != nil {
			j.catalog.Invalidate()
			return nil, fmt.Errorf("following COPY: %w", err)
		}
	}
	m := &session.CopyMask{Columns: masked, Cells: make([]copydata.Cell, n), Names: make([]string, n)}
	found := false
	for i := range columns {
		c := &columns[i]
		m.Names[i] = c.Name
		cell := c.Cell
		if cell == nil {
			cell = mask.DetectingCell(s.rules.Detectors, mask.Column{
				TypeOID: c.Type, TypeMod: c.TypeMod, Format: wireFormat, Element: c.Element, ElementType: c.ElementType})
		}
		if cell != nil {
			m.Cells[i], found = cell, true
		}
	}
	if !found {
		return nil, nil
	}
	var err error
	if m.Format, err = copydata.FormatOf(d.Statements[place].Statement.Copy); err != nil {
		return nil, fmt.Errorf("data of a COPY with %w", err)
	}
	return m, nil
}
