"""What one coupon must look like, from a workbook or as JSON (contract A §新增票券-couponList)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

TITLE_MAX: Final = 500
DESCRIPTION_MAX: Final = 1000
URL_MAX: Final = 2000

# Line breaks and tabs are text. Other control characters, halves of characters and
# non-characters can be kept neither in PostgreSQL nor in a workbook.
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_URL = re.compile(r'[\s\x00-\x20\x7f-\x9f\u200b\u2060\ufeff<>"\\^`{|}]')
_URL = re.compile(
    r"https?://(?:[^/?#@\[\]]*@)?(?P<host>\[[^\[\]/?#@]*\]|[^:/?#@\[\]]+)(?::(?P<port>\d*))?"
    r"(?:[/?#].*)?",
    re.IGNORECASE,
)
_COMMON_URL = re.compile(
    r"https?://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,5}[a-z]{2,63}"
    r"(?:[/?#][\w!#$%&'()*+,./:;=?@\[\]~-]*)?",
    re.IGNORECASE,
)
_LABEL = re.compile(r"\w(?:[\w-]{0,61}\w)?")
_LARGEST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Problem:
    """Why one column of a coupon is refused; `column` is title, description or url."""

    column: str
    en: str
    zh: str


def check_coupon(title: str, description: str, url: str) -> list[Problem]:
    """The problems of one coupon in the order of its columns; an empty list when it is good.

    Lengths count characters (code points). Texts are judged as they are: trimming is the
    caller's business. That a url is unique in its list is the list's rule, see `repeated`.
    """
    problems: list[Problem] = []
    _check_text(problems, "title", title, TITLE_MAX)
    _check_text(problems, "description", description, DESCRIPTION_MAX)
    if _check_text(problems, "url", url, URL_MAX) and not is_web_address(url):
        problems.append(
            Problem(
                "url",
                "must be a web address that starts with http:// or https://",
                "必須是 http:// 或 https:// 開頭的網址",
            )
        )
    return problems


def repeated(first_row: int) -> Problem:
    """The problem of a url that an earlier good row of the same list already has."""
    return Problem("url", f"is the same as in row {first_row}", f"與第 {first_row} 列的網址重複")


def _check_text(problems: list[Problem], column: str, text: str, most: int) -> bool:
    """Add what is wrong with a required text; whether nothing was."""
    if not text or text.isspace():
        problems.append(Problem(column, "is required", "必填"))
    elif not text.isprintable() and _NO_TEXT.search(text):
        problems.append(
            Problem(column, "contains characters that are no text", "含有無法使用的控制字元")
        )
    elif len(text) > most:
        problems.append(Problem(column, f"is longer than {most} characters", f"超過 {most} 個字"))
    else:
        return True
    return False


def is_web_address(url: str) -> bool:
    """Whether it is an http or https address that a browser would open."""
    if _COMMON_URL.fullmatch(url):
        return True
    match = None if _NOT_IN_URL.search(url) else _URL.fullmatch(url)
    if match is None:
        return False
    port = match["port"]
    if port and int(port[:6]) > _LARGEST_PORT:
        return False
    return _is_host(match["host"])


def _is_host(host: str) -> bool:
    if host.startswith("["):
        return _parses(IPv6Address, host[1:-1])
    labels = host.removesuffix(".").split(".")
    # Browsers read a name whose last part is a number as an IPv4 address, or not at all.
    if labels[-1].isdecimal():
        return _parses(IPv4Address, host)
    return len(host) <= 253 and all(_LABEL.fullmatch(label) for label in labels)


def _parses(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except AddressValueError:
        return False
    return True
