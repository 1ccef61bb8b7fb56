"""The Python client against the served application: its calls, and that its user is certified."""

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from voucherweb_partner import Client, Patience
from voucherweb_partner.errors import (
    CouponAlreadyUsed,
    InsufficientPoints,
    InvalidParameter,
    NotFound,
    PoolEmpty,
    RefAmbiguous,
)

from tests.support.cast import Caller, make_admin, make_tenant
from tests.support.engines import empty_system
from tests.support.web import serving
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.services import api_keys
from voucherweb.services.add_ons import AddOnTerms, Plan, create_add_on
from voucherweb.services.sandboxes import BRANCH, PHONES, POINTS
from voucherweb.transaction import unit_of_work


@dataclass(frozen=True)
class Sandbox:
    """A partner with a sandbox key of a tenant of its own, and one of its sandbox's members."""

    client: Client
    url: str
    key: api_keys.IssuedKey
    tenant_id: str
    member_id: str
    card_no: str

    @property
    def holder(self) -> dict[str, str]:
        return {"phone_number": PHONES[0], "card_no": self.card_no}


@pytest.fixture(scope="module")
def url(migrated: Flask, settings: Settings) -> Iterator[str]:
    """Where the application is served, over empty tables."""
    empty_system(settings)
    with migrated.app_context(), serving(settings, workers=1, threads=8) as web:
        yield f"http://127.0.0.1:{web.port}"


@pytest.fixture
def sandbox(url: str) -> Iterator[Sandbox]:
    tenant_id = make_tenant()
    with unit_of_work():
        key = api_keys.create_key(OPERATOR, uuid.UUID(tenant_id), "POS", sandbox=True)
    patience = Patience(first_pause=0.05)
    with Client(url, key.api_key, key.api_secret, patience=patience) as client:
        profile = client.profiles(phone_number=PHONES[0])["data"][0]
        card_no = profile["cards"][0]["card_no"]
        yield Sandbox(client, url, key, tenant_id, profile["member_id"], card_no)


def certified(app: Flask, sandbox: Sandbox) -> dict[str, str]:
    """What `partner certify` says of each item."""
    ran = app.test_cli_runner().invoke(args=["partner", "certify", sandbox.key.api_key, "--json"])
    told: dict[str, Any] = json.loads(ran.stdout)
    assert told["ok"] is (ran.exit_code == 0)
    return {one["name"]: one["result"] for one in told["items"]}


def balance(sandbox: Sandbox) -> int:
    return sandbox.client.profiles(card_no=sandbox.card_no)["data"][0]["cards"][0]["points"]


def test_points_are_added_burnt_and_taken_back(sandbox: Sandbox) -> None:
    client, holder = sandbox.client, sandbox.holder
    assert client.add_points(value="250.50", ref_id="o-1", **holder)["points"] == 2
    assert client.add_points(points=100, ref_no="R", **holder)["balance"] == POINTS + 102
    burnt = client.burn_points(points=10, ref_no="S", **holder)
    assert client.void_transaction(burnt["transaction_id"])["balance"] == POINTS + 102
    assert client.void_by_ref_no("R")["balance"] == POINTS + 2
    assert client.void_by_ref_id("o-1")["balance"] == POINTS
    with pytest.raises(InsufficientPoints):
        client.burn_points(points=POINTS + 1, ref_no="S", **holder)


def test_refusals_say_what_to_do(sandbox: Sandbox) -> None:
    client = sandbox.client
    for _ in range(2):
        client.add_points(points=1, ref_no="twice/ö", **sandbox.holder)
    with pytest.raises(RefAmbiguous) as raised:
        client.void_by_ref_no("twice/ö")
    assert len(raised.value.details) == 2
    with pytest.raises(InvalidParameter) as wrong:
        client.add_points(points=0, **sandbox.holder)
    assert [one.field for one in wrong.value.details] == ["points"]
    assert wrong.value.request_id
    with pytest.raises(NotFound):
        client.void_transaction(str(uuid.uuid4()))


def test_the_same_key_adds_once(sandbox: Sandbox) -> None:
    one, two = (
        sandbox.client.add_points(points=5, idempotency_key="order-1", **sandbox.holder)
        for _ in range(2)
    )
    assert one == two
    assert balance(sandbox) == POINTS + 5


def test_a_lost_answer_is_found_again(sandbox: Sandbox) -> None:
    added = sandbox.client.add_points(points=5, fault="timeout-after-commit", **sandbox.holder)
    assert added["balance"] == balance(sandbox) == POINTS + 5


def test_windows_tell_every_transaction_once(sandbox: Sandbox) -> None:
    for _ in range(5):
        sandbox.client.add_points(points=1, **sandbox.holder)
    windows = list(_settled(sandbox))
    assert [one.end for one in windows[:-1]] == [one.start for one in windows[1:]]
    told = [one["uuid"] for window in windows for one in window.transactions]
    assert len(told) == len(set(told)) == len(PHONES) + 5


def _settled(sandbox: Sandbox) -> Iterator[Any]:
    """Windows over all that there is now, which the client may read to the end at once."""
    now = clock.now()
    since = now - timedelta(minutes=10)
    while sandbox.client._server_time() - timedelta(seconds=2) <= now:
        time.sleep(0.1)
        sandbox.client.campaigns()
    return sandbox.client.windows(since, now, length=timedelta(minutes=6), size=3)


def test_coupons_are_given_checked_used_and_taken_back(sandbox: Sandbox) -> None:
    client = sandbox.client
    sets = {one["source"]: one for one in client.coupon_sets()["data"]}
    given = client.give_coupon(sandbox.member_id, sets["IMPORT"]["uuid"], 2)["data"]
    found = client.check_coupon(given[0]["code"])
    assert found["member"] is not None
    assert (found["coupon"]["status"], found["member"]["member_id"]) == (
        "ACTIVE",
        sandbox.member_id,
    )
    assert client.use_coupon(given[0]["code"], branch_code=BRANCH)["status"] == "USED"
    with pytest.raises(CouponAlreadyUsed):
        client.use_coupon(given[0]["code"])
    assert client.void_coupon(given[1]["uuid"])["status"] == "PENDING"
    history = client.coupon_history(sandbox.member_id)
    assert history["pagination"]["total"] == len(history["data"]) == 2
    with pytest.raises(PoolEmpty):
        client.give_coupon(sandbox.member_id, sets["IMPORT"]["uuid"], fault="no-stock")


def test_a_set_is_made_and_makes_codes(sandbox: Sandbox) -> None:
    now = datetime.now(UTC)
    made = sandbox.client.create_coupon_set(
        name="週年慶", start_date=now, end_date=now + timedelta(days=1), prefix="VIP-", quantity=5
    )
    given = sandbox.client.give_coupon(sandbox.member_id, made["uuid"])["data"][0]
    assert given["code"].startswith("VIP-")


def test_whoever_uses_the_client_is_certified(migrated: Flask, sandbox: Sandbox) -> None:
    client, holder = sandbox.client, sandbox.holder
    client.add_points(points=5, fault="timeout-after-commit", **holder)
    client.add_points(points=6, fault="too-many-requests", **holder)
    client.burn_points(points=7, ref_no="S", fault="unauthorized", **holder)
    assert len(list(_settled(sandbox))) == 2
    assert certified(migrated, sandbox) == {
        "idempotency-key": "passed",
        "repeat-after-timeout": "passed",
        "retry-after": "passed",
        "transaction-windows": "passed",
        "renew-after-401": "passed",
        "exchange-once": "not_needed",
    }


def test_a_client_that_has_done_little_has_shown_little(migrated: Flask, sandbox: Sandbox) -> None:
    found = certified(migrated, sandbox)
    assert set(found.values()) == {"not_shown", "not_needed"}


def test_an_add_on_works_by_its_exchange_token(
    migrated: Flask, settings: Settings, sandbox: Sandbox
) -> None:
    admin: Caller = make_admin(migrated.test_client(), settings, sandbox.tenant_id)
    with unit_of_work():
        terms = AddOnTerms(
            "排班", "https://addon.example/app", Plan("pro", None, None), {"color": 1}
        )
        add_on = create_add_on(OPERATOR, uuid.UUID(sandbox.tenant_id), "shift", terms)
        add_on_id = str(add_on.id)
    asked = admin.post("/v1/auth-connect/exchange-token", {"addon_id": add_on_id})
    with Client.from_exchange_token(sandbox.url, asked.json["exchange_token"]) as client:
        config = client.extension_config()
        assert config["addon"] == {"uuid": add_on_id, "code": "shift", "name": "排班"}
        assert client.profiles()["data"] == []
    assert certified(migrated, sandbox)["exchange-once"] == "passed"
