package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// accepted are the differences that are meant to be, a file for each test: the
// reason on the first line, below that the lines of output that differ, or for a
// test without output how it ends on both ways. A difference that has other lines
// is not expected, so that none hides behind another.
//
//go:embed expected
var accepted embed.FS

// expectedReason says why a difference is meant to be, "" when it is not.
func expectedReason(suite string, d difference) (string, error) {
	text, err := accepted.ReadFile("expected/" + suite + "/" + fileName(d.test))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	reason, rest, _ := strings.Cut(string(text), "\n")
	if rest != d.signature() {
		return "", nil
	}
	return reason, nil
}

// accept writes the file of a difference below folder, for a reader to look at.
func accept(folder, suite, reason string, d difference) error {
	path := filepath.Join(folder, suite, fileName(d.test))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(reason+"\n"+d.signature()), 0o644)
}

// signature is what makes a difference this one: the lines that are on one side
// only, without what is around them.
func (d difference) signature() string {
	var b strings.Builder
	inside := false
	for _, line := range strings.Split(d.diff, "\n") {
		switch {
		case strings.HasPrefix(line, "@@"):
			inside = true
		case inside && (strings.HasPrefix(line, "+") || strings.HasPrefix(line, "-")):
			b.WriteString(line + "\n")
		}
	}
	if b.Len() == 0 {
		fmt.Fprintf(&b, "%s %s\n", d.statuses[0], d.statuses[1])
	}
	return b.String()
}

// fileName is a test's name as that of a file.
func fileName(test string) string {
	return strings.NewReplacer("/", "_", " ", "_", "'", "_").Replace(strings.TrimLeft(test, "."))
}
