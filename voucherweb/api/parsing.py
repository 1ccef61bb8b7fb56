"""From bytes to typed values: lenient in what it takes, exact in what it refuses (behaviour §1)."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import IO, Annotated, Any, TypeVar

import orjson
from flask import Request
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError
from werkzeug.exceptions import ClientDisconnected

from voucherweb.domain import clock
from voucherweb.domain.money import MAX_AMOUNT
from voucherweb.domain.texts import Problem
from voucherweb.errors import Detail, invalid, refuse

MAX_DEPTH = 32
MAX_JSON = 1_000_000
MAX_DETAILS = 100
"""Problems told in one answer."""
BODY = "voucherweb.body"
MAX_MILLIS = 253_402_300_799_999
"""The last millisecond of the year 9999."""


class Body(BaseModel):
    """A request body: camelCase on the wire, unknown fields ignored."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=False, extra="ignore", frozen=True
    )

    @classmethod
    def further_problems(cls, _data: Mapping[str, Any]) -> list[Detail]:
        """Rules between fields, told beside the wrong fields, as far as the others can be read."""
        return []


Model = TypeVar("Model", bound=Body)

_WHOLE = re.compile(r"[+-]?[0-9]{1,20}(\.0+)?")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?")


def _plain(value: Any, pattern: re.Pattern[str]) -> Any:
    """A number, or its digits as text; Python would take truth values and `1_000` as well."""
    if isinstance(value, bool):
        raise PydanticCustomError("number_type", "must be a number")
    if not isinstance(value, str):
        return value
    if not pattern.fullmatch(value.strip()):
        raise PydanticCustomError("number_type", "must be a number")
    return value.strip()


def _plain_integer(value: Any) -> Any:
    return _plain(value, _WHOLE)


def _plain_decimal(value: Any) -> Any:
    return _plain(value, _DECIMAL)


_integer = TypeAdapter(int)


def _instant(value: Any) -> datetime:
    try:
        millis = _integer.validate_python(_plain_integer(value))
    except ValidationError as error:
        raise PydanticCustomError("int_parsing", "must be a whole number") from error
    if not 0 <= millis <= MAX_MILLIS:
        raise PydanticCustomError(
            "millis", "must be epoch milliseconds", {"zh": "必須是毫秒時間戳記"}
        )
    return clock.from_millis(millis)


Integer = Annotated[int, BeforeValidator(_plain_integer)]
Millis = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "integer", "format": "int64", "minimum": 0, "maximum": MAX_MILLIS}),
]
"""Epoch milliseconds on the wire, an instant inside (behaviour §3)."""
Amount = Annotated[
    Decimal, Field(ge=0, le=MAX_AMOUNT, decimal_places=2), BeforeValidator(_plain_decimal)
]


def checked_by(problem_of: Callable[[str], Problem | None]) -> Callable[[str], str]:
    """A validator that lets a text pass unless the rule has a problem with it."""

    def check(text: str) -> str:
        problem = problem_of(text)
        if problem is not None:
            raise PydanticCustomError("text", problem[0], {"zh": problem[1]})
        return text

    return check


def read_json(request: Request, limit: int = MAX_JSON) -> tuple[bytes, dict[str, Any]]:
    """The raw body and its object; an empty body is `{}`.

    Raises PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, or INVALID_PARAMETER saying what is wrong.
    """
    raw = read_body(request, limit)
    if not raw.strip():
        return raw, {}
    if not _is_json(request):
        raise refuse("UNSUPPORTED_MEDIA_TYPE")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _bad_body(f"is not valid JSON: {error.msg}", "不是有效的 JSON") from error
    if not isinstance(value, dict):
        raise _bad_body("must be a JSON object", "必須是 JSON 物件")
    return raw, _clean(value, "", 0)


def read_body(request: Request, limit: int) -> bytes:
    """The whole body, which may be asked for again; raises PAYLOAD_TOO_LARGE, and
    INVALID_PARAMETER when it broke off."""
    announced = request.content_length
    if (announced or 0) > limit:
        raise refuse("PAYLOAD_TOO_LARGE")
    if BODY not in request.environ:
        try:
            request.environ[BODY] = _read(request.stream, limit + 1)
        except ClientDisconnected as error:
            raise _bad_body("was cut off", "傳輸中斷") from error
    raw: bytes = request.environ[BODY]
    if len(raw) > limit:
        raise refuse("PAYLOAD_TOO_LARGE")
    if announced is not None and len(raw) < announced:
        raise _bad_body("was cut off", "傳輸中斷")
    return raw


def _read(stream: IO[bytes], most: int) -> bytes:
    """At most that many bytes; one `read` may give less than there is."""
    got = b""
    while len(got) < most and (more := stream.read(most - len(got))):
        got = got + more if got else more
    return got


def _is_json(request: Request) -> bool:
    """JSON in plain UTF-8, also when the caller does not say so."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    packed = request.headers.get("Content-Encoding", "identity").lower()
    return (
        request.mimetype in {"", "application/json"}
        and charset in {"utf-8", "utf8"}
        and packed == "identity"
    )


def _bad_body(en: str, zh: str) -> Exception:
    return invalid("body", f"The body {en}", f"內容{zh}")


def _clean(value: Any, path: str, depth: int) -> Any:
    """The value without nulls; raises for NUL characters and for nesting beyond reason."""
    if depth > MAX_DEPTH:
        raise _bad_body("is nested too deeply", "巢狀過深")
    if isinstance(value, str):
        if "\0" in value:
            raise invalid(path or "body", "must not contain NUL", "不可包含 NUL 字元")
        return value
    if isinstance(value, dict):
        for key in value:
            if "\0" in key:
                raise _bad_body("has a field name with NUL", "欄位名稱包含 NUL 字元")
        return {
            key: _clean(item, f"{path}.{key}" if path else key, depth + 1)
            for key, item in value.items()
            if item is not None
        }
    if isinstance(value, list):
        return [_clean(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(value)]
    return value


def parse(model: type[Model], data: Mapping[str, Any]) -> Model:
    """The typed body; raises INVALID_PARAMETER with every wrong field in `details`."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        details = [_detail(one) for one in error.errors(include_url=False, include_input=False)]
        details += model.further_problems(data)
        raise refuse("INVALID_PARAMETER", details[:MAX_DETAILS]) from error


_ZH = {
    "missing": "必填",
    "string_too_long": "最多 {max_length} 字",
    "string_too_short": "不可空白",
    "greater_than": "必須大於 {gt}",
    "greater_than_equal": "必須大於或等於 {ge}",
    "less_than_equal": "必須小於或等於 {le}",
    "decimal_max_places": "最多 {decimal_places} 位小數",
    "int_parsing": "必須是整數",
    "int_type": "必須是整數",
    "int_from_float": "必須是整數",
    "number_type": "必須是數字",
    "decimal_parsing": "必須是數字",
    "decimal_type": "必須是數字",
    "string_type": "必須是文字",
    "bool_parsing": "必須是 true 或 false",
    "bool_type": "必須是 true 或 false",
    "enum": "必須是 {expected} 之一",
    "literal_error": "必須是 {expected} 之一",
    "list_type": "必須是陣列",
    "dict_type": "必須是物件",
    "model_type": "必須是物件",
    "too_long": "最多 {max_length} 筆",
    "date_from_datetime_parsing": "格式必須是 YYYY-MM-DD",
    "date_parsing": "格式必須是 YYYY-MM-DD",
}


def _detail(error: ErrorDetails) -> Detail:
    context = error.get("ctx", {})
    zh = context.get("zh") or _ZH.get(error["type"], "格式不正確").format_map(context)
    return Detail(_path(error["loc"]), error["msg"], zh)


def _path(location: tuple[int | str, ...]) -> str:
    """`couponList[3].url`, as the caller would write it."""
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step}" if path else step
    return path or "body"
