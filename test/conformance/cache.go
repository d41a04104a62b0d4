package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// cache is the folder in which what was fetched and built is kept.
type cache struct {
	dir string
}

func (c cache) path(parts ...string) string {
	return filepath.Join(append([]string{c.dir}, parts...)...)
}

// once runs fill, which fills an empty folder, unless it has already been done with
// the same key. A folder that fill failed on is not kept.
func (c cache) once(name, key string, fill func(dir string) error) (string, error) {
	dir, mark := c.path(name), c.path(name+".done")
	if text, err := os.ReadFile(mark); err == nil && string(text) == key {
		return dir, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if err := fill(dir); err != nil {
		return "", fmt.Errorf("%s could not be fetched and built: %w\n"+
			"This needs the network once; %s keeps it for later runs", name, err, c.dir)
	}
	return dir, os.WriteFile(mark, []byte(key), 0o600)
}

// command runs a program in dir and gives what it wrote to its standard output.
func command(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, tail(out.String()+said.String(), 30))
	}
	return out.String(), nil
}

// tail is the last lines of a text.
func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
