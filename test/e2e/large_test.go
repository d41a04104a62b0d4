package e2e

import (
	"crypto/sha256"
	"strings"
	"testing"
)

func TestLargeParametersAndResultsPass(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	conn := s.connect()
	ctx := t.Context()
	body := strings.Repeat("0123456789abcdef", 1<<20) // 16 MiB
	var id int64
	s.must(conn.QueryRow(ctx, "INSERT INTO notes (body) VALUES ($1) RETURNING id", body).Scan(&id))
	var back string
	s.must(conn.QueryRow(ctx, "SELECT body FROM notes WHERE id = $1", id).Scan(&back))
	if sha256.Sum256([]byte(back)) != sha256.Sum256([]byte(body)) {
		t.Errorf("%d bytes came back changed", len(back))
	}
}

func TestManyRowsPass(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	conn := s.connect()
	rows, err := conn.Query(t.Context(), "SELECT g, repeat('x', g % 100) FROM generate_series(1, 200000) g")
	s.must(err)
	n := 0
	for rows.Next() {
		n++
	}
	s.must(rows.Err())
	if n != 200000 {
		t.Errorf("%d rows, want 200000", n)
	}
}
