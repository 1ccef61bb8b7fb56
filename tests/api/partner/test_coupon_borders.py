"""Contract B calls 16 to 20: whose coupons a partner may give, see, void and use."""

import uuid

from flask.testing import FlaskClient

from tests.support import coupons
from tests.support.coupon_calls import CHECK, HISTORY, VOID, give, given, unchanged, use
from tests.support.partners import PartnerCaller, make_partner
from tests.support.refusals import refused
from voucherweb.config import Settings
from voucherweb.domain.partner import Scope

UNKNOWN = str(uuid.uuid4())


def test_foreign_is_unknown(
    partner: PartnerCaller, other_partner: PartnerCaller, person: str, pool: uuid.UUID
) -> None:
    (one,) = given(partner, person, pool)
    outsider = coupons.member_of(other_partner.owner_id)
    before = coupons.of_everything()
    told = [
        give(other_partner, outsider, pool),
        give(other_partner, outsider, UNKNOWN),
        give(other_partner, outsider, "no-uuid"),
        give(other_partner, person, UNKNOWN),
        give(partner, outsider, pool),
        give(partner, "nobody", pool),
        other_partner.get(f"{HISTORY}/{person}"),
        other_partner.get(f"{HISTORY}/nobody"),
        other_partner.delete(f"{VOID}/{one['uuid']}"),
        other_partner.delete(f"{VOID}/{UNKNOWN}"),
        other_partner.delete(f"{VOID}/no-uuid"),
        other_partner.get(CHECK, code=one["code"]),
        other_partner.get(CHECK, code="nothing"),
        use(other_partner, one["code"]),
        use(other_partner, "nothing"),
    ]
    bodies = [{**answer.json, "requestId": ""} for answer in told]
    assert all(answer.status_code == 404 for answer in told)
    assert bodies == [bodies[0]] * len(bodies)
    unchanged(before)


def test_a_member_without_a_tenant_belongs_to_whose_card_he_holds(
    partner: PartnerCaller, host_app: PartnerCaller, made: uuid.UUID
) -> None:
    loner = coupons.member_of(None)
    refused(give(partner, loner, made), 404, "NOT_FOUND")
    theirs = coupons.auto_set(host_app.owner_id)
    assert len(given(host_app, loner, theirs)) == 1
    refused(partner.get(f"{HISTORY}/{loner}"), 404, "NOT_FOUND")


def test_a_sandbox_has_its_own_coupons(
    client: FlaskClient, settings: Settings, partner: PartnerCaller, person: str, pool: uuid.UUID
) -> None:
    tenant = str(partner.owner_id)
    sandbox = make_partner(client, settings, tenant, sandbox=True)
    player = coupons.member_of(sandbox.owner_id)
    refused(give(sandbox, player, pool), 404, "NOT_FOUND")
    refused(give(sandbox, person, coupons.auto_set(sandbox.owner_id)), 404, "NOT_FOUND")
    assert len(given(sandbox, player, coupons.auto_set(sandbox.owner_id))) == 1


def test_scopes(
    client: FlaskClient, settings: Settings, partner: PartnerCaller, person: str, made: uuid.UUID
) -> None:
    (one,) = given(partner, person, made)
    tenant = str(partner.owner_id)
    reader = make_partner(client, settings, tenant, scopes=frozenset({Scope.COUPONS_READ}))
    before = coupons.of_everything()
    refused(give(reader, person, made), 403, "FORBIDDEN")
    refused(reader.delete(f"{VOID}/{one['uuid']}"), 403, "FORBIDDEN")
    refused(use(reader, one["code"]), 403, "FORBIDDEN")
    unchanged(before)
    assert reader.get(CHECK, code=one["code"]).status_code == 200
    other = make_partner(client, settings, tenant, scopes=frozenset({Scope.MEMBERS_READ}))
    refused(other.get(CHECK, code=one["code"]), 403, "FORBIDDEN")
    refused(other.get(f"{HISTORY}/{person}"), 403, "FORBIDDEN")
