package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"

	"go.yaml.in/yaml/v4"
)

// maxFile is far above any sensible configuration; it keeps a wrong path (a
// device, a dump) from being read whole.
const maxFile = 1 << 20

// Load reads and checks the file at path. Its error is Problems when the file
// could be read, and wraps fs.ErrNotExist, with an example to start from, when
// there is none.
func Load(path string) (*Config, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("resolving the configuration's path: %w", err)
	}
	file, err := os.Open(absolute)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &MissingError{Path: absolute, err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	if len(data) > maxFile {
		return nil, Problems{{File: path, Message: fmt.Sprintf("is larger than %s, which no configuration is", Size(maxFile))}}
	}
	return parse(path, absolute, data)
}

// Parse checks the text of a configuration file. path appears in problems, and
// relative paths in the text are resolved against its folder.
func Parse(path string, data []byte) (*Config, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("resolving the configuration's path: %w", err)
	}
	return parse(path, absolute, data)
}

func parse(shown, absolute string, data []byte) (*Config, error) {
	d := &decoder{file: shown, places: make(map[string]*yaml.Node)}
	root := d.document(data)
	if root == nil {
		return nil, d.problems
	}
	config := Default()
	head := struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
		Spec       Config `yaml:"spec"`
	}{Spec: *config}
	d.value(root, "", reflect.ValueOf(&head).Elem())
	if root.Kind == yaml.MappingNode {
		d.head(root, head.APIVersion, head.Kind)
	}
	*config = head.Spec
	config.Path = absolute
	config.settle(filepath.Dir(absolute))
	d.check(config)
	if len(d.problems) > 0 {
		d.problems.sort()
		return nil, d.problems
	}
	return config, nil
}

// head checks that the document is a configuration at all.
func (d *decoder) head(root *yaml.Node, version, kind string) {
	if d.places["apiVersion"] == nil {
		d.complain(root, "apiVersion", "is missing: begin the file with apiVersion: %s", APIVersion)
	} else if version != APIVersion && version != "" {
		d.at("apiVersion", "%q is not known: this weir reads %s", version, APIVersion)
	}
	switch {
	case d.places["kind"] == nil:
		d.complain(root, "kind", "is missing: write kind: %s", Kind)
	case kind == "Database" || kind == "Policy":
		d.at("kind", "a %s document is not a configuration: put it into a file that the configuration's spec.policies names", kind)
	case kind != Kind && kind != "":
		d.at("kind", "%q is not known here%s", kind, suggest(kind, []string{Kind}))
	}
}

// settle makes every path absolute.
func (c *Config) settle(folder string) {
	resolve := func(path string) string {
		if path == "" || filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(folder, path)
	}
	policies := make([]string, len(c.Policies))
	for i, p := range c.Policies {
		policies[i] = resolve(p)
	}
	c.Policies = policies
	c.State = resolve(c.State)
	c.Admin.Socket = resolve(c.Admin.Socket)
	for i := range c.Listen {
		l := &c.Listen[i]
		if l.Network == "" {
			l.Network = NetworkTCP
		}
		if l.Network == NetworkUnix {
			l.Address = resolve(l.Address)
			if l.Mode == 0 {
				l.Mode = 0o666
			}
		}
	}
}

// MissingError says that there is no configuration file.
type MissingError struct {
	Path string
	err  error
}

// Error says how to come to a configuration.
func (e *MissingError) Error() string {
	return fmt.Sprintf("there is no configuration at %s: name another file with --config, or write this one, for example:\n\n%s", e.Path, Example)
}

// Unwrap gives the error of the file system; errors.Is finds fs.ErrNotExist.
func (e *MissingError) Unwrap() error { return e.err }
