package trial

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"
)

// Suite is a file of tests of policy documents.
type Suite struct {
	File string `yaml:"-"`
	// Policies are the documents, files or folders, relative to the suite's file;
	// none leaves it to whoever runs the suite.
	Policies []string `yaml:"policies"`
	// As is the workload that sends the statements where a test names no other:
	// unit, cgroup, container, pod, uid, user, exe.
	As map[string]string `yaml:"as"`
	// Database is the Database document, "" for the only one.
	Database string `yaml:"database"`
	// Catalog are tables with the types of their columns in order, for masks:
	// {public.customers: [id integer, email text]}.
	Catalog map[string][]string `yaml:"catalog"`
	Tests   []Test              `yaml:"tests"`
}

// Test is one text and what is to become of it.
type Test struct {
	Name          string            `yaml:"name"`
	SQL           string            `yaml:"sql"`
	As            map[string]string `yaml:"as"`
	Database      string            `yaml:"database"`
	InTransaction bool              `yaml:"inTransaction"`
	At            time.Time         `yaml:"at"` // for rules about time; zero is now
	// Rows are what the server would give, in text format; null is NULL.
	Rows   [][]*string `yaml:"rows"`
	Expect Expect      `yaml:"expect"`
}

// Expect is what is to be decided. What is not named is not compared.
type Expect struct {
	Action   string      `yaml:"action"` // Allow, Warn, RequireApproval, Deny
	Rule     string      `yaml:"rule"`   // policy/rule that decides, "none" for none
	Warnings []string    `yaml:"warnings"`
	Limits   []string    `yaml:"limits"` // policy/rule of each limit on it
	Rows     [][]*string `yaml:"rows"`   // what the client gets of Rows
}

// ReadSuite reads a suite. An unknown key, a test without a name, a text or an
// expectation, and a name that is used twice are errors.
func ReadSuite(file string, data []byte) (*Suite, error) {
	s := &Suite{}
	if err := yaml.Load(data, s, yaml.WithKnownFields()); err != nil {
		var other struct {
			APIVersion string `yaml:"apiVersion"`
		}
		if yaml.Load(data, &other) == nil && other.APIVersion != "" {
			return nil, fmt.Errorf("%s: these are policy documents, not tests of them: a file of tests has the keys policies and tests", file)
		}
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	s.File = file
	var problems []error
	wrong := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: %s", file, fmt.Sprintf(format, args...)))
	}
	if len(s.Tests) == 0 {
		wrong("there is no test: write tests: [{name: ..., sql: ..., expect: {action: Deny}}]")
	}
	var names []string
	for i := range s.Tests {
		t := &s.Tests[i]
		if t.Name == "" {
			t.Name = fmt.Sprintf("test %d", i+1)
			wrong("test %d has no name", i+1)
		}
		if slices.Contains(names, t.Name) {
			wrong("there are two tests with the name %q", t.Name)
		}
		names = append(names, t.Name)
		if t.SQL == "" {
			wrong("test %q has no sql", t.Name)
		}
		if t.Expect.Action == "" && t.Expect.Rule == "" && t.Expect.Rows == nil && t.Expect.Limits == nil && t.Expect.Warnings == nil {
			wrong("test %q expects nothing: write expect: {action: Deny, rule: policy/rule}", t.Name)
		}
		if !slices.Contains([]string{"", "Allow", "Warn", "RequireApproval", "Deny"}, t.Expect.Action) {
			wrong("test %q: action cannot be %q, it is Allow, Warn, RequireApproval or Deny", t.Name, t.Expect.Action)
		}
		if t.Expect.Rows != nil && t.Rows == nil {
			wrong("test %q expects rows and gives none: write rows: [[...]] as the server would send them", t.Name)
		}
	}
	for i, p := range s.Policies {
		if !filepath.IsAbs(p) && p != "-" {
			s.Policies[i] = filepath.Join(filepath.Dir(file), p)
		}
	}
	return s, errors.Join(problems...)
}
