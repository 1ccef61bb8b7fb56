"""Pictures and workbooks of coupons that come with the voucher form."""

import io
import re
import uuid

import pytest
from flask import Flask
from PIL import Image

from tests.support import cast, errands, workers
from tests.support.site import Visitor, tenant_visitor
from tests.support.voucher_forms import NEW, live_vouchers, one_voucher, problems, typed, values
from voucherweb.services import imports


def picture(kind: str = "PNG") -> io.BytesIO:
    data = io.BytesIO()
    Image.new("RGB", (32, 18), (200, 80, 40)).save(data, kind)
    data.seek(0)
    return data


def upload(name: str = "coffee.png", data: io.BytesIO | None = None) -> tuple[io.BytesIO, str]:
    return (data or picture(), name)


def test_a_picture_comes_with_the_form(site: Visitor) -> None:
    answer = site.post(NEW, typed(picture=upload()))
    assert answer.status_code == 303
    assert str(cast.voucher_row(one_voucher()).thumbnail_key).startswith("voucher/thumbnail/")


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
    assert live_vouchers() == 0


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
    assert re.search(r'<option value="[0-9a-f-]{36}" data-pieces="1" selected>咖啡.xlsx', page)
    assert "hx-trigger" not in page


def test_a_workbook_comes_with_the_form_without_a_script(site: Visitor) -> None:
    book = io.BytesIO(workers.workbook([("券", "說明", "https://example.test/1")]))
    answer = site.post(NEW, typed(voucherType="06", workbook=(book, "a.xlsx"), do="import"))
    assert answer.status_code == 200
    assert "等待中" in answer.text
    assert "CITY CAFE" in answer.text
    assert live_vouchers() == 0


def test_more_than_any_form_holds_is_refused_unread(site: Visitor) -> None:
    huge = b"--x\r\n" + bytes(32 * 1024 * 1024)
    answer = site.send(NEW, huge, Content_Type="multipart/form-data; boundary=x")
    assert answer.status_code == 413
    assert live_vouchers() == 0


def test_no_workbook_is_said_in_words(site: Visitor) -> None:
    token = {"csrf_token": values(site.text(NEW))["csrf_token"]}
    assert "請先選擇要匯入的" in site.send(COUPONS, token).text


def test_another_tenants_import_is_not_followed(site: Visitor, app: Flask) -> None:
    answer = tenant_visitor(app).get(f"{COUPONS}/{started(site)}")
    assert answer.status_code == 400
