"""The pages of coupon imports: uploading, following, correcting refused rows (behaviour §8)."""

import io
import re
import threading
import uuid
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.support import cast
from tests.support.errands import claimed, count, silent, store
from tests.support.sheets import (
    LIST,
    a_workbook,
    address,
    attached,
    ended_import,
    running_import,
    send_row,
)
from tests.support.site import Visitor, make_visitor, tenant_visitor, tokens
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.errors import Refusal
from voucherweb.models import AuditEntry, Coupon, CouponImport, CouponImportFailure, Job
from voucherweb.services import imports, jobs
from voucherweb.spreadsheets.limits import unreadable
from voucherweb.transaction import session, unit_of_work

GOOD = ("新券", "新說明", "https://example.test/new")
MEGABYTES_20 = 20 * 1024 * 1024


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return tenant_visitor(app)


def tables() -> list[int]:
    return [count(one) for one in (Job, Coupon, CouponImport, CouponImportFailure, AuditEntry)]


def job_at(location: str) -> uuid.UUID:
    return uuid.UUID(location.rpartition("/")[2])


def voucher_of(app: Flask, visitor: Visitor, settings: Any, import_id: uuid.UUID, n: int) -> None:
    """Issue the good rows."""
    caller = cast.make_admin(app.test_client(), settings, visitor.tenant_id)
    body = cast.voucher_body(voucherType="06", volume=n, couponImportId=str(import_id))
    caller.data("/voucher-mgmt/voucher/add", body)


# The list and the upload


def test_a_tenant_without_imports_is_taught_the_format(visitor: Visitor) -> None:
    page = visitor.text(LIST)
    assert "還沒有匯入過折價券" in page
    assert f'href="{LIST}/template"' in page
    answer = visitor.get(f"{LIST}/template")
    assert answer.data.startswith(b"PK")
    assert "attachment" in answer.headers["Content-Disposition"]


def test_the_list_tells_what_became_of_every_import(
    app: Flask, visitor: Visitor, settings: Any
) -> None:
    _, import_id = ended_import(visitor.tenant_id, 3, 2)
    running_import(visitor.tenant_id, 40)
    ended_import(cast.make_tenant("別家"), 7, 7)
    voucher_of(app, visitor, settings, import_id, 3)
    page = visitor.part(LIST, "list")
    assert "<h1" not in page
    assert "共 <strong>2</strong>" in page
    assert "40%" in page
    assert cast.voucher_body()["title"] in page


def test_english_readers_read_english(app: Flask) -> None:
    visitor = make_visitor(app, "TENANT_ADMIN", cast.make_tenant(), "en")
    job_id, _ = ended_import(visitor.tenant_id)
    for path in (LIST, address(job_id), address(job_id) + "?tab=good", address(job_id, "rows", 4)):
        main = re.search(r"<main.*</main>", visitor.text(path), re.DOTALL)
        assert main
        assert re.findall("[\u3000-\u9fff]+", main[0]) == [], path


def test_an_uploaded_workbook_is_followed_to_its_end(visitor: Visitor) -> None:
    answer = visitor.post(LIST, attached(a_workbook(3)))
    assert answer.status_code == 303
    job_id = job_at(answer.location)
    part = visitor.text(address(job_id, "progress"))
    assert 'id="import-progress"' in part
    assert "every 1s" in part
    assert "可以離開這一頁" in visitor.text(address(job_id))
    imports.run_import(claimed(job_id), store(), silent)
    page = visitor.text(address(job_id))
    assert "july.xlsx" in page
    assert "沒有錯誤" in visitor.text(address(job_id) + "?tab=failed")
    assert "https://example.test/c/3" in page


def test_the_part_tells_other_pages_what_was_found(visitor: Visitor) -> None:
    job_id, import_id = ended_import(visitor.tenant_id, 2, 1)
    part = visitor.text(address(job_id, "progress"))
    assert f'data-import-id="{import_id}" data-good="2" data-failed="1"' in part
    assert "hx-trigger" not in part


def test_the_imports_own_page_is_renewed_at_the_end(visitor: Visitor) -> None:
    job_id, _ = ended_import(visitor.tenant_id, 2, 1)
    headers = {"HX_Request": "true", "HX_Current_URL": f"http://localhost{address(job_id)}"}
    answer = visitor.get(address(job_id, "progress"), **headers)
    assert (answer.status_code, answer.headers["HX-Location"]) == (204, address(job_id))
    assert "匯入完成：成功 2 列，錯誤 1 列。" in visitor.text(address(job_id))


def test_a_form_that_is_sent_twice_imports_once(visitor: Visitor) -> None:
    form = tokens(visitor.text(LIST))
    book = a_workbook(3)  # A workbook tells when it was made: made again it is another file.
    first = visitor.send(LIST, {**form, **attached(book)})
    again = visitor.send(LIST, {**form, **attached(book)})
    assert first.location == again.location
    assert count(Job) == 1
    # Another file chosen on the same page is another import.
    other = visitor.send(LIST, {**form, **attached(a_workbook(4))})
    assert other.location != first.location


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        (b"", 400, "請先選擇"),
        (b"%PDF-1.7 no workbook", 422, "這不是 .xlsx 檔案"),
        (bytes.fromhex("D0CF11E0A1B11AE1") + b"x" * 99, 422, "舊版 .xls"),
        (
            bytes.fromhex("D0CF11E0A1B11AE1") + "EncryptedPackage".encode("utf-16-le"),
            422,
            "檔案已加密",
        ),
        (b"PK\x03\x04" + b"x" * (MEGABYTES_20 - 3), 413, "檔案超過 20 MB"),
    ],
    ids=["none", "pdf", "xls", "encrypted", "large"],
)
def test_a_file_that_cannot_be_imported_is_refused_in_words(
    visitor: Visitor, data: bytes, status: int, said: str
) -> None:
    form, before = tokens(visitor.text(LIST)), tables()
    answer = visitor.send(LIST, {**form, **attached(data, "july.xlsx" if data else "")})
    assert (answer.status_code, tables()) == (status, before)
    assert said in answer.text
    assert 'name="file"' in answer.text


def test_a_form_larger_than_any_is_refused_unread_in_words(visitor: Visitor) -> None:
    before = tables()
    body = b"--here\r\n" + b"x" * (MEGABYTES_20 + 100_000)
    answer = visitor.send(LIST, body, Content_Type="multipart/form-data; boundary=here")
    assert (answer.status_code, tables()) == (413, before)
    assert "檔案超過 20 MB" in answer.text
    assert 'name="file"' in answer.text


def test_a_script_gets_the_refused_form_alone(visitor: Visitor) -> None:
    headers = {"HX_Request": "true", "HX_Request_Type": "partial", "HX_Target": "form#upload"}
    answer = visitor.post(LIST, attached(b"no workbook"), **headers)
    assert answer.status_code == 422
    assert answer.text.lstrip().startswith('<form id="upload"')


def test_a_file_sent_as_text_is_no_file(visitor: Visitor) -> None:
    answer = visitor.post(LIST, {"file": "july.xlsx"})
    assert (answer.status_code, count(Job)) == (400, 0)
    assert "請先選擇" in answer.text


def test_a_workbook_that_the_worker_refuses_says_why(visitor: Visitor) -> None:
    job_id = running_import(visitor.tenant_id)
    with unit_of_work():
        attempt = jobs.Attempt(job_id, 1, jobs.IMPORT, None, {}, "x")
        jobs.fail(attempt, unreadable("Row 1 lacks the columns url", "第 1 列缺少欄位：網址"))
    page = visitor.text(address(job_id))
    assert "第 1 列缺少欄位：網址" in page
    assert "SERVICE_ERROR.IMPORT_FILE_NOT_READABLE" in page
    assert "第 1 列缺少欄位：網址" in visitor.text(address(job_id, "progress"))


def test_a_running_import_is_cancelled_after_a_question(visitor: Visitor) -> None:
    job_id = running_import(visitor.tenant_id)
    assert "取消這次匯入？" in visitor.text(address(job_id, "cancel"))
    answer = visitor.post(address(job_id, "cancel"))
    assert answer.location == address(job_id)
    assert "這次匯入已取消" in visitor.text(address(job_id))
    with unit_of_work(), pytest.raises(jobs.Superseded):
        jobs.finish(jobs.Attempt(job_id, 1, jobs.IMPORT, None, {}, "x"), {})


def test_an_import_that_ends_before_it_is_cancelled_stays(visitor: Visitor) -> None:
    job_id = running_import(visitor.tenant_id)
    form = tokens(visitor.text(address(job_id, "cancel")))
    with unit_of_work():
        attempt = jobs.Attempt(job_id, 1, jobs.IMPORT, None, {}, "x")
        jobs.fail(attempt, unreadable("It is broken", "檔案壞了"))
    assert visitor.send(address(job_id, "cancel"), form).status_code == 303
    page = visitor.text(address(job_id))
    assert "匯入已經結束，沒有取消。" in page
    assert "檔案壞了" in page


# Good and refused rows


def test_good_rows_are_shown_some_at_a_time(visitor: Visitor) -> None:
    job_id, import_id = ended_import(visitor.tenant_id, 23, 1)
    first = visitor.part(address(job_id) + "?tab=good", "list")
    assert first.count("https://example.test/") == 20
    assert "https://example.test/21" not in first
    assert "https://example.test/23" in visitor.text(address(job_id) + "?tab=good&page=2")
    page = visitor.text(address(job_id))
    assert f"/admin/vouchers/new?import={import_id}" in page


def test_a_refused_row_stands_there_with_its_reasons(visitor: Visitor) -> None:
    job_id, _ = ended_import(visitor.tenant_id)
    page = visitor.text(address(job_id))
    row = page[page.index('id="row-4"') : page.index('id="row-5"')]
    assert 'id="title-4-problem"' in row
    assert 'id="url-4-problem"' in row
    assert 'id="description-4-problem"' not in row
    assert "Text 4" in row
    assert 'value="ftp://x"' in row


def test_a_corrected_row_becomes_a_coupon_in_place(visitor: Visitor) -> None:
    job_id, import_id = ended_import(visitor.tenant_id)
    answer = send_row(visitor, address(job_id), 4, "新\r\n券", *GOOD[1:])
    assert answer.status_code == 200
    assert "第 4 列已補正" in answer.text
    assert "還有 1 列錯誤" in answer.text
    assert '<div id="import-counts" hx-swap-oob="outerHTML">' in answer.text
    with unit_of_work():
        last = session.scalars(select(Coupon).order_by(Coupon.ordinal.desc())).first()
        found = session.get_one(CouponImport, import_id)
        assert last is not None
        assert (last.ordinal, last.title, last.url) == (3, "新\n券", GOOD[2])
        assert (found.success, found.failed) == (3, 1)
    # What was said in place of the row is not said again.
    assert "第 4 列已補正" not in visitor.text(address(job_id))


def test_a_row_that_is_still_wrong_stays_as_it_was_typed(visitor: Visitor) -> None:
    job_id, _ = ended_import(visitor.tenant_id)
    before = tables()
    answer = send_row(visitor, address(job_id), 4, "新券 <b>", "", "https://example.test/1")
    assert (answer.status_code, tables()) == (400, before)
    assert "新券 &lt;b&gt;" in answer.text
    assert 'id="description-4-problem"' in answer.text
    assert 'id="title-4-problem"' not in answer.text
    twice = send_row(visitor, address(job_id), 4, "新券", "說明", "https://example.test/1")
    assert "與其他匯入成功的網址重複" in twice.text
    assert tables() == before


def test_a_row_is_corrected_without_scripts(visitor: Visitor) -> None:
    job_id, _ = ended_import(visitor.tenant_id)
    named = dict(zip(("title", "description", "url"), GOOD, strict=True))
    path = address(job_id, "rows", 4)
    wrong = visitor.post(path, {**named, "url": "no address"})
    assert wrong.status_code == 400
    assert "<h1>補正第 4 列</h1>" in wrong.text
    assert 'value="no address"' in wrong.text
    back = address(job_id) + "?page=1"
    answer = visitor.post(path, {**named, "back": back})
    assert (answer.status_code, answer.location) == (303, back)
    assert "第 4 列已補正" in visitor.text(address(job_id))


def test_nobody_is_sent_away_after_a_correction(visitor: Visitor) -> None:
    job_id, _ = ended_import(visitor.tenant_id)
    named = dict(zip(("title", "description", "url"), GOOD, strict=True))
    away = {**named, "back": "https://evil.example/admin/"}
    answer = visitor.post(address(job_id, "rows", 4), away)
    assert answer.location == address(job_id)


def test_a_row_that_is_sent_twice_is_corrected_once(visitor: Visitor) -> None:
    job_id, _ = ended_import(visitor.tenant_id)
    form = tokens(visitor.text(address(job_id, "rows", 4)))
    form |= dict(zip(("title", "description", "url"), GOOD, strict=True))
    answers = [visitor.send(address(job_id, "rows", 4), form) for _ in range(2)]
    assert [one.status_code for one in answers] == [303, 303]
    assert count(Coupon) == 3


def test_two_people_who_correct_the_same_row_make_one_coupon(app: Flask, visitor: Visitor) -> None:
    job_id, _ = ended_import(visitor.tenant_id)
    people = [visitor, make_visitor(app, "TENANT_ADMIN", visitor.tenant_id)]
    forms = [tokens(one.text(address(job_id))) for one in people]
    answers: list[Any] = []
    start = threading.Barrier(2)

    def correct(person: Visitor, form: dict[str, str], name: str) -> None:
        texts = {"title": name, "description": name, "url": f"https://example.test/{name}"}
        headers = {"HX_Request": "true", "HX_Request_Type": "partial", "HX_Target": "li#row-4"}
        start.wait()
        answers.append(person.send(address(job_id, "rows", 4), {**form, **texts}, **headers))

    racers = [
        threading.Thread(target=correct, args=(*one, name))
        for *one, name in zip(people, forms, ("a", "b"), strict=True)
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    late, well = sorted(answers, key=lambda one: one.status_code, reverse=True)
    assert (well.status_code, late.status_code) == (200, 400)
    assert "第 4 列已補正" in well.text
    assert "這一列已由別人補正或捨棄" in late.text
    assert count(Coupon) == 3


def test_a_row_is_dropped_after_a_question(visitor: Visitor) -> None:
    job_id, import_id = ended_import(visitor.tenant_id)
    path = address(job_id, "rows", 4, "drop")
    assert "捨棄第 4 列？" in visitor.text(path)
    assert visitor.post(path).location == address(job_id)
    with unit_of_work():
        found = session.get_one(CouponImport, import_id)
        assert (found.total, found.success, found.failed) == (3, 2, 1)
    assert 'id="row-4"' not in visitor.text(address(job_id))


def test_a_row_is_dropped_in_place_of_the_dialog(visitor: Visitor) -> None:
    job_id, _ = ended_import(visitor.tenant_id)
    answer = visitor.post(
        address(job_id, "rows", 4, "drop"),
        HX_Request="true",
        HX_Target="div#dialog-body",
        HX_Request_Type="partial",
        HX_Current_URL=f"http://localhost{address(job_id)}?page=1",
    )
    assert answer.headers["HX-Retarget"] == "#row-4"
    assert "已捨棄第 4 列。" in answer.text
    assert '<div id="import-counts" hx-swap-oob' in answer.text


def test_all_refused_rows_are_dropped_together(visitor: Visitor) -> None:
    job_id, import_id = ended_import(visitor.tenant_id, 2, 30)
    assert "捨棄全部 30 列錯誤資料？" in visitor.text(address(job_id, "drop-all"))
    assert visitor.post(address(job_id, "drop-all")).location == address(job_id)
    assert "已捨棄 30 列錯誤資料。" in visitor.text(address(job_id))
    with unit_of_work():
        found = session.get_one(CouponImport, import_id)
        assert (found.total, found.success, found.failed) == (2, 2, 0)


def test_the_workbook_of_refused_rows_is_that_of_the_api(
    app: Flask, visitor: Visitor, settings: Any
) -> None:
    job_id, import_id = ended_import(visitor.tenant_id)
    caller = cast.make_admin(app.test_client(), settings, visitor.tenant_id)
    of_api = caller.post("/voucher-mgmt/coupon/export-failures", {"failuresId": str(import_id)})
    page = visitor.get(address(job_id, "failures"))
    assert page.status_code == 200
    for name in ("Content-Disposition", "Content-Type"):
        assert page.headers[name] == of_api.headers[name]
    assert rows_of(page.data) == rows_of(of_api.data)
    assert len(rows_of(page.data)) == 3


def rows_of(data: bytes) -> list[tuple[object, ...]]:
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    return list(sheet.iter_rows(values_only=True))


def test_what_a_voucher_has_taken_can_be_read_only(
    app: Flask, visitor: Visitor, settings: Any
) -> None:
    job_id, import_id = ended_import(visitor.tenant_id)
    forms = tokens(visitor.text(address(job_id)))
    voucher_of(app, visitor, settings, import_id, 2)
    page = visitor.text(address(job_id))
    assert "這批折價券已用於票券" in page
    assert "<textarea" not in page
    assert "drop-all" not in page
    assert f"new?import={import_id}" not in page
    before = tables()
    for path, texts in ((("rows", 4), GOOD), (("rows", 4, "drop"), ()), (("drop-all",), ())):
        named = dict(zip(("title", "description", "url"), texts, strict=False))
        answer = visitor.post(address(job_id, *path), {**forms, **named}, at="/admin/vouchers")
        assert answer.status_code == 400, path
        assert "已用於票券" in answer.text
    assert tables() == before


def test_an_expired_import_says_so(visitor: Visitor) -> None:
    job_id, import_id = ended_import(visitor.tenant_id)
    with unit_of_work():
        session.execute(
            update(CouponImport)
            .where(CouponImport.id == import_id)
            .values(expires_at=clock.now() - timedelta(seconds=1))
        )
    assert "已超過 7 天的保留期限" in visitor.text(address(job_id))
    assert "已過期" in visitor.text(LIST)
    for path in (("rows", 4), ("rows", 4, "drop"), ("drop-all",)):
        assert "NOT_EXIST" in visitor.get(address(job_id, *path)).text
    assert "RESOURCE_NOT_EXISTS" in visitor.get(address(job_id, "failures")).text


PATHS = [
    (),
    ("progress",),
    ("cancel",),
    ("failures",),
    ("rows", 4),
    ("rows", 4, "drop"),
    ("drop-all",),
]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: "-".join(map(str, path)) or "show")
def test_another_tenants_import_does_not_exist(
    app: Flask, visitor: Visitor, path: tuple[object, ...]
) -> None:
    job_id, _ = ended_import(cast.make_tenant("別家"))
    before = tables()
    for answer in (visitor.get(address(job_id, *path)), visitor.get(address(uuid.uuid4(), *path))):
        assert answer.status_code == 400
        assert "API_ERROR.NOT_EXIST" in answer.text
    if path and path[-1] not in {"progress", "failures"}:
        texts = dict(zip(("title", "description", "url"), GOOD, strict=True))
        answer = visitor.post(address(job_id, *path), texts, at=LIST)
        assert "API_ERROR.NOT_EXIST" in answer.text
    assert tables() == before


@pytest.mark.parametrize("role", ["PLATFORM_ADMIN", "CLERK"])
def test_imports_are_for_tenants_admins(app: Flask, role: str) -> None:
    tenant_id = cast.make_tenant()
    job_id, _ = ended_import(tenant_id)
    visitor = make_visitor(app, role, None if role == "PLATFORM_ADMIN" else tenant_id)
    for path in (LIST, f"{LIST}/template", *(address(job_id, *one) for one in PATHS)):
        assert visitor.get(path).status_code == 403, path


@pytest.mark.parametrize("row", [0, 99, 2_000_000, 99_999_999_999])
def test_a_row_that_is_not_there_does_not_exist(visitor: Visitor, row: int) -> None:
    job_id, _ = ended_import(visitor.tenant_id)
    for path in (("rows", row), ("rows", row, "drop")):
        assert "API_ERROR.NOT_EXIST" in visitor.get(address(job_id, *path)).text
        named = dict(zip(("title", "description", "url"), GOOD, strict=True))
        answer = visitor.post(address(job_id, *path), named, at=address(job_id))
        assert answer.status_code == 400
    assert count(Coupon) == 2


def test_a_tab_that_there_is_not_is_refused(visitor: Visitor) -> None:
    job_id, _ = ended_import(visitor.tenant_id)
    assert visitor.get(address(job_id) + "?tab=x").status_code == 400


def test_uploading_twice_at_once_imports_once(app: Flask, visitor: Visitor) -> None:
    """Without the key the same calls make two jobs."""
    actor = Actor(
        Role.TENANT_ADMIN, uuid.UUID(visitor.admin_id), uuid.UUID(visitor.tenant_id or "")
    )
    data = a_workbook(2)
    for _ in range(2):
        imports.start_import(actor, store(), data, "a.xlsx")
    assert count(Job) == 2
    begun: list[object] = []

    def start() -> None:
        with app.app_context():
            try:
                begun.append(imports.start_import(actor, store(), data, "a.xlsx", "key"))
            except Refusal as refusal:
                begun.append(refusal.error.code)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one for one in begun if isinstance(one, uuid.UUID)}) == 1
    assert count(Job) == 3
