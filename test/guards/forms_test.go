package guards

import (
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// texts makes attacks of texts that are sent as they are, each statement by simple
// Query and, where it is one alone, in the extended protocol too.
func texts(set string, list ...string) []attack {
	var all []attack
	for _, text := range list {
		all = append(all, attack{set: set, name: text, steps: []step{simple(text)}})
		if !strings.Contains(strings.TrimRight(text, "; "), ";") {
			all = append(all, attack{set: set, name: text + " (extended)", steps: []step{extended(text)},
				uncontrolled: "the simple form has shown it"})
		}
	}
	return all
}

// flow is an attack of several texts on one session.
func flow(set string, list ...string) attack {
	a := attack{set: set, name: strings.Join(list, " | ")}
	if len(a.name) > 300 {
		a.name = a.name[:300]
	}
	for _, text := range list {
		a.steps = append(a.steps, simple(text))
	}
	return a
}

func flows(set string, list ...[]string) []attack {
	var all []attack
	for _, l := range list {
		all = append(all, flow(set, l...))
	}
	return all
}

// forms are the ways to have a statement run without saying it plainly. statement
// is one that may stand anywhere in SQL and in PL/pgSQL.
func forms(set, statement string) []attack {
	quoted := strings.ReplaceAll(statement, "'", "''")
	all := []attack{
		flow(set, "BEGIN", statement, "COMMIT"),
		flow(set, "BEGIN", "SAVEPOINT a", statement, "RELEASE a", "COMMIT"),
		flow(set, "BEGIN; "+statement+"; COMMIT"),
		flow(set, "SELECT 1; "+statement),
		flow(set, statement+"; SELECT 1"),
		flow(set, ";;; ; "+statement+" ;;"),
		flow(set, "/* */ /*/* */*/ -- x\n"+statement),
		flow(set, "-- "+strings.Repeat("x", 4000)+"\n"+strings.ReplaceAll(statement, " ", "\t\r\n\f/**/")),
		flow(set, strings.ToUpper(statement[:6])+statement[6:]+" -- \\"),
		flow(set, "/*"+strings.Repeat("/* x */ ", 3000)+"*/"+statement),
		flow(set, "PREPARE a AS "+statement, "EXECUTE a"),
		flow(set, "PREPARE a AS "+statement+"; EXECUTE a"),
		flow(set, "DO $$ BEGIN "+statement+"; END $$"),
		flow(set, "DO LANGUAGE plpgsql 'BEGIN "+quoted+"; END'"),
		flow(set, "DO E'BEGIN EXECUTE \\'"+strings.ReplaceAll(quoted, "'", "\\'")+"\\'; END'"),
		flow(set, "DO $$ BEGIN EXECUTE '"+quoted[:3]+"' || '"+quoted[3:]+"'; END $$"),
		flow(set, "DO $$ BEGIN EXECUTE format('%s%s', '"+quoted[:3]+"', '"+quoted[3:]+"'); END $$"),
		flow(set, "DO $$ DECLARE a text := reverse('"+reversed(statement)+"'); BEGIN EXECUTE a; END $$"),
		flow(set, "DO $$ BEGIN IF true THEN BEGIN "+statement+"; EXCEPTION WHEN others THEN NULL; END; END IF; END $$"),
		flow(set, "DO $$ BEGIN FOR i IN 1..1 LOOP EXECUTE $a$ DO $b$ BEGIN "+statement+"; END $b$ $a$; END LOOP; END $$"),
		flow(set, "DO $$ BEGIN PERFORM 1; PERFORM 2/0; EXCEPTION WHEN division_by_zero THEN "+statement+"; END $$"),
		{set: set, name: statement + " by the extended protocol", steps: []step{extended(statement)}},
		{set: set, name: statement + " in the middle of a pipeline", steps: []step{
			pipeline("INSERT INTO ledger (what) VALUES ('before')", statement, "INSERT INTO ledger (what) VALUES ('after')")}},
		{set: set, name: statement + " by a name of its own", steps: []step{messages(1,
			&pgproto3.Parse{Name: "a", Query: statement}, &pgproto3.Bind{DestinationPortal: "p", PreparedStatement: "a"},
			&pgproto3.Execute{Portal: "p"}, &pgproto3.Sync{})}},
		{set: set, name: statement + " parsed, and executed later", steps: []step{
			messages(1, &pgproto3.Parse{Name: "a", Query: statement}, &pgproto3.Sync{}),
			messages(1, &pgproto3.Bind{PreparedStatement: "a"}, &pgproto3.Execute{}, &pgproto3.Sync{})}},
		{set: set, name: statement + " parsed, and executed by SQL", steps: []step{
			messages(1, &pgproto3.Parse{Name: "a", Query: statement}, &pgproto3.Sync{}), simple("EXECUTE a")}},
		{set: set, name: statement + " behind a name that was something else", steps: []step{
			messages(1, &pgproto3.Parse{Name: "a", Query: "SELECT 1"}, &pgproto3.Sync{}),
			messages(1, &pgproto3.Close{ObjectType: 'S', Name: "a"}, &pgproto3.Parse{Name: "a", Query: statement},
				&pgproto3.Bind{PreparedStatement: "a"}, &pgproto3.Execute{}, &pgproto3.Sync{})}},
		{set: set, name: statement + " prepared by SQL, executed by its name", steps: []step{
			simple("PREPARE a AS " + statement), messages(1, &pgproto3.Bind{PreparedStatement: "a"}, &pgproto3.Execute{}, &pgproto3.Sync{})}},
		{set: set, name: statement + " before Flush, and then a Sync", steps: []step{messages(1,
			&pgproto3.Parse{Query: statement}, &pgproto3.Flush{}, &pgproto3.Bind{}, &pgproto3.Flush{}, &pgproto3.Execute{}, &pgproto3.Flush{}, &pgproto3.Sync{})}},
	}
	if !preparable(statement) { // only DML can be prepared by SQL
		kept := all[:0]
		for _, a := range all {
			if !strings.Contains(a.name, "PREPARE") && !strings.Contains(a.name, "prepared by SQL") {
				kept = append(kept, a)
			}
		}
		return kept
	}
	return append(all,
		flow(set, "EXPLAIN ANALYZE "+statement),
		flow(set, "EXPLAIN ANALYSE "+statement),
		flow(set, "EXPLAIN (ANALYSE, COSTS off) "+statement),
		flow(set, "EXPLAIN (ANALYZE 1, FORMAT json) "+statement),
		flow(set, "EXPLAIN (COSTS off, ANALYZE 'on') "+statement),
		flow(set, "EXPLAIN (ANALYZE false, ANALYZE true) "+statement),
		flow(set, "PREPARE a AS "+statement, "EXPLAIN ANALYZE EXECUTE a"),
	)
}

// parts are the ways to have a DML statement run as a part of another one.
func parts(set, statement string) []attack {
	returning := statement + " RETURNING 1"
	all := forms(set, statement)
	all = append(all, flows(set,
		[]string{"WITH x AS (" + returning + ") SELECT * FROM x"},
		[]string{"WITH x AS MATERIALIZED (" + returning + ") SELECT count(*) FROM x"},
		[]string{"WITH x AS NOT MATERIALIZED (" + statement + ") SELECT 1"},
		[]string{"WITH RECURSIVE a AS (SELECT 1), x AS (" + returning + ") TABLE a"},
		[]string{"WITH x AS (" + statement + ") INSERT INTO ledger (what) VALUES ('x')"},
		[]string{"COPY (" + returning + ") TO STDOUT"},
		[]string{"COPY (WITH x AS (" + returning + ") SELECT 1) TO STDOUT"},
		[]string{"PREPARE a AS WITH x AS (" + returning + ") SELECT 1", "EXECUTE a"},
		[]string{"EXPLAIN ANALYSE WITH x AS (" + returning + ") SELECT 1"},
		[]string{"CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE sql AS $$ " + statement + " $$", "SELECT pg_temp.f()"},
		[]string{"CREATE FUNCTION pg_temp.f() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN " + statement + "; RETURN 1; END $$", "SELECT pg_temp.f()"},
		[]string{"CREATE FUNCTION pg_temp.f() RETURNS integer VOLATILE LANGUAGE plpgsql AS $$ BEGIN EXECUTE '" + strings.ReplaceAll(statement, "'", "''") + "'; RETURN 1; END $$",
			"SELECT 1 WHERE pg_temp.f() = 1"},
		[]string{"CREATE FUNCTION public.f() RETURNS void LANGUAGE sql BEGIN ATOMIC " + statement + "; END", "SELECT f()"},
		[]string{"CREATE PROCEDURE public.p() LANGUAGE plpgsql AS $$ BEGIN " + statement + "; COMMIT; END $$", "CALL p()"},
		[]string{"CREATE FUNCTION public.g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " + statement + "; RETURN NEW; END $$",
			"CREATE TRIGGER t BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION g()", "INSERT INTO ledger (what) VALUES ('x')"},
		[]string{"CREATE RULE r AS ON INSERT TO ledger DO ALSO " + statement, "INSERT INTO ledger (what) VALUES ('x')"},
		[]string{"CREATE TEMP TABLE tmp (a integer)", "CREATE FUNCTION public.h() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " + statement + "; RETURN NEW; END $$",
			"CREATE TRIGGER t BEFORE INSERT ON tmp FOR EACH ROW EXECUTE FUNCTION h()", "INSERT INTO tmp VALUES (1)"},
		[]string{"CREATE TEMP TABLE tmp (a integer)", "CREATE FUNCTION public.h() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN " + statement + "; RETURN 1; END $$",
			"ALTER TABLE tmp ALTER a SET DEFAULT public.h()", "INSERT INTO tmp DEFAULT VALUES"},
		[]string{"CREATE FUNCTION public.h() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN " + statement + "; RETURN 1; END $$",
			"BEGIN; DECLARE c CURSOR FOR SELECT public.h(); FETCH c; COMMIT"},
		[]string{"CREATE FUNCTION public.h() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN " + statement + "; RETURN 1; END $$",
			"COPY (SELECT public.h()) TO STDOUT"},
		[]string{"CREATE FUNCTION public.h() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN " + statement + "; RETURN 1; END $$",
			"EXPLAIN ANALYZE SELECT public.h()"},
		[]string{"CREATE FUNCTION public.h() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN " + statement + "; RETURN 1; END $$",
			"CREATE VIEW public.hv AS SELECT public.h()", "SELECT * FROM public.hv"},
	)...)
	for i := range all {
		if strings.Contains(all[i].name, "INSERT INTO ledger") && !strings.Contains(all[i].name, "pipeline") {
			all[i].kinds = "rows public.vault" // what goes into the ledger is no effect
		}
	}
	return all
}

func preparable(statement string) bool {
	word, _, _ := strings.Cut(strings.ToLower(statement), " ")
	switch word {
	case "select", "insert", "update", "delete", "merge", "values", "with":
		return true
	}
	return false
}

func reversed(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return strings.ReplaceAll(string(r), "'", "''")
}
