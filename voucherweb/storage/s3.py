"""Objects in an S3-compatible store, by boto3 and presigned addresses (behaviour §9).

Clients PUT parts without extra headers, so a part's MD5 cannot be signed into its address: only
its length is. The MD5 is enforced at completion, twice: against the tags that the store lists,
and by the store itself, which is told to join exactly the parts of those tags.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO, cast

from botocore.exceptions import ClientError

from voucherweb.config import S3Settings
from voucherweb.storage.keys import UPLOADS, attachment, check_key
from voucherweb.storage.protocol import (
    URL_LIFE,
    ObjectInfo,
    ObjectNotFound,
    PartSpec,
    UploadNotComplete,
    parts_digest,
)
from voucherweb.storage.s3_client import S3Bucket, answering, code_of
from voucherweb.storage.s3_staging import DIGEST, StagedParts, compare
from voucherweb.storage.url_cache import UrlCache

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Storage:
    """`Storage` in one bucket, which must exist. Its objects' tags must be plain MD5s: no
    encryption at rest by KMS or customer keys.
    """

    def __init__(self, settings: S3Settings) -> None:
        self.bucket = S3Bucket(settings)
        self._staged = StagedParts(self.bucket)
        self._cache = UrlCache()

    def presign_put(self, key: str, expires: int = URL_LIFE) -> str:
        check_key(key)
        return self.bucket.sign("put_object", {"Key": key}, expires)

    def start_multipart(self, key: str, parts: Sequence[PartSpec]) -> str:
        kind = check_key(key)
        ordered = sorted(parts, key=lambda part: part.number)
        if self._staged.needed(ordered):
            return self._staged.start()
        with answering():
            return self._client.create_multipart_upload(
                Bucket=self.bucket.name,
                Key=key,
                ContentType=kind.media_type,
                Metadata={DIGEST: parts_digest(ordered)},
            )["UploadId"]

    def presign_part(
        self, key: str, upload_id: str, part: PartSpec, expires: int = URL_LIFE
    ) -> str:
        check_key(key)
        # Every client sends Content-Length by itself; signing it fixes the part's size.
        values: dict[str, object] = {"ContentLength": part.size}
        if self._staged.owns(upload_id):
            values["Key"] = self._staged.name(key, upload_id, part.number)
            return self.bucket.sign("put_object", values, expires)
        values |= {"Key": key, "UploadId": upload_id, "PartNumber": part.number}
        return self.bucket.sign("upload_part", values, expires)

    def complete_multipart(self, key: str, upload_id: str, parts: Sequence[PartSpec]) -> None:
        check_key(key)
        ordered = sorted(parts, key=lambda part: part.number)
        join = self._staged.join if self._staged.owns(upload_id) else self._join
        with answering():
            try:
                join(key, upload_id, ordered)
            except UploadNotComplete:
                # A rival or an earlier call may have completed it and removed the parts.
                if not self._holds(key, ordered):
                    raise

    def abort_multipart(self, key: str, upload_id: str) -> None:
        check_key(key)
        with answering():
            if self._staged.owns(upload_id):
                self._staged.remove(key, upload_id)
                return
            try:
                self._client.abort_multipart_upload(
                    Bucket=self.bucket.name, Key=key, UploadId=upload_id
                )
            except ClientError as error:
                if code_of(error) != "NoSuchUpload":
                    raise

    def stat(self, key: str) -> ObjectInfo | None:
        found = self._head(key)
        return found[0] if found else None

    def read(self, key: str, limit: int) -> bytes:
        with self.open(key) as stream:
            return stream.read(limit)

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        check_key(key)
        return self._streaming(key)

    def write(self, key: str, data: bytes) -> None:
        kind = check_key(key)
        with answering():
            self._client.put_object(
                Bucket=self.bucket.name, Key=key, Body=data, ContentType=kind.media_type
            )

    def delete(self, key: str) -> None:
        check_key(key)
        with answering():
            self._client.delete_object(Bucket=self.bucket.name, Key=key)

    def presign_get(self, key: str, expires: int = URL_LIFE, filename: str | None = None) -> str:
        def sign() -> str:
            # Whatever type the uploader claimed, browsers get the one that the key stands for.
            values: dict[str, object] = {"Key": key}
            values["ResponseContentType"] = check_key(key).media_type
            if filename is not None:
                values["ResponseContentDisposition"] = attachment(filename)
            return self.bucket.sign("get_object", values, expires)

        return self._cache.get(key, expires, filename, sign)

    def sweep(self, before: datetime) -> int:
        with answering():
            return self._sweep_uploads(before) + self._staged.sweep(before)

    def check(self) -> None:
        with answering():
            self._client.head_bucket(Bucket=self.bucket.name)

    @property
    def _client(self) -> "S3Client":
        return self.bucket.client

    def _head(self, key: str) -> tuple[ObjectInfo, dict[str, str]] | None:
        check_key(key)
        with answering():
            try:
                head = self._client.head_object(Bucket=self.bucket.name, Key=key)
            except ClientError as error:
                if code_of(error) in {"404", "NoSuchKey", "NotFound"}:
                    return None
                raise
        return ObjectInfo(head["ContentLength"], head["ETag"].strip('"')), head["Metadata"]

    def _holds(self, key: str, parts: Sequence[PartSpec]) -> bool:
        found = self._head(key)
        return found is not None and found[1].get(DIGEST) == parts_digest(parts)

    @contextmanager
    def _streaming(self, key: str) -> Iterator[BinaryIO]:
        with answering():
            try:
                body = self._client.get_object(Bucket=self.bucket.name, Key=key)["Body"]
            except ClientError as error:
                if code_of(error) == "NoSuchKey":
                    raise ObjectNotFound(key) from None
                raise
            try:
                yield cast("BinaryIO", body)
            finally:
                body.close()

    def _sweep_uploads(self, before: datetime) -> int:
        removed = 0
        pages = self._client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self.bucket.name, Prefix=f"{UPLOADS}/"
        )
        for page in pages:
            for upload in page.get("Uploads", []):
                if upload["Initiated"] < before:
                    self.abort_multipart(upload["Key"], upload["UploadId"])
                    removed += 1
        return removed

    def _join(self, key: str, upload_id: str, parts: Sequence[PartSpec]) -> None:
        try:
            sent = self._list_parts(key, upload_id)
            for part in parts:
                compare(part, sent.get(part.number))
            self._client.complete_multipart_upload(
                Bucket=self.bucket.name,
                Key=key,
                UploadId=upload_id,
                MultipartUpload={
                    "Parts": [{"PartNumber": part.number, "ETag": part.md5} for part in parts]
                },
            )
        except ClientError as error:
            if code_of(error) in {"NoSuchUpload", "InvalidPart"}:
                raise UploadNotComplete(
                    "the upload is not open, or its parts changed",
                    "此上傳已完成、已取消或內容已變更",
                ) from error
            raise

    def _list_parts(self, key: str, upload_id: str) -> dict[int, tuple[int, str]]:
        pages = self._client.get_paginator("list_parts").paginate(
            Bucket=self.bucket.name, Key=key, UploadId=upload_id
        )
        return {
            item["PartNumber"]: (item["Size"], item["ETag"].strip('"'))
            for page in pages
            for item in page.get("Parts", [])
        }
