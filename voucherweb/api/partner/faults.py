"""Faults that a sandbox key can ask for, so that an integrator sees what seldom happens.

`X-Sandbox-Fault` names one; a live key's header says nothing to us.
"""

from dataclasses import dataclass
from typing import Final

from flask import g, request

from voucherweb.domain.partner import Partner
from voucherweb.errors import Refusal, invalid, refuse

HEADER: Final = "X-Sandbox-Fault"
WAIT: Final = 2
"""Seconds that a made-up 429 or 503 asks to wait."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The refusal that is made up; `after` the call has done its work, or instead of it."""

    code: str
    after: bool = False
    wait: int | None = None


FAULTS: Final = {
    "timeout-after-commit": Fault("TIMEOUT", after=True),
    "too-many-requests": Fault("TOO_MANY_REQUESTS", wait=WAIT),
    "unavailable": Fault("UNAVAILABLE", wait=WAIT),
    "unauthorized": Fault("UNAUTHORIZED"),
    "coupon-used": Fault("COUPON_ALREADY_USED"),
    "coupon-expired": Fault("COUPON_NOT_IN_DATE"),
    "no-stock": Fault("POOL_EMPTY"),
    "insufficient-points": Fault("INSUFFICIENT_POINTS"),
}
ANYWHERE: Final = frozenset({"TIMEOUT", "TOO_MANY_REQUESTS", "UNAVAILABLE", "UNAUTHORIZED"})


def asked_fault(partner: Partner, own: tuple[str, ...]) -> Fault | None:
    """The fault that this call asks for. `own` are the codes that the call itself can answer.

    Raises INVALID_PARAMETER for one that is unknown, or that this call can never meet.
    """
    name = request.headers.get(HEADER)
    if name is None or not partner.sandbox:
        return None
    fault = FAULTS.get(name)
    if fault is None:
        raise invalid(HEADER, f"must be one of {', '.join(FAULTS)}", "沒有這種模擬狀況")
    if fault.code not in ANYWHERE and fault.code not in own:
        raise invalid(HEADER, "cannot happen to this call", "這個呼叫不會發生這種狀況")
    g.partner_fault = name
    return fault


def refusal_of(fault: Fault) -> Refusal:
    return refuse(fault.code, retry_after=fault.wait)
