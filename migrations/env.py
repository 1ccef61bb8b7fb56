"""Alembic's entry: runs the revisions with short lock waits, so that an upgrade never queues
behind a long reader and blocks everybody after it."""

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

from voucherweb.models import Base


def keep(obj: Any, name: str | None, type_: str, reflected: bool, compare_to: Any) -> bool:  # noqa: ARG001
    return not (type_ == "table" and name == "alembic_version")


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=keep,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run() -> None:
    given = context.config.attributes.get("connection")
    if given is not None:  # `restore` builds the schema within its own transaction.
        migrate(given)
        return
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection:
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.execute(text("SET statement_timeout = '15min'"))
        connection.commit()
        # Two instances that start together upgrade one after the other.
        connection.execute(text("SELECT pg_advisory_lock(714285)"))
        connection.commit()
        migrate(connection)
        connection.execute(text("SELECT pg_advisory_unlock(714285)"))
        connection.commit()


run()
