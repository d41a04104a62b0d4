package session_test

import (
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

// asksTwice is an errand of one question in a transaction.
type asksTwice struct {
	asked  int
	rows   []string
	failed []string
}

func (e *asksTwice) Next(byte) []string {
	e.asked++
	return map[int][]string{1: {"begin", "set local", "question"}, 2: {"commit"}}[e.asked]
}
func (e *asksTwice) Row(body []byte) bool            { e.rows = append(e.rows, string(body)); return true }
func (e *asksTwice) Failed(d *diagnostic.Diagnostic) { e.failed = append(e.failed, d.Code) }

// errand is a session that asks the server something of its own, before the client's
// select.
func errand(t *testing.T) (*bench, *asksTwice) {
	t.Helper()
	b := started(t)
	b.server(join(parameter("client_encoding", "SQL_ASCII"), parameter("standard_conforming_strings", "on")))
	b.TakeClient(nil)
	b.judge.later = map[string]bool{"select": true}
	b.client(query("select"))
	e := &asksTwice{}
	b.AnswerDecide(&session.Decision{Errand: e})
	b.client(nil)
	if out := showClient(t, b.TakeServer(nil)); !strings.HasPrefix(out, "P:") || e.asked != 1 {
		t.Fatalf("the server got %s", out)
	}
	return b, e
}

func parameter(name, value string) []byte { return wire.AppendParameterStatus(nil, name, value) }

var errandAnswer = join(parseComplete(), bindComplete(), complete("X"), frame('3', ""))

func TestWhatAServerSaysDuringAnErrand(t *testing.T) {
	for _, test := range []struct {
		name          string
		first, second []byte // behind the answers to the first and the second statements
		client        string
		strings       bool // the texts of the session are refused from then on
	}{
		{"nothing", nil, nil, "", false},
		{"a setting that was set and put back", parameter("client_encoding", "UTF8"), parameter("client_encoding", "SQL_ASCII"), "", false},
		{"a setting that was changed for all meanwhile", parameter("TimeZone", "UTC"), nil, "S:TimeZone=UTC", false},
		{"one of its own that was changed for all", parameter("client_encoding", "UTF8"), parameter("client_encoding", "UTF8"), "S:client_encoding=UTF8", false},
		{"one that makes texts unreadable", nil, parameter("standard_conforming_strings", "off"), "S:standard_conforming_strings=off", true},
		{"a notice", nil, (&diagnostic.Diagnostic{Severity: "NOTICE", Code: "00000", Message: "x"}).Append(nil), "", false},
		{"a notification", nil, frame(wire.NotificationResponse, "\x00\x00\x00\x07ch\x00x\x00"), "A", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, e := errand(t)
			b.server(join(errandAnswer, errandAnswer, errandAnswer, test.first, readyForQuery('T')))
			b.judge.later = nil
			b.server(join(errandAnswer, test.second, readyForQuery('I')))
			if got := parameters(t, b.TakeClient(nil)); got != test.client {
				t.Errorf("the client got %q, want %q", got, test.client)
			}
			if len(e.failed) > 0 || b.Ended() {
				t.Fatalf("failed %v, ended for %v", e.failed, b.Reason())
			}
			out := showClient(t, b.TakeServer(nil))
			want := "Q:select"
			if test.strings {
				want = "Q:EXECUTE weir_refused_"
			}
			if !strings.Contains(out, want) {
				t.Errorf("the server got %s", out)
			}
		})
	}
}

// parameters writes what a client got during an errand.
func parameters(t *testing.T, p []byte) string {
	return frames(t, p, func(typ byte, body []byte) string {
		if typ == wire.ParameterStatus {
			name, value, _ := strings.Cut(strings.TrimSuffix(string(body), "\x00"), "\x00")
			return "S:" + name + "=" + value
		}
		return string(typ)
	})
}

// What does not answer an errand ends the session.
func TestAServerThatAnswersAnErrandWrongly(t *testing.T) {
	for name, p := range map[string][]byte{
		"COPY":                         copyIn,
		"an unknown message":           frame('?', ""),
		"a login":                      wire.AppendAuthenticationOK(nil),
		"a long message":               {'D', 0x7f, 0, 0, 0},
		"a transaction that stays":     join(readyForQuery('T'), readyForQuery('T')),
		"a malformed ReadyForQuery":    frame('Z', "II"),
		"a setting without a value":    frame('S', "TimeZone\x00"),
		"its encoding without a value": join(frame('S', "client_encoding\x00"), readyForQuery('T'), readyForQuery('I')),
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := errand(t)
			b.server(p)
			if why := b.Reason(); !b.Ended() || why == nil || why.Code != "08006" {
				t.Errorf("it goes on: %v", why)
			}
			if strings.Contains(showClient(t, b.TakeServer(nil)), "Q:select") {
				t.Error("the client's statement was sent")
			}
		})
	}
}
