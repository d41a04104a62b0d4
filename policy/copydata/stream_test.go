package copydata

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/statement"
)

// stars masks a value with as many stars; one that begins with "null" becomes NULL.
type stars struct{}

func (stars) Mask(dst, value []byte) ([]byte, bool) {
	if bytes.HasPrefix(value, []byte("null")) {
		return dst, true
	}
	return append(dst, bytes.Repeat([]byte{'*'}, len(value))...), false
}

// fixed does not look at values.
type fixed struct{ text string }

func (f fixed) Mask(dst, _ []byte) ([]byte, bool) { return append(dst, f.text...), f.text == "" }
func (fixed) Blind() bool                         { return true }

// same gives values as they are.
type same struct{}

func (same) Mask(dst, value []byte) ([]byte, bool) { return append(dst, value...), false }

// seen remembers values.
type seen struct{ values *[]string }

func (s seen) Mask(dst, value []byte) ([]byte, bool) {
	*s.values = append(*s.values, string(value))
	return append(append(dst, '<'), append(value[:len(value):len(value)], '>')...), false
}

func option(name, value string) statement.CopyOption {
	return statement.CopyOption{Name: name, Value: value}
}

func formatOf(t testing.TB, format string, options ...statement.CopyOption) Format {
	t.Helper()
	f, err := FormatOf(&statement.Copy{Target: "Client", Format: format, Options: options})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// run feeds data in pieces of a size.
func run(f Format, cells []Cell, data string, piece int) (string, error) {
	s := New(f, cells, make([]string, len(cells)), 1<<20)
	var out []byte
	for p := []byte(data); len(p) > 0; {
		n := min(piece, len(p))
		next, err := s.Feed(out, p[:n:n])
		if err != nil {
			return string(out), err
		}
		out, p = next, p[n:]
	}
	return string(out), s.End()
}

// runs checks that pieces make no difference.
func runs(t *testing.T, f Format, cells []Cell, data string) (string, error) {
	t.Helper()
	want, err := run(f, cells, data, max(1, len(data)))
	for piece := 1; piece < min(len(data), 40); piece++ {
		got, again := run(f, cells, data, piece)
		if (err == nil) != (again == nil) || err == nil && got != want {
			t.Fatalf("in pieces of %d: %q, %v; whole: %q, %v", piece, got, again, want, err)
		}
	}
	return want, err
}

func TestLinesAreMaskedFieldByField(t *testing.T) {
	text, csv := formatOf(t, "text"), formatOf(t, "csv")
	for _, c := range []struct {
		name       string
		format     Format
		cells      []Cell
		data, want string
	}{
		{"the second of three columns", text, []Cell{nil, stars{}, nil}, "1\tabc\tx\n2\t\ty\n", "1\t***\tx\n2\t\ty\n"},
		{"NULL stays NULL", text, []Cell{stars{}, stars{}}, "\\N\ta\n", "\\N\t*\n"},
		{"a value that looks like NULL is none", text, []Cell{stars{}}, "\\\\N\n", "**\n"},
		{"escapes count as what they stand for", text, []Cell{stars{}, nil}, "\\ta\\n\\\\b\\x41\\101\t\\\\\n", "*******\t\\\\\n"},
		{"masked values become NULL", text, []Cell{stars{}}, "nullable\n", "\\N\n"},
		{"masked values are escaped", text, []Cell{fixed{"a\tb\\c\nd"}}, "x\n", "a\\tb\\\\c\\nd\n"},
		{"another delimiter", formatOf(t, "text", option("delimiter", "|"), option("null", "")), []Cell{nil, seen{new([]string)}, nil},
			"a\\|b|c\\|d|e\n1||2\n", "a\\|b|<c\\|d>|e\n1||2\n"},
		{"the end marker", text, []Cell{stars{}, nil}, "a\tb\n\\.\n", "*\tb\n\\.\n"},
		{"a point behind a backslash elsewhere", text, []Cell{stars{}, nil}, "a\t\\\\.\n", "*\t\\\\.\n"},
		{"a header", formatOf(t, "text", option("header", "true")), []Cell{stars{}, nil}, "na\\tme\tb\nx\ty\n", "na\\tme\tb\n*\ty\n"},
		{"rows without columns", text, nil, "\n\n", "\n\n"},
		{"no rows", text, []Cell{stars{}}, "", ""},
		{"one column that is empty", text, []Cell{stars{}}, "\n", "\n"},
		{"CSV", csv, []Cell{nil, stars{}, nil}, "1,abc,x\n2,\"\",y\n3,,z\n", "1,***,x\n2,\"\",y\n3,,z\n"},
		{"CSV with lines in values", csv, []Cell{nil, stars{}}, "\"a\nb,\"\"c\",\"d\ne\"\"\"\n", "\"a\nb,\"\"c\",****\n"},
		{"CSV, masked to what must be quoted", csv, []Cell{fixed{"a,\"b\n"}, fixed{}}, "x,y\n", "\"a,\"\"b\n\",\n"},
		{"CSV with an escape", formatOf(t, "csv", option("escape", "\\"), option("quote", "'")), []Cell{nil, seen{new([]string)}},
			"'a\\'b','\\\\c\\''\n", "'a\\'b','<\\\\c\\'>'\n"},
		{"CSV with a NULL string", formatOf(t, "csv", option("null", "NULL")), []Cell{stars{}, fixed{"NULL"}}, "NULL,x\n\"NULL\",NULL\n", "NULL,\"NULL\"\n****,NULL\n"},
		{"CSV with all quoted", formatOf(t, "csv", option("force_quote", "*")), []Cell{stars{}, stars{}}, "\"a\",\n", "\"*\",\n"},
		{"CSV with a header", formatOf(t, "csv", option("header", "on")), []Cell{stars{}}, "\"a\nb\"\nx\n", "\"a\nb\"\n*\n"},
		{"CSV, the only column is an end marker", csv, []Cell{same{}}, "\"\\.\"\n", "\"\\.\"\n"},
		{"CSV, masked to an end marker", csv, []Cell{fixed{"\\."}}, "x\n", "\"\\.\"\n"},
		{"blind cells know NULL", text, []Cell{fixed{"0"}, fixed{"1"}}, "\\N\t\\\\N\n", "\\N\t1\n"},
		{"what is given back is as it came", csv, []Cell{same{}, same{}}, "\"forced\",b\n", "\"forced\",b\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := runs(t, c.format, c.cells, c.data); err != nil || got != c.want {
				t.Errorf("got %q, %v\nwant %q", got, err, c.want)
			}
		})
	}
}

func TestWhatCannotBeExplainedEndsTheStream(t *testing.T) {
	text, csv := formatOf(t, "text"), formatOf(t, "csv")
	two := []Cell{nil, stars{}}
	for _, c := range []struct {
		name   string
		format Format
		cells  []Cell
		data   string
	}{
		{"too few columns", text, two, "a\n"}, {"too many columns", text, two, "a\tb\tc\n"},
		{"too few columns of CSV", csv, two, "a\n"}, {"too many columns of CSV", csv, two, "a,b,c\n"},
		{"too many in the header", formatOf(t, "csv", option("header", "true")), two, "a,b,c\n1,2\n"},
		{"a carriage return", text, two, "a\r\tb\n"}, {"a carriage return in CSV", csv, two, "a,b\r\n"},
		{"half a row", text, two, "a\tb"}, {"half a value", text, two, "a\tb\\"}, {"half a value of CSV", csv, two, "a,\"b\n"},
		{"data behind the end marker", text, two, "\\.\na\tb\n"}, {"something behind the end marker's point", text, two, "\\.a\tb\n"},
		{"a line's end behind a backslash", text, two, "a\tb\\\nc\n"},
		{"a quote in a value", csv, two, "a,b\"c\n"}, {"something behind a quoted value", csv, two, "a,\"b\"c\n"},
		{"an escape in front of something else", formatOf(t, "csv", option("escape", "\\")), two, "a,\"\\b\"\n"},
		{"something in a row without columns", text, nil, "a\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := runs(t, c.format, c.cells, c.data)
			if err == nil {
				t.Errorf("got %q", got)
			}
		})
	}
}

// header of binary format, with an extension.
func header(extension string) string {
	return signature + "\x00\x00\x00\x00" + string(binary.BigEndian.AppendUint32(nil, uint32(len(extension)))) + extension
}

// tuple of values, "NULL" for NULL.
func tuple(values ...string) string {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(values)))
	for _, v := range values {
		if v == "NULL" {
			b = append(b, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(v))), v...)
	}
	return string(b)
}

const trailer = "\xff\xff"

func TestBinaryIsMaskedFieldByField(t *testing.T) {
	f := formatOf(t, "binary")
	for _, c := range []struct {
		name       string
		cells      []Cell
		data, want string
	}{
		{"rows", []Cell{nil, stars{}, fixed{"0"}}, header("") + tuple("a", "bcd", "e") + tuple("", "", "NULL") + trailer, header("") + tuple("a", "***", "0") + tuple("", "", "NULL") + trailer},
		{"masked to NULL", []Cell{stars{}, fixed{}}, header("") + tuple("null", "x") + trailer, header("") + tuple("NULL", "NULL") + trailer},
		{"an extension of the header is left out", []Cell{stars{}}, header("secret") + tuple("x") + trailer, header("") + tuple("*") + trailer},
		{"no rows", []Cell{stars{}}, header("") + trailer, header("") + trailer},
		{"rows without columns", nil, header("") + tuple() + tuple() + trailer, header("") + tuple() + tuple() + trailer},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := runs(t, f, c.cells, c.data); err != nil || got != c.want {
				t.Errorf("got %q, %v\nwant %q", got, err, c.want)
			}
		})
	}
	for _, c := range []struct{ name, data string }{
		{"another signature", "PGCOPX\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00" + tuple("a", "b") + trailer},
		{"flags", signature + "\x00\x01\x00\x00\x00\x00\x00\x00" + tuple("a", "b") + trailer},
		{"an extension of a negative length", signature + "\x00\x00\x00\x00\xff\xff\xff\xff"},
		{"another number of columns", header("") + tuple("a") + trailer},
		{"a negative number of columns", header("") + "\xff\xfe"},
		{"a negative length", header("") + "\x00\x02\xff\xff\xff\xfe"},
		{"no trailer", header("") + tuple("a", "b")},
		{"half a row", header("") + tuple("a", "b")[:8] + trailer},
		{"data behind the trailer", header("") + trailer + tuple("a", "b")},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := runs(t, f, []Cell{nil, stars{}}, c.data); err == nil {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestValuesAreKeptUpToABoundOnly(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for _, c := range []struct {
		name string
		f    Format
		data string
	}{
		{"text", formatOf(t, "text"), long + "\n"}, {"CSV", formatOf(t, "csv"), "\"" + long + "\"\n"},
		{"binary", formatOf(t, "binary"), header("") + tuple(long) + trailer},
	} {
		feed := func(cell Cell) (string, error) {
			s := New(c.f, []Cell{cell}, []string{""}, 500)
			out, err := s.Feed(nil, []byte(c.data))
			return string(out), errors.Join(err, s.End())
		}
		if out, err := feed(stars{}); !errors.Is(err, ErrTooLong) {
			t.Errorf("%s: %q, %v", c.name, out, err)
		}
		if out, err := feed(nil); err != nil || out != c.data {
			t.Errorf("%s, not masked: %v", c.name, err)
		}
		if _, err := feed(fixed{"0"}); err != nil {
			t.Errorf("%s, masked blindly: %v", c.name, err)
		}
	}
}

func TestOptionsThatAreNotUnderstoodAreErrors(t *testing.T) {
	for _, c := range []struct {
		format  string
		options []statement.CopyOption
		ok      bool
	}{
		{"text", nil, true}, {"csv", nil, true}, {"binary", nil, true}, {"json", nil, false}, {"CSV", nil, false},
		{"text", []statement.CopyOption{option("encoding", "utf-8")}, true},
		{"text", []statement.CopyOption{option("encoding", "SQL_ASCII")}, true},
		{"text", []statement.CopyOption{option("encoding", "sjis")}, false},
		{"text", []statement.CopyOption{option("encoding", "latin1")}, false},
		{"text", []statement.CopyOption{option("delimiter", "||")}, false},
		{"text", []statement.CopyOption{option("delimiter", "")}, false},
		{"text", []statement.CopyOption{option("delimiter", "a")}, false},
		{"csv", []statement.CopyOption{option("delimiter", "a")}, true},
		{"csv", []statement.CopyOption{option("delimiter", "\"")}, false},
		{"csv", []statement.CopyOption{option("null", "a,b")}, false},
		{"csv", []statement.CopyOption{option("null", "a\nb")}, false},
		{"text", []statement.CopyOption{option("quote", "'")}, false},
		{"csv", []statement.CopyOption{option("quote", "é")}, false},
		{"binary", []statement.CopyOption{option("null", "")}, false},
		{"csv", []statement.CopyOption{option("header", "match")}, false},
		{"csv", []statement.CopyOption{option("header", "on"), option("header", "off")}, false},
		{"csv", []statement.CopyOption{option("force_null", "a")}, false},
		{"csv", []statement.CopyOption{option("nobody_knows", "a")}, false},
	} {
		_, err := FormatOf(&statement.Copy{Format: c.format, Options: c.options})
		if (err == nil) != c.ok {
			t.Errorf("%s %v: %v", c.format, c.options, err)
		}
	}
}

func TestANullStringThatAValueCanHave(t *testing.T) {
	for null, want := range map[string]bool{`\N`: false, "": true, "NULL": true, `\\`: true, `\t`: true, `\x`: false, `a\`: false, `\NULL`: false} {
		f := formatOf(t, "text", option("null", null))
		if f.NullIsValue() != want {
			t.Errorf("%q: %v", null, !want)
		}
		f = formatOf(t, "csv", option("null", strings.ReplaceAll(null, "\"", "")))
		if f.NullIsValue() {
			t.Errorf("%q in CSV", null)
		}
	}
}

// FuzzValues writes values as COPY does and reads them again, cut anywhere.
func FuzzValues(f *testing.F) {
	f.Add("a\tb\\", "\"c\"\n", byte('|'), byte('\''), byte('\\'), "NULL", 3, true)
	f.Add("", "\\N", byte('\t'), byte('"'), byte('"'), "", 1, false)
	f.Add("\\.", "\r\n\x00\x01é", byte(','), byte('"'), byte(','), "\\N", 2, true)
	f.Fuzz(func(t *testing.T, a, b string, delimiter, quote, escape byte, null string, piece int, csv bool) {
		kind, options := "text", []statement.CopyOption{option("delimiter", string(rune(delimiter))), option("null", null)}
		if csv {
			kind, options = "csv", append(options, option("quote", string(rune(quote))), option("escape", string(rune(escape))))
		}
		format, err := FormatOf(&statement.Copy{Format: kind, Options: options})
		if err != nil || len(a)+len(b) > 1<<10 {
			return
		}
		write := func(dst []byte, v string) []byte {
			if csv {
				return format.appendCSV(dst, []byte(v), false, false)
			}
			return format.appendText(dst, []byte(v))
		}
		var data []byte
		for range 2 {
			data = append(write(append(write(data, a), format.Delimiter), b), '\n')
		}
		var values []string
		cell := seen{&values}
		out, err := run(format, []Cell{cell, cell}, string(data), max(1, piece))
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		isNull := func(v string) bool { return !csv && string(write(nil, v)) == null }
		var want []string
		var wantOut []byte
		for range 2 {
			for i, v := range []string{a, b} {
				if isNull(v) {
					wantOut = append(wantOut, null...)
				} else {
					want = append(want, v)
					wantOut = write(wantOut, "<"+v+">")
				}
				wantOut = append(wantOut, [2]byte{format.Delimiter, '\n'}[i])
			}
		}
		if fmt.Sprintf("%q", values) != fmt.Sprintf("%q", want) {
			t.Fatalf("%q was read as %q, not %q", data, values, want)
		}
		if out != string(wantOut) {
			t.Fatalf("%q was written as %q, not %q", data, out, wantOut)
		}
		if through, err := run(format, []Cell{nil, same{}}, string(data), max(1, piece)); err != nil || through != string(data) {
			t.Fatalf("%q came through as %q, %v", data, through, err)
		}
	})
}

// FuzzStream feeds anything: no value of a masked column may come out, and pieces make
// no difference.
func FuzzStream(f *testing.F) {
	f.Add([]byte("a\tb\n\\.\n"), byte(0), 1)
	f.Add([]byte("\"a\n\"\"\",b\n"), byte(1), 2)
	f.Add([]byte(header("xx")+tuple("a", "NULL")+trailer), byte(2), 3)
	f.Fuzz(func(t *testing.T, data []byte, kind byte, piece int) {
		format := formatOf(t, []string{"text", "csv", "binary"}[kind%3])
		var values []string
		out, err := run(format, []Cell{nil, fixed{"0"}}, string(data), max(1, len(data)))
		got, again := run(format, []Cell{nil, fixed{"0"}}, string(data), max(1, piece))
		if (err == nil) != (again == nil) || err == nil && got != out {
			t.Fatalf("in pieces of %d: %q, %v; whole: %q, %v", piece, got, again, out, err)
		}
		if err != nil {
			return
		}
		// What came out is a stream again, whose second column has nothing but what masked.
		if _, err = run(format, []Cell{nil, seen{&values}}, out, max(1, len(out))); err != nil {
			t.Fatalf("%q became %q: %v", data, out, err)
		}
		for _, v := range values {
			if v != "0" {
				t.Fatalf("%q became %q", data, out)
			}
		}
	})
}

// initials keeps the first letter, without allocating.
type initials struct{}

func (initials) Mask(dst, value []byte) ([]byte, bool) {
	return append(append(dst, value[:min(1, len(value))]...), "****"...), false
}

func benchmark(b *testing.B, f Format, data string, rows int) {
	s := New(f, []Cell{nil, initials{}, nil, initials{}}, make([]string, 4), 1<<20)
	var out []byte
	head := ""
	if f.Kind == Binary {
		head = header("")
	}
	if _, err := s.Feed(nil, []byte(head)); err != nil {
		b.Fatal(err)
	}
	p := []byte(data)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if out, err = s.Feed(out[:0], p); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
}

func BenchmarkText(b *testing.B) {
	benchmark(b, formatOf(b, "text"), strings.Repeat("1234567\tada.quill@example.com\t2024-01-01\tsome more text\\twith a tab\n", 100), 100)
}

func BenchmarkCSV(b *testing.B) {
	benchmark(b, formatOf(b, "csv"), strings.Repeat("1234567,ada.quill@example.com,2024-01-01,\"some more, text\"\n", 100), 100)
}

func BenchmarkBinary(b *testing.B) {
	benchmark(b, formatOf(b, "binary"), strings.Repeat(tuple("1234", "ada.quill@example.com", "2024", "some more text with a tab"), 100), 100)
}
