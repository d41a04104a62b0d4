package catalog

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
)

// fingerprint asks for texts that are others once any row of the catalog has
// changed that a snapshot is made of: for each relation and each function one, and one
// for each kind of what is seldom changed. It has the number of the rows that belong
// to it, and the sum of hashes of the transactions that wrote them. A row that is
// written again gets another transaction, so that the sum does not come out the
// same while the number does, until transaction ids wrap around. Temporary
// relations are left out. Rows that a superuser freezes by hand after changing
// them are not seen; a snapshot is read anew now and then all the same.
//
// A row of kind S has the server's start and which transactions it sees: while they are
// the same nothing has been committed, since each transaction that writes has an id of
// its own (GetSnapshotData of procarray.c). Where that is $1 nothing else is asked for. A
// standby gives none, whose snapshots do not tell each end of a transaction.
//
// Each other row has a kind and what belongs to it: R relations, F functions, T types, O
// operators, C casts, E event triggers, N names of schemas, languages and extensions. R
// and F have a list of oid:number:sum, with one of oid 0 for all of PostgreSQL's own.
//
// It is named, and works, like question.
const fingerprint = `
WITH state (seen) AS (
SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN
         pg_catalog.concat_ws(' ', pg_catalog.encode(pg_catalog.timestamptz_send(pg_catalog.pg_postmaster_start_time()), 'hex'), pg_catalog.txid_current_snapshot()) END
), parts (section, owner, writer) AS (
SELECT 1, x.oid, x.xmin
  FROM pg_catalog.pg_class x
 WHERE x.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p', 'f', 'v', 'm', 'S']::pg_catalog."char"[]) AND x.relpersistence OPERATOR(pg_catalog.<>) 't'
UNION ALL
SELECT 2, x.attrelid, x.xmin
  FROM pg_catalog.pg_attribute x
 WHERE x.attnum OPERATOR(pg_catalog.>) 0
UNION ALL
SELECT 3, x.adrelid, x.xmin
  FROM pg_catalog.pg_attrdef x
UNION ALL
SELECT 4, x.inhrelid, x.xmin
  FROM pg_catalog.pg_inherits x
UNION ALL
SELECT 5, x.ev_class, x.xmin
  FROM pg_catalog.pg_rewrite x
UNION ALL
SELECT 6, x.tgrelid, x.xmin
  FROM pg_catalog.pg_trigger x
 WHERE NOT x.tgisinternal
UNION ALL
SELECT 7, x.conrelid, x.xmin
  FROM pg_catalog.pg_constraint x
 WHERE x.contype OPERATOR(pg_catalog.=) ANY (ARRAY['c', 'p']::pg_catalog."char"[]) AND x.conrelid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
UNION ALL
SELECT 8, x.confrelid, x.xmin
  FROM pg_catalog.pg_constraint x
 WHERE x.contype OPERATOR(pg_catalog.=) 'f'
UNION ALL
SELECT 9, x.polrelid, x.xmin
  FROM pg_catalog.pg_policy x
UNION ALL
SELECT 10, x.indrelid, x.xmin
  FROM pg_catalog.pg_index x
 WHERE (x.indexprs IS NOT NULL OR x.indpred IS NOT NULL)
UNION ALL
SELECT 11, x.partrelid, x.xmin
  FROM pg_catalog.pg_partitioned_table x
UNION ALL
SELECT 12, x.stxrelid, x.xmin
  FROM pg_catalog.pg_statistic_ext x
UNION ALL
SELECT 13, x.ftrelid, x.xmin
  FROM pg_catalog.pg_foreign_table x
UNION ALL
SELECT 14, x.objid, x.xmin
  FROM pg_catalog.pg_depend x
 WHERE x.deptype OPERATOR(pg_catalog.=) ANY (ARRAY['a', 'i']::pg_catalog."char"[]) AND x.refobjsubid OPERATOR(pg_catalog.>) 0 AND x.objsubid OPERATOR(pg_catalog.=) 0
   AND x.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AND x.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid
UNION ALL
SELECT 15, x.oid, x.xmin
  FROM pg_catalog.pg_proc x
UNION ALL
SELECT 16, x.aggfnoid::pg_catalog.oid, x.xmin
  FROM pg_catalog.pg_aggregate x
UNION ALL
SELECT 17, 0::pg_catalog.oid, x.xmin
  FROM pg_catalog.pg_type x
 WHERE x.typtype OPERATOR(pg_catalog.<>) 'c' AND x.typcategory OPERATOR(pg_catalog.<>) 'A'
UNION ALL
SELECT 18, 0::pg_catalog.oid, x.xmin
  FROM pg_catalog.pg_range x
UNION ALL
SELECT 19, 0::pg_catalog.oid, x.xmin
  FROM pg_catalog.pg_amproc x
UNION ALL
SELECT 20, 0::pg_catalog.oid, x.xmin
  FROM pg_catalog.pg_constraint x
 WHERE x.contypid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
UNION ALL
SELECT 21, 0::pg_catalog.oid, x.xmin
  FROM pg_catalog.pg_class x
 WHERE x.relkind OPERATOR(pg_catalog.=) 'c'
UNION ALL
SELECT 22, 0::pg_catalog.oid, x.xmin
  FROM pg_catalog.pg_attribute x
 WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) x.attrelid AND c.relkind OPERATOR(pg_catalog.=) 'c')
UNION ALL
SELECT 23, 0::pg_catalog.oid, x.xmin
  FROM pg_catalog.pg_operator x
UNION ALL
SELECT 24, 0::pg_catalog.oid, x.xmin
  FROM pg_catalog.pg_cast x
UNION ALL
SELECT 25, 0::pg_catalog.oid, x.xmin
  FROM pg_catalog.pg_event_trigger x
UNION ALL
SELECT 26, 0::pg_catalog.oid, x.xmin
  FROM pg_catalog.pg_namespace x
 WHERE x.nspname OPERATOR(pg_catalog.!~) '^pg_(toast_)?temp_'
UNION ALL
SELECT 27, 0::pg_catalog.oid, x.xmin
  FROM pg_catalog.pg_language x
UNION ALL
SELECT 28, 0::pg_catalog.oid, x.xmin
  FROM pg_catalog.pg_extension x
UNION ALL
SELECT 29, 0::pg_catalog.oid, x.xmin
  FROM pg_catalog.pg_foreign_server x
UNION ALL
SELECT 30, 0::pg_catalog.oid, x.xmin
  FROM pg_catalog.pg_depend x
 WHERE x.deptype OPERATOR(pg_catalog.=) 'e'
), counted (section, owner, writer, number) AS (
SELECT p.section, p.own, p.writer, pg_catalog.count(*)
  FROM (SELECT q.section, q.writer, CASE WHEN q.owner OPERATOR(pg_catalog.<) 16384::pg_catalog.oid THEN 0::pg_catalog.oid ELSE q.owner END AS own
          FROM parts q WHERE (SELECT COALESCE(s.seen OPERATOR(pg_catalog.<>) $1, TRUE) FROM state s)) p
 GROUP BY p.section, p.own, p.writer
), units AS (
SELECT c.kind, c.owner, pg_catalog.concat_ws(':', c.owner, pg_catalog.sum(c.number), pg_catalog.sum(c.hash)) AS mark
  FROM (SELECT pg_catalog.substr('RRRRRRRRRRRRRRFFTTTTTTOCENNNNN', d.section, 1) AS kind,
               pg_catalog.substr('tffffffffffffftftttttttttttttt', d.section, 1) OPERATOR(pg_catalog.=) 't' AS lists, d.owner, d.number,
               pg_catalog.hashint8extended(d.writer::pg_catalog.text::pg_catalog.int8,
                 d.section::pg_catalog.int8 OPERATOR(pg_catalog.*) 4294967296::pg_catalog.int8 OPERATOR(pg_catalog.+) d.number) AS hash
          FROM counted d) c
 GROUP BY c.kind, c.owner HAVING pg_catalog.bool_or(c.lists)
)
SELECT u.kind, pg_catalog.string_agg(u.mark, ' ') FROM units u GROUP BY u.kind
UNION ALL
SELECT 'S', s.seen FROM state s WHERE s.seen IS NOT NULL
`

// Fingerprint is the question for the fingerprint.
func Fingerprint() string {
	a := askMarks("")
	return a.plain()
}

// askMarks asks for the fingerprint of a database, of which seen is known.
func askMarks(seen string) ask {
	return ask{kept: "marks", text: fingerprint, values: []value{{seen, "pg_catalog.text"}}}
}

// marks are a fingerprint's parts.
type marks struct {
	relations map[uint32]string // by oid, 0 for PostgreSQL's own
	functions map[uint32]string
	others    map[byte]string // by kind
	seen      string          // which transactions, "" where that is not told
}

// seenAtMost bounds what tells which transactions are seen, in bytes.
const seenAtMost = 64 << 10

// marksOf reads the answer to the fingerprint's question. before are the marks that the
// question was asked with, nil for none.
func marksOf(rows [][][]byte, before *marks) (*marks, error) {
	m := &marks{relations: map[uint32]string{}, functions: map[uint32]string{}, others: map[byte]string{}}
	for _, row := range rows {
		if len(row) != 2 || len(row[0]) != 1 {
			return nil, errForm
		}
		switch kind := row[0][0]; kind {
		case 'R', 'F':
			to := m.relations
			if kind == 'F' {
				to = m.functions
			}
			for mark := range bytes.FieldsSeq(row[1]) {
				oid, rest, ok := bytes.Cut(mark, []byte(":"))
				n, err := number(oid)
				if err != nil || !ok {
					return nil, errForm
				}
				to[n] = string(rest)
			}
		case 'S':
			if len(row[1]) <= seenAtMost && !slices.ContainsFunc(row[1], func(c byte) bool { return !strings.ContainsRune("0123456789abcdef :,", rune(c)) }) {
				m.seen = string(row[1])
			}
		default:
			m.others[kind] = string(row[1])
		}
	}
	if len(rows) == 1 && before != nil && before.seen != "" && m.seen == before.seen {
		return before, nil
	}
	if len(m.relations) == 0 && len(m.functions) == 0 {
		return nil, errForm
	}
	return m, nil
}

// errForm is why an answer is not taken.
var errForm = errors.New("asking whether the catalog has changed: the answer has an unexpected form")

// equal says that nothing has changed.
func (m *marks) equal(o *marks) bool {
	return m == o || maps.Equal(m.relations, o.relations) && maps.Equal(m.functions, o.functions) && maps.Equal(m.others, o.others)
}

// rereadAtMost is how many relations and functions are asked for by their oids. Where
// more have changed, all are.
const rereadAtMost = 1000

// since gives what must be asked for where a catalog had the marks old. whole says
// that it is all.
func (m *marks) since(old *marks) (w *wanted, whole bool) {
	w = &wanted{relations: changed(old.relations, m.relations), functions: changed(old.functions, m.functions)}
	for kind, p := range map[byte]part{'T': ofTypes, 'O': ofOperators, 'C': ofCasts, 'E': ofEventTriggers} {
		if m.others[kind] != old.others[kind] {
			w.parts = append(w.parts, p)
		}
	}
	slices.Sort(w.parts)
	own := m.relations[0] != old.relations[0] || m.functions[0] != old.functions[0]
	return w, own || m.others['N'] != old.others['N']
}

// changed gives what has another mark than before, or none before.
func changed(before, now map[uint32]string) []uint32 {
	var list []uint32
	for oid, mark := range now {
		if oid != 0 && before[oid] != mark {
			list = append(list, oid)
		}
	}
	slices.Sort(list)
	return list
}
