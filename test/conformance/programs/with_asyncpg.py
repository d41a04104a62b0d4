"""asyncpg: a protocol implementation of its own, binary, everything prepared."""

import asyncio
import datetime
import io

import asyncpg
from sections import begin, end, said, section, sections


@section
async def values_of_many_types(conn):
    row = await conn.fetchrow("""SELECT 1::int2 a, 2::int4 b, 3::int8 c, 1.5::float8 d, 'Infinity'::float4 e, 12345678901234567890.123::numeric f,
        'text'::text g, 'ü€😀'::varchar(5) h, '\\x00ff'::bytea i, true j, NULL::int k, '2024-02-29'::date l,
        '2024-02-29 12:34:56.789+02'::timestamptz m, '1 day 2 hours'::interval n, '{1,2,NULL}'::int[] o,
        '{"a": [1, null]}'::jsonb p, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid q, '10.0.0.0/8'::cidr r,
        '[1,5)'::int4range s, ROW(1, 'a') t, '(1,2)'::point u, B'1011'::bit(4) v""")
    for key, value in row.items():
        print(key, repr(value))


@section
async def parameters(conn):
    print(await conn.fetchrow("SELECT $1::int, $2::text, $3::bytea, $4::timestamptz, $5::int[], $6::numeric",
                              7, "it's", b"\x00", datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc), [1, None], 5))
    try:
        await conn.fetch("SELECT $1::int", "x")
    except Exception as e:
        print(type(e).__name__)


@section
async def prepared_statements(conn):
    stmt = await conn.prepare("SELECT $1::int AS n, $2::text AS t")
    print([t.name for t in stmt.get_parameters()], [a.name for a in stmt.get_attributes()], stmt.get_query())
    print(await stmt.fetchrow(1, "a"), await stmt.fetchval(2, "b"), stmt.get_statusmsg())
    print(await stmt.executemany([(i, str(i)) for i in range(100)]))
    await conn.execute("DEALLOCATE ALL")
    try:
        print(await stmt.fetchrow(3, "c"))
    except asyncpg.PostgresError as e:
        print(type(e).__name__, e.sqlstate)


@section
async def a_cached_plan_that_changes(conn):
    await conn.execute("CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1)")
    print(await conn.fetch("SELECT * FROM t"))
    await conn.execute("ALTER TABLE t ADD b text DEFAULT 'new'")
    print(await conn.fetch("SELECT * FROM t"))


@section
async def cursors(conn):
    async with conn.transaction():
        cur = await conn.cursor("SELECT i FROM generate_series(1, 100) i WHERE i > $1", 3)
        print(await cur.fetchrow(), await cur.fetch(4), await cur.forward(50), await cur.fetch(2))
        print(len(await cur.fetch(1000)), await cur.fetchrow())
        print(sum([r[0] async for r in conn.cursor("SELECT i FROM generate_series(1, 1000) i", prefetch=13)]))


@section
async def executemany(conn):
    await conn.execute("CREATE TEMP TABLE t (a int PRIMARY KEY, b text)")
    await conn.executemany("INSERT INTO t VALUES ($1, $2)", [(i, "x" * i) for i in range(1000)])
    print(await conn.fetchrow("SELECT count(*), sum(length(b)) FROM t"))
    try:
        await conn.executemany("INSERT INTO t VALUES ($1, $2)", [(i, "") for i in range(2000, 1998, -1)] + [(5, "twice")])
    except asyncpg.PostgresError as e:
        print(said(e))
    print(await conn.fetchval("SELECT count(*) FROM t"))


@section
async def copy(conn):
    await conn.execute("CREATE TEMP TABLE t (a int, b text)")
    print(await conn.copy_records_to_table("t", records=[(i, f"r{i}") for i in range(3000)]))
    print(await conn.copy_to_table("t", source=io.BytesIO(b"1,a\n2,b\n"), format="csv"))
    out = io.BytesIO()
    print(await conn.copy_from_query("SELECT * FROM t WHERE a < $1 ORDER BY a, b", 3, output=out, format="csv"), out.getvalue())
    out = io.BytesIO()
    print(await conn.copy_from_table("t", output=out, format="binary"), len(out.getvalue()))
    try:
        await conn.copy_to_table("t", source=io.BytesIO(b"x\ty\n"))
    except asyncpg.PostgresError as e:
        print(said(e))
    try:
        await conn.copy_records_to_table("t", records=[("not a number", 1)])
    except Exception as e:
        print(type(e).__name__)
    print(await conn.fetchval("SELECT count(*) FROM t"))


@section
async def cancel(conn):
    try:
        await asyncio.wait_for(conn.execute("SELECT pg_sleep(30)"), 0.3)
    except asyncio.TimeoutError:
        print("timed out")
    print(await conn.fetchval("SELECT 'after'"))
    try:
        await conn.fetch("SELECT pg_sleep(30)", timeout=0.3)
    except asyncio.TimeoutError:
        print("timed out")
    print(await conn.fetchval("SELECT 'after'"))


@section
async def listen_and_notify(conn):
    got = asyncio.Queue()
    await conn.add_listener("channel", lambda c, pid, channel, payload: got.put_nowait((pid, channel, payload)))
    other = await asyncpg.connect()
    await other.execute("SELECT pg_notify('channel', 'from the other')")
    pid, channel, payload = await asyncio.wait_for(got.get(), 10)
    print(pid == other.get_server_pid(), channel, payload)
    await conn.execute("NOTIFY channel, 'own'")
    pid, channel, payload = await asyncio.wait_for(got.get(), 10)
    print(pid == conn.get_server_pid(), channel, payload)
    await other.close()


@section
async def backend_pid(conn):
    print(await conn.fetchval("SELECT pg_backend_pid()") == conn.get_server_pid())


@section
async def terminate_by_pid(conn):
    other = await asyncpg.connect()
    ended = asyncio.Event()
    other.add_termination_listener(lambda c: ended.set())
    await conn.execute("SELECT pg_terminate_backend(%d)" % other.get_server_pid())
    await asyncio.wait_for(ended.wait(), 10)
    print(other.is_closed())


@section
async def notices_and_settings(conn):
    conn.add_log_listener(lambda c, m: print(m.severity, m.message, m.detail, m.hint))
    await conn.execute("DO $$ BEGIN RAISE WARNING 'w' USING HINT = 'h', DETAIL = 'd'; END $$")
    await conn.execute("SET TIME ZONE 'Europe/Berlin'")
    await asyncio.sleep(0)
    print(conn.get_settings().TimeZone, conn.get_settings().server_encoding, conn.get_server_version().major)


@section
async def transactions(conn):
    await conn.execute("CREATE TEMP TABLE t (a int PRIMARY KEY)")
    async with conn.transaction(isolation="serializable"):
        await conn.execute("INSERT INTO t VALUES (1)")
        try:
            async with conn.transaction():
                await conn.execute("INSERT INTO t VALUES (1)")
        except asyncpg.UniqueViolationError as e:
            print(said(e))
        print(await conn.fetchval("SELECT count(*) FROM t"), conn.is_in_transaction())
    try:
        async with conn.transaction(readonly=True):
            await conn.execute("CREATE TABLE never (a int)")
    except asyncpg.PostgresError as e:
        print(said(e))


@section
async def errors(conn):
    for text in ("SELECT 1/0", "SELECT * FROM nothing_here", "SELEC 1", "SELECT $1", "SELECT 1; SELECT 2", "", "SELECT ''::int",
                 "INSERT INTO pg_class DEFAULT VALUES"):
        try:
            print(await conn.fetch(text))
        except Exception as e:
            print(said(e))
        try:
            print(await conn.execute(text))
        except Exception as e:
            print(said(e))


@section
async def pool(conn):
    async with asyncpg.create_pool(min_size=2, max_size=4) as p:
        print(sorted(await asyncio.gather(*[p.fetchval("SELECT $1::int * 10", i) for i in range(40)])))
        async with p.acquire() as c:
            await c.execute("SET work_mem = '9MB'; CREATE TEMP TABLE left_behind (a int)")
        async with p.acquire() as c:
            print(await c.fetchval("SHOW work_mem"))


@section
async def big_values(conn):
    print(len(await conn.fetchval("SELECT repeat('a', 20000000)")))
    print(await conn.fetchval("SELECT octet_length($1::bytea)", b"\x00" * 10_000_000))
    print(len(await conn.fetch("SELECT i, md5(i::text) FROM generate_series(1, 50000) i")))


async def main():
    for f in sections:
        begin(f)
        conn = error = None
        try:
            conn = await asyncpg.connect()
            await asyncio.wait_for(f(conn), 60)
        except Exception as e:
            error = e
        if conn is not None and not conn.is_closed():
            await conn.close()
        end(error)


asyncio.run(main())
