"""How often a partner may call, and how often a code may be wrong (contract B).

Counts live in the throttles' Redis; when it is away calls go through, as sign-in's do.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from flask import g, request
from redis.exceptions import RedisError

from voucherweb.api.endpoint import settings
from voucherweb.domain import clock
from voucherweb.domain.partner import Partner
from voucherweb.errors import Refusal, refuse
from voucherweb.extensions import limiter

WINDOW: Final = 60
"""Seconds; windows begin with each minute."""
CALLS: Final = 6000
"""Calls of one key or add-on in a window."""
WRONG_CODES: Final = 30
"""Wrong coupon codes of one key in a window."""
WRONG_CODES_OF_AN_ADDRESS: Final = 120
"""Wrong coupon codes of all keys at one address in a window: many tenants may share it."""
REFUSALS_OF_AN_ADDRESS: Final = ((60, 60), (3600, 600))
"""Windows in seconds, and how many proofs of an address each token call refuses in them before it
stops saying that they are wrong."""

log = structlog.get_logger(__name__)


def _left_in_window(window: int = WINDOW) -> int:
    return window - int(clock.now().timestamp()) % window


def _name(kind: str, who: str, window: int = WINDOW) -> str:
    return f"partner:{kind}:{who}:{int(clock.now().timestamp()) // window}"


def _count(kind: str, who: str, window: int = WINDOW) -> int:
    """One more of that kind; how many there are now in this window."""
    try:
        return limiter.storage.incr(_name(kind, who, window), window)
    except RedisError as error:
        log.warning("throttle_away", error=type(error).__name__)
        return 0


def count_call(partner: Partner) -> dict[str, str]:
    """Count one call; the `RateLimit` headers of its answer. Raises TOO_MANY_REQUESTS."""
    if not settings().ratelimit_enabled:
        return {}
    count, reset = _count("calls", partner.key), _left_in_window()
    if count > CALLS:
        g.partner_headers = headers(0, reset)
        raise refuse("TOO_MANY_REQUESTS", retry_after=reset)
    return headers(CALLS - count, reset)


def count_ended(partner: Partner) -> None:
    """Count one call with a token of this key that has ended: apart from the key's calls, which
    whoever has come by an old token must not use up. Raises TOO_MANY_REQUESTS."""
    if settings().ratelimit_enabled and _count("ended", partner.key) > CALLS:
        raise refuse("TOO_MANY_REQUESTS", retry_after=_left_in_window())


def headers(remaining: int, reset: int) -> dict[str, str]:
    """As the IETF's draft `ratelimit-headers` has them; `t` is in seconds."""
    return {
        "RateLimit-Policy": f'"calls";q={CALLS};w={WINDOW}',
        "RateLimit": f'"calls";r={max(remaining, 0)};t={reset}',
    }


def _guessers(partner: Partner) -> tuple[str, str]:
    return partner.key, f"address:{request.remote_addr}"


def need_guess_left(partner: Partner) -> None:
    """Raises TOO_MANY_REQUESTS for a caller, or an address, that was wrong too often."""
    if not settings().ratelimit_enabled:
        return
    try:
        wrong = [limiter.storage.get(_name("wrong", who)) for who in _guessers(partner)]
    except RedisError as error:
        log.warning("throttle_away", error=type(error).__name__)
        return
    if wrong[0] >= WRONG_CODES or wrong[1] >= WRONG_CODES_OF_AN_ADDRESS:
        raise refuse("TOO_MANY_REQUESTS", retry_after=_left_in_window())


def count_wrong(partner: Partner) -> None:
    """Count one coupon code that is not there."""
    if settings().ratelimit_enabled:
        for who in _guessers(partner):
            _count("wrong", who)


@contextmanager
def refusals_counted(is_there: Callable[[], bool]) -> Iterator[None]:
    """Count the proofs that one token call refuses to an address. Once they are too many, wrong
    ones raise TOO_MANY_REQUESTS, and those that name nothing `is_there` knows are not even looked
    at, so that nothing is written of them. A good proof is let through whatever others at its
    address do: they may be a partner's many servers behind one router."""
    if not settings().ratelimit_enabled:
        yield
        return
    who = f"{request.endpoint}:{request.remote_addr}"
    wait = _wait_of_refused(who)
    if wait and not is_there():
        raise refuse("TOO_MANY_REQUESTS", retry_after=wait)
    try:
        yield
    except Refusal as refusal:
        if refusal.error.http == 401 and (wait := _count_refused(who)):
            raise refuse("TOO_MANY_REQUESTS", retry_after=wait) from refusal
        raise


def _wait_of_refused(who: str) -> int:
    """In how many seconds an address may be wrong again; 0: now."""
    try:
        full = [
            window
            for window, most in REFUSALS_OF_AN_ADDRESS
            if limiter.storage.get(_name(_refused_in(window), who, window)) >= most
        ]
    except RedisError as error:
        log.warning("throttle_away", error=type(error).__name__)
        return 0
    return max(map(_left_in_window, full), default=0)


def _count_refused(who: str) -> int:
    """One more; in how many seconds to try again if it was one too many, else 0."""
    full = [
        window
        for window, most in REFUSALS_OF_AN_ADDRESS
        if _count(_refused_in(window), who, window) > most
    ]
    return max(map(_left_in_window, full), default=0)


def _refused_in(window: int) -> str:
    return f"refused-{window}"
