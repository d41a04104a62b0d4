"""psycopg 3: libpq below, extended protocol, pipelines."""

import threading
import time

import psycopg
from psycopg import sql
from sections import run, said, section


@section
def text_and_binary_of_many_types(conn):
    for binary in (False, True):
        cur = conn.execute("""SELECT 1::int2, 2::int4, 3::int8, 1.5::float8, 'NaN'::float4, 12345678901234567890.123::numeric,
            'text'::text, 'ü€😀'::varchar(5), '\\x00ff'::bytea, true, NULL::int, '2024-02-29'::date,
            '2024-02-29 12:34:56.789+02'::timestamptz, '1 day 2 hours'::interval, '{1,2,NULL}'::int[],
            '{"a": [1, null]}'::jsonb, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, '10.0.0.0/8'::cidr,
            '[1,5)'::int4range, '{[1,2),[7,9)}'::int4multirange, ROW(1, 'a')""", binary=binary)
        print([(d.name, d.type_code) for d in cur.description])
        for value in cur.fetchone():
            print(repr(value))


@section
def parameters_in_text_and_binary(conn):
    for format in ("%t", "%b", "%s"):
        cur = conn.execute(f"SELECT {format}::int4 + 1, {format}::bytea, {format}::text", (41, b"\x00\xff", "it's \\ ü"))
        print(cur.fetchone())


@section
def prepared_statements(conn):
    conn.prepare_threshold = 2
    for i in range(6):
        print(conn.execute("SELECT %s::int * 2", (i,)).fetchone())
    print(conn.execute("SELECT count(*), min(statement) FROM pg_prepared_statements").fetchone())
    print(conn.execute("SELECT 'now', %s::text", ("x",), prepare=True).fetchone())
    conn.prepared_max = 1
    for i in range(4):
        conn.execute(sql.SQL("SELECT {}::int").format(sql.Literal(i)), prepare=True)
    conn.execute("CREATE TEMP TABLE t (a int)")
    for column in ("int", "text"):
        conn.execute(f"ALTER TABLE t ALTER a TYPE {column}")
        try:
            print(conn.execute("SELECT * FROM t", prepare=True).description[0].type_code)
        except psycopg.Error as e:
            print(said(e))
            conn.rollback()


@section
def pipelines(conn):
    conn.autocommit = True
    conn.execute("CREATE TEMP TABLE t (a int PRIMARY KEY)")
    with conn.pipeline():
        cursors = [conn.execute("INSERT INTO t VALUES (%s) RETURNING a", (i,)) for i in range(50)]
        cursors.append(conn.execute("SELECT sum(a) FROM t"))
    print([c.fetchone()[0] for c in cursors])


@section
def an_error_within_a_pipeline(conn):
    conn.autocommit = True
    conn.execute("CREATE TEMP TABLE t (a int PRIMARY KEY)")
    try:
        with conn.pipeline() as p:
            conn.execute("INSERT INTO t VALUES (1)")
            p.sync()
            conn.execute("INSERT INTO t VALUES (2)")
            conn.execute("INSERT INTO t VALUES (1)")
            conn.execute("INSERT INTO t VALUES (3)")
            p.sync()
            last = conn.execute("INSERT INTO t VALUES (4) RETURNING a")
            print(last.fetchone())
    except psycopg.Error as e:
        print(said(e))
    print(conn.execute("SELECT array_agg(a ORDER BY a) FROM t").fetchone())


@section
def a_transaction_within_a_pipeline(conn):
    conn.autocommit = True
    conn.execute("CREATE TEMP TABLE t (a int PRIMARY KEY)")
    with conn.pipeline():
        with conn.transaction():
            conn.execute("INSERT INTO t VALUES (1)")
            try:
                with conn.transaction():
                    conn.execute("INSERT INTO t VALUES (1)")
            except psycopg.Error as e:
                print(said(e))
            conn.execute("INSERT INTO t VALUES (2)")
    print(conn.execute("SELECT array_agg(a ORDER BY a) FROM t").fetchone())
    try:
        with conn.pipeline():
            conn.execute("SELECT 1")
            conn.execute("SELECT 1; SELECT 2")
    except psycopg.Error as e:
        print(said(e))


@section
def executemany(conn):
    conn.execute("CREATE TEMP TABLE t (a int, b text)")
    cur = conn.cursor()
    cur.executemany("INSERT INTO t VALUES (%s, %s) RETURNING a", [(i, str(i) * 3) for i in range(500)], returning=True)
    seen = [cur.fetchone()[0]]
    while cur.nextset():
        seen.append(cur.fetchone()[0])
    print(len(seen), sum(seen))


@section
def copy(conn):
    cur = conn.cursor()
    cur.execute("CREATE TEMP TABLE t (id int, body text, at timestamptz)")
    with cur.copy("COPY t FROM STDIN") as c:
        for i in range(5000):
            c.write_row((i, f"row\t{i}\n\\", None))
    print(cur.rowcount, cur.statusmessage)
    with cur.copy("COPY t (id, body) FROM STDIN (FORMAT binary)") as c:
        c.set_types(["int4", "text"])
        for i in range(3):
            c.write_row((i, None))
    with cur.copy("COPY (SELECT * FROM t WHERE id < 3 ORDER BY id, body) TO STDOUT") as c:
        for block in c:
            print(bytes(block))
    with cur.copy("COPY (SELECT id, body FROM t WHERE id < 3 ORDER BY id, body) TO STDOUT (FORMAT binary)") as c:
        c.set_types(["int4", "text"])
        for row in c.rows():
            print(row)
    with cur.copy("COPY (SELECT * FROM %s) TO STDOUT (FORMAT csv)" % "generate_series(1, 3)") as c:
        print(b"".join(bytes(b) for b in c))


@section
def copy_left_early(conn):
    conn.autocommit = True
    cur = conn.cursor()
    cur.execute("CREATE TEMP TABLE t (id int)")
    try:
        with cur.copy("COPY t FROM STDIN") as c:
            c.write("1\n")
            raise ValueError("given up")
    except (ValueError, psycopg.Error) as e:
        print(type(e).__name__, e)
    try:
        with cur.copy("COPY t FROM STDIN") as c:
            c.write("x\n")
    except psycopg.Error as e:
        print(said(e))
    try:
        with cur.copy("COPY (SELECT 1/(500 - i) FROM generate_series(1, 1000) i) TO STDOUT") as c:
            for _ in c:
                pass
    except psycopg.Error as e:
        print(said(e))
    with cur.copy("COPY (SELECT i FROM generate_series(1, 200000) i) TO STDOUT") as c:
        print(sum(len(b) for b in c))
    print(cur.execute("SELECT count(*) FROM t").fetchone())


@section
def cursors_of_the_server(conn):
    with conn.cursor("c", scrollable=True) as cur:
        cur.execute("SELECT i FROM generate_series(1, 100) i WHERE i > %s", (10,))
        print(cur.fetchone(), cur.fetchmany(3))
        cur.scroll(-2)
        print(cur.fetchone())
        cur.scroll(80, mode="absolute")
        print(cur.fetchall())
    with conn.cursor("b") as cur:
        cur.format = psycopg.pq.Format.BINARY
        cur.execute("SELECT i, i::text, i::numeric FROM generate_series(1, 3) i")
        print(cur.fetchall())


@section
def single_row_mode(conn):
    cur = conn.cursor()
    count = 0
    for row in cur.stream("SELECT i, md5(i::text) FROM generate_series(1, 20000) i"):
        count += 1
    print(count)
    try:
        for row in cur.stream("SELECT 1/(5 - i) FROM generate_series(1, 10) i"):
            print(row)
    except psycopg.Error as e:
        print(said(e))


@section
def cancel(conn):
    timer = threading.Timer(0.3, conn.cancel)
    timer.start()
    try:
        conn.execute("SELECT pg_sleep(30)")
    except psycopg.Error as e:
        print(said(e))
    timer.join()
    conn.rollback()
    print(conn.execute("SELECT 'after'").fetchone())


@section
def statement_timeout(conn):
    conn.execute("SET statement_timeout = 100")
    try:
        conn.execute("SELECT pg_sleep(30)")
    except psycopg.Error as e:
        print(said(e))


@section
def listen_and_notify(conn):
    conn.autocommit = True
    got = []
    conn.add_notify_handler(got.append)
    conn.execute("LISTEN channel")
    with psycopg.connect("", autocommit=True) as other:
        other.execute("SELECT pg_notify('channel', 'from the other')")
        conn.execute("NOTIFY channel, 'own'")
        known = {conn.info.backend_pid: "own", other.info.backend_pid: "other"}
        deadline = time.time() + 10
        while len(got) < 2 and time.time() < deadline:
            conn.execute("SELECT 1")
    for n in sorted(got, key=lambda n: n.payload):
        print(n.channel, n.payload, known.get(n.pid, "unknown"))


@section
def backend_pid(conn):
    print(conn.execute("SELECT pg_backend_pid()").fetchone()[0] == conn.info.backend_pid)


@section
def notices(conn):
    conn.add_notice_handler(lambda d: print(d.severity, d.message_primary, d.message_detail, d.message_hint, d.sqlstate))
    conn.execute("DO $$ BEGIN RAISE NOTICE 'one'; RAISE WARNING 'two' USING HINT = 'a hint', DETAIL = 'a detail'; END $$")


@section
def errors(conn):
    for text, parameters in (
        ("SELECT 1/%s", (0,)), ("SELECT %s::int", ("x",)), ("SELEC 1", ()), ("SELECT 1; SELECT 2", (1,)), ("SELECT $1", ()),
        ("SELECT * FROM nothing_here WHERE a = %s", (1,)), ("INSERT INTO pg_class SELECT 1", ()), ("", ()),
        ("SELECT %s", (None,)), ("VALUES (1, 2), (3)", ()),
    ):
        try:
            cur = conn.execute(text, parameters or None)
            print(cur.statusmessage)
        except psycopg.Error as e:
            print(said(e))
        conn.rollback()


@section
def transactions(conn):
    with conn.transaction():
        conn.execute("CREATE TEMP TABLE t (a int)")
        with conn.transaction() as inner:
            conn.execute("INSERT INTO t VALUES (1)")
            raise psycopg.Rollback(inner)
    print(conn.execute("SELECT count(*) FROM t").fetchone(), conn.info.transaction_status)
    conn.rollback()
    conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    print(conn.execute("SHOW transaction_isolation").fetchone())
    conn.rollback()
    conn.tpc_begin("psycopg three")
    conn.execute("SELECT 1")
    conn.tpc_prepare()
    conn.tpc_rollback()


@section
def describe_without_running(conn):
    pg = conn.pgconn
    result = pg.prepare(b"named", b"SELECT $1::int4 AS n, $2::text AS t", None)
    result = pg.describe_prepared(b"named")
    print(result.nparams, [result.param_type(i) for i in range(result.nparams)],
          [(result.fname(i), result.ftype(i), result.fmod(i), result.fsize(i)) for i in range(result.nfields)])
    result = pg.exec_prepared(b"named", [b"7", None], None, 1)
    print(result.get_value(0, 0), result.get_value(0, 1))
    print(pg.exec_prepared(b"nothing", [], None, 0).error_message)
    pg.exec_(b"DECLARE c CURSOR FOR SELECT 1 AS one")
    print(pg.exec_(b"BEGIN; DECLARE c CURSOR FOR SELECT 1 AS one").status)
    result = pg.describe_portal(b"c")
    print([(result.fname(i), result.ftype(i)) for i in range(result.nfields)])


@section
def binary_parameters_of_all_lengths(conn):
    for n in (0, 1, 100, 8191, 8192, 65536, 1 << 20):
        print(conn.execute("SELECT octet_length(%b), md5(%b)", (b"\x7f" * n, b"\x7f" * n)).fetchone())


@section
def prepared_by_name_after_discard(conn):
    conn.autocommit = True
    conn.execute("SELECT %s::int", (1,), prepare=True)
    conn.execute("DISCARD ALL")
    try:
        conn.execute("SELECT %s::int", (1,), prepare=True)
        print("ok")
    except psycopg.Error as e:
        print(said(e))


if __name__ == "__main__":
    run(lambda: psycopg.connect(""))
