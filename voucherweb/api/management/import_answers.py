"""What an import answers: counts, and a coupon list that may be as long as 99,999 rows."""

from collections.abc import Iterator
from typing import Any

import orjson
from flask import Response, stream_with_context

from voucherweb.api.answers import Data
from voucherweb.api.envelope import JSON, success
from voucherweb.services import imports
from voucherweb.services.imports import ImportResult

_EMPTY = b"[]"


class CouponData(Data):
    title: str
    description: str
    url: str


class ImportData(Data):
    """Contract A §匯入折扣碼優惠劵excel, plus `couponImportId` (behaviour §8)."""

    total_count: int
    success_count: int
    fail_count: int
    failures_id: str | None = None
    coupon_import_id: str
    coupon_list: list[CouponData]


def import_data(result: ImportResult) -> dict[str, Any]:
    """The answer but for its coupons; `couponList` stands last."""
    return ImportData(
        total_count=result.total,
        success_count=result.success,
        fail_count=result.failed,
        failures_id=str(result.import_id) if result.failed else None,
        coupon_import_id=str(result.import_id),
        coupon_list=[],
    ).wire()


def answer(data: dict[str, Any], result: ImportResult) -> Response:
    """The data in its envelope, with the coupons in its last, empty list: at once when they are
    few, else as a stream, so that a long list costs little memory and no connection."""
    head, _, tail = success(data).rpartition(_EMPTY)
    blocks = _blocks(head, result, tail)
    if result.success <= imports.PAGE:
        return Response(b"".join(blocks), mimetype=JSON)
    return Response(stream_with_context(blocks), mimetype=JSON)


def _blocks(head: bytes, result: ImportResult, tail: bytes) -> Iterator[bytes]:
    yield head + b"["
    between = b""
    for page in imports.coupon_pages(result):
        yield between + orjson.dumps(page)[1:-1]
        between = b","
    yield b"]" + tail
