"""Contract A §匯入折扣碼優惠劵excel and §下載健檢錯誤資料檔, through HTTP with a running worker."""

import io
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import func, select, update

from tests.support.cast import Caller
from tests.support.workers import (
    PARSE,
    coupons,
    ended,
    imported,
    running,
    send,
    send_async,
    workbook,
)
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.models import Coupon, CouponImport, Job
from voucherweb.storage.keys import import_key
from voucherweb.transaction import session, unit_of_work

ROWS = [
    ("折扣碼優惠券", "7-ELEVEN 25元即享券", "http://t.txp.tw/v/APyG3ivQ43"),
    ("", "=1+1", "http://t.txp.tw/v/2"),
    ("第三張", "說明", "http://t.txp.tw/v/APyG3ivQ43"),
]


@pytest.fixture(scope="module", autouse=True)
def worker(migrated: Flask, settings: Settings) -> Iterator[None]:
    with running(settings, ("run", "imports")):
        yield


def test_an_import_answers_its_counts_and_its_coupons(admin: Caller) -> None:
    data = imported(admin, workbook(ROWS))
    assert (data["totalCount"], data["successCount"], data["failCount"]) == (3, 1, 2)
    assert data["couponList"] == [dict(zip(("title", "description", "url"), ROWS[0], strict=True))]
    assert data["failuresId"]
    assert data["couponImportId"]


def test_an_import_without_failures_has_no_failures_id(admin: Caller) -> None:
    data = imported(admin, workbook(coupons(3)))
    assert data["failCount"] == 0
    assert "failuresId" not in data


def test_a_sheet_without_rows_is_an_import_of_nothing(admin: Caller) -> None:
    data = imported(admin, workbook([]))
    assert (data["totalCount"], data["couponList"]) == (0, [])


def test_a_long_coupon_list_arrives_whole_and_in_order(admin: Caller) -> None:
    rows = coupons(4500)
    data = imported(admin, workbook(rows))
    assert [row["url"] for row in data["couponList"]] == [row[2] for row in rows]


def test_imported_coupons_are_numbered_from_one(admin: Caller) -> None:
    send(admin, workbook(coupons(3)))
    with unit_of_work():
        found = session.execute(select(Coupon.ordinal, Coupon.title).order_by(Coupon.ordinal))
        assert found.all() == [(1, "券1"), (2, "券2"), (3, "券3")]


def test_the_failures_come_as_a_workbook_with_texts_as_given(admin: Caller) -> None:
    failures_id = imported(admin, workbook(ROWS))["failuresId"]
    answer = admin.post("/voucher-mgmt/coupon/export-failures", {"failuresId": failures_id})
    sheet = load_workbook(io.BytesIO(answer.data)).active
    lines = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert [line[3] for line in lines] == [3, 4]
    assert lines[0][1] == "=1+1"
    assert lines[0][5] == "標題：必填"
    assert sheet["B2"].data_type == "s"


def test_the_failures_come_in_english_to_who_prefers_it(admin: Caller) -> None:
    body = {"failuresId": imported(admin, workbook(ROWS))["failuresId"]}
    answer = admin.post("/voucher-mgmt/coupon/export-failures", body, Accept_Language="en")
    first = load_workbook(io.BytesIO(answer.data)).active[2]
    assert [cell.value for cell in first][3:] == [3, "Title", "Title is required"]


def test_the_failures_file_has_the_contracts_name(admin: Caller) -> None:
    failures_id = imported(admin, workbook(ROWS))["failuresId"]
    answer = admin.post("/voucher-mgmt/coupon/export-failures", {"failuresId": failures_id})
    name = answer.headers["Content-Disposition"]
    assert f"filename*=UTF-8''{quote('檢驗檢查錯誤資料檔.xlsx')}" in name
    assert 'filename="coupon-import-failures.xlsx"' in name
    assert answer.mimetype.endswith("spreadsheetml.sheet")


def test_another_tenants_failures_do_not_exist(admin: Caller, stranger: Caller) -> None:
    failures_id = imported(admin, workbook(ROWS))["failuresId"]
    answer = stranger.post("/voucher-mgmt/coupon/export-failures", {"failuresId": failures_id})
    assert (answer.status_code, answer.json["errorMsg"]) == (400, "RESOURCE_NOT_EXISTS")


def test_failures_are_kept_seven_days(admin: Caller) -> None:
    body = {"failuresId": imported(admin, workbook(ROWS))["failuresId"]}
    with unit_of_work():
        session.execute(update(CouponImport).values(expires_at=clock.now() - timedelta(seconds=1)))
    answer = admin.post("/voucher-mgmt/coupon/export-failures", body)
    assert answer.json["errorMsg"] == "RESOURCE_NOT_EXISTS"


@pytest.mark.parametrize("body", [{}, {"failuresId": None}, {"failuresId": "no uuid"}])
def test_failures_of_an_unknown_id_do_not_exist(admin: Caller, body: dict[str, object]) -> None:
    answer = admin.post("/voucher-mgmt/coupon/export-failures", body)
    assert (answer.status_code, answer.json["errorMsg"]) == (400, "RESOURCE_NOT_EXISTS")


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"", "empty"), (b"PK\x03\x04 not really", "damaged"), (b"a,b,c\n1,2,3", "xlsx")],
)
def test_an_unreadable_workbook_is_refused_with_the_reason(
    admin: Caller, data: bytes, why: str
) -> None:
    answer = send(admin, data, Accept_Language="en")
    assert answer.status_code == 422
    assert answer.json["errorMsg"] == "SERVICE_ERROR.IMPORT_FILE_NOT_READABLE"
    assert answer.json["details"][0]["field"] == "file"
    assert why in answer.json["details"][0]["reason"].lower()


def test_an_unreadable_workbook_fails_its_job_with_the_reason(admin: Caller) -> None:
    job = ended(admin, send_async(admin, b"no workbook"))
    assert job["state"] == "FAILED"
    assert job["errorMsg"] == "SERVICE_ERROR.IMPORT_FILE_NOT_READABLE"
    assert job["details"]


def test_who_prefers_not_to_wait_finds_the_same_answer_in_the_job(admin: Caller) -> None:
    job = ended(admin, send_async(admin, workbook(ROWS)))
    assert (job["state"], job["progress"]) == ("DONE", 100)
    assert isinstance(job["result"], dict)
    assert job["result"]["successCount"] == len(job["result"]["couponList"]) == 1


def test_a_long_coupon_list_is_whole_in_its_job(admin: Caller) -> None:
    job = ended(admin, send_async(admin, workbook(coupons(2001))))
    assert isinstance(job["result"], dict)
    assert len(job["result"]["couponList"]) == 2001


def test_the_workbook_is_gone_afterwards(admin: Caller, app: Flask) -> None:
    send(admin, workbook(ROWS))
    with unit_of_work():
        job_id = session.scalars(select(Job.id)).one()
    assert app.extensions["storage"].stat(import_key(job_id)) is None


def test_another_tenants_job_does_not_exist(admin: Caller, stranger: Caller) -> None:
    job_id = send_async(admin, workbook(ROWS))
    look = stranger.get(f"/voucher-mgmt/jobs/{job_id}")
    cancel = stranger.post(f"/voucher-mgmt/jobs/{job_id}/cancel")
    unknown = stranger.get("/voucher-mgmt/jobs/none")
    assert {one.json["errorMsg"] for one in (look, cancel, unknown)} == {"API_ERROR.NOT_EXIST"}
    assert ended(admin, job_id)["state"] == "DONE"


def test_a_file_of_more_than_20_mb_is_too_large(admin: Caller) -> None:
    answer = send(admin, bytes(20 * 1024 * 1024 + 1))
    assert (answer.status_code, answer.json["errorMsg"]) == (413, "API_ERROR.PAYLOAD_TOO_LARGE")
    with unit_of_work():
        assert session.scalar(select(func.count()).select_from(Job)) == 0


def test_a_form_without_a_file_is_refused(admin: Caller) -> None:
    headers = {"Authorization": f"Bearer {admin.token}"}
    for form in ({"other": "x"}, {"file": "a text"}):
        answer = admin.client.post(
            PARSE, data=form, headers=headers, content_type="multipart/form-data"
        )
        assert answer.status_code == 400
        assert answer.json["details"][0]["field"] == "file"


def test_a_body_that_is_no_form_is_refused(admin: Caller) -> None:
    answer = admin.post(PARSE, {"file": "x"})
    assert answer.json["errorMsg"] == "API_ERROR.UNSUPPORTED_MEDIA_TYPE"
    headers = {"Authorization": f"Bearer {admin.token}"}
    assert admin.client.post(PARSE, headers=headers).status_code == 400


def test_only_tenant_admins_import(platform: Caller, member: Caller) -> None:
    assert send(platform, workbook(ROWS)).status_code == 403
    assert send(member, workbook(ROWS)).status_code == 403


def test_the_template_can_be_imported(admin: Caller) -> None:
    answer = admin.get("/voucher-mgmt/coupon/template")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert imported(admin, answer.data)["totalCount"] == 0
