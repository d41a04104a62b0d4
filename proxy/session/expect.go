package session

import "github.com/weirgate/weir/proxy/diagnostic"

// kind is the message of the client that a reply is expected to.
type kind uint8

const (
	expectQuery kind = iota
	expectParse
	expectBind
	expectDescribe
	expectExecute
	expectClose
	expectSync
	expectFunction
	expectCopyEnd // CopyDone or CopyFail: no reply of its own, ends copy-in mode
)

// expectation is one reply that is due.
type expectation struct {
	kind   kind
	own    bool                   // weir's own message: the reply is not for the client
	portal bool                   // Describe of a portal, Close of a portal
	denial *diagnostic.Diagnostic // put in place of the error that the server raises
	record uint64                 // the journal's id of the statement, 0 for none
	begun  int64                  // when it was forwarded, in ns
	what   *Decision              // of a Query or Execute, nil when unknown
	object *portal                // of an Execute or an own Describe
	undo   change                 // what to put back if the server never does this
}

// expectations is a queue in a ring, so that nothing is allocated for a message.
type expectations struct {
	ring  []expectation
	first int
	n     int
}

func (q *expectations) empty() bool { return q.n == 0 }

func (q *expectations) len() int { return q.n }

// unsynced says that the last message was one whose replies the server may keep
// until a Sync or a Flush.
func (q *expectations) unsynced() bool {
	if q.n == 0 {
		return false
	}
	switch q.at(q.n - 1).kind {
	case expectSync, expectQuery, expectFunction:
		return false
	}
	return true
}

// unsettled says that a change of a prepared statement awaits its reply.
func (q *expectations) unsettled() bool {
	for i := range q.n {
		if q.at(i).undo.kind == 'S' {
			return true
		}
	}
	return false
}

// at is the i-th from the front.
func (q *expectations) at(i int) *expectation {
	return &q.ring[(q.first+i)&(len(q.ring)-1)]
}

// front is the one whose reply comes next, nil when none is due.
func (q *expectations) front() *expectation {
	if q.n == 0 {
		return nil
	}
	return q.at(0)
}

func (q *expectations) push(e expectation) {
	if q.n == len(q.ring) {
		grown := make([]expectation, max(16, 2*len(q.ring)))
		for i := range q.n {
			grown[i] = *q.at(i)
		}
		q.ring, q.first = grown, 0
	}
	q.n++
	*q.at(q.n - 1) = e
}

// pop takes off the front, and the ends of COPY data behind it: nothing copied,
// so the server has ignored them.
func (q *expectations) pop() {
	for {
		*q.at(0) = expectation{}
		q.first = (q.first + 1) & (len(q.ring) - 1)
		q.n--
		if q.n == 0 || q.at(0).kind != expectCopyEnd {
			return
		}
	}
}

// remove takes out the i-th.
func (q *expectations) remove(i int) {
	for ; i+1 < q.n; i++ {
		*q.at(i) = *q.at(i + 1)
	}
	*q.at(q.n - 1) = expectation{}
	q.n--
}

func (q *expectations) clear() {
	for q.n > 0 {
		q.pop()
	}
}
