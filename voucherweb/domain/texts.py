"""Texts of callers, before they meet the database, a page or an address."""

import re
from typing import Final

Problem = tuple[str, str]
"""Why a value is refused, in English and zh-TW."""

# C0 and C1 controls, the separators of lines and paragraphs, what turns the direction of all that
# follows it, halves of characters, and what is no character.
_NOT_ONE_LINE: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_DOTS: Final = frozenset({".", ".."})


def storable(text: str) -> bool:
    """Whether the database can hold the text: no NUL, no lone surrogates. What it cannot hold
    names nothing that is in it."""
    return "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


def line_problem(text: str) -> Problem | None:
    """Why the text cannot stand on one line among others, as names do; None when it can.

    Texts that were kept before this rule are shown as they are.
    """
    if _NOT_ONE_LINE.search(text):
        return (
            "must be one line of text, without control characters",
            "須為一行文字，不可含控制字元",
        )
    return None


def address_problem(text: str) -> Problem | None:
    """Why the text cannot be a part of an address, percent-encoded; None when it can.

    Clients and proxies resolve `.` and `..` between slashes, encoded or not, before they send.
    """
    if not _DOTS.isdisjoint(text.split("/")):
        return (
            "must not be . or .., nor have one between slashes",
            "不可為 . 或 ..，斜線之間也不可",
        )
    return line_problem(text)
