"""Starts an OpenStack Swift node with its S3 interface: a store that checks every signature.

It never skips: a machine that cannot run Swift fails the tests, with the reason.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from tempfile import TemporaryDirectory

import boto3
from botocore.config import Config

from voucherweb.config import S3Settings

START_SECONDS = 60
_NODE = Path(__file__).with_name("swift_node.py")


class SwiftError(RuntimeError):
    """Swift cannot run here; the message says why."""


@contextmanager
def running_swift() -> Iterator[S3Settings]:
    """A fresh store with an empty bucket, for as long as the context lasts."""
    access_key, secret = "test:tester", "testing"
    with (
        TemporaryDirectory(prefix="swift-", dir=_folder_with_xattrs()) as folder,
        (Path(folder) / "stderr").open("wb") as stderr,
    ):
        node = subprocess.Popen(
            [sys.executable, str(_NODE), folder, access_key, secret],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
        try:
            port = _port(node, Path(stderr.name))
            settings = S3Settings(
                f"http://127.0.0.1:{port}", "us-east-1", "vouchers", access_key, secret
            )
            _make_bucket(settings)
            yield settings
        finally:
            node.terminate()
            node.communicate(timeout=10)


def _folder_with_xattrs() -> str:
    """Swift keeps an object's metadata in extended attributes, which not every disk has."""
    tried = []
    for folder in (os.environ.get("TMPDIR", "/tmp"), "/var/tmp", "/dev/shm", str(Path.cwd())):  # noqa: S108 - a private directory is made below it.
        try:
            with TemporaryDirectory(prefix="xattr-", dir=folder) as probe:
                os.setxattr(probe, "user.swift.probe", b"1")
        except OSError as error:
            tried.append(f"{folder}: {error}")
        else:
            return folder
    raise SwiftError(f"no folder with extended attributes for Swift: {'; '.join(tried)}")


def _port(node: "subprocess.Popen[bytes]", stderr: Path) -> int:
    lines: Queue[bytes] = Queue()
    assert node.stdout is not None
    threading.Thread(target=lambda out: lines.put(out.readline()), args=(node.stdout,)).start()
    try:
        line = lines.get(timeout=START_SECONDS)
    except Empty:
        line = b""
    word, _, port = line.decode().partition(" ")
    if word != "READY":
        raise SwiftError(f"Swift did not start: {stderr.read_text(errors='replace')[-2000:]}")
    return int(port)


def _make_bucket(settings: S3Settings) -> None:
    boto3.session.Session().client(
        "s3",
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key,
        config=Config(s3={"addressing_style": "path"}),
    ).create_bucket(Bucket=settings.bucket)
