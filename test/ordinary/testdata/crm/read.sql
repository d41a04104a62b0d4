-- pgjdbc metadata
SELECT current_database() AS TABLE_CAT, nspname AS TABLE_SCHEM FROM pg_catalog.pg_namespace WHERE nspname <> 'pg_toast' AND (nspname !~ '^pg_temp_' OR nspname = (pg_catalog.current_schemas(true))[1]) AND (nspname !~ '^pg_toast_temp_' OR nspname = replace((pg_catalog.current_schemas(true))[1], 'pg_temp_', 'pg_toast_temp_')) ORDER BY TABLE_SCHEM
\g
SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, c.relname AS TABLE_NAME, CASE n.nspname ~ '^pg_' OR n.nspname = 'information_schema' WHEN true THEN CASE WHEN n.nspname = 'pg_catalog' OR n.nspname = 'information_schema' THEN CASE c.relkind WHEN 'r' THEN 'SYSTEM TABLE' WHEN 'v' THEN 'SYSTEM VIEW' WHEN 'i' THEN 'SYSTEM INDEX' ELSE NULL END ELSE NULL END WHEN false THEN CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED TABLE' WHEN 'i' THEN 'INDEX' WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' WHEN 'c' THEN 'TYPE' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE NULL END ELSE NULL END AS TABLE_TYPE, d.description AS REMARKS, '' as TYPE_CAT, '' as TYPE_SCHEM, '' as TYPE_NAME, '' AS SELF_REFERENCING_COL_NAME, '' AS REF_GENERATION FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_description d ON (c.oid = d.objoid AND d.objsubid = 0 and d.classoid = 'pg_class'::regclass) WHERE c.relnamespace = n.oid AND n.nspname LIKE 'public' AND (false OR ( c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ) ) ORDER BY TABLE_TYPE,TABLE_SCHEM,TABLE_NAME
\g
SELECT * FROM (SELECT n.nspname,c.relname,a.attname,a.atttypid,a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) AS attnotnull,a.atttypmod,a.attlen,t.typtypmod,row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS attnum, nullif(a.attidentity, '') as attidentity,nullif(a.attgenerated, '') as attgenerated,pg_catalog.pg_get_expr(def.adbin, def.adrelid) AS adsrc,dsc.description,t.typbasetype,t.typtype FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON (c.relnamespace = n.oid) JOIN pg_catalog.pg_attribute a ON (a.attrelid=c.oid) JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid) LEFT JOIN pg_catalog.pg_attrdef def ON (a.attrelid=def.adrelid AND a.attnum = def.adnum) LEFT JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid) LEFT JOIN pg_catalog.pg_class dc ON (dc.oid=dsc.classoid AND dc.relname='pg_class') LEFT JOIN pg_catalog.pg_namespace dn ON (dc.relnamespace=dn.oid AND dn.nspname='pg_catalog') WHERE c.relkind in ('r','p','v','f','m') and a.attnum > 0 AND NOT a.attisdropped AND n.nspname LIKE 'public' AND c.relname LIKE 'customers') c WHERE true AND attname LIKE '%' ORDER BY nspname,c.relname,attnum
\g
SELECT result.TABLE_CAT, result.TABLE_SCHEM, result.TABLE_NAME, result.COLUMN_NAME, result.KEY_SEQ, result.PK_NAME FROM (SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, ct.relname AS TABLE_NAME, a.attname AS COLUMN_NAME, (information_schema._pg_expandarray(i.indkey)).n AS KEY_SEQ, ci.relname AS PK_NAME, information_schema._pg_expandarray(i.indkey) AS KEYS, a.attnum AS A_ATTNUM FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid) JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid) JOIN pg_catalog.pg_index i ON ( a.attrelid = i.indrelid) JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid) WHERE true AND n.nspname = 'shop' AND ct.relname = 'order_items' AND i.indisprimary ) result where result.A_ATTNUM = (result.KEYS).x ORDER BY result.table_name, result.pk_name, result.key_seq
\g
SELECT NULL::text AS PKTABLE_CAT, pkn.nspname AS PKTABLE_SCHEM, pkc.relname AS PKTABLE_NAME, pka.attname AS PKCOLUMN_NAME, NULL::text AS FKTABLE_CAT, fkn.nspname AS FKTABLE_SCHEM, fkc.relname AS FKTABLE_NAME, fka.attname AS FKCOLUMN_NAME, pos.n AS KEY_SEQ, CASE con.confupdtype WHEN 'c' THEN 0 WHEN 'n' THEN 2 WHEN 'd' THEN 4 WHEN 'r' THEN 1 WHEN 'p' THEN 1 WHEN 'a' THEN 3 ELSE NULL END AS UPDATE_RULE, con.conname AS FK_NAME, pkic.relname AS PK_NAME FROM pg_catalog.pg_namespace pkn, pg_catalog.pg_class pkc, pg_catalog.pg_attribute pka, pg_catalog.pg_namespace fkn, pg_catalog.pg_class fkc, pg_catalog.pg_attribute fka, pg_catalog.pg_constraint con, pg_catalog.generate_series(1, 32) pos(n), pg_catalog.pg_class pkic WHERE pkn.oid = pkc.relnamespace AND pkc.oid = pka.attrelid AND pka.attnum = con.confkey[pos.n] AND con.confrelid = pkc.oid AND fkn.oid = fkc.relnamespace AND fkc.oid = fka.attrelid AND fka.attnum = con.conkey[pos.n] AND con.conrelid = fkc.oid AND con.contype = 'f' AND (pkic.relkind = 'i' OR pkic.relkind = 'I') AND pkic.oid = con.conindid AND fkn.nspname = 'shop' ORDER BY pkn.nspname,pkc.relname, con.conname,pos.n
\g
SELECT tmp.TABLE_CAT, tmp.TABLE_SCHEM, tmp.TABLE_NAME, tmp.NON_UNIQUE, tmp.INDEX_QUALIFIER, tmp.INDEX_NAME, tmp.TYPE, tmp.ORDINAL_POSITION, trim(both '"' from pg_catalog.pg_get_indexdef(tmp.CI_OID, tmp.ORDINAL_POSITION, false)) AS COLUMN_NAME, CASE tmp.AM_NAME WHEN 'btree' THEN CASE tmp.I_INDOPTION[tmp.ORDINAL_POSITION - 1] & 1::smallint WHEN 1 THEN 'D' ELSE 'A' END ELSE NULL END AS ASC_OR_DESC, tmp.CARDINALITY, tmp.PAGES, tmp.FILTER_CONDITION FROM (SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, ct.relname AS TABLE_NAME, NOT i.indisunique AS NON_UNIQUE, NULL AS INDEX_QUALIFIER, ci.relname AS INDEX_NAME, CASE i.indisclustered WHEN true THEN 1 ELSE CASE am.amname WHEN 'hash' THEN 2 ELSE 3 END END AS TYPE, (information_schema._pg_expandarray(i.indkey)).n AS ORDINAL_POSITION, ci.reltuples AS CARDINALITY, ci.relpages AS PAGES, pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS FILTER_CONDITION, ci.oid AS CI_OID, i.indoption AS I_INDOPTION, am.amname AS AM_NAME FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid) JOIN pg_catalog.pg_index i ON (ct.oid = i.indrelid) JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid) JOIN pg_catalog.pg_am am ON (ci.relam = am.oid) WHERE true AND n.nspname = 'public' AND ct.relname = 'customers') AS tmp ORDER BY NON_UNIQUE, TYPE, INDEX_NAME, ORDINAL_POSITION
\g
SELECT e.typdelim FROM pg_catalog.pg_type t, pg_catalog.pg_type e WHERE t.oid = 1009 and t.typelem = e.oid
\g
SELECT n.nspname = ANY(current_schemas(true)), n.nspname, t.typname FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON t.typnamespace = n.oid WHERE t.oid = 1043
\g
SELECT typinput='pg_catalog.array_in'::regproc as is_array, typtype, typname, pg_type.oid FROM pg_catalog.pg_type LEFT JOIN (select ns.oid as nspoid, ns.nspname, r.r from pg_namespace as ns join ( select s.r, (current_schemas(false))[s.r] as nspname from generate_series(1, array_upper(current_schemas(false), 1)) as s(r) ) as r using ( nspname ) ) as sp ON sp.nspoid = typnamespace WHERE typname = 'citext' ORDER BY sp.r, pg_type.oid DESC LIMIT 1
\g

-- npgsql load types
SELECT version()
\g
SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid FROM ( SELECT typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, typ.relkind, elemtyp.oid AS elemtypoid, elemtyp.typname AS elemtypname, elemcls.relkind AS elemrelkind, CASE WHEN elemproc.proname='array_recv' THEN 'a' ELSE elemtyp.typtype END AS elemtyptype, typ.typcategory FROM ( SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid, CASE WHEN proc.proname='array_recv' THEN 'a' ELSE typ.typtype END AS typtype, CASE WHEN proc.proname='array_recv' THEN typ.typelem WHEN typ.typtype='r' THEN rngsubtype WHEN typ.typtype='m' THEN (SELECT rngtypid FROM pg_range WHERE rngmultitypid = typ.oid) WHEN typ.typtype='d' THEN typ.typbasetype END AS elemtypoid, typ.typcategory FROM pg_type AS typ LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid) LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive LEFT JOIN pg_range ON (pg_range.rngtypid = typ.oid) ) AS typ LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = elemtypoid LEFT JOIN pg_class AS elemcls ON (elemcls.oid = elemtyp.typrelid) LEFT JOIN pg_proc AS elemproc ON elemproc.oid = elemtyp.typreceive ) AS t JOIN pg_namespace AS ns ON (ns.oid = typnamespace) WHERE (typtype IN ('b', 'r', 'm', 'e', 'd') AND (typtype <> 'b' OR typcategory <> 'U')) OR (typtype = 'c' AND relkind='c') OR (typtype = 'p' AND typname IN ('record', 'void', 'unknown')) OR (typtype = 'a' AND ( elemtyptype IN ('b', 'r', 'm', 'e', 'd') OR (elemtyptype = 'p' AND elemtypname IN ('record', 'void')) OR (elemtyptype = 'c' AND elemrelkind='c') )) ORDER BY CASE WHEN typtype IN ('b', 'e', 'p') THEN 0 WHEN typtype = 'r' THEN 1 WHEN typtype = 'm' THEN 2 WHEN typtype = 'c' THEN 3 WHEN typtype = 'd' AND elemtyptype <> 'a' THEN 4 WHEN typtype = 'a' THEN 5 WHEN typtype = 'd' AND elemtyptype = 'a' THEN 6 END, t.oid
\g
SELECT typ.oid, att.attname, att.atttypid FROM pg_type AS typ JOIN pg_namespace AS ns ON (ns.oid = typ.typnamespace) JOIN pg_class AS cls ON (cls.oid = typ.typrelid) JOIN pg_attribute AS att ON (att.attrelid = typ.typrelid) WHERE (typ.typtype = 'c' AND cls.relkind='c') AND attnum > 0 AND NOT attisdropped ORDER BY typ.oid, att.attnum
\g
SELECT pg_type.oid, enumlabel FROM pg_enum JOIN pg_type ON pg_type.oid=enumtypid ORDER BY oid, enumsortorder
\g

-- ef core scaffolding
SELECT nspname, cls.relname, relkind, amname, description FROM pg_class AS cls JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace LEFT JOIN pg_am AS am ON am.oid = cls.relam LEFT OUTER JOIN pg_description AS des ON des.objoid = cls.oid AND des.objsubid=0 WHERE cls.relkind IN ('r', 'v', 'm', 'f', 'p') AND ns.nspname NOT IN ('pg_catalog', 'information_schema') AND cls.relname <> '__EFMigrationsHistory' AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend WHERE classid=( SELECT cls.oid FROM pg_class AS cls JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace WHERE relname='pg_class' AND ns.nspname='pg_catalog' ) AND objid=cls.oid AND deptype IN ('e', 'x')) ORDER BY 1,2
\g
SELECT nspname, cls.relname, typ.typname, basetyp.typname AS basetypname, attname, description, collname, attisdropped, attidentity::text, attgenerated::text, format_type(typ.oid, atttypmod) AS formatted_typname, format_type(basetyp.oid, typ.typtypmod) AS formatted_basetypname, CASE WHEN pg_proc.proname = 'array_recv' THEN 'a' ELSE typ.typtype END AS typtype, CASE WHEN pg_proc.proname='array_recv' THEN elemtyp.typname END AS elemtypname, (NOT attnotnull) AS nullable, CASE WHEN atthasdef THEN (SELECT pg_get_expr(adbin, cls.oid) FROM pg_attrdef WHERE adrelid = cls.oid AND adnum = attr.attnum) END AS default, attr.attcompression::text AS attcompression, format_type(seqtypid, 0) AS seqtype, seqstart, seqmin, seqmax, seqincrement, seqcycle, seqcache FROM pg_class AS cls JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace LEFT JOIN pg_attribute AS attr ON attrelid = cls.oid LEFT JOIN pg_type AS typ ON attr.atttypid = typ.oid LEFT JOIN pg_proc ON pg_proc.oid = typ.typreceive LEFT JOIN pg_type AS elemtyp ON (elemtyp.oid = typ.typelem) LEFT JOIN pg_type AS basetyp ON (basetyp.oid = typ.typbasetype) LEFT JOIN pg_description AS des ON des.objoid = cls.oid AND des.objsubid = attnum LEFT JOIN pg_depend AS dep ON dep.refobjid = cls.oid AND dep.refobjsubid = attr.attnum AND dep.deptype = 'i' LEFT JOIN pg_sequence AS seq ON seq.seqrelid = dep.objid LEFT JOIN pg_collation ON pg_collation.oid = attr.attcollation WHERE cls.relkind IN ('r', 'v', 'm', 'f') AND nspname NOT IN ('pg_catalog', 'information_schema') AND attnum > 0 ORDER BY 1,2,attnum
\g
SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid=c.relnamespace WHERE n.nspname = 'public' AND c.relname='__EFMigrationsHistory')
\g
SELECT CASE WHEN COUNT(*) = 0 THEN FALSE ELSE TRUE END FROM pg_class AS cls JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace WHERE cls.relkind IN ('r', 'v', 'm', 'f', 'p') AND ns.nspname NOT IN ('pg_catalog', 'information_schema')
\g

-- prisma introspection
--@ with: public
SELECT EXISTS(SELECT 1 FROM pg_namespace WHERE nspname = $1), version(), current_setting('server_version_num')::integer as numeric_version
\g
--@ with: {public,shop}
SELECT tbl.relname AS table_name, namespace.nspname as namespace, (tbl.relhassubclass and tbl.relkind = 'p') as is_partition, (tbl.relhassubclass and tbl.relkind = 'r') as has_subclass, tbl.relrowsecurity as has_row_level_security, reloptions, obj_description(tbl.oid, 'pg_class') as description FROM pg_class AS tbl INNER JOIN pg_namespace AS namespace ON namespace.oid = tbl.relnamespace WHERE ( tbl.relkind = 'r' AND tbl.relispartition = 'f' OR tbl.relkind = 'p') AND namespace.nspname = ANY ( $1 ) ORDER BY namespace, table_name
\g
--@ with: {public,shop}
SELECT oid.namespace, info.table_name, info.column_name, format_type(att.atttypid, att.atttypmod) as formatted_type, info.numeric_precision, info.numeric_scale, info.numeric_precision_radix, info.datetime_precision, info.data_type, info.udt_schema as type_schema_name, info.udt_name as full_data_type, pg_get_expr(attdef.adbin, attdef.adrelid) AS column_default, info.is_nullable, info.is_identity, info.character_maximum_length, col_description(att.attrelid, ordinal_position) AS description FROM information_schema.columns info JOIN pg_attribute att ON att.attname = info.column_name JOIN ( SELECT pg_class.oid, relname, pg_namespace.nspname as namespace FROM pg_class JOIN pg_namespace on pg_namespace.oid = pg_class.relnamespace AND pg_namespace.nspname = ANY ( $1 ) WHERE reltype > 0 ) as oid on oid.oid = att.attrelid AND relname = info.table_name AND namespace = info.table_schema LEFT OUTER JOIN pg_attrdef attdef ON attdef.adrelid = att.attrelid AND attdef.adnum = att.attnum AND table_schema = namespace WHERE table_schema = ANY ( $1 ) ORDER BY namespace, table_name, ordinal_position
\g
--@ with: {public,shop}
WITH rawindex AS ( SELECT indrelid, indexrelid, indisunique, indisprimary, unnest(indkey) AS indkeyid, generate_subscripts(indkey, 1) AS indkeyidx, unnest(indclass) AS indclass, unnest(indoption) AS indoption FROM pg_index WHERE indpred IS NULL AND NOT indisexclusion ) SELECT schemainfo.nspname AS namespace, indexinfo.relname AS index_name, tableinfo.relname AS table_name, columninfo.attname AS column_name, rawindex.indisunique AS is_unique, rawindex.indisprimary AS is_primary_key, rawindex.indkeyidx AS column_index, opclass.opcname AS opclass, opclass.opcdefault AS opcdefault, indexaccess.amname AS index_algo, CASE rawindex.indoption & 1 WHEN 1 THEN 'DESC' ELSE 'ASC' END AS column_order, CASE rawindex.indoption & 2 WHEN 2 THEN true ELSE false END AS nulls_first, pc.condeferrable AS condeferrable, pc.condeferred AS condeferred FROM rawindex INNER JOIN pg_class AS tableinfo ON tableinfo.oid = rawindex.indrelid INNER JOIN pg_class AS indexinfo ON indexinfo.oid = rawindex.indexrelid INNER JOIN pg_namespace AS schemainfo ON schemainfo.oid = tableinfo.relnamespace LEFT JOIN pg_attribute AS columninfo ON columninfo.attrelid = tableinfo.oid AND columninfo.attnum = rawindex.indkeyid INNER JOIN pg_am AS indexaccess ON indexaccess.oid = indexinfo.relam LEFT JOIN pg_opclass AS opclass ON opclass.oid = rawindex.indclass LEFT JOIN pg_constraint pc ON rawindex.indexrelid = pc.conindid AND pc.contype <> 'f' WHERE schemainfo.nspname = ANY ( $1 ) AND NOT EXISTS ( SELECT 1 FROM pg_catalog.pg_description WHERE false) GROUP BY tableinfo.relname, indexinfo.relname, rawindex.indisunique, rawindex.indisprimary, columninfo.attname, opclass.opcname, opclass.opcdefault, indexaccess.amname, rawindex.indkeyidx, schemainfo.nspname, indoption, condeferrable, condeferred ORDER BY namespace, table_name, index_name, column_index
\g
--@ with: {public,shop}
SELECT t.typname as name, e.enumlabel as value, n.nspname as namespace, obj_description(t.oid, 'pg_type') as description FROM pg_type t JOIN pg_enum e ON t.oid = e.enumtypid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = ANY ( $1 ) ORDER BY e.enumsortorder
\g
--@ with: {shop}
SELECT p.proname AS name, n.nspname as namespace, CASE WHEN l.lanname = 'internal' THEN p.prosrc ELSE pg_get_functiondef(p.oid) END as definition FROM pg_proc p LEFT JOIN pg_namespace n ON p.pronamespace = n.oid LEFT JOIN pg_language l ON p.prolang = l.oid WHERE n.nspname = ANY ( $1 ) AND p.prokind NOT IN ('a','w') AND l.lanname <> 'c' order by 1
\g
--@ with: {public,shop,crm}
SELECT views.viewname AS view_name, views.definition AS view_sql, views.schemaname AS namespace, obj_description(class.oid, 'pg_class') AS description FROM pg_catalog.pg_views views INNER JOIN pg_catalog.pg_namespace ns ON views.schemaname = ns.nspname INNER JOIN pg_catalog.pg_class class ON class.relnamespace = ns.oid AND class.relname = views.viewname WHERE schemaname = ANY ( $1 ) order by 1
\g
SELECT ext.extname AS extension_name, ext.extversion AS extension_version, ext.extrelocatable AS extension_relocatable, pn.nspname AS extension_schema FROM pg_extension ext INNER JOIN pg_namespace pn ON ext.extnamespace = pn.oid ORDER BY ext.extname ASC
\g

-- prisma queries
--@ with: 5 | 1 | 0
SELECT "public"."customers"."id", "public"."customers"."country"::text, "public"."customers"."created_at" FROM "public"."customers" WHERE ("public"."customers"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3
\g
SELECT "t0"."id", "t0"."first_name", COALESCE("aggr_selection_0_orders"."_aggr_count_orders", 0) AS "_aggr_count_orders" FROM "public"."customers" AS "t0" LEFT JOIN (SELECT "o"."customer_id", COUNT(*) AS "_aggr_count_orders" FROM "shop"."orders" o WHERE 1=1 GROUP BY "o"."customer_id") AS "aggr_selection_0_orders" ON ("t0"."id" = "aggr_selection_0_orders"."customer_id") WHERE 1=1 ORDER BY "t0"."id" ASC LIMIT 10 OFFSET 0
\g
SELECT "t1"."id", "t1"."status"::text, "t1_items"."__prisma_data__" AS "items" FROM "shop"."orders" AS "t1" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t3"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('line', "t2"."line", 'quantity', "t2"."quantity") AS "__prisma_data__" FROM (SELECT "t2".* FROM "shop"."order_items" AS "t2" WHERE "t1"."id" = "t2"."order_id" /* root select */) AS "t2" /* inner select */) AS "t3" /* middle select */) AS "t4" /* outer select */) AS "t1_items" ON true ORDER BY "t1"."id" LIMIT 5
\g

-- typeorm
SELECT * FROM current_schema()
\g
SELECT * FROM current_database()
\g
--@ with: 1 | 2 | 3
--@ masked: Customer_email=last4 Customer_phone=last4
SELECT "Customer"."id" AS "Customer_id", "Customer"."email" AS "Customer_email", "Customer"."phone" AS "Customer_phone", "Customer"."last_name" AS "Customer_last_name", "Customer__orders"."id" AS "Customer__orders_id" FROM "customers" "Customer" LEFT JOIN "shop"."orders" "Customer__orders" ON "Customer__orders"."customer_id"="Customer"."id" WHERE "Customer"."id" IN ($1, $2, $3) ORDER BY 1, 5
\g
--@ with: paid
SELECT DISTINCT "distinctAlias"."Customer_id" AS "ids_Customer_id" FROM (SELECT "Customer"."id" AS "Customer_id", "Customer"."email" AS "Customer_email", "Customer"."country" AS "Customer_country" FROM "customers" "Customer" LEFT JOIN "shop"."orders" "o" ON "o"."customer_id"="Customer"."id" WHERE "o"."status" = $1) "distinctAlias" ORDER BY "Customer_id" ASC LIMIT 10
\g
SELECT columns.*, pg_catalog.col_description(('"' || table_catalog || '"."' || table_schema || '"."' || table_name || '"')::regclass::oid, ordinal_position) AS description, ('"' || "udt_schema" || '"."' || "udt_name" || '"')::"regtype" AS "regtype", pg_catalog.format_type("col_attr"."atttypid", "col_attr"."atttypmod") AS "format_type" FROM "information_schema"."columns" LEFT JOIN "pg_catalog"."pg_attribute" AS "col_attr" ON "col_attr"."attname" = "columns"."column_name" AND "col_attr"."attrelid" = ( SELECT "cls"."oid" FROM "pg_catalog"."pg_class" AS "cls" LEFT JOIN "pg_catalog"."pg_namespace" AS "ns" ON "ns"."oid" = "cls"."relnamespace" WHERE "cls"."relname" = "columns"."table_name" AND "ns"."nspname" = "columns"."table_schema" ) WHERE ("table_schema" = 'public' AND "table_name" = 'customers') ORDER BY ordinal_position
\g
SELECT "ns"."nspname" AS "table_schema", "t"."relname" AS "table_name", "cnst"."conname" AS "constraint_name", pg_get_constraintdef("cnst"."oid") AS "expression", CASE "cnst"."contype" WHEN 'p' THEN 'PRIMARY' WHEN 'u' THEN 'UNIQUE' WHEN 'c' THEN 'CHECK' WHEN 'x' THEN 'EXCLUDE' END AS "constraint_type", "a"."attname" AS "column_name" FROM "pg_constraint" "cnst" INNER JOIN "pg_class" "t" ON "t"."oid" = "cnst"."conrelid" INNER JOIN "pg_namespace" "ns" ON "ns"."oid" = "cnst"."connamespace" LEFT JOIN "pg_attribute" "a" ON "a"."attrelid" = "cnst"."conrelid" AND "a"."attnum" = ANY ("cnst"."conkey") WHERE "t"."relkind" IN ('r', 'p') AND (("ns"."nspname" = 'public' AND "t"."relname" = 'customers')) order by 3, 6
\g
SELECT "con"."conname" AS "constraint_name", "con"."nspname" AS "table_schema", "con"."relname" AS "table_name", "att2"."attname" AS "column_name", "ns"."nspname" AS "referenced_table_schema", "cl"."relname" AS "referenced_table_name", "att"."attname" AS "referenced_column_name", "con"."confdeltype" AS "on_delete", "con"."confupdtype" AS "on_update", "con"."condeferrable" AS "deferrable", "con"."condeferred" AS "deferred" FROM ( SELECT UNNEST ("con1"."conkey") AS "parent", UNNEST ("con1"."confkey") AS "child", "con1"."confrelid", "con1"."conrelid", "con1"."conname", "con1"."contype", "ns"."nspname", "cl"."relname", "con1"."condeferrable", CASE WHEN "con1"."condeferred" THEN 'INITIALLY DEFERRED' ELSE 'INITIALLY IMMEDIATE' END as condeferred, CASE "con1"."confdeltype" WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' END as "confdeltype", CASE "con1"."confupdtype" WHEN 'a' THEN 'NO ACTION' ELSE 'x' END as "confupdtype" FROM "pg_class" "cl" INNER JOIN "pg_namespace" "ns" ON "cl"."relnamespace" = "ns"."oid" INNER JOIN "pg_constraint" "con1" ON "con1"."conrelid" = "cl"."oid" WHERE "con1"."contype" = 'f' AND (("ns"."nspname" = 'shop' AND "cl"."relname" = 'orders')) ) "con" INNER JOIN "pg_attribute" "att" ON "att"."attrelid" = "con"."confrelid" AND "att"."attnum" = "con"."child" INNER JOIN "pg_class" "cl" ON "cl"."oid" = "con"."confrelid" AND "cl"."relispartition" = 'f'INNER JOIN "pg_namespace" "ns" ON "cl"."relnamespace" = "ns"."oid" INNER JOIN "pg_attribute" "att2" ON "att2"."attrelid" = "con"."conrelid" AND "att2"."attnum" = "con"."parent"
\g
SELECT TRUE FROM information_schema.columns WHERE table_name = 'pg_class' and column_name = 'relispartition'
\g

-- sequelize
SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type LIKE '%TABLE' AND table_name != 'spatial_ref_sys' ORDER BY 1
\g
SELECT pk.constraint_type as "Constraint", c.column_name as "Field", c.column_default as "Default", c.is_nullable as "Null", (CASE WHEN c.udt_name = 'hstore' THEN c.udt_name ELSE c.data_type END) || (CASE WHEN c.character_maximum_length IS NOT NULL THEN '(' || c.character_maximum_length || ')' ELSE '' END) as "Type", (SELECT array_agg(e.enumlabel) FROM pg_catalog.pg_type t JOIN pg_catalog.pg_enum e ON t.oid=e.enumtypid WHERE t.typname=c.udt_name) AS "special", (SELECT pgd.description FROM pg_catalog.pg_statio_all_tables AS st INNER JOIN pg_catalog.pg_description pgd on (pgd.objoid=st.relid) WHERE c.ordinal_position=pgd.objsubid AND c.table_name=st.relname) AS "Comment" FROM information_schema.columns c LEFT JOIN (SELECT tc.table_schema, tc.table_name, cu.column_name, tc.constraint_type FROM information_schema.TABLE_CONSTRAINTS tc JOIN information_schema.KEY_COLUMN_USAGE cu ON tc.table_schema=cu.table_schema and tc.table_name=cu.table_name and tc.constraint_name=cu.constraint_name and tc.constraint_type='PRIMARY KEY') pk ON pk.table_schema=c.table_schema AND pk.table_name=c.table_name AND pk.column_name=c.column_name WHERE c.table_name = 'customers' AND c.table_schema = 'public' ORDER BY c.ordinal_position
\g
SELECT i.relname AS name, ix.indisprimary AS primary, ix.indisunique AS unique, ix.indkey AS indkey, array_agg(a.attnum) as column_indexes, array_agg(a.attname) AS column_names, pg_get_indexdef(ix.indexrelid) AS definition FROM pg_class t, pg_class i, pg_index ix, pg_attribute a WHERE t.oid = ix.indrelid AND i.oid = ix.indexrelid AND a.attrelid = t.oid AND t.relkind = 'r' and t.relname = 'customers' GROUP BY i.relname, ix.indexrelid, ix.indisprimary, ix.indisunique, ix.indkey ORDER BY i.relname
\g
SELECT typname, typtype, oid, typarray FROM pg_type WHERE (typtype = 'b' AND typname IN ('hstore', 'geometry', 'geography')) OR (typtype = 'e')
\g
SELECT count(*) AS "count" FROM "public"."customers" AS "Customer" WHERE ("Customer"."deleted_at" IS NULL AND "Customer"."country" = 'DE')
\g
--@ masked: email=last4
SELECT "Customer".*, "orders"."id" AS "orders.id", "orders"."status" AS "orders.status" FROM (SELECT "Customer"."id", "Customer"."email", "Customer"."last_name", "Customer"."created_at" FROM "public"."customers" AS "Customer" WHERE "Customer"."deleted_at" IS NULL ORDER BY "Customer"."created_at" DESC LIMIT 3 OFFSET 0) AS "Customer" LEFT OUTER JOIN "shop"."orders" AS "orders" ON "Customer"."id" = "orders"."customer_id" ORDER BY "Customer"."created_at" DESC, 5
\g
SET standard_conforming_strings=on;SET client_min_messages TO warning;SET TIME ZONE INTERVAL '+00:00' HOUR TO MINUTE
\g
SHOW SERVER_VERSION
\g

-- knex and drizzle
select * from information_schema.tables where table_name = 'knex_migrations' and table_schema = current_schema()
\g
--@ with: true
select count("id") as "CNT" from "customers" where "marketing" = $1
\g
--@ with: 1 | 100
select distinct "country" from "customers" where "id" between $1 and $2 order by "country" asc
\g
--@ with: 2023-03-01 | US | 5
--@ masked: email=last4
select "c"."id", "c"."email", (select count(*) from "shop"."orders" where "customer_id" = "c"."id") as "n" from "customers" as "c" where "c"."created_at" > $1 and not "c"."country" = $2 order by "c"."id" desc limit $3
\g
select "customers"."id", "customers"."first_name", "customers_orders"."data" as "orders" from "customers" left join lateral (select coalesce(json_agg(json_build_array("customers_orders"."id", "customers_orders"."status") order by "customers_orders"."id"), '[]'::json) as "data" from "shop"."orders" "customers_orders" where "customers_orders"."customer_id" = "customers"."id") "customers_orders" on true where "customers"."id" < 4 order by "customers"."id"
\g
SELECT s.nspname as table_schema, c.relname AS table_name, CASE WHEN c.relkind = 'r' THEN 'table' WHEN c.relkind = 'v' THEN 'view' WHEN c.relkind = 'm' THEN 'materialized_view' END AS type, c.relrowsecurity AS rls_enabled FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace WHERE c.relkind IN ('r', 'v', 'm') AND n.nspname = 'public' ORDER BY 2
\g
SELECT schemaname::text, tablename::text, policyname::text as name, permissive::text, roles::text[] as to, cmd::text as for, qual::text AS using, with_check::text as "withCheck" FROM pg_policies
\g
SELECT n.nspname AS enum_schema, t.typname AS enum_name, e.enumlabel AS enum_value, e.enumsortorder AS sort_order FROM pg_type t JOIN pg_enum e ON t.oid = e.enumtypid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace ORDER BY enum_schema, enum_name, sort_order
\g

-- gorm
SELECT count(*) FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA() AND table_name = 'customers' AND table_type = 'BASE TABLE'
\g
SELECT CURRENT_DATABASE()
\g
SELECT c.column_name, c.is_nullable = 'YES', c.udt_name, c.character_maximum_length, c.numeric_precision, c.numeric_precision_radix, c.numeric_scale, c.datetime_precision, 8 * typlen, c.column_default, pd.description, c.identity_increment FROM information_schema.columns AS c JOIN pg_type AS pgt ON c.udt_name = pgt.typname LEFT JOIN pg_catalog.pg_description as pd ON pd.objsubid = c.ordinal_position AND pd.objoid = (SELECT oid FROM pg_catalog.pg_class WHERE relname = c.table_name AND relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = c.table_schema)) where table_catalog = current_database() AND table_schema = CURRENT_SCHEMA() AND table_name = 'customers' order by ordinal_position
\g
--@ masked: email=last4 phone=last4 profile=paths
SELECT * FROM "customers" LIMIT 1
\g
--@ differs: of the moment
SELECT * FROM "customers" WHERE "customers"."deleted_at" IS NULL AND id > 3 ORDER BY "customers"."id" LIMIT 10
\g
--@ masked: email=last4 Referrer__email=last4 Referrer__profile=paths
SELECT "customers"."id","customers"."email","Referrer"."id" AS "Referrer__id","Referrer"."email" AS "Referrer__email","Referrer"."profile" AS "Referrer__profile" FROM "customers" LEFT JOIN "customers" "Referrer" ON "customers"."referred_by" = "Referrer"."id" WHERE "customers"."id" BETWEEN 20 AND 25 ORDER BY 1
\g
SELECT description FROM pg_catalog.pg_description WHERE objsubid = (SELECT ordinal_position FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'customers' AND column_name = 'email') AND objoid = (SELECT oid FROM pg_catalog.pg_class WHERE relname = 'customers' AND relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'public'))
\g

-- diesel sqlx ecto
--@ with: order_status | shop | 1
SELECT "pg_type"."oid", "pg_type"."typarray" FROM "pg_type" INNER JOIN "pg_namespace" ON "pg_type"."typnamespace" = "pg_namespace"."oid" WHERE "pg_type"."typname" = $1 AND "pg_namespace"."nspname" = $2 LIMIT $3
\g
--@ with: 25
SELECT typname, typtype, typcategory, typrelid, typelem, typbasetype FROM pg_catalog.pg_type WHERE oid = $1
\g
SELECT TRUE FROM pg_namespace WHERE nspname = 'public' LIMIT 1
\g
SELECT t.oid, t.typname, t.typsend, t.typreceive, t.typoutput, t.typinput, coalesce(d.typelem, t.typelem), coalesce(r.rngsubtype, 0), ARRAY (SELECT a.atttypid FROM pg_attribute AS a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) FROM pg_type AS t LEFT JOIN pg_type AS d ON t.typbasetype = d.oid LEFT JOIN pg_range AS r ON r.rngtypid = t.oid OR r.rngmultitypid = t.oid OR (t.typbasetype <> 0 AND r.rngtypid = t.typbasetype) WHERE (t.typrelid = 0) AND (t.typelem = 0 OR NOT EXISTS (SELECT 1 FROM pg_catalog.pg_type s WHERE s.typrelid != 0 AND s.oid = t.typelem))
\g
--@ with: FR | 7
--@ masked: email=last4 profile=paths
SELECT c0."id", c0."email", c0."first_name", c0."profile" FROM "customers" AS c0 WHERE (c0."country" = $1) AND (c0."deleted_at" IS NULL) ORDER BY c0."id" LIMIT $2
\g
SELECT s0."version"::bigint FROM "schema_migrations" AS s0
\g
--@ with: {paid,shipped}
SELECT c0."country", count(c0."id"), min(c0."created_at") FROM "customers" AS c0 INNER JOIN "shop"."orders" AS o1 ON o1."customer_id" = c0."id" AND (o1."status" = ANY($1)) GROUP BY c0."country" HAVING (count(c0."id") > 1) ORDER BY 1
\g
SELECT 1 AS "one" FROM "customers" WHERE "customers"."email" = 'user5@example5.com' LIMIT 1
\g

-- rails
SELECT t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype FROM pg_type as t LEFT JOIN pg_range as r ON oid = rngtypid WHERE t.typname IN ('int2', 'int4', 'int8', 'oid', 'float4', 'float8', 'text', 'varchar', 'char', 'name', 'bpchar', 'bool', 'bit', 'varbit', 'date', 'money', 'bytea', 'point', 'hstore', 'json', 'jsonb', 'cidr', 'inet', 'uuid', 'xml', 'tsvector', 'macaddr', 'citext', 'ltree', 'line', 'lseg', 'box', 'path', 'polygon', 'circle', 'numeric', 'interval', 'time', 'timestamp', 'timestamptz')
\g
SELECT c.relname FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (current_schemas(false)) AND c.relname = 'customers' AND c.relkind IN ('r','v','m','p','f')
\g
SELECT a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod, c.collname, col_description(a.attrelid, a.attnum) AS comment, attidentity AS identity, attgenerated as attgenerated FROM pg_attribute a LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum LEFT JOIN pg_type t ON a.atttypid = t.oid LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation WHERE a.attrelid = '"customers"'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
\g
SELECT a.attname FROM ( SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx FROM pg_index WHERE indrelid = '"shop"."order_items"'::regclass AND indisprimary ) i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[i.idx] ORDER BY i.idx
\g
SELECT distinct i.relname, d.indisunique, d.indkey, pg_get_indexdef(d.indexrelid), pg_catalog.obj_description(i.oid, 'pg_class') AS comment, d.indisvalid, ARRAY( SELECT pg_get_indexdef(d.indexrelid, k + 1, true) FROM generate_subscripts(d.indkey, 1) AS k ORDER BY k ) AS columns FROM pg_class t INNER JOIN pg_index d ON t.oid = d.indrelid INNER JOIN pg_class i ON d.indexrelid = i.oid LEFT JOIN pg_namespace n ON n.oid = t.relnamespace WHERE i.relkind IN ('i', 'I') AND d.indisprimary = 'f' AND t.relname = 'customers' AND n.nspname = ANY (current_schemas(false)) ORDER BY i.relname
\g
SELECT conname, pg_get_constraintdef(c.oid, true) AS constraintdef, c.convalidated AS valid FROM pg_constraint c JOIN pg_class t ON c.conrelid = t.oid JOIN pg_namespace n ON n.oid = c.connamespace WHERE c.contype = 'c' AND t.relname = 'order_items' AND n.nspname = ANY (current_schemas(false))
\g
SELECT type.typname AS name, type.OID AS oid, n.nspname AS schema, array_agg(enum.enumlabel ORDER BY enum.enumsortorder) AS value FROM pg_enum AS enum JOIN pg_type AS type ON (type.oid = enum.enumtypid) JOIN pg_namespace n ON type.typnamespace = n.oid WHERE n.nspname = ANY (current_schemas(false)) GROUP BY type.OID, n.nspname, type.typname
\g
SELECT pg_try_advisory_lock(2053462845120453640)
\g
SELECT pg_advisory_unlock(2053462845120453640)
\g
SHOW max_identifier_length
\g
--@ differs: of the moment
SELECT "customers".* FROM "customers" WHERE "customers"."id" > 10 ORDER BY "customers"."id" ASC LIMIT 5
\g
--@ with: 7
--@ masked: t0_r1=last4
SELECT "customers"."id" AS t0_r0, "customers"."email" AS t0_r1, "customers"."birth_date" AS t0_r2, "orders"."id" AS t1_r0, "orders"."total" AS t1_r1 FROM "customers" LEFT OUTER JOIN "shop"."orders" ON "orders"."customer_id" = "customers"."id" WHERE "customers"."id" = $1 /*application:Shop,controller:customers,action:show*/ ORDER BY 4
\g
SELECT COUNT(*) AS "count_all", "customers"."country" AS "customers_country" FROM "customers" GROUP BY "customers"."country" ORDER BY 2
\g
SELECT COUNT(DISTINCT "customers"."email") FROM "customers"
\g
SELECT AVG("orders"."total") FROM "shop"."orders" WHERE "orders"."status" != 'cancelled'
\g
SELECT 1 AS one FROM "customers" WHERE LOWER("customers"."email") = LOWER('User5@Example5.com') LIMIT 1
\g
--@ plan
EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT "orders".* FROM "shop"."orders" WHERE "orders"."customer_id" = 9
\g

-- activerecord transactions
BEGIN
\g
--@ masked: email=last4 phone=last4 profile=paths
SELECT "customers".* FROM "customers" WHERE "customers"."id" = 3 LIMIT 1 FOR UPDATE
\g
SAVEPOINT active_record_1
\g
UPDATE "customers" SET "first_name" = 'Zed', "updated_at" = '2024-05-05 10:00:00' WHERE "customers"."id" = 3
\g
RELEASE SAVEPOINT active_record_1
\g
UPDATE "customers" SET "version" = COALESCE("version", 0) + 1 WHERE "customers"."id" = 3
\g
ROLLBACK
\g

-- pgadmin dashboard
/*pga4dash*/ SELECT 'session_stats' AS chart_name, pg_catalog.row_to_json(t) AS chart_data FROM (SELECT (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()) AS "Total") t UNION ALL SELECT 'tps_stats' AS chart_name, pg_catalog.row_to_json(t) AS chart_data FROM (SELECT (SELECT sum(xact_commit) FROM pg_catalog.pg_stat_database WHERE datname = 'nope') AS "Commits") t
\g
SELECT rel.oid, rel.relname AS name, (SELECT count(*) FROM pg_catalog.pg_trigger WHERE tgrelid=rel.oid AND tgisinternal = FALSE) AS triggercount, (SELECT count(*) FROM pg_catalog.pg_trigger WHERE tgrelid=rel.oid AND tgisinternal = FALSE AND tgenabled = 'O') AS has_enable_triggers, (CASE WHEN rel.relkind = 'p' THEN true ELSE false END) AS is_partitioned, nsp.nspname AS schema, nsp.oid AS schemaoid, des.description FROM pg_catalog.pg_class rel INNER JOIN pg_catalog.pg_namespace nsp ON nsp.oid= rel.relnamespace LEFT OUTER JOIN pg_catalog.pg_description des ON (des.objoid=rel.oid AND des.objsubid=0 AND des.classoid='pg_class'::regclass) WHERE rel.relkind IN ('r','s','t','p') AND nsp.nspname = 'shop' AND NOT rel.relispartition ORDER BY rel.relname
\g
SELECT db.oid as did, db.datname as name, ta.spcname as spcname, db.datallowconn, db.datistemplate AS is_template, pg_catalog.has_database_privilege(db.oid, 'CREATE') as cancreate, datdba as owner, descr.description FROM pg_catalog.pg_database db LEFT OUTER JOIN pg_catalog.pg_tablespace ta ON db.dattablespace = ta.oid LEFT OUTER JOIN pg_catalog.pg_shdescription descr ON ( db.oid=descr.objoid AND descr.classoid='pg_database'::regclass ) WHERE db.datname = 'postgres' ORDER BY datname
\g
SELECT roles.oid as id, roles.rolname as name, roles.rolsuper as is_superuser, CASE WHEN roles.rolsuper THEN true ELSE roles.rolcreaterole END as can_create_role, CASE WHEN roles.rolsuper THEN true ELSE roles.rolcreatedb END as can_create_db, CASE WHEN 'pg_signal_backend'=ANY(ARRAY(WITH RECURSIVE cte AS ( SELECT pg_roles.oid,pg_roles.rolname FROM pg_roles WHERE pg_roles.oid = roles.oid UNION ALL SELECT m.roleid, pgr.rolname FROM cte cte_1 JOIN pg_auth_members m ON m.member = cte_1.oid JOIN pg_roles pgr ON pgr.oid = m.roleid) SELECT rolname FROM cte)) THEN True ELSE False END as can_signal_backend FROM pg_catalog.pg_roles as roles WHERE rolname = current_user
\g
SELECT set_config('bytea_output','hex',false) FROM pg_settings WHERE name = 'bytea_output'; SET client_encoding='UTF8'; SET DateStyle=ISO; SET client_min_messages=notice
\g
SELECT gss_authenticated, encrypted FROM pg_catalog.pg_stat_gssapi WHERE pid = pg_backend_pid()
\g
SELECT at.attname, at.attnum, ty.typname FROM pg_catalog.pg_attribute at LEFT JOIN pg_catalog.pg_type ty ON (ty.oid = at.atttypid) WHERE attrelid='public.customers'::regclass::oid AND attnum = ANY (( SELECT con.conkey FROM pg_catalog.pg_class rel LEFT OUTER JOIN pg_catalog.pg_constraint con ON con.conrelid=rel.oid AND con.contype='p' WHERE rel.relkind IN ('r','s','t', 'p') AND rel.oid = 'public.customers'::regclass::oid)::oid[])
\g
--@ differs: of the moment
SELECT * FROM public.customers ORDER BY id ASC LIMIT 100
\g
SELECT count(*) FROM (SELECT * FROM shop.orders) AS sub
\g
SELECT pid, usename, application_name, client_addr, backend_start, state, wait_event_type FROM pg_catalog.pg_stat_activity WHERE pid = -1 ORDER BY pid
\g
SELECT locktype, mode, granted FROM pg_catalog.pg_locks l LEFT OUTER JOIN pg_catalog.pg_database d ON (l.database = d.oid) WHERE pid = -1
\g
SELECT schemaname, relname, n_live_tup >= 0 AS ok, last_vacuum IS NULL FROM pg_stat_user_tables ORDER BY 1, 2
\g
SELECT indexrelname, idx_scan >= 0, pg_size_pretty(0::bigint) FROM pg_stat_user_indexes WHERE schemaname = 'shop' ORDER BY 1
\g
SELECT relname, pg_total_relation_size(c.oid) > 0, pg_relation_size(c.oid, 'main') >= 0, pg_indexes_size(c.oid) >= 0 FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'shop' AND relkind = 'r' ORDER BY 1
\g
SELECT pg_catalog.pg_get_viewdef('shop.order_totals'::regclass, true), pg_get_functiondef('shop.recalc'::regproc), pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'orders_audit'
\g
SELECT has_table_privilege('public.customers', 'SELECT'), has_schema_privilege('shop', 'USAGE'), has_column_privilege('public.customers', 'email', 'SELECT'), pg_table_is_visible('customers'::regclass)
\g
SELECT pr.oid, pr.proname || '(' || COALESCE(pg_catalog.pg_get_function_identity_arguments(pr.oid), '') || ')' as name, lanname, pg_catalog.pg_get_userbyid(proowner) as funcowner FROM pg_catalog.pg_proc pr JOIN pg_catalog.pg_type typ ON typ.oid=prorettype JOIN pg_catalog.pg_namespace typns ON typns.oid=typ.typnamespace JOIN pg_catalog.pg_language lng ON lng.oid=prolang WHERE pr.prokind IN ('f', 'w') AND pronamespace = 'shop'::regnamespace AND typname NOT IN ('trigger', 'event_trigger') ORDER BY proname
\g
SELECT sequencename, last_value, increment_by FROM pg_sequences WHERE schemaname = 'shop' ORDER BY 1
\g

-- dbeaver
SHOW search_path
\g
SELECT current_schema(),session_user
\g
SELECT db.oid,db.* FROM pg_catalog.pg_database db WHERE datallowconn AND NOT datistemplate AND datname = 'postgres' ORDER BY db.datname
\g
select * from pg_catalog.pg_settings where name='standard_conforming_strings'
\g
select string_agg(word, ',' ) from pg_catalog.pg_get_keywords() where word <> ALL ( '{a,abs,absolute,action,ada,add}'::text[] )
\g
SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass WHERE nspname !~ 'temp' ORDER BY nspname
\g
SELECT c.oid,c.*,d.description,pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr, pg_catalog.pg_get_partkeydef(c.oid) as partition_key FROM pg_catalog.pg_class c LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass WHERE c.relnamespace='analytics'::regnamespace AND c.relkind not in ('i','I','c')
\g
SELECT c.relname,a.*,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value,dsc.description,dep.objid FROM pg_catalog.pg_attribute a INNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid) LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum) LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid) LEFT OUTER JOIN pg_depend dep on dep.refobjid = a.attrelid AND dep.deptype = 'i' and dep.refobjsubid = a.attnum and dep.classid = dep.refclassid WHERE NOT a.attisdropped AND c.oid='public.customers'::regclass ORDER BY a.attnum
\g
SELECT t.oid,t.*,c.relkind,format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name, d.description FROM pg_catalog.pg_type t LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid=t.typelem LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid=t.typrelid LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid=d.objoid WHERE t.typname IS NOT NULL AND (c.relkind IS NULL OR c.relkind = 'c') AND (et.typcategory IS NULL OR et.typcategory <> 'C') ORDER BY t.oid
\g
--@ masked: email=last4 phone=last4 profile=paths
SELECT x.id, x.public_id, x.email, x.phone, x.profile, x.birth_date, x.attrs FROM public.customers x LIMIT 200
\g
SELECT count(*) FROM public.customers x WHERE x.country = 'DE'
\g
select pp.oid, pp.*, pg_catalog.pg_get_function_result(pp.oid) from pg_catalog.pg_proc pp where pronamespace = 'crm'::regnamespace
\g
SELECT i.*,i.indkey as keys,c.relname,c.relnamespace,c.relam,c.reltablespace,tc.relname as tabrelname,dsc.description,pg_catalog.pg_get_expr(i.indpred, i.indrelid) as pred_expr,pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) as expr,pg_catalog.pg_relation_size(i.indexrelid) > 0,pg_catalog.pg_stat_get_numscans(i.indexrelid) >= 0 FROM pg_catalog.pg_index i INNER JOIN pg_catalog.pg_class c ON c.oid=i.indexrelid INNER JOIN pg_catalog.pg_class tc ON tc.oid=i.indrelid LEFT OUTER JOIN pg_catalog.pg_description dsc ON i.indexrelid=dsc.objoid WHERE i.indrelid='public.customers'::regclass ORDER BY tabrelname, c.relname
\g

-- datagrip
select N.oid::bigint as id, datname as name, D.description, datistemplate as is_template, datallowconn as allow_connections, pg_catalog.pg_get_userbyid(N.datdba) as "owner" from pg_catalog.pg_database N left join pg_catalog.pg_shdescription D on N.oid = D.objoid where datname in ('postgres','template1') order by case when datname = pg_catalog.current_database() then -1::bigint else N.oid::bigint end
\g
select T.relkind as table_kind, T.relname as table_name, T.oid as table_id, T.relhassubclass as has_children, (select string_agg(inhparent::bigint::varchar, ',' order by inhseqno) from pg_catalog.pg_inherits where T.oid = inhrelid) as ancestors, case when T.relispartition then pg_get_expr(T.relpartbound, T.oid) end as partition_expression, pg_get_userbyid(T.relowner) as "owner" from pg_catalog.pg_class T where relnamespace = 'analytics'::regnamespace::oid and relkind in ('r', 'm', 'v', 'f', 'p') order by table_kind, table_id
\g
with T as ( select distinct T.oid as table_id, T.relname as table_name from pg_catalog.pg_class T, pg_catalog.pg_attribute A where T.relnamespace = 'public'::regnamespace and T.relkind in ('r', 'm', 'v', 'f', 'p') and A.attrelid = T.oid ) select T.table_id, C.attnum as column_position, C.attname as column_name, C.atttypmod as type_mod, C.attndims as dimensions_number, pg_catalog.format_type(C.atttypid, C.atttypmod) as type_spec, C.atttypid as type_id, C.attnotnull as mandatory, pg_catalog.pg_get_expr(D.adbin, T.table_id) as column_default_expression, not C.attislocal as column_is_inherited, C.attisdropped as column_is_dropped, C.attidentity::varchar as identity_kind, C.attgenerated as generated from T join pg_catalog.pg_attribute C on T.table_id = C.attrelid left join pg_catalog.pg_attrdef D on (C.attrelid, C.attnum) = (D.adrelid, D.adnum) where attnum > 0 order by table_id, attnum
\g
select case when pg_catalog.pg_is_in_recovery() then null else (pg_catalog.txid_current() % 4294967296)::varchar::bigint > 0 end as current_txid
\g
select member id, roleid role_id, admin_option from pg_catalog.pg_auth_members where member > 16384 order by id, roleid::text
\g
select L.transactionid::varchar::bigint as transaction_id from pg_catalog.pg_locks L where L.transactionid is not null and pid = -1 order by pg_catalog.age(L.transactionid) desc limit 1
\g
select R.ev_class as view_id, R.oid as rule_id, pg_catalog.pg_get_ruledef(R.oid) from pg_catalog.pg_rewrite R where R.ev_class = 'shop.coupons'::regclass
\g

-- metabase
SELECT TRUE FROM "public"."customers" WHERE 1 <> 1 LIMIT 0
\g

-- metabase, a native question
--@ masked: email=last4
SELECT "public"."customers"."id" AS "id", "public"."customers"."email" AS "email", "public"."customers"."created_at" AS "created_at" FROM "public"."customers" LIMIT 2000
\g
SELECT SUBSTRING("public"."documents"."title", 1, 1234) AS "substring1", SUBSTRING("public"."documents"."body", 1, 1234) FROM "public"."documents" LIMIT 10000
\g
SELECT count(distinct "source"."customer_id") AS "count", count(*) FROM (SELECT "shop"."orders"."customer_id" AS "customer_id" FROM "shop"."orders") AS "source"
\g
SELECT CAST(DATE_TRUNC('month', "shop"."orders"."placed_at") AS date) AS "placed_at", "Customers"."country" AS "Customers__country", SUM("shop"."orders"."total") AS "sum", AVG("shop"."orders"."total") FROM "shop"."orders" LEFT JOIN "public"."customers" AS "Customers" ON "shop"."orders"."customer_id" = "Customers"."id" WHERE "shop"."orders"."placed_at" >= DATE_TRUNC('year', timestamptz '2023-05-05') GROUP BY CAST(DATE_TRUNC('month', "shop"."orders"."placed_at") AS date), "Customers"."country" ORDER BY 1, 2
\g
SELECT FLOOR((("shop"."orders"."total" - 0.0) / 1000.0)) * 1000.0 + 0.0 AS "total", COUNT(*) AS "count" FROM "shop"."orders" GROUP BY FLOOR((("shop"."orders"."total" - 0.0) / 1000.0)) * 1000.0 + 0.0 ORDER BY 1
\g
SELECT ("public"."customers"."profile"#>> array['theme']::text[])::text AS "theme", COUNT(*) FROM "public"."customers" GROUP BY ("public"."customers"."profile"#>> array['theme']::text[])::text ORDER BY 1
\g
SELECT (CAST(extract(dow from "shop"."orders"."placed_at") AS integer) + 1) AS d, PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY "shop"."orders"."total") FROM "shop"."orders" GROUP BY 1 ORDER BY 1
\g
SELECT NULL AS "role", t.schemaname AS "schema", t.objectname AS "table", pg_catalog.has_table_privilege(current_user, '"' || t.schemaname || '"' || '.' || '"' || t.objectname || '"', 'UPDATE') AS "update", pg_catalog.has_any_column_privilege(current_user, '"' || t.schemaname || '"' || '.' || '"' || t.objectname || '"', 'select') AS "select" FROM ( SELECT schemaname, tablename AS objectname FROM pg_catalog.pg_tables UNION SELECT schemaname, viewname AS objectname FROM pg_views UNION SELECT schemaname, matviewname AS objectname FROM pg_catalog.pg_matviews ) t WHERE t.schemaname !~ '^pg_' AND t.schemaname <> 'information_schema' AND pg_catalog.has_schema_privilege(current_user, t.schemaname, 'USAGE') ORDER BY 2, 3
\g
SELECT "fk_ns"."nspname" AS "fk-table-schema", "fk_table"."relname" AS "fk-table-name", "fk_column"."attname" AS "fk-column-name", "pk_table"."relname" AS "pk-table-name" FROM "pg_constraint" AS "c" INNER JOIN "pg_class" AS "fk_table" ON "c"."conrelid" = "fk_table"."oid" INNER JOIN "pg_namespace" AS "fk_ns" ON "c"."connamespace" = "fk_ns"."oid" INNER JOIN "pg_attribute" AS "fk_column" ON "c"."conrelid" = "fk_column"."attrelid" INNER JOIN "pg_class" AS "pk_table" ON "c"."confrelid" = "pk_table"."oid" WHERE ("fk_ns"."nspname" !~ '^information_schema|catalog_history|pg_') AND ("c"."contype" = 'f'::char) AND ("fk_column"."attnum" = ANY("c"."conkey")) ORDER BY 1,2,3
\g

-- grafana
SELECT floor(extract(epoch from ts)/3600)*3600 AS "time", host AS metric, avg(value) AS "value" FROM analytics.metrics WHERE ts BETWEEN '2024-01-01T00:00:00Z' AND '2024-01-02T00:00:00Z' GROUP BY 1, host ORDER BY 1, 2
\g
select quote_ident(table_name) as "table" from information_schema.tables where quote_ident(table_schema) not in ('information_schema', 'pg_catalog', '_timescaledb_cache') and quote_ident(table_schema) = 'shop' order by table_name
\g
SELECT quote_ident(column_name) AS text FROM information_schema.columns WHERE quote_ident(table_name) = 'metrics' and data_type in ('timestamp with time zone','double precision') ORDER BY 1
\g
SELECT date_bin('30 minutes', ts, timestamptz '2024-01-01Z') AS time, percentile_disc(0.95) WITHIN GROUP (ORDER BY value) AS p95, max(value) - min(value) spread FROM analytics.metrics WHERE host IN ('h0','h1') AND name = 'cpu' GROUP BY time ORDER BY time LIMIT 20
\g
SELECT DISTINCT labels->>'dc' FROM analytics.metrics ORDER BY 1
\g
SELECT extract(epoch from occurred_at) as time, kind as text, array_to_string(ARRAY[user_agent, host(ip)], ',') as tags FROM analytics.events WHERE kind = 'buy' ORDER BY 1 LIMIT 10
\g

-- superset
SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace WHERE pg_catalog.pg_class.relkind = ANY (ARRAY['r', 'p', 'f', 'v', 'm']) AND pg_catalog.pg_class.relpersistence != 't' AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid) AND pg_catalog.pg_namespace.nspname != 'pg_catalog' ORDER BY 1
\g
SELECT DATE_TRUNC('week', placed_at) AS __timestamp, status AS status, count(*) AS count, sum(total)/100.0 AS "Revenue" FROM shop.orders JOIN (SELECT status AS status__, count(*) AS mme_inner__ FROM shop.orders WHERE placed_at >= TO_TIMESTAMP('2023-11-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') GROUP BY status ORDER BY mme_inner__ DESC LIMIT 3) AS series_limit ON status = status__ GROUP BY status, DATE_TRUNC('week', placed_at) ORDER BY 1, 2 LIMIT 50000
\g
--@ masked: email=last4
SELECT * FROM (SELECT id, email, country FROM public.customers) AS virtual_table WHERE country IN ('DE', 'FR') ORDER BY id LIMIT 1000
\g
SELECT SUM(CASE WHEN marketing THEN 1 ELSE 0 END)::float / NULLIF(COUNT(*), 0) AS rate FROM public.customers
\g
--@ plan
EXPLAIN (FORMAT JSON, COSTS FALSE) SELECT count(*) FROM shop.orders o JOIN shop.order_items i ON i.order_id = o.id
\g

-- hasura postgrest
SELECT coalesce(json_agg("root"), '[]') AS "root" FROM (SELECT row_to_json((SELECT "_1_e" FROM (SELECT "_0_root.base"."id" AS "id", "_0_root.base"."first_name" AS "first_name") AS "_1_e")) AS "root" FROM (SELECT * FROM "public"."customers" WHERE (("public"."customers"."country") = (('DE')::bpchar)) ORDER BY "id" LIMIT 3) AS "_0_root.base") AS "_2_root"
\g
--@ with: true
WITH pgrst_source AS (SELECT "shop"."products"."id", "shop"."products"."name", row_to_json("products_categories_1".*) AS "category" FROM "shop"."products" LEFT JOIN LATERAL (SELECT "categories_1"."name" FROM "shop"."categories" AS "categories_1" WHERE "categories_1"."id" = "shop"."products"."category_id") AS "products_categories_1" ON TRUE WHERE "shop"."products"."active" = $1 ORDER BY "shop"."products"."id" LIMIT 2 OFFSET 0) SELECT null::bigint AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total, coalesce(json_agg(_postgrest_t), '[]')::character varying AS body, nullif(current_setting('response.headers', true), '') AS response_headers, nullif(current_setting('response.status', true), '') AS response_status FROM (SELECT * FROM pgrst_source) _postgrest_t
\g
SELECT set_config('request.jwt.claims', '{"sub":"u1"}', true), set_config('request.method', 'GET', true), set_config('request.path', '/orders', true)
\g
with recursive pks_fks as ( select contype::text as contype, conname, array_length(conkey, 1) as ncol, conrelid as resorigtbl, col as resorigcol, ord from pg_constraint left join lateral unnest(conkey) with ordinality as _(col, ord) on true where contype IN ('p', 'f') ), views as ( select c.oid as view_id, n.nspname as view_schema, c.relname as view_name, r.ev_action as view_definition from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_rewrite r on r.ev_class = c.oid where c.relkind in ('v', 'm') and n.nspname = ANY('{public,shop}'::name[]) ), transform_json as ( select view_id, view_schema, view_name, replace( replace( view_definition::text, '<>', '()'), ',', '') as view_definition from views ) select view_schema, view_name, length(view_definition) > 0 from transform_json order by 1, 2
\g
SELECT n.nspname AS table_schema, c.relname AS table_name, d.description AS table_description, ( c.relkind IN ('r','p') OR ( c.relkind in ('v','f') AND (pg_relation_is_updatable(c.oid::regclass, TRUE) & 8) = 8 ) ) AS insertable FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_description as d on d.objoid = c.oid and d.objsubid = 0 WHERE c.relkind IN ('v','r','m','f','p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY table_schema, table_name
\g

-- llm agents
SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog','information_schema') ORDER BY table_schema, table_name, ordinal_position
\g
--@ masked: email=last4
SELECT first_name, last_name, email FROM customers WHERE country = 'US' ORDER BY created_at DESC LIMIT 5;
\g
SELECT c.first_name || ' ' || c.last_name AS customer, SUM(o.total) / 100.0 AS spent FROM customers c JOIN shop.orders o ON o.customer_id = c.id GROUP BY c.id, c.first_name, c.last_name ORDER BY spent DESC, c.id LIMIT 10
\g
--@ masked: email=last4 phone=last4 profile=paths
SELECT * FROM customers WHERE email = 'user7@example0.com'
\g
--@ masked: email=last4 phone=last4 profile=paths
SELECT * FROM customers TABLESAMPLE BERNOULLI (100) WHERE id <= 3
\g
/* which customers have no orders? */ SELECT c.id, c.email FROM customers c LEFT JOIN shop.orders o ON o.customer_id = c.id WHERE o.id IS NULL ORDER BY c.id
\g
--@ masked: email=last4 phone=last4
SELECT c.id, c.email, c.phone FROM customers c WHERE NOT EXISTS (SELECT 1 FROM shop.orders o WHERE o.customer_id = c.id AND o.status IN ('paid','shipped')) ORDER BY c.id;
\g
--@ masked: email=last4 phone=last4
SELECT email, phone, COUNT(*) OVER () AS total FROM customers ORDER BY id LIMIT 3
\g
SELECT COUNT(*) FILTER (WHERE phone IS NULL) AS missing_phone, COUNT(phone), COUNT(*) FROM customers
\g
SELECT date_part('year', age(timestamp '2024-01-01', created_at)) AS years, count(*) FROM customers GROUP BY 1 ORDER BY 1
\g
SELECT notes FROM customers WHERE notes LIKE '%tea%' ORDER BY id LIMIT 3
\g
--@ differs: of the moment
SELECT id, notes FROM customers ORDER BY id LIMIT 20
\g
SELECT id, CASE WHEN credit_limit > 500 THEN 'high' ELSE 'low' END FROM customers ORDER BY id LIMIT 3
\g

-- cohorts and retention
WITH first_orders AS (SELECT customer_id, min(date_trunc('month', placed_at)) AS cohort FROM shop.orders GROUP BY customer_id), activity AS (SELECT DISTINCT o.customer_id, f.cohort, (extract(year FROM age(date_trunc('month', o.placed_at), f.cohort)) * 12 + extract(month FROM age(date_trunc('month', o.placed_at), f.cohort)))::int AS m FROM shop.orders o JOIN first_orders f USING (customer_id)) SELECT cohort::date, m, count(*) AS users, round(100.0 * count(*) / first_value(count(*)) OVER (PARTITION BY cohort ORDER BY m), 1) AS pct FROM activity GROUP BY cohort, m ORDER BY cohort, m
\g
WITH e AS (SELECT customer_id, occurred_at, CASE WHEN occurred_at - lag(occurred_at) OVER w > interval '30 minutes' THEN 1 ELSE 0 END AS is_new FROM analytics.events WINDOW w AS (PARTITION BY customer_id ORDER BY occurred_at)), s AS (SELECT *, sum(is_new) OVER (PARTITION BY customer_id ORDER BY occurred_at ROWS UNBOUNDED PRECEDING) AS session_no FROM e) SELECT customer_id, session_no, min(occurred_at), max(occurred_at), count(*) FROM s GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 50
\g
WITH d AS (SELECT city, day, temp, day - (row_number() OVER (PARTITION BY city ORDER BY day))::int AS grp FROM public.measurements WHERE temp > 6) SELECT city, min(day), max(day), count(*) AS len FROM d GROUP BY city, grp ORDER BY city, 2
\g
SELECT day, city, temp, sum(temp) OVER (PARTITION BY city ORDER BY day) AS running, avg(temp) OVER (PARTITION BY city ORDER BY day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS ma7, max(temp) OVER (PARTITION BY city ORDER BY day RANGE BETWEEN interval '3 days' PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW), ntile(4) OVER (ORDER BY temp, city, day), percent_rank() OVER (ORDER BY temp), cume_dist() OVER (ORDER BY temp), nth_value(temp, 2) OVER (PARTITION BY city ORDER BY day GROUPS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM public.measurements ORDER BY city, day
\g
SELECT currency, percentile_cont(ARRAY[0.25,0.5,0.9]) WITHIN GROUP (ORDER BY total) AS q, percentile_disc(0.5) WITHIN GROUP (ORDER BY placed_at), mode() WITHIN GROUP (ORDER BY status), stddev_samp(total), var_pop(total), corr(total, id), regr_slope(total, id), rank(1000) WITHIN GROUP (ORDER BY total) FROM shop.orders GROUP BY currency ORDER BY 1
\g
SELECT date_trunc('week', placed_at)::date AS wk, count(*) FILTER (WHERE status = 'paid') AS paid, count(*) FILTER (WHERE status = 'cancelled') AS cancelled, sum(total) FILTER (WHERE currency = 'EUR') AS eur, bool_or(coupon IS NOT NULL) AS any_coupon FROM shop.orders GROUP BY 1 ORDER BY 1
\g
SELECT coalesce(currency, 'ALL') AS cur, coalesce(status::text, 'ALL') AS st, grouping(currency, status) AS g, count(*), sum(total) FROM shop.orders GROUP BY ROLLUP (currency, status) ORDER BY 3, 1, 2
\g
SELECT currency, status, coupon, count(*) FROM shop.orders GROUP BY GROUPING SETS ((currency, status), (coupon), ()) ORDER BY 1 NULLS FIRST, 2 NULLS FIRST, 3 NULLS FIRST, 4
\g
SELECT extract(isodow FROM placed_at) AS dow, extract(hour FROM placed_at) AS h, count(*) FROM shop.orders GROUP BY CUBE (1, 2) ORDER BY 1, 2
\g
WITH RECURSIVE t AS (SELECT id, name, parent_id, 1 AS depth, ARRAY[id] AS trail, name::text AS full_path FROM shop.categories WHERE parent_id IS NULL UNION ALL SELECT c.id, c.name, c.parent_id, t.depth + 1, t.trail || c.id, t.full_path || ' > ' || c.name FROM shop.categories c JOIN t ON c.parent_id = t.id WHERE NOT c.id = ANY (t.trail)) SEARCH DEPTH FIRST BY id SET ord CYCLE id SET is_cycle USING path SELECT id, depth, full_path, trail, is_cycle FROM t ORDER BY ord
\g
WITH RECURSIVE chain AS (SELECT id, name, manager_id, 0 AS lvl FROM hr.employees WHERE name = 'Dirk' UNION SELECT e.id, e.name, e.manager_id, lvl + 1 FROM hr.employees e JOIN chain ON e.id = chain.manager_id) SELECT * FROM chain ORDER BY lvl
\g
SELECT c.id, c.country, r.* FROM public.customers c CROSS JOIN LATERAL (SELECT o.id AS order_id, o.total, o.placed_at FROM shop.orders o WHERE o.customer_id = c.id ORDER BY o.placed_at DESC LIMIT 2) r WHERE c.id <= 10 ORDER BY c.id, r.placed_at DESC
\g
SELECT * FROM (SELECT o.*, row_number() OVER (PARTITION BY customer_id ORDER BY placed_at DESC) AS rn FROM shop.orders o) x WHERE rn = 1 ORDER BY customer_id LIMIT 20
\g
SELECT DISTINCT ON (customer_id) customer_id, id, status, placed_at FROM shop.orders ORDER BY customer_id, placed_at DESC LIMIT 20
\g
SELECT g.d::date, coalesce(n, 0) AS n FROM generate_series(timestamp '2023-11-01', timestamp '2023-11-20', interval '1 day') AS g(d) LEFT JOIN (SELECT placed_at::date AS d, count(*) AS n FROM shop.orders GROUP BY 1) o ON o.d = g.d::date ORDER BY 1
\g
SELECT p.category_id, c.name, json_agg(json_build_object('sku', p.sku, 'price', p.price) ORDER BY p.sku) FILTER (WHERE p.active) AS products, string_agg(p.name, ', ' ORDER BY p.id) , array_agg(DISTINCT t ORDER BY t) FROM shop.products p JOIN shop.categories c ON c.id = p.category_id LEFT JOIN LATERAL unnest(p.tags) AS t ON true GROUP BY p.category_id, c.name ORDER BY 1
\g
SELECT kind, payload->>'page' AS page, (payload->'items'->0->>'id')::int AS item, payload #>> '{items,0,qty}', jsonb_path_query_first(payload, '$.items[*].qty ? (@ > 1)'), payload @> '{"page":"/p/3"}', payload ? 'ms', jsonb_array_length(payload->'items') FROM analytics.events ORDER BY id LIMIT 20
\g
SELECT e.id, i.id AS item, i.qty FROM analytics.events e, jsonb_to_recordset(e.payload->'items') AS i(id int, qty int) WHERE e.kind = 'buy' ORDER BY e.id LIMIT 10
\g
SELECT key, count(*) FROM analytics.events, jsonb_each(payload) GROUP BY key ORDER BY 1
\g
WITH funnel AS (SELECT session_id, bool_or(kind = 'view') v, bool_or(kind = 'cart') c, bool_or(kind = 'buy') b FROM analytics.events GROUP BY session_id) SELECT count(*) FILTER (WHERE v) AS views, count(*) FILTER (WHERE v AND c) AS carts, count(*) FILTER (WHERE v AND c AND b) AS buys FROM funnel
\g
SELECT width_bucket(total, 0, 9000, 9) AS b, count(*), min(total), max(total), repeat('#', (count(*) / 10)::int) AS bar FROM shop.orders GROUP BY 1 ORDER BY 1
\g
WITH monthly AS (SELECT date_trunc('month', placed_at) AS m, sum(total) AS rev FROM shop.orders GROUP BY 1) SELECT m::date, rev, rev - lag(rev) OVER (ORDER BY m) AS delta, round(100 * (rev / lag(rev) OVER (ORDER BY m) - 1), 2) AS growth, lead(rev, 1, 0::numeric) OVER (ORDER BY m) FROM monthly ORDER BY 1
\g
WITH item_pairs AS MATERIALIZED (SELECT a.product_id AS p1, b.product_id AS p2, count(*) n FROM shop.order_items a JOIN shop.order_items b ON a.order_id = b.order_id AND a.product_id < b.product_id GROUP BY 1, 2) SELECT * FROM item_pairs ORDER BY n DESC, p1, p2 LIMIT 10
\g
SELECT c.country, count(DISTINCT c.id) AS customers, count(o.id) AS orders, coalesce(sum(o.total), 0) AS revenue, round(avg(o.total), 2) AS aov FROM public.customers c LEFT JOIN shop.orders o ON o.customer_id = c.id AND o.status <> 'cancelled' WHERE c.deleted_at IS NULL GROUP BY c.country HAVING count(o.id) > 0 ORDER BY revenue DESC
\g
SELECT id, name, ts_rank(to_tsvector('english', description), q) AS rank, ts_headline('english', description, q) FROM shop.products, websearch_to_tsquery('english', 'quick "brown product" -cat') q WHERE to_tsvector('english', description) @@ q ORDER BY rank DESC, id LIMIT 5
\g
SELECT id, title, ts @@ plainto_tsquery('search') FROM public.documents WHERE ts @@ to_tsquery('english', 'postgres & full:*') ORDER BY id
\g
SELECT room, during, lower(during), upper(during), upper(during) - lower(during) AS len, during && tstzrange('2024-01-05Z', '2024-01-07Z') FROM shop.reservations WHERE during @> timestamptz '2024-01-06 05:00Z' OR isempty(during) ORDER BY id
\g
SELECT range_agg(during), unnest(range_agg(during) - tstzmultirange(tstzrange('2024-01-03Z','2024-01-04Z'))) FROM shop.reservations WHERE room = 1
\g
SELECT path, nlevel(path), subpath(path, 0, 2), path ~ '*.books.*' FROM shop.categories WHERE path <@ 'all.books' ORDER BY id
\g
SELECT sku, similarity(name, 'Product 12') AS s, word_similarity('prod', name), levenshtein(name, 'Product 1'), soundex(name) FROM shop.products WHERE name % 'Product 12' ORDER BY s DESC, id LIMIT 5
\g
SELECT attrs->'size', attrs ? 'shoe', akeys(attrs), hstore_to_json(attrs) FROM public.customers ORDER BY id LIMIT 4
\g
SELECT s.name, p.location <-> point(0,0) AS dist, area(s.box), center(s.circle), s.area ~= s.area, npoints(s.route) FROM shop.stores s JOIN shop.stores p USING (id) ORDER BY s.id
\g
SELECT id, (shipping).city, (shipping).zip, (o.shipping).* FROM shop.orders o ORDER BY id LIMIT 5
\g
SELECT s.city, count(*) FROM (SELECT (shipping).* FROM shop.orders) s GROUP BY s.city ORDER BY 1
\g
SELECT xpath('/doc/@id', meta), xmlserialize(content meta as text), (xpath('count(//doc)', meta))[1]::text FROM public.documents ORDER BY id LIMIT 3
\g
SELECT * FROM xmltable('/r/i' PASSING ('<r><i n="1">a</i><i n="2">b</i></r>'::xml) COLUMNS n int PATH '@n', v text PATH '.')
\g
SELECT host(network(set_masklen(ip, 16))), count(*), family('::1'::inet) FROM analytics.events WHERE ip << '10.0.1.0/24'::inet GROUP BY 1
\g
SELECT o.id, (SELECT jsonb_object_agg(i.line, i.quantity) FROM shop.order_items i WHERE i.order_id = o.id) AS lines, EXISTS (SELECT FROM shop.reviews r WHERE r.customer_id = o.customer_id) AS reviewed, o.total > ALL (SELECT total FROM shop.orders WHERE id < 3) FROM shop.orders o ORDER BY o.id LIMIT 5
\g
SELECT product_id FROM shop.order_items EXCEPT SELECT product_id FROM shop.reviews UNION ALL (SELECT 1 INTERSECT SELECT 1) ORDER BY 1 FETCH FIRST 5 ROWS WITH TIES
\g
TABLE public.measurements ORDER BY city, day OFFSET 2 ROWS FETCH NEXT 3 ROWS ONLY
\g
VALUES (1, 'a'), (2, 'b') ORDER BY 1 DESC
\g
SELECT (ARRAY[1,2,3])[2:3], (ARRAY[[1,2],[3,4]])[2][1], array_position(ARRAY['a','b'], 'b'), 5 = ANY ('{1,5}'::int[]), cardinality(ARRAY[1,2]), array_remove(ARRAY[1,2,1], 1), array_fill(0, ARRAY[2]), string_to_array('a,b', ','), ARRAY(SELECT id FROM shop.categories ORDER BY id), trim_array(ARRAY[1,2,3], 1)
\g
SELECT a, b FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY['x','y'])) WITH ORDINALITY AS t(a, b, n)
\g
SELECT * FROM unnest(ARRAY[1,2], ARRAY['a','b']) AS u(n, s)
\g
SELECT E'tab\there', U&'d\0061t\+000061', $q$it's$q$, B'101', X'1F', 1e3, .5 FROM (SELECT 1) x(y)
\g
SELECT "Id", "UserName", "order" FROM "Users" WHERE "order" > 0 ORDER BY "LastLogin" NULLS LAST, "Id" USING >
\g
SELECT a.name, d.* FROM ONLY animals a FULL JOIN dogs d USING (name) ORDER BY 1
\g
SELECT tableoid::regclass, name FROM animals ORDER BY id
\g
SELECT * FROM (shop.orders o JOIN shop.order_items i ON i.order_id = o.id) JOIN shop.products p ON p.id = i.product_id WHERE o.id = 3 ORDER BY i.line
\g
SELECT j.* FROM (shop.orders o JOIN shop.order_items i ON i.order_id = o.id) AS j WHERE j.order_id = 3 ORDER BY j.line
\g
SELECT NOT true IS NOT FALSE, NULL IS DISTINCT FROM 1, 1 BETWEEN SYMMETRIC 2 AND 0, (1, 2) < (1, 3), ROW(1, NULL) IS NULL, (timestamp '2024-01-01', interval '1 d') OVERLAPS (timestamp '2024-01-01 12:00', timestamp '2024-01-03'), 'abc' SIMILAR TO 'a%', 'abc' ~* 'B', 'x' LIKE 'x!_' ESCAPE '!'
\g
SELECT CAST('12' AS int), '12'::text::int, int '12', interval '1' day, interval '1-2' year to month, timestamp with time zone '2024-01-01 00:00+02' AT TIME ZONE 'Europe/Berlin', date '2024-01-31' + interval '1 month', make_date(2024, 2, 29), to_char(timestamp '2024-01-01', 'Dy, DD Mon YYYY'), to_timestamp(0), extract(epoch FROM interval '1 hour'), overlay('abc' placing 'x' from 2), substring('foobar' from 'o(.)b'), position('b' in 'abc'), trim(leading 'x' from 'xxa'), normalize('é'), nullif(1, 1), greatest(1, 2), least(3, 1), coalesce(null, 'x')
\g
SELECT format('%I.%L %s', 'a b', 'c''d', 5), md5('x'), sha256('x'), encode(digest('x', 'sha1'), 'hex'), crypt('pw', '$1$abcdefgh$') = crypt('pw', '$1$abcdefgh$'), regexp_replace('abc', 'b', '\&\&'), regexp_match('abc', '(b)(c)'), (regexp_matches('aXbX', '(.)X', 'g'))[1], left('abc', -1), initcap('hello world'), lpad('5', 3, '0'), translate('abc', 'ab', 'xy'), slugify('Ünder Wörld!'), ascii('A'), chr(66), to_hex(255), reverse('ab')
\g
SELECT customer_count('DE'), shop.order_total(5), (SELECT count(*) FROM shop.top_products(3)), product_id FROM shop.top_products(n => 2)
\g
SELECT product(quantity) FROM shop.order_items WHERE order_id = 5
\g
SELECT country, median(id) FROM customers GROUP BY country ORDER BY 1
\g
SELECT status, median(total) AS m FROM shop.orders GROUP BY status ORDER BY 1
\g
SELECT * FROM shop.order_totals WHERE total > 50000 ORDER BY id LIMIT 5
\g
SELECT * FROM analytics.daily_sales ORDER BY day, currency LIMIT 5
\g
SELECT l.customer_id, l.ltv, ntile(4) OVER (ORDER BY l.ltv DESC, customer_id) AS quartile FROM analytics.customer_ltv l ORDER BY 1 LIMIT 8
\g
--@ masked: email=last4
SELECT * FROM active_customers WHERE country = 'FR' ORDER BY id LIMIT 3
\g
SELECT * FROM crm.customer_overview ORDER BY id LIMIT 3
\g
SELECT t.state, count(*), avg(extract(epoch FROM closed_at - opened_at) / 3600)::numeric(10,2) AS hours, max(priority) FROM crm.tickets t GROUP BY t.state ORDER BY 1
\g
--@ masked: email=last4
SELECT t.id, t.subject, c.first_name, c.email FROM crm.tickets t JOIN customers c ON c.id = t.customer_id WHERE t.state = 'open' AND t.tags && ARRAY['x1'] ORDER BY t.priority, t.id LIMIT 5
\g
--@ masked: email=last4 phone=last4
SELECT c.id, c.first_name, c.email, c.phone, count(o.id) AS n FROM customers c LEFT JOIN shop.orders o ON o.customer_id = c.id GROUP BY c.id ORDER BY n DESC, c.id LIMIT 5
\g
SELECT email, count(*) FROM customers GROUP BY email HAVING count(*) > 1
\g
--@ masked: lower=~
SELECT lower(email) FROM customers WHERE id = 1
\g
SELECT c.id, c.birth_date, to_char(c.created_at, 'YYYY') FROM customers c WHERE c.birth_date IS NOT NULL ORDER BY c.id LIMIT 3
\g
SELECT count(*), count(DISTINCT phone), count(birth_date) FROM customers WHERE phone IS NOT NULL
\g
SELECT full_name(c), c.id FROM customers c ORDER BY c.id LIMIT 2
\g
SELECT c.full_name, c.id FROM customers c ORDER BY c.id LIMIT 2
\g
SELECT id, tags FROM find_customer('user3@example3.com')
\g
--@ masked: email=last4 phone=last4 profile=paths
SELECT * FROM find_customer('user3@example3.com')
\g
--@ differs: of the moment
SELECT to_jsonb(c) - 'email' FROM customers c WHERE id = 1
\g
--@ masked: row_to_json=~
SELECT row_to_json(c) FROM customers c WHERE id = 1
\g
SELECT json_agg(c) FROM (SELECT id, country FROM customers ORDER BY id LIMIT 3) c
\g
--@ masked: json_build_object=~
SELECT json_build_object('id', c.id, 'mail', c.email) FROM customers c WHERE id = 2
\g
SELECT id, profile->'theme', profile->>'logins', profile #> '{address,city}', profile->'address'->>'city', profile->'devices'->0 FROM customers ORDER BY id LIMIT 3
\g
SELECT profile->>'theme' AS theme, count(*) FROM customers GROUP BY 1 ORDER BY 1
\g
SELECT id FROM customers WHERE profile @> '{"theme":"dark"}' ORDER BY id LIMIT 3
\g
SELECT id FROM customers WHERE (profile->>'logins')::int > 100 ORDER BY id LIMIT 3
\g
SELECT id FROM customers WHERE profile ? 'theme' AND profile->'address'->>'city' = 'Berlin' ORDER BY id LIMIT 3
\g
--@ masked: profile=paths
SELECT id, profile FROM customers WHERE id = 5
\g
--@ masked: jsonb_pretty=~
SELECT jsonb_pretty(profile) FROM customers WHERE id = 1
\g
SELECT id FROM customers WHERE search @@ to_tsquery('simple', 'tea') ORDER BY id LIMIT 3
\g
SELECT count(*) FROM customers WHERE notes ILIKE '%tea%' OR first_name = 'Ada'
\g
SELECT first_name, count(*), min(created_at), max(updated_at) FROM customers WHERE deleted_at IS NULL GROUP BY first_name ORDER BY 2 DESC, 1
\g
--@ masked: a=last4 b=last4
SELECT a.email AS a, b.email AS b FROM customers a JOIN customers b ON a.referred_by = b.id WHERE a.id < 20 ORDER BY a.id
\g
SELECT array_agg(id ORDER BY id) FROM customers GROUP BY last_name HAVING count(*) > 1
\g
--@ masked: email=last4 phone=last4 profile=paths
SELECT c.*, o.n FROM customers c JOIN (SELECT customer_id, count(*) n FROM shop.orders GROUP BY 1) o ON o.customer_id = c.id WHERE c.id IN (1, 2) ORDER BY c.id
\g
SELECT u.kind, u.id FROM (SELECT 'order' AS kind, id FROM shop.orders UNION ALL SELECT 'ticket', id FROM crm.tickets) u ORDER BY 2, 1 LIMIT 6
\g
--@ masked: label=~
SELECT 'customer' AS kind, id, email AS label FROM customers WHERE id < 3 UNION ALL SELECT 'account', id, name FROM crm.accounts WHERE id < 3 ORDER BY 1, 2
\g
--@ plan
EXPLAIN (COSTS OFF) SELECT * FROM customers WHERE email = 'a@b.c'
\g
--@ plan
--@ differs: of the moment
EXPLAIN (VERBOSE, COSTS OFF, FORMAT YAML) SELECT count(*) FROM shop.orders WHERE placed_at > '2024-01-01'
\g
--@ plan
EXPLAIN (FORMAT XML, COSTS OFF) SELECT 1
\g
--@ plan
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, WAL, SETTINGS) SELECT c.country, count(*) FROM customers c JOIN shop.orders o ON o.customer_id = c.id GROUP BY 1
\g
SELECT earth_distance(ll_to_earth(52.5, 13.4), ll_to_earth(48.1, 11.6)) > 400000
\g
SELECT id, cube_distance(embedding, cube(ARRAY[1,2,3])) AS d FROM shop.products ORDER BY embedding <-> cube(ARRAY[1,2,3]), id LIMIT 3
\g
SELECT dow, h, n FROM (SELECT extract(dow from occurred_at) dow, extract(hour from occurred_at) h, count(*) n FROM analytics.events_2024_01 GROUP BY 1, 2) q ORDER BY n DESC, 1, 2 LIMIT 5
\g
--@ masked: pg_column_size=~
SELECT pg_size_pretty(pg_relation_size('customers')), pg_column_size(profile) FROM customers WHERE id = 1
\g
SELECT statement_timestamp() <= clock_timestamp(), now() = transaction_timestamp(), current_user, session_user = current_role, current_catalog IS NOT NULL, localtime IS NOT NULL, inet_server_port() > 0, pg_backend_pid() > 0, txid_current_if_assigned(), pg_is_in_recovery(), current_setting('TimeZone'), pg_typeof(1), random() >= 0, gen_random_uuid() IS NOT NULL, uuid_generate_v5(uuid_ns_dns(), 'x')
\g

-- django orm
SELECT "customers"."country", COUNT("customers"."id") AS "n", AVG("shop"."orders"."total") FROM "customers" LEFT OUTER JOIN "shop"."orders" ON ("customers"."id" = "shop"."orders"."customer_id") GROUP BY "customers"."country" HAVING COUNT("customers"."id") > 2 ORDER BY "customers"."country" ASC
\g
SELECT (1) AS "a" FROM "customers" WHERE "customers"."email" = 'x@y.z' LIMIT 1
\g
SELECT COUNT(*) AS "__count" FROM "customers"
\g
SELECT COUNT(*) FROM (SELECT DISTINCT "customers"."country" AS "col1", "customers"."first_name" AS "col2" FROM "customers") subquery
\g
SELECT "customers"."id", "customers"."email", "customers"."first_name" FROM "customers" WHERE (UPPER("customers"."first_name"::text) LIKE UPPER('%ad%') AND NOT ("customers"."marketing" AND "customers"."marketing" IS NOT NULL)) ORDER BY "customers"."id" DESC LIMIT 21
\g
SELECT DATE_TRUNC('month', "customers"."created_at" AT TIME ZONE 'UTC') AS "datetimefield" FROM "customers" WHERE "customers"."created_at" IS NOT NULL GROUP BY 1 ORDER BY 1 ASC
\g
SELECT EXISTS(SELECT 1 AS "a" FROM "customers" U0 WHERE (U0."country" = 'DE' AND U0."phone" IS NULL) LIMIT 1)
\g
SELECT "customers"."id", EXISTS(SELECT 1 AS "a" FROM "shop"."orders" U0 WHERE U0."customer_id" = ("customers"."id") LIMIT 1) AS "has" FROM "customers" ORDER BY 1 LIMIT 5
\g
SELECT STRING_AGG("customers"."first_name", ', ' ) AS "names" FROM "customers" WHERE "customers"."id" < 4
\g

-- hibernate jooq
--@ with: 4
--@ masked: email=last4
select c1_0.id,c1_0.country,c1_0.email,c1_0.first_name,o1_0.customer_id,o1_0.id,o1_0.status from customers c1_0 left join shop.orders o1_0 on c1_0.id=o1_0.customer_id where c1_0.id=$1 order by 6
\g
select nextval('crm.accounts_id_seq') > 0
\g
--@ with: user9@example2.com | 1
select c1_0.id from customers c1_0 where c1_0.email=$1 fetch first $2 rows only
\g
--@ with: 1 | 2 | 3
--@ masked: email=last4
select c1_0.id,c1_0.email from customers c1_0 where c1_0.id in ($1,$2,$3) for update of c1_0 skip locked
\g
--@ masked: v1=last4
select "alias_1"."v0", "alias_1"."v1" from (select "c"."id" as "v0", "c"."email" as "v1", row_number() over (order by "c"."id" asc) as "rn" from "public"."customers" as "c") as "alias_1" where ("alias_1"."rn" > 2 and "alias_1"."rn" <= 5) order by "alias_1"."rn"
\g
with "t"("a") as (select 1) select cast("t"."a" as varchar), row("t"."a", 'x') from "t"
\g
select sequence_schema, sequence_name, data_type from information_schema.sequences where sequence_schema = 'shop' order by 2
\g

-- masked columns used in allowed ways
SELECT id FROM customers WHERE email IN ('user1@example1.com', 'user2@example2.com') ORDER BY id
\g
--@ masked: email=last4
SELECT id, email FROM customers WHERE phone = '+49 30 5500003' OR last_name = 'x'
\g
--@ masked: email=last4
SELECT email, count(*) FROM customers GROUP BY email ORDER BY count(*) DESC, min(id) LIMIT 3
\g
SELECT DISTINCT last_name FROM customers WHERE id < 5
\g
--@ masked: email=last4
SELECT c.email, t.subject FROM customers c JOIN crm.tickets t ON t.customer_id = c.id WHERE t.id IN (3, 4) ORDER BY t.id
\g
--@ masked: phone=~
SELECT coalesce(phone, 'none') AS phone FROM customers ORDER BY id LIMIT 2
\g
--@ masked: coalesce=~
SELECT coalesce(email, phone) FROM customers ORDER BY id LIMIT 2
\g
SELECT CASE WHEN email = 'user1@example1.com' THEN 'me' ELSE 'other' END FROM customers ORDER BY id LIMIT 2
\g
--@ masked: rcpt=~
SELECT first_name || ' <' || email || '>' AS rcpt FROM customers ORDER BY id LIMIT 2
\g
--@ masked: left=last4 length=~ md5=~
SELECT concat_ws(' ', first_name, last_name), left(phone, 4), length(email), upper(last_name), md5(email) FROM customers ORDER BY id LIMIT 2
\g
--@ masked: array_agg=~
SELECT array_agg(email ORDER BY id) FROM customers WHERE id < 4
\g
--@ masked: string_agg=~ json_agg=~ min=~
SELECT string_agg(email, ',' ORDER BY id), json_agg(phone ORDER BY id), min(email), max(birth_date) FROM customers WHERE id < 4
\g
--@ masked: json_agg=~
SELECT json_agg(json_build_object('id', id, 'email', email) ORDER BY id) FROM customers WHERE id < 4
\g
SELECT avg(credit_limit), sum(credit_limit), count(credit_limit) FROM customers
\g
SELECT id, birth_date, age(birth_date), extract(year FROM birth_date), birth_date + 1 FROM customers ORDER BY id LIMIT 2
\g
--@ masked: email=last4 phone=~
SELECT email::text, phone::varchar(5), credit_limit::int FROM customers ORDER BY id LIMIT 1
\g
--@ masked: email=last4 phone=~
SELECT email::text, phone::varchar(5), birth_date::text FROM customers ORDER BY id LIMIT 1
\g
--@ masked: email=last4
WITH c AS (SELECT * FROM customers WHERE country = 'DE') SELECT id, email FROM c ORDER BY id LIMIT 2
\g
--@ masked: e=last4
WITH c AS MATERIALIZED (SELECT id, email AS e FROM customers), d AS (SELECT e, id FROM c WHERE id < 3) SELECT d.e FROM d ORDER BY d.id
\g
--@ masked: email=last4
SELECT * FROM (SELECT email, row_number() OVER (PARTITION BY country ORDER BY id) rn FROM customers) x WHERE rn = 1
\g
--@ masked: first_value=~ lag=~
SELECT first_value(email) OVER (PARTITION BY country ORDER BY id), lag(email) OVER (ORDER BY id) FROM customers ORDER BY id LIMIT 3
\g
--@ masked: mail=last4
SELECT (SELECT email FROM customers WHERE id = o.customer_id) AS mail, o.id FROM shop.orders o ORDER BY o.id LIMIT 2
\g
--@ masked: email=last4
SELECT o.id, c.email FROM shop.orders o, LATERAL (SELECT email FROM customers WHERE id = o.customer_id) c ORDER BY o.id LIMIT 2
\g
--@ masked: email=last4
SELECT (c).email, (c).id FROM customers c ORDER BY id LIMIT 2
\g
--@ masked: c=~
SELECT c FROM customers c WHERE id = 1
\g
--@ masked: row=~
SELECT ROW(id, email) FROM customers WHERE id = 1
\g
--@ masked: array=~
SELECT ARRAY[email::text, first_name] FROM customers WHERE id = 1
\g
SELECT product(credit_limit) FROM customers WHERE id < 3
\g
SELECT median(credit_limit) FROM customers
\g
SELECT array_cat_agg(tags) FROM customers WHERE id < 4
\g
--@ differs: of the moment
SELECT profile->'address' FROM customers WHERE id = 1
\g
--@ differs: of the moment
SELECT profile->'address'->>'street' FROM customers WHERE id = 1
\g
--@ masked: jsonb_build_object=~
SELECT jsonb_build_object('p', profile, 'id', id) FROM customers WHERE id = 1
\g
SELECT unnest(tags), id FROM customers WHERE id < 4
\g
SELECT id, country FROM customers ORDER BY (SELECT count(*) FROM shop.orders o WHERE o.customer_id = customers.id) DESC, id LIMIT 3
\g
SELECT count(*) FROM customers c JOIN customers d ON c.email = d.email AND c.id < d.id
\g
SELECT id FROM customers WHERE email IS NOT NULL AND phone IS NOT NULL AND country = 'DE' ORDER BY id LIMIT 2
\g
--@ with: \N
--@ masked: email=last4 phone=last4 profile=paths
SELECT * FROM customers WHERE $1::text IS NULL OR email = $1 ORDER BY id LIMIT 2
\g
--@ with: DE | \N | 1
SELECT id FROM customers WHERE ($1::text IS NULL OR country = $1) AND ($2::text IS NULL OR email = $2) ORDER BY id LIMIT 3 OFFSET $3
\g
--@ with: {user3@example3.com}
SELECT id FROM customers WHERE email = ANY ($1) ORDER BY id
\g
--@ with: USER3@example3.com
--@ masked: email=last4
SELECT id, email FROM customers WHERE lower(email) = lower($1)
\g
SELECT id, ts_headline('simple', notes, to_tsquery('simple', 'tea')) FROM customers WHERE search @@ 'tea'::tsquery ORDER BY ts_rank(search, 'tea'::tsquery), id LIMIT 2
\g
SELECT id FROM customers WHERE to_tsvector('simple', coalesce(notes, '') || ' ' || first_name) @@ plainto_tsquery('simple', 'ada') ORDER BY id LIMIT 2
\g
--@ masked: regexp_replace=~
SELECT regexp_replace(email, '^(.).*@', '\1***@') FROM customers WHERE id = 1
\g
--@ masked: email=last4
SELECT email FROM customers FETCH FIRST ROW ONLY
\g
SELECT id, created_at, true, xmin::text IS NOT NULL, ctid IS NOT NULL FROM customers ORDER BY id LIMIT 2
\g
--@ masked: email=last4
SELECT email FROM ONLY customers WHERE id = 1
\g
--@ masked: email=last4 phone=last4 profile=paths
SELECT public.customers.email, customers.* FROM public.customers WHERE customers.id = 1
\g
--@ masked: email=last4
SELECT DISTINCT ON (country) country, email FROM customers ORDER BY country, id
\g
SELECT country, count(*) FILTER (WHERE email = 'user1@example1.com') FROM customers GROUP BY country ORDER BY 1
\g
--@ masked: array_agg=~
SELECT country, array_agg(DISTINCT phone) FROM customers WHERE id < 4 GROUP BY country ORDER BY 1
\g
--@ masked: E-Mail=last4 e2=last4 email=last4
SELECT email AS "E-Mail", email e2, email FROM customers WHERE id = 2
\g
--@ masked: email=last4 phone=last4 profile=paths
SELECT * FROM customers NATURAL JOIN (SELECT id FROM customers WHERE id < 2) x
\g
