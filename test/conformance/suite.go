package main

import (
	"context"
	"slices"
)

// suite is a set of tests that somebody wrote for PostgreSQL.
type suite struct {
	name, about string
	// prepare fetches and builds what run needs, into the cache; it needs no root.
	prepare func(ctx context.Context, c cache) error
	server  serverOptions
	single  bool // its tests can be run one by one
	wire    bool // it uses the protocol in a client library's own way, so that TLS matters
	program bool // it is a program for a client library
	quick   bool // leave out what takes long and finds little
	// run gives the tests in the order in which they ran, also beside an error.
	run func(ctx context.Context, s *site, c cache) ([]test, error)
}

// test is one test's end on one way.
type test struct {
	name   string
	status status
	output string // what is compared, without what differs by itself
	detail string // for the reader of a difference, not compared
}

type status string

const (
	passed  status = "passed"
	failed  status = "failed"
	skipped status = "skipped"
	missing status = "missing" // it did not get to run
)

// suites are all of them, the quickest to find something first.
func suites() []suite {
	return slices.Concat([]suite{pipelineSuite()}, regressSuites(), goSuites(), programSuites())
}
