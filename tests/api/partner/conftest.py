"""What the tests of contract B stand on: a tenant's card, its sets of coupons and its add-on."""

import uuid

import pytest
from flask.testing import FlaskClient

from tests.support import coupons
from tests.support.add_ons import Opener, register
from tests.support.cards import Holder
from tests.support.cast import Caller
from tests.support.partners import PartnerCaller
from tests.support.points_calls import add


@pytest.fixture
def opener(client: FlaskClient) -> Opener:
    return Opener(client)


@pytest.fixture
def add_on(admin: Caller) -> str:
    """An add-on of `tenant_id`."""
    return register(admin.tenant_id)


@pytest.fixture
def rich(partner: PartnerCaller, holder: Holder) -> Holder:
    """The holder with 100 points."""
    assert add(partner, holder, points=100).status_code == 201
    return holder


@pytest.fixture
def person(partner: PartnerCaller) -> str:
    """A member of the partner's tenant."""
    return coupons.member_of(partner.owner_id)


@pytest.fixture
def pool(partner: PartnerCaller) -> uuid.UUID:
    """A pool of three."""
    return coupons.pool(partner.owner_id, 3, static_code="SUMMER")


@pytest.fixture
def made(partner: PartnerCaller) -> uuid.UUID:
    """A set that makes codes."""
    return coupons.auto_set(partner.owner_id)
