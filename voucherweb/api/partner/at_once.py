"""Writes that are one statement with their answer: see services/partner_writes.py.

The answer is made before the deed, with blanks for what only the database will know, in the shapes
that the call declares.
"""

from collections.abc import Callable
from typing import Any, Final

import orjson

from voucherweb.api.endpoint import settings
from voucherweb.api.partner.faults import Fault, When, befall
from voucherweb.api.partner.shapes import PartnerData
from voucherweb.errors import Refusal
from voucherweb.services import partner_writes
from voucherweb.services.autocommit import alone
from voucherweb.services.partner_writes import BLANK, Deed, Once, Told
from voucherweb.transaction import unit_of_work

_BLANK: Final = orjson.Fragment(BLANK)


def blanked(data: PartnerData, *names: str) -> dict[str, Any]:
    """The object with blanks in place of the named fields, which the database fills in in their
    order."""
    return {**data.wire(), **dict.fromkeys(names, _BLANK)}


def template(answer: dict[str, Any]) -> str:
    """The text of an answer that may have blanks."""
    return orjson.dumps(answer).decode()


def answer(describe: Callable[[], Deed], once: Once, fault: Fault | None) -> Told:
    """Do what a handler describes. A key's known answer precedes all that the handler refuses; a
    fault that was asked for takes back what was done, and spares what was done before."""
    try:
        deed = describe()
    except Refusal:
        known = partner_writes.recall(alone(settings()), once)
        if known is None:
            raise
        return known
    if fault is None:
        return partner_writes.do(settings(), once, deed)
    with unit_of_work():
        told = partner_writes.do_within(once, deed)
        if not told.replayed:
            befall(fault, When.INSTEAD)
        return told
