INSERT INTO people (id, name, email, phone, ssn, salary, balance, worth, rate, born, seen, token, doc, note, tags, scores, handle, raw,
    feeling, home, vip, nick, props, span, addr, path, code, region, city, cap)
  SELECT v.id, 'Name ' || v.id, v.email, v.phone, v.ssn, v.salary, v.balance, v.worth, v.rate, v.born, v.seen, v.token,
    jsonb_build_object('user', jsonb_build_object('email', v.txt), 'cards', jsonb_build_array(jsonb_build_object('card', v.card)), 'open', v.id),
    json_build_object('k', v.note, 'n', v.balance), ARRAY[v.tag, 'b'], ARRAY[v.score, 7], v.handle, v.raw, v.feeling, ROW(v.street, 'z')::place, v.vip,
    v.nick, hstore('k', v.prop), int4range(v.low, v.low + 9), v.addr, v.path, v.code, v.id % 3, 'city' || v.id % 2, 50000
  FROM (VALUES {{people}}) v(id, email, phone, ssn, salary, balance, worth, rate, born, seen, token, txt, card, note, tag, score, handle, raw,
    feeling, street, vip, nick, prop, low, addr, path, code);
INSERT INTO people (id, name, city) VALUES (90, 'Nobody', 'nowhere');
INSERT INTO orders SELECT g, 1 + g % 6, 'item ' || g, g * 100, timestamptz '2024-01-01 00:00:00+00' + g * interval '1 day' FROM generate_series(1, 24) g;
INSERT INTO events SELECT v.id, v.txt, '2024-02-03' FROM (VALUES {{events}}) v(id, txt);
INSERT INTO heir SELECT v.id, v.txt, 'extra' || v.id FROM (VALUES {{heirs}}) v(id, txt);
INSERT INTO hr.people SELECT v.id, v.txt, v.id * 10 FROM (VALUES {{staff}}) v(id, txt);
INSERT INTO login SELECT v.id, v.txt FROM (VALUES {{logins}}) v(id, txt);
CREATE MATERIALIZED VIEW kept AS SELECT region, array_agg(ssn) AS all_ssn, count(*) AS n FROM people GROUP BY region;
SELECT lo_from_bytea(4711, convert_to((SELECT ssn FROM people WHERE id = 1), 'UTF8'));
ANALYZE;
INSERT INTO members SELECT v.id, v.txt FROM (VALUES {{logins}}) v(id, txt);
INSERT INTO line_own SELECT v.id, v.txt FROM (VALUES {{logins}}) v(id, txt);
INSERT INTO marked VALUES (1, 'a');
INSERT INTO shaped SELECT v.id, 'x', v.txt FROM (VALUES {{logins}}) v(id, txt);
