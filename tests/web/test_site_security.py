"""What an attacker would try at the admin site, and what comes of it."""

import itertools
import re
import uuid
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask, Request
from werkzeug.datastructures import ImmutableMultiDict

from tests.support import cast
from tests.support.examples import Examples, make_examples
from tests.support.mailbox import mailbox
from tests.support.site import Visitor, make_visitor, tenant_visitor, tokens
from voucherweb import create_app
from voucherweb.config import Settings, SmtpSettings
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.enums import Role
from voucherweb.models import Admin, AdminLink, AuthSession
from voucherweb.services import admins, jobs
from voucherweb.transaction import session, unit_of_work
from voucherweb.web.page import PAGES, Page

HOME = "/admin/"


@pytest.mark.parametrize(
    "url", ["//[", "http://[/admin", "//evil.test/admin", "/admin%0d%0aX-Evil:%20yes"]
)
def test_a_way_back_that_is_no_address_of_ours_leads_home(app: Flask, url: str) -> None:
    answer = make_visitor(app).get(f"/admin/sign-in?next={url}")
    assert (answer.status_code, answer.location) == (303, HOME)


@pytest.mark.parametrize("name", ["Referer", "HX-Current-URL"])
def test_a_page_one_comes_from_that_is_no_address_is_passed_over(app: Flask, name: str) -> None:
    answer = tenant_visitor(app).get("/admin/sign-in", HX_Request="true", **{name: "http://[v1"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, HOME)


def test_where_htmx_is_led_is_written_in_letters_that_a_header_can_hold(app: Flask) -> None:
    visitor = make_visitor(app)
    given = {**tokens(visitor.get("/admin/help").text), "back": "/admin/audit?object=票"}
    answer = visitor.send("/admin/language", given, HX_Request="true")
    assert answer.headers["HX-Redirect"] == "/admin/audit?object=%E7%A5%A8"


@pytest.mark.parametrize("key", ["a\0b", "鍵", "k" * 5000, ""])
def test_a_form_with_a_number_that_we_never_made_still_acts_once(app: Flask, key: str) -> None:
    visitor = tenant_visitor(app)
    given = {**tokens(visitor.get("/admin/help").text), "once_key": key, "hideSmallGroups": "1"}
    answer = visitor.send("/admin/settings/tenant", given)
    assert answer.status_code == 303
    assert "已隱藏小群組" in visitor.text("/admin/settings/tenant")


@pytest.mark.parametrize("number", ["9" * 5000, "0" * 5000, "00000001" + "9" * 5000, "٣", "-1"])
def test_a_page_of_a_list_that_cannot_be_is_refused(app: Flask, number: str) -> None:
    assert make_visitor(app).get(f"/admin/audit?page={number}").status_code == 400


def test_a_stray_session_cannot_set_a_password_by_a_link_to_oneself(app: Flask) -> None:
    for visitor in (make_visitor(app), tenant_visitor(app)):
        place = f"/admin/admins/{visitor.admin_id}/link"
        given = tokens(visitor.get("/admin/help").text)
        assert visitor.get(place).status_code == 403
        assert visitor.send(place, given).status_code == 403
    with unit_of_work():
        assert session.query(AdminLink).count() == 0


def _export(actor_key: str, tenant_id: uuid.UUID | None) -> uuid.UUID:
    with unit_of_work():
        filters = {"what": "STATISTICS_LIST", "format": "csv", "filters": {}, "english": False}
        return jobs.submit(jobs.EXPORT, actor_key, tenant_id=tenant_id, **filters)


def test_who_left_the_platform_leaves_its_jobs_behind(app: Flask) -> None:
    other, visitor, tenant_id = make_visitor(app), make_visitor(app), cast.make_tenant()
    job_id = _export(f"admin:{visitor.admin_id}", None)
    assert visitor.get(f"/admin/jobs/{job_id}").status_code == 200
    place = f"/admin/admins/{visitor.admin_id}/role"
    other.post(place, {"role": "TENANT_ADMIN", "tenant": tenant_id})
    again = _signed_in_again(app, visitor, tenant_id)
    for path in ("", "/cancel", "/download"):
        assert again.get(f"/admin/jobs/{job_id}{path}").status_code in {400, 404}
    assert str(job_id) not in again.text("/admin/notifications")


def _signed_in_again(app: Flask, visitor: Visitor, tenant_id: str) -> Visitor:
    """The same admin with the session of a new sign-in."""
    fresh = make_visitor(app, "TENANT_ADMIN", tenant_id)
    with unit_of_work():
        opened = session.query(AuthSession).filter_by(admin_id=uuid.UUID(fresh.admin_id)).one()
        opened.admin_id = uuid.UUID(visitor.admin_id)
    return replace(fresh, admin_id=visitor.admin_id, account=visitor.account)


def test_a_new_password_voids_a_second_factor_that_somebody_else_began(app: Flask) -> None:
    visitor = make_visitor(app)
    visitor.post("/admin/profile/second-factor", {"deed": "begin"})
    with unit_of_work():
        admin = session.get_one(Admin, uuid.UUID(visitor.admin_id))
        assert admin.otp_pending
        admins.reset_password(OPERATOR, admin.account, "a new one, 24 letters")
    with unit_of_work():
        assert session.get_one(Admin, uuid.UUID(visitor.admin_id)).otp_pending is None


def test_no_mail_carries_an_address_that_the_request_made_up(
    app: Flask, settings: Settings
) -> None:
    visitor = make_visitor(app)
    with mailbox() as box:
        smtp = SmtpSettings("127.0.0.1", box.port, tls=False, sender="no-reply@example.test")
        app.extensions["settings"] = replace(settings, smtp=smtp, public_url=None)
        try:
            given = {"account": "mei@example.test", "name": "美"}
            answer = visitor.post("/admin/admins/new?role=PLATFORM_ADMIN", given)
        finally:
            app.extensions["settings"] = settings
    assert "沒有寄出電子郵件" in answer.text
    assert box.mails == []


def test_over_https_no_neighbour_under_the_same_domain_can_plant_the_session(
    app: Flask, settings: Settings
) -> None:
    safe = create_app(replace(settings, public_url="https://voucher.example.test"))
    answer = safe.test_client().get("/admin/sign-in", base_url="https://voucher.example.test")
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-voucherweb=")
    given = {one.strip() for one in cookie.split(";")[1:]}
    assert given == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}


def test_only_the_desk_may_use_the_camera(app: Flask) -> None:
    clerk = tenant_visitor(app, role="CLERK")
    policies = {
        path: clerk.get(path).headers["Permissions-Policy"].partition(",")[0]
        for path in ("/admin/desk", "/admin/profile", "/admin/help")
    }
    assert policies == {
        "/admin/desk": "camera=(self)",
        "/admin/profile": "camera=()",
        "/admin/help": "camera=()",
    }


@pytest.mark.parametrize("length", ["week", "month", "year"])
def test_a_window_that_would_end_after_the_last_day_is_left_alone(app: Flask, length: str) -> None:
    visitor = tenant_visitor(app)
    given = {"useStartDate": "9999-12-31", "preset": f"use.{length}"}
    answer = visitor.post("/admin/vouchers/new", given)
    assert answer.status_code < 500
    assert 'value="9999-12-31"' in answer.text


asked: set[str] = set()
"""The names of parameters and fields that requests have looked at."""


class Watched(ImmutableMultiDict[str, str]):
    """Parameters or fields that note which of them a page looks at."""

    def get(self, key: str, *args: Any, **options: Any) -> Any:
        asked.add(key)
        return super().get(key, *args, **options)

    def getlist(self, key: str, *args: Any, **options: Any) -> Any:
        asked.add(key)
        return super().getlist(key, *args, **options)

    def __contains__(self, key: object) -> bool:
        asked.add(str(key))
        return super().__contains__(key)

    def __getitem__(self, key: str) -> Any:
        asked.add(key)
        return super().__getitem__(key)


class WatchedRequest(Request):
    parameter_storage_class = Watched


ALONE = "a\0b"
"""What broke pages, one field at a time; the others as the page has them."""
ENDLESS = "9" * 5000
TOGETHER = (
    *(
        "\ud800",
        "٣",
        "-1",
        "1e999",
        "NaN",
        "//[",
        "%",
        "{0}",
        "x" * 20_000,
        "00000001" + "9" * 5000,
    ),
    *("9999-12-31", "0001-01-01", "9999-12-31T23:59", "24:00", "1" * 20, "']\"><script>"),
)
TURNS = 3
HIDDEN = re.compile(r'name="(\w+)"[^>]*? value="([^"]*)"')
IN_ADDRESS = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")
NOT_ASKED = {"sign_in.sign_out", "imports.template"}
"""The one ends the session, the other reads nothing."""


class Fuzzer:
    """Somebody who sends what nobody would to one page after the other."""

    def __init__(self, visitor: Visitor, ids: dict[str, str]) -> None:
        self.visitor, self.ids = visitor, {**ids, "secret": "x"}
        self.guard = tokens(visitor.get("/admin/help").text)
        self.broken: list[str] = []
        self.sent = itertools.count(1)

    def __call__(self, page: Page) -> None:
        path = IN_ADDRESS.sub(lambda found: self.ids[found[1]], page.rule)
        typed = {}
        for method in page.methods:
            asked.clear()
            shown = self._send(method, path, typed)
            if method == "GET":
                typed = dict(HIDDEN.findall(shown))
            names = sorted((asked | typed.keys()) - {"csrf_token"})
            for turn in range(TURNS):
                values = {
                    name: TOGETHER[(at + turn) % len(TOGETHER)] for at, name in enumerate(names)
                }
                self._send(method, path, values)
            self._send(method, path, dict.fromkeys(names, ENDLESS))
            for name in names:
                self._send(method, path, {**typed, name: ALONE})

    def _send(self, method: str, path: str, values: dict[str, str]) -> str:
        given = {"once_key": f"fuzz-{next(self.sent)}", **values, **self._token()}
        encoded = {name: value.encode("utf-8", "surrogatepass") for name, value in given.items()}
        if method == "GET":
            answer = self.visitor.client.get(path, query_string=urlencode(encoded))
        else:
            answer = self.visitor.client.post(
                f"{path}?{urlencode(encoded)}",
                data=urlencode(encoded),
                content_type="application/x-www-form-urlencoded",
            )
        if answer.status_code >= 500 or b"Traceback" in answer.data:
            self.broken.append(f"{answer.status_code} {method} {path} {str(values)[:300]}")
        return answer.data.decode("utf-8", "ignore")

    def _token(self) -> dict[str, str]:
        return {"csrf_token": self.guard["csrf_token"]}


@pytest.mark.parametrize("role", [Role.TENANT_ADMIN, Role.PLATFORM_ADMIN])
def test_nothing_that_can_be_sent_breaks_a_page(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    monkeypatch.setattr(app, "request_class", WatchedRequest)
    examples: Examples = make_examples(app, settings)
    tenant_id = None if role is Role.PLATFORM_ADMIN else examples.tenant_id
    fuzz = Fuzzer(make_visitor(app, role, tenant_id), examples.ids)
    others = {Role.TENANT_ADMIN} if role is Role.PLATFORM_ADMIN else set()
    for page in PAGES:
        mine = role in page.roles or (not page.roles and not tenant_id)
        if mine and not others & page.roles and page.endpoint not in NOT_ASKED:
            fuzz(page)
    assert next(fuzz.sent) > 200
    assert fuzz.broken == []


def test_an_answer_without_content_says_nothing_of_how_it_is_packed(app: Flask) -> None:
    visitor = tenant_visitor(app)
    given = tokens(visitor.text("/admin/settings/tenant"))
    packed = {"HX_Request": "true", "Accept_Encoding": "br"}
    answer = visitor.send("/admin/settings/tenant", given, **packed)
    assert answer.status_code == 204
    assert "Content-Encoding" not in answer.headers
    assert visitor.get("/admin/help", **packed).headers["Content-Encoding"] == "br"


def test_pages_and_deeds_say_how_long_they_took_but_not_to_who_guesses(app: Flask) -> None:
    visitor = tenant_visitor(app)
    page = visitor.get("/admin/settings/tenant")
    deed = visitor.send("/admin/settings/tenant", tokens(page.text))
    guess = visitor.send("/admin/sign-in", {**tokens(page.text), "account": "a", "password": "b"})
    assert (deed.status_code, guess.status_code) == (303, 200)
    timed = ["Server-Timing" in one.headers for one in (page, deed, guess)]
    assert timed == [True, True, False]
