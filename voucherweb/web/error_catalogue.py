"""The error catalogue: every code of both contracts, made from the table of errors and from the
declared calls."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from voucherweb.api import openapi
from voucherweb.api.error_advice import ADVICE
from voucherweb.api.partner import openapi as partner_openapi
from voucherweb.api.partner.call import CALLS
from voucherweb.errors import ERRORS

ANY: Final = 2 / 3
"""A code that so many of the calls can answer is any call's."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One code: its anchor on the page, what it means, what to do, and the calls that answer it;
    `anywhere` says that nearly all do."""

    anchor: str
    code: str
    status: int
    meaning: str
    advice: str
    calls: tuple[str, ...]
    anywhere: bool


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract's codes, by status and name."""

    name: str
    title: str
    entries: tuple[Entry, ...]


def catalogue(english: bool) -> tuple[Contract, ...]:
    """Both contracts in one language; contract B's codes take the plain anchors."""
    partner, management = _partner_codes(), _management_codes()
    own = [name for name in ERRORS if name in partner]
    theirs = [name for name in ERRORS if name in management]
    titles = TITLES_EN if english else TITLES_ZH
    return (
        Contract("partner", titles[0], _entries(own, partner, "", english)),
        Contract("management", titles[1], _entries(theirs, management, "a-", english)),
    )


TITLES_ZH: Final = ("夥伴 Open API", "票券平台 API（管理與 App）")
TITLES_EN: Final = ("Partner Open API", "Voucher API (management and app)")


def _partner_codes() -> dict[str, list[str]]:
    """The calls that answer each code of contract B."""
    found: dict[str, list[str]] = {"METHOD_NOT_ALLOWED": []}
    for call in CALLS:
        told = f"{call.method} {partner_openapi.template(call.path)}"
        for code in partner_openapi.codes(call):
            found.setdefault(code, []).append(told)
    return found


def _management_codes() -> dict[str, list[str]]:
    """The same for contract A."""
    found: dict[str, list[str]] = {"NOT_FOUND": [], "METHOD_NOT_ALLOWED": []}
    for call in openapi.calls():
        told = f"{call.method} {partner_openapi.template(call.path)}"
        for error in openapi.codes(call):
            found.setdefault(error.code.rpartition(".")[2], []).append(told)
    return found


def _entries(
    names: Iterable[str], calls: dict[str, list[str]], prefix: str, english: bool
) -> tuple[Entry, ...]:
    most = len(max(calls.values(), key=len)) * ANY
    entries = [
        Entry(
            anchor=prefix + name,
            code=ERRORS[name].code if prefix else name,
            status=ERRORS[name].http,
            meaning=ERRORS[name].en if english else ERRORS[name].zh,
            advice=ADVICE[name][english],
            calls=tuple(calls[name]),
            anywhere=not calls[name] or len(calls[name]) > most,
        )
        for name in names
    ]
    return tuple(sorted(entries, key=lambda one: (one.status, one.code)))
