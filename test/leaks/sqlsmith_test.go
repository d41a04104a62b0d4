package leaks

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weirgate/weir/test/lab"
)

// timeVariable is a third of how long random statements are tried, as time.ParseDuration
// reads it. Without it a few are, and sqlsmith does not run: `make fuzz` sets it.
const timeVariable = "WEIR_LEAKS_TIME"

func longer(t testing.TB) time.Duration {
	t.Helper()
	text := os.Getenv(timeVariable)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("%s: %v", timeVariable, err)
	}
	return 3 * d
}

// tap stands between a client and weir and keeps what comes back.
type tap struct {
	net.Listener
	to      string
	f       *searcher
	mu      sync.Mutex
	leak    string
	seen    int
	clients sync.WaitGroup
}

func newTap(t testing.TB, to string, f *searcher) *tap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &tap{Listener: l, to: to, f: f}
	p.clients.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.clients.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		p.clients.Wait()
	})
	return p
}

func (p *tap) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	s, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer func() { _ = s.Close() }()
	p.clients.Go(func() {
		_, _ = io.Copy(s, c)
		_ = s.Close()
	})
	chunk, kept := make([]byte, 1<<16), []byte(nil)
	for {
		n, err := s.Read(chunk)
		if n > 0 {
			kept = append(kept, chunk[:n]...)
			p.look(kept, n)
			kept = kept[max(0, len(kept)-256):] // what is cut in two is found with the next piece
			if _, err := c.Write(chunk[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *tap) look(data []byte, n int) {
	found := p.f.find(data)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen += n
	if found != "" && p.leak == "" {
		p.leak = fmt.Sprintf("%s in %q", found, data)
	}
}

// TestSqlsmithShowsNothing has sqlsmith send what it makes up, and looks into every byte
// that it gets.
func TestSqlsmithShowsNothing(t *testing.T) {
	d := longer(t)
	if d == 0 {
		return
	}
	if _, err := exec.LookPath("sqlsmith"); err != nil {
		lab.Skip(t, "SQLSMITH: apt-get install sqlsmith")
	}
	s := getSite(t)
	p := newTap(t, s.address[allow], s.finder)
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	port := p.Addr().(*net.TCPAddr).Port
	var said lab.Buffer
	process, err := s.lab.Start(lab.Command{
		Path: "sqlsmith", Stdout: &said, Stderr: &said, Env: append(os.Environ(), "PGSSLMODE=disable", "PGCONNECT_TIMEOUT=20"),
		Args: []string{fmt.Sprintf("--target=host=127.0.0.1 port=%d user=agent dbname=%s_left", port, allow), "--seed=20241122", "--verbose"},
	})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-ctx.Done():
	case <-process.Done():
	}
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.leak != "" {
		t.Errorf("shows %s", p.leak)
	}
	text := said.String()
	t.Logf("%d bytes came back; sqlsmith says:\n%s", p.seen, text[max(0, len(text)-2000):])
	if p.seen < 20_000 || strings.Count(text, ".") < 50 {
		t.Errorf("sqlsmith has hardly run")
	}
}
