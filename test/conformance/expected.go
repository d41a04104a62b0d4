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

// accepted are the differences that are meant to be, a folder for each suite or
// variant of it (see variant.expectations) and a file for each test: the reason on
// the first line, below that the lines of output that differ, or for a test without
// output how it ends on both ways. A difference that has other lines is not expected,
// so that none hides behind another.
//
//go:embed expected
var accepted embed.FS

// expectedReason says why a difference is meant to be, "" when it is not.
func expectedReason(folders []string, d difference) (string, error) {
	for _, folder := range folders {
		text, err := accepted.ReadFile("expected/" + folder + "/" + fileName(d.Test))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		if reason, rest, _ := strings.Cut(string(text), "\n"); rest == d.signature() {
			return reason, nil
		}
	}
	return "", nil
}

// expectedTests are the names of the files in a folder of expected differences.
func expectedTests(folder string) ([]string, error) {
	files, err := accepted.ReadDir("expected/" + folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Name()
	}
	return names, err
}

// accept writes the file of a difference below folder, for a reader to look at.
func accept(folder, reason string, d difference) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, fileName(d.Test)), []byte(reason+"\n"+d.signature()), 0o644)
}

// signature is what makes a difference this one: the lines that are on one side
// only, without what is around them.
func (d difference) signature() string {
	var b strings.Builder
	inside := false
	for _, line := range strings.Split(d.Diff, "\n") {
		switch {
		case strings.HasPrefix(line, "@@"):
			inside = true
		case inside && (strings.HasPrefix(line, "+") || strings.HasPrefix(line, "-")):
			b.WriteString(line + "\n")
		}
	}
	if b.Len() == 0 {
		fmt.Fprintf(&b, "%s %s\n", d.Direct, d.Weir)
	}
	return b.String()
}

// fileName is a test's name as that of a file.
func fileName(test string) string {
	return strings.NewReplacer("/", "_", " ", "_", "'", "_").Replace(strings.TrimLeft(test, "."))
}
