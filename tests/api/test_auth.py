"""`/auth/*` and host-app tokens (behaviour §2)."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.support.cast import PASSWORD, Caller
from voucherweb.config import MemberTokens, Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.models import Admin, AuthSession, Member
from voucherweb.services import credentials, identity, site_settings, tokens
from voucherweb.transaction import session, unit_of_work

HOST_SECRET = "a host app's secret that is long enough"


def make_account(otp_secret: str | None = None) -> str:
    with unit_of_work():
        admin = Admin(
            role="PLATFORM_ADMIN",
            account="boss@example.test",
            password_hash=credentials.hash_password(PASSWORD),
            otp_secret=otp_secret,
        )
        session.add(admin)
    return "boss@example.test"


def login(client: FlaskClient, **fields: str) -> Any:
    return client.post("/auth/login", json={"password": PASSWORD, **fields})


def works(client: FlaskClient, token: str) -> bool:
    sent = {"Authorization": f"Bearer {token}"}
    return client.get("/voucher-mgmt/unit-points-rate", headers=sent).status_code == 200


def test_an_admin_signs_in(client: FlaskClient) -> None:
    data = login(client, account=make_account().upper()).json["result"]["data"]
    assert (data["role"], data["expiresIn"]) == ("PLATFORM_ADMIN", 3600)
    assert works(client, data["accessToken"])


def test_who_has_yet_to_add_a_demanded_second_factor_gets_no_token(client: FlaskClient) -> None:
    account = make_account()
    with unit_of_work():
        site_settings.change(OPERATOR, {"require_second_factor": "1"})
    answer = login(client, account=account)
    assert (answer.status_code, answer.json["errorMsg"]) == (403, "API_ERROR.FORBIDDEN")
    assert answer.json["details"][0]["field"] == "otp"
    with unit_of_work():
        assert session.scalar(select(func.count()).select_from(AuthSession)) == 0


@pytest.mark.parametrize(
    "fields", [{"password": "wrong"}, {"account": "nobody@example.test"}], ids=["password", "name"]
)
def test_a_wrong_sign_in_tells_nothing(client: FlaskClient, fields: dict[str, str]) -> None:
    answer = login(client, **{"account": make_account(), **fields})
    assert (answer.status_code, answer.json["errorMsg"]) == (401, "API_ERROR.UNAUTHORIZED")


def test_a_demo_account_opens_nothing_in_production(
    client: FlaskClient, app: Flask, settings: Settings
) -> None:
    account = make_account()
    with unit_of_work():
        session.scalars(select(Admin).where(Admin.account == account)).one().demo = True
    allowed = login(client, account=account).status_code
    app.extensions["settings"] = replace(settings, environment="production")
    refused = login(client, account=account).status_code
    app.extensions["settings"] = settings
    assert (allowed, refused) == (200, 401)


def test_a_second_factor_is_asked_for_and_good_once(client: FlaskClient) -> None:
    secret = pyotp.random_base32()
    account = make_account(secret)
    code = pyotp.TOTP(secret).at(int(clock.now().timestamp()))
    asked = login(client, account=account)
    assert asked.json["errorMsg"] == "API_ERROR.OTP_REQUIRED"
    assert login(client, account=account, otp=code).status_code == 200
    assert login(client, account=account, otp=code).status_code == 401


def test_a_refresh_token_is_good_once_and_its_reuse_ends_the_session(client: FlaskClient) -> None:
    first = login(client, account=make_account()).json["result"]["data"]
    body = {"refreshToken": first["refreshToken"]}
    second = client.post("/auth/refresh", json=body).json["result"]["data"]
    assert works(client, second["accessToken"])
    assert client.post("/auth/refresh", json=body).status_code == 401
    assert not works(client, second["accessToken"])
    stolen = {"refreshToken": second["refreshToken"]}
    assert client.post("/auth/refresh", json=stolen).status_code == 401


def test_signing_out_holds_at_once(client: FlaskClient) -> None:
    token = login(client, account=make_account()).json["result"]["data"]["accessToken"]
    client.post("/auth/logout", headers={"Authorization": f"Bearer {token}"})
    assert not works(client, token)


def test_a_disabled_admin_is_out_at_once(client: FlaskClient, platform: Caller) -> None:
    with unit_of_work():
        session.get_one(Admin, uuid.UUID(platform.id)).disabled_at = clock.now()
    assert not works(client, platform.token)


def host_token(secret: str = HOST_SECRET, **claims: Any) -> str:
    base = {"sub": "household-1", "exp": datetime.now(UTC) + timedelta(hours=1)}
    return jwt.encode({**base, **claims}, secret, algorithm="HS256")


@pytest.fixture
def host_client(app: Flask, settings: Settings) -> Any:
    """A client of the app while it trusts the host app's HS256 secret."""
    trusted = MemberTokens(algorithms=("HS256",), key=HOST_SECRET)
    app.extensions["settings"] = replace(settings, member_tokens=trusted)
    yield app.test_client()
    app.extensions["settings"] = settings


def test_an_unknown_household_becomes_a_member_once(host_client: FlaskClient) -> None:
    token = host_token(name="林小姐", gender="female", birthdate="1990-02-29", tenantId="x")
    identity.authenticate(host_client.application.extensions["settings"], token)
    identity.forget_members()
    identity.authenticate(host_client.application.extensions["settings"], token)
    with unit_of_work():
        assert session.scalar(select(func.count()).select_from(Member)) == 1
        member = session.scalars(select(Member)).one()
        assert (member.household_member_id, member.gender, member.birthdate) == (
            "household-1",
            "F",
            None,
        )


def test_a_host_token_is_a_member_whatever_it_claims(host_client: FlaskClient) -> None:
    token = host_token(role="PLATFORM_ADMIN", aud="voucherweb:admin", sid=str(uuid.uuid4()))
    sent = {"Authorization": f"Bearer {token}"}
    answer = host_client.get("/voucher-mgmt/unit-points-rate", headers=sent)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "token",
    [
        host_token(secret="another secret that is also long enough"),
        host_token(exp=datetime.now(UTC) - timedelta(seconds=1)),
        host_token(sub=""),
        host_token(sub=5),
        jwt.encode({"sub": "x", "exp": 9_999_999_999}, "", algorithm="none"),
        jwt.encode({"sub": "x"}, HOST_SECRET, algorithm="HS256"),
        "nonsense",
        "a.b.c",
    ],
)
def test_other_tokens_are_refused(host_client: FlaskClient, token: str) -> None:
    sent = {"Authorization": f"Bearer {token}"}
    assert host_client.get("/voucher-mgmt/unit-points-rate", headers=sent).status_code == 401


def test_our_member_token_is_no_admin_token(client: FlaskClient, settings: Settings) -> None:
    member = tokens.member_token(settings, "household-2")
    header, _, rest = member.partition(".")
    sent = {"Authorization": f"Bearer {header}.{rest}"}
    answer = client.get("/voucher-mgmt/unit-points-rate", headers=sent)
    assert answer.status_code == 403


def test_who_became_a_clerk_renews_nothing(client: FlaskClient, tenant_id: str) -> None:
    data = login(client, account=make_account()).json["result"]["data"]
    with unit_of_work():
        admin = session.scalars(select(Admin)).one()
        admin.role, admin.tenant_id = "CLERK", uuid.UUID(tenant_id)
    sent = {"Authorization": f"Bearer {data['accessToken']}"}
    refused = client.get("/voucher-mgmt/unit-points-rate", headers=sent)
    renewed = client.post("/auth/refresh", json={"refreshToken": data["refreshToken"]})
    assert (refused.status_code, renewed.status_code) == (403, 401)
