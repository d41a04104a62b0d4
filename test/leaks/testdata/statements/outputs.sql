-- The column itself, and what is made of it.
SELECT ssn FROM people
SELECT * FROM people
TABLE people
SELECT people.* FROM people
SELECT email AS e, phone p, salary AS "count" FROM people
SELECT ssn || '' FROM people
SELECT reverse(ssn), upper(email), initcap(phone) FROM people
SELECT left(ssn, 7), right(ssn, 7), substr(ssn, 2), substring(ssn FROM 2 FOR 8) FROM people
SELECT encode(convert_to(ssn, 'UTF8'), 'hex') FROM people
SELECT encode(ssn::bytea, 'base64') FROM people
SELECT encode(ssn::bytea, 'escape') FROM people
SELECT encode(raw, 'hex'), encode(raw, 'base64') FROM people
SELECT ssn::bytea FROM people
SELECT md5(ssn), sha256(ssn::bytea), sha512(raw) FROM people
SELECT encode(digest(ssn, 'sha1'), 'hex') FROM people
SELECT encode(hmac(ssn, '', 'md5'), 'hex'), ssn || 'x' FROM people
SELECT pgp_sym_decrypt(pgp_sym_encrypt(ssn, 'k'), 'k') FROM people
SELECT armor(ssn::bytea), ssn || '.' FROM people
SELECT translate(ssn, 'bcdf', 'bcdf'), replace(ssn, '#', '') FROM people
SELECT concat(ssn, 'x'), concat_ws('', ssn, email), format('%s', ssn) FROM people
SELECT quote_literal(ssn), quote_ident(ssn), quote_nullable(ssn) FROM people
SELECT lpad(ssn, 40), rpad(ssn, 40, '-'), btrim(ssn), ltrim(ssn), overlay(ssn PLACING '' FROM 1 FOR 0) FROM people
SELECT split_part(ssn, '-', 2), split_part(ssn, '-', 1) FROM people
SELECT regexp_replace(ssn, '^', ''), regexp_match(ssn, '.*'), regexp_matches(ssn, '.*') FROM people
SELECT regexp_split_to_array(ssn, ''), regexp_substr(ssn, '.*') FROM people
SELECT regexp_split_to_table(ssn, '') FROM people WHERE id = 1
SELECT string_to_array(ssn, NULL) FROM people
SELECT string_to_table(ssn, NULL) FROM people WHERE id = 1
SELECT substr(ssn, g, 1) FROM people, generate_series(1, 30) g WHERE people.id = 1
SELECT ascii(substr(email, 1, 1))::text || ',' || ascii(substr(email, 2, 1)) || ',' || ascii(substr(email, 3, 1)) || ',' || ascii(substr(email, 4, 1)) || ',' || ascii(substr(email, 5, 1)) FROM people
SELECT get_byte(raw, 0) || ',' || get_byte(raw, 1) || ',' || get_byte(raw, 2) || ',' || get_byte(raw, 3) || ',' || get_byte(raw, 4) FROM people WHERE id < 7
SELECT salary + 0, -salary, salary * 1, abs(salary), @salary, salary::bigint, salary::numeric, salary::text FROM people
SELECT salary / 1, salary % 100000000, salary | 0, salary # 0, ~(~salary), salary << 0 FROM people
SELECT to_hex(balance), to_char(salary, '999,999,999'), to_char(balance, 'FM999999999999'), balance::bit(64) FROM people
SELECT worth::text, worth + 0, round(worth), trunc(worth), worth * 1.0, floor(worth), numeric_send(worth) FROM people
SELECT rate::text, rate::numeric, rate * 1, float8send(rate), rate::int8 FROM people
SELECT round(salary, 0), ceil(salary), sqrt(salary::numeric * salary), power(salary, 1), greatest(salary, 0), least(salary, 999999999) FROM people
SELECT int4send(salary), int8send(balance), textsend(ssn), byteaout(raw), textout(ssn) FROM people
SELECT born::text, born + 0, to_char(born, 'YYYY-MM-DD'), born::timestamp, born::timestamptz, to_char(born, 'J') FROM people
SELECT seen::text, to_char(seen, 'YYYY-MM-DD'), extract(epoch FROM seen), date_trunc('day', seen), seen::date, seen + interval '0' FROM people
SELECT born - date '2000-01-01' || ' days', age(born, '2000-01-01'), extract(julian FROM born), date_part('epoch', born) FROM people
SELECT extract(year FROM born) || '-' || lpad(extract(month FROM born)::text, 2, '0') || '-' || lpad(extract(day FROM born)::text, 2, '0') FROM people
SELECT token::text, replace(token::text, '-', ''), uuid_send(token), token::text::uuid FROM people
SELECT tags, tags[1], tags[1:1], array_to_string(tags, ','), tags || 'x'::text, unnest(tags) FROM people
SELECT scores, scores[1], scores + 1, sort(scores), scores::text, array_to_json(scores), (scores | 5)[1] FROM people
SELECT cardinality(tags), array_append(tags, 'x'), array_cat(tags, tags), array_prepend('x', tags), array_replace(tags, 'b', 'c'), array_remove(tags, 'b') FROM people
SELECT handle, handle::text, handle || '', upper(handle) FROM people
SELECT nick, nick::text, nick || '', lower(nick), nick::varchar FROM people
SELECT props, props -> 'k', props::text, hstore_to_json(props), each(props), avals(props), svals(props), hstore_to_matrix(props), (props || 'a=>b')::text FROM people
SELECT hstore(ARRAY['k', ssn]), hstore(ssn, 'v'), hstore(p) FROM people p
SELECT (%# props), (%% props) FROM people
SELECT span, lower(span), upper(span), span::text, span * span, range_merge(span, span), int4multirange(span) FROM people
SELECT addr, host(addr), text(addr), abbrev(addr), network(addr), addr + 0, addr::text, inet_send(addr), family(addr) || host(addr) FROM people
SELECT path, ltree2text(path), path::text, subpath(path, 0), subltree(path, 0, 1)::text, path || 'x' FROM people
SELECT code, code::text, trim(code), code || '' FROM people
SELECT home, (home).street, (home).*, home::text, row_to_json(home), to_jsonb(home) FROM people
SELECT doc, doc::text, doc -> 'user', doc #>> '{user,email}', doc -> 'user' ->> 'email', jsonb_pretty(doc), doc || '{}', doc - 'open' FROM people
SELECT jsonb_each_text(doc -> 'user'), jsonb_path_query(doc, '$.user.email'), jsonb_path_query_array(doc, '$.**'), jsonb_path_query_first(doc, '$.cards[0].card') FROM people
SELECT doc['user']['email'], doc @@ '$.x == 1', jsonb_extract_path_text(doc, 'user', 'email'), jsonb_set(doc, '{x}', '1') FROM people
SELECT jsonb_object_keys(jsonb_build_object(doc #>> '{user,email}', 1)) FROM people WHERE id < 7
SELECT jsonb_array_elements(doc -> 'cards') FROM people
SELECT note, note::text, note ->> 'k', note -> 'n', json_each_text(note), note::jsonb, json_extract_path_text(note, 'k') FROM people
SELECT jsonb_send(doc), json_send(note), jsonb_out(doc) FROM people
SELECT jsonb_to_tsvector(doc, '"all"'), to_tsvector('simple', doc), to_tsvector('simple', ssn), json_to_tsvector(note, '"all"') FROM people
SELECT ts_headline('simple', ssn, to_tsquery('simple', 'a')), ts_headline(doc, to_tsquery('a')) FROM people
SELECT plainto_tsquery('simple', ssn), phraseto_tsquery('simple', ssn), websearch_to_tsquery('simple', email) FROM people
SELECT similarity(ssn, ssn), show_trgm(ssn)::text || ssn FROM people
SELECT shout, lower(shout), shout || '' FROM people
SELECT vip::text || ssn, coalesce(ssn, 'x'), nullif(ssn, 'x'), CASE WHEN id > 0 THEN ssn ELSE name END FROM people
SELECT CASE id WHEN 1 THEN ssn WHEN 2 THEN email END FROM people
SELECT ARRAY[ssn, email], (ARRAY[ssn])[1], ARRAY[[ssn], [email]], ROW(ssn, 1), ROW(ssn, email)::text FROM people
SELECT chr(ascii(ssn)) || substr(ssn, 2), repeat(ssn, 2), normalize(ssn), ssn COLLATE "C" FROM people
SELECT ssn::varchar(20), ssn::char(9), ssn::name, CAST(ssn AS text), varchar(20) 'x' || ssn, ssn::xml FROM people WHERE id < 7
SELECT ('"' || ssn || '"')::json, to_json(ssn), to_jsonb(email), json_build_object('a', ssn), jsonb_build_array(ssn), json_object(ARRAY['a', ssn]) FROM people
SELECT json_build_object(ssn, 1), jsonb_build_object(email, 2) FROM people WHERE id < 7
SELECT row_to_json(p), to_json(p), to_jsonb(p), row_to_json(p, true) FROM people p
SELECT jsonb_each_text(to_jsonb(p)) FROM people p
SELECT (jsonb_populate_record(NULL::login, to_jsonb(l))).ssn FROM login l
SELECT (json_populate_record(NULL::login, to_json(l))).ssn FROM login l
SELECT j.* FROM people p, json_to_record(row_to_json(p)) AS j(ssn text, email text)
SELECT xmlelement(name a, ssn), xmlforest(ssn), xmlattributes FROM people, (SELECT 1 AS xmlattributes) x
SELECT xmlelement(name a, xmlattributes(ssn AS b)), xmlconcat(xmlelement(name c, email)), xmlcomment(ssn), xmlpi(name x, ssn) FROM people WHERE id < 7
SELECT xpath('/a/text()', xmlelement(name a, ssn))::text, xmlserialize(CONTENT xmlelement(name a, ssn) AS text) FROM people
SELECT x.v FROM people, XMLTABLE('/a' PASSING xmlelement(name a, ssn) COLUMNS v text PATH '.') x
SELECT x.v FROM people, XMLTABLE('/a' PASSING xmlparse(CONTENT '<a/>') COLUMNS v text PATH 'b' DEFAULT ssn) x
SELECT parse_ident('"' || ssn || '"'), convert_from(convert_to(ssn, 'UTF8'), 'UTF8'), decode(encode(raw, 'hex'), 'hex') FROM people
SELECT set_byte(raw, 0, get_byte(raw, 0)), substring(raw FROM 2), raw || ''::bytea, trim('\x00'::bytea FROM raw) FROM people
SELECT feeling, enum_range(feeling), feeling::text || ssn FROM people
SELECT unistr(ssn), to_ascii(ssn, 'LATIN1'), starts_with(ssn, 'x')::text || ssn FROM people
SELECT json_strip_nulls(row_to_json(p)), jsonb_strip_nulls(to_jsonb(p)), jsonb_insert(to_jsonb(p), '{zz}', '1') FROM people p
SELECT pg_catalog.upper(ssn), pg_catalog.textcat(ssn, ''), textcat(ssn, 'x') FROM people
SELECT ssn OPERATOR(pg_catalog.||) '' FROM people
SELECT tsvector_to_array(to_tsvector('simple', ssn)), unnest(to_tsvector('simple', ssn)), strip(to_tsvector('simple', email)) FROM people
SELECT cidr(host(addr)), set_masklen(addr, 32), inet_merge(addr, addr), hostmask(addr) || host(addr), broadcast(addr), netmask(addr) || host(addr) FROM people
SELECT lower_inc(span)::text || span, multirange(span), unnest(multirange(span)) FROM people
