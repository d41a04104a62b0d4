package catalog

// question asks for all that a snapshot holds, in one statement, so that the
// answer shows one moment without a transaction of weir's own around it.
//
// It may run on a connection whose settings are the client's: every relation,
// type, function and operator is named with its schema, since a search_path can
// put others before PostgreSQL's own. IN, CASE x WHEN, NULLIF and JOIN ... USING
// look up their operators by name and are not used. It reads nothing that needs
// a privilege, and works from PostgreSQL 12 to 18.
//
// Each row begins with a letter that says what it is about.
const question = `
SELECT 'i'::pg_catalog.text, pg_catalog.current_database()::pg_catalog.text,
       pg_catalog.current_setting('server_version_num'), pg_catalog.current_setting('client_encoding'),
       NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.text
UNION ALL
SELECT 'r', c.oid::pg_catalog.text, n.nspname::pg_catalog.text, c.relname::pg_catalog.text,
       c.relkind::pg_catalog.text, c.relhasrules::pg_catalog.text, c.relhastriggers::pg_catalog.text, NULL
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
 WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p', 'f', 'v', 'm', 'S']::pg_catalog."char"[])
UNION ALL
SELECT 'a', a.attrelid::pg_catalog.text, a.attnum::pg_catalog.text, a.attname::pg_catalog.text,
       a.atttypid::pg_catalog.text, a.atttypmod::pg_catalog.text, d.adbin::pg_catalog.text, NULL
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid OPERATOR(pg_catalog.=) a.attrelid
       AND d.adnum OPERATOR(pg_catalog.=) a.attnum AND a.attgenerated OPERATOR(pg_catalog.<>) ''
 WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p', 'f', 'v', 'm', 'S']::pg_catalog."char"[])
   AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
UNION ALL
SELECT 'h', i.inhrelid::pg_catalog.text, i.inhparent::pg_catalog.text, NULL, NULL, NULL, NULL, NULL
  FROM pg_catalog.pg_inherits i
UNION ALL
SELECT 'v', w.ev_class::pg_catalog.text, w.ev_action::pg_catalog.text, NULL, NULL, NULL, NULL, NULL
  FROM pg_catalog.pg_rewrite w
  JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) w.ev_class
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
 WHERE w.ev_type OPERATOR(pg_catalog.=) '1'
   AND n.nspname OPERATOR(pg_catalog.<>) 'pg_catalog' AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'
UNION ALL
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
 WHERE n.nspname OPERATOR(pg_catalog.<>) 'pg_catalog' OR p.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
UNION ALL
SELECT 'b', p.oid::pg_catalog.text, p.proname::pg_catalog.text, NULL, NULL, NULL, NULL, NULL
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
 WHERE n.nspname OPERATOR(pg_catalog.=) 'pg_catalog' AND p.oid OPERATOR(pg_catalog.<) 16384::pg_catalog.oid
UNION ALL
SELECT 't', t.oid::pg_catalog.text, t.typbasetype::pg_catalog.text,
       (CASE WHEN t.typcategory OPERATOR(pg_catalog.=) 'A' AND t.typlen OPERATOR(pg_catalog.=) (-1)::pg_catalog.int2
             THEN t.typelem ELSE 0::pg_catalog.oid END)::pg_catalog.text,
       (t.typtype OPERATOR(pg_catalog.=) 'b' AND s.prosrc OPERATOR(pg_catalog.=) ANY (ARRAY['textsend', 'varcharsend', 'bpcharsend']::pg_catalog.text[]))::pg_catalog.text,
       NULL, NULL, NULL
  FROM pg_catalog.pg_type t
  LEFT JOIN pg_catalog.pg_proc s ON s.oid OPERATOR(pg_catalog.=) t.typsend::pg_catalog.oid
  LEFT JOIN pg_catalog.pg_type x ON x.oid OPERATOR(pg_catalog.=) t.typelem
 WHERE t.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
   AND (t.typtype OPERATOR(pg_catalog.=) 'd'
     OR t.typtype OPERATOR(pg_catalog.=) 'b' AND t.typcategory OPERATOR(pg_catalog.<>) 'A'
     OR t.typcategory OPERATOR(pg_catalog.=) 'A' AND x.typtype OPERATOR(pg_catalog.<>) 'c')
`
