"""Slows down whoever guesses a password or a code; says in words how long to wait."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog
from flask import request
from flask_limiter import RateLimitExceeded
from flask_login import current_user
from redis.exceptions import RedisError

from voucherweb.domain import clock
from voucherweb.errors import refuse
from voucherweb.extensions import limiter
from voucherweb.web.forms import Form
from voucherweb.web.language import Text

_UNKNOWN_WAIT: Final = 60
WRONG_NUMBERS: Final = ((60, 20, 120), (3600, 200, 1200))
"""Windows in seconds, and how many numbers that are nobody's may be looked up in each by one admin
and from one address, which many desks may share."""

log = structlog.get_logger(__name__)


def _who() -> str:
    return f"admin:{current_user.actor.id}"


@limiter.limit("10/minute;60/hour", key_func=_who)
def _count_own() -> None:
    """One guess of whoever is signed in, from wherever."""


def may_guess(form: Form) -> bool:
    """Count one guess of a password or a code by whoever is signed in. When that was one too
    many the form says so, and nothing may be checked."""
    return slowed(form, _count_own)


def slowed(form: Form, count: Callable[[], None]) -> bool:
    """Whether a limit lets one more through; if not, the form says how long to wait."""
    try:
        count()
    except RateLimitExceeded:
        too_often(form)
        return False
    return True


def too_often(form: Form) -> None:
    """Have the form say that it was sent too often, and for how long to wait."""
    seconds = wait_seconds()
    form.refusal = refuse("TOO_MANY_REQUESTS", retry_after=seconds)
    form.problems.append(
        Text(
            "嘗試次數過多，沒有檢查這一次輸入的內容。請等 {} 再試。",
            "That was tried too often, so this try was not checked. Wait {}, then try again.",
        ).format(wait_words(seconds))
    )


@dataclass(slots=True)
class Try:
    """One number that somebody asks for at a desk, counted before it is looked up, so that those
    who ask for many at once gain nothing by it. `right` takes it out of the count again: what is
    limited are wrong numbers. `wait` is in how many seconds one may go on, 0 when one may now."""

    wait: int = 0
    _counted: list[tuple[str, int]] = field(default_factory=list)

    def count(self) -> None:
        now = int(clock.now().timestamp())
        for window, of_admin, of_address in WRONG_NUMBERS:
            left = window - now % window
            for who, most in ((_who(), of_admin), (f"address:{request.remote_addr}", of_address)):
                name = f"desk:wrong:{who}:{window}:{now // window}"
                self._counted.append((name, left))
                if limiter.storage.incr(name, left) > most:
                    self.wait = max(self.wait, left)

    def right(self) -> None:
        while self._counted:
            name, left = self._counted.pop()
            try:
                limiter.storage.incr(name, left, -1)
            except RedisError as error:
                log.warning("throttle_away", error=type(error).__name__)


def try_number() -> Try:
    """Count one look-up at a desk; while Redis is away look-ups go through, as sign-in does."""
    one = Try()
    if limiter.enabled:
        try:
            one.count()
        except RedisError as error:
            log.warning("throttle_away", error=type(error).__name__)
    return one


def wait_seconds() -> int:
    """How long until the limit that was just overstepped lets somebody through again."""
    limit = limiter.current_limit
    if limit is None:
        return _UNKNOWN_WAIT
    return max(int(limit.reset_at - clock.now().timestamp()) + 1, 1)


def wait_words(seconds: int) -> Text:
    """Seconds up to a minute and a half, minutes above, rounded up."""
    if seconds <= 90:
        return Text(f"{seconds} 秒", f"{seconds} second{'' if seconds == 1 else 's'}")
    minutes = -(-seconds // 60)
    return Text(f"{minutes} 分鐘", f"{minutes} minutes")
