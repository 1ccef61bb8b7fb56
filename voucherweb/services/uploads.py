"""Uploads of pictures: where to send them, and whether they arrived (behaviour §5, §9)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.errors import refuse
from voucherweb.models import Upload
from voucherweb.storage.keys import FILE_TYPES, object_key
from voucherweb.storage.pictures import check_upload
from voucherweb.storage.protocol import PartSpec, Storage, UploadNotComplete
from voucherweb.transaction import session


@dataclass(frozen=True, slots=True)
class UploadAddress:
    """Where to PUT a file: one address, or one for each part in their order."""

    object_key: str
    upload_id: str
    url: str | None
    part_urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MultipartClaim:
    """What a voucher says of its multipart picture: the upload's id and its number of parts."""

    upload_id: str | None
    total_part: int | None


def open_upload(
    storage: Storage,
    actor: Actor,
    *,
    is_thumbnail: bool,
    file_name: str,
    file_type: str,
    parts: Sequence[PartSpec] | None,
) -> UploadAddress:
    """A fresh object key and its upload addresses, good for 3600 s.

    Raises UPLOAD_FILE_TYPE_NOT_ALLOWED, and PAYLOAD_TOO_LARGE when the parts add up to too much.
    """
    key = object_key(is_thumbnail, file_type)
    if parts and sum(part.size for part in parts) > FILE_TYPES[file_type.lower()].limit:
        raise refuse("PAYLOAD_TOO_LARGE")
    upload = Upload(
        object_key=key,
        tenant_id=actor.tenant_id,
        upload_id=str(uuid.uuid4()),
        storage_upload_id=storage.start_multipart(key, parts) if parts else None,
        is_thumbnail=is_thumbnail,
        file_name=file_name,
        file_type=file_type,
        parts=[{"part": one.number, "md5": one.md5, "size": one.size} for one in parts]
        if parts
        else None,
        created_at=clock.now(),
    )
    session.add(upload)
    session.flush()
    if not parts or upload.storage_upload_id is None:
        return UploadAddress(key, upload.upload_id, storage.presign_put(key), ())
    storage_id = upload.storage_upload_id
    urls = tuple(storage.presign_part(key, storage_id, part) for part in parts)
    return UploadAddress(key, upload.upload_id, None, urls)


def need_picture(
    storage: Storage,
    actor: Actor,
    key: str | None,
    claim: MultipartClaim | None,
    *,
    keep: bool = True,
) -> str | None:
    """The key of a picture that the actor's tenant has uploaded whole; completes a multipart one.

    Raises UPLOAD_NOT_COMPLETE saying why. A picture that was found good once is not read again.
    Without `keep` it only looks: it writes and locks nothing, and leaves parts as they are.
    """
    if key is None:
        return None
    query = select(Upload).where(Upload.object_key == key, Upload.tenant_id == actor.tenant_id)
    upload = session.scalar(query.with_for_update() if keep else query)
    if upload is None:
        raise UploadNotComplete("is not an upload of this tenant", "不是此租戶上傳的圖檔")
    if upload.file_type.lower() == "mp4":
        raise UploadNotComplete("is a video, not a picture", "是影片，不是圖片")
    if upload.completed_at is None:
        _finish(storage, upload, claim, keep=keep)
    return key


def _finish(storage: Storage, upload: Upload, claim: MultipartClaim | None, *, keep: bool) -> None:
    if not keep and upload.parts is not None:
        return
    _complete(storage, upload, claim)
    check_upload(storage, upload.object_key)
    if keep:
        upload.completed_at = clock.now()
        session.flush()


def _complete(storage: Storage, upload: Upload, claim: MultipartClaim | None) -> None:
    if upload.parts is None or upload.storage_upload_id is None:
        return
    if claim is None:
        raise UploadNotComplete(
            "was uploaded in parts: isThumbnailMultipart must be true", "此圖檔為分塊上傳"
        )
    if claim.upload_id != upload.upload_id:
        raise UploadNotComplete("thumbnailUploadId does not match", "thumbnailUploadId 不符")
    if claim.total_part != len(upload.parts):
        raise UploadNotComplete("thumbnailTotalPart does not match", "thumbnailTotalPart 不符")
    parts = [PartSpec(one["part"], one["md5"], one["size"]) for one in upload.parts]
    storage.complete_multipart(upload.object_key, upload.storage_upload_id, parts)
