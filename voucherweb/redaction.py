"""The second wall in front of the logs: what looks like a secret or like a person is blotted out.

The first wall is that nobody logs such things. This one knows fields by their name and texts by
their form; it errs on the side of blotting out too much.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from structlog.typing import EventDict

BLOT: Final = "[redacted]"

FIELDS: Final = re.compile(
    r"password|passwd|secret|token|otp|authorization|cookie|api_?key|access_?key|idempotency"
    r"|phone|mobile|birth|full_?name|member_?name|account|e_?mail|address|body|headers|params",
    re.IGNORECASE,
)
"""Parts of names of fields whose value never belongs into a log."""

_FORMS: Final = (
    # What PostgreSQL adds about the row that broke a rule, or about the line of a COPY.
    (
        re.compile(r"(?m)^(\s*(?:DETAIL|CONTEXT|QUERY|STATEMENT):).*(?:\n\s*COPY .*)?$"),
        rf"\1 {BLOT}",
    ),
    (re.compile(r"(\[parameters: ).*(\])", re.DOTALL), rf"\1{BLOT}\2"),
    (re.compile(r"(input_value=).*?(, input_type)", re.DOTALL), rf"\1{BLOT}\2"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s'\",;]+"), rf"\1 {BLOT}"),
    (re.compile(r"\beyJ[\w-]*\.[\w-]+(?:\.[\w-]*)?"), BLOT),
    # Credentials in the address of a server, and whatever hands out rights in a signed one.
    (re.compile(r"(\w://[^\s/:@]*):[^\s/@]+@"), rf"\1:{BLOT}@"),
    (
        re.compile(
            r"(?i)([?&;\s](?:x-amz-(?:signature|credential|security-token)|signature|sig|token"
            r"|password|key)=)[^\s&\"']+"
        ),
        rf"\1{BLOT}",
    ),
    (
        re.compile(
            r"(?i)([\"']?(?:password|secret|[a-z_]*token|authorization|idempotency-key|phone\w*)"
            r"[\"']?\s*[:=]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;}\"']+)"
        ),
        rf"\1{BLOT}",
    ),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), BLOT),
    # Phone numbers: international ones by their plus, Taiwan's mobiles by their prefix.
    (re.compile(r"(?<![\w+])\+\d(?:[ -]?\d){7,18}(?!\w)"), BLOT),
    (re.compile(r"(?<![\w.-])09\d{2}[ -]?\d{3}[ -]?\d{3}(?![\w.-])"), BLOT),
)
_RANDOM: Final = re.compile(r"(?<![\w.-])[A-Za-z0-9_-]{40,}(?![\w.])")
# One look that settles nearly every short text: what has none of these has none of the forms.
_SUSPICIOUS: Final = re.compile(r"[:=+@\s\[]|eyJ|09|.{40}")
_OURS: Final = frozenset({"timestamp", "level", "logger", "actor", "tenant"})
"""Fields that the program fills by itself with names, ids and times."""


def redact(_logger: object, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: the event without secrets and personal data, in every nesting."""
    return {name: value if name in _OURS else _value(name, value) for name, value in event.items()}


def _value(name: str, value: Any) -> Any:
    if FIELDS.search(name) and value not in (None, "", True, False):
        return BLOT
    return _clean(value)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return blot(value)
    if isinstance(value, bytes):
        return blot(value.decode("utf-8", "replace"))
    if isinstance(value, Mapping):
        return {str(name): _value(str(name), item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in value]
    if value is None or isinstance(value, int | float):
        return value
    return blot(str(value))


def blot(text: str) -> str:
    """The text with everything blotted out that has the form of a secret or of a person's data."""
    if not _SUSPICIOUS.search(text):
        return text
    for form, instead in _FORMS:
        text = form.sub(instead, text)
    return _RANDOM.sub(_blot_random, text)


def _blot_random(match: re.Match[str]) -> str:
    """Keys are long and mixed; names of constraints and functions are long, but all lower case."""
    found = match[0]
    mixed = any(c.isdigit() for c in found) and found.lower() != found
    return BLOT if mixed else found
