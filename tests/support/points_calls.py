"""Contract B calls 9 to 13 as a till sends them, and the books beside them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.test import TestResponse

from tests.support import cards
from tests.support.cards import Holder
from tests.support.partners import PartnerCaller

ADD = "/v2/connect/add/points"
BURN = "/v2/connect/burn/points"
VOID = "/v2/connect/void/points"


def add(partner: PartnerCaller, holder: Holder, **body: Any) -> TestResponse:
    """Add points: by the value where one is given, else the points themselves."""
    method = 1 if "value" in body else 2
    return partner.post(ADD, {**holder.named, "method": method, **body})


def burn(partner: PartnerCaller, holder: Holder, points: Any, **body: Any) -> TestResponse:
    return partner.post(BURN, {**holder.named, "points": points, "ref_no": "R1", **body})


@contextmanager
def nothing_changes() -> Iterator[None]:
    before = cards.of_all_cards()
    yield
    assert cards.of_all_cards() == before
