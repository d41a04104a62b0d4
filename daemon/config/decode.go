package config

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// decoder fills Go values from a YAML tree, keeps every problem it meets instead
// of stopping at the first, and remembers where each key stood.
type decoder struct {
	file     string
	problems Problems
	places   map[string]*yaml.Node // by path
}

// complain notes a problem at a node.
func (d *decoder) complain(n *yaml.Node, path, format string, args ...any) {
	p := Problem{File: d.file, Path: path, Message: fmt.Sprintf(format, args...)}
	if n != nil {
		p.Line, p.Column = n.Line, n.Column
	}
	d.problems = append(d.problems, p)
}

// at notes a problem with the value of a path, or of the nearest enclosing key
// that stands in the file when the value is a default. A value that has a
// problem already gets no second one: it is not what the file says.
func (d *decoder) at(path, format string, args ...any) {
	for _, p := range d.problems {
		if p.Path == path {
			return
		}
	}
	place := path
	for place != "" && d.places[place] == nil {
		place = place[:max(strings.LastIndexAny(place, ".["), 0)]
	}
	d.complain(d.places[place], path, format, args...)
}

// document reads the single YAML document of data, nil when there is none.
func (d *decoder) document(data []byte) *yaml.Node {
	var documents []yaml.Node
	if err := yaml.Load(data, &documents, yaml.WithAllDocuments()); err != nil {
		p := Problem{File: d.file, Message: "not YAML: " + err.Error()}
		var load *yaml.LoadError
		if errors.As(err, &load) {
			p.Line, p.Column = load.Mark.Line, load.Mark.Column
			p.Message = "not YAML: " + load.Message
			if load.ContextMsg != "" {
				p.Message += " (" + load.ContextMsg + ")"
			}
		}
		d.problems = append(d.problems, p)
		return nil
	}
	if len(documents) == 0 || len(documents[0].Content) == 0 {
		d.complain(nil, "", "the file is empty; a first one could be:\n\n%s", Example)
		return nil
	}
	if len(documents) > 1 {
		d.complain(&documents[1], "", "a second document: one file holds one configuration; Database and Policy documents belong in the files that spec.policies names")
	}
	return documents[0].Content[0]
}

// value decodes a node into v, which is settable.
func (d *decoder) value(n *yaml.Node, path string, v reflect.Value) {
	d.places[path] = n
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		d.complain(n, path, "anchors and aliases are not supported: write the value out")
		return
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		d.complain(n, path, "has no value: write one, or remove the key to have the default")
		return
	}
	switch v.Interface().(type) {
	case time.Duration:
		d.scalar(n, path, func(s string) error { return assign(v, s, ParseDuration) })
		return
	case Size:
		d.scalar(n, path, func(s string) error { return assign(v, s, ParseSize) })
		return
	case os.FileMode:
		d.scalar(n, path, func(s string) error { return assign(v, s, parseMode) })
		return
	case netip.Prefix:
		d.scalar(n, path, func(s string) error { return assign(v, s, parsePrefix) })
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, path, v)
	case reflect.Slice:
		d.list(n, path, v)
	case reflect.String:
		d.text(n, path, v)
	case reflect.Int:
		d.scalar(n, path, func(s string) error {
			i, err := strconv.ParseInt(s, 10, 32)
			if err != nil {
				return fmt.Errorf("%q is not a whole number", s)
			}
			v.SetInt(i)
			return nil
		})
	case reflect.Uint16:
		d.scalar(n, path, func(s string) error {
			i, err := strconv.ParseUint(s, 10, 16)
			if err != nil || i == 0 {
				return fmt.Errorf("%q is not a port: write a number from 1 to 65535", s)
			}
			v.SetUint(i)
			return nil
		})
	default:
		d.complain(n, path, "cannot be set from a file (%s)", v.Type())
	}
}

// assign sets v to what parse makes of the text.
func assign[T any](v reflect.Value, text string, parse func(string) (T, error)) error {
	parsed, err := parse(text)
	if err != nil {
		return err
	}
	v.Set(reflect.ValueOf(parsed))
	return nil
}

func (d *decoder) scalar(n *yaml.Node, path string, set func(string) error) {
	if n.Kind != yaml.ScalarNode {
		d.complain(n, path, "is %s, a single value is expected", kindName(n))
		return
	}
	if err := set(n.Value); err != nil {
		d.complain(n, path, "%v", err)
	}
}

func (d *decoder) text(n *yaml.Node, path string, v reflect.Value) {
	d.scalar(n, path, func(s string) error {
		if strings.ContainsRune(s, 0) {
			return errors.New("contains a NUL character")
		}
		e, ok := v.Interface().(enumeration)
		if !ok {
			v.SetString(s)
			return nil
		}
		for _, c := range e.choices() {
			if s == c {
				v.SetString(s)
				return nil
			}
		}
		return fmt.Errorf("%q is not a choice%s", s, suggest(s, e.choices()))
	})
}

func (d *decoder) list(n *yaml.Node, path string, v reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		d.complain(n, path, "is %s, a list is expected: [a, b]", kindName(n))
		return
	}
	// What stands in the file replaces the default, it does not add to it.
	list := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, c := range n.Content {
		d.value(c, fmt.Sprintf("%s[%d]", path, i), list.Index(i))
	}
	v.Set(list)
}

func (d *decoder) structure(n *yaml.Node, path string, v reflect.Value) {
	if n.Kind != yaml.MappingNode {
		d.complain(n, path, "is %s, keys with values are expected", kindName(n))
		return
	}
	fields := make(map[string]int)
	var names []string
	for i := range v.NumField() {
		if name := v.Type().Field(i).Tag.Get("yaml"); name != "" && name != "-" {
			fields[name] = i
			names = append(names, name)
		}
	}
	seen := make(map[string]*yaml.Node)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.Anchor != "" || key.ShortTag() == "!!merge" {
			d.complain(key, path, "anchors, merges and keys that are not plain words are not supported")
			continue
		}
		inner := join(path, key.Value)
		if first := seen[key.Value]; first != nil {
			d.complain(key, inner, "is set twice, first in line %d", first.Line)
			continue
		}
		seen[key.Value] = key
		field, ok := fields[key.Value]
		if !ok {
			d.complain(key, inner, "unknown key%s", suggest(key.Value, names))
			continue
		}
		d.value(value, inner, v.Field(field))
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	default:
		return "a single value"
	}
}

func parseMode(text string) (os.FileMode, error) {
	mode, err := strconv.ParseUint(text, 8, 32)
	if err != nil || mode > 0o777 {
		return 0, fmt.Errorf("%q is not a file mode: write it in octal, such as \"0660\"", text)
	}
	return os.FileMode(mode), nil
}

func parsePrefix(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is not a network: write an address or a CIDR, such as 10.0.3.0/24", text)
	}
	if masked := prefix.Masked(); masked != prefix {
		return netip.Prefix{}, fmt.Errorf("%q has bits set behind its prefix: write %s for the network or %s for the one address", text, masked, prefix.Addr())
	}
	return prefix, nil
}
