package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// The program runs itself as a client, born in the cgroup that is measured:
// bench client TASK ADDRESS COUNT. It prints one JSON value.

// client is what such a run does.
func client(args []string) error {
	if len(args) < 3 {
		return errors.New("client needs a task, an address and a count")
	}
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	tasks := map[string]func(address string, n int) ([]time.Duration, error){
		"query": query, "connect": connect, "reach": reach, "echo": echo, "hold": hold,
	}
	task := tasks[args[0]]
	if task == nil {
		return fmt.Errorf("there is no task %q", args[0])
	}
	times, err := task(args[1], n)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(times)
}

// dial logs in as bench's role; PGPASSWORD is the environment's.
func dial(ctx context.Context, address string) (*pgconn.PgConn, error) {
	return pgconn.Connect(ctx, fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", role, address, database))
}

// connect logs in and leaves, n times.
func connect(address string, n int) ([]time.Duration, error) {
	times := make([]time.Duration, 0, n)
	ctx := context.Background()
	for range n {
		start := time.Now()
		c, err := dial(ctx, address)
		if err != nil {
			return nil, err
		}
		times = append(times, time.Since(start))
		if err := c.Close(ctx); err != nil {
			return nil, err
		}
	}
	return times, nil
}

// query reads all rows of a table, n times on one connection. It looks at nothing
// but where messages end, so that what it takes itself does not hide what the way
// takes.
func query(address string, n int) ([]time.Duration, error) {
	pg, err := dial(context.Background(), address)
	if err != nil {
		return nil, err
	}
	if err := pg.SyncConn(context.Background()); err != nil {
		return nil, err
	}
	c, err := pg.Hijack()
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Conn.Close() }()
	ask, err := (&pgproto3.Query{String: "SELECT * FROM " + table}).Encode(nil)
	if err != nil {
		return nil, err
	}
	times := make([]time.Duration, 0, n)
	buf := make([]byte, 64<<10)
	for range n {
		start := time.Now()
		if _, err := c.Conn.Write(ask); err != nil {
			return nil, err
		}
		rows, err := drain(c.Conn, buf)
		if err != nil {
			return nil, err
		}
		times = append(times, time.Since(start))
		if rows != tableRows {
			return nil, fmt.Errorf("%d rows came, not %d", rows, tableRows)
		}
	}
	return times, nil
}

// drain reads up to ReadyForQuery and counts rows.
func drain(r io.Reader, buf []byte) (rows int, err error) {
	have := 0
	for {
		n, err := r.Read(buf[have:])
		if err != nil {
			return rows, err
		}
		have += n
		at := 0
		for have-at >= 5 {
			size := 1 + int(binary.BigEndian.Uint32(buf[at+1:]))
			if have-at < size {
				break
			}
			switch buf[at] {
			case 'D':
				rows++
			case 'Z':
				return rows, nil
			case 'E':
				return rows, fmt.Errorf("the server says %q", buf[at+5:at+size])
			}
			at += size
		}
		have = copy(buf, buf[at:have])
	}
}

// reach connects the socket alone, n times.
func reach(address string, n int) ([]time.Duration, error) {
	times := make([]time.Duration, 0, n)
	for range n {
		start := time.Now()
		c, err := net.Dial("tcp", address)
		if err != nil {
			return nil, err
		}
		times = append(times, time.Since(start))
		// Without waiting for the other side, so that no port is used up.
		if err := c.(*net.TCPConn).SetLinger(0); err != nil { //nolint:forcetypeassert // it was dialled as TCP
			return nil, err
		}
		if err := c.Close(); err != nil {
			return nil, err
		}
	}
	return times, nil
}

// echo sends a byte and waits for it, n times on one connection.
func echo(address string, n int) ([]time.Duration, error) {
	c, err := begin(address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	times := make([]time.Duration, 0, n)
	var one [1]byte
	for range n {
		start := time.Now()
		if _, err := c.Write(one[:]); err != nil {
			return nil, err
		}
		if _, err := io.ReadFull(c, one[:]); err != nil {
			return nil, err
		}
		times = append(times, time.Since(start))
	}
	return times, nil
}

// hold opens n sessions, says so, and keeps them until it is told to end.
func hold(address string, n int) ([]time.Duration, error) {
	const atOnce = 16
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	var open []net.Conn
	turns := make(chan struct{}, atOnce)
	for range n {
		turns <- struct{}{}
		wg.Go(func() {
			c, err := begin(address)
			mu.Lock()
			open, failed = append(open, c), errors.Join(failed, err)
			mu.Unlock()
			<-turns
		})
	}
	wg.Wait()
	if failed != nil {
		return nil, failed
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	fmt.Println(holding)
	<-end
	for _, c := range open {
		_ = c.Close()
	}
	return nil, nil
}

// holding is what hold prints when all sessions are open.
const holding = "holding"

// begin starts a session, and keeps nothing of it but the socket.
func begin(address string) (net.Conn, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	f := pgproto3.NewFrontend(c, c)
	f.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30,
		Parameters: map[string]string{"user": role, "database": database}})
	if err := f.Flush(); err != nil {
		return nil, err
	}
	for {
		m, err := f.Receive()
		if err != nil {
			return nil, err
		}
		switch m := m.(type) {
		case *pgproto3.ReadyForQuery:
			return c, nil
		case *pgproto3.ErrorResponse:
			return nil, pgconn.ErrorResponseToPgError(m)
		}
	}
}
