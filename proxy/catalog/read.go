package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/weirgate/weir/policy/catalog"
)

// Querier runs one statement on a server and gives its rows, values in text
// format, nil for NULL. The connection's client_encoding is UTF8.
type Querier interface {
	Query(ctx context.Context, sql string) (rows [][][]byte, err error)
}

// QuerierFunc makes a Querier of a function.
type QuerierFunc func(ctx context.Context, sql string) ([][][]byte, error)

// Query calls f.
func (f QuerierFunc) Query(ctx context.Context, sql string) ([][][]byte, error) { return f(ctx, sql) }

// width is the number of columns that the question's rows have.
const width = 8

// Read takes a snapshot, in one statement. Any role that may connect can do it.
// What cannot be read whole is an error, never a snapshot with less in it. bodies
// reads the bodies of functions that are kept as text; nil leaves them unread.
func Read(ctx context.Context, q Querier, bodies Bodies) (*catalog.Snapshot, error) {
	taken := time.Now()
	rows, err := q.Query(ctx, Question())
	if err != nil {
		return nil, fmt.Errorf("reading the database's catalog: %w", err)
	}
	return Digest(ctx, rows, taken, bodies)
}

// Question is what Read asks, for those who ask it themselves and have the answer
// read by Digest.
func Question() string {
	a := question(nil)
	return a.plain()
}

// Digest makes a snapshot of the answer to Question, which was asked at a moment.
func Digest(ctx context.Context, rows [][][]byte, taken time.Time, bodies Bodies) (*catalog.Snapshot, error) {
	s, err := digest(ctx, catalog.Data{Taken: taken, BuiltIn: map[uint32]string{}}, rows, bodies)
	if err != nil {
		return nil, fmt.Errorf("reading the database's catalog: %w", err)
	}
	return s, nil
}

// phases are the kinds of rows in the order in which they are taken: what comes
// later belongs to what came before.
var phases = []string{"ir", "ahvfbt", "Fgxdwykpnqocmue"} //nolint:gochecknoglobals // a constant list

// digest makes a snapshot of the answer to the question and of what is known
// besides.
func digest(ctx context.Context, known catalog.Data, rows [][][]byte, bodies Bodies) (*catalog.Snapshot, error) {
	r := &reader{
		data:  known,
		names: map[string]string{}, places: map[uint32]int{}, functions: map[uint32]int{}, types: map[uint32]int{},
	}
	for _, phase := range phases {
		for _, row := range rows {
			if len(row) != width || len(row[0]) != 1 {
				return nil, errors.New("the answer has an unexpected form")
			}
			if !strings.Contains(phase, string(row[0])) {
				continue
			}
			if err := r.row(row); err != nil {
				return nil, err
			}
		}
		if err := r.bounded(); err != nil {
			return nil, err
		}
	}
	if err := r.bodies(ctx, bodies); err != nil {
		return nil, err
	}
	return r.snapshot()
}

// Bounds for a database that weir follows.
const (
	maxRelations = 200_000
	maxFunctions = 200_000
)

func (r *reader) bounded() error {
	switch {
	case len(r.data.Relations) > maxRelations:
		return fmt.Errorf("it has %d tables and views, more than the %d that weir follows", len(r.data.Relations), maxRelations)
	case len(r.data.Functions) > maxFunctions:
		return fmt.Errorf("it has %d functions, more than the %d that weir follows", len(r.data.Functions), maxFunctions)
	}
	return nil
}

// reader gathers the rows.
type reader struct {
	data      catalog.Data
	names     map[string]string // each name once
	places    map[uint32]int    // in data.Relations, by oid
	functions map[uint32]int    // in data.Functions, by oid
	types     map[uint32]int    // in data.Types, by oid
	texts     []text            // definitions that are to be read
}

func (r *reader) row(row [][]byte) error {
	switch row[0][0] {
	case 'i':
		return r.database(row)
	case 'r':
		return r.relation(row)
	case 'a':
		return r.column(row)
	case 'h':
		return r.parent(row)
	case 'v':
		return r.view(row)
	case 'f':
		return r.function(row)
	case 'b':
		oid, err := number(row[1])
		if err != nil {
			return err
		}
		name, err := r.name(row[2])
		r.data.BuiltIn[oid] = name
		return err
	case 't':
		return r.typeOf(row)
	}
	return r.part(row)
}

func (r *reader) database(row [][]byte) error {
	if encoding := string(row[3]); encoding != "UTF8" {
		return fmt.Errorf("client_encoding is %s, names can be read in UTF8 only", encoding)
	}
	version, err := strconv.Atoi(string(row[2]))
	if err != nil {
		return fmt.Errorf("server_version_num is %q", row[2])
	}
	r.data.Database, r.data.Version = string(row[1]), version
	return nil
}

func (r *reader) relation(row [][]byte) error {
	oid, err := number(row[1])
	if err != nil {
		return err
	}
	schema, err := r.name(row[2])
	if err != nil {
		return err
	}
	name, err := r.name(row[3])
	if err != nil {
		return err
	}
	if len(row[4]) != 1 {
		return fmt.Errorf("relation %s is of kind %q", name, row[4])
	}
	rel := catalog.Relation{OID: oid, Schema: schema, Name: name, Kind: catalog.Kind(row[4][0]), Triggers: isTrue(row[6])}
	security := ""
	if _, err := fmt.Sscanf(string(row[7]), "%d %s %d %d", &rel.Type, &security, &rel.OfType, &rel.Array); err != nil {
		return fmt.Errorf("relation %s has row type, row security and type %q", name, row[7])
	}
	rel.RowSecurity = security == "t"
	// The rule that makes a view one is none besides.
	rel.Rules = isTrue(row[5]) && rel.Kind != catalog.View && rel.Kind != catalog.MaterializedView
	r.places[oid] = len(r.data.Relations)
	r.data.Relations = append(r.data.Relations, rel)
	return nil
}

// of gives the relation that a row belongs to, nil for one that is not listed,
// like an index.
func (r *reader) of(value []byte) (*catalog.Relation, error) {
	oid, err := number(value)
	if err != nil {
		return nil, err
	}
	i, ok := r.places[oid]
	if !ok {
		return nil, nil
	}
	return &r.data.Relations[i], nil
}

func (r *reader) column(row [][]byte) error {
	rel, err := r.of(row[1])
	if err != nil || rel == nil {
		return err
	}
	name, err := r.name(row[3])
	if err != nil {
		return err
	}
	num, err := strconv.ParseInt(string(row[2]), 10, 16)
	if err != nil {
		return fmt.Errorf("column %s.%s has number %q", rel.Name, name, row[2])
	}
	typeOID, err := number(row[4])
	if err != nil {
		return err
	}
	mod, err := strconv.ParseInt(string(row[5]), 10, 32)
	if err != nil {
		return fmt.Errorf("column %s.%s has type modifier %q", rel.Name, name, row[5])
	}
	rel.Columns = append(rel.Columns, catalog.Column{Number: int16(num), Name: name, Type: typeOID, TypeMod: int32(mod),
		NotNull: string(row[6]) == "true"})
	return nil
}

func (r *reader) parent(row [][]byte) error {
	rel, err := r.of(row[1])
	if err != nil || rel == nil {
		return err
	}
	parent, err := number(row[2])
	if err != nil {
		return err
	}
	rel.Parents = append(rel.Parents, parent)
	return nil
}

func (r *reader) view(row [][]byte) error {
	rel, err := r.of(row[1])
	if err != nil || rel == nil {
		return err
	}
	mix(&rel.Source, row[2:])
	// One view that cannot be read bars its own columns, not the database.
	if row[2] == nil {
		rel.Query = &catalog.Definition{Unread: tooLarge}
		return nil
	}
	if rel.Query, err = catalog.ParseDefinition(rel.OID, string(row[2])); err != nil {
		rel.Query = &catalog.Definition{Unread: err.Error()}
	}
	return nil
}

func (r *reader) function(row [][]byte) error {
	oid, err := number(row[1])
	if err != nil {
		return err
	}
	f := catalog.Function{OID: oid}
	for _, part := range []struct {
		to   *string
		from []byte
	}{{&f.Schema, row[2]}, {&f.Name, row[3]}, {&f.Language, row[4]}, {&f.Extension, row[7]}} {
		if part.from == nil && part.to == &f.Extension {
			continue
		}
		if *part.to, err = r.name(part.from); err != nil {
			return err
		}
	}
	if len(row[5]) < 2 {
		return fmt.Errorf("function %s is of kind %q", f.Name, row[5])
	}
	f.Kind, f.Volatility, f.Variadic = row[5][0], row[5][1], isTrue(row[5][2:])
	if _, err := fmt.Sscanf(string(row[6]), "%d %d", &f.Arguments, &f.Defaults); err != nil {
		return fmt.Errorf("function %s has %q arguments and defaults", f.Name, row[6])
	}
	r.functions[oid] = len(r.data.Functions)
	r.data.Functions = append(r.data.Functions, f)
	return nil
}

func (r *reader) typeOf(row [][]byte) error {
	var t catalog.Type
	for i, to := range []*uint32{&t.OID, &t.Base, &t.Element} {
		n, err := number(row[1+i])
		if err != nil {
			return err
		}
		*to = n
	}
	t.Text = isTrue(row[4])
	var err error
	if t.Schema, err = r.name(row[5]); err != nil {
		return err
	}
	if t.Name, err = r.name(row[6]); err != nil {
		return err
	}
	if len(row[7]) != 1 {
		return fmt.Errorf("type %s is of kind %q", t.Name, row[7])
	}
	t.Kind = row[7][0]
	r.types[t.OID] = len(r.data.Types)
	r.data.Types = append(r.data.Types, t)
	return nil
}

// snapshot makes the snapshot once all rows are in.
func (r *reader) snapshot() (*catalog.Snapshot, error) {
	switch {
	case r.data.Version == 0:
		return nil, errors.New("the answer lacks the server's version")
	case len(r.data.BuiltIn) == 0:
		return nil, errors.New("the answer lacks the built-in functions")
	}
	for _, i := range r.places {
		columns := r.data.Relations[i].Columns
		slices.SortFunc(columns, func(a, b catalog.Column) int { return cmp.Compare(a.Number, b.Number) })
		r.data.Relations[i].Columns = slices.Clip(columns)
	}
	return catalog.New(r.data)
}

// name gives a name, the same string for the same name: a database of ten
// thousand tables has few different names of columns.
func (r *reader) name(value []byte) (string, error) {
	if value == nil || !utf8.Valid(value) {
		return "", fmt.Errorf("the name %q is not UTF-8", value)
	}
	if s, ok := r.names[string(value)]; ok {
		return s, nil
	}
	s := string(value)
	r.names[s] = s
	return s, nil
}

func number(value []byte) (uint32, error) {
	n, err := strconv.ParseUint(string(value), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is not an oid", value)
	}
	return uint32(n), nil
}

// isTrue reads a boolean that was cast to text.
func isTrue(value []byte) bool { return string(value) == "true" }
