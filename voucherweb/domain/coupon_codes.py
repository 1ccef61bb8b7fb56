"""Codes of coupons: made so that nobody can guess them, misread them, or have a spreadsheet turn
them into numbers (contract B).

A code is the set's prefix and a body. A body is a letter and twelve signs out of thirty: 63.3 bits
from the system's generator. It has none of 0, O, 1, I and L, which look alike, and no E, which
between digits makes a number of a text. As it begins with a letter, neither the end of a prefix can
bring that about.
"""

import re
import secrets
from collections.abc import Iterator
from math import log2
from typing import Final

LETTERS: Final = "ABCDFGHJKMNPQRSTUVWXYZ"
SIGNS: Final = "23456789" + LETTERS
BODY_LENGTH: Final = 13
BITS: Final = log2(len(LETTERS)) + (BODY_LENGTH - 1) * log2(len(SIGNS))
CODE_MAX: Final = 100
"""The most characters of a code, an imported one too."""
PREFIX_MAX: Final = 20
CHUNK: Final = 10_000

_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_NUMBER_SHAPE = re.compile(r"\d[Ee]\d")
# What a code may not hold: it is typed, scanned and put into addresses and files.
_NOT_IN_CODE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufeff\ufffe\uffff]")

Words = tuple[str, str]
"""A sentence in English and in zh-TW."""


class _Source:
    """Draws signs of an alphabet out of random bytes, each as likely as the other."""

    def __init__(self, alphabet: str) -> None:
        # Bytes beyond the last whole multiple would favour the first signs: they are thrown away.
        self._fair = 256 // len(alphabet) * len(alphabet)
        signs = alphabet.encode()
        self._table = bytes(signs[byte % len(signs)] for byte in range(256))
        self._unfair = bytes(range(self._fair, 256))

    def draw(self, count: int) -> str:
        found = b""
        while len(found) < count:
            missing = count - len(found)
            random = secrets.token_bytes(missing * 256 // self._fair + 16)
            found += random.translate(self._table, self._unfair)
        return found[:count].decode()


_first, _further = _Source(LETTERS), _Source(SIGNS)
_FURTHER: Final = BODY_LENGTH - 1


def bodies(count: int) -> list[str]:
    """`count` fresh bodies, all in memory: see `chunks` for many."""
    heads = _first.draw(count)
    tails = _further.draw(count * _FURTHER)
    return [
        head + tails[at : at + _FURTHER]
        for head, at in zip(heads, range(0, count * _FURTHER, _FURTHER), strict=True)
    ]


def chunks(count: int, prefix: str = "", size: int = CHUNK) -> Iterator[list[str]]:
    """`count` fresh codes, at most `size` at a time; each chunk may be forgotten after use."""
    for done in range(0, count, size):
        made = bodies(min(size, count - done))
        yield [prefix + body for body in made] if prefix else made


def looks_like_a_number(code: str) -> bool:
    """Whether a spreadsheet would read the code, or a part of it, as a number such as 1E5."""
    return _NUMBER_SHAPE.search(code) is not None


def prefix_problem(prefix: str) -> Words | None:
    """Why a prefix cannot stand before codes; None for a good one, an empty one too."""
    if not prefix:
        return None
    if len(prefix) > PREFIX_MAX:
        return f"is longer than {PREFIX_MAX} characters", f"超過 {PREFIX_MAX} 個字"
    if not _PREFIX.fullmatch(prefix):
        return (
            "must be letters, digits, - and _, and begin with a letter or digit",
            "只能使用英文字母、數字、- 與 _，且須以英文字母或數字開頭",
        )
    if looks_like_a_number(prefix):
        return "must not look like a number such as 1E5", "不可含有像 1E5 這樣會被當成數字的寫法"
    return None


def code_problem(code: str) -> Words | None:
    """Why a trimmed code of a tenant's own cannot be one; None for a good one. Any text is text,
    one that begins like a formula too."""
    if not code:
        return "is required", "必填"
    if len(code) > CODE_MAX:
        return f"is longer than {CODE_MAX} characters", f"超過 {CODE_MAX} 個字"
    if _NOT_IN_CODE.search(code):
        return "contains characters that are no text", "含有無法使用的控制字元"
    return None
