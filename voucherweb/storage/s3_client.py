"""The connection to one S3 bucket: made late, short of patience, its failures in our words."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from voucherweb.config import S3Settings
from voucherweb.storage.protocol import StorageUnavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_log = logging.getLogger(__name__)


class S3Bucket:
    """A bucket's name and the client to reach it."""

    def __init__(self, settings: S3Settings) -> None:
        self.name = settings.bucket
        self._settings = settings
        self._lock = threading.Lock()
        self._made: tuple[int, S3Client] | None = None

    @property
    def client(self) -> "S3Client":
        """One client a process, made at first use; safe between threads, not across a fork."""
        made = self._made
        if made is None or made[0] != os.getpid():
            with self._lock:
                made = self._made
                if made is None or made[0] != os.getpid():
                    made = self._made = os.getpid(), _connect(self._settings)
        return made[1]

    def sign(self, operation: str, values: dict[str, object], expires: int) -> str:
        """A presigned address for one operation in this bucket, good for `expires` seconds."""
        with answering():
            return self.client.generate_presigned_url(
                operation, Params={"Bucket": self.name, **values}, ExpiresIn=expires
            )


@contextmanager
def answering() -> Iterator[None]:
    """Whatever the store could not do becomes `StorageUnavailable`, with its reason in the log."""
    try:
        yield
    except (BotoCoreError, ClientError, Boto3Error) as error:
        _log.warning("the object store failed: %s", error)
        raise StorageUnavailable from error


def code_of(error: ClientError) -> str:
    """The store's own word for an error, such as `NoSuchKey`."""
    return error.response.get("Error", {}).get("Code", "")


def _connect(settings: S3Settings) -> "S3Client":
    return boto3.session.Session().client(
        "s3",
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": settings.addressing},
            connect_timeout=3,
            read_timeout=10,
            retries={"mode": "standard", "total_max_attempts": 3},
            max_pool_connections=64,
            # Stores that are not Amazon's do not all know the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
