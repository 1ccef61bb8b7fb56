"""How often a partner may call, and how often a code may be wrong (contract B).

Counts live in the throttles' Redis; when it is away calls go through, as sign-in's do.
"""

from typing import Final

import structlog
from flask import g, request
from redis.exceptions import RedisError

from voucherweb.api.endpoint import settings
from voucherweb.domain import clock
from voucherweb.domain.partner import Partner
from voucherweb.errors import refuse
from voucherweb.extensions import limiter

WINDOW: Final = 60
"""Seconds; windows begin with each minute."""
CALLS: Final = 6000
"""Calls of one key or add-on in a window."""
WRONG_CODES: Final = 30
"""Wrong coupon codes of one key in a window."""
WRONG_CODES_OF_AN_ADDRESS: Final = 120
"""Wrong coupon codes of all keys at one address in a window: many tenants may share it."""

log = structlog.get_logger(__name__)


def _left_in_window() -> int:
    return WINDOW - int(clock.now().timestamp()) % WINDOW


def _name(kind: str, who: str) -> str:
    return f"partner:{kind}:{who}:{int(clock.now().timestamp()) // WINDOW}"


def _count(kind: str, who: str) -> int:
    """One more of that kind; how many there are now in this window."""
    try:
        return limiter.storage.incr(_name(kind, who), WINDOW)
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


def count_expired(partner: Partner) -> None:
    """Count one call with a token of this key that has expired: apart from the key's calls, which
    whoever has come by an old token must not use up. Raises TOO_MANY_REQUESTS."""
    if settings().ratelimit_enabled and _count("expired", partner.key) > CALLS:
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
