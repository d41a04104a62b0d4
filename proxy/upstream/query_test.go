package upstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestQueriesAnswerAsTheServerDoes(t *testing.T) {
	pg := server(t)
	noLeaks(t)
	c, _ := loginAs(t, overTLS(pg), Startup{User: "u_trust", Database: "postgres"})

	r, err := c.Query(t.Context(), "select oid, relname, null::text as nothing, '' as empty from pg_class where relname = 'pg_class'")
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Rows) != 1 || string(r.Rows[0][0]) != "1259" || string(r.Rows[0][1]) != "pg_class" || r.Rows[0][2] != nil ||
		r.Rows[0][3] == nil || len(r.Rows[0][3]) != 0 || r.Tag != "SELECT 1" {
		t.Errorf("rows %q, tag %q", r.Rows, r.Tag)
	}
	if c := r.Columns[1]; c.Name != "relname" || c.Table != 1259 || c.Number != 2 || c.Type != 19 {
		t.Errorf("column %+v", c)
	}

	r, err = c.Query(t.Context(), "select repeat('x', 3000000), i from generate_series(1, 3) i")
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Rows) != 3 || len(r.Rows[2][0]) != 3000000 || len(bytes.Trim(r.Rows[0][0], "x")) > 0 {
		t.Errorf("%d rows", len(r.Rows))
	}

	for _, sql := range []string{"", "set work_mem = '4MB'; select 1", "do $$ begin raise notice 'hello'; end $$", "listen weir; notify weir, 'x'"} {
		if _, err := c.Query(t.Context(), sql); err != nil {
			t.Errorf("%q: %v", sql, err)
		}
	}
	r, err = c.Query(t.Context(), "select")
	if err != nil || len(r.Rows) != 1 || len(r.Rows[0]) != 0 {
		t.Errorf("no columns: %v, %v", r, err)
	}
}

func TestAServersErrorLeavesTheConnectionUsable(t *testing.T) {
	pg := server(t)
	noLeaks(t)
	c, _ := loginAs(t, plain(pg), Startup{User: "u_trust", Database: "postgres"})
	for sql, code := range map[string]string{
		"select 1/0":            "22012",
		"select * from nowhere": "42P01",
		"create temp table t (a int); copy t from stdin":   "57014",
		"select i/(i-500) from generate_series(1, 1000) i": "22012",
	} {
		_, err := c.Query(t.Context(), sql)
		var server *ServerError
		if !errors.As(err, &server) || server.Code != code || server.Severity != "ERROR" || server.Fatal() {
			t.Fatalf("%s: error %T: %v", sql, err, err)
		}
		if len(server.Fields) < 5 || !bytes.Contains(server.Body, []byte("M"+server.Message+"\x00")) {
			t.Errorf("%s: fields %q", sql, server.Fields)
		}
		if r, err := c.Query(t.Context(), "select 1"); err != nil || string(r.Rows[0][0]) != "1" {
			t.Fatalf("afterwards: %v", err)
		}
	}
	if _, err := c.Query(t.Context(), "select 1\x00; drop table x"); err == nil {
		t.Error("a zero byte was taken")
	}
	if r, err := c.Query(t.Context(), "select 1; select 2"); err == nil {
		t.Errorf("two results became %q", r.Rows)
	}
}

func TestAServersLastWordIsTold(t *testing.T) {
	pg := server(t)
	noLeaks(t)
	c, _ := loginAs(t, plain(pg), Startup{User: "u_trust", Database: "postgres"})
	_, err := c.Query(t.Context(), "select pg_terminate_backend(pg_backend_pid())")
	var server *ServerError
	if !errors.As(err, &server) || server.Code != "57P01" || !server.Fatal() {
		t.Errorf("error %T: %v", err, err)
	}
	if _, err := c.Query(t.Context(), "select 1"); err == nil {
		t.Error("the connection could be used again")
	}
}

func TestAQuestionEndsWithItsContext(t *testing.T) {
	pg := server(t)
	noLeaks(t)
	c, g := loginAs(t, plain(pg), Startup{User: "u_trust", Database: "postgres"})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := c.Query(ctx, "select pg_sleep(60)")
	var lost *ConnectionError
	if !errors.As(err, &lost) || !lost.Timeout() {
		t.Fatalf("error %T: %v", err, err)
	}
	if _, err := c.Query(t.Context(), "select 1"); err == nil {
		t.Error("the connection could be used again: its answer may still come")
	}
	if err := Cancel(t.Context(), plain(pg), g.BackendPID, g.BackendKey); err != nil {
		t.Error(err)
	}
}

func TestACancelRequestReachesItsBackendOnly(t *testing.T) {
	pg := server(t)
	noLeaks(t)
	for name, target := range map[string]Target{"plain": plain(pg), "over TLS": overTLS(pg), "over a socket": overSocket(pg)} {
		t.Run(name, func(t *testing.T) {
			c, g := loginAs(t, target, Startup{User: "u_trust", Database: "postgres"})
			wrong := bytes.Clone(g.BackendKey)
			wrong[0] ^= 1
			sleeping := fmt.Sprintf("select count(*) from pg_stat_activity where wait_event = 'PgSleep' and pid = %d", g.BackendPID)
			done := make(chan error, 1)
			go func() {
				_, err := c.Query(context.Background(), "select pg_sleep(600)")
				done <- err
			}()
			waitFor(t, "the query to run", func() bool {
				return query1(t, pg, sleeping) == "1"
			})
			if err := Cancel(t.Context(), target, g.BackendPID, wrong); err != nil {
				t.Error(err)
			}
			if got := query1(t, pg, sleeping); got != "1" {
				t.Error("a wrong key cancelled it")
			}
			if err := Cancel(t.Context(), target, g.BackendPID, g.BackendKey); err != nil {
				t.Error(err)
			}
			var server *ServerError
			if err := <-done; !errors.As(err, &server) || server.Code != "57014" {
				t.Errorf("error %T: %v", err, err)
			}
		})
	}
	t.Run("a key of an impossible length", func(t *testing.T) {
		for _, key := range [][]byte{nil, {1, 2, 3}, make([]byte, 257)} {
			if err := Cancel(t.Context(), plain(pg), 1, key); err == nil {
				t.Errorf("%d bytes were taken", len(key))
			}
		}
	})
	t.Run("a server that never closes", func(t *testing.T) {
		target := fake(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 64)); _, _ = c.Read(make([]byte, 64)) })
		var lost *ConnectionError
		err := pastTheDial(target, func(target Target) error { return Cancel(t.Context(), target, 1, []byte{1, 2, 3, 4}) })
		if !errors.As(err, &lost) || !lost.Timeout() {
			t.Errorf("error %T: %v", err, err)
		}
	})
	t.Run("over an authority that is not trusted nothing is sent", func(t *testing.T) {
		target := overTLS(pg)
		target.TLS.CAFile = newAuthority(t, nil).file
		var failed *TLSError
		if err := Cancel(t.Context(), target, 1, []byte{1, 2, 3, 4}); !errors.As(err, &failed) || failed.Kind != TLSVerify {
			t.Errorf("error %T: %v", err, err)
		}
	})
}

func TestClosingTellsTheServer(t *testing.T) {
	pg := server(t)
	noLeaks(t)
	c, g := loginAs(t, overTLS(pg), Startup{User: "u_trust", Database: "postgres"})
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the backend to end", func() bool {
		return query1(t, pg, "select count(*) from pg_stat_activity where pid = "+strconv.Itoa(int(g.BackendPID))) == "0"
	})
	if strings.Contains(pg.Log(), "unexpected EOF") {
		t.Error("the server complains about the end")
	}
}
