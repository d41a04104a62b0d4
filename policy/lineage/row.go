package lineage

import (
	"fmt"
	"slices"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/mask"
)

// Field is one column of a RowDescription.
type Field struct {
	Name     string
	TableOID uint32 // 0 for what is not a relation's own column
	Column   int16  // its number in that relation, 0 for the whole row
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
	// not foresee, or that came from elsewhere than it said. They are masked, and
	// should be reported.
	Unexpected []string
	// Unknown are the oids of relations that the snapshot does not have, or has
	// with other columns: the session's own new ones, or the snapshot is old.
	Unknown []uint32
}

// Any says whether anything is masked.
func (r *Row) Any() bool { return len(r.Columns) > 0 }

// Row decides by the origins that a RowDescription gives and by the judgement of
// the statement whose result it is: where the two disagree, the stricter holds.
// plan is nil if no judgement is at hand; then what has no origin is not shown.
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
		if !m.known(f) && !slices.Contains(row.Unknown, f.TableOID) {
			row.Unknown = append(row.Unknown, f.TableOID)
		}
		masker, name, expected := m.decide(plan, i, len(fields), f)
		if masker == nil {
			continue
		}
		if row.Cells == nil {
			row.Cells = make([]*mask.Cell, len(fields))
		}
		row.Cells[i] = m.cell(masker, f)
		row.Columns = append(row.Columns, name)
		if !expected {
			row.Unexpected = append(row.Unexpected, name)
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

// decide gives the mask of a field, nil for none, what it hides, and whether the
// judgement foresaw it.
func (m *Masks) decide(plan *Plan, i, n int, f *Field) (masker *mask.Masker, name string, expected bool) {
	if r := m.relations[f.TableOID]; r != nil {
		if col := r.columns[f.Column]; col != nil {
			masker, name = m.maskerOf(col), col.name
		}
	}
	if plan == nil {
		if masker == nil && (f.TableOID == 0 || f.Column == 0) {
			return m.null, "a value of unknown origin", false
		}
		return masker, name, true
	}
	o, unsure := plan.at(i, n)
	if o != nil {
		unsure = []Output{*o}
	}
	expected = masker == nil
	for k := range unsure {
		o := &unsure[k]
		if o.masker == nil {
			continue
		}
		expected = true
		origin := catalog.ColumnRef{Relation: f.TableOID, Column: f.Column}
		if f.TableOID != 0 && f.Column != 0 && (!m.known(f) || f.Column < 0 || o.Many || len(unsure) > 1 || slices.Contains(o.refs, origin)) {
			// The server says where it comes from, and it is one of the columns
			// that the name may mean, or none that the snapshot has.
			continue
		}
		with := m.as(o, f)
		if joined := mask.Join(masker, with); joined != masker {
			masker, name = joined, o.Columns[0]
		}
		if f.TableOID != 0 && f.Column != 0 && !slices.Contains(o.refs, origin) {
			expected = false
		}
	}
	if len(plan.Outputs) == 0 {
		expected = expected || plan.Touches
	}
	return masker, name, expected
}

// maskerOf is a column's mask. What could not be masked shows nothing.
func (m *Masks) maskerOf(col *column) *mask.Masker {
	if col.unknown != "" {
		return m.null
	}
	return col.masker
}

// as gives an output's mask for a field that came without its origin. A copy that
// got another type on the way is no copy any more.
func (m *Masks) as(o *Output, f *Field) *mask.Masker {
	if o.Class == Copy && (f.TableOID == 0 || f.Column == 0) {
		was, _, _ := m.snapshot.Wire(o.typ)
		is, _, _ := m.snapshot.Wire(f.TypeOID)
		if o.typ == 0 || was != is && !(isText(was) && isText(is)) {
			return m.computed(o.masker)
		}
	}
	return o.masker
}

// cell prepares a mask for a field.
func (m *Masks) cell(masker *mask.Masker, f *Field) *mask.Cell {
	typeOID, element, elementType := m.snapshot.Wire(f.TypeOID)
	return masker.Cell(mask.Column{
		TypeOID: typeOID, TypeMod: f.TypeMod, Format: f.Format, Element: element, ElementType: elementType,
	})
}
