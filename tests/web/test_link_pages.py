"""The page of a link that sets a password: once, told to nobody, with a way out when it fails."""

import io
import json
import logging
import uuid

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support import cast
from tests.support.admins import row
from tests.support.site import make_visitor, tokens
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.enums import Role
from voucherweb.logs import configure_logs
from voucherweb.models import Admin, AdminLink
from voucherweb.services import links
from voucherweb.services.credentials import password_matches
from voucherweb.transaction import session, unit_of_work

NEW = "four more good words"


class Invited:
    """An invitation, and whose it is."""

    def __init__(self, admin_id: uuid.UUID, secret: str) -> None:
        self.admin_id, self.secret = admin_id, secret
        self.path = f"{links.PAGE}{secret}"

    def may_sign_in_with(self, password: str) -> bool:
        return password_matches(row(Admin, self.admin_id).password_hash, password)


@pytest.fixture
def invited(app: Flask) -> Invited:
    tenant_id = uuid.UUID(cast.make_tenant())
    with unit_of_work():
        admin, secret = links.invite(OPERATOR, Role.CLERK, "mei@example.test", "王小美", tenant_id)
        return Invited(admin.id, secret)


def send(client: FlaskClient, path: str, password: str, repeat: str | None = None) -> TestResponse:
    form = tokens(client.get(path).text)
    return client.post(
        path, data={**form, "password": password, "repeat": password if repeat is None else repeat}
    )


def test_a_link_says_whose_it_is_and_helps_password_managers(
    client: FlaskClient, invited: Invited
) -> None:
    page = client.get(invited.path, headers={"Accept-Language": "en"}).text
    assert "Hello 王小美" in page
    assert 'value="mei@example.test" autocomplete="username"' in page
    assert page.count('autocomplete="new-password"') == 2
    assert "At least 8 characters" in page


def test_the_password_is_set_once_and_leads_to_sign_in(
    client: FlaskClient, invited: Invited
) -> None:
    answer = send(client, invited.path, NEW)
    assert (answer.status_code, answer.location) == (303, "/admin/sign-in")
    assert "密碼已設定" in client.get("/admin/sign-in").text
    assert invited.may_sign_in_with(NEW)
    again = client.post(
        invited.path,
        data={**tokens(client.get("/admin/sign-in").text), "password": "x" * 9, "repeat": "x" * 9},
    )
    assert again.status_code == 404
    assert invited.may_sign_in_with(NEW)


@pytest.mark.parametrize(
    ("password", "repeat", "field"),
    [("12345678", "12345678", "password"), (NEW, "other", "repeat"), ("", "", "password")],
)
def test_a_refused_password_is_not_echoed_and_leaves_the_link_open(
    client: FlaskClient, invited: Invited, password: str, repeat: str, field: str
) -> None:
    answer = send(client, invited.path, password, repeat)
    assert answer.status_code == 400
    assert f'href="#{field}"' in answer.text
    assert "12345678" not in answer.text
    assert NEW not in answer.text
    assert client.get(invited.path).status_code == 200
    assert not invited.may_sign_in_with(password)


def test_links_that_open_nothing_are_told_alike_and_say_what_to_do(
    client: FlaskClient, invited: Invited
) -> None:
    unknown = client.get(f"{links.PAGE}nonsense")
    with unit_of_work():
        link = session.query(AdminLink).one()
        link.expires_at = link.created_at
    old = client.get(invited.path)
    assert (unknown.status_code, old.status_code) == (404, 404)
    for page in (unknown.text, old.text):
        assert "請管理員為您產生新的連結" in page


@pytest.mark.parametrize("secret", ["a" * 5000, "%00", "%F0%9F%92%A9", "..%5C..", "%ED%A0%80"])
def test_strange_secrets_open_nothing(client: FlaskClient, secret: str) -> None:
    assert client.get(f"{links.PAGE}{secret}").status_code == 404


def test_a_link_is_passed_on_and_kept_nowhere(client: FlaskClient, invited: Invited) -> None:
    answers = [client.get(invited.path), send(client, invited.path, "short"),
               send(client, invited.path, NEW), client.get(invited.path)]  # fmt: skip
    assert [one.status_code for one in answers] == [200, 400, 303, 404]
    for answer in answers:
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store, private"


def test_the_access_log_shows_the_rule_and_not_the_secret(
    client: FlaskClient, invited: Invited
) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    structlog.reset_defaults()
    configure_logs("DEBUG", json_lines=True)
    out = io.StringIO()
    root.handlers[0].setStream(out)  # type: ignore[attr-defined]
    try:
        send(client, invited.path, "short")
        client.post(invited.path)
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    assert invited.secret not in out.getvalue()
    assert invited.secret[:8] not in out.getvalue()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    paths = [line["path"] for line in lines if line["event"] == "request"]
    assert paths == ["/admin/link/<secret>"] * 3


def test_somebody_who_is_signed_in_is_told_so(app: Flask, invited: Invited) -> None:
    visitor = make_visitor(app)
    assert f"目前以 {visitor.account} 登入" in visitor.text(invited.path)


def test_a_form_without_its_token_sets_nothing(client: FlaskClient, invited: Invited) -> None:
    answer = client.post(invited.path, data={"password": NEW, "repeat": NEW})
    assert answer.status_code == 403
    assert not invited.may_sign_in_with(NEW)
