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
	expectCount // weir's own question about the counters of rows
)

// runs says that the message executes something.
func (k kind) runs() bool { return k == expectQuery || k == expectExecute || k == expectFunction }

// expectation is one reply that is due.
type expectation struct {
	kind    kind
	streams bool                   // a command of the replication protocol
	own     bool                   // weir's own message: the reply is not for the client
	portal  bool                   // Describe of a portal
	moves   bool                   // may change what the names of portals stand for
	limit   bool                   // an Execute that may pass a limit
	first   bool                   // the Execute that began the portal's record
	denial  *diagnostic.Diagnostic // put in place of the error that the server raises
	record  uint64                 // the journal's id of the statement, 0 for none
	what    *Decision              // of a Query or Execute, nil when unknown
	object  *portal                // of an Execute or a Describe
	undo    change                 // what to put back if the server never does this
	size    int                    // bytes of texts and values that it keeps

	part    *Decision // of a statement of a script: that on it alone
	counted *counted  // what was asked in front of a Query, or of what this question is behind
	reading *reading  // the answer to a question
	synced  bool      // a Sync of weir's own is behind it
	deaf    bool      // the answer is not wanted any more
}

// expectations is a queue in a ring, so that nothing is allocated for a message.
type expectations struct {
	ring    []expectation
	first   int
	n       int
	running int  // how many execute something
	moving  int  // how many have moves set
	limited int  // how many have limit set
	naming  int  // how many change a prepared statement
	size    int  // bytes of texts and values that they keep
	open    bool // an extended message was sent that no Sync has followed
}

func (q *expectations) empty() bool { return q.n == 0 }

func (q *expectations) len() int { return q.n }

// unsynced says that the last message was one whose replies the server may keep
// until a Sync or a Flush.
func (q *expectations) unsynced() bool {
	if q.n == 0 {
		return false
	}
	e := q.at(q.n - 1)
	switch e.kind {
	case expectSync, expectQuery, expectFunction:
		return false
	}
	return !e.synced
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

// push adds an empty expectation at the end, for the caller to fill in, and
// counts it by the arguments.
func (q *expectations) push(k kind, moves, names bool) *expectation {
	if q.n == len(q.ring) {
		grown := make([]expectation, max(16, 2*len(q.ring)))
		for i := range q.n {
			grown[i] = *q.at(i)
		}
		q.ring, q.first = grown, 0
	}
	q.n++
	q.open = k != expectSync && k != expectQuery && k != expectFunction
	q.count(k, moves, names, 1)
	e := q.at(q.n - 1)
	e.kind, e.moves = k, moves
	return e
}

// weigh counts what e keeps until its reply has come, in bytes.
func (q *expectations) weigh(e *expectation, size int) {
	e.size += size
	q.size += size
}

func (q *expectations) count(k kind, moves, names bool, by int) {
	if k.runs() {
		q.running += by
	}
	if moves {
		q.moving += by
	}
	if names {
		q.naming += by
	}
}

// pop takes off the front.
func (q *expectations) pop() {
	e := q.at(0)
	q.count(e.kind, e.moves, e.undo.kind == 'S', -1)
	q.size -= e.size
	if e.limit {
		q.limited--
	}
	*e = expectation{}
	q.first = (q.first + 1) & (len(q.ring) - 1)
	q.n--
}

func (q *expectations) clear() {
	for q.n > 0 {
		q.pop()
	}
}
