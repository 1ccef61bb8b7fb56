"""What only the S3 store has: its client, its failures, and how it is chosen."""

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.storage.http_client import fetch
from voucherweb.config import S3Settings, load_settings
from voucherweb.storage import make_storage
from voucherweb.storage.keys import MEGABYTE
from voucherweb.storage.local import LocalStorage
from voucherweb.storage.protocol import PartSpec, StorageUnavailable, md5_hex
from voucherweb.storage.s3 import S3Storage

ENVIRONMENT = {"DATABASE_URL": "postgresql://x", "REDIS_URL": "redis://x"}
S3_ENVIRONMENT = {"S3_BUCKET": "b", "S3_ACCESS_KEY_ID": "k", "S3_SECRET_ACCESS_KEY": "s"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_settings_choose_the_store(tmp_path: Path) -> None:
    here = load_settings(ENVIRONMENT | {"DATA_DIR": str(tmp_path)})
    there = load_settings(ENVIRONMENT | S3_ENVIRONMENT)
    local = make_storage(here, lambda: "http://x")
    assert isinstance(local, LocalStorage)
    assert local.directory == tmp_path / "objects"
    assert isinstance(make_storage(there, lambda: "http://x"), S3Storage)


def test_a_store_that_is_away_is_unavailable(swift: S3Settings, key: str) -> None:
    away = S3Storage(replace(swift, endpoint=f"http://127.0.0.1:{free_port()}"))
    for call in (away.check, lambda: away.stat(key), lambda: away.write(key, b"x")):
        with pytest.raises(StorageUnavailable):
            call()


def test_a_wrong_secret_is_unavailable_and_opens_nothing(
    swift: S3Settings, s3: S3Storage, key: str
) -> None:
    stranger = S3Storage(replace(swift, secret_key="wrong"))
    with pytest.raises(StorageUnavailable):
        stranger.check()
    assert fetch("PUT", stranger.presign_put(key), b"x").status == 403
    assert s3.stat(key) is None


def test_a_missing_bucket_is_unavailable(swift: S3Settings) -> None:
    with pytest.raises(StorageUnavailable):
        S3Storage(replace(swift, bucket="nobody-made-it")).check()


def test_rival_threads_share_one_client(swift: S3Settings) -> None:
    bucket = S3Storage(swift).bucket
    with ThreadPoolExecutor(8) as pool:
        clients = list(pool.map(lambda _: bucket.client, range(16)))
    assert len({id(client) for client in clients}) == 1


def test_a_forked_process_makes_a_client_of_its_own(
    swift: S3Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = S3Storage(swift).bucket
    first = bucket.client
    assert bucket.client is first
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert bucket.client is not first


def test_a_content_md5_is_honoured_when_a_client_sends_one(s3: S3Storage, key: str) -> None:
    data = b"\x07" * (5 * MEGABYTE)
    parts = [PartSpec(1, md5_hex(data), len(data)), PartSpec(2, md5_hex(b"x"), 1)]
    url = s3.presign_part(key, s3.start_multipart(key, parts), parts[0])
    headers = {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}
    assert fetch("PUT", url, data, headers).status == 400


def test_joined_small_parts_leave_nothing_behind(s3: S3Storage, key: str) -> None:
    parts = [PartSpec(n, md5_hex(b"x"), 1) for n in (1, 2)]
    upload = s3.start_multipart(key, parts)
    for part in parts:
        assert fetch("PUT", s3.presign_part(key, upload, part), b"x").status == 200
    s3.complete_multipart(key, upload, parts)
    listed = s3.bucket.client.list_objects_v2(Bucket="vouchers", Prefix=f"staged/{upload}/")
    assert listed["KeyCount"] == 0
