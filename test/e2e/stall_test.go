package e2e

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// detecting is a policy under which every text that comes back is looked into.
const detecting = `
  masks:
  - name: contact
    columns: [public.customers.email]
    with: {type: Redact}
  - name: anywhere
    detect: [PaymentCard, EmailAddress, IBAN, PhoneNumber, APIKey]
    patterns: ['EMP-(\d|a|aa)+-x', '(a*)*(b|c)+$']
    with: {type: Partial, keepLast: 4}
`

// slowest runs a statement again and again until ctx ends, and gives the longest that it took.
func slowest(ctx context.Context, conn *pgx.Conn, text string) (longest time.Duration, err error) {
	for ctx.Err() == nil {
		began := time.Now()
		if _, err := conn.Exec(context.Background(), text, pgx.QueryExecModeSimpleProtocol); err != nil {
			return longest, err
		}
		longest = max(longest, time.Since(began))
		time.Sleep(time.Millisecond) // as a client that does something with its answers
	}
	return longest, nil
}

// Whoever looks into tens of megabytes for one session must not keep the others waiting
// for that long, whatever the machine is.
func TestLargeValuesOfOneSessionStallNoOther(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{policy: detecting})
	for _, c := range []struct{ name, text string }{
		{"a row of card numbers that are none", "SELECT repeat('4111 1111 1111 1112 ', 500000)"},
		{"a row for regular expressions", "SELECT 'EMP-' || repeat('1aa', 3000000)"},
		{"a row of json", `SELECT ('[' || repeat('{"a":"a@b.de"},', 700000) || '1]')::json`},
		{"a large array", "SELECT array_agg('a@b' || g) FROM generate_series(1, 500000) g"},
		{"a COPY of one row", "COPY (SELECT repeat('a@', 6000000)) TO STDOUT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, other := s.connect(), s.connect()
			control, err := s.pg.Connect(t.Context(), s.database)
			s.must(err)
			defer func() { _ = control.Close(context.Background()) }()
			ctx, stop := context.WithCancel(t.Context())
			var longest, machine time.Duration // the latter past weir: what the machine does by itself
			var failed, lost error
			var bystanders sync.WaitGroup
			bystanders.Go(func() { longest, failed = slowest(ctx, other, "SELECT 1") })
			bystanders.Go(func() { machine, lost = slowest(ctx, control, "SELECT 1") })
			began := time.Now()
			_, err = conn.PgConn().Exec(t.Context(), c.text).ReadAll()
			took := time.Since(began)
			stop()
			bystanders.Wait()
			if err := errors.Join(err, failed, lost); err != nil {
				t.Fatal(err)
			}
			t.Logf("it took %v, the other waited for %v at most, one past weir for %v", took, longest, machine)
			if longest -= machine; longest > took/2 && longest > 100*time.Millisecond {
				t.Errorf("of %v the other session waited for %v more than one past weir", took, longest)
			}
		})
	}
}
