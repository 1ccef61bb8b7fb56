"""`admins create`, `admins invite` and `admins reset`."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.cli.conftest import Ran, Run
from voucherweb.config import Settings
from voucherweb.models import Admin
from voucherweb.services import links, web_sessions
from voucherweb.services.admins import random_password
from voucherweb.transaction import session, unit_of_work

PASSWORD = "four walking seals"


def create(run: Run, *words: str, password: str = PASSWORD, account: str = "boss") -> Ran:
    role = words or ("--role", "platform")
    stdin = f"{password}\n"
    return run(
        "admins", "create", *role, "--account", account, "--password-stdin", "--json", stdin=stdin
    )


def sign_in(client: FlaskClient, account: str, password: str) -> int:
    body = {"account": account, "password": password}
    return client.post("/auth/login", json=body).status_code


def test_a_created_admin_signs_in(run: Run, client: FlaskClient) -> None:
    assert create(run, account="Boss@Example.test").answer["account"] == "boss@example.test"
    assert sign_in(client, "BOSS@example.test", PASSWORD) == 200


def test_a_tenants_admin_needs_a_tenant_that_exists(run: Run, tenant_id: str) -> None:
    assert create(run, "--role", "tenant", "--tenant", tenant_id, account="one").code == 0
    for words in (("--role", "tenant"), ("--role", "tenant", "--tenant", "nobody")):
        assert set(create(run, *words, account="two").fields) == {"tenant"}


def test_a_clerk_works_on_the_pages_only(
    run: Run, client: FlaskClient, settings: Settings, tenant_id: str
) -> None:
    assert create(run, "--role", "clerk", "--tenant", tenant_id, account="desk").code == 0
    assert sign_in(client, "desk", PASSWORD) == 403
    with unit_of_work():
        assert web_sessions.open_session(settings, "desk", PASSWORD, None, "", "").role == "CLERK"
    assert set(create(run, "--role", "clerk", account="two").fields) == {"tenant"}


def invite(run: Run, *words: str, account: str = "new") -> Ran:
    return run("admins", "invite", *words, "--account", account, "--name", "新人", "--json")


def test_an_invited_admin_sets_a_password_by_the_link(
    run: Run, client: FlaskClient, tenant_id: str
) -> None:
    answer = invite(run, "--role", "tenant", "--tenant", tenant_id, account="New@x.test").answer
    assert set(answer) == {"id", "account", "link", "expires"}
    assert answer["account"] == "new@x.test"
    assert sign_in(client, "new@x.test", PASSWORD) == 401
    with unit_of_work():
        links.use_link(answer["link"].removeprefix(links.PAGE), PASSWORD)
    assert sign_in(client, "new@x.test", PASSWORD) == 200


def test_a_refused_invitation_makes_nobody(run: Run, tenant_id: str) -> None:
    create(run)
    assert set(invite(run, "--role", "platform", account="boss").fields) == {"account"}
    assert set(invite(run, "--role", "clerk").fields) == {"tenant"}
    assert set(invite(run, "--role", "platform", "--tenant", tenant_id).fields) == {"tenant"}
    with unit_of_work():
        assert list(session.scalars(select(Admin.account))) == ["boss"]


def test_a_lost_second_factor_is_dropped(run: Run, client: FlaskClient) -> None:
    create(run)
    words = ("admins", "reset", "--account", "boss", "--drop-second-factor", "--json")
    assert set(run(*words).fields) == {"otp"}
    assert sign_in(client, "boss", PASSWORD) == 200, "a refused reset changes nothing"
    with unit_of_work():
        session.scalars(select(Admin)).one().otp_secret = "JBSWY3DPEHPK3PXP"
    password = run(*words).answer["password"]
    assert sign_in(client, "boss", password) == 200


def test_a_platform_admin_has_no_tenant(run: Run, tenant_id: str) -> None:
    refused = create(run, "--role", "platform", "--tenant", tenant_id)
    assert set(refused.fields) == {"tenant"}


def test_an_account_is_given_once(run: Run) -> None:
    create(run)
    assert create(run, account="BOSS").fields == {"account": "is already in use"}


@pytest.mark.parametrize("account", ["", "ab", "has space", "帳號帳號", "-dash"])
def test_an_account_that_cannot_be_is_refused(run: Run, account: str) -> None:
    assert set(create(run, account=account).fields) == {"account"}


@pytest.mark.parametrize("password", ["", "short", "boss", "Password", "1234567890", "\t" * 12])
def test_a_weak_password_is_refused(run: Run, client: FlaskClient, password: str) -> None:
    assert set(create(run, password=password).fields) == {"password"}
    assert sign_in(client, "boss", password or "x") == 401


def test_a_password_is_never_an_argument(run: Run) -> None:
    ran = run("admins", "create", "--role", "platform", "--account", "boss", "--json")
    assert ran.code == 2


def test_a_reset_ends_every_session(run: Run, client: FlaskClient) -> None:
    create(run)
    body = {"account": "boss", "password": PASSWORD}
    tokens = client.post("/auth/login", json=body).json["result"]["data"]
    password = run("admins", "reset", "--account", "boss", "--json").answer["password"]
    bearer = {"Authorization": f"Bearer {tokens['accessToken']}"}
    renewed = client.post("/auth/refresh", json={"refreshToken": tokens["refreshToken"]})
    assert client.get("/voucher-mgmt/vendor/tenant-list", headers=bearer).status_code == 401
    assert renewed.status_code == 401
    assert (sign_in(client, "boss", PASSWORD), sign_in(client, "boss", password)) == (401, 200)


def test_a_password_of_ones_own_is_not_shown(run: Run, client: FlaskClient) -> None:
    create(run)
    words = ("--account", "boss", "--password-stdin", "--json")
    answer = run("admins", "reset", *words, stdin="another fine seal\r\n").answer
    assert set(answer) == {"id", "account"}
    assert sign_in(client, "boss", "another fine seal") == 200


def test_a_refused_reset_changes_nothing(run: Run, client: FlaskClient) -> None:
    create(run)
    weak = run("admins", "reset", "--account", "boss", "--password-stdin", "--json", stdin="x\n")
    assert set(weak.fields) == {"password"}
    assert set(run("admins", "reset", "--account", "nobody", "--json").fields) == {"account"}
    assert sign_in(client, "boss", PASSWORD) == 200


def test_random_passwords_differ() -> None:
    assert len({random_password() for _ in range(50)}) == 50
