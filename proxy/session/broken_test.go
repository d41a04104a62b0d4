package session_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// brokenOff checks a session that has ended in the middle of things.
func brokenOff(t *testing.T, b *bench, how string) {
	t.Helper()
	if !b.Ended() || b.Question() != nil {
		t.Fatalf("%s: it has not ended", how)
	}
	open := map[string]bool{}
	for _, line := range b.recorder.lines {
		switch word := strings.Fields(line); word[0] {
		case "begin":
			open[word[1]] = true
		case "end":
			if !open[word[1]] {
				t.Fatalf("%s: ended twice or never begun: %q", how, b.recorder.lines)
			}
			delete(open, word[1])
		}
	}
	if len(open) > 0 {
		t.Fatalf("%s: records %v are open: %q", how, open, b.recorder.lines)
	}
	b.client(query("select 'late'"))
	b.server(complete("LATE"))
	if b.HasServer() && strings.Contains(string(b.TakeServer(nil)), "late") {
		t.Fatalf("%s: it goes on", how)
	}
}

// Wherever a connection breaks off, on either side, the session ends, its records
// are closed, and the client is told whole messages only.
func TestARecordedSessionMayBreakOffAnywhere(t *testing.T) {
	p := realPostgres(t)
	steps := realSession()
	want := direct(t, p, steps)
	// All that passes, in its order.
	type part struct {
		server bool
		bytes  []byte
	}
	var parts []part
	for i, step := range steps {
		if len(step.send) > 0 && step.send[0] == wire.FunctionCall {
			continue
		}
		eachFrame(step.send, func(f []byte) { parts = append(parts, part{false, f}) })
		eachFrame(want[i], func(f []byte) { parts = append(parts, part{true, f}) })
	}
	ends := map[string]func(*bench){
		"the client leaves":    func(b *bench) { b.Leave() },
		"the server is lost":   func(b *bench) { b.End(diagnostic.ServerLost(nil)) },
		"weir stops":           func(b *bench) { b.End(diagnostic.Shutdown()) },
		"the client is broken": func(b *bench) { b.held = nil; b.client([]byte{'!', 0, 0, 0, 0}); b.Leave() },
		"the server is broken": func(b *bench) { b.heldS = nil; b.server([]byte{'!', 0, 0, 0, 0}); b.Leave() },
	}
	names := []string{"the client leaves", "the server is lost", "weir stops", "the client is broken", "the server is broken"}
	n := 0
	for last := range parts {
		for at := 0; at < len(parts[last].bytes); at += 1 + at/40*50 { // few places of what is long
			n++
			b := realBench(t, n%2 == 0)
			for _, one := range parts[:last] {
				if one.server {
					b.server(one.bytes)
				} else {
					b.client(one.bytes)
				}
			}
			if broken := parts[last].bytes[:at]; parts[last].server {
				b.server(broken)
			} else {
				b.client(broken)
			}
			how := names[n%len(names)]
			b.TakeServer(nil)
			ends[how](b)
			got := b.TakeClient(nil)
			how = fmt.Sprintf("%s at byte %d of %q", how, at, parts[last].bytes[:min(20, len(parts[last].bytes))])
			brokenOff(t, b, how)
			if rest := got[len(whole(got)):]; len(rest) > 0 && !parts[last].server {
				t.Fatalf("%s: the client got a part of a message: %q", how, rest)
			}
		}
	}
	t.Logf("%d places", n)
}
