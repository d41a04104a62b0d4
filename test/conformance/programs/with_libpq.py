"""The newest libpq itself, called without a library between: what it has that older
clients do not use yet."""

import ctypes
import os
import select
import struct
import time
from sections import run, section

pq = ctypes.CDLL(os.environ["LIBPQ"])
P, S, I = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
for name, result, arguments in (
    ("PQconnectdb", P, [S]), ("PQfinish", None, [P]), ("PQstatus", I, [P]), ("PQerrorMessage", S, [P]),
    ("PQexec", P, [P, S]), ("PQclear", None, [P]), ("PQresultStatus", I, [P]), ("PQresStatus", S, [I]),
    ("PQresultErrorField", S, [P, I]), ("PQntuples", I, [P]), ("PQnfields", I, [P]), ("PQgetvalue", P, [P, I, I]),
    ("PQgetlength", I, [P, I, I]), ("PQgetisnull", I, [P, I, I]), ("PQcmdStatus", S, [P]), ("PQfname", S, [P, I]), ("PQftype", ctypes.c_uint, [P, I]),
    ("PQfullProtocolVersion", I, [P]), ("PQbackendPID", I, [P]), ("PQsocket", I, [P]), ("PQserverVersion", I, [P]),
    ("PQparameterStatus", S, [P, S]), ("PQtransactionStatus", I, [P]),
    ("PQsslInUse", I, [P]), ("PQsslAttribute", S, [P, S]), ("PQconnectionUsedPassword", I, [P]),
    ("PQcancelCreate", P, [P]), ("PQcancelBlocking", I, [P]), ("PQcancelStart", I, [P]), ("PQcancelPoll", I, [P]),
    ("PQcancelSocket", I, [P]), ("PQcancelErrorMessage", S, [P]), ("PQcancelFinish", None, [P]),
    ("PQsendQuery", I, [P, S]), ("PQgetResult", P, [P]), ("PQconsumeInput", I, [P]), ("PQisBusy", I, [P]),
    ("PQsendQueryParams", I, [P, S, I, P, P, P, P, I]), ("PQprepare", P, [P, S, S, I, P]), ("PQsendPrepare", I, [P, S, S, I, P]),
    ("PQexecPrepared", P, [P, S, I, P, P, P, I]), ("PQclosePrepared", P, [P, S]), ("PQclosePortal", P, [P, S]),
    ("PQsendQueryPrepared", I, [P, S, I, P, P, P, I]), ("PQsendClosePrepared", I, [P, S]), ("PQdescribePortal", P, [P, S]),
    ("PQenterPipelineMode", I, [P]), ("PQexitPipelineMode", I, [P]), ("PQpipelineSync", I, [P]), ("PQsendPipelineSync", I, [P]),
    ("PQsendFlushRequest", I, [P]), ("PQflush", I, [P]), ("PQsetSingleRowMode", I, [P]), ("PQsetChunkedRowsMode", I, [P, I]),
    ("PQputCopyData", I, [P, ctypes.c_char_p, I]), ("PQputCopyEnd", I, [P, S]), ("PQgetCopyData", I, [P, ctypes.POINTER(P), I]),
    ("PQfreemem", None, [P]), ("PQnotifies", P, [P]), ("PQchangePassword", P, [P, S, S]), ("PQping", I, [S]),
    ("lo_create", ctypes.c_uint, [P, ctypes.c_uint]), ("lo_open", I, [P, ctypes.c_uint, I]), ("lo_write", I, [P, I, S, ctypes.c_size_t]),
    ("lo_read", I, [P, I, P, ctypes.c_size_t]), ("lo_lseek64", ctypes.c_int64, [P, I, ctypes.c_int64, I]),
    ("lo_tell64", ctypes.c_int64, [P, I]), ("lo_truncate64", I, [P, I, ctypes.c_int64]), ("lo_close", I, [P, I]), ("lo_unlink", I, [P, ctypes.c_uint]),
):
    f = getattr(pq, name)
    f.restype, f.argtypes = result, arguments

NOTHING = (None, None, None)


class Conn:
    def __init__(self, more=""):
        self.p = pq.PQconnectdb(more.encode())
        if pq.PQstatus(self.p) != 0:
            message = pq.PQerrorMessage(self.p).decode()
            self.close()
            raise ConnectionError(message)

    def close(self):
        if self.p:
            pq.PQfinish(self.p)
            self.p = None

    def run(self, text):
        return show(pq.PQexec(self.p, text.encode()))

    def results(self):
        """What comes until the end of one query."""
        list = []
        while r := pq.PQgetResult(self.p):
            list.append(show(r))
        return list


def show(r):
    """A result in one line; it is freed."""
    status = pq.PQresStatus(pq.PQresultStatus(r)).decode()
    parts = [status.removeprefix("PGRES_")]
    for code in "SCMDHpstdcn":
        field = pq.PQresultErrorField(r, ord(code))
        if field is not None:
            parts.append(f"{code}={field.decode()}")
    rows = []
    for i in range(pq.PQntuples(r)):
        rows.append([None if pq.PQgetisnull(r, i, j) else ctypes.string_at(pq.PQgetvalue(r, i, j), pq.PQgetlength(r, i, j))
                     for j in range(pq.PQnfields(r))])
    if len(rows) > 4:
        parts.append(f"{len(rows)} rows from {rows[0]} to {rows[-1]}")
    elif rows:
        parts.append(str(rows))
    command = pq.PQcmdStatus(r)
    if command:
        parts.append(command.decode())
    pq.PQclear(r)
    return " ".join(parts)


def texts(*values):
    return (ctypes.c_char_p * len(values))(*[None if v is None else v.encode() for v in values])


def tries(more):
    try:
        conn = Conn(more)
    except ConnectionError as e:
        return str(e)
    said = conn.run("SELECT 'in'")
    conn.close()
    return said


@section
def versions_of_the_protocol(conn):
    for more in ("", "max_protocol_version=3.2", "max_protocol_version=latest", "min_protocol_version=3.0 max_protocol_version=3.0"):
        other = Conn(more)
        print(more, pq.PQfullProtocolVersion(other.p), other.run("SELECT 1"), other.run(f"SELECT {pq.PQbackendPID(other.p)} = pg_backend_pid()"))
        other.close()
    print(tries("min_protocol_version=3.2 max_protocol_version=3.2"))


@section
def cancel(conn):
    for more in ("", "max_protocol_version=3.2"):
        other = Conn(more)
        pq.PQsendQuery(other.p, b"SELECT pg_sleep(30)")
        time.sleep(0.3)
        c = pq.PQcancelCreate(other.p)
        print(pq.PQcancelBlocking(c), pq.PQcancelErrorMessage(c))
        pq.PQcancelFinish(c)
        print(other.results())
        pq.PQsendQuery(other.p, b"SELECT pg_sleep(30)")
        time.sleep(0.3)
        c = pq.PQcancelCreate(other.p)
        pq.PQcancelStart(c)
        while (state := pq.PQcancelPoll(c)) not in (0, 3):
            fd = pq.PQcancelSocket(c)
            select.select([fd] if state == 1 else [], [fd] if state == 2 else [], [], 10)
        print(state, pq.PQcancelErrorMessage(c))
        pq.PQcancelFinish(c)
        print(other.results(), other.run("SELECT 'after'"))
        other.close()


@section
def a_cancel_request_after_the_session(conn):
    other = Conn()
    c = pq.PQcancelCreate(other.p)
    other.close()
    print(pq.PQcancelBlocking(c), pq.PQcancelErrorMessage(c))
    pq.PQcancelFinish(c)


@section
def chunks_of_rows(conn):
    pq.PQsendQuery(conn.p, b"SELECT i, md5(i::text) FROM generate_series(1, 1000) i")
    pq.PQsetChunkedRowsMode(conn.p, 300)
    print(conn.results())
    pq.PQsendQuery(conn.p, b"SELECT 1/(7 - i) FROM generate_series(1, 10) i")
    pq.PQsetChunkedRowsMode(conn.p, 4)
    print(conn.results())


@section
def a_pipeline_that_is_not_flushed(conn):
    pq.PQenterPipelineMode(conn.p)
    pq.PQsendPrepare(conn.p, b"double", b"SELECT $1::int * 2", 1, None)
    for i in range(3):
        pq.PQsendQueryPrepared(conn.p, b"double", 1, texts(str(i)), None, None, 1)
    pq.PQsendPipelineSync(conn.p)
    pq.PQsendQueryParams(conn.p, b"SELECT 1/$1::int", 1, None, texts("0"), *NOTHING[1:], 0)
    pq.PQsendQueryParams(conn.p, b"SELECT 'skipped'", 0, *NOTHING, None, 0)
    pq.PQsendPipelineSync(conn.p)
    pq.PQsendClosePrepared(conn.p, b"double")
    pq.PQsendQueryPrepared(conn.p, b"double", 1, texts("4"), None, None, 0)
    pq.PQpipelineSync(conn.p)
    syncs = 0
    while syncs < 3:
        for line in conn.results() or ["-"]:
            print(line)
            syncs += line.startswith("PIPELINE_SYNC")
    print(pq.PQexitPipelineMode(conn.p), conn.run("SELECT 'after'"))


@section
def a_flush_within_a_pipeline(conn):
    pq.PQenterPipelineMode(conn.p)
    pq.PQsendQueryParams(conn.p, b"SELECT 'flushed'", 0, *NOTHING, None, 0)
    pq.PQsendFlushRequest(conn.p)
    pq.PQflush(conn.p)
    print(conn.results())
    pq.PQsendQueryParams(conn.p, b"CREATE TEMP TABLE made (a int)", 0, *NOTHING, None, 0)
    pq.PQsendQueryParams(conn.p, b"INSERT INTO made VALUES (1), (2) RETURNING a", 0, *NOTHING, None, 1)
    pq.PQpipelineSync(conn.p)
    for _ in range(3):
        print(conn.results())
    print(pq.PQexitPipelineMode(conn.p))


@section
def closing_statements_and_portals(conn):
    print(show(pq.PQprepare(conn.p, b"one", b"SELECT $1::text", 0, None)))
    print(show(pq.PQexecPrepared(conn.p, b"one", 1, texts("x"), None, None, 1)))
    print(show(pq.PQclosePrepared(conn.p, b"one")), show(pq.PQclosePrepared(conn.p, b"never made")))
    print(show(pq.PQexecPrepared(conn.p, b"one", 1, texts("x"), None, None, 1)))
    print(conn.run("BEGIN; DECLARE c CURSOR FOR SELECT i FROM generate_series(1, 9) i; FETCH 2 FROM c"))
    print(show(pq.PQdescribePortal(conn.p, b"c")), show(pq.PQclosePortal(conn.p, b"c")))
    print(conn.run("FETCH 2 FROM c"), pq.PQtransactionStatus(conn.p), conn.run("ROLLBACK"))


@section
def copy_in_binary_format(conn):
    print(conn.run("CREATE TEMP TABLE t (a int, b text)"))
    print(conn.run("COPY t FROM STDIN (FORMAT binary)"))
    head = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
    pq.PQputCopyData(conn.p, head, len(head))
    for i in range(10000):
        row = struct.pack("!hii", 2, 4, i) + (struct.pack("!i", -1) if i % 3 else struct.pack("!i", 3) + b"abc")
        pq.PQputCopyData(conn.p, row, len(row))
    pq.PQputCopyData(conn.p, struct.pack("!h", -1), 2)
    print(pq.PQputCopyEnd(conn.p, None), conn.results(), conn.run("SELECT count(*), count(b), sum(a) FROM t"))
    print(conn.run("COPY (SELECT * FROM t WHERE a < 3 ORDER BY a) TO STDOUT (FORMAT binary)"))
    buffer = ctypes.c_void_p()
    while (n := pq.PQgetCopyData(conn.p, ctypes.byref(buffer), 0)) > 0:
        print(ctypes.string_at(buffer, n))
        pq.PQfreemem(buffer)
    print(n, conn.results())
    print(conn.run("COPY t FROM STDIN"))
    pq.PQputCopyData(conn.p, b"1\ta\n", 4)
    print(pq.PQputCopyEnd(conn.p, b"given up"), conn.results(), conn.run("SELECT count(*) FROM t"))


@section
def large_objects(conn):
    conn.run("BEGIN")
    oid = pq.lo_create(conn.p, 424242)
    fd = pq.lo_open(conn.p, oid, 0x60000)
    data = bytes(range(256)) * 400
    print(oid, fd, pq.lo_write(conn.p, fd, data, len(data)), pq.lo_lseek64(conn.p, fd, 5000, 0), pq.lo_tell64(conn.p, fd))
    buffer = ctypes.create_string_buffer(10)
    print(pq.lo_read(conn.p, fd, buffer, 10), buffer.raw, pq.lo_truncate64(conn.p, fd, 7), pq.lo_lseek64(conn.p, fd, 0, 2))
    print(pq.lo_close(conn.p, fd), pq.lo_unlink(conn.p, oid), conn.run("COMMIT"))
    print(pq.lo_open(conn.p, oid, 0x40000), pq.PQerrorMessage(conn.p), conn.run("SELECT 'after'"))


@section
def notifications(conn):
    class Notify(ctypes.Structure):
        _fields_ = [("relname", S), ("be_pid", I), ("extra", S)]

    other = Conn()
    print(conn.run("LISTEN channel"), other.run("NOTIFY channel, 'from the other'"), conn.run("NOTIFY channel, 'own'"))
    got = []
    deadline = time.time() + 10
    while len(got) < 2 and time.time() < deadline:
        select.select([pq.PQsocket(conn.p)], [], [], 1)
        pq.PQconsumeInput(conn.p)
        while n := pq.PQnotifies(conn.p):
            seen = ctypes.cast(n, ctypes.POINTER(Notify)).contents
            who = {pq.PQbackendPID(conn.p): "own", pq.PQbackendPID(other.p): "other"}.get(seen.be_pid, "unknown")
            got.append((seen.relname, seen.extra, who))
            pq.PQfreemem(n)
    print(sorted(got))
    other.close()


@section
def passwords(conn):
    print(conn.run("CREATE ROLE changes LOGIN PASSWORD 'old'"))
    print(show(pq.PQchangePassword(conn.p, b"changes", b"new secret")))
    print(conn.run("SELECT rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname = 'changes'"), conn.run("DROP ROLE changes"))


@section
def encryption(conn):
    print(pq.PQsslInUse(conn.p), pq.PQsslAttribute(conn.p, b"library"), pq.PQsslAttribute(conn.p, b"alpn"), pq.PQsslAttribute(conn.p, b"protocol"))
    print(tries("sslnegotiation=direct sslmode=verify-full" if pq.PQsslInUse(conn.p) else "sslmode=prefer"))
    print(tries("sslmode=prefer sslrootcert=''"), tries("gssencmode=prefer"))
    if pq.PQsslInUse(conn.p):
        other = Conn("sslnegotiation=direct sslmode=verify-full ssl_min_protocol_version=TLSv1.3")
        print(pq.PQsslAttribute(other.p, b"alpn"), pq.PQsslAttribute(other.p, b"protocol"), other.run("SELECT 'direct'"))
        other.close()


@section
def ping(conn):
    print(pq.PQping(b""), pq.PQping(b"dbname=nothing_here"))


@section
def authentication_that_the_client_requires(conn):
    print(pq.PQconnectionUsedPassword(conn.p))
    for more in ("require_auth=scram-sha-256", "require_auth=!password,!md5", "require_auth=md5"):
        print(more, tries(more))


@section
def channel_binding_that_the_client_requires(conn):
    print(tries("channel_binding=require"))


if __name__ == "__main__":
    run(lambda: Conn())
