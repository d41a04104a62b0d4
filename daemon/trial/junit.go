package trial

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes results as a JUnit report: a suite for each file.
func WriteJUnit(w io.Writer, results []Result) error {
	var report junitSuites
	for i := range results {
		r := &results[i]
		if n := len(report.Suites); n == 0 || report.Suites[n-1].Name != r.File {
			report.Suites = append(report.Suites, junitSuite{Name: r.File})
		}
		s := &report.Suites[len(report.Suites)-1]
		c := junitCase{Class: r.File, Name: r.Name, Time: fmt.Sprintf("%.6f", r.Took.Seconds())}
		if !r.Passed {
			s.Failures++
			c.Failure = &junitFailure{Message: strings.Join(r.Failures, "; "), Text: r.Reason + "\n" + r.Message}
		}
		s.Tests++
		s.Cases = append(s.Cases, c)
	}
	for i := range report.Suites {
		s := &report.Suites[i]
		total := 0.0
		for _, r := range results {
			if r.File == s.Name {
				total += r.Took.Seconds()
			}
		}
		s.Time = fmt.Sprintf("%.6f", total)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(report); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}
