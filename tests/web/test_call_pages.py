"""The log of partners' calls, as a tenant's admins and the platform read it."""

import uuid
from datetime import timedelta

import pytest
from flask import Flask

from tests.support import cast
from tests.support.books import statements
from tests.support.calls import log_call, make_key
from tests.support.partners import PartnerCaller
from tests.support.site import Visitor, make_visitor
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.services import call_log

CALLS = "/admin/partners/calls"


@pytest.fixture
def caller(visitor: Visitor) -> str:
    return make_key(visitor.tenant_id)


def test_a_real_call_is_found_by_the_request_id_of_its_answer(
    app: Flask, settings: Settings, partner: PartnerCaller, tenant_id: str
) -> None:
    answer = partner.get("/v2/connect/campaigns")
    call_log.flush(settings)
    assert answer.status_code == 200
    here = make_visitor(app, "TENANT_ADMIN", tenant_id)
    page = here.part(f"{CALLS}?request={answer.headers['X-Request-Id']}", "list")
    assert "200" in page
    assert "/v2/connect/campaigns" in page


def test_the_list_tells_who_called_what_and_what_came_of_it(visitor: Visitor, caller: str) -> None:
    log_call(visitor.tenant_id, caller, status=422, code="INSUFFICIENT_POINTS", ms=37)
    page = visitor.part(CALLS, "list")
    assert "診間系統" in page
    assert "POST /v2/connect/burn/points" in page
    assert "422" in page
    assert "INSUFFICIENT_POINTS" in page
    assert "37 ms" in page


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("outcome=done", {"one"}),
        ("outcome=refused", {"two"}),
        ("outcome=failed", {"three"}),
        ("code=insufficient_points", {"two"}),
        ("path=void", {"three"}),
        ("path=%25", set()),
        ("request=one", {"one"}),
        ("request=on", set()),
        ("endDate=2020-01-01", set()),
        ("startDate=2020-01-01", {"one", "two", "three"}),
    ],
)
def test_the_list_can_be_narrowed(
    visitor: Visitor, caller: str, asked: str, found: set[str]
) -> None:
    tenant = visitor.tenant_id
    log_call(tenant, caller, request_id="one")
    log_call(tenant, caller, request_id="two", status=422, code="INSUFFICIENT_POINTS")
    log_call(tenant, caller, request_id="three", status=503, path="/v2/connect/void/points/7")
    page = visitor.part(f"{CALLS}?{asked}", "list")
    assert {one for one in ("one", "two", "three") if f'data-copy="{one}"' in page} == found
    assert "清除" in page


def test_the_calls_of_one_key_are_listed_under_its_name(visitor: Visitor, caller: str) -> None:
    other = make_key(visitor.tenant_id, "櫃台")
    log_call(visitor.tenant_id, caller, request_id="mine")
    log_call(visitor.tenant_id, other, request_id="theirs")
    page = visitor.part(f"{CALLS}?caller={caller}", "list")
    assert 'data-copy="mine"' in page
    assert 'data-copy="theirs"' not in page
    assert "診間系統" in page


def test_another_tenants_calls_are_not_there(visitor: Visitor) -> None:
    other = cast.make_tenant("緯緯醫學", "DEALER")
    foreign = make_key(other, "別家的")
    call = log_call(other, foreign, request_id="secret")
    assert "還沒有任何呼叫" in visitor.text(CALLS)
    for asked in ("request=secret", f"caller={foreign}"):
        page = visitor.text(f"{CALLS}?{asked}")
        assert 'data-copy="secret"' not in page
        assert "別家的" not in page
    assert visitor.get(f"{CALLS}?tenant={other}").status_code == 400
    assert visitor.get(f"{CALLS}/{call}").status_code == 400


def test_the_platform_reads_all_or_only_its_own(app: Flask, visitor: Visitor, caller: str) -> None:
    log_call(visitor.tenant_id, caller, request_id="theirs")
    log_call(None, make_key(None, "宿主 App"), request_id="own")
    platform = make_visitor(app)
    every, own = (platform.part(f"{CALLS}{asked}", "list") for asked in ("", "?whose=own"))
    assert 'data-copy="theirs"' in every
    assert 'data-copy="theirs"' not in own
    assert 'data-copy="own"' in own
    of_tenant = platform.part(f"{CALLS}?tenant={visitor.tenant_id}", "list")
    assert 'data-copy="theirs"' in of_tenant
    assert 'data-copy="own"' not in of_tenant


def test_a_refused_call_says_why_and_leads_to_its_code(visitor: Visitor, caller: str) -> None:
    call = log_call(visitor.tenant_id, caller, status=422, code="INSUFFICIENT_POINTS")
    page = visitor.text(f"{CALLS}/{call}")
    assert "點數不足" in page
    assert 'href="/docs/errors#INSUFFICIENT_POINTS"' in page
    assert "沒有帶" in page


def test_a_replayed_call_says_that_nothing_was_done_twice(visitor: Visitor, caller: str) -> None:
    first = log_call(visitor.tenant_id, caller, status=504, code="TIMEOUT", idempotency_key="k1")
    again = log_call(visitor.tenant_id, caller, idempotency_key="k1", replayed=True)
    unrelated = log_call(visitor.tenant_id, caller, idempotency_key="k2")
    page = visitor.text(f"{CALLS}/{again}")
    assert "沒有再做一次" in page
    assert f'href="{CALLS}/{first}"' in page
    assert f'href="{CALLS}/{unrelated}"' not in page


def test_a_made_up_fault_is_told_as_such(visitor: Visitor, caller: str) -> None:
    call = log_call(
        visitor.tenant_id,
        caller,
        status=429,
        code="TOO_MANY_REQUESTS",
        fault="too-many-requests",
        retry_after=2,
    )
    page = visitor.text(f"{CALLS}/{call}")
    assert "不是真的錯誤" in page
    assert "等 2 秒" in page


@pytest.mark.parametrize("call_id", [0, 7, 2**63, 10**400])
def test_an_unknown_call_has_no_page(visitor: Visitor, call_id: int) -> None:
    assert visitor.get(f"{CALLS}/{call_id}").status_code == 400


@pytest.mark.parametrize(
    "asked",
    ["outcome=maybe", "startDate=yesterday", "startDate=2026-02-02&endDate=2026-02-01", "page=501"],
)
def test_what_cannot_be_asked_is_refused(visitor: Visitor, asked: str) -> None:
    assert visitor.get(f"{CALLS}?{asked}").status_code == 400


def test_an_old_call_of_a_removed_key_shows_its_id(visitor: Visitor) -> None:
    gone = f"key:{uuid.uuid4()}"
    log_call(visitor.tenant_id, gone, at=clock.now() - timedelta(days=20))
    assert gone in visitor.part(CALLS, "list")


def test_the_pages_speak_english(app: Flask) -> None:
    english = make_visitor(app, language="en")
    call = log_call(None, make_key(None), status=503, code="UNAVAILABLE")
    assert "Request id" in english.text(CALLS)
    assert "Why, and what to do" in english.text(f"{CALLS}/{call}")


def test_a_longer_log_asks_the_database_no_more_often(visitor: Visitor, caller: str) -> None:
    counts = []
    visitor.text(CALLS)  # What is asked once for the whole process is known from here on.
    for _ in range(2):
        for _ in range(3):
            log_call(visitor.tenant_id, caller, status=422, code="POOL_EMPTY")
        for path in (CALLS, "/admin/partners"):
            with statements() as seen:
                visitor.text(path)
            counts.append(len(seen))
    assert counts[:2] == counts[2:]
