package session_test

import "testing"

var copyIn = frame('G', "\x00\x00\x00")

func TestSyncsInCopyInModeHaveNoReply(t *testing.T) {
	for name, early := range map[string]bool{"sent before the mode began": true, "sent in the mode": false} {
		t.Run(name, func(t *testing.T) {
			b := started(t)
			b.client(join(parse("", "copy"), bind("", ""), execute(""), sync()))
			if early {
				b.client(join(frame('d', "1\n"), frame('c', ""), sync()))
			}
			b.server(join(parseComplete(), bindComplete(), copyIn))
			if !early {
				b.client(join(sync(), frame('d', "1\n"), frame('c', ""), sync()))
			}
			b.server(join(complete("COPY 1"), readyForQuery('I')))
			b.expectClient("1 2 G C:COPY 1 Z:I")
			if !b.Idle() {
				t.Fatal("something is still expected")
			}
		})
	}
}

func TestALateCopyDoneIsIgnored(t *testing.T) {
	b := started(t)
	b.client(join(query("copy"), frame('d', "x"), frame('c', ""), query("select 1")))
	b.server(join(serverError("42P01"), readyForQuery('I'), complete("SELECT 1"), readyForQuery('I')))
	b.expectClient("E:42P01:server says 42P01 Z:I C:SELECT 1 Z:I")
	if !b.Idle() {
		t.Fatal("something is still expected")
	}
}

func TestAQueryInCopyInModeIsAnErrorInTheCopy(t *testing.T) {
	b := started(t)
	b.client(query("copy"))
	b.server(copyIn)
	b.client(query("select 1"))
	b.server(join(serverError("08P01"), readyForQuery('I')))
	b.expectClient("G E:08P01:server says 08P01 Z:I")
	if !b.Idle() {
		t.Fatal("something is still expected")
	}
	b.expectRecords("begin 1 copy", "end 1 08P01 rows=0")
}
