package proxy

import "sync/atomic"

// verdict is what became of a statement, as records name it.
type verdict string

const (
	verdictAllow    verdict = "Allow"
	verdictWarn     verdict = "Warn"
	verdictApproval verdict = "RequireApproval"
	verdictDeny     verdict = "Deny"
)

// Counters are totals since the start.
type Counters struct {
	Connections      uint64 // accepted
	Refused          uint64 // refused before a session started
	Allowed          uint64 // statements forwarded
	Warned           uint64
	Approved         uint64
	Denied           uint64
	Masked           uint64 // statements of which rows were masked
	Rows             uint64
	RefusedByJournal uint64
	Unattested       uint64 // connections whose caller could not be told
}

type counters struct {
	connections, refused, masked, rows, refusedByJournal, unattested atomic.Uint64
	statements                                                       statementCounters
}

type statementCounters struct{ allowed, warned, approved, denied atomic.Uint64 }

func (c *statementCounters) count(v string) {
	switch verdict(v) {
	case verdictWarn:
		c.warned.Add(1)
	case verdictApproval:
		c.approved.Add(1)
	case verdictDeny:
		c.denied.Add(1)
	default:
		c.allowed.Add(1)
	}
}

func (c *counters) read() Counters {
	return Counters{
		Connections: c.connections.Load(), Refused: c.refused.Load(),
		Allowed: c.statements.allowed.Load(), Warned: c.statements.warned.Load(),
		Approved: c.statements.approved.Load(), Denied: c.statements.denied.Load(),
		Masked: c.masked.Load(), Rows: c.rows.Load(), RefusedByJournal: c.refusedByJournal.Load(),
		Unattested: c.unattested.Load(),
	}
}
