package session

import (
	"strconv"
	"strings"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// What the server counts, as of PostgreSQL 15 and 18:
//
//   - pg_stat_get_xact_tuples_inserted(oid), _updated and _deleted give what this
//     session did to a table in the transaction that is open, HOT updates with all
//     others, by whatever way: triggers, functions, rules, cascading keys.
//   - They may hold what earlier transactions of the session did: that is handed over
//     to the statistics of all only while no transaction is open, about once a second.
//     So the difference counts.
//   - What a subtransaction did that was rolled back counts all the same.
//   - A row that an UPDATE moves to another partition is deleted in one and inserted in
//     the other.
//   - TRUNCATE and DROP forget what they have counted; an ALTER that rewrites a table
//     and pg_stat_reset do not.
//   - Tables that are opened while track_counts is off do not count, nor do foreign
//     tables. Other access methods than heap may or may not.

// countersQuestion is the text of the question, in one row for each table that has
// something to tell. Every name says where it is looked for, so that nothing in the
// session's search path can stand for it. Toast tables, sequences and what is
// PostgreSQL's own are left out. Temporary tables are told of, and do not count.
//
// The locks tell of tables that the counters are not about; they are looked at where
// there are such, and where the transaction may not see a table that it writes.
const countersQuestion = `SELECT 'tracks', pg_catalog.current_setting('track_counts'), NULL, NULL, NULL, NULL, NULL` +
	` UNION ALL SELECT c.oid::pg_catalog.text, n.nspname::pg_catalog.text, c.relname::pg_catalog.text, ` + traits + `, ` + counters + changedTables +
	` UNION ALL SELECT CASE WHEN c.oid IS NULL THEN l.relation::pg_catalog.text ELSE 'apart' END, n.nspname::pg_catalog.text, c.relname::pg_catalog.text, '', ` +
	`pg_catalog.pg_stat_get_xact_tuples_inserted(l.relation)::pg_catalog.text, pg_catalog.pg_stat_get_xact_tuples_updated(l.relation)::pg_catalog.text, pg_catalog.pg_stat_get_xact_tuples_deleted(l.relation)::pg_catalog.text` +
	` FROM pg_catalog.pg_lock_status() l LEFT JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) l.relation LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace` +
	` WHERE (EXISTS (SELECT FROM pg_catalog.pg_foreign_table) OR EXISTS (SELECT FROM pg_catalog.pg_am a WHERE a.amtype OPERATOR(pg_catalog.=) 't' AND a.oid OPERATOR(pg_catalog.<>) '2'::pg_catalog.oid)` +
	` OR pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.<>) 'read committed')` +
	` AND l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND l.locktype OPERATOR(pg_catalog.=) 'relation' AND l.mode OPERATOR(pg_catalog.=) 'RowExclusiveLock'` +
	` AND l.relation OPERATOR(pg_catalog.>=) '16384'::pg_catalog.oid` +
	` AND (c.oid IS NULL OR c.relkind OPERATOR(pg_catalog.=) 'f' OR (c.relkind OPERATOR(pg_catalog.=) 'r' AND c.relam OPERATOR(pg_catalog.<>) '2'::pg_catalog.oid))`

// counters are those of a table, as columns.
const counters = `pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid)::pg_catalog.text, pg_catalog.pg_stat_get_xact_tuples_updated(c.oid)::pg_catalog.text, pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid)::pg_catalog.text`

// traits say of a table, by letters, that it is a partition, temporary, or has a trigger
// that may run at the transaction's end.
const traits = `pg_catalog.concat(CASE WHEN c.relispartition THEN 'p' END, CASE WHEN c.relpersistence OPERATOR(pg_catalog.=) 't' THEN 't' END,` +
	` CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid OPERATOR(pg_catalog.=) c.oid AND g.tgdeferrable` +
	` AND g.tgfoid OPERATOR(pg_catalog.>=) '16384'::pg_catalog.oid) THEN 'd' END)`

// changedTables are the tables that have something to tell.
const changedTables = ` FROM pg_catalog.pg_class c` + thatChanged

const thatChanged = ` JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace` +
	` WHERE c.relkind OPERATOR(pg_catalog.=) 'r' AND c.oid OPERATOR(pg_catalog.>=) '16384'::pg_catalog.oid` +
	` AND (pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid) OPERATOR(pg_catalog.<>) 0 OR pg_catalog.pg_stat_get_xact_tuples_updated(c.oid) OPERATOR(pg_catalog.<>) 0` +
	` OR pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid) OPERATOR(pg_catalog.<>) 0)`

// parentsQuestion adds what the tables are partitions and children of, at any distance.
const parentsQuestion = `WITH RECURSIVE up (oid, parent) AS (SELECT c.oid, i.inhparent` +
	` FROM pg_catalog.pg_class c JOIN pg_catalog.pg_inherits i ON i.inhrelid OPERATOR(pg_catalog.=) c.oid` + thatChanged +
	` UNION SELECT up.oid, i.inhparent FROM up JOIN pg_catalog.pg_inherits i ON i.inhrelid OPERATOR(pg_catalog.=) up.parent) ` +
	countersQuestion +
	` UNION ALL SELECT 'above', n.nspname::pg_catalog.text, c.relname::pg_catalog.text, up.oid::pg_catalog.text, NULL, NULL, NULL FROM up JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) up.parent` +
	` JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace`

// readingRows is how many rows an answer may have at most.
const readingRows = 200_000

// reading is an answer.
type reading struct {
	tables map[uint32]*tableCount
	tracks bool
	apart  string // a table that was written and of which the counters do not tell
	size   int
	closed int                    // how much of what was asked has been closed
	failed *diagnostic.Diagnostic // the question has failed
}

// tableCount is what the counters say of one table.
type tableCount struct {
	names                      []tableName // its own, and those of what it is a part of
	partition, temporary       bool
	deferred                   bool // a trigger of its own may change more at the transaction's end
	inserted, updated, deleted int64
}

type tableName struct{ schema, name string }

// askCounters sends a question. With synced a Sync follows it.
func (s *Session) askCounters(r *reading, named, synced bool) *expectation {
	text := countersQuestion
	if named {
		text = parentsQuestion
	}
	s.askOwn(text, true)
	if synced {
		s.toServer = wire.AppendEmpty(s.toServer, wire.Sync)
	}
	e := s.expect.push(expectCount, false, false)
	e.own, e.reading, e.synced = true, r, synced
	s.expect.open = !synced
	return e
}

// counterBytes takes one message of the server while a question about the counters is
// at the front.
func (s *Session) counterBytes(front *expectation, p []byte) int {
	h, ok, err := wire.ReadHeader(p)
	switch {
	case err != nil:
		s.lost(err)
		return 0
	case !ok:
		s.serverWant = wire.HeaderSize
		return 0
	case h.Size > smallReply:
		s.lost(wire.Violationf("message %q of %d bytes from the server", h.Type, h.Size))
		return 0
	case len(p) < h.Size:
		s.serverWant = h.Size
		return 0
	}
	frame := p[:h.Size]
	body := frame[wire.HeaderSize:]
	switch h.Type {
	case wire.DataRow:
		if !front.deaf && !front.reading.row(body) {
			s.lost(wire.Violationf("the server's answer to a question of weir's own cannot be read"))
		}
	case wire.NotificationResponse:
		s.notification(frame)
	case wire.ParameterStatus:
		s.parameterStatus(frame, body)
	case wire.ErrorResponse:
		s.failed(front, frame, body)
	case wire.ReadyForQuery:
		if len(body) != 1 || !front.synced {
			s.lost(wire.Violationf("ReadyForQuery from the server, to which nothing was asked"))
			return 0
		}
		s.answered(front, body[0])
	case wire.CloseComplete:
		if front.reading.closed++; front.reading.closed == 2 && !front.synced {
			s.answered(front, 0)
		}
	case wire.ParseComplete, wire.BindComplete, wire.CommandComplete, wire.NoticeResponse:
		// Of no concern to the client.
	default:
		s.lost(wire.Violationf("message %q from the server does not answer what was asked", h.Type))
		return 0
	}
	return h.Size
}

// row takes a row of the answer.
func (r *reading) row(body []byte) bool {
	if r.size++; r.size > readingRows {
		return false
	}
	w := wire.NewReader(body)
	var v [7]string
	if int(w.Int16()) != len(v) {
		return false
	}
	for i := range v {
		value, _ := w.Value()
		v[i] = string(value)
	}
	if !w.Done() {
		return false
	}
	of := v[0]
	switch of {
	case "tracks":
		r.tracks = v[1] == "on"
		return true
	case "apart":
		r.apart = v[1] + "." + v[2]
		return true
	case "above":
		of = v[3]
	}
	oid, err := strconv.ParseUint(of, 10, 32)
	if err != nil {
		return false
	}
	if r.tables == nil {
		r.tables = make(map[uint32]*tableCount)
	}
	t := r.tables[uint32(oid)]
	if t == nil {
		t = &tableCount{}
		r.tables[uint32(oid)] = t
	}
	if v[1] != "" {
		t.names = append(t.names, tableName{v[1], v[2]})
	}
	if v[0] == "above" {
		return true
	}
	t.partition, t.temporary, t.deferred = strings.Contains(v[3], "p"), strings.Contains(v[3], "t"), strings.Contains(v[3], "d")
	var wrong [3]error
	t.inserted, wrong[0] = strconv.ParseInt(v[4], 10, 64)
	t.updated, wrong[1] = strconv.ParseInt(v[5], 10, 64)
	t.deleted, wrong[2] = strconv.ParseInt(v[6], 10, 64)
	return wrong == [3]error{}
}

// blind says, as a clause, why the counters do not tell what a statement has changed;
// "" if they do.
func (r *reading) blind(before, diff *reading) string {
	for _, t := range diff.tables {
		if t.deferred && len(t.names) > 0 && (t.inserted > 0 || t.updated > 0 || t.deleted > 0) {
			return "a trigger of " + t.names[0].schema + "." + t.names[0].name + " is DEFERRABLE, and what it changes at the end of the transaction is not seen"
		}
	}
	switch {
	case !r.tracks || !before.tracks:
		return "the server does not count rows for this session: its setting track_counts is off"
	case r.apart != "":
		return "the server does not count the rows of " + r.apart
	}
	return ""
}

// since gives what has changed since an earlier reading, table by table.
func (r *reading) since(before *reading) *reading {
	diff := &reading{tables: make(map[uint32]*tableCount, len(r.tables))}
	for oid, t := range r.tables {
		d := *t
		if b := before.tables[oid]; b != nil {
			// TRUNCATE and DROP, which forget, are refused, or not what is counted.
			d.inserted, d.updated, d.deleted = max(0, d.inserted-b.inserted), max(0, d.updated-b.updated), max(0, d.deleted-b.deleted)
		}
		diff.tables[oid] = &d
	}
	return diff
}

// rows is how many rows count.
func (r *reading) rows(c *Count) int64 {
	var n, moved, arrived int64
	for _, t := range r.tables {
		if t.temporary {
			continue
		}
		if t.partition {
			arrived += t.inserted
		}
		if !t.counts(c) {
			continue
		}
		if c.Inserted {
			n += t.inserted
		}
		if c.Updated {
			n += t.updated
		}
		if c.Deleted {
			n += t.deleted
		} else if t.partition {
			moved += t.deleted
		}
	}
	if c.Updated && (!c.Inserted || c.Table != nil) {
		n += min(moved, arrived) // by UPDATEs, for all that is known
	}
	return n
}

// counts says whether the rows of a table do. One without a name is not known.
func (t *tableCount) counts(c *Count) bool {
	if c.Table == nil || len(t.names) == 0 {
		return true
	}
	for _, n := range t.names {
		if c.Table(n.schema, n.name) {
			return true
		}
	}
	return false
}
