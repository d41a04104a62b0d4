package statement

import "testing"

// Where a loop has a statement change each row of the table that it goes through, the
// statement's condition limits nothing.
func TestALoopThroughAllRowsIsSeen(t *testing.T) {
	const all, some = WhereConstant, WherePresent
	for body, want := range map[string]Condition{
		"DECLARE r record; BEGIN FOR r IN SELECT * FROM t LOOP DELETE FROM t WHERE id = r.id; END LOOP; END":                                                      all,
		"DECLARE r record; BEGIN FOR r IN SELECT id AS k FROM t LOOP UPDATE t SET a = r.k WHERE t.id = r.k; END LOOP; END":                                        all,
		"DECLARE x integer; BEGIN FOR x IN SELECT id FROM t ORDER BY a LOOP DELETE FROM t WHERE id = x; END LOOP; END":                                            all,
		"DECLARE x integer; y text; BEGIN FOR y, x IN SELECT a, id FROM public.t LOOP DELETE FROM t WHERE x = id; END LOOP; END":                                  all,
		"DECLARE x integer; BEGIN FOREACH x IN ARRAY ARRAY(SELECT id FROM t) LOOP DELETE FROM t WHERE id = x; END LOOP; END":                                      all,
		"DECLARE r record; BEGIN FOR r IN SELECT * FROM t LOOP IF r.id = r.id THEN DELETE FROM t WHERE id = r.id; END IF; END LOOP; END":                          all,
		"BEGIN FOR i IN 1..2000000 LOOP DELETE FROM t WHERE id = i; END LOOP; END":                                                                                all,
		"DECLARE c CURSOR FOR SELECT * FROM t; BEGIN FOR r IN c LOOP DELETE FROM t WHERE CURRENT OF c; END LOOP; END":                                             all,
		"DECLARE c CURSOR FOR SELECT * FROM t; r record; BEGIN OPEN c; LOOP FETCH c INTO r; EXIT WHEN NOT FOUND; DELETE FROM t WHERE CURRENT OF c; END LOOP; END": all,
		"DECLARE c CURSOR FOR SELECT * FROM t; BEGIN FOR r IN c LOOP DELETE FROM t WHERE id = r.id; END LOOP; END":                                                all,
		"DECLARE c CURSOR FOR SELECT id AS k FROM t ORDER BY 1; BEGIN FOR R IN C LOOP DELETE FROM t WHERE id = r.k; END LOOP; END":                                all,
		"DECLARE c CURSOR FOR SELECT * FROM t WHERE a = 'x'; BEGIN FOR r IN c LOOP DELETE FROM t WHERE id = r.id; END LOOP; END":                                  some,
		"DECLARE c CURSOR FOR SELECT * FROM t; BEGIN FOR r IN c LOOP DELETE FROM u WHERE id = r.id; END LOOP; END":                                                some,
		"DECLARE r record; BEGIN FOR r IN SELECT * FROM t WHERE a = 'x' LOOP DELETE FROM t WHERE id = r.id; END LOOP; END":                                        some,
		"DECLARE r record; BEGIN FOR r IN SELECT * FROM t LIMIT 10 LOOP DELETE FROM t WHERE id = r.id; END LOOP; END":                                             some,
		"DECLARE r record; BEGIN FOR r IN SELECT * FROM u LOOP DELETE FROM t WHERE id = r.id; END LOOP; END":                                                      some,
		"DECLARE r record; BEGIN FOR r IN SELECT * FROM t LOOP DELETE FROM t WHERE id = r.parent; END LOOP; END":                                                  some,
		"DECLARE r record; BEGIN FOR r IN SELECT * FROM t LOOP DELETE FROM t WHERE id = r.id AND a = 'x'; END LOOP; END":                                          some,
		"DECLARE r record; BEGIN FOR r IN SELECT * FROM t LOOP IF r.a = 'x' THEN DELETE FROM t WHERE id = r.id; END IF; END LOOP; END":                            some,
		"DECLARE r record; BEGIN FOR r IN SELECT * FROM t LOOP IF r.a = 'x' THEN NULL; ELSE DELETE FROM t WHERE id = r.id; END IF; END LOOP; END":                 some,
		"DECLARE r record; BEGIN FOR r IN SELECT * FROM t LOOP CONTINUE WHEN r.a = 'x'; DELETE FROM t WHERE id = r.id; END LOOP; END":                             some,
		"DECLARE r record; BEGIN FOR r IN SELECT * FROM t LOOP NULL; END LOOP; DELETE FROM t WHERE id = 5; END":                                                   some,
		"DECLARE n integer; BEGIN SELECT max(id) INTO n FROM t; DELETE FROM t WHERE id = n; END":                                                                  some,
		"BEGIN FOR i IN 1..10 LOOP DELETE FROM t WHERE id = i; END LOOP; END":                                                                                     some,
		"DECLARE c CURSOR FOR SELECT * FROM t; r record; BEGIN OPEN c; FETCH c INTO r; DELETE FROM t WHERE CURRENT OF c; END":                                     some,
		"DECLARE c CURSOR FOR SELECT * FROM t WHERE a = 'x'; BEGIN FOR r IN c LOOP DELETE FROM t WHERE CURRENT OF c; END LOOP; END":                               some,
		"DECLARE c CURSOR FOR SELECT * FROM t; BEGIN FOR r IN c LOOP IF r.a = 'x' THEN DELETE FROM t WHERE CURRENT OF c; END IF; END LOOP; END":                   some,
	} {
		st := only(t, "DO $body$ "+body+" $body$")
		if len(st.Writes) != 1 || st.Writes[0].Where != want {
			t.Errorf("%s: got %+v, want %s", body, st.Writes, want)
		}
	}
}
