"""The models say what the migrations make."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import Index, text

from voucherweb.models import Base
from voucherweb.transaction import session

TOLD_OTHERWISE = {"ix_cards_number"}
"""Indexes whose expression PostgreSQL tells in other words than the model."""


def differences() -> list[object]:
    context = MigrationContext.configure(session.connection())
    found = compare_metadata(context, Base.metadata)
    return [one for one in found if _index(one) not in TOLD_OTHERWISE]


def _index(difference: tuple[object, ...]) -> str | None:
    about = difference[-1]
    return about.name if isinstance(about, Index) else None


def test_models_and_migrated_tables_agree(app: Flask) -> None:
    with app.app_context():
        assert differences() == []


def test_a_column_that_only_the_database_has_is_told(app: Flask) -> None:
    with app.app_context():
        session.execute(text("ALTER TABLE tenants ADD COLUMN stray integer"))
        told = differences()
        session.rollback()
        assert len(told) == 1
        assert "stray" in str(told[0])


def test_columns_that_an_index_carries_along_agree(app: Flask) -> None:
    """What `INCLUDE` names is not compared above."""
    carried = {
        index.name: list(index.dialect_options["postgresql"]["include"] or ())
        for table in Base.metadata.tables.values()
        for index in table.indexes
    }
    query = """
        SELECT c.relname,
               array_agg(a.attname ORDER BY k.place) FILTER (WHERE k.place > i.indnkeyatts)
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(column_number, place)
        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.column_number
        WHERE c.relnamespace = 'public'::regnamespace GROUP BY c.relname
    """
    with app.app_context():
        made = {name: list(names or ()) for name, names in session.execute(text(query))}
    assert any(carried.values())
    assert {name: names for name, names in made.items() if name in carried} == carried
