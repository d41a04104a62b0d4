package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestCopyGoesBothWaysUnchanged(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	conn := s.connect()
	ctx := t.Context()
	var in bytes.Buffer
	const n = 20000
	for i := range n {
		fmt.Fprintf(&in, "%d\t%d\titem %d %s\t%d\n", 1000+i, 1+i%3, i, strings.Repeat("x", i%200), i)
	}
	sent := in.String()
	tag, err := conn.PgConn().CopyFrom(ctx, &in, "COPY orders FROM STDIN")
	s.must(err)
	if tag.RowsAffected() != n {
		t.Errorf("copied %d rows, want %d", tag.RowsAffected(), n)
	}
	var out bytes.Buffer
	_, err = conn.PgConn().CopyTo(ctx, &out, "COPY (SELECT * FROM orders WHERE id >= 1000 ORDER BY id) TO STDOUT")
	s.must(err)
	if out.String() != sent {
		t.Errorf("%d bytes came back, %d were sent, and they differ", out.Len(), len(sent))
	}
}

func TestAFailedCopyLeavesTheConnectionUsable(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	conn := s.connect()
	_, err := conn.PgConn().CopyFrom(t.Context(), strings.NewReader("1\t1\tduplicate\t1\n"), "COPY orders FROM STDIN")
	if e := s.refusal(err); e.Code != "23505" {
		t.Errorf("got %s, want 23505", e.Code)
	}
	s.must(conn.Ping(t.Context()))
	if got := s.query1("SELECT count(*) FROM orders"); got != "100" {
		t.Errorf("%s orders", got)
	}
}
