"""Tables to and from streams by COPY: portable between majors of PostgreSQL, which the server's
own files and binary formats are not, and without any program besides the server.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Final

from psycopg import Connection, sql

from voucherweb.services.backup_archive import Sink, TableEntry

MIGRATION_LOCK: Final = 714_285
"""The advisory lock that upgrades hold (migrations/env.py)."""
_CHUNK: Final = 256 * 1024

# How values look as text depends on these; the reader sets what the writer set.
_TEXT_FORM = (
    "SET LOCAL datestyle = 'ISO, YMD'",
    "SET LOCAL intervalstyle = 'postgres'",
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL extra_float_digits = 1",
    "SET LOCAL client_encoding = 'UTF8'",
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL row_security = off",  # An error rather than a part of the rows.
)

_COLUMNS = """
    SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND NOT c.relispartition AND c.relname <> 'alembic_version'
      AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    GROUP BY c.relname ORDER BY c.relname
"""
_SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
_FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND conparentid = 0
"""
# What extensions brought belongs to them and stays; sequences and views go with their tables.
_DROPS = (
    """
    SELECT format('DROP TABLE %s CASCADE', c.oid::regclass) FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND NOT c.relispartition
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    """,
    """
    SELECT format('DROP ROUTINE %s CASCADE', p.oid::regprocedure) FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    """,
    """
    SELECT format('DROP TYPE %s CASCADE', t.oid::regtype) FROM pg_type t
    LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE t.typnamespace = 'public'::regnamespace
      AND (t.typtype IN ('d', 'e', 'r') OR c.relkind = 'c')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
    """,
)


def fix_text_form(connection: Connection) -> None:
    """Settle for this transaction how values are written, and that COPY may take its time."""
    for statement in _TEXT_FORM:
        connection.execute(statement.encode())


def try_migration_lock(connection: Connection, *, shared: bool) -> bool:
    """Keep upgrades away until the end of this transaction; False while one runs."""
    name = "pg_try_advisory_xact_lock_shared" if shared else "pg_try_advisory_xact_lock"
    query = sql.SQL("SELECT {}(%s)").format(sql.Identifier(name))
    return connection.execute(query, [MIGRATION_LOCK]).fetchone() == (True,)


def columns_by_table(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Every table of the system, but for Alembic's, with the columns that hold something."""
    return {name: tuple(columns) for name, columns in connection.execute(_COLUMNS.encode())}


def sequences(connection: Connection) -> dict[str, int]:
    """The last value of each sequence that has given one."""
    rows = connection.execute(_SEQUENCES.encode())
    return {name: last for name, last in rows if last is not None}


def lock_against_changes(connection: Connection, names: Iterable[str]) -> None:
    """Rows may come and go, tables not: as pg_dump does."""
    listed = sql.SQL(", ").join(map(sql.Identifier, names))
    connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(listed))


def dump(connection: Connection, name: str, columns: tuple[str, ...], sink: Sink) -> int:
    """Write a table's rows as text; how many."""
    query = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(_listed(columns), _table(name))
    with connection.cursor() as cursor:
        with cursor.copy(query) as copy:
            for chunk in copy:
                sink.write(chunk)
        return cursor.rowcount


def load(connection: Connection, name: str, entry: TableEntry, stream: IO[bytes]) -> int:
    """Read a table's rows back; how many."""
    query = sql.SQL("COPY {} ({}) FROM STDIN").format(_table(name), _listed(entry.columns))
    with connection.cursor() as cursor:
        with cursor.copy(query) as copy:
            while chunk := stream.read(_CHUNK):
                copy.write(chunk)
        return cursor.rowcount


def set_sequences(connection: Connection, values: dict[str, int]) -> None:
    """Have each sequence go on after the value given."""
    for name, value in values.items():
        connection.execute("SELECT setval(format('public.%%I', %s::text), %s)", [name, value])


def drop_everything(connection: Connection) -> None:
    """Remove the system's tables, functions and types."""
    for query in _DROPS:
        for (statement,) in connection.execute(query.encode()).fetchall():
            connection.execute(statement.encode())


@contextmanager
def without_guards(connection: Connection, names: Iterable[str]) -> Iterator[None]:
    """Empty the tables and let rows in whatever their order; at the end every foreign key is
    checked again over all rows, and the triggers that forbid changes are back.
    """
    tables = [_table(name) for name in names]
    keys = connection.execute(_FOREIGN_KEYS.encode()).fetchall()
    for table, name, _ in keys:
        connection.execute(
            _alter(table, sql.SQL("DROP CONSTRAINT {}").format(sql.Identifier(name)))
        )
    for one in tables:
        connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(one))
    connection.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(tables)))
    yield
    for table, name, definition in keys:
        added = sql.SQL("ADD CONSTRAINT {} {}").format(sql.Identifier(name), _known(definition))
        connection.execute(_alter(table, added))
    for one in tables:
        connection.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(one))


def analyze(connection: Connection, names: Iterable[str]) -> None:
    """Tell the planner about the new rows, so that the first requests are as fast as later ones."""
    listed = sql.SQL(", ").join(_table(name) for name in names)
    connection.execute(sql.SQL("ANALYZE {}").format(listed))


def _table(name: str) -> sql.Identifier:
    return sql.Identifier("public", name)


def _listed(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _known(text: str) -> sql.SQL:
    """SQL that the server itself wrote."""
    return sql.SQL(text)


def _alter(table: str, action: sql.Composed) -> sql.Composed:
    return sql.SQL("ALTER TABLE {} {}").format(_known(table), action)
