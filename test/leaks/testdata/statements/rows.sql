-- Whole rows and notations for them.
SELECT people FROM people
SELECT p FROM people p
SELECT p::text FROM people p
SELECT (p).ssn FROM people p
SELECT (p).* FROM people p
SELECT (p.*)::text FROM people p
SELECT ROW(p.*) FROM people p
SELECT ROW(p.*)::text FROM people p
SELECT ROW(ROW(p.*), 1)::text FROM people p
SELECT ssn(p) FROM people p
SELECT email(people) FROM people
SELECT p.row_to_json, p.to_jsonb FROM people p
SELECT people.to_json FROM people
SELECT concat(p), concat(p.*), format('%s', p) FROM people p
SELECT concat_ws(',', VARIADIC ARRAY[ssn, email]) FROM people
SELECT p.concat FROM people p
SELECT p.quote_literal FROM people p
SELECT (SELECT p).ssn FROM people p
SELECT (x).ssn FROM (SELECT p AS x FROM people p) s
SELECT (x).* FROM (SELECT p AS x FROM people p) s
SELECT ((y).x).ssn FROM (SELECT s AS y FROM (SELECT p AS x FROM people p) s) t
SELECT x FROM people p, LATERAL (SELECT p) x
SELECT to_json(x) FROM people p, LATERAL (SELECT p.*) x
SELECT array_agg(p) FROM people p
SELECT (array_agg(p))[1].ssn FROM people p
SELECT (unnest(array_agg(p))).ssn FROM people p
SELECT u.ssn FROM unnest(ARRAY(SELECT p FROM people p)) u
SELECT (max(p.ssn)), json_agg(p), jsonb_agg(p), json_object_agg(p.id, p) FROM people p
SELECT to_json(array_agg(p)), array_to_json(array_agg(p)), string_agg(p::text, ';') FROM people p
SELECT record_out(p), record_send(p) FROM people p
SELECT json_agg(s) FROM (SELECT * FROM people) s
SELECT s FROM (SELECT * FROM people) s
SELECT s.* FROM (SELECT * FROM people) s
SELECT s::text FROM (SELECT id, ssn FROM people) s
SELECT row FROM whole
SELECT (row).ssn FROM whole
SELECT js, js ->> 'ssn', list, list[1] FROM whole
SELECT w FROM whole w
SELECT (w.row).email FROM whole w
SELECT v FROM contacts v
SELECT (v).mail FROM contacts v
SELECT mail, loud FROM contacts
SELECT mail || '', lower(loud) FROM contacts
SELECT mail, loud FROM twice
SELECT t FROM twice t
SELECT loud || '' FROM twice
SELECT m FROM (SELECT mail AS m FROM twice) s
SELECT top FROM tops
SELECT top + 0, top::text FROM tops
SELECT t.* FROM tops t
SELECT all_ssn FROM kept
SELECT unnest(all_ssn), all_ssn[1], array_to_string(all_ssn, ',') FROM kept
SELECT k::text FROM kept k
SELECT ip FROM events
SELECT ip || '' FROM events_low
SELECT upper(ip) FROM events_high
SELECT e FROM events e
SELECT events_low FROM events_low
SELECT secret FROM base
SELECT secret FROM base*
SELECT secret || '' FROM heir
SELECT b FROM base b
SELECT h::text FROM heir h
SELECT upper(secret) FROM ONLY heir
SELECT ssn || '' FROM hr.people
SELECT people FROM hr.people
SELECT hr.people.ssn || '' FROM hr.people
SELECT a.ssn || b.ssn FROM public.people a JOIN hr.people b USING (id)
SELECT ssn || '' FROM login
SELECT p IS NULL, p::text FROM people p
SELECT a FROM people a WHERE a IS NOT NULL OR a.id > 0
SELECT DISTINCT p::text FROM people p
SELECT (p).ssn || '' FROM people AS p(id, name, mail)
SELECT p.c5 FROM people AS p(c1, c2, c3, c4, c5)
SELECT c5 || '' FROM people AS p(c1, c2, c3, c4, c5)
SELECT jsonb_path_query(to_jsonb(p), '$.ssn') FROM people p
SELECT to_jsonb(p) -> 'ssn', to_jsonb(p) #>> '{tags,0}' FROM people p
SELECT hstore(p) -> 'ssn' FROM people p
SELECT (hstore(p) -> ARRAY['ssn', 'email'])::text FROM people p
SELECT (each(hstore(p))).value FROM people p
SELECT skeys(hstore(ssn, '1')) FROM people
SELECT (p #= hstore('name', p.ssn)).name FROM people p
SELECT (populate_record(NULL::people, hstore(p))).ssn FROM people p
SELECT CASE WHEN true THEN p END FROM people p
SELECT coalesce(p, p) FROM people p
SELECT first_value(p) OVER () FROM people p
SELECT lag(p) OVER (ORDER BY id) FROM people p
SELECT mode() WITHIN GROUP (ORDER BY p.ssn), mode() WITHIN GROUP (ORDER BY p.salary) FROM people p
