package catalog

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/weirgate/weir/policy/catalog"
)

// tooLarge is why a tree was not given.
const tooLarge = "its definition is larger than weir reads"

// part takes a row about what belongs to relations, functions and types.
func (r *reader) part(row [][]byte) error {
	switch row[0][0] {
	case 'F':
		return r.inside(row)
	case 'g':
		return r.aggregate(row)
	case 'x':
		return r.expression(row)
	case 'd':
		return r.check(row)
	case 'w':
		return r.rule(row)
	case 'y':
		return r.trigger(row)
	case 'k':
		return r.key(row)
	case 'p':
		return r.primary(row)
	case 'n', 'q':
		return r.belongs(row)
	case 'o':
		return r.operator(row)
	case 'c':
		return r.cast(row)
	case 'm', 'u':
		return r.typePart(row)
	case 'e':
		return r.eventTrigger(row)
	}
	return fmt.Errorf("the answer has a row of unknown kind %q", row[0])
}

// tree reads a tree by parse; one that cannot be read is unread, so that what it
// belongs to counts as doing anything.
func tree(value []byte, parse func(string) (*catalog.Definition, error)) *catalog.Definition {
	if value == nil {
		return &catalog.Definition{Unread: tooLarge}
	}
	d, err := parse(string(value))
	if err != nil {
		return &catalog.Definition{Unread: "it has a definition that weir cannot read: " + err.Error()}
	}
	return d
}

func expressionOf(relation uint32) func(string) (*catalog.Definition, error) {
	return func(text string) (*catalog.Definition, error) { return catalog.ParseExpression(relation, text) }
}

// expression takes a default, a check, an index's or a policy's expression.
func (r *reader) expression(row [][]byte) error {
	rel, err := r.of(row[1])
	if err != nil || rel == nil {
		return err
	}
	if len(row[2]) != 1 {
		return fmt.Errorf("an expression of %s is of kind %q", rel.Name, row[2])
	}
	column, err := strconv.ParseInt(string(row[3]), 10, 16)
	if err != nil {
		return fmt.Errorf("an expression of %s is for column %q", rel.Name, row[3])
	}
	e := catalog.Expression{Moment: catalog.WhenWritten, Column: int16(column)}
	switch kind := row[2][0]; kind {
	case 'd':
		e.What = "a column default"
	case 's', 'v':
		e.What = "a generated column"
		if kind == 'v' {
			e.Moment = catalog.WhenRead
		}
		i := slices.IndexFunc(rel.Columns, func(c catalog.Column) bool { return c.Number == e.Column })
		if i < 0 {
			return fmt.Errorf("%s has a generated column %d that is not listed", rel.Name, column)
		}
		rel.Columns[i].Reads = []int16{0}
		if reads, err := catalog.ParseGenerated(string(row[4])); row[4] != nil && err == nil {
			rel.Columns[i].Reads = reads
		}
	case 'c':
		e.What = "check constraint " + string(row[5])
	case 'i':
		e.What = "an index"
	case 'k':
		e.What = "the partition key"
	case 'p':
		e.Moment, e.What = catalog.ByRowPolicy, "row policy "+string(row[5])
	case 'a':
		e.Moment, e.What = catalog.WhenAnalyzed, "statistics "+string(row[5])
	default:
		return fmt.Errorf("an expression of %s is of kind %q", rel.Name, row[2])
	}
	e.Uses = tree(row[4], expressionOf(rel.OID))
	rel.Runs = append(rel.Runs, e)
	return nil
}

// check takes a domain's constraint or default.
func (r *reader) check(row [][]byte) error {
	t, err := r.typeAt(row[1])
	if err != nil || t == nil {
		return err
	}
	d := tree(row[2], expressionOf(0))
	if t.Check == nil {
		t.Check = d
		return nil
	}
	t.Check.Calls = append(t.Check.Calls, d.Calls...)
	t.Check.Operators = append(t.Check.Operators, d.Operators...)
	t.Check.Types = append(t.Check.Types, d.Types...)
	if t.Check.Unread == "" {
		t.Check.Unread = d.Unread
	}
	return nil
}

// typeAt gives a type that is listed, nil for another.
func (r *reader) typeAt(value []byte) (*catalog.Type, error) {
	oid, err := number(value)
	if err != nil {
		return nil, err
	}
	if i, ok := r.types[oid]; ok {
		return &r.data.Types[i], nil
	}
	return nil, nil
}

func (r *reader) typePart(row [][]byte) error {
	oid, err := number(row[2])
	if err != nil {
		return err
	}
	for _, at := range [][]byte{row[1], row[4]} { // of a range also its multirange
		if at == nil {
			continue
		}
		t, err := r.typeAt(at)
		if err != nil {
			return err
		}
		if t == nil {
			continue
		}
		if row[0][0] == 'u' {
			t.Parts = append(t.Parts, oid)
			if t.Array, err = number(row[3]); err != nil {
				return err
			}
			continue
		}
		if oid != 0 && !slices.Contains(t.Calls, oid) {
			t.Calls = append(t.Calls, oid)
		}
		if row[3] != nil {
			if t.Subtype, err = number(row[3]); err != nil {
				return err
			}
		}
	}
	return nil
}

// The letters of pg_rewrite.ev_type.
func ruleEvent(value []byte) (catalog.Event, error) {
	switch string(value) {
	case "1":
		return 0, nil
	case "2":
		return catalog.OnUpdate, nil
	case "3":
		return catalog.OnInsert, nil
	case "4":
		return catalog.OnDelete, nil
	}
	return 0, fmt.Errorf("a rule is for event %q", value)
}

func (r *reader) rule(row [][]byte) error {
	rel, err := r.of(row[1])
	if err != nil || rel == nil {
		return err
	}
	name, err := r.name(row[2])
	if err != nil {
		return err
	}
	rule := catalog.Rule{Name: name, Instead: isTrue(row[4])}
	if rule.Event, err = ruleEvent(row[3]); err != nil {
		return err
	}
	rule.Action = tree(row[6], func(action string) (*catalog.Definition, error) {
		return catalog.ParseAction(rel.OID, action, string(row[5]))
	})
	if row[5] == nil {
		rule.Action = &catalog.Definition{Unread: tooLarge}
	}
	rel.Rewrites = append(rel.Rewrites, rule)
	mix(&rel.Source, row[2:])
	return nil
}

// The bits of pg_trigger.tgtype (catalog/pg_trigger.h).
const (
	triggerInsert   = 1 << 2
	triggerDelete   = 1 << 3
	triggerUpdate   = 1 << 4
	triggerTruncate = 1 << 5
	triggerInstead  = 1 << 6
)

func (r *reader) trigger(row [][]byte) error {
	rel, err := r.of(row[1])
	if err != nil || rel == nil {
		return err
	}
	t := catalog.Trigger{}
	if t.Name, err = r.name(row[2]); err != nil {
		return err
	}
	if t.Function, err = number(row[3]); err != nil {
		return err
	}
	bits, err := strconv.ParseInt(string(row[4]), 10, 16)
	if err != nil {
		return fmt.Errorf("trigger %s has type %q", t.Name, row[4])
	}
	for _, b := range []struct {
		bit   int64
		event catalog.Event
	}{{triggerInsert, catalog.OnInsert}, {triggerDelete, catalog.OnDelete}, {triggerUpdate, catalog.OnUpdate}, {triggerTruncate, catalog.OnTruncate}} {
		if bits&b.bit != 0 {
			t.Events |= b.event
		}
	}
	t.Instead = bits&triggerInstead != 0
	if len(row[5]) > 0 || row[5] == nil {
		t.When = tree(row[5], expressionOf(rel.OID))
	}
	rel.Fires = append(rel.Fires, t)
	return nil
}

func (r *reader) key(row [][]byte) error {
	rel, err := r.of(row[1])
	if err != nil || rel == nil {
		return err
	}
	k := catalog.ForeignKey{}
	if k.Table, err = number(row[2]); err != nil {
		return err
	}
	if len(row[3]) != 1 || len(row[4]) != 1 {
		return fmt.Errorf("a foreign key to %s has actions %q and %q", rel.Name, row[3], row[4])
	}
	k.OnDelete, k.OnUpdate = row[3][0], row[4][0]
	rel.Keys = append(rel.Keys, k)
	return nil
}

// primary takes the columns of a primary key.
func (r *reader) primary(row [][]byte) error {
	rel, err := r.of(row[1])
	if err != nil || rel == nil {
		return err
	}
	for field := range bytes.FieldsSeq(row[2]) {
		number, err := strconv.ParseInt(string(field), 10, 16)
		if err != nil {
			return fmt.Errorf("the primary key of %s has column %q", rel.Name, field)
		}
		i := slices.IndexFunc(rel.Columns, func(c catalog.Column) bool { return int64(c.Number) == number })
		if i < 0 {
			return fmt.Errorf("the primary key of %s has column %d, which is not listed", rel.Name, number)
		}
		rel.Columns[i].Primary = true
	}
	return nil
}

// belongs takes a foreign table's server and a sequence's owner.
func (r *reader) belongs(row [][]byte) error {
	rel, err := r.of(row[1])
	if err != nil || rel == nil {
		return err
	}
	if row[0][0] == 'n' {
		rel.Server, err = r.name(row[2])
		return err
	}
	if rel.OwnedBy.Relation, err = number(row[2]); err != nil {
		return err
	}
	column, err := strconv.ParseInt(string(row[3]), 10, 16)
	rel.OwnedBy.Column = int16(column)
	return err
}

func (r *reader) operator(row [][]byte) error {
	var o catalog.Operator
	var err error
	if o.Schema, err = r.name(row[2]); err != nil {
		return err
	}
	if o.Name, err = r.name(row[3]); err != nil {
		return err
	}
	for to, from := range map[*uint32][]byte{&o.OID: row[1], &o.Left: row[4], &o.Right: row[5], &o.Function: row[6]} {
		if *to, err = number(from); err != nil {
			return err
		}
	}
	r.data.Operators = append(r.data.Operators, o)
	return nil
}

func (r *reader) cast(row [][]byte) error {
	var c catalog.Cast
	var err error
	for to, from := range map[*uint32][]byte{&c.Source: row[1], &c.Target: row[2], &c.Function: row[3]} {
		if *to, err = number(from); err != nil {
			return err
		}
	}
	c.Implicit = string(row[4]) == "i"
	c.Assignment = c.Implicit || string(row[4]) == "a"
	r.data.Casts = append(r.data.Casts, c)
	return nil
}

func (r *reader) eventTrigger(row [][]byte) error {
	var t catalog.EventTrigger
	var err error
	if t.Name, err = r.name(row[1]); err != nil {
		return err
	}
	t.Event = string(row[2])
	if t.Function, err = number(row[3]); err != nil {
		return err
	}
	if row[4] != nil {
		t.Tags = strings.Split(string(row[4]), ",")
	}
	r.data.EventTriggers = append(r.data.EventTriggers, t)
	return nil
}

// functionAt gives a function that is listed, nil for another.
func (r *reader) functionAt(value []byte) (*catalog.Function, error) {
	oid, err := number(value)
	if err != nil {
		return nil, err
	}
	if i, ok := r.functions[oid]; ok {
		return &r.data.Functions[i], nil
	}
	return nil, nil
}

func (r *reader) aggregate(row [][]byte) error {
	f, err := r.functionAt(row[1])
	if err != nil || f == nil {
		return err
	}
	f.Parts, err = numbers(row[2])
	return err
}

// inside takes what is known of a function besides its name.
func (r *reader) inside(row [][]byte) error {
	f, err := r.functionAt(row[1])
	if err != nil || f == nil {
		return err
	}
	f.Definer = isTrue(row[2])
	mix(&f.Source, row[2:])
	if len(row[3]) > 0 {
		f.Settings = strings.Split(string(row[3]), "\n")
	}
	if f.Types, err = numbers(row[4]); err != nil {
		return err
	}
	if row[5] != nil {
		f.Default = tree(row[5], expressionOf(0))
	}
	switch definition := row[7]; {
	case row[6] != nil:
		d := tree(row[6], func(text string) (*catalog.Definition, error) { return catalog.ParseAction(0, text, "") })
		f.Body = &catalog.Body{Tree: d, Unread: d.Unread}
		if len(definition) > 0 { // its text says how values pass through it
			r.texts = append(r.texts, text{oid: f.OID, definition: bytes.ToValidUTF8(definition, []byte("?"))})
		}
	case definition == nil: // in another language
	case len(definition) == 0:
		f.Body = &catalog.Body{Unread: "has a body that is larger than weir reads"}
	default:
		r.texts = append(r.texts, text{oid: f.OID, definition: bytes.ToValidUTF8(definition, []byte("?"))})
	}
	return nil
}

// numbers reads oids with spaces between them.
func numbers(value []byte) ([]uint32, error) {
	var all []uint32
	for word := range strings.FieldsSeq(string(value)) {
		oid, err := number([]byte(word))
		if err != nil {
			return nil, err
		}
		if oid != 0 {
			all = append(all, oid)
		}
	}
	return all, nil
}

// mix adds values to a digest, in whatever order it gets them from call to call. It adds
// up, since the same values twice are something else than none.
func mix(to *[16]byte, values [][]byte) {
	h := sha256.New()
	for _, v := range values {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(v)))
		h.Write(length[:])
		h.Write(v)
	}
	sum := h.Sum(nil)
	for i := 0; i < len(to); i += 8 {
		binary.BigEndian.PutUint64(to[i:], binary.BigEndian.Uint64(to[i:])+binary.BigEndian.Uint64(sum[i:]))
	}
}
