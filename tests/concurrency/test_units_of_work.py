"""Units of work beside somebody who holds a row: requests give up in time, and say so."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from tests.support import cards, coupons
from tests.support.coupon_calls import given
from tests.support.partners import PartnerCaller
from tests.support.points_calls import add
from voucherweb import application
from voucherweb.config import Settings
from voucherweb.extensions import db
from voucherweb.transaction import session, unit_of_work

SHOWN = text("SELECT current_setting('lock_timeout'), current_setting(:idle)")
IDLE = {"idle": "idle_in_transaction_session_timeout"}


@pytest.fixture
def anew(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """Connections are made anew, with short patience; those of other tests are not met."""
    monkeypatch.setattr(application, "LOCK_TIMEOUT", "300ms")
    db.engine.dispose()
    yield app
    session.remove()
    db.engine.dispose()


def shown() -> tuple[Any, ...]:
    with unit_of_work():
        return tuple(session.execute(SHOWN, IDLE).one())


def test_what_a_request_opens_waits_for_a_while_and_what_a_command_opens_for_long(
    anew: Flask,
) -> None:
    assert shown() == ("0", "0")
    db.engine.dispose()
    with anew.test_request_context():
        assert shown() == ("300ms", "1min")


@pytest.mark.parametrize("what", ["card", "set"])
def test_a_void_whose_row_is_held_is_refused_in_time_and_changes_nothing(
    client: FlaskClient, anew: Flask, settings: Settings, partner: PartnerCaller, what: str
) -> None:
    tenant = str(partner.owner_id)
    holder = cards.make_holder(cards.make_campaign(tenant), tenant)
    set_id = coupons.auto_set(partner.owner_id)
    if what == "card":
        query = "SELECT 1 FROM cards WHERE id = %s FOR NO KEY UPDATE"
        row: Any = holder.card_id
        path = (
            f"/v2/connect/void/points/{add(partner, holder, points=7).get_json()['transaction_id']}"
        )
    else:
        query, row = "SELECT 1 FROM coupon_sets WHERE id = %s FOR NO KEY UPDATE", set_id
        gift = given(partner, holder.member_id, set_id)[0]["uuid"]
        path = f"/v2/connect/coupon/void/{gift}"
    session.remove()
    db.engine.dispose()
    # It lets go at last, so that this fails, and ends, where nobody gives up.
    patient = "-c idle_in_transaction_session_timeout=5000"
    with psycopg.connect(settings.database_url, options=patient) as other:
        assert other.execute(query, [row]).fetchone() == (1,)
        refused = partner.delete(path, Idempotency_Key="k")
        other.rollback()
    assert (refused.status_code, refused.get_json()["code"]) == (503, "UNAVAILABLE")
    assert refused.headers["Retry-After"] == "1"
    assert partner.delete(path, Idempotency_Key="k").status_code == 200
