package catalog

import (
	"context"
	"errors"
	"fmt"
)

// fingerprint asks for a text that is another one once any row of the catalog has
// changed that a snapshot is made of: of each catalog the number of rows, and the
// sum of the transactions that wrote them. A row that is written again gets a
// transaction later than those of all rows before, so the sum cannot come out the
// same while the number does, until transaction ids wrap around. Temporary
// relations are left out. Rows that a superuser freezes by hand after changing
// them are not seen; a snapshot is read anew now and then all the same.
//
// It is named, and works, like question.
const fingerprint = `
WITH temporary AS MATERIALIZED (SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relpersistence OPERATOR(pg_catalog.=) 't')
SELECT pg_catalog.concat_ws(' ',
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_namespace x
         WHERE x.nspname OPERATOR(pg_catalog.!~) '^pg_(toast_)?temp_'),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_class x
         WHERE x.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p', 'f', 'v', 'm', 'S', 'c']::pg_catalog."char"[]) AND x.relpersistence OPERATOR(pg_catalog.<>) 't'),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_attribute x
         WHERE x.attnum OPERATOR(pg_catalog.>) 0
           AND NOT EXISTS (SELECT FROM temporary t WHERE t.oid OPERATOR(pg_catalog.=) x.attrelid)),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_attrdef x
         WHERE NOT EXISTS (SELECT FROM temporary t WHERE t.oid OPERATOR(pg_catalog.=) x.adrelid)),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_proc x),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_rewrite x
         WHERE NOT EXISTS (SELECT FROM temporary t WHERE t.oid OPERATOR(pg_catalog.=) x.ev_class)),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_trigger x
         WHERE NOT x.tgisinternal
           AND NOT EXISTS (SELECT FROM temporary t WHERE t.oid OPERATOR(pg_catalog.=) x.tgrelid)),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_inherits x
         WHERE NOT EXISTS (SELECT FROM temporary t WHERE t.oid OPERATOR(pg_catalog.=) x.inhrelid)),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_type x
         WHERE x.typtype OPERATOR(pg_catalog.<>) 'c' AND x.typcategory OPERATOR(pg_catalog.<>) 'A'),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_constraint x
         WHERE x.contype OPERATOR(pg_catalog.=) ANY (ARRAY['c', 'f']::pg_catalog."char"[])
           AND NOT EXISTS (SELECT FROM temporary t WHERE t.oid OPERATOR(pg_catalog.=) x.conrelid)),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_policy x),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_operator x),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_cast x),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_aggregate x),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_index x
         WHERE (x.indexprs IS NOT NULL OR x.indpred IS NOT NULL)
           AND NOT EXISTS (SELECT FROM temporary t WHERE t.oid OPERATOR(pg_catalog.=) x.indrelid)),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_partitioned_table x
         WHERE NOT EXISTS (SELECT FROM temporary t WHERE t.oid OPERATOR(pg_catalog.=) x.partrelid)),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_statistic_ext x
         WHERE NOT EXISTS (SELECT FROM temporary t WHERE t.oid OPERATOR(pg_catalog.=) x.stxrelid)),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_event_trigger x),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_foreign_table x),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_foreign_server x),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_range x),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_amproc x),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_extension x),
        (SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) COALESCE(pg_catalog.sum(x.xmin::pg_catalog.text::pg_catalog.int8), 0::pg_catalog.numeric)::pg_catalog.text FROM pg_catalog.pg_depend x
         WHERE x.deptype OPERATOR(pg_catalog.=) 'e'))
`

// Fingerprint is the question for the fingerprint, whose answer is one row of one
// value.
func Fingerprint() string { return fingerprint }

// stamp asks for the fingerprint.
func stamp(ctx context.Context, q Querier) (string, error) {
	rows, err := q.Query(ctx, fingerprint)
	if err != nil {
		return "", fmt.Errorf("asking whether the catalog has changed: %w", err)
	}
	if len(rows) != 1 || len(rows[0]) != 1 || len(rows[0][0]) == 0 {
		return "", errors.New("asking whether the catalog has changed: the answer has an unexpected form")
	}
	return string(rows[0][0]), nil
}
