"""Contract A §取得上傳網址, and pictures on vouchers."""

import hashlib
import io
import urllib.parse

import pytest
from flask.testing import FlaskClient
from PIL import Image

from tests.support.cast import Caller, voucher_body

URL = "/voucher-mgmt/voucher/get-upload-url"
ADD = "/voucher-mgmt/voucher/add"


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(out, "PNG")
    return out.getvalue()


def put(client: FlaskClient, url: str, data: bytes) -> int:
    parts = urllib.parse.urlsplit(url)
    return client.put(f"{parts.path}?{parts.query}", data=data).status_code


def asked(admin: Caller, **changes: object) -> dict[str, object]:
    body = {"isThumbnail": True, "fileName": "cofee_time", "fileType": "png", **changes}
    data: dict[str, object] = admin.data(URL, body)
    return data


def test_a_picture_is_uploaded_and_shown(admin: Caller, client: FlaskClient) -> None:
    upload = asked(admin)
    assert put(client, str(upload["url"]), picture()) == 200
    voucher = admin.data(ADD, voucher_body(thumbnailObjectKey=upload["objectKey"]))
    info = admin.data("/voucher-mgmt/voucher/info", {"id": voucher["id"]})
    parts = urllib.parse.urlsplit(info["thumbnailUrl"])
    with client.get(f"{parts.path}?{parts.query}") as answer:
        assert answer.data == picture()


@pytest.mark.parametrize("sent", [None, b"not a picture", picture()[:40]])
def test_what_is_no_picture_is_refused(
    admin: Caller, client: FlaskClient, sent: bytes | None
) -> None:
    upload = asked(admin)
    if sent:
        put(client, str(upload["url"]), sent)
    answer = admin.post(ADD, voucher_body(thumbnailObjectKey=upload["objectKey"]))
    assert answer.json["errorMsg"] == "SERVICE_ERROR.UPLOAD_NOT_COMPLETE"


def test_another_tenants_picture_is_refused(
    admin: Caller, stranger: Caller, client: FlaskClient
) -> None:
    upload = asked(admin)
    put(client, str(upload["url"]), picture())
    answer = stranger.post(ADD, voucher_body(thumbnailObjectKey=upload["objectKey"]))
    assert answer.json["errorMsg"] == "SERVICE_ERROR.UPLOAD_NOT_COMPLETE"


@pytest.mark.parametrize("kind", ["exe", "svg", "mp4"])
def test_other_file_types_are_refused(admin: Caller, kind: str) -> None:
    answer = admin.post(URL, {"isThumbnail": True, "fileName": "a", "fileType": kind})
    assert answer.json["errorMsg"] == "SERVICE_ERROR.UPLOAD_FILE_TYPE_NOT_ALLOWED"


def test_a_picture_in_parts_is_joined_by_the_voucher(admin: Caller, client: FlaskClient) -> None:
    halves = [picture()[:30], picture()[30:]]
    parts = [
        {"chunkSize": len(half), "md5": hashlib.md5(half).hexdigest(), "part": n}  # noqa: S324
        for n, half in enumerate(halves, start=1)
    ]
    upload = asked(admin, isMultipart=True, totalPart=2, parts=parts)
    for half, part in zip(halves, upload["parts"], strict=True):  # type: ignore[call-overload]
        assert put(client, part["url"], half) == 200
    claim = {
        "thumbnailObjectKey": upload["objectKey"],
        "isThumbnailMultipart": True,
        "thumbnailTotalPart": 2,
        "thumbnailUploadId": upload["uploadId"],
    }
    assert admin.data(ADD, voucher_body(**claim))["thumbnailObjectKey"] == upload["objectKey"]


def test_parts_must_add_up(admin: Caller) -> None:
    body = {"isMultipart": True, "fileName": "a", "fileType": "png", "totalPart": 2, "parts": []}
    answer = admin.post(URL, body)
    assert answer.json["details"][0]["field"] == "parts"


def test_both_halves_of_a_multipart_request_are_asked_for(admin: Caller) -> None:
    answer = admin.post(URL, {"fileName": "a", "fileType": "png", "isMultipart": True})
    assert [one["field"] for one in answer.json["details"]] == ["totalPart", "parts"]
