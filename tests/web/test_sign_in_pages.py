"""Signing in to the pages: refusals, fixation, forged requests, cookies, languages."""

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support import cast
from tests.support.site import make_visitor, tenant_visitor, tokens
from voucherweb import create_app
from voucherweb.config import Settings
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.enums import Role
from voucherweb.extensions import db, limiter
from voucherweb.models import AuthSession
from voucherweb.services import admins
from voucherweb.transaction import session, unit_of_work

ACCOUNT = "platform@example.test"


@pytest.fixture
def account(app: Flask) -> str:
    with unit_of_work():
        admins.create_admin(OPERATOR, Role.PLATFORM_ADMIN, ACCOUNT, cast.PASSWORD)
    return ACCOUNT


def sign_in(client: FlaskClient, password: str = cast.PASSWORD, **more: str) -> TestResponse:
    form = client.get("/admin/sign-in").text
    return client.post(
        "/admin/sign-in",
        data={**tokens(form), "account": ACCOUNT, "password": password, **more},
    )


def test_the_right_password_leads_to_the_overview(client: FlaskClient, account: str) -> None:
    answer = sign_in(client)
    assert (answer.status_code, answer.location) == (303, "/admin/")
    assert client.get("/admin/").status_code == 200


def test_a_wrong_password_and_an_unknown_account_are_told_alike(
    client: FlaskClient, account: str
) -> None:
    wrong = sign_in(client, "wrong")
    unknown = sign_in(client, account="nobody@example.test")
    cleaned = [
        re.sub(r'value="[^"]*"|"X-CSRFToken":"[^"]*"', "", one.text) for one in (wrong, unknown)
    ]
    assert cleaned[0] == cleaned[1]
    assert "帳號、密碼或驗證碼不正確" in wrong.text
    assert client.get("/admin/").location.startswith("/admin/sign-in")


def test_a_page_leads_through_sign_in_and_back(client: FlaskClient, account: str) -> None:
    sent_away = client.get("/admin/vendors?name=a")
    assert sent_away.location == "/admin/sign-in?next=/admin/vendors?name%3Da"
    form = client.get(sent_away.location).text
    answer = client.post(
        "/admin/sign-in",
        data={
            **tokens(form),
            "account": ACCOUNT,
            "password": cast.PASSWORD,
            "next": "/admin/vendors?name=a",
        },
    )
    assert answer.location == "/admin/vendors?name=a"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/admin/",
        "//evil.example/admin/",
        "/\\evil.example",
        "/admin/../..//evil",
        "javascript:alert(1)",
        "/voucher/list",
        "/adminevil",
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(
    client: FlaskClient, account: str, elsewhere: str
) -> None:
    answer = sign_in(client, next=elsewhere)
    assert answer.status_code == 303
    assert answer.location in {
        "/admin/",
        elsewhere if elsewhere.startswith("/admin/") else "/admin/",
    }


def test_a_planted_cookie_fixes_no_session(client: FlaskClient, account: str) -> None:
    with client.session_transaction() as planted:
        planted["_user_id"] = "00000000-0000-0000-0000-000000000001"
        planted["planted"] = "yes"
    sign_in(client)
    with client.session_transaction() as cookie:
        assert "planted" not in cookie
        assert cookie["_user_id"] != "00000000-0000-0000-0000-000000000001"


def test_the_cookie_is_for_http_only_and_for_this_site(client: FlaskClient, account: str) -> None:
    cookie = sign_in(client).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_form_without_its_token_changes_nothing(app: Flask) -> None:
    platform = make_visitor(app)
    tenant = cast.make_tenant()
    answer = platform.send("/admin/vendors/new", {"tenantId": tenant})
    assert answer.status_code == 403
    assert "太久" in answer.text
    assert "小港醫院" not in platform.text("/admin/vendors")


def test_a_token_of_another_session_is_refused(app: Flask) -> None:
    one, other = make_visitor(app), make_visitor(app)
    stolen = tokens(one.text("/admin/vendors/new"))
    assert other.send("/admin/vendors/new", {**stolen, "tenantId": "x"}).status_code == 403


def test_signing_out_ends_the_session_everywhere(app: Flask) -> None:
    visitor = make_visitor(app)
    copied = app.test_client()
    with visitor.client.session_transaction() as mine, copied.session_transaction() as theirs:
        theirs.update(mine)
    assert copied.get("/admin/").status_code == 200
    visitor.post("/admin/sign-out", at="/admin/vendors")
    assert copied.get("/admin/").status_code == 303
    with unit_of_work():
        assert session.query(AuthSession).filter(AuthSession.revoked_at.is_(None)).count() == 0


def test_a_form_that_is_sent_twice_acts_once(app: Flask) -> None:
    platform = make_visitor(app)
    form = {**tokens(platform.text("/admin/vendors/new")), "tenantId": cast.make_tenant()}
    first = platform.send("/admin/vendors/new", form)
    second = platform.send("/admin/vendors/new", form)
    assert [first.status_code, second.status_code] == [303, 303]
    assert platform.text("/admin/vendors").count("<small>") == 1


def test_an_action_that_another_role_tries_is_refused_in_words(app: Flask) -> None:
    tenant = tenant_visitor(app)
    answer = tenant.get("/admin/vendors")
    assert answer.status_code == 403
    assert "API_ERROR.FORBIDDEN" in answer.text


def test_an_unknown_address_is_a_page_below_admin_and_json_elsewhere(app: Flask) -> None:
    visitor = make_visitor(app)
    assert "API_ERROR.NOT_FOUND" in visitor.get("/admin/nothing-here").text
    assert visitor.get("/nothing-here").json["errorMsg"] == "API_ERROR.NOT_FOUND"


def test_pages_speak_the_language_of_the_browser_until_one_is_chosen(app: Flask) -> None:
    visitor = make_visitor(app, language="en")
    assert '<html lang="en"' in visitor.text("/admin/vendors")
    visitor.post(
        "/admin/language", {"language": "zh-TW", "back": "/admin/vendors"}, at="/admin/vendors"
    )
    assert '<html lang="zh-Hant-TW"' in visitor.text("/admin/vendors")


def test_htmx_is_told_where_to_go_by_header(app: Flask) -> None:
    answer = app.test_client().get("/admin/vendors", headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"].startswith("/admin/sign-in")


def test_guessing_is_throttled(settings: Settings, account: str) -> None:
    loud = create_app(replace(settings, ratelimit_enabled=True))
    try:
        answers = [sign_in(loud.test_client(), "wrong") for _ in range(12)]
    finally:
        limiter.enabled = False
        with loud.app_context():
            db.engine.dispose()
    assert [one.status_code for one in answers[:10]] == [200] * 10
    last = answers[-1]
    assert last.status_code == 429
    assert re.search(r"請等 \d+ 秒", last.text)
    assert 0 < int(last.headers["Retry-After"]) <= 60
    assert f'value="{ACCOUNT}"' in last.text


def test_who_cannot_sign_in_is_told_what_to_do(client: FlaskClient) -> None:
    assert 'href="/admin/sign-in/help"' in client.get("/admin/sign-in").text
    page = client.get("/admin/sign-in/help", headers={"Accept-Language": "en"}).text
    assert "ask a platform admin" in page
