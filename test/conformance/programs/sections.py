"""What the Python programs share: each section is a test of its own, whose output
is compared between the two ways to the database."""

import traceback

sections = []


def section(f):
    sections.append(f)
    return f


def said(error):
    """What a client sees of an error, of whatever library it is."""
    diag = getattr(error, "diag", None) or error
    fields = [type(error).__name__, getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)]
    for name in ("severity", "message_primary", "message", "message_detail", "detail", "message_hint", "hint",
                 "statement_position", "position", "schema_name", "table_name", "column_name", "constraint_name", "context"):
        value = getattr(diag, name, None)
        if isinstance(value, (str, int)):
            fields.append(f"{name}={value}")
    if len(fields) == 2:
        fields.append(str(error))
    return " | ".join(str(f) for f in fields)


def begin(f):
    print(f"== {f.__name__}", flush=True)


def end(error):
    if error is None:
        print("-- ok", flush=True)
        return
    traceback.print_exception(error, limit=-1)
    print(f"-- failed: {type(error).__name__}: {error}", flush=True)


def run(connect):
    """Runs every section with a connection of its own."""
    for f in sections:
        begin(f)
        conn = error = None
        try:
            conn = connect()
            f(conn)
        except Exception as e:  # a section that fails must not end the others
            error = e
        finally:
            if conn is not None:
                conn.close()
        end(error)
