"""Issuing a voucher on the pages, without any script."""

import re
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.support import books, cast
from tests.support.cast import Caller
from tests.support.site import Visitor, make_visitor, tenant_visitor
from tests.support.voucher_forms import (
    NEW,
    ZONE,
    day,
    live_vouchers,
    make_import,
    one_voucher,
    problems,
    typed,
    values,
)


@pytest.fixture
def two_coupons(admin: Caller) -> str:
    return make_import(admin.tenant_id)


def test_somebody_issues_a_voucher_and_puts_it_on_the_shelf(site: Visitor) -> None:
    answer = site.post(NEW, typed(), at=NEW)
    assert answer.status_code == 303
    page = site.text(answer.location)
    assert "會員還看不到；下一步：上架這張票券" in page
    assert site.post(f"{answer.location}/on").status_code == 303
    assert cast.voucher_row(one_voucher()).status == "ON"


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
    row = cast.voucher_row(one_voucher())
    start, end = row.on_start.astimezone(ZONE), row.on_end.astimezone(ZONE)
    assert f"{start:%F %T.%f}" == "2030-01-02 00:00:00.000000"
    assert f"{end:%F %T.%f}" == "2030-01-03 23:59:59.999000"


def test_an_end_with_a_time_includes_its_minute(site: Visitor) -> None:
    site.post(NEW, typed(useStartDate_time="09:30", useEndDate_time="18:00"))
    row = cast.voucher_row(one_voucher())
    assert f"{row.use_start.astimezone(ZONE):%T.%f}" == "09:30:00.000000"
    assert f"{row.use_end.astimezone(ZONE):%T.%f}" == "18:00:59.999000"


def test_a_form_that_is_sent_twice_issues_once(site: Visitor) -> None:
    page = site.text(NEW)
    form = {**typed(), **{name: values(page)[name] for name in ("csrf_token", "once_key")}}
    first, second = site.send(NEW, form), site.send(NEW, form)
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    assert live_vouchers() == 1


def test_what_is_refused_stays_typed(site: Visitor) -> None:
    answer = site.post(NEW, typed(title="新年 <優惠>", price="0", description="到店使用"))
    assert answer.status_code == 400
    assert "新年 &lt;優惠&gt;" in answer.text
    assert "到店使用" in answer.text
    assert problems(answer.text) == {"price": "必須大於 0"}
    assert f'value="{day(30)}"' in answer.text
    assert live_vouchers() == 0


def test_every_problem_is_told_at_once(site: Visitor) -> None:
    answer = site.post(
        NEW, typed(title="", volume="0", onEndDate="", useType="MERCHANT", voucherType="06")
    )
    told = problems(answer.text)
    assert told["title"] == "請填寫"
    assert told["volume"] == "必須大於或等於 1"
    assert told["onEndDate"].startswith("請填日期")
    assert told["useType"] == "核銷方式不允許"
    assert live_vouchers() == 0


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
    assert cast.voucher_row(one_voucher()).coupon_set_id is not None


def test_a_preview_writes_nothing(site: Visitor) -> None:
    answer = site.post(NEW, typed(price="45", volume="1000", do="preview"))
    assert answer.status_code == 200
    assert "1,350,000 點" in answer.text
    assert live_vouchers() == 0


def test_a_chip_fills_in_a_window_without_a_script(site: Visitor) -> None:
    answer = site.post(
        NEW, typed(useStartDate="2030-01-31", useEndDate="", preset="use.month", title="咖啡")
    )
    assert answer.status_code == 200
    assert values(answer.text)["useEndDate"] == "2030-02-27"
    assert "咖啡" in answer.text
    assert live_vouchers() == 0


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
