-- metabase
SELECT "n"."nspname" AS "schema", "c"."relname" AS "name", CASE "c"."relkind" WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED TABLE' WHEN 'v' THEN 'VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE NULL END AS "type", "d"."description" AS "description", "stat"."n_live_tup" AS "estimated_row_count" FROM "pg_catalog"."pg_class" AS "c" INNER JOIN "pg_catalog"."pg_namespace" AS "n" ON "c"."relnamespace" = "n"."oid" LEFT JOIN "pg_catalog"."pg_description" AS "d" ON ("c"."oid" = "d"."objoid") AND ("d"."objsubid" = 0) AND ("d"."classoid" = 'pg_class'::regclass) LEFT JOIN "pg_stat_user_tables" AS "stat" ON ("n"."nspname" = "stat"."schemaname") AND ("c"."relname" = "stat"."relname") WHERE ("c"."relnamespace" = "n"."oid") AND ("n"."nspname" !~ '^pg_') AND ("n"."nspname" <> 'information_schema') AND c.relkind in ('r', 'p', 'v', 'f', 'm') AND ("n"."nspname" = 'hr') ORDER BY "type" ASC, "schema" ASC, "name" ASC
\g
SELECT "c"."column_name" AS "name", "c"."udt_name" AS "database-type", "c"."ordinal_position" - 1 AS "database-position", "c"."table_schema" AS "table-schema", "c"."table_name" AS "table-name", "pk"."column_name" IS NOT NULL AS "pk?", COL_DESCRIPTION(CAST(CAST(FORMAT('%I.%I', CAST("c"."table_schema" AS TEXT), CAST("c"."table_name" AS TEXT)) AS REGCLASS) AS OID), "c"."ordinal_position") AS "field-comment", (("column_default" IS NULL) OR (LOWER("column_default") = 'null')) AND ("is_nullable" = 'NO') AND NOT ((("column_default" IS NOT NULL) AND ("column_default" LIKE '%nextval(%')) OR ("is_identity" <> 'NO')) AS "database-required" FROM "information_schema"."columns" AS "c" LEFT JOIN (SELECT "tc"."table_schema", "tc"."table_name", "kc"."column_name" FROM "information_schema"."table_constraints" AS "tc" INNER JOIN "information_schema"."key_column_usage" AS "kc" ON ("tc"."constraint_name" = "kc"."constraint_name") AND ("tc"."table_schema" = "kc"."table_schema") AND ("tc"."table_name" = "kc"."table_name") WHERE "tc"."constraint_type" = 'PRIMARY KEY') AS "pk" ON ("c"."table_schema" = "pk"."table_schema") AND ("c"."table_name" = "pk"."table_name") AND ("c"."column_name" = "pk"."column_name") WHERE c.table_schema !~ '^information_schema|catalog_history|pg_' AND ("c"."table_schema" IN ('public')) ORDER BY "table-schema" ASC, "table-name" ASC, "database-position" ASC
\g
SELECT "fk_ns"."nspname" AS "fk-table-schema", "fk_table"."relname" AS "fk-table-name", "fk_column"."attname" AS "fk-column-name", "pk_ns"."nspname" AS "pk-table-schema", "pk_table"."relname" AS "pk-table-name", "pk_column"."attname" AS "pk-column-name" FROM "pg_constraint" AS "c" INNER JOIN "pg_class" AS "fk_table" ON "c"."conrelid" = "fk_table"."oid" INNER JOIN "pg_namespace" AS "fk_ns" ON "c"."connamespace" = "fk_ns"."oid" INNER JOIN "pg_attribute" AS "fk_column" ON "c"."conrelid" = "fk_column"."attrelid" INNER JOIN "pg_class" AS "pk_table" ON "c"."confrelid" = "pk_table"."oid" INNER JOIN "pg_namespace" AS "pk_ns" ON "pk_table"."relnamespace" = "pk_ns"."oid" INNER JOIN "pg_attribute" AS "pk_column" ON "c"."confrelid" = "pk_column"."attrelid" WHERE fk_ns.nspname !~ '^information_schema|catalog_history|pg_' AND ("c"."contype" = 'f'::char) AND ("fk_column"."attnum" = ANY(c.conkey)) AND ("pk_column"."attnum" = ANY(c.confkey)) ORDER BY 1, 2, 3, 6
\g
with table_privileges as ( select NULL as role, t.schemaname as schema, t.objectname as table, pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"', 'update') as update, pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"', 'select') as select, pg_catalog.has_table_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"', 'delete') as delete from ( select schemaname, tablename as objectname from pg_catalog.pg_tables union select schemaname, viewname as objectname from pg_catalog.pg_views union select schemaname, matviewname as objectname from pg_catalog.pg_matviews ) t where t.schemaname !~ '^pg_' and t.schemaname <> 'information_schema' and pg_catalog.has_schema_privilege(current_user, t.schemaname, 'usage') ) select t.* from table_privileges t order by 2, 3
\g
--@ masked: email=last4
SELECT "public"."users"."id" AS "id", "public"."users"."email" AS "email", "public"."users"."name" AS "name", "public"."users"."created_at" AS "created_at" FROM "public"."users" LIMIT 1048575
\g
SELECT DATE_TRUNC('month', "public"."users"."created_at") AS "created_at", COUNT(*) AS "count" FROM "public"."users" GROUP BY DATE_TRUNC('month', "public"."users"."created_at") ORDER BY DATE_TRUNC('month', "public"."users"."created_at") ASC
\g
SELECT COUNT(*) AS "count", COUNT(distinct "public"."users"."email") AS "d" FROM "public"."users"
\g
SELECT SUBSTRING("public"."users"."name", 1, 1234) AS "substring32121" FROM "public"."users" LIMIT 10
\g
--@ masked: substring32121=~
SELECT SUBSTRING("public"."users"."email", 1, 1234) AS "substring32121", "public"."users"."id" FROM "public"."users" LIMIT 10
\g
SELECT "source"."status" AS "status", COUNT(*) AS "count" FROM (SELECT "public"."users"."id" AS "id", "public"."users"."status" AS "status", "public"."users"."email" AS "email" FROM "public"."users" WHERE ("public"."users"."created_at" >= timestamp with time zone '2024-01-01 00:00:00.000Z') AND ("public"."users"."created_at" < timestamp with time zone '2025-01-01 00:00:00.000Z')) AS "source" GROUP BY "source"."status" ORDER BY "source"."status" ASC
\g
--@ masked: Users__email=last4
SELECT "public"."orders"."id" AS "id", "public"."orders"."total" AS "total", "Users"."email" AS "Users__email", "Users"."name" AS "Users__name" FROM "public"."orders" LEFT JOIN "public"."users" AS "Users" ON "public"."orders"."user_id" = "Users"."id" WHERE "public"."orders"."id" < 20 LIMIT 2000
\g
SELECT FLOOR((("public"."orders"."total" - 0) / 50)) * 50 + 0 AS "total", COUNT(*) AS "count" FROM "public"."orders" GROUP BY FLOOR((("public"."orders"."total" - 0) / 50)) * 50 + 0 ORDER BY 1 ASC
\g
--@ masked: email=last4
SELECT "public"."users"."email" AS "email", COUNT(*) AS "count" FROM "public"."users" GROUP BY "public"."users"."email"
\g
SELECT CAST(EXTRACT(isodow FROM "public"."orders"."placed_at") AS integer) AS "d", COUNT(*) FROM "public"."orders" GROUP BY 1 ORDER BY 1
\g
WITH sample AS (SELECT "name", "status" FROM "public"."users" LIMIT 100) SELECT count(distinct "name"), count("status") FROM sample
\g

-- superset
SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg_%' ORDER BY nspname
\g
SELECT DATE_TRUNC('day', placed_at) AS __timestamp, sum(total) AS "SUM(total)" FROM public.orders WHERE placed_at >= TO_TIMESTAMP('2024-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') AND placed_at < TO_TIMESTAMP('2024-04-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') GROUP BY DATE_TRUNC('day', placed_at) ORDER BY "SUM(total)" DESC LIMIT 50000
\g
SELECT status AS status, COUNT(*) AS count FROM (SELECT * FROM orders WHERE total > 10 ) AS virtual_table GROUP BY status ORDER BY count DESC, status LIMIT 10000
\g
--@ masked: email=last4
SELECT virtual_table.email AS email, virtual_table.n AS n FROM (select u.email, count(*) n from users u join orders o on o.user_id = u.id group by u.email ) AS virtual_table LIMIT 1000
\g
SELECT COUNT(DISTINCT email) AS "COUNT_DISTINCT(email)" FROM public.users LIMIT 50000
\g
EXPLAIN SELECT status, count(*) FROM public.orders GROUP BY 1
\g
SELECT status, count(*) AS n FROM public.users GROUP BY status ORDER BY n DESC LIMIT 1001
\g

-- tableau
SET extra_float_digits TO 3
\g
SELECT 1 AS "x" WHERE 0=1
\g
BEGIN;declare "SQL_CUR0x1" cursor with hold for SELECT "users"."status" AS "status", COUNT(1) AS "cnt" FROM "public"."users" "users" GROUP BY 1 ORDER BY 1;fetch 100 in "SQL_CUR0x1"
\g
close "SQL_CUR0x1";COMMIT
\g
CREATE LOCAL TEMPORARY TABLE "#Tableau_1_Connect" ( "COL" INTEGER ) ON COMMIT PRESERVE ROWS
\g
INSERT INTO "#Tableau_1_Connect" VALUES (1)
\g
SELECT * FROM "#Tableau_1_Connect"
\g
SELECT "COL" AS "COL" FROM (SELECT 1 AS "COL") AS "CHECKTEMP" LIMIT 1
\g
SELECT * INTO TEMPORARY TABLE "#Tableau_2" FROM (SELECT status, count(*) AS n FROM orders GROUP BY 1) q
\g
SELECT * FROM "#Tableau_2" ORDER BY 1
\g
DROP TABLE "#Tableau_1_Connect"
\g
SELECT "users"."status" AS "status", SUM("orders"."total") AS "sum:total:ok" FROM "public"."orders" "orders" INNER JOIN "public"."users" "users" ON ("orders"."user_id" = "users"."id") WHERE (("orders"."placed_at" >= (TIMESTAMP '2024-01-01 00:00:00')) AND ("users"."role" IN ('admin', 'owner'))) GROUP BY 1 ORDER BY 1
\g
SELECT MIN("t"."name") AS "TEMP(a)", MAX("t"."name") AS "TEMP(b)", COUNT("t"."email") AS "c" FROM "public"."users" "t" HAVING (COUNT(1) > 0)
\g
--@ masked: email=last4
SELECT "t0"."email" AS "email" FROM "public"."users" "t0" GROUP BY 1
\g

-- grafana
SELECT $$ok$$
\g
SELECT date_trunc('hour', ts) AS "time", host AS metric, avg(value) AS value FROM metrics WHERE ts BETWEEN '2024-03-01T00:00:00Z' AND '2024-03-01T04:00:00Z' GROUP BY 1, 2 ORDER BY 1, 2
\g
SELECT extract(epoch from ts) AS time, value FROM metrics WHERE metric = 'cpu' AND extract(epoch from ts) BETWEEN 1709251200 AND 1709260000 ORDER BY 1 LIMIT 50
\g
SELECT quote_ident(table_name) FROM information_schema.tables WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog') ORDER BY CASE WHEN quote_ident(table_schema) IN (SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END FROM generate_series(array_lower(string_to_array(current_setting('search_path'),','),1), array_upper(string_to_array(current_setting('search_path'),','),1)) as i, string_to_array(current_setting('search_path'),',') s) THEN 0 ELSE 1 END, 1 LIMIT 5
\g
SELECT quote_ident(column_name) AS "column", data_type AS "type" FROM information_schema.columns WHERE quote_ident(table_name) = 'users' ORDER BY ordinal_position
\g
SELECT current_setting('server_version_num')::int/100 as version
\g
SELECT count(*) AS active FROM pg_stat_activity WHERE state = 'active' AND pid = pg_backend_pid()
\g
SELECT datname, numbackends >= 0, xact_commit >= 0 FROM pg_stat_database WHERE datname = current_database()
\g
SELECT mode, count(*) >= 0 FROM pg_locks WHERE pid = pg_backend_pid() GROUP BY mode ORDER BY 1
\g

-- powerbi
select TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE from INFORMATION_SCHEMA.tables where TABLE_SCHEMA not in ('information_schema', 'pg_catalog') order by TABLE_SCHEMA, TABLE_NAME
\g
select COLUMN_NAME, ORDINAL_POSITION, IS_NULLABLE, case when (data_type like '%unsigned%') then DATA_TYPE || ' unsigned' else DATA_TYPE end as DATA_TYPE from INFORMATION_SCHEMA.columns where TABLE_SCHEMA = 'public' and TABLE_NAME = 'users' order by TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION
\g
select pkcol.COLUMN_NAME as PK_COLUMN_NAME, fkcol.TABLE_SCHEMA AS FK_TABLE_SCHEMA, fkcol.TABLE_NAME AS FK_TABLE_NAME, fkcol.COLUMN_NAME as FK_COLUMN_NAME, fkcol.ORDINAL_POSITION as ORDINAL, fkcon.CONSTRAINT_SCHEMA || '_' || fkcol.TABLE_NAME || '_' || 'users' || '_' || fkcon.CONSTRAINT_NAME as FK_NAME from (select distinct constraint_catalog, constraint_schema, unique_constraint_schema, constraint_name, unique_constraint_name from INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS) fkcon inner join INFORMATION_SCHEMA.KEY_COLUMN_USAGE fkcol on fkcon.CONSTRAINT_SCHEMA = fkcol.CONSTRAINT_SCHEMA and fkcon.CONSTRAINT_NAME = fkcol.CONSTRAINT_NAME inner join INFORMATION_SCHEMA.KEY_COLUMN_USAGE pkcol on fkcon.UNIQUE_CONSTRAINT_SCHEMA = pkcol.CONSTRAINT_SCHEMA and fkcon.UNIQUE_CONSTRAINT_NAME = pkcol.CONSTRAINT_NAME where pkcol.TABLE_SCHEMA = 'public' and pkcol.TABLE_NAME = 'users' and pkcol.ORDINAL_POSITION = fkcol.ORDINAL_POSITION order by FK_NAME, fkcol.ORDINAL_POSITION
\g
--@ masked: email=last4
select "$Table"."id" as "id", "$Table"."email" as "email", "$Table"."status" as "status" from "public"."users" "$Table" limit 1000
\g
select "rows"."status" as "status", count(1) as "a0", sum("rows"."login_count") as "a1" from "public"."users" "rows" group by "status" order by 1
\g
/*** Load all supported types ***/
SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid
FROM (
    SELECT typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, typ.relkind, elemtyp.oid AS elemtypoid, elemtyp.typname AS elemtypname, elemcls.relkind AS elemrelkind,
        CASE WHEN elemproc.proname='array_recv' THEN 'a' ELSE elemtyp.typtype END AS elemtyptype
    FROM (
        SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid,
            CASE WHEN proc.proname='array_recv' THEN 'a' ELSE typ.typtype END AS typtype,
            CASE WHEN proc.proname='array_recv' THEN typ.typelem WHEN typ.typtype='r' THEN rngsubtype WHEN typ.typtype='m' THEN (SELECT rngtypid FROM pg_range WHERE rngmultitypid = typ.oid) WHEN typ.typtype='d' THEN typ.typbasetype END AS elemtypoid
        FROM pg_type AS typ LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid) LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive LEFT JOIN pg_range ON (pg_range.rngtypid = typ.oid)
    ) AS typ
    LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = elemtypoid LEFT JOIN pg_class AS elemcls ON (elemcls.oid = elemtyp.typrelid) LEFT JOIN pg_proc AS elemproc ON elemproc.oid = elemtyp.typreceive
) AS t
JOIN pg_namespace AS ns ON (ns.oid = typnamespace)
WHERE typtype IN ('b', 'r', 'm', 'e', 'd') OR (typtype = 'c' AND relkind='c') OR (typtype = 'p' AND typname IN ('record', 'void', 'unknown')) ORDER BY t.oid LIMIT 60
\g

-- dbeaver / datagrip / pgadmin
--@ differs: oid
SELECT db.oid as did, db.datname, db.datallowconn, pg_encoding_to_char(db.encoding) AS serverencoding, has_database_privilege(db.oid, 'CREATE') as cancreate, datistemplate FROM pg_catalog.pg_database db WHERE db.datname = current_database()
\g
SELECT c.oid,c.*,d.description,pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr, pg_catalog.pg_get_partkeydef(c.oid) as partition_key FROM pg_catalog.pg_class c LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass WHERE c.relnamespace='hr'::regnamespace AND c.relkind not in ('i','I','c') ORDER BY c.oid
\g
SELECT c.relname,a.*,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value,dsc.description,dep.objid FROM pg_catalog.pg_attribute a INNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid) LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum) LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid) LEFT OUTER JOIN pg_depend dep on dep.refobjid = a.attrelid AND dep.deptype = 'i' and dep.refobjsubid = a.attnum and dep.classid = dep.refclassid WHERE NOT a.attisdropped AND c.oid='users'::regclass ORDER BY a.attnum
\g
--@ differs: oid
SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass ORDER BY nspname
\g
SELECT DISTINCT dep.deptype, dep.classid, cl.relkind, ad.adbin IS NULL FROM pg_depend dep LEFT JOIN pg_class cl ON dep.objid=cl.oid LEFT JOIN pg_attrdef ad ON ad.oid=dep.objid WHERE dep.refobjid='users'::regclass::oid ORDER BY 1, 2, 3, 4
\g
--@ masked: dob=near email=last4 email_domain=~ phone=last4 profile=paths ssn=redact
SELECT x.* FROM public.users x LIMIT 200
\g
--@ masked: dob=near email=last4 email_domain=~ phone=last4 profile=paths ssn=redact
SELECT x.* FROM public.users x WHERE x.email = 'user5@mail0.example'
\g
--@ masked: dob=near email=last4 email_domain=~ phone=last4 profile=paths ssn=redact
SELECT *, ctid FROM users ORDER BY id LIMIT 5
\g
--@ masked: dob=near email=last4 email_domain=~ phone=last4 profile=paths ssn=redact
SELECT t.*, CTID FROM public.users t LIMIT 501
\g
SELECT count(*) FROM public.users t
\g
SELECT pg_get_triggerdef(oid, true) FROM pg_trigger WHERE tgrelid = 'users'::regclass AND NOT tgisinternal ORDER BY tgname
\g
SELECT polname, pg_get_expr(polqual, polrelid) FROM pg_policy
\g
SELECT * FROM pg_policies
\g
SELECT sequencename, last_value FROM pg_sequences ORDER BY 1
\g
SELECT r.rulename FROM pg_rules r WHERE schemaname = 'public'
\g
SELECT set_config('application_name', 'pgAdmin 4', false)
\g
SELECT pg_is_in_recovery(), pg_postmaster_start_time() < now(), inet_server_port() > 0, pg_backend_pid() > 0
\g
SET client_encoding TO 'UTF8'
\g
SET bytea_output TO 'hex'
\g
SELECT gss_authenticated, encrypted FROM pg_catalog.pg_stat_gssapi WHERE pid = pg_backend_pid()
\g
SELECT roles.oid as id, roles.rolname as name, roles.rolsuper as is_superuser, CASE WHEN roles.rolsuper THEN true ELSE roles.rolcreaterole END as can_create_role FROM pg_catalog.pg_roles as roles WHERE rolname = current_user
\g
