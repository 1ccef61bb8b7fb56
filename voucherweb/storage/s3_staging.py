"""Uploads in parts smaller than S3 can join (5 MiB, but for the last).

The contract sets no least size of a part. Such parts are kept as objects of their own under
`staged/` and joined here, through a temporary file, once each has the announced size and MD5.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from voucherweb.storage.keys import MEGABYTE, check_key
from voucherweb.storage.protocol import PartSpec, md5_hex, missing_part, parts_digest, wrong_part
from voucherweb.storage.s3_client import S3Bucket, code_of

MIN_PART = 5 * MEGABYTE
"""Bytes that S3 demands of every part but the last."""

ROOT = "staged"
"""The folder that holds the parts; its name is reserved, so that no object's key lies there."""

DIGEST = "parts"
"""The metadata under which a joined object says which parts it was made of."""


class StagedParts:
    """Parts as objects of one bucket."""

    def __init__(self, bucket: S3Bucket) -> None:
        self._bucket = bucket

    def needed(self, ordered: Sequence[PartSpec]) -> bool:
        """Whether S3 itself would refuse to join these parts."""
        return any(part.size < MIN_PART for part in ordered[:-1])

    def start(self) -> str:
        """The id of a new upload."""
        return f"{ROOT}-{uuid.uuid4().hex}"

    def owns(self, upload_id: str) -> bool:
        """Whether `start` gave out this id."""
        return upload_id.startswith(f"{ROOT}-")

    def name(self, key: str, upload_id: str, number: int) -> str:
        """Where a part is kept."""
        return f"{_folder(key, upload_id)}{number}"

    def join(self, key: str, upload_id: str, ordered: Sequence[PartSpec]) -> None:
        """Make the object; raises `UploadNotComplete` when a part is missing or differs."""
        sent = self._list(key, upload_id)
        for part in ordered:
            compare(part, sent.get(part.number))
        with SpooledTemporaryFile(max_size=16 * MEGABYTE) as whole:
            for part in ordered:
                whole.write(self._fetch(self.name(key, upload_id, part.number), part))
            whole.seek(0)
            self._bucket.client.upload_fileobj(
                cast("BinaryIO", whole),
                self._bucket.name,
                key,
                ExtraArgs={
                    "ContentType": check_key(key).media_type,
                    "Metadata": {DIGEST: parts_digest(ordered)},
                },
                Config=TransferConfig(use_threads=False),
            )
        self.remove(key, upload_id)

    def remove(self, key: str, upload_id: str) -> None:
        """Delete the parts of an upload."""
        for number in self._list(key, upload_id):
            self._bucket.client.delete_object(
                Bucket=self._bucket.name, Key=self.name(key, upload_id, number)
            )

    def sweep(self, before: datetime) -> int:
        """Delete parts sent before that instant; returns how many."""
        removed = 0
        pages = self._bucket.client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket.name, Prefix=f"{ROOT}/"
        )
        for page in pages:
            for item in page.get("Contents", []):
                if item["LastModified"] < before:
                    self._bucket.client.delete_object(Bucket=self._bucket.name, Key=item["Key"])
                    removed += 1
        return removed

    def _list(self, key: str, upload_id: str) -> dict[int, tuple[int, str]]:
        folder = _folder(key, upload_id)
        pages = self._bucket.client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket.name, Prefix=folder
        )
        return {
            int(item["Key"].removeprefix(folder)): (item["Size"], item["ETag"].strip('"'))
            for page in pages
            for item in page.get("Contents", [])
        }

    def _fetch(self, name: str, part: PartSpec) -> bytes:
        """A part's bytes, compared again: it might have been sent anew since it was listed."""
        try:
            answer = self._bucket.client.get_object(Bucket=self._bucket.name, Key=name)
        except ClientError as error:
            if code_of(error) == "NoSuchKey":
                raise missing_part(part.number) from None
            raise
        with answer["Body"] as body:
            data = body.read(part.size + 1)
        compare(part, (len(data), md5_hex(data)))
        return data


def compare(part: PartSpec, sent: tuple[int, str] | None) -> None:
    """Raises `UploadNotComplete` unless (size, MD5) of what was sent are as announced."""
    if sent is None:
        raise missing_part(part.number)
    if sent != (part.size, part.md5):
        raise wrong_part(part.number)


def _folder(key: str, upload_id: str) -> str:
    return f"{ROOT}/{upload_id}/{key}/"
