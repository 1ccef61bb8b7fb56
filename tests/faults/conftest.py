"""A system that is worth a backup, and an empty one to restore it to."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from psycopg import sql

from tests.support import cast
from tests.support.backups import clear_objects, store
from tests.support.cast import Caller
from tests.support.engines import TestEngines, make_settings
from voucherweb.config import Settings
from voucherweb.storage.keys import object_key


@pytest.fixture
def source(app: Flask, admin: Caller, settings: Settings) -> Iterator[Flask]:
    """A system with books, vouchers, redeemed pieces and objects, and nothing of other tests."""
    clear_objects(settings)
    voucher = cast.issue(admin, volume=5)
    spender = cast.make_member(admin.client, settings)
    spender.data("/voucher/redeem", {"voucherId": voucher})
    for number in range(3):
        store(app).write(object_key(True, "png"), bytes([number]) * 70_000)
    yield app
    clear_objects(settings)


@pytest.fixture
def empty(engines: TestEngines, settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """Settings of another, empty database and another DATA_DIR."""
    name = f"restored_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(engines.database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = engines.database_url.replace(connection.info.dbname + "?", name + "?", 1)
        yield make_settings(TestEngines(url, engines.redis_url), tmp_path / "data")
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
