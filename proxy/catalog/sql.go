package catalog

// part is what of a catalog is asked for together.
type part uint8

const (
	always  part = iota
	atFirst      // what does not change: it is asked for with the whole catalog alone
	ofRelations
	ofFunctions
	ofTypes
	ofOperators
	ofCasts
	ofEventTriggers
)

// section is a query of the question. RELATION(x) and FUNCTION(x) stand for the
// condition that x is the oid of one that is asked for.
type section struct {
	of   part
	text string
}

// sections ask for all that a snapshot holds, put together to one statement, so that the
// answer shows one moment. A tree or a body of
// more than 4 MiB, and what is beyond 64 MiB of them, is left out and counts as one
// that could not be read; of functions, 50,000 have theirs read.
//
// It may run on a connection whose settings are the client's: every relation,
// type, function and operator is named with its schema, since a search_path can
// put others before PostgreSQL's own. IN, CASE x WHEN, NULLIF and JOIN ... USING
// look up their operators by name and are not used. It reads nothing that needs
// a privilege, and works from PostgreSQL 12 to 18.
//
// A column that not every version has is asked for as a member of the row in
// JSON. Each row begins with a letter that says what it is about. Temporary
// relations are left out: they are their own session's.
func sections() []section {
	return []section{
		{always, `
SELECT 'i'::pg_catalog.text, pg_catalog.current_database()::pg_catalog.text,
       pg_catalog.current_setting('server_version_num'), pg_catalog.current_setting('client_encoding'),
       NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.text`},
		{ofRelations, `
SELECT 'r', c.oid::pg_catalog.text, n.nspname::pg_catalog.text, c.relname::pg_catalog.text,
       c.relkind::pg_catalog.text, c.relhasrules::pg_catalog.text, c.relhastriggers::pg_catalog.text,
       pg_catalog.concat_ws(' ', c.reltype, c.relrowsecurity, c.reloftype, coalesce(t.typarray, 0::pg_catalog.oid))
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
  LEFT JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) c.reltype
 WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p', 'f', 'v', 'm', 'S']::pg_catalog."char"[]) AND c.relpersistence OPERATOR(pg_catalog.<>) 't'
   AND RELATION(c.oid)`},
		{ofRelations, `
SELECT 'a', a.attrelid::pg_catalog.text, a.attnum::pg_catalog.text, a.attname::pg_catalog.text,
       a.atttypid::pg_catalog.text, a.atttypmod::pg_catalog.text, a.attnotnull::pg_catalog.text, NULL
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
 WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p', 'f', 'v', 'm', 'S']::pg_catalog."char"[]) AND c.relpersistence OPERATOR(pg_catalog.<>) 't'
   AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
   AND RELATION(a.attrelid)`},
		{ofRelations, `
SELECT 'h', i.inhrelid::pg_catalog.text, i.inhparent::pg_catalog.text, NULL, NULL, NULL, NULL, NULL
  FROM pg_catalog.pg_inherits i
 WHERE RELATION(i.inhrelid)`},
		{ofRelations, `
SELECT 'v', v.ev_class::pg_catalog.text,
       CASE WHEN v.size OPERATOR(pg_catalog.<=) 4194304 AND pg_catalog.sum(v.size) OVER (ORDER BY v.oid USING OPERATOR(pg_catalog.<)) OPERATOR(pg_catalog.<=) 67108864
            THEN v.tree END, NULL, NULL, NULL, NULL, NULL
  FROM (SELECT w.oid, w.ev_class, w.ev_action::pg_catalog.text AS tree, pg_catalog.octet_length(w.ev_action::pg_catalog.text) AS size
          FROM pg_catalog.pg_rewrite w
          JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) w.ev_class
          JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
         WHERE w.ev_type OPERATOR(pg_catalog.=) '1' AND c.relpersistence OPERATOR(pg_catalog.<>) 't'
           AND n.nspname OPERATOR(pg_catalog.<>) 'pg_catalog' AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'
           AND RELATION(w.ev_class)
        OFFSET 0) v`},
		{ofFunctions, `
SELECT 'f', p.oid::pg_catalog.text, n.nspname::pg_catalog.text, p.proname::pg_catalog.text,
       l.lanname::pg_catalog.text,
       p.prokind::pg_catalog.text OPERATOR(pg_catalog.||) p.provolatile::pg_catalog.text
         OPERATOR(pg_catalog.||) (p.provariadic OPERATOR(pg_catalog.<>) 0::pg_catalog.oid)::pg_catalog.text,
       p.pronargs::pg_catalog.text OPERATOR(pg_catalog.||) ' ' OPERATOR(pg_catalog.||) p.pronargdefaults::pg_catalog.text,
       e.extname::pg_catalog.text
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
  JOIN pg_catalog.pg_language l ON l.oid OPERATOR(pg_catalog.=) p.prolang
  LEFT JOIN pg_catalog.pg_depend d ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid
       AND d.objid OPERATOR(pg_catalog.=) p.oid AND d.objsubid OPERATOR(pg_catalog.=) 0 AND d.deptype OPERATOR(pg_catalog.=) 'e'
       AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass::pg_catalog.oid
  LEFT JOIN pg_catalog.pg_extension e ON e.oid OPERATOR(pg_catalog.=) d.refobjid
 WHERE (n.nspname OPERATOR(pg_catalog.<>) 'pg_catalog' OR p.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid)
   AND FUNCTION(p.oid)`},
		{atFirst, `
SELECT 'b', p.oid::pg_catalog.text, p.proname::pg_catalog.text, NULL, NULL, NULL, NULL, NULL
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
 WHERE n.nspname OPERATOR(pg_catalog.=) 'pg_catalog' AND p.oid OPERATOR(pg_catalog.<) 16384::pg_catalog.oid`},
		{ofTypes, `
SELECT 't', t.oid::pg_catalog.text, t.typbasetype::pg_catalog.text,
       (CASE WHEN t.typcategory OPERATOR(pg_catalog.=) 'A' AND t.typlen OPERATOR(pg_catalog.=) (-1)::pg_catalog.int2
             THEN t.typelem ELSE 0::pg_catalog.oid END)::pg_catalog.text,
       (t.typtype OPERATOR(pg_catalog.=) 'b' AND s.prosrc OPERATOR(pg_catalog.=) ANY (ARRAY['textsend', 'varcharsend', 'bpcharsend']::pg_catalog.text[]))::pg_catalog.text,
       n.nspname::pg_catalog.text, t.typname::pg_catalog.text, t.typtype::pg_catalog.text
  FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace
  LEFT JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) t.typrelid
  LEFT JOIN pg_catalog.pg_proc s ON s.oid OPERATOR(pg_catalog.=) t.typsend::pg_catalog.oid
  LEFT JOIN pg_catalog.pg_type x ON x.oid OPERATOR(pg_catalog.=) t.typelem
 WHERE t.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
   AND (t.typtype OPERATOR(pg_catalog.=) ANY (ARRAY['d', 'e', 'r', 'm']::pg_catalog."char"[])
     OR t.typtype OPERATOR(pg_catalog.=) 'b' AND t.typcategory OPERATOR(pg_catalog.<>) 'A'
     OR t.typtype OPERATOR(pg_catalog.=) 'c' AND r.relkind OPERATOR(pg_catalog.=) 'c'
     OR t.typcategory OPERATOR(pg_catalog.=) 'A' AND x.typtype OPERATOR(pg_catalog.<>) 'c')`},
		{ofFunctions, `
SELECT 'F', f.oid::pg_catalog.text, f.prosecdef::pg_catalog.text, f.config, f.types,
       CASE WHEN f.fits THEN f.defaults END, CASE WHEN f.fits THEN f.tree END,
       CASE WHEN NOT f.fits THEN '' WHEN f.readable THEN pg_catalog.pg_get_functiondef(f.oid) END
  FROM (SELECT b.oid, b.prosecdef, b.config, b.types, b.defaults, b.tree, b.readable,
               b.size OPERATOR(pg_catalog.<=) 4194304 AND pg_catalog.sum(b.size) OVER (ORDER BY b.oid USING OPERATOR(pg_catalog.<)) OPERATOR(pg_catalog.<=) 67108864
                 AND pg_catalog.row_number() OVER (ORDER BY b.oid USING OPERATOR(pg_catalog.<)) OPERATOR(pg_catalog.<=) 50000 AS fits
          FROM (SELECT p.oid, p.prosecdef, pg_catalog.array_to_string(p.proconfig, E'\n') AS config,
                       p.proargtypes::pg_catalog.text OPERATOR(pg_catalog.||) ' ' OPERATOR(pg_catalog.||) p.prorettype::pg_catalog.text AS types,
                       p.proargdefaults::pg_catalog.text AS defaults, t.tree,
                       p.prokind OPERATOR(pg_catalog.<>) 'a' AND (l.lanname OPERATOR(pg_catalog.=) 'sql' OR l.lanname OPERATOR(pg_catalog.=) 'plpgsql') AS readable,
                       pg_catalog.octet_length(p.prosrc) OPERATOR(pg_catalog.+) COALESCE(pg_catalog.octet_length(t.tree), 0)
                         OPERATOR(pg_catalog.+) COALESCE(pg_catalog.octet_length(p.proargdefaults::pg_catalog.text), 0) AS size
                  FROM pg_catalog.pg_proc p
                  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
                  JOIN pg_catalog.pg_language l ON l.oid OPERATOR(pg_catalog.=) p.prolang
                 CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(p) OPERATOR(pg_catalog.->>) 'prosqlbody' OFFSET 0) t (tree)
                 WHERE n.nspname OPERATOR(pg_catalog.<>) 'information_schema' AND (n.nspname OPERATOR(pg_catalog.<>) 'pg_catalog' OR p.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid)
                   AND FUNCTION(p.oid)
                OFFSET 0) b
        OFFSET 0) f`},
		{ofFunctions, `
SELECT 'g', g.aggfnoid::pg_catalog.oid::pg_catalog.text,
       pg_catalog.concat_ws(' ', g.aggtransfn::pg_catalog.oid, g.aggfinalfn::pg_catalog.oid, g.aggcombinefn::pg_catalog.oid,
         g.aggserialfn::pg_catalog.oid, g.aggdeserialfn::pg_catalog.oid, g.aggmtransfn::pg_catalog.oid,
         g.aggminvtransfn::pg_catalog.oid, g.aggmfinalfn::pg_catalog.oid), NULL, NULL, NULL, NULL, NULL
  FROM pg_catalog.pg_aggregate g
 WHERE g.aggfnoid::pg_catalog.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
   AND FUNCTION(g.aggfnoid::pg_catalog.oid)`},
		{ofRelations, `
SELECT 'x', x.rel::pg_catalog.text, x.kind, x.col::pg_catalog.text,
       CASE WHEN pg_catalog.octet_length(x.tree) OPERATOR(pg_catalog.<=) 4194304 THEN x.tree END, x.name::pg_catalog.text, NULL, NULL
  FROM (SELECT d.adrelid, CASE WHEN a.attgenerated OPERATOR(pg_catalog.=) '' THEN 'd' ELSE a.attgenerated::pg_catalog.text END,
               d.adnum, d.adbin::pg_catalog.text, NULL::pg_catalog.name
          FROM pg_catalog.pg_attrdef d
          JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) d.adrelid AND a.attnum OPERATOR(pg_catalog.=) d.adnum
         WHERE RELATION(d.adrelid)
         UNION ALL
        SELECT k.conrelid, 'c', 0::pg_catalog.int2, k.conbin::pg_catalog.text, k.conname
          FROM pg_catalog.pg_constraint k
         WHERE k.contype OPERATOR(pg_catalog.=) 'c' AND k.conrelid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
           AND RELATION(k.conrelid)
         UNION ALL
        SELECT i.indrelid, 'i', 0::pg_catalog.int2, t.tree, NULL::pg_catalog.name
          FROM pg_catalog.pg_index i
         CROSS JOIN LATERAL (VALUES (i.indexprs::pg_catalog.text), (i.indpred::pg_catalog.text)) t (tree)
         WHERE t.tree IS NOT NULL
           AND RELATION(i.indrelid)
         UNION ALL
        SELECT p.partrelid, 'k', 0::pg_catalog.int2, p.partexprs::pg_catalog.text, NULL::pg_catalog.name
          FROM pg_catalog.pg_partitioned_table p
         WHERE p.partexprs IS NOT NULL
           AND RELATION(p.partrelid)
         UNION ALL
        SELECT p.polrelid, 'p', 0::pg_catalog.int2, t.tree, p.polname
          FROM pg_catalog.pg_policy p
         CROSS JOIN LATERAL (VALUES (p.polqual::pg_catalog.text), (p.polwithcheck::pg_catalog.text)) t (tree)
         WHERE t.tree IS NOT NULL
           AND RELATION(p.polrelid)
         UNION ALL
        SELECT s.stxrelid, 'a', 0::pg_catalog.int2, pg_catalog.to_jsonb(s) OPERATOR(pg_catalog.->>) 'stxexprs', s.stxname
          FROM pg_catalog.pg_statistic_ext s
         WHERE pg_catalog.to_jsonb(s) OPERATOR(pg_catalog.->>) 'stxexprs' IS NOT NULL
           AND RELATION(s.stxrelid)) x (rel, kind, col, tree, name)`},
		{ofTypes, `
SELECT 'd', k.contypid::pg_catalog.text, CASE WHEN pg_catalog.octet_length(k.conbin::pg_catalog.text) OPERATOR(pg_catalog.<=) 4194304 THEN k.conbin::pg_catalog.text END, NULL, NULL, NULL, NULL, NULL
  FROM pg_catalog.pg_constraint k
 WHERE k.contypid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid AND k.conbin IS NOT NULL`},
		{ofTypes, `
SELECT 'd', t.oid::pg_catalog.text, CASE WHEN pg_catalog.octet_length(t.typdefaultbin::pg_catalog.text) OPERATOR(pg_catalog.<=) 4194304 THEN t.typdefaultbin::pg_catalog.text END, NULL, NULL, NULL, NULL, NULL
  FROM pg_catalog.pg_type t
 WHERE t.typtype OPERATOR(pg_catalog.=) 'd' AND t.typdefaultbin IS NOT NULL`},
		{ofRelations, `
SELECT 'w', w.ev_class::pg_catalog.text, w.rulename::pg_catalog.text, w.ev_type::pg_catalog.text, w.is_instead::pg_catalog.text,
       CASE WHEN pg_catalog.octet_length(w.ev_qual::pg_catalog.text) OPERATOR(pg_catalog.<=) 4194304 THEN w.ev_qual::pg_catalog.text END,
       CASE WHEN pg_catalog.octet_length(w.ev_action::pg_catalog.text) OPERATOR(pg_catalog.<=) 4194304 THEN w.ev_action::pg_catalog.text END, NULL
  FROM pg_catalog.pg_rewrite w
  JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) w.ev_class
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
 WHERE w.ev_type OPERATOR(pg_catalog.<>) '1' AND w.ev_enabled OPERATOR(pg_catalog.<>) 'D'
   AND n.nspname OPERATOR(pg_catalog.<>) 'pg_catalog' AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'
   AND RELATION(w.ev_class)`},
		{ofRelations, `
SELECT 'y', t.tgrelid::pg_catalog.text, t.tgname::pg_catalog.text, t.tgfoid::pg_catalog.text, t.tgtype::pg_catalog.text,
       CASE WHEN t.tgqual IS NULL THEN '' WHEN pg_catalog.octet_length(t.tgqual::pg_catalog.text) OPERATOR(pg_catalog.<=) 4194304 THEN t.tgqual::pg_catalog.text END, NULL, NULL
  FROM pg_catalog.pg_trigger t
 WHERE NOT t.tgisinternal AND t.tgenabled OPERATOR(pg_catalog.<>) 'D'
   AND RELATION(t.tgrelid)`},
		{ofRelations, `
SELECT 'k', k.confrelid::pg_catalog.text, k.conrelid::pg_catalog.text, k.confdeltype::pg_catalog.text, k.confupdtype::pg_catalog.text, NULL, NULL, NULL
  FROM pg_catalog.pg_constraint k
 WHERE k.contype OPERATOR(pg_catalog.=) 'f'
   AND RELATION(k.confrelid)`},
		{ofRelations, `
SELECT 'p', k.conrelid::pg_catalog.text, pg_catalog.array_to_string(k.conkey, ' '), NULL, NULL, NULL, NULL, NULL
  FROM pg_catalog.pg_constraint k
 WHERE k.contype OPERATOR(pg_catalog.=) 'p'
   AND RELATION(k.conrelid)`},
		{ofRelations, `
SELECT 'n', f.ftrelid::pg_catalog.text, s.srvname::pg_catalog.text, NULL, NULL, NULL, NULL, NULL
  FROM pg_catalog.pg_foreign_table f
  JOIN pg_catalog.pg_foreign_server s ON s.oid OPERATOR(pg_catalog.=) f.ftserver
 WHERE RELATION(f.ftrelid)`},
		{ofRelations, `
SELECT 'q', d.objid::pg_catalog.text, d.refobjid::pg_catalog.text, d.refobjsubid::pg_catalog.text, NULL, NULL, NULL, NULL
  FROM pg_catalog.pg_depend d
  JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) d.objid
 WHERE c.relkind OPERATOR(pg_catalog.=) 'S' AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid
   AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid
   AND d.objsubid OPERATOR(pg_catalog.=) 0 AND d.refobjsubid OPERATOR(pg_catalog.>) 0 AND d.deptype OPERATOR(pg_catalog.=) ANY (ARRAY['a', 'i']::pg_catalog."char"[])
   AND RELATION(d.objid)`},
		{ofOperators, `
SELECT 'o', o.oid::pg_catalog.text, n.nspname::pg_catalog.text, o.oprname::pg_catalog.text, o.oprleft::pg_catalog.text, o.oprright::pg_catalog.text, o.oprcode::pg_catalog.oid::pg_catalog.text, NULL
  FROM pg_catalog.pg_operator o
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) o.oprnamespace
 WHERE o.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid OR n.nspname OPERATOR(pg_catalog.<>) 'pg_catalog'`},
		{ofCasts, `
SELECT 'c', c.castsource::pg_catalog.text, c.casttarget::pg_catalog.text, c.castfunc::pg_catalog.text, c.castcontext::pg_catalog.text, NULL, NULL, NULL
  FROM pg_catalog.pg_cast c
 WHERE c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid`},
		{ofTypes, `
SELECT 'm', t.typ::pg_catalog.text, m.amproc::pg_catalog.oid::pg_catalog.text, NULL, NULL, NULL, NULL, NULL
  FROM pg_catalog.pg_amproc m
 CROSS JOIN LATERAL (VALUES (m.amproclefttype), (m.amprocrighttype)) t (typ)
 WHERE m.amproc::pg_catalog.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid`},
		{ofTypes, `
SELECT 'm', t.oid::pg_catalog.text, x.fn::pg_catalog.oid::pg_catalog.text, NULL, NULL, NULL, NULL, NULL
  FROM pg_catalog.pg_type t
 CROSS JOIN LATERAL (VALUES (t.typinput), (t.typoutput), (t.typreceive), (t.typsend), (t.typmodin), (t.typmodout), (t.typanalyze)) x (fn)
 WHERE t.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid AND x.fn::pg_catalog.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid`},
		{ofTypes, `
SELECT 'm', r.rngtypid::pg_catalog.text, x.fn::pg_catalog.oid::pg_catalog.text, r.rngsubtype::pg_catalog.text, pg_catalog.to_jsonb(r) OPERATOR(pg_catalog.->>) 'rngmultitypid', NULL, NULL, NULL
  FROM pg_catalog.pg_range r
 CROSS JOIN LATERAL (VALUES (r.rngcanonical), (r.rngsubdiff)) x (fn)
 WHERE r.rngtypid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid`},
		{ofTypes, `
SELECT 'u', c.reltype::pg_catalog.text, a.atttypid::pg_catalog.text, t.typarray::pg_catalog.text, NULL, NULL, NULL, NULL
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
  JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) c.reltype
 WHERE a.atttypid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped AND c.relkind OPERATOR(pg_catalog.=) 'c'`},
		{ofEventTriggers, `
SELECT 'e', e.evtname::pg_catalog.text, e.evtevent::pg_catalog.text, e.evtfoid::pg_catalog.text, pg_catalog.array_to_string(e.evttags, ','), NULL, NULL, NULL
  FROM pg_catalog.pg_event_trigger e
 WHERE e.evtenabled OPERATOR(pg_catalog.<>) 'D'`},
	}
}
