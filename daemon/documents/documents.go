// Package documents reads the files that hold policy documents.
//
// It knows files and folders. It must not know what a document says.
package documents

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/weirgate/weir/policy"
)

// maxFile is the longest file that is read; policy's own limit is below it, and
// its error is the better one.
const maxFile = 8 << 20

// Extension is what the names of files with documents end with, in a folder.
const Extension = ".yaml"

// Read gives the content of files, and of the *.yaml files in folders (not in
// their subfolders; names that begin with a dot are left out), in the order of
// paths and of names. "-" reads from in, which may be nil. Everything that cannot
// be read is reported at once.
func Read(paths []string, in io.Reader) ([]policy.Source, error) {
	var sources []policy.Source
	var problems []error
	for _, path := range paths {
		found, err := read(path, in)
		sources = append(sources, found...)
		if err != nil {
			problems = append(problems, err)
		}
	}
	return sources, errors.Join(problems...)
}

func read(path string, in io.Reader) ([]policy.Source, error) {
	if path == "-" && in != nil {
		data, err := limited(in, "standard input")
		return []policy.Source{{Name: "-", Data: data}}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading policy documents: %w", err)
	}
	if !info.IsDir() {
		source, err := file(path)
		return []policy.Source{source}, err
	}
	entries, err := os.ReadDir(path) // sorted by name
	if err != nil {
		return nil, fmt.Errorf("reading policy documents: %w", err)
	}
	var sources []policy.Source
	var problems []error
	for _, e := range entries {
		name := e.Name()
		full := filepath.Join(path, name)
		switch {
		case strings.HasPrefix(name, "."):
		case strings.HasSuffix(name, ".yml"):
			// Passing over what was surely meant would leave rules out.
			problems = append(problems, fmt.Errorf("reading policy documents: %s does not end with %s and would be left out: rename it, or move it away", full, Extension))
		case strings.HasSuffix(name, Extension):
			source, err := file(full)
			sources = append(sources, source)
			if err != nil {
				problems = append(problems, err)
			}
		}
	}
	return sources, errors.Join(problems...)
}

func file(path string) (policy.Source, error) {
	source := policy.Source{Name: path}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return source, fmt.Errorf("reading policy documents: %s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return source, fmt.Errorf("reading policy documents: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	source.Data, err = limited(f, path)
	return source, err
}

func limited(r io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading policy documents from %s: %w", name, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("reading policy documents: %s is larger than %d bytes", name, maxFile)
	}
	return data, nil
}
