package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/weirgate/weir/test/lab"
)

func pipelineSuite() suite {
	return suite{
		name: "libpq_pipeline", about: "libpq's tests of its pipeline mode, with traces of the wire",
		prepare: prepareSource,
		server:  serverOptions{auth: "trust"},
		single:  true,
		wire:    true,
		run:     pipeline,
	}
}

// pipeline runs libpq's tests one by one. Of those for which PostgreSQL keeps a
// trace the messages on the wire are compared too; what the others send and say
// depends on timing.
func pipeline(ctx context.Context, s *site, c cache) ([]test, error) {
	source, err := c.source(ctx)
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(source, "tree/src/test/modules/libpq_pipeline")
	program := filepath.Join(s.lab.Dir, "libpq_pipeline")
	if err := copyTree(filepath.Join(folder, "libpq_pipeline"), program); err != nil {
		return nil, err
	}
	traces, err := s.folder("traces")
	if err != nil {
		return nil, err
	}
	listed, err := s.run(ctx, time.Minute, lab.Command{Path: program, Args: []string{"tests"}})
	if err != nil {
		return nil, err
	}
	dsn := fmt.Sprintf("host=%s port=%d user=postgres dbname=postgres", s.postgres.Host, s.postgres.Port)
	var tests []test
	for _, name := range strings.Fields(listed.Stdout) {
		if !s.wants(name) {
			continue
		}
		args := []string{"-r", "700", name, dsn}
		trace := filepath.Join(traces, name+".trace")
		expected, reading := os.ReadFile(filepath.Join(folder, "traces", name+".trace"))
		if reading == nil {
			args = append([]string{"-t", trace}, args...)
		}
		out, err := s.run(ctx, time.Minute, lab.Command{Path: program, Args: args})
		t := test{name: name, status: passed}
		if err != nil || out.Code != 0 {
			t.status = failed
		}
		t.output = fmt.Sprintf("exit status %d\n", out.Code)
		if err != nil {
			t.output += err.Error() + "\n"
		}
		if t.status == failed {
			t.output += tail(out.Stdout, 20) + "\n" + tail(out.Stderr, 20) + "\n"
		}
		if reading == nil {
			text, err := os.ReadFile(trace)
			if err != nil {
				text = []byte(err.Error())
			}
			if string(text) != string(expected) {
				t.status = failed
			}
			t.output += "-- trace\n" + string(text)
		}
		t.output = s.plain(t.output)
		tests = append(tests, t)
	}
	return tests, ctx.Err()
}
