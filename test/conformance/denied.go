package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/weirgate/weir/test/lab"
)

// denied is a kind of refusal: its message without names, how often it came, and
// the statements that it was about.
type denied struct {
	rule, message string
	count         int
	kinds         map[string]int // of statements, by their first words
	examples      []string
}

// denials reads from weir's journal which statements were refused, the most
// frequent reason first.
func (s *site) denials(ctx context.Context) ([]denied, error) {
	out, err := s.lab.Run(ctx, lab.Command{Path: s.weir.Binary, Args: []string{
		"observe", "--state", s.weir.State, "--since", "7d", "--verdict", "Deny", "-o", "json",
	}})
	if err == nil && out.Code != 0 {
		err = fmt.Errorf("weir observe ended with %d: %s", out.Code, tail(out.Stderr, 5))
	}
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	groups := map[string]*denied{}
	for line := range bytes.Lines([]byte(out.Stdout)) {
		var record struct{ Kind, Rule, Text, Message, Detail string }
		if err := json.Unmarshal(line, &record); err != nil {
			return nil, fmt.Errorf("read the journal's records: %w", err)
		}
		if record.Kind != "statement.denied" {
			continue
		}
		message := record.Message
		if record.Detail != "" {
			message += " | " + record.Detail
		}
		key := nameInMessage.ReplaceAllString(listInMessage.ReplaceAllString(message, ""), "…")
		g := groups[record.Rule+key]
		if g == nil {
			g = &denied{rule: record.Rule, message: key, kinds: map[string]int{}}
			groups[record.Rule+key] = g
		}
		g.count++
		text := strings.TrimSpace(record.Text)
		g.kinds[strings.ToUpper(strings.Join(firstWords.FindAllString(text, 3), " "))]++
		g.examples = append(g.examples, s.plain(listInMessage.ReplaceAllString(message, "")+"\n      "+text))
	}
	var list []denied
	for _, g := range groups {
		slices.Sort(g.examples)
		g.examples = slices.Compact(g.examples)
		list = append(list, *g)
	}
	slices.SortFunc(list, func(a, b denied) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.message, b.message))
	})
	return list, nil
}

var (
	// nameInMessage is what a message says of the statement's own names.
	nameInMessage = regexp.MustCompile(`"[^"]*"|[\w."$]+\(\)|\w+(\.\w+)+|\b[a-z]*_[\w]+\b`)
	listInMessage = regexp.MustCompile(` Masked are: .*| \(at or near .*`)
	firstWords    = regexp.MustCompile(`[A-Za-z]+`)
)

// writeDenied leaves every refusal in a file.
func writeDenied(list []denied, path string) error {
	if len(list) == 0 {
		return nil
	}
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "%6d [%s] %s\n", d.count, d.rule, d.message)
	}
	for _, d := range list {
		fmt.Fprintf(&b, "\n%6d [%s] %s\n", d.count, d.rule, d.message)
		words := slices.SortedFunc(maps.Keys(d.kinds), func(x, y string) int {
			return cmp.Or(cmp.Compare(d.kinds[y], d.kinds[x]), cmp.Compare(x, y))
		})
		for _, k := range words {
			fmt.Fprintf(&b, "       %5d %s\n", d.kinds[k], k)
		}
		for _, e := range d.examples {
			fmt.Fprintf(&b, "    %s\n", e)
		}
	}
	return os.WriteFile(path, []byte(b.String()), 0o600)
}
