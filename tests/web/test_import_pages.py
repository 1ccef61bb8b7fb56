"""The pages of coupon imports: the list, uploading and following (behaviour §8)."""

import re
import threading
import uuid
from typing import Any

import pytest
from flask import Flask

from tests.support import cast
from tests.support.errands import claimed, count, silent, store
from tests.support.sheets import (
    LIST,
    a_workbook,
    address,
    attached,
    ended_import,
    running_import,
    tables,
    voucher_of,
)
from tests.support.site import Visitor, make_visitor, tokens
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.errors import Refusal
from voucherweb.models import Job
from voucherweb.services import imports, jobs
from voucherweb.spreadsheets.limits import unreadable
from voucherweb.transaction import unit_of_work

MEGABYTES_20 = 20 * 1024 * 1024


def job_at(location: str) -> uuid.UUID:
    return uuid.UUID(location.rpartition("/")[2])


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
