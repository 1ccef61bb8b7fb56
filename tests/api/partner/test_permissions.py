"""Every call of contract B beside strangers: wrong tokens, missing scopes, another tenant's ids."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support import cards
from tests.support.cast import Caller
from tests.support.partners import PartnerCaller, make_partner
from voucherweb.api.partner.call import CALLS, Call
from voucherweb.config import Settings
from voucherweb.domain.partner import ALL_SCOPES

CONNECT = "/v2/connect"
DATES = {"start_date": "2026-01-01T00:00:00Z", "end_date": "2099-01-01T00:00:00Z"}
WITH_TOKEN = [one for one in CALLS if not one.path.startswith("/v1/auth-connect/")]


@dataclass(frozen=True, slots=True)
class World:
    """What one tenant's partner knows: names that mean nothing to anybody else."""

    partner: PartnerCaller
    card_no: str
    phone: str
    member: str
    transaction: str
    ref_no: str
    ref_id: str
    set_id: str
    gift: str
    code: str

    def unknown(self) -> "World":
        """The same things under names that never were."""
        no = str(uuid.uuid4())
        return World(self.partner, "0000", "0999999999", no, no, "never", "never", no, no, "NEVER")


Ask = tuple[str, str, Any]
"""Method, path with query, body."""

# What each call needs to be told so that it means something of this world.
ASKS: dict[tuple[str, str], Callable[[World], Ask]] = {
    ("GET", f"{CONNECT}/profiles"): lambda w: (
        "GET",
        f"{CONNECT}/profiles?phone_number={w.phone}&card_no={w.card_no}&member_id={w.member}",
        None,
    ),
    ("POST", f"{CONNECT}/add/points"): lambda w: (
        "POST",
        f"{CONNECT}/add/points",
        {"phone_number": w.phone, "card_no": w.card_no, "method": 2, "points": 5},
    ),
    ("POST", f"{CONNECT}/burn/points"): lambda w: (
        "POST",
        f"{CONNECT}/burn/points",
        {"phone_number": w.phone, "card_no": w.card_no, "points": 5, "ref_no": "r"},
    ),
    ("DELETE", f"{CONNECT}/void/points/<transactionId>"): lambda w: (
        "DELETE",
        f"{CONNECT}/void/points/{w.transaction}",
        None,
    ),
    ("DELETE", f"{CONNECT}/void/points/ref-no/<rest:refNo>"): lambda w: (
        "DELETE",
        f"{CONNECT}/void/points/ref-no/{w.ref_no}",
        None,
    ),
    ("DELETE", f"{CONNECT}/void/points/ref-id/<rest:refId>"): lambda w: (
        "DELETE",
        f"{CONNECT}/void/points/ref-id/{w.ref_id}",
        None,
    ),
    ("POST", f"{CONNECT}/coupon/give/<memberId>"): lambda w: (
        "POST",
        f"{CONNECT}/coupon/give/{w.member}",
        {"coupon_set_uuid": w.set_id},
    ),
    ("GET", f"{CONNECT}/coupon/history/<memberId>"): lambda w: (
        "GET",
        f"{CONNECT}/coupon/history/{w.member}",
        None,
    ),
    ("DELETE", f"{CONNECT}/coupon/void/<couponUuid>"): lambda w: (
        "DELETE",
        f"{CONNECT}/coupon/void/{w.gift}",
        None,
    ),
    ("GET", f"{CONNECT}/coupon/check"): lambda w: (
        "GET",
        f"{CONNECT}/coupon/check?code={w.code}",
        None,
    ),
    ("POST", f"{CONNECT}/coupon/use"): lambda w: (
        "POST",
        f"{CONNECT}/coupon/use",
        {"code": w.code},
    ),
}
# Calls that name nothing: a stranger's answer shows the stranger's own, and so nothing of ours.
NAMELESS: dict[tuple[str, str], Ask] = {
    ("GET", f"{CONNECT}/campaigns"): ("GET", f"{CONNECT}/campaigns", None),
    ("GET", f"{CONNECT}/transactions"): ("GET", f"{CONNECT}/transactions", None),
    ("GET", f"{CONNECT}/coupon/sets"): ("GET", f"{CONNECT}/coupon/sets", None),
    ("GET", f"{CONNECT}/extension-config"): ("GET", f"{CONNECT}/extension-config", None),
    ("POST", f"{CONNECT}/coupon/sets"): (
        "POST",
        f"{CONNECT}/coupon/sets",
        {"name": "票券組", **DATES},
    ),
}


def send(client: FlaskClient, token: str | None, ask: Ask) -> TestResponse:
    method, path, body = ask
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return client.open(path, method=method, json=body, headers=headers)


def told(answer: TestResponse) -> tuple[int, Any]:
    body = json.loads(answer.get_data())
    body.pop("requestId", None)
    return answer.status_code, body


def counts(settings: Settings) -> Any:
    """What a call could change."""
    with psycopg.connect(settings.database_url) as connection:
        return connection.execute(
            "SELECT (SELECT count(*) FROM points_entries), (SELECT sum(balance) FROM cards),"
            " (SELECT count(*) FROM coupon_sets), (SELECT count(*) FROM coupon_gifts),"
            " (SELECT count(*) FROM coupon_gifts WHERE status = 'ACTIVE'),"
            " (SELECT count(*) FROM idempotency_keys)"
        ).fetchone()


@pytest.fixture
def world(client: FlaskClient, settings: Settings) -> World:
    tenant, _, holder = cards.tenant_with_holder()
    partner = make_partner(client, settings, tenant)
    named = {"phone_number": holder.phone, "card_no": holder.card_no}
    refs = {"ref_no": "ours-1", "ref_id": "ours-2"}
    added = partner.post(f"{CONNECT}/add/points", {**named, "method": 2, "points": 50, **refs})
    pool = partner.post(f"{CONNECT}/coupon/sets", {"name": "咖啡", **DATES})
    set_id = pool.json["uuid"]
    path = f"{CONNECT}/coupon/give/{holder.member_id}"
    gift = partner.post(path, {"coupon_set_uuid": set_id}).json["data"][0]
    return World(
        partner=partner,
        card_no=holder.card_no,
        phone=holder.phone,
        member=holder.member_id,
        transaction=added.json["transaction_id"],
        ref_no="ours-1",
        ref_id="ours-2",
        set_id=set_id,
        gift=gift["uuid"],
        code=gift["code"],
    )


@pytest.fixture
def unchanged(world: World, member: Caller, settings: Settings) -> Iterator[None]:
    """The member's points are there before, too."""
    before = counts(settings)
    yield
    assert counts(settings) == before


def named(one: Call) -> str:
    return f"{one.method} {one.path}"


def ask_of(one: Call, world: World) -> Ask:
    key = (one.method, one.path)
    return ASKS[key](world) if key in ASKS else NAMELESS[key]


def test_every_call_is_tried_here() -> None:
    tried = {*ASKS, *NAMELESS}
    assert {(one.method, one.path) for one in WITH_TOKEN} == tried
    assert len(CALLS) == 20


@pytest.mark.parametrize("one", WITH_TOKEN, ids=named)
def test_the_partner_itself_is_heard(client: FlaskClient, world: World, one: Call) -> None:
    """Or the refusals below would prove nothing."""
    answer = send(client, world.partner.token, ask_of(one, world))
    assert answer.status_code == one.status, answer.get_data(as_text=True)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("one", WITH_TOKEN, ids=named)
def test_other_tokens_open_nothing(
    client: FlaskClient,
    world: World,
    admin: Caller,
    platform: Caller,
    member: Caller,
    one: Call,
) -> None:
    wrong = (None, "", "x.y.z", admin.token, platform.token, member.token)
    for token in wrong:
        status, body = told(send(client, token, ask_of(one, world)))
        assert (status, body["code"]) == (401, "UNAUTHORIZED")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("one", [one for one in WITH_TOKEN if one.scope], ids=named)
def test_a_key_without_the_scope_is_refused(
    client: FlaskClient, settings: Settings, world: World, one: Call
) -> None:
    tenant = str(world.partner.owner_id)
    partner = make_partner(client, settings, tenant, scopes=ALL_SCOPES - {one.scope})
    status, body = told(send(client, partner.token, ask_of(one, world)))
    assert (status, body["code"]) == (403, "FORBIDDEN")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("key", list(ASKS), ids=" ".join)
def test_another_tenants_names_are_unknown_names(
    world: World, other_partner: PartnerCaller, key: tuple[str, str]
) -> None:
    client, token = other_partner.client, other_partner.token
    ours = told(send(client, token, ASKS[key](world)))
    never = told(send(client, token, ASKS[key](world.unknown())))
    assert ours == never
    assert ours[0] == 404 or ours[1]["data"] == []


@pytest.mark.parametrize("path", ["campaigns", "transactions", "coupon/sets", "profiles"], ids=str)
def test_lists_show_nothing_of_another_tenant(
    world: World, other_partner: PartnerCaller, path: str
) -> None:
    assert world.partner.get(f"{CONNECT}/{path}").json["pagination"]["total"] >= 1
    assert other_partner.get(f"{CONNECT}/{path}").json["data"] == []


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("key", list(ASKS), ids=" ".join)
def test_a_sandbox_key_cannot_name_what_is_real(
    client: FlaskClient, settings: Settings, world: World, key: tuple[str, str]
) -> None:
    tenant = str(world.partner.owner_id)
    sandbox = make_partner(client, settings, tenant, sandbox=True)
    status, body = told(send(client, sandbox.token, ASKS[key](world)))
    assert status == 404 or body["data"] == []
