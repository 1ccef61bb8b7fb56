"""Vendors and what they bought, as platform admins see and change it."""

import re
import uuid
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select, text

from tests.support import cast, errands
from tests.support.admins import deeds
from tests.support.cast import Caller
from tests.support.site import Visitor, make_visitor, tenant_visitor, tokens
from voucherweb.domain.actor import OPERATOR
from voucherweb.models import QuotaEntry, QuotaPurchase, Vendor
from voucherweb.services import vendors
from voucherweb.transaction import session, unit_of_work

TYPED = {"txDate": "2026-11-01T09:30", "points": "1,000", "amount": "30.5", "remark": "發票 A1"}


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return make_visitor(app)


def vendor_of(tenant_id: str) -> Vendor:
    with unit_of_work():
        found = session.scalars(
            select(Vendor).where(Vendor.tenant_id == uuid.UUID(tenant_id))
        ).one()
        session.expunge(found)
        return found


def bare_vendor(name: str = "小港醫院") -> Vendor:
    """A vendor that has bought nothing."""
    tenant_id = cast.make_tenant(name)
    with unit_of_work():
        vendors.add_vendor(OPERATOR, uuid.UUID(tenant_id))
    return vendor_of(tenant_id)


def purchases(vendor: Vendor) -> list[QuotaPurchase]:
    with unit_of_work():
        found = session.scalars(
            select(QuotaPurchase)
            .where(QuotaPurchase.vendor_id == vendor.id)
            .order_by(QuotaPurchase.serial)
        ).all()
        session.expunge_all()
        return list(found)


def place(vendor: Vendor, rest: str = "") -> str:
    return f"/admin/vendors/{vendor.id}{rest}"


def test_tenants_to_choose_from_bear_their_codes_in_the_brackets_of_either_language(
    app: Flask,
) -> None:
    cast.make_tenant("Harbour Clinic")
    chinese, english = make_visitor(app), make_visitor(app, language="en")
    assert re.search(r">Harbour Clinic（\w+）</option>", chinese.text("/admin/vendors/new"))
    assert re.search(r">Harbour Clinic \(\w+\)</option>", english.text("/admin/vendors/new"))


def test_the_list_shows_what_each_has_left(visitor: Visitor, tenant_id: str) -> None:
    cast.fund(tenant_id)
    page = visitor.text("/admin/vendors")
    assert "小港醫院" in page
    assert "100,000,000" in page
    assert "quota-line" in page


def test_the_list_alone_is_a_part(visitor: Visitor, tenant_id: str) -> None:
    cast.fund(tenant_id)
    part = visitor.part("/admin/vendors?name=港", "list")
    assert "小港醫院" in part
    assert "<html" not in part


def test_an_added_vendor_is_opened(visitor: Visitor, tenant_id: str) -> None:
    answer = visitor.post("/admin/vendors/new", {"tenantId": tenant_id})
    assert answer.location == place(vendor_of(tenant_id))
    assert "還沒有購買額度" in visitor.text(answer.location)


def test_a_vendor_without_purchases_moves_to_another_tenant(visitor: Visitor) -> None:
    vendor, other = bare_vendor(), cast.make_tenant("緯緯醫學")
    assert "緯緯醫學" in visitor.text(place(vendor, "/move"))
    answer = visitor.post(place(vendor, "/move"), {"tenantId": other})
    assert answer.status_code == 303
    assert vendor_of(other).vendor_no == vendor.vendor_no
    assert "vendor.move" in deeds()


def test_a_vendor_that_bought_quota_stays_where_it_is(visitor: Visitor, tenant_id: str) -> None:
    cast.fund(tenant_id)
    vendor, other = vendor_of(tenant_id), cast.make_tenant("緯緯醫學")
    answer = visitor.post(place(vendor, "/move"), {"tenantId": other})
    assert answer.status_code == 422
    assert "已有設定額度，不允許編輯" in answer.text
    assert vendor_of(tenant_id).id == vendor.id
    assert "vendor.move" not in deeds()


def test_a_purchase_is_added_once_though_sent_twice(visitor: Visitor) -> None:
    vendor = bare_vendor()
    at = place(vendor, "/purchases/new")
    form = {**_tokens(visitor, at), **TYPED}
    answers = [visitor.send(at, form) for _ in range(2)]
    assert [one.location for one in answers] == [place(vendor), place(vendor)]
    (bought,) = purchases(vendor)
    assert (bought.points, bought.amount, bought.remark) == (1000, Decimal("30.50"), "發票 A1")
    assert bought.tx_date.isoformat().startswith("2026-11-01T01:30")
    assert "剩餘 1,000 點" in visitor.text(place(vendor))


def _tokens(visitor: Visitor, at: str) -> dict[str, str]:
    return tokens(visitor.text(at))


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("points", "-1"),
        ("points", "很多"),
        ("points", "2147483648"),
        ("points", ""),
        ("amount", "1.001"),
        ("amount", "10000000"),
        ("txDate", "昨天"),
        ("txDate", "0001-01-01T00:00"),
        ("remark", "字" * 501),
    ],
)
def test_a_purchase_that_cannot_be_is_refused_and_kept(
    visitor: Visitor, field: str, typed: str
) -> None:
    vendor = bare_vendor()
    answer = visitor.post(place(vendor, "/purchases/new"), {**TYPED, field: typed})
    assert answer.status_code == 400
    assert f'href="#{field}"' in answer.text
    assert typed in answer.text
    assert "發票 A1" in answer.text or field == "remark"
    assert purchases(vendor) == []


def test_the_sentence_beside_the_form_follows_what_is_typed(
    visitor: Visitor, tenant_id: str
) -> None:
    cast.fund(tenant_id)
    at = place(vendor_of(tenant_id), "/purchases/new")
    part = visitor.text(
        f"{at}?points=2,000",
        HX_Request="true",
        HX_Request_Type="partial",
        HX_Target="p#after",
    )
    assert "由 100,000,000 點變為 100,002,000 點" in part
    assert "<form" not in part


def test_only_the_latest_purchase_can_be_corrected(visitor: Visitor, tenant_id: str) -> None:
    cast.fund(tenant_id, 500)
    cast.fund(tenant_id, 700)
    vendor = vendor_of(tenant_id)
    first, second = purchases(vendor)
    page = visitor.text(place(vendor))
    assert place(vendor, f"/purchases/{second.id}/correct") in page
    assert place(vendor, f"/purchases/{first.id}/correct") not in page
    assert "已非最近一筆，不能更正" in page
    assert "不能更正" in visitor.text(place(vendor, f"/purchases/{first.id}/correct"))


def test_a_correction_keeps_the_former_version(visitor: Visitor, tenant_id: str) -> None:
    cast.fund(tenant_id, 500)
    vendor = vendor_of(tenant_id)
    (before,) = purchases(vendor)
    at = place(vendor, f"/purchases/{before.id}/correct")
    form = visitor.text(at)
    assert 'value="500"' in form
    typed = re.search(r'id="txDate"[^>]*value="([^"]+)"', form)
    assert typed
    answer = visitor.post(at, {**TYPED, "txDate": typed.group(1), "points": "450"})
    assert answer.location == place(vendor)
    (after,) = purchases(vendor)
    assert (after.points, after.tx_date) == (450, before.tx_date)
    history = visitor.text(place(vendor, f"/purchases/{before.id}"))
    assert "450" in history
    assert "500" in history


def test_a_correction_below_what_is_spent_is_refused_in_words(
    visitor: Visitor, admin: Caller
) -> None:
    cast.issue(admin)
    vendor = vendor_of(admin.tenant_id or "")
    (before,) = purchases(vendor)
    at = place(vendor, f"/purchases/{before.id}/correct")
    answer = visitor.post(at, {**TYPED, "points": "1499"})
    assert answer.status_code == 422
    assert "已用 1,500 點，至少要保留這麼多" in answer.text
    assert purchases(vendor)[0].points == before.points


def test_a_former_purchase_is_not_corrected_by_a_late_form(
    visitor: Visitor, tenant_id: str
) -> None:
    cast.fund(tenant_id, 500)
    vendor = vendor_of(tenant_id)
    (first,) = purchases(vendor)
    at = place(vendor, f"/purchases/{first.id}/correct")
    form = {**_tokens(visitor, at), **TYPED}
    cast.fund(tenant_id, 700)
    answer = visitor.send(at, form)
    assert answer.status_code == 422
    assert [one.points for one in purchases(vendor)] == [500, 700]


def test_a_purchase_of_another_vendor_does_not_exist_here(visitor: Visitor) -> None:
    vendor, other = bare_vendor(), cast.make_tenant("緯緯醫學")
    cast.fund(other)
    (foreign,) = purchases(vendor_of(other))
    for rest in ("", "/correct"):
        answer = visitor.get(place(vendor, f"/purchases/{foreign.id}{rest}"))
        assert answer.status_code == 400
        assert "這裡沒有這筆資料" in answer.text


def test_the_book_reads_like_a_statement(visitor: Visitor, admin: Caller) -> None:
    cast.issue(admin, title="拿鐵一杯")
    page = visitor.text(place(vendor_of(admin.tenant_id or ""), "/book"))
    assert "-1,500" in page
    assert "+100,000,000" in page
    assert "99,998,500" in page
    assert "拿鐵一杯" in page


def test_the_proof_says_that_a_book_balances(visitor: Visitor, tenant_id: str) -> None:
    cast.fund(tenant_id)
    at = place(vendor_of(tenant_id), "/proof")
    assert "驗證帳目" in visitor.text(at)
    answer = visitor.post(at)
    assert answer.status_code == 200
    assert "帳目一致" in answer.text


def test_the_proof_names_the_first_disagreement(visitor: Visitor, tenant_id: str) -> None:
    cast.fund(tenant_id)
    vendor = vendor_of(tenant_id)
    with unit_of_work():
        session.execute(text("UPDATE vendors SET withdraw = 7"))
    answer = visitor.post(place(vendor, "/proof"))
    assert "帳目不一致" in answer.text
    assert str(vendor.id) in answer.text


def test_the_history_tells_who_did_what_to_the_vendor(visitor: Visitor) -> None:
    vendor = bare_vendor()
    page = visitor.text(place(vendor, "/log"))
    assert "新增發行廠商" in page
    assert "主機操作員" in page


def test_a_vendor_without_quota_has_empty_pages_that_say_what_is_next(visitor: Visitor) -> None:
    vendor = bare_vendor()
    assert "加購之後，租戶才能發行票券" in visitor.text(place(vendor))
    assert "帳本還是空的" in visitor.text(place(vendor, "/book"))
    assert errands.count(QuotaEntry) == 0


@pytest.mark.parametrize(
    "rest", ["", "/book", "/proof", "/log", "/purchases/new", "/move", "/delete"]
)
def test_an_unknown_vendor_has_no_pages(visitor: Visitor, rest: str) -> None:
    answer = visitor.get(f"/admin/vendors/{uuid.UUID(int=7)}{rest}")
    assert answer.status_code == 400
    assert "API_ERROR.NOT_EXIST" in answer.text


@pytest.mark.parametrize("role", ["TENANT_ADMIN", "CLERK"])
def test_nobody_but_the_platform_sees_vendors(app: Flask, role: str) -> None:
    other = tenant_visitor(app, role=role)
    vendor = vendor_of(other.tenant_id or "")
    for rest in ("", "/book", "/proof", "/log", "/purchases/new", "/move"):
        assert other.get(place(vendor, rest)).status_code == 403


def test_the_pages_speak_english(app: Flask, tenant_id: str) -> None:
    cast.fund(tenant_id)
    english = make_visitor(app, language="en")
    vendor = vendor_of(tenant_id)
    assert "Points bought" in english.text(place(vendor))
    assert "Purchase no. 1" in english.text(place(vendor, "/book"))
