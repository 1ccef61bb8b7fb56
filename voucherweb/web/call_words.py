"""What the calls of contract B are called, and what may be done about what came of them."""

import re
from functools import lru_cache
from typing import Final

from voucherweb.api.error_advice import ADVICE
from voucherweb.api.partner.call import ALIAS, CALLS
from voucherweb.errors import ERRORS
from voucherweb.models import PartnerCall
from voucherweb.services.call_lists import Ended, Outcome
from voucherweb.web.language import Text

OUTCOMES: Final = {
    Outcome.DONE: Text("成功", "Done"),
    Outcome.REFUSED: Text("被拒絕（4xx）", "Refused (4xx)"),
    Outcome.FAILED: Text("系統錯誤（5xx）", "Our failure (5xx)"),
}
ENDED: Final[dict[Ended | None, Text]] = {
    Ended.REVOKED: Text(
        "這把金鑰已撤銷，對方仍在使用它的權杖。",
        "The key had been revoked, and its token is still in use.",
    ),
    Ended.RENEWED: Text(
        "權杖已過期，或取得它的密鑰已更換。",
        "The token had expired, or the secret that it was fetched with had been replaced.",
    ),
}
COMMON: Final = (
    *("INVALID_PARAMETER", "UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "METHOD_NOT_ALLOWED"),
    *("IDEMPOTENCY_IN_PROGRESS", "IDEMPOTENCY_MISMATCH", "TOO_MANY_REQUESTS", "UNAVAILABLE"),
    *("TIMEOUT", "INTERNAL"),
)
"""Codes that every call may answer."""


@lru_cache(maxsize=1)
def _calls() -> tuple[tuple[str, re.Pattern[str], Text], ...]:
    return tuple((one.method, _rule(one.path), Text(*one.summary)) for one in CALLS)


def _rule(path: str) -> re.Pattern[str]:
    open_ended = re.sub(r"<rest:[^>]+>", ".+", path)
    return re.compile(re.sub(r"<[^>]+>", "[^/]+", open_ended), re.DOTALL)


def call_name(call: PartnerCall) -> Text | None:
    """What the call is called, such as 扣點; None for an address that is none of ours."""
    path = call.path
    if path.startswith(ALIAS):
        path = "/v2/connect/" + path.removeprefix(ALIAS)
    return next(
        (name for method, rule, name in _calls() if method == call.method and rule.fullmatch(path)),
        None,
    )


def codes() -> list[tuple[str, Text]]:
    """Every code that a call may answer, by its name, with its sentence."""
    names = {*COMMON, *(code for one in CALLS for code in one.errors)}
    return [(name, sentence(name)) for name in sorted(names)]


def sentence(code: str) -> Text:
    """What a code says; one of another release is shown as it is."""
    known = ERRORS.get(_name(code))
    return Text(known.zh, known.en) if known else Text(code, code)


def advice(code: str | None) -> Text | None:
    """What the partner does about a code, as the error catalogue says it."""
    known = ADVICE.get(_name(code)) if code else None
    return Text(*known) if known else None


def _name(code: str) -> str:
    """The short name of a code of contract B, which has one word for what is not there."""
    return "NOT_EXIST" if code == "NOT_FOUND" else code
