"""Faults that a sandbox key can ask for, so that an integrator sees what seldom happens.

`X-Sandbox-Fault` names one; a live key's header says nothing to us. A call that is refused for a
reason of its own shows that reason, unless the fault is one that comes before any call is looked
at. What is made up changes nothing, but for `timeout-after-commit`: the answer is lost after all
has been done, and the key finds it again.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from flask import g, request

from voucherweb.domain.partner import Partner
from voucherweb.errors import Refusal, invalid, refuse

HEADER: Final = "X-Sandbox-Fault"
WAIT: Final = 2
"""Seconds that a made-up 429 or 503 asks to wait."""


class When(Enum):
    """When the fault befalls the call."""

    BEFORE = "before it is looked at"
    INSTEAD = "instead of its success"
    AFTER = "after its success"


@dataclass(frozen=True, slots=True)
class Fault:
    """A refusal that is made up."""

    name: str
    code: str
    when: When
    wait: int | None = None


FAULTS: Final = (
    Fault("timeout-after-commit", "TIMEOUT", When.AFTER),
    Fault("too-many-requests", "TOO_MANY_REQUESTS", When.BEFORE, WAIT),
    Fault("unavailable", "UNAVAILABLE", When.BEFORE, WAIT),
    Fault("unauthorized", "UNAUTHORIZED", When.BEFORE),
    Fault("coupon-used", "COUPON_ALREADY_USED", When.INSTEAD),
    Fault("coupon-expired", "COUPON_NOT_IN_DATE", When.INSTEAD),
    Fault("no-stock", "POOL_EMPTY", When.INSTEAD),
    Fault("insufficient-points", "INSUFFICIENT_POINTS", When.INSTEAD),
)


def faults_of(own: tuple[str, ...]) -> list[Fault]:
    """The faults that a call with these codes of its own can meet."""
    return [one for one in FAULTS if one.when is not When.INSTEAD or one.code in own]


def asked_fault(partner: Partner, own: tuple[str, ...]) -> Fault | None:
    """The fault that this call asks for. `own` are the codes that the call itself can answer.

    Raises INVALID_PARAMETER for one that is unknown, or that this call can never meet.
    """
    name = request.headers.get(HEADER)
    if name is None or not partner.sandbox:
        return None
    possible = {one.name: one for one in faults_of(own)}
    if name not in possible:
        names = ", ".join(possible)
        raise invalid(HEADER, f"must be one of {names} for this call", f"此呼叫只能是 {names} 之一")
    return possible[name]


def befall(fault: Fault | None, *moments: When) -> None:
    """Raises the fault's refusal if this is its moment, and marks the answer as made up."""
    if fault is not None and fault.when in moments:
        g.partner_fault = fault.name
        g.partner_headers = {**g.get("partner_headers", {}), HEADER: fault.name}
        raise refusal_of(fault)


def refusal_of(fault: Fault) -> Refusal:
    return refuse(fault.code, retry_after=fault.wait)
