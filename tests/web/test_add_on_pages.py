"""Add-ons as a tenant's admin registers, changes and opens them."""

import html
import json
import re
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.support.add_ons import URL, register
from tests.support.admins import deeds
from tests.support.site import Visitor, make_visitor, tenant_visitor
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.models import AddOn, ConnectFamily, ExchangeToken
from voucherweb.services import tokens
from voucherweb.services.add_ons import Plan
from voucherweb.transaction import session, unit_of_work

ADD_ONS = "/admin/partners/add-ons"
TYPED = {
    "code": "rota",
    "name": "排班",
    "url": URL,
    "plan": "標準",
    "plan_end": "2030-12-31T23:59",
    "config": '{"region": "south"}',
    "scopes": ["members:read", "points:write"],
}
DAY = timedelta(days=1)


def add_ons() -> list[AddOn]:
    with unit_of_work():
        found = list(session.scalars(select(AddOn).order_by(AddOn.code)))
        session.expunge_all()
        return found


def issued() -> list[ExchangeToken]:
    with unit_of_work():
        found = list(session.scalars(select(ExchangeToken)))
        session.expunge_all()
        return found


def place(add_on_id: str | uuid.UUID, rest: str = "") -> str:
    return f"{ADD_ONS}/{add_on_id}{rest}"


def frame(page: str) -> dict[str, str]:
    """The attributes of the page's frame."""
    (tag,) = re.findall(r"<iframe ([^>]+)>", page)
    return {name: html.unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}


def asked_with(page: str) -> dict[str, str]:
    """What the frame's address tells the add-on."""
    query = parse_qs(urlsplit(frame(page)["src"]).query)
    return {name: values[0] for name, values in query.items()}


def test_without_add_ons_the_page_says_what_is_next(visitor: Visitor) -> None:
    assert "向夥伴取得網址後登記" in visitor.text(ADD_ONS)


def test_an_add_on_is_registered_and_shown(visitor: Visitor) -> None:
    answer = visitor.post(f"{ADD_ONS}/new", TYPED)
    (made,) = add_ons()
    assert answer.location == place(made.id)
    assert (made.code, made.plan_name, made.config) == ("rota", "標準", {"region": "south"})
    assert made.scopes == ["members:read", "points:write"]
    assert made.plan_end is not None
    assert made.plan_end.isoformat().startswith("2030-12-31T15:59")
    page = visitor.text(answer.location)
    for text in (str(made.id), "排班", URL, "2030/12/31", "region", "查會員"):
        assert text in page
    assert "排班" in visitor.text(ADD_ONS)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "a b"}, "code"),
        ({"name": ""}, "name"),
        ({"url": "ftp://example.test"}, "url"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"plan": ""}, "plan"),
        ({"plan_start": "2031-01-01T00:00"}, "plan_end"),
        ({"plan_start": "明天"}, "plan_start"),
        ({"config": "{"}, "config"),
        ({"config": "[1]"}, "config"),
        ({"config": '{"apiKey": "1"}'}, "config"),
        ({"config": "[" * 100_000}, "config"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
    ],
)
def test_terms_that_cannot_be_are_refused_and_kept(
    visitor: Visitor, changes: dict[str, Any], field: str
) -> None:
    answer = visitor.post(f"{ADD_ONS}/new", {**TYPED, **changes})
    assert answer.status_code == 400
    assert f'href="#{field}"' in answer.text
    assert "2030-12-31T23:59" in answer.text
    assert add_ons() == []


def test_a_change_keeps_the_code_and_what_was_not_touched(visitor: Visitor) -> None:
    end = clock.now() + 30 * DAY
    plan = Plan("標準", end=end)
    add_on_id = register(visitor.tenant_id, plan=plan, config={"a": 1})
    form = visitor.text(place(add_on_id, "/edit"))
    assert 'name="code"' not in form
    (typed,) = re.findall(r'id="plan_end"[^>]* value="([^"]+)"', form)
    kept = {**TYPED, "plan_end": typed, "config": json.dumps({"a": 2}), "code": "other"}
    assert visitor.post(place(add_on_id, "/edit"), kept).location == place(add_on_id)
    (changed,) = add_ons()
    assert (changed.code, changed.config, changed.plan_end) == ("rota", {"a": 2}, end)
    assert "add_on.change" in deeds()


def test_disabling_says_what_ends_and_enabling_brings_it_back(visitor: Visitor) -> None:
    add_on_id = register(visitor.tenant_id)
    assert "權杖全部失效" in visitor.text(place(add_on_id, "/disable"))
    visitor.post(place(add_on_id, "/disable"))
    assert add_ons()[0].status == "DISABLED"
    page = visitor.text(place(add_on_id))
    assert place(add_on_id, "/open") not in page
    assert "啟用後才能開啟" in visitor.text(place(add_on_id, "/open"))
    visitor.post(place(add_on_id, "/enable"))
    assert add_ons()[0].status == "ENABLED"
    assert {"add_on.disable", "add_on.enable"} <= set(deeds())


def test_an_opened_add_on_gets_a_token_the_business_and_the_way_back(visitor: Visitor) -> None:
    add_on_id = register(visitor.tenant_id, url=f"{URL}?lang=zh&exchange_token=forged")
    page = visitor.text(place(add_on_id, "/open"))
    given = asked_with(page)
    assert given["lang"] == "zh"
    assert given["return_url"] == f"http://localhost{ADD_ONS}"
    assert given["business_code"].startswith("T")
    (token,) = issued()
    assert token.token_hash == tokens.digest(given["exchange_token"])
    assert page.count(given["exchange_token"]) == 1


def test_the_frame_is_sandboxed_and_passes_nothing_on(visitor: Visitor) -> None:
    add_on_id = register(visitor.tenant_id)
    answer = visitor.get(place(add_on_id, "/open"))
    attributes = frame(answer.text)
    assert attributes["sandbox"] == "allow-scripts allow-forms allow-same-origin"
    assert attributes["referrerpolicy"] == "no-referrer"
    assert "frame-src https://addon.example.test;" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-store, private"


def test_no_other_page_frames_anything(visitor: Visitor) -> None:
    register(visitor.tenant_id)
    for path in (ADD_ONS, "/admin/", "/docs"):
        assert "frame-src 'none'" in visitor.get(path).headers["Content-Security-Policy"]


def test_every_opening_has_a_token_of_its_own(visitor: Visitor) -> None:
    add_on_id = register(visitor.tenant_id)
    first, second = (asked_with(visitor.text(place(add_on_id, "/open"))) for _ in range(2))
    assert first["exchange_token"] != second["exchange_token"]
    assert len(issued()) == 2


@pytest.mark.parametrize("rest", ["", "?anyway=1"])
def test_an_add_on_of_our_own_origin_is_not_framed(visitor: Visitor, rest: str) -> None:
    add_on_id = register(visitor.tenant_id, url="http://localhost/admin/partners/keys")
    page = visitor.text(place(add_on_id, f"/open{rest}"))
    assert "屬於本站" in page
    assert "<iframe" not in page
    assert issued() == []


def test_an_address_that_browsers_would_block_is_told_instead_of_framed(
    visitor: Visitor, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_on_id = register(visitor.tenant_id, url="http://addon.example.test/")
    secure = replace(settings, public_url="https://vouchers.example.test")
    monkeypatch.setitem(visitor.client.application.extensions, "settings", secure)
    page = visitor.text(place(add_on_id, "/open?anyway=1"))
    assert "不是 https" in page
    assert "<iframe" not in page
    assert issued() == []


def test_a_moment_that_cannot_be_is_no_error(visitor: Visitor) -> None:
    add_on_id = register(visitor.tenant_id)
    assert "開啟中" in visitor.text(place(add_on_id, f"/open/state/{'9' * 30}"))
    assert visitor.get(place(add_on_id, f"/open/state/{'9' * 5000}")).status_code in {400, 404}


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (Plan("過期", end=clock.now() - DAY), "方案已到期"),
        (Plan("未來", start=clock.now() + DAY), "方案還沒開始"),
    ],
)
def test_a_plan_that_does_not_run_is_told_before_a_token_is_made(
    visitor: Visitor, plan: Plan, said: str
) -> None:
    add_on_id = register(visitor.tenant_id, plan=plan)
    assert said in visitor.text(place(add_on_id, "/open"))
    assert issued() == []
    assert "<iframe" in visitor.text(place(add_on_id, "/open?anyway=1"))
    assert len(issued()) == 1


def test_the_line_above_the_frame_follows_the_add_on(visitor: Visitor) -> None:
    add_on_id = register(visitor.tenant_id)
    page = visitor.text(place(add_on_id, "/open"))
    (line,) = re.findall(r'hx-get="([^"]+/open/state/\d+)"', page)
    assert "開啟中" in visitor.text(line)
    late = clock.to_millis(clock.now()) - 20_000
    silent = visitor.text(place(add_on_id, f"/open/state/{late}"))
    assert "沒有回應" in silent
    assert "hx-get" in silent
    given_up = visitor.text(place(add_on_id, f"/open/state/{late - 60_000}"))
    assert "沒有回應" in given_up
    assert "hx-get" not in given_up
    exchange(visitor, asked_with(page)["exchange_token"])
    connected = visitor.text(line)
    assert "已連線" in connected
    assert "hx-get" not in connected


def exchange(visitor: Visitor, token: str) -> None:
    body = {"exchange_token": token}
    answer = visitor.client.post("/v1/auth-connect/access-token", json=body)
    assert answer.status_code == 201, answer.text


def test_an_answer_to_an_earlier_opening_is_none_to_this_one(visitor: Visitor) -> None:
    add_on_id = register(visitor.tenant_id)
    exchange(visitor, asked_with(visitor.text(place(add_on_id, "/open")))["exchange_token"])
    with unit_of_work():
        session.execute(update(ConnectFamily).values(created_at=clock.now() - DAY))
    page = visitor.text(place(add_on_id, "/open"))
    (line,) = re.findall(r'hx-get="([^"]+/open/state/\d+)"', page)
    assert "開啟中" in visitor.text(line)


@pytest.mark.parametrize("rest", ["", "/edit", "/enable", "/disable", "/open", "/open/state/0"])
def test_a_foreign_add_on_is_as_unknown_as_none(app: Flask, visitor: Visitor, rest: str) -> None:
    add_on_id = register(visitor.tenant_id)
    stranger = tenant_visitor(app)
    for one in (add_on_id, str(uuid.UUID(int=7))):
        assert stranger.get(place(one, rest)).status_code == 400
    assert issued() == []


def test_only_a_tenants_admin_has_add_ons(app: Flask, visitor: Visitor) -> None:
    add_on_id = register(visitor.tenant_id)
    clerk = make_visitor(app, "CLERK", visitor.tenant_id)
    for other in (make_visitor(app), clerk):
        for path in (ADD_ONS, place(add_on_id), place(add_on_id, "/open")):
            assert other.get(path).status_code == 403
    assert issued() == []


def test_the_pages_speak_english(app: Flask, tenant_id: str) -> None:
    english = make_visitor(app, "TENANT_ADMIN", tenant_id, language="en")
    add_on_id = register(tenant_id)
    assert "What it may do" in english.text(place(add_on_id))
    assert "Opening" in english.text(place(add_on_id, "/open"))
