"""Values of contract B as they travel: snake_case fields, instants in ISO 8601 ending in Z."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from voucherweb.api.parsing import Body, Integer

MAX_SIZE = 1000
MAX_PAGE = 10**9

_UTC = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")


class PartnerBody(Body):
    """A request body or query: snake_case on the wire, unknown fields ignored."""

    model_config = ConfigDict(alias_generator=None, extra="ignore", frozen=True)


class PartnerData(BaseModel):
    """A JSON object of an answer: snake_case on the wire, missing values are `null`."""

    model_config = ConfigDict(extra="forbid")

    def wire(self) -> dict[str, Any]:
        return self.model_dump()


def _utc(value: Any) -> datetime:
    """An instant as text; other spellings of a time are refused (contract B call 8)."""
    if isinstance(value, datetime):
        return value
    found = _UTC.fullmatch(value) if isinstance(value, str) and value.isascii() else None
    if found is None:
        raise PydanticCustomError(
            "utc",
            "must be a UTC time such as 2026-11-22T04:00:00Z",
            {"zh": "必須是以 Z 結尾的 UTC 時間，例如 2026-11-22T04:00:00Z"},
        )
    try:
        whole = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    except ValueError as error:
        raise PydanticCustomError(
            "utc", "is no time that exists", {"zh": "不是存在的時間"}
        ) from error
    return whole.replace(microsecond=int((found[2] or "0")[:6].ljust(6, "0")))


def told(instant: datetime) -> str:
    """As the wire says it, to the microsecond, so that windows can be put end to end."""
    # `strftime` would write the year 800 with three digits.
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


_ISO = {"type": "string", "format": "date-time", "pattern": "Z$"}
Iso = Annotated[datetime, PlainSerializer(told, return_type=str), WithJsonSchema(_ISO)]
"""An instant of an answer."""
Utc = Annotated[datetime, BeforeValidator(_utc), WithJsonSchema(_ISO)]
"""An instant of a request."""


class PageQuery(PartnerBody):
    """Which page of a list; subclasses add their filters."""

    page: Integer = Field(default=1, ge=1, le=MAX_PAGE)
    size: Integer = Field(default=100, ge=1, le=MAX_SIZE)

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.size


class NoQuery(PartnerBody):
    """A call without query parameters."""
