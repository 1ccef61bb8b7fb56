"""Contract B, calls 1 to 3: an admin opens an add-on, which keeps its tokens fresh."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.support.add_ons import AUTH, Opener, issue_key
from tests.support.admins import audited
from tests.support.cast import Caller, make_admin
from tests.support.errands import count
from tests.support.refusals import NOT_FOUND, UNAUTHORIZED, refusal
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.extensions import db
from voucherweb.models import Admin, AuthSession, ConnectFamily, ExchangeToken
from voucherweb.services import add_ons
from voucherweb.transaction import session, unit_of_work


@pytest.mark.wire_fact
def test_a_tenants_admin_gets_an_exchange_token_for_60_seconds(admin: Caller, add_on: str) -> None:
    answer = admin.post("/v1/auth-connect/exchange-token", {"addon_id": add_on})
    assert answer.status_code == 201
    assert answer.get_json() == {
        "exchange_token": answer.get_json()["exchange_token"],
        "expires_in": 60,
    }
    assert answer.headers["Cache-Control"] == "no-store"
    with unit_of_work():
        kept = session.scalars(select(ExchangeToken)).one()
        assert kept.expires_at - kept.created_at == timedelta(seconds=60)
        assert answer.get_json()["exchange_token"] not in kept.token_hash


@pytest.mark.wire_fact
def test_no_partner_gets_an_exchange_token(opener: Opener, admin: Caller, add_on: str) -> None:
    key = opener.fetch(issue_key(admin.tenant_id))
    of_add_on = opener.open(admin, add_on)["access_token"]
    for token in (key, of_add_on):
        partner = Caller(opener.client, token, "")
        assert refusal(partner.post(AUTH + "exchange-token", {"addon_id": add_on})) == UNAUTHORIZED
    assert count(ExchangeToken) == 1


def test_nobody_gets_an_exchange_token_without_signing_in(opener: Opener, add_on: str) -> None:
    assert refusal(opener.ask("exchange-token", addon_id=add_on)) == UNAUTHORIZED


def test_the_platform_and_members_get_no_exchange_token(
    platform: Caller, member: Caller, add_on: str
) -> None:
    for caller in (platform, member):
        answer = caller.post(AUTH + "exchange-token", {"addon_id": add_on})
        assert refusal(answer) == (403, "FORBIDDEN")
    assert count(ExchangeToken) == 0
    refused = audited("add_on.refused")
    assert [(one.actor, one.data) for one in refused] == [
        (f"admin:{platform.id}", {"step": "offer", "reason": "role"})
    ]


def test_another_tenants_and_unknown_and_disabled_add_ons_are_not_found(
    admin: Caller, stranger: Caller, add_on: str
) -> None:
    with unit_of_work():
        disabled = add_ons.create_add_on(
            OPERATOR, uuid.UUID(admin.tenant_id), "off", add_ons.AddOnTerms("關", "http://a.test")
        )
        add_ons.set_enabled(OPERATOR, disabled.id, enabled=False)
        disabled_id = str(disabled.id)
    foreign = stranger.post(AUTH + "exchange-token", {"addon_id": add_on})
    own = [
        admin.post(AUTH + "exchange-token", {"addon_id": one})
        for one in (str(uuid.uuid4()), "no id", "a" * 255, disabled_id)
    ]
    assert [refusal(one) for one in (foreign, *own)] == [NOT_FOUND] * 5
    assert len({one.get_json()["message"] for one in (foreign, *own)}) == 1
    assert count(ExchangeToken) == 0
    assert len(audited("add_on.refused")) == 5


@pytest.mark.parametrize("body", [{}, {"addon_id": 7}, {"addon_id": None}, {"addonId": "x"}])
def test_an_exchange_token_needs_an_add_on(admin: Caller, body: dict[str, Any]) -> None:
    assert refusal(admin.post(AUTH + "exchange-token", body)) == (400, "INVALID_PARAMETER")


@pytest.mark.wire_fact
def test_an_exchange_token_gives_one_pair(opener: Opener, admin: Caller, add_on: str) -> None:
    secret = opener.offer(admin, add_on)
    answer = opener.ask("access-token", exchange_token=secret)
    pair = answer.get_json()
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert pair == {
        "access_token": pair["access_token"],
        "refresh_token": pair["refresh_token"],
        "expires_in": 3600,
        "token_type": "Bearer",
    }
    assert opener.works(pair["access_token"])
    again = opener.ask("access-token", exchange_token=secret)
    assert refusal(again) == UNAUTHORIZED
    assert again.headers["Cache-Control"] == "no-store"
    assert opener.works(pair["access_token"])


def test_every_attempt_at_an_exchange_token_is_counted(
    opener: Opener, admin: Caller, add_on: str
) -> None:
    secret = opener.offer(admin, add_on)
    for _ in range(3):
        opener.ask("access-token", exchange_token=secret)
    with unit_of_work():
        assert session.scalars(select(ExchangeToken.attempts)).one() == 3
    assert [one.data for one in audited("add_on.refused")] == [
        {"step": "exchange", "reason": "used"}
    ] * 2


@pytest.mark.wire_fact
def test_an_exchange_token_is_good_for_60_seconds(
    opener: Opener, admin: Caller, add_on: str
) -> None:
    secrets = [opener.offer(admin, add_on) for _ in range(2)]
    with unit_of_work():
        made = session.scalars(select(ExchangeToken.created_at)).first()
        assert made
    statuses = []
    for secret, age in zip(secrets, (59, 61), strict=True):
        with clock.frozen(made + timedelta(seconds=age)):
            statuses.append(opener.ask("access-token", exchange_token=secret).status_code)
    assert statuses == [201, 401]
    assert audited("add_on.refused")[0].data["reason"] == "expired"


def test_an_unknown_exchange_token_is_refused(opener: Opener, admin: Caller, add_on: str) -> None:
    pair = opener.open(admin, add_on)
    for wrong in ("", "unknown", "秘密", pair["refresh_token"]):
        assert refusal(opener.ask("access-token", exchange_token=wrong)) == UNAUTHORIZED
    assert {one.object_id for one in audited("add_on.refused")} == {"unknown"}


def _sign_out(admin: Caller, _: str) -> None:
    admin.post("/auth/logout")


def _disable_admin(admin: Caller, _: str) -> None:
    with unit_of_work():
        session.get_one(Admin, uuid.UUID(admin.id)).disabled_at = clock.now()


def _disable_add_on(_: Caller, add_on: str) -> None:
    with unit_of_work():
        add_ons.set_enabled(OPERATOR, uuid.UUID(add_on), enabled=False)


def _end_session(*_: Any) -> None:
    with unit_of_work():
        session.execute(update(AuthSession).values(expires_at=clock.now()))


ENDS = [_sign_out, _disable_admin, _disable_add_on, _end_session]
End = Callable[[Caller, str], None]


@pytest.mark.parametrize("end", ENDS)
def test_what_ends_an_add_on_ends_it_at_every_step(
    opener: Opener, admin: Caller, add_on: str, end: End
) -> None:
    offered = opener.offer(admin, add_on)
    pair = opener.open(admin, add_on)
    assert opener.works(pair["access_token"])
    end(admin, add_on)
    assert not opener.works(pair["access_token"])
    assert refusal(opener.ask("access-token", exchange_token=offered)) == UNAUTHORIZED
    renewed = opener.ask("refresh-token", refresh_token=pair["refresh_token"])
    assert refusal(renewed) == UNAUTHORIZED
    assert count(ConnectFamily) == 1


@pytest.mark.wire_fact
def test_a_refresh_token_is_the_proof_and_gives_a_new_pair(
    opener: Opener, admin: Caller, add_on: str
) -> None:
    first = opener.open(admin, add_on)
    answer = opener.ask("refresh-token", refresh_token=first["refresh_token"])
    second = answer.get_json()
    assert (answer.status_code, second["expires_in"]) == (201, 3600)
    assert second["refresh_token"] != first["refresh_token"]
    assert opener.works(second["access_token"])
    assert opener.works(first["access_token"])


def test_an_old_refresh_token_ends_the_whole_family(
    opener: Opener, admin: Caller, add_on: str
) -> None:
    first, other = opener.open(admin, add_on), opener.open(admin, add_on)
    body = {"refresh_token": first["refresh_token"]}
    second = opener.ask("refresh-token", **body).get_json()
    assert refusal(opener.ask("refresh-token", **body)) == UNAUTHORIZED
    assert not opener.works(first["access_token"])
    assert not opener.works(second["access_token"])
    stolen = opener.ask("refresh-token", refresh_token=second["refresh_token"])
    assert refusal(stolen) == UNAUTHORIZED
    assert opener.works(other["access_token"])
    assert [one.object_id for one in audited("add_on.reuse")] == [add_on]


def test_an_unknown_refresh_token_ends_nothing(opener: Opener, admin: Caller, add_on: str) -> None:
    pair = opener.open(admin, add_on)
    for wrong in ("", "unknown", pair["access_token"][:255], admin.token[:255]):
        assert refusal(opener.ask("refresh-token", refresh_token=wrong)) == UNAUTHORIZED
    assert opener.works(pair["access_token"])


def test_a_family_ends_after_a_day(opener: Opener, admin: Caller, add_on: str) -> None:
    pair = opener.open(admin, add_on)
    with clock.frozen(clock.now() + timedelta(hours=24, seconds=1)):
        renewed = opener.ask("refresh-token", refresh_token=pair["refresh_token"])
    assert refusal(renewed) == UNAUTHORIZED


def test_tokens_are_kept_as_digests_only(opener: Opener, admin: Caller, add_on: str) -> None:
    key = issue_key(admin.tenant_id)
    offered, pair = opener.offer(admin, add_on), opener.open(admin, add_on)
    secrets = [offered, pair["refresh_token"], pair["access_token"], key.api_secret]
    with db.engine.connect() as connection:
        for table in ("exchange_tokens", "connect_refresh_tokens", "api_key_secrets", "api_keys",
                      "audit_entries", "idempotency_keys"):  # fmt: skip
            rows = str(connection.exec_driver_sql(f"SELECT t::text FROM {table} t").all())
            assert not any(one in rows for one in secrets), table


def test_a_token_pair_belongs_to_the_admin_who_opened_the_add_on(
    opener: Opener, admin: Caller, settings: Settings, add_on: str
) -> None:
    colleague = make_admin(opener.client, settings, admin.tenant_id)
    mine, theirs = opener.open(admin, add_on), opener.open(colleague, add_on)
    admin.post("/auth/logout")
    assert not opener.works(mine["access_token"])
    assert opener.works(theirs["access_token"])
