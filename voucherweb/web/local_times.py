"""Moments as people type them: local time in, an instant out, nothing lost on the way."""

from datetime import UTC, datetime
from typing import Final

from voucherweb.domain import clock
from voucherweb.errors import invalid
from voucherweb.web.shown import local, settings

_TYPED: Final = "%Y-%m-%dT%H:%M"


def typed(instant: datetime) -> str:
    """As the value of a `datetime-local` field."""
    return local(instant).strftime(_TYPED)


def millis(field: str, text: str, kept: datetime | None = None) -> int:
    """Epoch millis of what was typed. `kept` is the instant that the field was filled with: typed
    unchanged, it keeps its seconds. Raises INVALID_PARAMETER for what is no local time."""
    if kept is not None and text == typed(kept):
        return clock.to_millis(kept)
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=settings().timezone)
        return clock.to_millis(found.astimezone(UTC))
    except (ValueError, OverflowError):
        raise invalid(field, "must be a date and a time", "須為日期與時間") from None
