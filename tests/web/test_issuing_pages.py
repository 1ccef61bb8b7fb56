"""Issuing, changing and copying a voucher on the pages, without any script."""

import io
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from werkzeug.test import TestResponse

from tests.support import books, cast, errands, workers
from tests.support.cast import Caller
from tests.support.site import Visitor, make_visitor, tenant_visitor
from tests.support.voucher_forms import NEW, ZONE, day, make_import, problems, typed
from voucherweb.domain import clock
from voucherweb.models import Voucher
from voucherweb.services import imports
from voucherweb.transaction import session, unit_of_work


@pytest.fixture
def site(app: Flask, admin: Caller) -> Visitor:
    return make_visitor(app, "TENANT_ADMIN", admin.tenant_id)


@pytest.fixture
def two_coupons(admin: Caller) -> str:
    return make_import(admin.tenant_id)


def count() -> int:
    with unit_of_work():
        return session.query(Voucher).filter(Voucher.deleted_at.is_(None)).count()


def edit_of(voucher_id: str) -> str:
    return f"/admin/vouchers/{voucher_id}/edit"


def one_id() -> str:
    with unit_of_work():
        return str(session.query(Voucher).one().id)


def values(page: str) -> dict[str, str]:
    """The inputs of the form as the browser would send them, but for texts and choices."""
    found = re.findall(r'<input[^>]*?name="(\w+)"[^>]*?value="([^"]*)"', page)
    return {name: value for name, value in found if "Type" not in name}


def picture(kind: str = "PNG") -> io.BytesIO:
    data = io.BytesIO()
    Image.new("RGB", (32, 18), (200, 80, 40)).save(data, kind)
    data.seek(0)
    return data


def upload(name: str = "coffee.png", data: io.BytesIO | None = None) -> tuple[io.BytesIO, str]:
    return (data or picture(), name)


def test_somebody_issues_a_voucher_and_puts_it_on_the_shelf(site: Visitor) -> None:
    answer = site.post(NEW, typed(), at=NEW)
    assert answer.status_code == 303
    page = site.text(answer.location)
    assert "會員還看不到；下一步：上架這張票券" in page
    assert site.post(f"{answer.location}/on").status_code == 303
    assert cast.voucher_row(one_id()).status == "ON"


def test_days_begin_at_midnight_and_end_at_the_last_millisecond(site: Visitor) -> None:
    site.post(
        NEW,
        typed(
            onStartDate="2030-01-02",
            onEndDate="2030-01-03",
            redeemEndDate=day(9999),
            useEndDate=day(9999),
        ),
    )
    row = cast.voucher_row(one_id())
    start, end = row.on_start.astimezone(ZONE), row.on_end.astimezone(ZONE)
    assert f"{start:%F %T.%f}" == "2030-01-02 00:00:00.000000"
    assert f"{end:%F %T.%f}" == "2030-01-03 23:59:59.999000"


def test_an_end_with_a_time_includes_its_minute(site: Visitor) -> None:
    site.post(NEW, typed(useStartDate_time="09:30", useEndDate_time="18:00"))
    row = cast.voucher_row(one_id())
    assert f"{row.use_start.astimezone(ZONE):%T.%f}" == "09:30:00.000000"
    assert f"{row.use_end.astimezone(ZONE):%T.%f}" == "18:00:59.999000"


def test_a_form_that_is_sent_twice_issues_once(site: Visitor) -> None:
    page = site.text(NEW)
    form = {**typed(), **{name: values(page)[name] for name in ("csrf_token", "once_key")}}
    first, second = site.send(NEW, form), site.send(NEW, form)
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    assert count() == 1


def test_what_is_refused_stays_typed(site: Visitor) -> None:
    answer = site.post(NEW, typed(title="新年 <優惠>", price="0", description="到店使用"))
    assert answer.status_code == 400
    assert "新年 &lt;優惠&gt;" in answer.text
    assert "到店使用" in answer.text
    assert problems(answer.text) == {"price": "必須大於 0"}
    assert f'value="{day(30)}"' in answer.text
    assert count() == 0


def test_every_problem_is_told_at_once(site: Visitor) -> None:
    answer = site.post(
        NEW, typed(title="", volume="0", onEndDate="", useType="MERCHANT", voucherType="06")
    )
    told = problems(answer.text)
    assert told["title"] == "請填寫"
    assert told["volume"] == "必須大於或等於 1"
    assert told["onEndDate"].startswith("請填日期")
    assert told["useType"] == "核銷方式不允許"
    assert count() == 0


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (
        "VOUCHER_USE_TYPE_NOT_ALLOWED",
        {"voucherType": "06", "useType": "MERCHANT"},
        "useType,couponImportId",
    ),
    ("VOUCHER_NEED_PRODUCT_ID", {"voucherType": "03", "useType": "MERCHANT"}, "productId"),
    ("VOUCHER_NEED_COUPON_LIST", {"voucherType": "06"}, "couponImportId"),
    ("VOUCHER_INSUFFICIENT_QUOTA", {"price": "9999", "volume": "99999"}, "volume"),
    ("UPLOAD_NOT_COMPLETE", {"thumbnailObjectKey": "voucher/no.png"}, "thumbnailObjectKey"),
    ("INVALID_PARAMETER", {"voucherType": "06", "couponImportId": "none"}, "couponImportId"),
]


@pytest.mark.parametrize(("name", "changes", "field"), REFUSED, ids=[one[0] for one in REFUSED])
def test_each_refusal_stands_beside_its_field(
    site: Visitor, name: str, changes: dict[str, Any], field: str
) -> None:
    before = books.of_everything()
    answer = site.post(NEW, typed(**changes))
    assert name in answer.text
    assert set(problems(answer.text)) == set(field.split(","))
    assert books.of_everything() == before


def test_coupons_that_do_not_fit_the_volume_are_told_at_the_volume(
    site: Visitor, admin: Caller, two_coupons: str
) -> None:
    answer = site.post(NEW, typed(voucherType="06", couponImportId=two_coupons))
    assert answer.status_code == 422
    assert problems(answer.text) == {"volume": "折價券數量與兌換數量不相同"}


def test_a_tenant_without_vendor_is_told_so(app: Flask) -> None:
    site = tenant_visitor(app, funded=False)
    answer = site.post(NEW, typed(), at="/admin/help")
    assert answer.status_code == 422
    assert "票券發行機構不存在" in answer.text
    page = site.text(NEW)
    assert "要由平台管理員先新增" in page
    assert 'name="title"' not in page


def test_imported_coupons_are_chosen_and_counted(
    site: Visitor, admin: Caller, two_coupons: str
) -> None:
    page = site.text(f"{NEW}?import={two_coupons}")
    assert f'value="{two_coupons}"' in page
    assert 'id="volume" name="volume" value="2"' in page
    assert site.post(NEW, typed(voucherType="06", volume="2", couponImportId=two_coupons)).location
    assert cast.voucher_row(one_id()).coupon_set_id is not None


def test_a_preview_writes_nothing(site: Visitor) -> None:
    answer = site.post(NEW, typed(price="45", volume="1000", do="preview"))
    assert answer.status_code == 200
    assert "1,350,000 點" in answer.text
    assert count() == 0


def test_a_chip_fills_in_a_window_without_a_script(site: Visitor) -> None:
    answer = site.post(
        NEW, typed(useStartDate="2030-01-31", useEndDate="", preset="use.month", title="咖啡")
    )
    assert answer.status_code == 200
    assert values(answer.text)["useEndDate"] == "2030-02-27"
    assert "咖啡" in answer.text
    assert count() == 0


def test_a_picture_comes_with_the_form(site: Visitor) -> None:
    answer = site.post(NEW, typed(picture=upload()))
    assert answer.status_code == 303
    assert str(cast.voucher_row(one_id()).thumbnail_key).startswith("voucher/thumbnail/")


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("virus.exe", b"MZ", "上傳的檔案類型不允許"),
        ("fake.png", b"hello", "檔案不是可讀取的 png"),
        ("none", b"x", "上傳的檔案類型不允許"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(
    site: Visitor, name: str, data: bytes, said: str
) -> None:
    answer = site.post(NEW, typed(picture=(io.BytesIO(data), name)))
    assert 400 <= answer.status_code < 500
    assert said in problems(answer.text)["thumbnailObjectKey"]
    assert "CITY CAFE" in answer.text
    assert count() == 0


def test_a_script_sends_the_picture_straight_to_the_store(site: Visitor) -> None:
    token = {"csrf_token": values(site.text(NEW))["csrf_token"]}
    address = site.send("/admin/vouchers/picture", {**token, "name": "a.png"}).json
    assert address is not None
    put = site.client.put(address["url"], data=picture().getvalue())
    assert put.status_code == 200
    arrived = site.send(
        "/admin/vouchers/picture/arrived", {**token, "objectKey": address["objectKey"]}
    )
    assert arrived.status_code == 200
    answer = site.post(NEW, typed(thumbnailObjectKey=address["objectKey"]))
    assert answer.status_code == 303


def test_a_picture_that_never_came_is_refused_in_words(site: Visitor) -> None:
    token = {"csrf_token": values(site.text(NEW))["csrf_token"]}
    address = site.send("/admin/vouchers/picture", {**token, "name": "a.webp"}).json
    assert address is not None
    arrived = site.send(
        "/admin/vouchers/picture/arrived", {**token, "objectKey": address["objectKey"]}
    )
    assert arrived.status_code == 422
    assert "檔案尚未上傳" in arrived.json["problem"]
    wrong = site.send("/admin/vouchers/picture", {**token, "name": "a.exe"})
    assert wrong.json["problem"] == "上傳的檔案類型不允許"


def test_a_draft_is_changed_whole(site: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin, on=False)
    page = site.text(edit_of(voucher_id))
    form = typed(**{**values(page), "title": "大杯美式", "price": "6", "voucherType": "02"})
    answer = site.send(edit_of(voucher_id), form)
    assert answer.status_code == 303
    row = cast.voucher_row(voucher_id)
    assert (row.title, row.redeem_points, row.voucher_type) == ("大杯美式", 180, "02")


def test_sending_a_form_back_unchanged_keeps_every_millisecond(
    site: Visitor, admin: Caller
) -> None:
    odd = cast.voucher_body()["useEndDate"] // 1000 * 1000 + 25
    voucher_id = cast.issue(admin, on=False, useEndDate=odd, price=5)
    form = typed(**{**values(site.text(edit_of(voucher_id))), "voucherType": "01"})
    assert site.send(edit_of(voucher_id), form).status_code == 303
    assert clock.to_millis(cast.voucher_row(voucher_id).use_end) == odd


@pytest.fixture
def off(admin: Caller) -> str:
    voucher_id = cast.issue(admin)
    admin.data("/voucher-mgmt/voucher/update-status", {"id": voucher_id, "status": "OFF"})
    return voucher_id


def test_off_the_shelf_only_the_open_fields_can_be_typed(site: Visitor, off: str) -> None:
    page = site.text(edit_of(off))
    for name in ("price", "volume", "voucherType", "targetType", "useType", "redeemLimit"):
        assert f'name="{name}"' not in page
    assert "已鎖定" in page
    assert "已經對會員承諾過" in page
    form = {**values(page), "title": "新名稱"}
    assert site.send(edit_of(off), form).status_code == 303
    row = cast.voucher_row(off)
    assert (row.title, row.volume) == ("新名稱", 10)


def test_a_locked_field_is_refused_even_if_it_is_sent(site: Visitor, off: str) -> None:
    form = {**values(site.text(edit_of(off))), "title": "新名稱", "price": "1", "volume": "11"}
    answer = site.send(edit_of(off), form)
    assert answer.status_code == 400
    assert problems(answer.text) == dict.fromkeys(("price", "volume"), "已上架過，不可再變更")
    assert cast.voucher_row(off).title != "新名稱"


def test_on_the_shelf_the_page_says_what_to_do_first(site: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin)
    page = site.text(edit_of(voucher_id))
    assert "上架中的票券不能編輯" in page
    assert f"/admin/vouchers/{voucher_id}/off" in page
    assert 'name="title"' not in page


def test_an_ended_voucher_can_only_be_copied(site: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin)
    ended = clock.now() - timedelta(minutes=1)
    books.change_voucher(voucher_id, on_end=ended)
    page = site.text(edit_of(voucher_id))
    assert "已經結束" in page
    assert f"/admin/vouchers/{voucher_id}/duplicate" in page


def test_a_voucher_opens_for_editing_ready_to_be_saved(site: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin, on=False, price="4.5", redeemLimit=0)
    page = site.text(edit_of(voucher_id))
    assert "可以儲存" in page
    assert "NT$4.50 × 30 =" in page
    assert values(page)["price"] == "4.5"
    assert values(page)["redeemLimit"] == "0"


def test_who_was_overtaken_is_told_and_loses_nothing(
    site: Visitor, admin: Caller, off: str
) -> None:
    form = {**values(site.text(edit_of(off))), "title": "我的名稱"}
    books.change_voucher(off, title="別人的名稱", updated_at=clock.now() + timedelta(seconds=1))
    answer = site.send(edit_of(off), form)
    assert answer.status_code == 400
    assert "剛被其他人修改過" in answer.text
    assert "我的名稱" in answer.text
    assert cast.voucher_row(off).title == "別人的名稱"
    again = {**values(answer.text), "title": "我的名稱"}
    assert site.send(edit_of(off), again).status_code == 303
    assert cast.voucher_row(off).title == "我的名稱"


def test_put_on_the_shelf_meanwhile_what_was_typed_stays(
    site: Visitor, admin: Caller, off: str
) -> None:
    form = {**values(site.text(edit_of(off))), "title": "打到一半", "seen": ""}
    admin.data("/voucher-mgmt/voucher/update-status", {"id": off, "status": "ON"})
    answer = site.send(edit_of(off), form)
    assert answer.status_code == 422
    assert "不可修改已上架的票券" in answer.text
    assert "打到一半" in answer.text


def test_a_copy_is_a_filled_in_form_and_writes_nothing(site: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin, title="買一送一", price=45)
    page = site.text(f"/admin/vouchers/{voucher_id}/duplicate")
    assert "買一送一" in page
    assert f'action="{NEW}"' in page
    assert values(page)["price"] == "45"
    assert "都填好了，可以發行" in page
    assert count() == 1


@pytest.mark.parametrize("path", ["edit", "duplicate"])
def test_another_tenants_voucher_is_as_unknown_as_any(
    site: Visitor, stranger: Caller, path: str
) -> None:
    answer = site.get(f"/admin/vouchers/{cast.issue(stranger)}/{path}")
    assert answer.status_code == 400
    assert "API_ERROR.NOT_EXIST" in answer.text


def test_the_platform_and_clerks_issue_nothing(app: Flask, tenant_id: str) -> None:
    for who in (make_visitor(app), make_visitor(app, "CLERK", tenant_id)):
        assert who.get(NEW).status_code == 403
        assert who.get("/admin/vouchers/coupons/x").status_code in {403, 404}


def test_the_form_speaks_english(app: Flask, admin: Caller) -> None:
    site = make_visitor(app, "TENANT_ADMIN", admin.tenant_id, language="en")
    answer = site.post(NEW, typed(title="", price="0.001"))
    assert problems(answer.text)["title"] == "fill this in"
    assert "Issue voucher" in answer.text
    assert not re.search("[一-鿿]", re.sub(r"CITY CAFE \S+|繁體中文", "", _main(answer)))


def _main(answer: TestResponse) -> str:
    text = answer.text
    return text[text.index("<main") : text.index("</main>")]


def test_hostile_texts_are_refused_or_kept_as_text(site: Visitor) -> None:
    answer = site.post(NEW, typed(title="a\0b", price="١٢", couponJob="x", seen="9" * 40))
    assert answer.status_code == 400
    assert set(problems(answer.text)) == {"price"}


COUPONS = "/admin/vouchers/coupons"


def started(site: Visitor) -> str:
    """The job of a workbook of one good and one bad row, sent by a script; nobody carries it."""
    book = workers.workbook([("券", "說明", "https://example.test/1"), ("券", "", "no url")])
    token = {"csrf_token": values(site.text(NEW))["csrf_token"]}
    page = site.send(COUPONS, {**token, "workbook": (io.BytesIO(book), "咖啡.xlsx")}).text
    assert "等待中" in page
    found = re.search(rf"{COUPONS}/([0-9a-f-]+)", page)
    assert found
    return found[1]


def test_an_import_is_followed_in_place_and_chosen_at_its_end(site: Visitor) -> None:
    job_id = started(site)
    imports.run_import(errands.claimed(uuid.UUID(job_id)), errands.store(), errands.silent)
    page = site.text(f"{COUPONS}/{job_id}")
    assert "成功 1 筆" in page
    assert "失敗 1 筆" in page
    assert f"/admin/imports/{job_id}" in page
    assert re.search(r'<option value="[0-9a-f-]{36}" selected>咖啡.xlsx', page)
    assert "hx-trigger" not in page


def test_a_workbook_comes_with_the_form_without_a_script(site: Visitor) -> None:
    book = io.BytesIO(workers.workbook([("券", "說明", "https://example.test/1")]))
    answer = site.post(NEW, typed(voucherType="06", workbook=(book, "a.xlsx"), do="import"))
    assert answer.status_code == 200
    assert "等待中" in answer.text
    assert "CITY CAFE" in answer.text
    assert count() == 0


def test_more_than_any_form_holds_is_refused_unread(site: Visitor) -> None:
    huge = b"--x\r\n" + bytes(32 * 1024 * 1024)
    answer = site.send(NEW, huge, Content_Type="multipart/form-data; boundary=x")
    assert answer.status_code == 413
    assert count() == 0


def test_no_workbook_is_said_in_words(site: Visitor) -> None:
    token = {"csrf_token": values(site.text(NEW))["csrf_token"]}
    assert "請先選擇要匯入的" in site.send(COUPONS, token).text


def test_another_tenants_import_is_not_followed(site: Visitor, app: Flask) -> None:
    answer = tenant_visitor(app).get(f"{COUPONS}/{started(site)}")
    assert answer.status_code == 400
