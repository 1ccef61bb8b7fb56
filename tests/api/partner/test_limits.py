"""How often a key may call, and what every answer says of it."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.support.partners import PartnerCaller
from voucherweb import create_app
from voucherweb.api.partner import limits
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.partner import CallerKind
from voucherweb.extensions import db, limiter
from voucherweb.models import ApiKeySecret
from voucherweb.services import partner_tokens
from voucherweb.transaction import session, unit_of_work

CAMPAIGNS = "/v2/connect/campaigns"


@pytest.fixture
def counted(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FlaskClient]:
    """A system in which three calls of a key a minute are all; 20 seconds of it are over."""
    monkeypatch.setattr(limits, "CALLS", 3)
    loud = create_app(replace(settings, ratelimit_enabled=True))
    loud.test_client_class = app.test_client_class
    try:
        with clock.frozen(clock.now().replace(second=20)):
            yield loud.test_client()
    finally:
        limiter.enabled = False
        with loud.app_context():
            db.engine.dispose()


def test_every_answer_tells_what_is_left_and_the_last_one_to_wait(
    counted: FlaskClient, partner: PartnerCaller, other_partner: PartnerCaller
) -> None:
    partner, other = replace(partner, client=counted), replace(other_partner, client=counted)
    answers = [partner.get(CAMPAIGNS) for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    told = [one.headers["RateLimit"] for one in answers]
    assert told == [f'"calls";r={left};t=40' for left in (2, 1, 0, 0)]
    assert {one.headers["RateLimit-Policy"] for one in answers} == {'"calls";q=3;w=60'}
    assert answers[3].headers["Retry-After"] == "40"
    assert other.get(CAMPAIGNS).status_code == 200


def test_a_refusal_tells_it_too(counted: FlaskClient, partner: PartnerCaller) -> None:
    answer = replace(partner, client=counted).get(CAMPAIGNS, size=1001)
    assert answer.status_code == 400
    assert re.fullmatch(r'"calls";r=2;t=40', answer.headers["RateLimit"])


def test_an_old_token_uses_up_nothing_of_its_key(
    counted: FlaskClient, partner: PartnerCaller, settings: Settings
) -> None:
    with clock.frozen(clock.now() - 2 * partner_tokens.LIFE):
        token = partner_tokens.access_token(
            settings, CallerKind.KEY, partner.key_id, secret_of(partner)
        )
    partner = replace(partner, client=counted)
    old = replace(partner, token=token)
    assert [old.get(CAMPAIGNS).status_code for _ in range(4)] == [401, 401, 401, 429]
    assert partner.get(CAMPAIGNS).headers["RateLimit"] == '"calls";r=2;t=40'


def secret_of(partner: PartnerCaller) -> uuid.UUID:
    with unit_of_work():
        wanted = select(ApiKeySecret.id).where(ApiKeySecret.api_key_id == partner.key_id)
        return session.scalars(wanted).one()


def test_without_throttles_nothing_is_told(partner: PartnerCaller) -> None:
    assert "RateLimit" not in partner.get(CAMPAIGNS).headers
