package lineage

import (
	"fmt"
	"slices"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/mask"
)

// Field is one column of a RowDescription.
type Field struct {
	TableOID uint32 // 0 for what is not a relation's own column
	Column   int16  // its number in that relation
	TypeOID  uint32
	TypeMod  int32
	Format   int16
}

// Row says how the rows of one result are masked.
type Row struct {
	// Cells has one entry for each field, nil for one that passes. The cells
	// keep buffers: they are for one goroutine.
	Cells []*mask.Cell
	// Columns are the names of the masked columns, in the fields' order.
	Columns []string
	// Unexpected are masked columns that the judgement of the statement did
	// not foresee, or that came without their origin. They are masked, and
	// should be reported.
	Unexpected []string
	// Unknown are the oids of relations that the snapshot does not have, or has
	// with other columns: the session's own new ones, or the snapshot is old.
	Unknown []uint32
}

// Any says whether anything is masked.
func (r *Row) Any() bool { return len(r.Columns) > 0 }

// Row decides by the origins that a RowDescription gives. plan is the judgement
// of the statement whose result it is, nil if it is not at hand.
func (m *Masks) Row(plan *Plan, fields []Field) (Row, error) {
	var row Row
	if m.Empty() {
		return row, nil
	}
	if plan != nil && plan.Refused {
		return row, fmt.Errorf("a result of a statement that was refused: %s", plan.Message)
	}
	for i := range fields {
		f := &fields[i]
		col, expected := m.origin(plan, i, f)
		if col == nil {
			if !m.known(f) && !slices.Contains(row.Unknown, f.TableOID) {
				row.Unknown = append(row.Unknown, f.TableOID)
			}
			continue
		}
		if row.Cells == nil {
			row.Cells = make([]*mask.Cell, len(fields))
		}
		row.Cells[i] = m.cell(col, f)
		row.Columns = append(row.Columns, col.name)
		if !expected {
			row.Unexpected = append(row.Unexpected, col.name)
		}
	}
	return row, nil
}

// known says whether the snapshot has a field's origin, or it has none.
func (m *Masks) known(f *Field) bool {
	if f.TableOID == 0 || f.Column <= 0 { // system columns have negative numbers
		return true
	}
	r := m.snapshot.Relation(f.TableOID)
	return r != nil && slices.ContainsFunc(r.Columns, func(c catalog.Column) bool { return c.Number == f.Column })
}

// origin finds the masked column of a field, nil for none, and says whether the
// judgement foresaw it.
func (m *Masks) origin(plan *Plan, i int, f *Field) (col *column, expected bool) {
	if r := m.relations[f.TableOID]; r != nil {
		col = r.columns[f.Column]
	}
	if plan == nil {
		return col, true
	}
	if col != nil {
		return col, plan.Touches
	}
	if f.TableOID == 0 {
		return plan.expect[i], false
	}
	return nil, true
}

// cell prepares a column's mask for a field. What could not be masked shows
// nothing.
func (m *Masks) cell(col *column, f *Field) *mask.Cell {
	typeOID, element, elementType := m.snapshot.Wire(f.TypeOID)
	masker := col.masker
	if col.unknown != "" {
		masker = m.null
	}
	return masker.Cell(mask.Column{
		TypeOID: typeOID, TypeMod: f.TypeMod, Format: f.Format, Element: element, ElementType: elementType,
	})
}
