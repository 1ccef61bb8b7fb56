"""Hostile requests: each is refused clearly, in the contract's shape, and nothing is lost."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.support.cast import Caller, voucher_body
from voucherweb import create_app
from voucherweb.config import Settings
from voucherweb.extensions import db, limiter
from voucherweb.models import Vendor, Voucher
from voucherweb.transaction import session, unit_of_work

ADD_VENDOR = "/voucher-mgmt/vendor/add"
ADD_VOUCHER = "/voucher-mgmt/voucher/add"
INVALID = (400, "API_ERROR.INVALID_PARAMETER")


def send(
    caller: Caller, body: bytes, path: str = ADD_VENDOR, kind: str = "application/json", **more: Any
) -> TestResponse:
    headers = {"Authorization": f"Bearer {caller.token}", **more.pop("headers", {})}
    return caller.client.post(path, data=body, headers=headers, content_type=kind, **more)


def told(answer: TestResponse) -> tuple[int, str]:
    """Status and code of a refusal, whose whole shape is checked."""
    assert answer.json is not None
    assert answer.json["httpCode"] == answer.status_code
    assert answer.json["message"]
    assert answer.json["requestId"] == answer.headers["X-Request-Id"]
    return answer.status_code, answer.json["errorMsg"]


def vendors() -> int:
    with unit_of_work():
        return session.scalar(select(func.count()).select_from(Vendor)) or 0


BROKEN = {
    "nul": b'{"tenantId":"a\\u0000b"}',
    "nul as a byte": b'{"tenantId":"a\x00b"}',
    "nul in a name": b'{"tenantId":"a","b\\u0000":1}',
    "lone high surrogate": b'{"tenantId":"\\ud800"}',
    "lone low surrogate": b'{"tenantId":"\\udc00x"}',
    "surrogate in a name": b'{"\\ud800":1}',
    "surrogate as bytes": b'{"tenantId":"\xed\xa0\x80"}',
    "not utf-8": b'{"tenantId":"\xff\xfe"}',
    "utf-16": '{"tenantId":"a"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"tenantId":"a"}',
    "array": b"[1,2]",
    "string": b'"tenantId"',
    "number": b"7",
    "true": b"true",
    "null": b"null",
    "NaN": b'{"tenantId":NaN}',
    "Infinity": b'{"tenantId":-Infinity}',
    "endless number": b'{"tenantId":1e999}',
    "cut off": b'{"tenantId":"a',
    "two documents": b'{"tenantId":"a"}{}',
    "comment": b'{"tenantId":"a"/**/}',
    "single quotes": b"{'tenantId':'a'}",
    "deep object": b'{"a":' * 900 + b"1" + b"}" * 900,
    "deep array": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "object for a text": b'{"tenantId":{"$ne":null}}',
    "array for a text": b'{"tenantId":["a"]}',
    "number for a text": b'{"tenantId":1}',
    "truth for a text": b'{"tenantId":true}',
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_body_is_refused(platform: Caller, body: bytes) -> None:
    assert told(send(platform, body)) == INVALID
    assert vendors() == 0


NUMBERS: list[Any] = [
    True, False, "", " ", "abc", "1_000", "0x10", "1e3", "１２", "--1", "9" * 5000, 10**30,
    -(10**30), "1.555", [], {}, [1], 2**60, -1, "NaN", "Infinity", 1e308, -0.5,
]  # fmt: skip


@pytest.mark.parametrize("field", ["points", "txDate"])
@pytest.mark.parametrize("number", [1.5, "1.5"])
def test_a_whole_number_has_no_fraction(
    platform: Caller, tenant_id: str, field: str, number: Any
) -> None:
    body = {"tenantId": tenant_id, "txDate": 1, "points": 1, "amount": 1, field: number}
    assert told(platform.post("/voucher-mgmt/quota/add", body)) == INVALID


@pytest.mark.parametrize("number", NUMBERS, ids=lambda one: repr(one)[:20])
@pytest.mark.parametrize("field", ["points", "txDate", "amount"])
def test_what_is_no_number_in_bounds_is_refused(
    platform: Caller, tenant_id: str, field: str, number: Any
) -> None:
    body = {"tenantId": tenant_id, "txDate": 1, "points": 1, "amount": 1, field: number}
    answer = platform.post("/voucher-mgmt/quota/add", body)
    assert told(answer) == INVALID
    assert [one["field"] for one in answer.json["details"]] == [field]


def test_of_equal_names_the_last_counts(platform: Caller, tenant_id: str) -> None:
    answer = send(platform, b'{"tenantId":"x","tenantId":"%s"}' % tenant_id.encode())
    assert answer.json["result"]["data"]["tenantId"] == tenant_id


@pytest.mark.parametrize("empty", [b"", b"  \n", b"{}"])
def test_an_empty_body_is_an_empty_object(platform: Caller, empty: bytes) -> None:
    answer = send(platform, empty)
    assert answer.json["details"] == [{"field": "tenantId", "reason": "必填"}]


KINDS = [
    "text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data",
    "application/json; charset=big5", "application/json; charset=utf-16", "application/jsonp", "x",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_another_content_type_is_refused(platform: Caller, tenant_id: str, kind: str) -> None:
    answer = send(platform, b'{"tenantId":"%s"}' % tenant_id.encode(), kind=kind)
    assert told(answer) == (415, "API_ERROR.UNSUPPORTED_MEDIA_TYPE")
    assert vendors() == 0


def test_a_packed_body_is_refused(platform: Caller) -> None:
    answer = send(platform, b"\x1f\x8b\x08", headers={"Content-Encoding": "gzip"})
    assert told(answer) == (415, "API_ERROR.UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "kind", ["application/json; charset=UTF-8", "application/json;charset=utf8", ""]
)
def test_json_in_utf_8_is_taken(platform: Caller, tenant_id: str, kind: str) -> None:
    answer = send(platform, b'{"tenantId":"%s"}' % tenant_id.encode(), kind=kind)
    assert answer.status_code == 200


def padded(size: int) -> bytes:
    return b'{"x":"' + b"a" * (size - 8) + b'"}'


@pytest.mark.parametrize(
    ("size", "code"),
    [(1_000_000, INVALID), (1_000_001, (413, "API_ERROR.PAYLOAD_TOO_LARGE"))],
    ids=["the limit", "one more"],
)
@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
def test_a_body_has_a_limit(
    platform: Caller, size: int, code: tuple[int, str], chunked: bool
) -> None:
    body = padded(size)
    environ = {"wsgi.input_terminated": True, "CONTENT_LENGTH": "", "wsgi.input": BytesIO(body)}
    assert (
        told(send(platform, b"" if chunked else body, environ_overrides=environ if chunked else {}))
        == code
    )


def test_vouchers_may_carry_64_megabytes(admin: Caller) -> None:
    assert told(send(admin, padded(2_000_000), ADD_VOUCHER)) == INVALID
    too_much = send(admin, padded(64_000_001), ADD_VOUCHER)
    assert told(too_much) == (413, "API_ERROR.PAYLOAD_TOO_LARGE")


def test_a_body_that_breaks_off_is_refused(platform: Caller, tenant_id: str) -> None:
    body = b'{"tenantId":"%s"}' % tenant_id.encode()
    answer = send(platform, body, environ_overrides={"CONTENT_LENGTH": "900"})
    assert told(answer) == INVALID
    assert vendors() == 0


def test_every_wrong_field_is_named(admin: Caller) -> None:
    body = voucher_body(title="", price="x", volume=0, targetType="NOBODY", redeemLimit=-1)
    answer = admin.post(ADD_VOUCHER, body)
    named = {one["field"] for one in answer.json["details"]}
    assert named == {"title", "price", "volume", "targetType", "redeemLimit"}
    with unit_of_work():
        assert session.scalar(select(func.count()).select_from(Voucher)) == 0


@pytest.mark.parametrize("language", ["en", "zh-TW", "xx", "*", ",;q=,,", "en;q=abc", "e" * 5000])
def test_any_language_header_is_survived(platform: Caller, language: str) -> None:
    answer = platform.post(ADD_VENDOR, {}, Accept_Language=language)
    assert told(answer) == INVALID


@pytest.mark.parametrize("key", ["x" * 256, ""])
def test_an_idempotency_key_has_a_length(platform: Caller, tenant_id: str, key: str) -> None:
    answer = platform.post(ADD_VENDOR, {"tenantId": tenant_id}, Idempotency_Key=key)
    assert told(answer) == INVALID
    assert vendors() == 0


@pytest.mark.parametrize("given", ["a b", "x" * 65, "<script>", "ä", "%0d%0aX: y"])
def test_a_strange_request_id_is_replaced(client: FlaskClient, given: str) -> None:
    answer = client.get("/nowhere", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] != given
    assert told(answer) == (404, "API_ERROR.NOT_FOUND")


PATHS = [
    "/", "/nowhere", "/voucher-mgmt", "/voucher-mgmt/vendor/add/", "/voucher-mgmt//vendor/add",
    "/VOUCHER-MGMT/vendor/add", "/voucher/../auth/login", "/%00", "/%ff%fe", "/%ed%a0%80",
    "/" + "a" * 20_000, "/voucher-mgmt/jobs/a/b", "/static/../app.py", "/static/%2e%2e/app.py",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:30])
def test_an_unknown_address_is_not_found(platform: Caller, path: str) -> None:
    assert told(platform.post(path, {})) in {
        (404, "API_ERROR.NOT_FOUND"),
        (405, "API_ERROR.METHOD_NOT_ALLOWED"),
    }


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "x"])
def test_another_method_is_refused(platform: Caller, method: str) -> None:
    answer = platform.client.open(ADD_VENDOR, method=method)
    assert told(answer) == (405, "API_ERROR.METHOD_NOT_ALLOWED")
    assert "POST" in answer.headers["Allow"]


@pytest.fixture
def throttled(app: Flask, settings: Settings) -> Iterator[FlaskClient]:
    """The same application with its throttles on."""
    loud = create_app(replace(settings, ratelimit_enabled=True))
    yield loud.test_client()
    limiter.enabled = False
    with loud.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("body", [b"[1]", b'"x"', b"{", b'{"account":["a"]}', b"\xff", b""])
def test_a_throttled_sign_in_survives_any_body(throttled: FlaskClient, body: bytes) -> None:
    answer = throttled.post("/auth/login", data=body, content_type="application/json")
    assert told(answer) == INVALID


def test_a_sign_in_is_throttled_per_account(throttled: FlaskClient) -> None:
    body = {"account": "nobody@example.test", "password": "wrong"}
    codes = [told(throttled.post("/auth/login", json=body))[0] for _ in range(12)]
    refused = throttled.post("/auth/login", json=body)
    assert codes == [401] * 10 + [429] * 2
    assert int(refused.headers["Retry-After"]) > 0
