"""What there is before contract B's examples begin: a sandbox with one of everything that a call
can find, or be refused for."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient

from tests.support.cast import Caller, make_admin, make_tenant
from tests.support.partners import PartnerCaller
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.partner import ALL_SCOPES, Scope
from voucherweb.models import (
    AddOn,
    ApiKey,
    Branch,
    Card,
    Coupon,
    CouponSet,
    Member,
    Programme,
    Tenant,
)
from voucherweb.services import api_keys
from voucherweb.transaction import session, unit_of_work

PHONE = "0912345678"
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@dataclass
class Stage:
    """`ids` are the values that the examples name, by the names that they have there."""

    partner: PartnerCaller
    admin: Caller
    platform: Caller
    ids: dict[str, str]


def build(client: FlaskClient, settings: Settings) -> Stage:
    """A hospital with an add-on, a sandbox key, and a twin that holds the stage's things."""
    tenant_id = make_tenant("小港醫院")
    twin_id = _twin(tenant_id)
    with unit_of_work():
        key = api_keys.create_key(OPERATOR, uuid.UUID(tenant_id), "POS", sandbox=True)
    partner = _partner(client, settings, key, twin_id)
    ids = {
        "api_key": key.api_key,
        "api_secret": key.api_secret,
        "add_on": _add_on(tenant_id),
        "from": (clock.now() - DAY).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "to": (clock.now() + DAY).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "from_date": (clock.now() - DAY).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "to_date": (clock.now() + 40 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "nobody": str(uuid.uuid4()),
    }
    ids |= _cards(twin_id)
    _history(partner, ids)
    ids |= _coupons(partner, twin_id, ids["member"])
    admin, platform = make_admin(client, settings, tenant_id), make_admin(client, settings)
    return Stage(partner, admin, platform, ids)


def _twin(tenant_id: str) -> uuid.UUID:
    """An empty twin, made before the key is, which would fill it."""
    with unit_of_work():
        twin = Tenant(
            code="XG-SANDBOX", name="小港醫院", type="HOSPITAL", sandbox_of=uuid.UUID(tenant_id)
        )
        session.add(twin)
        session.flush()
        return twin.id


def _partner(
    client: FlaskClient, settings: Settings, key: api_keys.IssuedKey, twin_id: uuid.UUID
) -> PartnerCaller:
    token = api_keys.issue_token(settings, key.api_key, key.api_secret).access_token
    return PartnerCaller(client, token, key.id, twin_id)


def _add_on(tenant_id: str) -> str:
    with unit_of_work():
        add_on = AddOn(
            tenant_id=uuid.UUID(tenant_id),
            code="shift",
            name="排班小幫手",
            url="https://addon.example/app",
            origin="https://addon.example",
            scopes=["members:read", "points:read"],
            plan_name="pro",
            plan_start=clock.now() - DAY,
            plan_end=clock.now() + 30 * DAY,
            config={"theme": "teal"},
        )
        session.add(add_on)
        session.flush()
        return str(add_on.id)


def _cards(twin_id: uuid.UUID) -> dict[str, str]:
    """A member with a card in a running campaign, one in a paused one, and one that has ended."""
    with unit_of_work():
        member = Member(
            tenant_id=twin_id, name="王小明", gender="M", phone_number=PHONE, birthdate=None
        )
        terms = {"tenant_id": twin_id, "value_per_point": 30}
        running = Programme(name="集點樂", end_date=clock.now() + 30 * DAY, **terms)
        paused = Programme(name="去年的活動", status="INACTIVE", **terms)
        third = Programme(name="貴賓點數", **terms)
        for place, one in enumerate((running, paused, third)):
            one.created_at = clock.now() + place * SECOND  # So that lists have one order.
        session.add_all([member, running, paused, third])
        session.flush()
        cards = {
            "card": Card(member_id=member.id, programme_id=running.id, tier="GOLD"),
            "card_of_paused": Card(member_id=member.id, programme_id=paused.id),
            "card_that_ended": Card(
                member_id=member.id, programme_id=third.id, expired_at=clock.now() + DAY
            ),
        }
        for place, card in enumerate(cards.values()):
            card.created_at = clock.now() + place * SECOND
        session.add_all(cards.values())
        session.add(Branch(tenant_id=twin_id, code="B001", name="高雄門市"))
        session.flush()
        numbers = {name: card.card_no for name, card in cards.items()}
        return {"member": member.household_member_id, "campaign": str(running.id), **numbers}


def _history(partner: PartnerCaller, ids: dict[str, str]) -> None:
    """Transactions that cannot be taken back: spent, taken back before, and of a shared ref_no."""

    def move(way: str, points: int, card: str = "card", **refs: str) -> str:
        body = {"phone_number": PHONE, "card_no": ids[card], "points": points, **refs}
        answer = partner.post(f"/v2/connect/{way}/points", {"method": 2, **body})
        assert answer.status_code == 201, answer.text
        return str(answer.get_json()["transaction_id"])

    ids["spent"] = move("add", 500, ref_no="SPENT-NO", ref_id="SPENT-ID")
    move("burn", 500, ref_no="SALE-0")
    ids["voided"] = move("add", 80, ref_no="GONE-NO", ref_id="GONE-ID")
    assert partner.delete(f"/v2/connect/void/points/{ids['voided']}").status_code == 200
    ids["twice_1"], ids["twice_2"] = (move("add", 10, ref_no="TWICE-NO") for _ in range(2))
    move("add", 100, "card_that_ended")
    with unit_of_work():
        ended = session.query(Card).filter_by(card_no=ids["card_that_ended"]).one()
        ended.expired_at = clock.now() - DAY


def _coupons(partner: PartnerCaller, twin_id: uuid.UUID, member: str) -> dict[str, str]:
    """Sets in every state, and coupons that are used, taken back, or over."""
    sets = {
        "pool": _set(twin_id, "咖啡兌換券", "CAFE-7KQ2", 6),
        "empty_pool": _set(twin_id, "早餐兌換券", "", 0),
        "paused_set": _set(twin_id, "暫停的票券組", "", 0, status="INACTIVE"),
        "full_set": _set(twin_id, "限量好禮", "", 0, source="AUTO_GENERATE", quantity=1),
        "ended_set": _set(twin_id, "週年慶", "OVER-9XWM", 1),
    }

    def give(name: str) -> dict[str, Any]:
        body = {"coupon_set_uuid": sets[name]}
        answer = partner.post(f"/v2/connect/coupon/give/{member}", body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.get_json()["data"][0]
        return found

    used, taken_back, ended = give("pool"), give("pool"), give("ended_set")
    give("full_set")
    assert partner.post("/v2/connect/coupon/use", {"code": used["code"]}).status_code == 201
    assert partner.delete(f"/v2/connect/coupon/void/{taken_back['uuid']}").status_code == 200
    with unit_of_work():
        session.get_one(CouponSet, uuid.UUID(sets["ended_set"])).end_date = clock.now() - DAY
    return {
        **sets,
        "used_coupon": used["uuid"],
        "used_code": used["code"],
        "voided_coupon": taken_back["uuid"],
        "ended_code": ended["code"],
    }


def _set(
    twin_id: uuid.UUID,
    name: str,
    prefix: str,
    total: int,
    *,
    source: str = "IMPORT",
    **changes: Any,
) -> str:
    with unit_of_work():
        pool = CouponSet(
            tenant_id=twin_id,
            source=source,
            name=name,
            start_date=clock.now() - 2 * DAY,
            end_date=clock.now() + 30 * DAY,
            total=total,
            created_by="test",
            **changes,
        )
        session.add(pool)
        session.flush()
        session.add_all(
            Coupon(set_id=pool.id, ordinal=one, owner_id=twin_id, code=f"{prefix}-{one:04d}")
            for one in range(1, total + 1)
        )
        return str(pool.id)


def token_without(settings: Settings, stage: Stage, scope: Scope) -> str:
    """A token of another key of the same tenant, which may do all but that."""
    with unit_of_work():
        tenant_id = session.get_one(ApiKey, stage.partner.key_id).tenant_id
        scopes = ALL_SCOPES - {scope}
        key = api_keys.create_key(OPERATOR, tenant_id, "讀取", scopes, sandbox=True)
    return api_keys.issue_token(settings, key.api_key, key.api_secret).access_token
