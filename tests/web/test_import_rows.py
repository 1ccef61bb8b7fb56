"""The rows of an import on the pages: good ones read, refused ones put right (behaviour §8)."""

import io
import threading
from typing import Any

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select

from tests.support import cast
from tests.support.errands import count
from tests.support.sheets import GOOD, address, corrected, ended_import, send_row, tables
from tests.support.site import Visitor, make_visitor, tokens
from voucherweb.models import Coupon, CouponImport
from voucherweb.transaction import session, unit_of_work


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
    named = corrected()
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
    named = corrected()
    away = {**named, "back": "https://evil.example/admin/"}
    answer = visitor.post(address(job_id, "rows", 4), away)
    assert answer.location == address(job_id)


def test_a_row_that_is_sent_twice_is_corrected_once(visitor: Visitor) -> None:
    job_id, _ = ended_import(visitor.tenant_id)
    form = tokens(visitor.text(address(job_id, "rows", 4)))
    form |= corrected()
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


@pytest.mark.parametrize("row", [0, 99, 2_000_000, 99_999_999_999])
def test_a_row_that_is_not_there_does_not_exist(visitor: Visitor, row: int) -> None:
    job_id, _ = ended_import(visitor.tenant_id)
    for path in (("rows", row), ("rows", row, "drop")):
        assert "API_ERROR.NOT_EXIST" in visitor.get(address(job_id, *path)).text
        named = corrected()
        answer = visitor.post(address(job_id, *path), named, at=address(job_id))
        assert answer.status_code == 400
    assert count(Coupon) == 2


def test_a_tab_that_there_is_not_is_refused(visitor: Visitor) -> None:
    job_id, _ = ended_import(visitor.tenant_id)
    assert visitor.get(address(job_id) + "?tab=x").status_code == 400
