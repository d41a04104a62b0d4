package session_test

import (
	"bytes"
	"strings"
	"testing"
)

// bindOf is a Bind with one value of a size.
func bindOf(portal, stmt string, size int) []byte {
	value := strings.Repeat("v", size)
	return frame('B', portal+"\x00"+stmt+"\x00\x00\x00\x00\x01"+string([]byte{byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)})+value+"\x00\x00")
}

func TestALargeBindIsTheSameHoweverItIsCut(t *testing.T) {
	message := join(parse("s", "masked"), bindOf("", "s", 200<<10), execute(""), sync())
	want := join(parse("s", "masked"), bindOf("", "s", 200<<10), frame('D', "P\x00"), execute(""), sync())
	for _, size := range []int{1 << 20, 1, 70 << 10, 4096} {
		b := masking(t)
		for p := message; len(p) > 0; {
			n := min(size, len(p))
			if size == 1 { // one by one where something begins or ends
				n = 1
				if left := len(p); left > 100 && left < len(message)-70<<10 {
					n = left - 100
				}
			}
			b.client(p[:n])
			p = p[n:]
		}
		if got := b.TakeServer(nil); !bytes.Equal(got, want) {
			t.Fatalf("cut by %d: the server got %d bytes, ending in %q", size, len(got), got[max(0, len(got)-60):])
		}
		b.server(join(parseComplete(), bindComplete(), description(2), row("secret"), complete("SELECT 1"), readyForQuery('I')))
		b.expectClient("1 2 D:****** C:SELECT 1 Z:I")
	}
}

func TestATextThatIsTooLongIsRefusedHoweverItIsCut(t *testing.T) {
	long := query(strings.Repeat("x", 3<<20))
	for _, size := range []int{10, 100, 1000, 1 << 22} {
		b := started(t)
		b.client(long[:min(size, len(long))])
		b.client(long[min(size, len(long)):])
		b.client(query("select 1"))
		b.expectServer("Q:EXECUTE weir_refused_01 Q:select 1")
		b.expectRecords("denied "+strings.Repeat("x", 256)+" 54000", "begin 1 select 1")
	}
}

func TestAnObservedTextThatIsTooLongPasses(t *testing.T) {
	b := started(t)
	b.judge.observes = true
	long := query(strings.Repeat("x", 3<<20))
	b.client(long[:1000])
	b.client(join(long[1000:], query("select 1")))
	if got := b.TakeServer(nil); !bytes.Equal(got, long) {
		t.Fatalf("%d bytes", len(got)) // the next one waits: the text may be a COPY
	}
	b.server(join(complete("SELECT 1"), readyForQuery('I')))
	b.expectServer("Q:select 1")
	b.expectRecords("begin 1 "+strings.Repeat("x", 256), "end 1 SELECT 1 rows=1", "begin 2 select 1")
}

func TestAnObservedParseThatIsTooLongIsRecordedWhenItIsExecuted(t *testing.T) {
	b := started(t)
	b.judge.observes = true
	b.client(join(parse("s", strings.Repeat("x", 3<<20)), bind("", "s"), execute(""), sync()))
	b.TakeServer(nil)
	b.expectRecords("begin 1 " + strings.Repeat("x", 254))
}

func TestMessagesWithBodiesThatTheyMustNotHaveEndTheSession(t *testing.T) {
	for name, message := range map[string][]byte{
		"Flush": frame('H', "x"), "Sync": frame('S', "x"), "a long Execute": frame('E', strings.Repeat("x", 70<<10)),
		"a short FunctionCall": frame('F', "\x00"), "a Query without its end": frame('Q', "select"),
		"a Query with a NUL": frame('Q', "select\x00drop\x00"), "a Describe of nothing": frame('D', "Xa\x00"),
		"a Close with more": frame('C', "Sa\x00b"), "a Parse with too few types": frame('P', "\x00\x00\x00\x02\x00\x00\x00\x01"),
		"a password": frame('p', "x\x00"), "an unknown type": frame('!', ""), "a length below 4": {'Q', 0, 0, 0, 3},
		"a length of a gigabyte": {'Q', 0x3f, 0xff, 0xff, 0xff},
	} {
		t.Run(name, func(t *testing.T) {
			b := started(t)
			b.client(join(message, query("select 1")))
			if !b.Ended() {
				t.Fatal("the session goes on")
			}
			b.expectServer("")
		})
	}
}

func TestCountsAreUnsigned(t *testing.T) {
	b := started(t)
	types := strings.Repeat("\x00\x00\x00\x17", 40000)
	b.client(join(frame('P', "\x00select\x00\x9c\x40"+types), sync()))
	if b.Ended() {
		t.Fatal("40,000 parameters are not taken")
	}
}

func TestPreparedStatementsAreBoundedInAll(t *testing.T) {
	b := started(t)
	text := strings.Repeat("x", 1<<20)
	for i := range 100 {
		b.client(parse("s"+strings.Repeat("i", i%60)+string(rune('a'+i/60)), text))
		b.server(parseComplete())
		b.TakeClient(nil)
		if b.Ended() {
			return // the bench answers a refusal with ParseComplete
		}
		if i > 70 {
			t.Fatal("100 MiB of texts are kept")
		}
	}
}
