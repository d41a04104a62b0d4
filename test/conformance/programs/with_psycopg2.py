"""psycopg2: libpq below, simple protocol."""

import io
import select
import threading
import time

import psycopg2
import psycopg2.extensions
import psycopg2.extras
from sections import run, said, section


@section
def values_of_many_types(conn):
    cur = conn.cursor()
    cur.execute("""SELECT 1::int2, 2::int4, 3::int8, 1.5::float8, 'Infinity'::float4, 12345678901234567890.123::numeric,
        'text'::text, 'ü€😀'::varchar(5), '\\x00ff'::bytea, true, NULL::int, '2024-02-29'::date,
        '2024-02-29 12:34:56.789+02'::timestamptz, '1 day 2 hours'::interval, '{1,2,NULL}'::int[],
        '{"a": [1, null]}'::jsonb, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, '10.0.0.0/8'::cidr, '[1,5)'::int4range""")
    print([d.name for d in cur.description], [d.type_code for d in cur.description])
    for value in cur.fetchone():
        print(repr(bytes(value)) if isinstance(value, memoryview) else repr(value))


@section
def parameters_are_quoted_by_the_client(conn):
    cur = conn.cursor()
    cur.execute("SELECT %s, %s, %s, %s", ("it's \\ a \"quote\"", b"\x00\xff'\\", None, [1, 2]))
    print([bytes(v) if isinstance(v, memoryview) else v for v in cur.fetchone()])


@section
def copy_in_and_out(conn):
    cur = conn.cursor()
    cur.execute("CREATE TEMP TABLE t (id int, body text)")
    cur.copy_from(io.StringIO("".join(f"{i}\tline {i}\n" for i in range(10000))), "t")
    print(cur.rowcount)
    out = io.StringIO()
    cur.copy_expert("COPY (SELECT * FROM t WHERE id % 1000 = 0 ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER)", out)
    print(out.getvalue())
    out = io.BytesIO()
    cur.copy_expert("COPY (SELECT id, body FROM t ORDER BY id LIMIT 3) TO STDOUT WITH (FORMAT binary)", out)
    print(out.getvalue())
    back = io.BytesIO(out.getvalue())
    cur.copy_expert("COPY t FROM STDIN WITH (FORMAT binary)", back)
    print(cur.rowcount)


@section
def copy_that_fails(conn):
    cur = conn.cursor()
    cur.execute("CREATE TEMP TABLE t (id int)")
    conn.commit()
    for what in ("1\n2\nthree\n4\n", "1\t2\n"):
        try:
            cur.copy_from(io.StringIO(what), "t")
        except psycopg2.Error as e:
            print(said(e))
        conn.rollback()
    try:
        cur.copy_expert("COPY nowhere FROM STDIN", io.StringIO("1\n"))
    except psycopg2.Error as e:
        print(said(e))
    conn.rollback()

    class Breaks(io.StringIO):
        def read(self, size=-1):
            raise ValueError("the client's own fault")

    try:
        cur.copy_from(Breaks(), "t")
    except Exception as e:
        print(type(e).__name__, e)
    conn.rollback()
    cur.execute("SELECT count(*) FROM t")
    print(cur.fetchone())


@section
def named_cursors(conn):
    with conn.cursor("c", scrollable=True) as cur:
        cur.itersize = 7
        cur.execute("SELECT i, repeat('x', i) FROM generate_series(1, 25) i")
        print(cur.fetchone(), cur.fetchmany(3), len(cur.fetchall()))
        cur.scroll(0, mode="absolute")
        print([row[0] for row in cur])
    with conn.cursor("held", withhold=True) as cur:
        cur.execute("SELECT 1")
        conn.commit()
        print(cur.fetchall())


@section
def cancel(conn):
    cur = conn.cursor()
    timer = threading.Timer(0.3, conn.cancel)
    timer.start()
    try:
        cur.execute("SELECT pg_sleep(30)")
    except psycopg2.Error as e:
        print(said(e))
    timer.join()
    conn.rollback()
    cur.execute("SELECT 'after'")
    print(cur.fetchone())


@section
def backend_pid(conn):
    cur = conn.cursor()
    cur.execute("SELECT pg_backend_pid()")
    print(cur.fetchone()[0] == conn.get_backend_pid() == conn.info.backend_pid)


@section
def terminate_by_pid(conn):
    conn.autocommit = True
    other = psycopg2.connect("")
    conn.cursor().execute("SELECT pg_terminate_backend(%s)", (other.get_backend_pid(),))
    try:
        other.cursor().execute("SELECT 1")
    except psycopg2.Error as e:
        print(said(e))
    print(other.closed)


@section
def listen_and_notify(conn):
    conn.autocommit = True
    cur = conn.cursor()
    cur.execute("LISTEN a; LISTEN \"B c\"")
    cur.execute("NOTIFY a, 'own'")
    other = psycopg2.connect("")
    other.autocommit = True
    other.cursor().execute("SELECT pg_notify('B c', repeat('p', 7000))")
    deadline = time.time() + 10
    while len(conn.notifies) < 2 and time.time() < deadline:
        select.select([conn], [], [], 1)
        conn.poll()
    for n in conn.notifies:
        who = {conn.get_backend_pid(): "own", other.get_backend_pid(): "other"}.get(n.pid, "unknown")
        print(n.channel, len(n.payload), who)
    other.close()


@section
def notices(conn):
    cur = conn.cursor()
    cur.execute("DO $$ BEGIN RAISE NOTICE 'one %', 1; RAISE WARNING 'two' USING HINT = 'a hint', DETAIL = 'a detail'; END $$")
    cur.execute("DROP TABLE IF EXISTS nothing_here")
    print(conn.notices)


@section
def errors_and_their_fields(conn):
    cur = conn.cursor()
    for text in (
        "SELECT 1/0", "SELECT * FROM nothing_here", "SELECT nothing_here FROM pg_class", "SELEC 1", "SELECT 'unfinished",
        "CREATE TEMP TABLE u (id int CONSTRAINT key PRIMARY KEY CHECK (id > 0)); INSERT INTO u VALUES (1), (1)",
        "CREATE TEMP TABLE u (id int CONSTRAINT positive CHECK (id > 0)); INSERT INTO u VALUES (-1)",
        "DO $$ BEGIN RAISE 'own' USING ERRCODE = 'ZX123', DETAIL = 'd', HINT = 'h', COLUMN = 'c', TABLE = 't'; END $$",
        "SELECT 1; SELECT 1/0; SELECT 2", "", ";", "-- nothing",
    ):
        try:
            cur.execute(text)
            print(cur.statusmessage)
        except psycopg2.Error as e:
            print(said(e))
        conn.rollback()


@section
def transactions(conn):
    cur = conn.cursor()
    print(conn.info.transaction_status)
    cur.execute("SELECT 1")
    print(conn.info.transaction_status)
    try:
        cur.execute("SELECT 1/0")
    except psycopg2.Error as e:
        print(conn.info.transaction_status, e.pgcode)
    try:
        cur.execute("SELECT 1")
    except psycopg2.Error as e:
        print(said(e))
    conn.rollback()
    conn.set_session(isolation_level="SERIALIZABLE", readonly=True, deferrable=True)
    cur.execute("SHOW transaction_isolation")
    print(cur.fetchone())
    try:
        cur.execute("CREATE TABLE never (a int)")
    except psycopg2.Error as e:
        print(said(e))
    conn.rollback()


@section
def two_phase_commit(conn):
    xid = conn.xid(1, "global", "branch psycopg2")
    conn.tpc_begin(xid)
    conn.cursor().execute("CREATE TABLE two_phase (a int)")
    conn.tpc_prepare()
    conn.reset()
    print([x.bqual for x in conn.tpc_recover()])
    conn.tpc_rollback(xid)


@section
def large_objects(conn):
    lob = conn.lobject(0, "wb")
    print(lob.write(b"0123456789" * 10000))
    lob.seek(5)
    print(lob.tell())
    lob.close()
    lob = conn.lobject(lob.oid, "rb")
    print(lob.read(12), len(lob.read()))
    lob.close()
    lob = conn.lobject(lob.oid, "rw")
    lob.truncate(7)
    print(lob.seek(0, 2))
    lob.unlink()
    try:
        conn.lobject(lob.oid, "rb")
    except psycopg2.Error as e:
        print(said(e).replace(str(lob.oid), "OID"))


@section
def many_statements_in_one(conn):
    cur = conn.cursor()
    cur.execute("CREATE TEMP TABLE t (a int); INSERT INTO t SELECT generate_series(1, 5); UPDATE t SET a = a + 1; SELECT sum(a) FROM t")
    print(cur.fetchone(), cur.statusmessage)
    psycopg2.extras.execute_values(cur, "INSERT INTO t VALUES %s RETURNING a", [(i,) for i in range(1000)])
    psycopg2.extras.execute_batch(cur, "UPDATE t SET a = a + %s", [(i,) for i in range(200)])
    cur.execute("SELECT count(*), sum(a) FROM t")
    print(cur.fetchone())


@section
def server_side_prepare(conn):
    cur = conn.cursor()
    cur.execute("PREPARE p (int, text) AS SELECT $1 * 2, upper($2)")
    for i in range(8):
        cur.execute("EXECUTE p (%s, %s)", (i, "abc"))
        print(cur.fetchone())
    cur.execute("DEALLOCATE p")
    try:
        cur.execute("EXECUTE p (1, 'x')")
    except psycopg2.Error as e:
        print(said(e))
    conn.rollback()
    conn.autocommit = True
    cur.execute("DISCARD ALL")
    print(cur.statusmessage)


@section
def settings_reach_the_client(conn):
    conn.autocommit = True
    cur = conn.cursor()
    for name in ("server_encoding", "client_encoding", "DateStyle", "TimeZone", "integer_datetimes",
                 "standard_conforming_strings", "is_superuser", "session_authorization", "IntervalStyle"):
        print(name, conn.get_parameter_status(name))
    cur.execute("SET TIME ZONE 'Asia/Kolkata'; SET application_name = 'named'; SET DateStyle = 'German'")
    print(conn.get_parameter_status("TimeZone"), conn.get_parameter_status("application_name"), conn.get_parameter_status("DateStyle"))
    print(conn.server_version // 10000 == int(conn.get_parameter_status("server_version").split(".")[0]))


@section
def big_rows(conn):
    cur = conn.cursor()
    cur.execute("SELECT repeat('a', 20000000), md5(repeat('b', 1000000))")
    row = cur.fetchone()
    print(len(row[0]), row[1])
    cur.execute("SELECT i, md5(i::text) FROM generate_series(1, 100000) i")
    print(hash(tuple(cur.fetchall())) is not None, cur.rowcount)
    cur.execute("SELECT length(%s)", ("z" * 500000,))
    print(cur.fetchone())


@section
def asynchronous_connection(conn):
    def wait(c):
        while True:
            state = c.poll()
            if state == psycopg2.extensions.POLL_OK:
                return
            select.select([c] if state == psycopg2.extensions.POLL_READ else [], [c] if state == psycopg2.extensions.POLL_WRITE else [], [], 10)

    other = psycopg2.connect("", async_=1)
    wait(other)
    cur = other.cursor()
    cur.execute("SELECT 'asynchronous', pg_sleep(0.1)")
    wait(other)
    print(cur.fetchall())
    other.close()


@section
def wrong_logins(conn):
    connects("user=nobody_here", "dbname=nothing_here", "password=wrong")


@section
def settings_of_the_start(conn):
    connects("options='-c work_mem=12MB' application_name=mine", "options='-c geqo=off -c search_path=a,b'", "options='-c work_mem=lots'")


@section
def unknown_settings_of_the_start(conn):
    connects("options='-c nothing_here=1'")


def connects(*settings):
    for dsn in settings:
        try:
            other = psycopg2.connect(dsn)
            cur = other.cursor()
            cur.execute("SELECT current_setting('work_mem'), current_setting('application_name'), current_setting('search_path')")
            print(cur.fetchone())
            other.close()
        except psycopg2.Error as e:
            print(said(e))


if __name__ == "__main__":
    run(lambda: psycopg2.connect(""))
