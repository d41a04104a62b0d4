package session_test

import (
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

// attack is what a client sends, in steps. The oracle of the model says whether
// it worked: a masked value that comes out, a statement that is executed
// unapproved, unrecorded or against the policy.
type attack struct {
	steps [][]byte
	want  string // what the client gets when each step awaits its replies
}

func closePortal(name string) []byte { return frame('C', "P"+name+"\x00") }

func executeRows(portal string, n byte) []byte {
	return frame('E', portal+"\x00\x00\x00\x00"+string([]byte{n}))
}

var nameAttacks = map[string]attack{
	"Bind of what PREPARE made": {
		[][]byte{query("prepare a exp 1"), join(bind("", "a"), execute(""), sync())},
		"C:PREPARE Z:I 2 D:****** D:****** C:EXP Z:I"},
	"a name that the server cuts": {
		[][]byte{join(parse(longName+"1", "sel 1"), sync()),
			join(closeStatement(longName+"2"), parse(longName+"3", "exp 1"), bind("", longName+"1"), execute(""), sync())},
		"E:42622 Z:I E:42622 Z:I"},
	"a portal's name that the server cuts": {
		[][]byte{join(query("begin"), parse("x", "sel 1"), parse("y", "exp 1"), bind(longName+"1", "x"), closePortal(longName+"2"),
			bind(longName+"3", "y"), execute(longName+"1"), sync())},
		"C:BEGIN Z:T 1 1 E:42622 Z:E"},
	"FETCH from a portal of the protocol": {
		[][]byte{join(query("begin"), parse("", "exp 1"), bind("a", ""), sync()), query("fetch a")},
		"C:BEGIN Z:T 1 2 Z:T E:42501 Z:E"},
	"a portal that SQL has redefined": {
		[][]byte{join(parse("s", "sel 1"), query("begin"), bind("a", "s"), sync()), query("close a;declare a sec 1"), join(execute("a"), sync())},
		"1 C:BEGIN Z:T 2 Z:T C:CLOSE CURSOR C:DECLARE CURSOR Z:T D:****** D:****** D:****** C:SELECT Z:T"},
	"a portal that SQL redefines in the pipeline": {
		[][]byte{join(parse("s", "sel 1"), query("begin"), bind("a", "s"), query("close a;declare a sec 1"), execute("a"), sync())},
		"1 C:BEGIN Z:T 2 C:CLOSE CURSOR C:DECLARE CURSOR Z:T D:****** D:****** D:****** C:SELECT Z:T"},
	"a portal that SQL redefines by Executes": {
		[][]byte{join(parse("s", "sel 1"), query("begin"), bind("a", "s"), parse("c", "close a"), bind("", "c"), execute(""),
			parse("d", "declare a sec 1"), bind("", "d"), execute(""), execute("a"), sync())},
		"1 C:BEGIN Z:T 2 1 2 C:CLOSE CURSOR 1 2 C:DECLARE CURSOR D:****** D:****** D:****** C:SELECT Z:T"},
	"a portal that ROLLBACK TO brings back": {
		[][]byte{join(parse("s", "sel 1"), query("begin"), bind("a", "s"), query("close a;declare a sec 1;savepoint s"), bind("a", "s"), sync()),
			join(query("rollbackto s"), execute("a"), sync())},
		"1 C:BEGIN Z:T 2 C:CLOSE CURSOR C:DECLARE CURSOR C:SAVEPOINT Z:T E:42P03 Z:E C:ROLLBACK Z:T D:****** D:****** D:****** C:SELECT Z:T"},
	"EXECUTE of an EXECUTE": {
		[][]byte{join(parse("b", "del 1"), parse("a", "execute b"), sync()), query("execute a")},
		"1 1 Z:I E:0A000 Z:I"},
	"EXECUTE of a DEALLOCATE": {
		[][]byte{join(parse("s", "sel 1"), parse("d", "deallocate s"), parse("p", "prepare s exp 1"), sync()), query("execute d"), query("execute p"),
			join(bind("", "s"), execute(""), sync())},
		"1 1 1 Z:I E:0A000 Z:I E:0A000 Z:I 2 D:v1 C:SEL Z:I"},
	"EXECUTE of a cursor's commands": {
		[][]byte{join(parse("s", "sel 1"), parse("c", "close a"), parse("d", "declare a sec 1"), query("begin"), bind("a", "s"), query("execute c"), query("execute d"), execute("a"), sync())},
		"1 1 1 C:BEGIN Z:T 2 E:0A000 Z:E E:0A000 Z:E E:25P02 Z:E"},
	"EXECUTE of a COPY": {
		[][]byte{join(parse("c", "copyin"), sync()), query("execute c")},
		"1 Z:I E:0A000 Z:I"},
	"an approval of EXECUTE": {
		[][]byte{join(parse("a", "del 1"), sync()), query("execute a"), join(closeStatement("a"), parse("a", "del 2"), sync()), query("execute a")},
		"1 Z:I E:42501 Z:I 3 1 Z:I E:42501 Z:I"},
	"EXECUTE in the text that prepares it": {
		[][]byte{query("prepare a sel 1"), query("deallocate a;prepare a exp 1;execute a"), query("prepare b exp 1;execute b")},
		"C:PREPARE Z:I E:0A000 Z:I E:0A000 Z:I"},
	"EXECUTE of an unknown name": {
		[][]byte{query("execute a")},
		"E:26000 Z:I"},
	"EXECUTE of a name whose Close is skipped": {
		[][]byte{join(parse("a", "exp 1"), sync()), join(bind("", "nosuch"), closeStatement("a"), parse("a", "sel 1"), sync(), query("execute a"))},
		"1 Z:I E:26000 Z:I T D:****** D:****** C:EXECUTE Z:I"},
	"EXECUTE of a name that another EXECUTE's segment changes": {
		[][]byte{join(query("begin"), parse("a", "sel 1"), parse("e", "execute a"), bind("p", "e"), sync()),
			join(closeStatement("a"), parse("a", "exp 1"), execute("p"), sync())},
		"C:BEGIN Z:T 1 1 2 Z:T 3 1 E:0A000 Z:E"},
	"a transaction that ends in the pipeline": {
		[][]byte{query("begin"), join(query("commit"), query("intx 1"))},
		"C:BEGIN Z:T C:COMMIT Z:I E:42501 Z:I"},
	"a transaction that ends in the segment": {
		[][]byte{query("begin"), join(parse("a", "intx 1"), parse("c", "commit"), bind("", "c"), execute(""), bind("", "a"), execute(""), sync())},
		"C:BEGIN Z:T 1 1 2 C:COMMIT 2 E:42501 Z:I"},
	"a transaction that begins in the pipeline": {
		[][]byte{join(parse("b", "begin"), bind("", "b"), execute(""), parse("", "intx 1"), bind("", ""), execute(""), sync(), query("intx 2"))},
		"1 2 C:BEGIN 1 2 C:INTX Z:T C:INTX Z:T"},
	"a portal kept beyond what allowed it": {
		[][]byte{query("begin"), join(parse("a", "intx 1"), bind("p", "a"), sync()), join(parse("", "commit"), bind("", ""), execute(""), execute("p"), sync())},
		"C:BEGIN Z:T 1 2 Z:T 1 2 C:COMMIT E:42501 Z:I"},
	"an unnamed statement of a skipped segment": {
		[][]byte{join(parse("", "sel 1"), sync()), join(bind("", "nosuch"), parse("", "exp 1"), sync(), bind("", ""), execute(""), sync())},
		"1 Z:I E:26000 Z:I 2 D:v1 C:SEL Z:I"},
	"an unnamed statement behind a skipped Query": {
		[][]byte{join(parse("", "exp 1"), sync()), join(bind("", "nosuch"), parse("", "sel 2"), sync(), bind("", "nosuch"), query("sel 3"), sync(), bind("", ""), execute(""), sync())},
		"1 Z:I E:26000 Z:I E:26000 Z:I 2 D:****** D:****** C:EXP Z:I"},
	"an error of a constraint that is checked at the Sync": {
		[][]byte{join(parse("", "deferr"), bind("", ""), execute(""), sync())},
		"1 2 C:DEFERR E:23505 Z:I"},
	"an error of a constraint that is checked at a Query's end": {
		[][]byte{join(parse("", "deferr"), bind("", ""), execute(""), query("sel 1"), sync())},
		"1 2 C:DEFERR T D:v1 E:23505 Z:I Z:I"},
	"a name in another encoding": {
		[][]byte{join(parse("\xef\xbd\x9e", "sel 1"), sync())},
		"E:42622 Z:I"},
	"a refused text in a pipeline": {
		[][]byte{join(parse("", "ins 1"), bind("", ""), execute(""), parse("", "bad 1"), bind("", ""), execute(""), sync()), query("ins 1;bad 2")},
		"1 2 C:INS E:42501 Z:I E:42501 Z:I"},
	"a FunctionCall": {
		[][]byte{frame('F', "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00")},
		"E:0A000 Z:I"},
	"two Executes of one approval": {
		[][]byte{join(parse("", "del 1"), bind("", ""), execute(""), execute(""), sync())},
		"1 2 C:DEL E:55000 Z:I"},
	"a portal that is resumed, and one row at a time": {
		[][]byte{join(query("begin"), parse("", "sec 1"), bind("a", ""), executeRows("a", 1), executeRows("a", 1), sync()), join(executeRows("a", 2), executeRows("a", 2), sync())},
		"C:BEGIN Z:T 1 2 D:****** s D:****** s Z:T D:****** C:SEC C:SEC Z:T"},
}

// codes is show with nothing of errors but their code.
func codes(t *testing.T, p []byte) string {
	return frames(t, p, func(typ byte, body []byte) string {
		if typ != wire.ErrorResponse {
			whole, at := wire.Begin(nil, typ)
			return show(t, wire.End(append(whole, body...), at))
		}
		d, err := diagnostic.Read(body)
		if err != nil {
			t.Fatal(err)
		}
		return "E:" + d.Code
	})
}

func TestNamesStandForTheSameHereAndInTheServer(t *testing.T) {
	for name, a := range nameAttacks {
		t.Run(name, func(t *testing.T) {
			m := newModel(t, session.Limits{})
			for _, step := range a.steps {
				m.client = append(m.client, step...)
				m.settle()
			}
			if got := codes(t, m.got); got != a.want {
				t.Errorf("the client got\n\t%s\nwant\n\t%s\n%s", got, a.want, strings.Join(m.log, "\n"))
			}
			m.finish()
		})
		t.Run(name+", in one go", func(t *testing.T) {
			m := newModel(t, session.Limits{})
			for _, step := range a.steps {
				m.client = append(m.client, step...)
			}
			m.finish()
		})
		t.Run(name+", decided late", func(t *testing.T) {
			m := newModel(t, session.Limits{})
			m.judge.ask = true
			for _, step := range a.steps {
				for len(step) > 0 {
					m.client = append(m.client, step[0])
					step = step[1:]
					m.deliver(1)
					if len(step)%7 == 0 {
						m.reply(true)
					}
					m.serve(1)
					m.receive(9)
				}
			}
			m.finish()
		})
	}
}
