"""The same tests meet both stores, over HTTP, with the same plain client."""

from collections.abc import Iterator

import pytest

from tests.storage.http_client import serving_local
from tests.storage.swift_server import running_swift
from voucherweb.config import S3Settings
from voucherweb.storage.keys import object_key
from voucherweb.storage.local import LocalStorage
from voucherweb.storage.protocol import Storage
from voucherweb.storage.s3 import S3Storage


@pytest.fixture(scope="session")
def swift() -> Iterator[S3Settings]:
    with running_swift() as settings:
        yield settings


@pytest.fixture(scope="session")
def s3(swift: S3Settings) -> S3Storage:
    return S3Storage(swift)


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStorage]:
    with serving_local(tmp_path_factory.mktemp("data") / "objects") as storage:
        yield storage


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest) -> Storage:
    chosen: Storage = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
def key() -> str:
    return object_key(is_thumbnail=True, file_type="png")
