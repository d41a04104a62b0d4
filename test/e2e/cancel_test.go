package e2e

import (
	"context"
	"encoding/binary"
	"net"
	"testing"
	"time"
)

func TestACancelRequestEndsTheStatementAndNotTheSession(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	conn := s.connect()
	done := make(chan error, 1)
	go func() {
		_, err := conn.Exec(t.Context(), "SELECT pg_sleep(60)")
		done <- err
	}()
	s.eventually("the sleeping statement", func() (bool, string) {
		got := s.query1("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep%' AND wait_event = 'PgSleep'")
		return got == "1", got
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s.must(conn.PgConn().CancelRequest(ctx))
	if e := s.refusal(<-done); e.Code != "57014" {
		t.Errorf("got %s, want 57014", e.Code)
	}
	s.must(conn.Ping(t.Context()))
}

func TestACancelRequestWithAnotherKeyDoesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	conn := s.connect()
	done := make(chan error, 1)
	go func() {
		_, err := conn.Exec(t.Context(), "SELECT pg_sleep(1)")
		done <- err
	}()
	raw, err := s.dial()
	s.must(err)
	message := make([]byte, 16)
	binary.BigEndian.PutUint32(message, 16)
	binary.BigEndian.PutUint32(message[4:], 80877102)
	binary.BigEndian.PutUint32(message[8:], conn.PgConn().PID())
	binary.BigEndian.PutUint32(message[12:], 12345)
	_, err = raw.Write(message)
	s.must(err)
	s.must(raw.SetReadDeadline(time.Now().Add(10 * time.Second)))
	if n, err := raw.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("a cancel request was answered with %d bytes (%v)", n, err)
	}
	s.must(raw.Close())
	if err := <-done; err != nil {
		t.Errorf("cancelled by a stranger: %v", err)
	}
}

// The process id is the server's, since clients compare it with what the server
// says elsewhere. The key is weir's: whoever reads it cannot cancel past weir.
func TestTheServersOwnKeyDoesNotReachTheClient(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	conn := s.connect()
	var backend uint32
	s.must(conn.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&backend))
	if got := conn.PgConn().PID(); got != backend {
		t.Errorf("the client was told process id %d, the server's is %d", got, backend)
	}
	done := make(chan error, 1)
	go func() {
		_, err := conn.Exec(t.Context(), "SELECT pg_sleep(1)")
		done <- err
	}()
	// This process is in no captured cgroup: the request goes to the server itself.
	raw, err := net.Dial("tcp", s.pg.Addr().String())
	s.must(err)
	message := binary.BigEndian.AppendUint32(nil, 16)
	message = binary.BigEndian.AppendUint32(message, 80877102)
	message = binary.BigEndian.AppendUint32(message, backend)
	message = append(message, conn.PgConn().SecretKey()...)
	_, err = raw.Write(message)
	s.must(err)
	_, _ = raw.Read(make([]byte, 1)) // the server closes once it has looked
	s.must(raw.Close())
	if err := <-done; err != nil {
		t.Errorf("the client's key cancelled at the server itself: %v", err)
	}
}
