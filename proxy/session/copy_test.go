package session_test

import "testing"

var copyIn = frame('G', "\x00\x00\x00")

func data(s string) []byte { return frame('d', s) }
func copyDone() []byte     { return frame('c', "") }

// libpq sends its Sync behind every Execute, also of a COPY; the server reads it
// in copy-in mode, where it means nothing.
func TestASyncInCopyInModeHasNoReply(t *testing.T) {
	b := started(t)
	b.client(join(parse("", "copy t"), bind("", ""), execute(""), sync()))
	b.expectServer("P:copy t B: E: H") // what follows waits for the mode to begin
	b.server(join(parseComplete(), bindComplete(), copyIn))
	b.client(join(sync(), flush(), data("1\n"), copyDone(), sync()))
	b.expectServer("d:1\n c H")
	b.server(complete("COPY 1"))
	b.expectServer("S")
	b.server(readyForQuery('I'))
	b.expectClient("1 2 G C:COPY 1 Z:I")
	if !b.Idle() {
		t.Fatal("something is still expected")
	}
	b.expectRecords("begin 1 copy t", "end 1 COPY 1 rows=1")
}

func TestALateCopyDoneIsDropped(t *testing.T) {
	b := started(t)
	b.client(join(query("copy t"), data("x"), copyDone(), query("select 1")))
	b.expectServer("Q:copy t")
	b.server(join(serverError("42P01"), readyForQuery('I')))
	b.expectServer("Q:select 1")
	b.server(join(complete("SELECT 1"), readyForQuery('I')))
	b.expectClient("E:42P01:server says 42P01 Z:I C:SELECT 1 Z:I")
	if !b.Idle() {
		t.Fatal("something is still expected")
	}
}

// The server leaves copy-in mode as soon as a row is wrong, and executes a Query
// that comes behind that row.
func TestNothingButDataPassesUnjudgedInCopyInMode(t *testing.T) {
	for name, message := range map[string][]byte{
		"a Query": query("drop table t"), "a Parse": parse("", "drop table t"), "a Bind": bind("", "s"),
		"an Execute": execute("p"), "a FunctionCall": frame('F', "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"),
		"a Close": closeStatement("s"),
	} {
		t.Run(name, func(t *testing.T) {
			b := started(t)
			b.client(query("COPY t"))
			b.server(copyIn)
			b.client(join(data("garbage\n"), message))
			b.expectServer("Q:COPY t d:garbage\n")
			if !b.Ended() {
				t.Fatal("the session goes on")
			}
		})
	}
}

func TestASyncInCopyInModeDoesNotEndTheSkippingAfterItsError(t *testing.T) {
	b := started(t)
	b.client(join(parse("", "copy t"), bind("", ""), execute("")))
	b.server(join(parseComplete(), bindComplete(), copyIn))
	b.TakeServer(nil)
	b.client(join(data("garbage\n"), sync()))
	b.server(serverError("22P02"))
	b.client(join(data("more\n"), copyDone(), query("drop table t"), sync()))
	b.expectServer("d:garbage\n S")
	b.server(readyForQuery('I'))
	b.expectClient("1 2 G E:22P02:server says 22P02 Z:I")
}

func TestACopyBehindASettingCanStillTakeItsData(t *testing.T) {
	b := settling(t, "set x; copy t")
	b.client(join(query("set x; copy t"), data("1\n"), copyDone(), query("select 1")))
	b.expectServer("Q:set x; copy t")
	b.server(join(complete("SET"), copyIn))
	b.expectServer("d:1\n c")
	b.server(join(complete("COPY 1"), readyForQuery('I')))
	b.expectServer("Q:select 1")
}

func TestACopyThatNoTextAskedForEndsTheSession(t *testing.T) {
	b := started(t)
	b.client(query("select 1"))
	b.server(copyIn)
	if !b.Ended() {
		t.Fatal("the session goes on")
	}
}

func TestTwoCopiesInOneText(t *testing.T) {
	b := started(t)
	b.client(query("copy a;copy b"))
	b.server(copyIn)
	b.client(join(data("1\n"), copyDone(), data("2\n"), copyDone(), query("select 1")))
	b.expectServer("Q:copy a;copy b d:1\n c")
	b.server(join(complete("COPY 1"), copyIn))
	b.expectServer("d:2\n c")
	b.server(join(complete("COPY 1"), readyForQuery('I')))
	b.expectServer("Q:select 1")
}
