package catalog

import (
	"context"
	"fmt"
	"hash/fnv"
	"strings"
)

// ask is a statement with values, which its text names as $1 and so on.
type ask struct {
	kept   string // what it is, "" for one that is not worth keeping prepared
	text   string
	values []value
}

// value is a value of a type. It has no quotes or backslashes in it.
type value struct{ text, is string }

func (v value) literal() string { return "'" + v.text + "'::" + v.is }

// plain gives the statement with its values in it.
func (a *ask) plain() string {
	text := a.text
	for i, v := range a.values {
		text = strings.ReplaceAll(text, fmt.Sprintf("$%d", i+1), v.literal())
	}
	return text
}

// preparing is a connection of weir's own, on which statements are kept prepared: to plan
// one takes the server as long as to run it.
type preparing struct {
	Connection
	has map[string]struct{}
}

// ask runs a statement between others that give no rows, all in one message.
func (p *preparing) ask(ctx context.Context, before string, a *ask, after string) ([][][]byte, error) {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(a.text)) // never fails
	// Behind a pooler another version of weir may have used the connection before.
	name := fmt.Sprintf("weir_%s_%016x", a.kept, hash.Sum64())
	types, values := make([]string, len(a.values)), make([]string, len(a.values))
	for i, v := range a.values {
		types[i], values[i] = v.is, v.literal()
	}
	if _, ok := p.has[name]; !ok {
		before += "PREPARE " + name + " (" + strings.Join(types, ", ") + ") AS " + a.text + "; "
	}
	rows, err := p.Query(ctx, before+"EXECUTE "+name+" ("+strings.Join(values, ", ")+")"+after)
	if err == nil {
		p.has[name] = struct{}{}
	}
	return rows, err
}

// unkept says that a server did not keep what was prepared on a connection, by an
// SQLSTATE: a pooler may give each transaction another server's.
func unkept(code string) bool {
	switch code {
	case "26000", "42P05", "0A000": // not there, there already, not to be run any more
		return true
	}
	return false
}
