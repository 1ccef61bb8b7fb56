"""Coupon sets of partners as admins make them, look at them, and pause them."""

import html
import io
import re
import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support import coupons
from tests.support.admins import deeds
from tests.support.errands import claimed, silent, store, written
from tests.support.site import Visitor, make_visitor, tenant_visitor
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.models import CouponSet, Job
from voucherweb.services import coupon_gifts, coupon_imports, coupon_jobs, coupon_sets
from voucherweb.transaction import session, unit_of_work
from voucherweb.web.coupon_set_forms import MAX_FORM

SETS = "/admin/partners/coupon-sets"
TODAY = date.today()  # noqa: DTZ011 - a form's day.
TYPED = {
    "name": "夏季咖啡券",
    "start_date": TODAY.isoformat(),
    "end_date": (TODAY + timedelta(days=30)).isoformat(),
    "prefix": "SUM-",
}


def sets() -> list[CouponSet]:
    with unit_of_work():
        found = list(session.scalars(select(CouponSet).order_by(CouponSet.created_at)))
        session.expunge_all()
        return found


def place(set_id: Any, rest: str = "") -> str:
    return f"{SETS}/{set_id}{rest}"


def sent_file(content: bytes, name: str = "codes.csv") -> dict[str, Any]:
    typed = {key: value for key, value in TYPED.items() if key != "prefix"}
    return {**typed, "file": (io.BytesIO(content), name)}


def test_without_sets_the_page_says_what_is_next(visitor: Visitor) -> None:
    assert "還沒有票券組" in visitor.text(SETS)
    page = visitor.text(f"{SETS}/new")
    for way in ("auto", "generate", "import"):
        assert f"{SETS}/new/{way}" in page


def test_a_set_that_makes_codes_when_given(visitor: Visitor) -> None:
    answer = visitor.post(f"{SETS}/new/auto", {**TYPED, "quantity": "1,000"})
    (made,) = sets()
    assert answer.location == place(made.id)
    assert (made.source, made.quantity, made.prefix) == ("AUTO_GENERATE", 1000, "SUM-")
    assert made.end_date is not None
    assert made.start_date is not None
    whole_days = timedelta(days=31) - timedelta(milliseconds=1)
    assert made.end_date - made.start_date == whole_days
    page = visitor.text(answer.location)
    assert "1,000" in page
    assert "第一次發放時會產生票券碼" in page
    assert "coupon_set.create" in deeds()


@pytest.mark.parametrize("way", ["auto", "generate"])
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"start_date": ""}, "start_date"),
        ({"end_date": "不久"}, "end_date"),
        ({"end_date": "2001-01-01"}, "end_date"),
        ({"end_date": "9999-12-31"}, "end_date"),
        ({"quantity": "很多"}, "quantity"),
        ({"quantity": "1000001"}, "quantity"),
        ({"prefix": "咖啡"}, "prefix"),
        ({"image_url": "javascript:1"}, "image_url"),
    ],
)
def test_terms_that_cannot_be_are_refused_and_kept(
    visitor: Visitor, way: str, changes: dict[str, str], field: str
) -> None:
    answer = visitor.post(f"{SETS}/new/{way}", {**TYPED, "quantity": "10", **changes})
    assert answer.status_code == 400
    assert f'href="#{field}"' in answer.text
    assert field == "name" or "夏季咖啡券" in answer.text
    assert sets() == []


def test_a_pool_needs_a_number(visitor: Visitor) -> None:
    answer = visitor.post(f"{SETS}/new/generate", TYPED)
    assert answer.status_code == 400
    assert 'href="#quantity"' in answer.text


def test_making_a_pool_shows_how_far_it_is_until_it_is_ready(visitor: Visitor) -> None:
    address = visitor.post(f"{SETS}/new/generate", {**TYPED, "quantity": "25"}).location
    (pool,) = sets()
    assert address == place(pool.id)
    waiting = visitor.text(address)
    assert "正在產生票券碼" in waiting
    assert "every 1s" in visitor.text(place(pool.id, "/progress"))
    assert "準備中" in visitor.text(SETS)
    coupon_jobs.run_generation(claimed(pool.id), silent)
    done = visitor.get(place(pool.id, "/progress"))
    assert done.location == address
    page = visitor.text(address)
    assert page.count("SUM-") >= 20
    assert "未發放" in page
    assert "25" in visitor.text(f"/admin/jobs/{pool.id}")


def test_a_form_that_is_sent_twice_makes_one_pool(visitor: Visitor) -> None:
    form = visitor.get(f"{SETS}/new/generate").text
    typed = {**TYPED, "quantity": "5", **tokens_of(form)}
    first, again = (visitor.send(f"{SETS}/new/generate", typed) for _ in range(2))
    assert first.location == again.location
    assert len(sets()) == 1


def tokens_of(form: str) -> dict[str, str]:
    found = re.findall(r'name="(csrf_token|once_key)" value="([^"]+)"', form)
    return dict(found[-2:])


def test_a_cancelled_making_leaves_no_set_and_its_job_says_so(visitor: Visitor) -> None:
    address = visitor.post(f"{SETS}/new/generate", {**TYPED, "quantity": "25"}).location
    (pool,) = sets()
    question = visitor.text(f"/admin/jobs/{pool.id}/cancel")
    assert "不會留下任何票券碼" in question
    visitor.post(f"/admin/jobs/{pool.id}/cancel")
    assert visitor.get(place(pool.id, "/progress")).location == f"/admin/jobs/{pool.id}"
    assert visitor.get(address).location == f"/admin/jobs/{pool.id}"
    assert "作業已取消" in visitor.text(f"/admin/jobs/{pool.id}")
    assert "還沒有票券組" in visitor.text(SETS)


def test_an_import_shows_what_became_codes_and_why_others_did_not(visitor: Visitor) -> None:
    content = "代碼\r\nGIFT-1\r\nGIFT-2\r\nGIFT-1\r\n".encode()
    address = visitor.post(f"{SETS}/new/import", sent_file(content)).location
    (pool,) = sets()
    assert address == place(pool.id)
    assert "正在匯入票券碼" in visitor.text(address)
    coupon_imports.run_import(claimed(pool.id), store(), silent)
    page = visitor.text(address)
    assert "GIFT-2" in page
    assert "有 1 列沒有成為票券碼" in page
    refused = visitor.text(place(pool.id, "/refused"))
    assert "與第 2 列的代碼重複" in refused
    assert "看沒有匯入的列" in visitor.text(f"/admin/jobs/{pool.id}")


def test_an_import_without_a_good_row_leads_to_its_refused_rows(visitor: Visitor) -> None:
    coupons.imported(visitor.tenant_id or "", ["SAME"])
    set_id = coupons.imported(visitor.tenant_id or "", ["SAME"])
    with unit_of_work():
        session.get_one(Job, set_id).actor = f"admin:{visitor.admin_id}"
    assert visitor.get(place(set_id, "/progress")).location == f"/admin/jobs/{set_id}"
    assert "沒有任何一列成為票券碼" in visitor.text(f"/admin/jobs/{set_id}")
    assert "您已有這個代碼" in visitor.text(place(set_id, "/refused"))


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "codes.csv", "請先選擇要匯入的 Excel 或 CSV 檔案"),
        (b"x", "codes.pdf", "必須是 .xlsx 或 .csv 檔案"),
    ],
)
def test_a_file_that_cannot_be_is_refused_before_anything_begins(
    visitor: Visitor, content: bytes, name: str, said: str
) -> None:
    answer = visitor.post(f"{SETS}/new/import", sent_file(content, name))
    assert answer.status_code == 400
    assert said in answer.text
    assert "夏季咖啡券" in answer.text
    assert sets() == []


def test_a_file_that_is_too_large_is_said_to_be(visitor: Visitor) -> None:
    body = b"--here\r\n" + b"x" * (MAX_FORM + 1)
    kind = "multipart/form-data; boundary=here"
    answer = visitor.send(f"{SETS}/new/import", body, Content_Type=kind)
    assert answer.status_code == 413
    assert "檔案超過 64 MB" in answer.text


def test_the_template_is_a_file_that_can_be_imported(visitor: Visitor) -> None:
    answer = visitor.get(f"{SETS}/new/import/template")
    assert answer.mimetype == "text/csv"
    address = visitor.post(f"{SETS}/new/import", sent_file(answer.data + b"A-1\r\n")).location
    (pool,) = sets()
    coupon_imports.run_import(claimed(pool.id), store(), silent)
    assert "A-1" in visitor.text(address)


def test_the_list_narrows_by_name_source_and_state(visitor: Visitor) -> None:
    tenant = visitor.tenant_id or ""
    paused = coupons.auto_set(tenant, name="暫停的")
    with unit_of_work():
        coupon_sets.pause(OPERATOR, uuid.UUID(tenant), paused)
    coupons.pool(tenant, 3, name="一批的")
    over = coupons.auto_set(tenant, name="過期的")
    coupons.shift(over, clock.now() - 2 * coupons.DAY, clock.now() - coupons.DAY)
    gone = coupons.auto_set(tenant, name="發完的", quantity=1)
    person = coupons.member_of(tenant)
    coupon_gifts.give(coupons.execute(), coupons.caller(tenant), person, gone)
    coupons.auto_set(tenant, name="可發的")
    names = {"暫停的", "一批的", "過期的", "發完的", "可發的"}
    for query, found in (
        ("keyword=批", {"一批的"}),
        ("source=GENERATE", {"一批的"}),
        ("state=paused", {"暫停的"}),
        ("state=over", {"過期的"}),
        ("state=gone", {"發完的"}),
        ("state=giving", {"可發的", "一批的"}),
        ("state=making", set()),
    ):
        part = visitor.part(f"{SETS}?{query}", "list")
        assert {name for name in names if f">{name}</a>" in part} == found, query
    for field in coupon_sets.SORT:
        assert "發完的" in visitor.text(f"{SETS}?sort={field}&order=asc")


def test_codes_are_found_by_state_and_by_the_whole_code(visitor: Visitor) -> None:
    tenant = visitor.tenant_id or ""
    set_id = coupons.pool(tenant, 45)
    by, person = coupons.caller(tenant), coupons.member_of(tenant)
    coupons.branch(tenant)
    held, used = coupon_gifts.give(coupons.execute(), by, person, set_id, 2)
    coupon_gifts.use(coupons.execute(), by, used.code, branch_code="B1")
    all_codes = coupons.codes_of(set_id)
    shown = visitor.part(place(set_id, "?page=3"), "list")
    assert [code for code in all_codes if code in shown] == all_codes[40:]
    assert [
        code
        for code in all_codes
        if code in visitor.part(place(set_id, "?sort=ordinal&order=desc"), "list")
    ] == all_codes[25:]
    for status, code in (("ACTIVE", held.code), ("USED", used.code)):
        part = visitor.part(place(set_id, f"?status={status}"), "list")
        assert [one for one in all_codes if one in part] == [code]
        assert "王○明" in part
        assert "王小明" not in part
        assert "0912345678" not in part
    assert "信義店" in visitor.part(place(set_id, "?status=USED"), "list")
    free = visitor.part(place(set_id, "?status=PENDING&page=3"), "list")
    assert [one for one in all_codes if one in free] == all_codes[42:]
    part = visitor.part(place(set_id, f"?code={used.code.lower()}"), "list")
    assert [one for one in all_codes if one in part] == [used.code]
    for nothing in ("?code=NO", "?code=%E4%B8%AD", f"?code={all_codes[0][:5]}"):
        assert "沒有符合條件的票券碼" in visitor.part(place(set_id, nothing), "list")


def test_codes_taken_back_of_a_set_that_makes_them_are_listed_as_such(visitor: Visitor) -> None:
    tenant = visitor.tenant_id or ""
    set_id = coupons.auto_set(tenant)
    by, person = coupons.caller(tenant), coupons.member_of(tenant)
    first, second, third = coupon_gifts.give(coupons.execute(), by, person, set_id, 3)
    coupon_gifts.void(coupons.execute(), by, second.id)
    page = visitor.part(place(set_id), "list")
    assert all(one.code in page for one in (first, second, third))
    voided = visitor.part(place(set_id, "?status=VOIDED"), "list")
    assert second.code in voided
    assert first.code not in voided


def test_pausing_says_what_stays_and_resuming_lets_give_again(visitor: Visitor) -> None:
    set_id = coupons.auto_set(visitor.tenant_id or "")
    assert "照常可以使用" in visitor.text(place(set_id, "/pause"))
    assert visitor.post(place(set_id, "/pause")).location == place(set_id)
    page = visitor.text(place(set_id))
    assert "已暫停" in page
    assert place(set_id, "/give") not in page
    assert "現在不能發放" in visitor.text(place(set_id, "/give"))
    visitor.post(place(set_id, "/resume"))
    assert place(set_id, "/give") in visitor.text(place(set_id))
    assert {"coupon_set.pause", "coupon_set.resume"} <= set(deeds())


def test_a_set_is_renamed(visitor: Visitor) -> None:
    set_id = coupons.auto_set(visitor.tenant_id or "")
    assert visitor.post(place(set_id, "/rename"), {"name": "秋季", "description": "中杯"})
    assert (sets()[0].name, sets()[0].description) == ("秋季", "中杯")
    refused = visitor.post(place(set_id, "/rename"), {"name": "", "description": ""})
    assert refused.status_code == 400
    assert sets()[0].name == "秋季"


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_the_codes_are_exported_by_a_job_as_the_list_is_narrowed(
    visitor: Visitor, extension: str
) -> None:
    tenant = visitor.tenant_id or ""
    set_id, person = coupons.pool(tenant, 3), coupons.member_of(tenant)
    (held,) = coupon_gifts.give(coupons.execute(), coupons.caller(tenant), person, set_id)
    page = visitor.text(place(set_id, "?status=ACTIVE"))
    (address,) = re.findall(rf'action="([^"]+/export/{extension}[^"]*)"', page)
    at = html.unescape(address)
    answer = visitor.post(at, at=place(set_id))
    job_id = uuid.UUID((answer.location or "").rpartition("/")[2])
    written(job_id)
    told = visitor.text(f"/admin/jobs/{job_id}")
    assert "檔案已備妥" in told
    assert "共 1 列" in told
    content = visitor.get(f"/admin/jobs/{job_id}/download").data
    assert extension == "xlsx" or held.code in content.decode("utf-8-sig")


def test_a_format_or_state_that_there_is_not_is_refused(visitor: Visitor) -> None:
    set_id = coupons.pool(visitor.tenant_id or "", 3)
    for rest in ("/export/pdf", "/export/csv?status=SOLD"):
        assert visitor.post(place(set_id, rest), at=place(set_id)).status_code == 400


PATHS = ("", "/give", "/rename", "/pause", "/resume", "/progress", "/refused")


@pytest.mark.parametrize("rest", PATHS)
def test_a_foreign_set_is_as_unknown_as_none(app: Flask, visitor: Visitor, rest: str) -> None:
    set_id = coupons.imported(visitor.tenant_id or "", ["A-1"])
    for stranger in (tenant_visitor(app), make_visitor(app)):
        for one in (set_id, uuid.UUID(int=7)):
            assert stranger.get(place(one, rest)).status_code == 400
    assert sets()[0].status == "ACTIVE"


def test_the_platform_keeps_sets_of_its_own(app: Flask, visitor: Visitor) -> None:
    coupons.auto_set(visitor.tenant_id or "", name="租戶的")
    platform = make_visitor(app)
    platform.post(f"{SETS}/new/auto", {**TYPED, "name": "平台的"})
    page = platform.text(SETS)
    assert "平台的" in page
    assert "租戶的" not in page
    assert "平台的" not in visitor.text(SETS)


def test_a_vouchers_pool_is_no_partners_set(visitor: Visitor) -> None:
    with unit_of_work():
        pool = CouponSet(tenant_id=uuid.UUID(visitor.tenant_id or ""), total=0)
        session.add(pool)
        session.flush()
        set_id = pool.id
    assert "還沒有票券組" in visitor.text(SETS)
    assert visitor.get(place(set_id)).status_code == 400


def test_the_pages_speak_english(app: Flask, tenant_id: str) -> None:
    english = make_visitor(app, "TENANT_ADMIN", tenant_id, language="en")
    coupons.pool(tenant_id, 2)
    assert "Made in advance" in english.text(SETS)
    assert "Where do the codes come from" in english.text(f"{SETS}/new")
