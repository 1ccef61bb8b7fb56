"""Pools of a tenant's own codes: what a file may hold, and what is told of the rest."""

import uuid
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support import coupons
from tests.support.cast import Caller, make_tenant
from tests.support.coupons import csv_file, xlsx_file
from tests.support.errands import as_actor, claimed, count, job, silent, store
from voucherweb.errors import Refusal
from voucherweb.models import CodeImportFailure, Coupon, CouponSet, Job
from voucherweb.services import coupon_imports
from voucherweb.services.proof import prove
from voucherweb.spreadsheets import codes as reader
from voucherweb.storage.keys import import_key
from voucherweb.transaction import unit_of_work


def taken_in(tenant_id: str | None, file: tuple[str, bytes]) -> dict[str, Any]:
    """The result of an import that must succeed."""
    job_id = coupons.asked_import(tenant_id or "", file)
    coupon_imports.run_import(claimed(job_id), store(), silent)
    done = job(job_id)
    assert done.state == "DONE"
    return {"id": job_id, **(done.result or {})}


def refused_rows(job_id: uuid.UUID) -> list[tuple[int, str, str]]:
    with unit_of_work():
        rows, _ = coupon_imports.refused_rows(job_id, 100)
        return [(row.row_number, row.code, row.reason_en) for row in rows]


def why_not(tenant_id: str, file: tuple[str, bytes]) -> str:
    """Why a file cannot be read; nothing is kept of it but its waiting pool."""
    attempt = claimed(coupons.asked_import(tenant_id, file))
    with pytest.raises(Refusal) as caught:
        coupon_imports.run_import(attempt, store(), silent)
    assert caught.value.error.code == "SERVICE_ERROR.IMPORT_FILE_NOT_READABLE"
    assert (count(Coupon), count(CodeImportFailure)) == (0, 0)
    return caught.value.details[0].en


ROWS = ["A-1", " A-2 ", "", "A-1", "x" * 101, "折扣 3", "=1+1", "a\tb", "A-1"]
GOOD = ["A-1", "A-2", "折扣 3", "=1+1"]


@pytest.mark.parametrize(
    "file",
    [
        csv_file([f'"{one}",備註' for one in ROWS], "代碼,說明"),
        xlsx_file([["說明", "代碼"], *(["備註", one] for one in ROWS)]),
    ],
    ids=["csv", "xlsx"],
)
def test_good_rows_become_a_pool_and_each_other_is_told_why(
    tenant_id: str, file: tuple[str, bytes]
) -> None:
    done = taken_in(tenant_id, file)
    assert (done["total"], done["success"], done["failed"]) == (9, 4, 5)
    assert done["setId"] == str(done["id"])
    assert coupons.codes_of(done["id"]) == GOOD
    assert refused_rows(done["id"]) == [
        (4, "", "is required"),
        (5, "A-1", "is the same as in row 2"),
        (6, "x" * 101, "is longer than 100 characters"),
        (9, "a\tb", "contains characters that are no text"),
        (10, "A-1", "is the same as in row 2"),
    ]
    assert store().stat(import_key(done["id"], file[0].rpartition(".")[2])) is None
    assert prove().ok


@pytest.mark.parametrize(
    "header", ["代碼", "票券碼", "code", "CODE", " Code: ", "Coupon Code", "\ufeff代碼", "＊代碼*"]
)
def test_the_column_is_found_by_its_names(tenant_id: str, header: str) -> None:
    assert taken_in(tenant_id, csv_file(["A-1"], header))["success"] == 1


def test_blank_lines_are_no_rows(tenant_id: str) -> None:
    done = taken_in(tenant_id, csv_file(["A-1", "", ",", "A-2"]))
    assert (done["total"], done["failed"]) == (2, 0)


def test_numbers_are_read_as_they_are_shown(tenant_id: str) -> None:
    done = taken_in(tenant_id, xlsx_file([["代碼"], [12345678], ["0012"]]))
    assert coupons.codes_of(done["id"]) == ["12345678", "0012"]


def test_codes_that_the_tenant_has_are_refused_and_others_may_have_them(tenant_id: str) -> None:
    coupons.imported(tenant_id, ["A-1", "A-2"])
    done = taken_in(tenant_id, csv_file(["A-2", "A-3", "A-1"]))
    assert refused_rows(done["id"]) == [
        (2, "A-2", "is already a code of yours"),
        (4, "A-1", "is already a code of yours"),
    ]
    assert coupons.codes_of(done["id"]) == ["A-3"]
    other = make_tenant("緯緯醫學", "DEALER")
    assert taken_in(other, csv_file(["A-1"]))["success"] == 1
    assert prove().ok


def test_without_a_good_row_there_is_no_pool(tenant_id: str) -> None:
    done = taken_in(tenant_id, csv_file(["x" * 101]))
    assert (done["setId"], done["success"], done["failed"]) == (None, 0, 1)
    assert (count(CouponSet), count(CodeImportFailure)) == (0, 1)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (csv_file([]), "holds no codes"),
        (csv_file(["A-1"], "名稱"), "no column named code"),
        (csv_file(["A-1,A-1"], "代碼,code"), "names the column code twice"),
        (("codes.csv", b""), "no column named code"),
        (("codes.csv", "代碼\r\n折".encode("utf-16")), "not UTF-8"),
        (("codes.csv", b'code\r\n"' + b"x" * 200_000), "no CSV"),
        (("codes.xlsx", b"PK\x03\x04"), ""),
        (xlsx_file([["名稱"], ["A-1"]]), "no column named code"),
    ],
)
def test_a_file_that_cannot_be_read_keeps_nothing(
    tenant_id: str, file: tuple[str, bytes], reason: str
) -> None:
    assert reason in why_not(tenant_id, file)


def test_too_many_rows_keep_nothing(tenant_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_CSV_ROWS", 2)
    assert taken_in(tenant_id, csv_file(["A", "B", ""]))["success"] == 2
    with pytest.raises(Refusal) as caught:
        taken_in(tenant_id, csv_file(["C", "D", "E"]))
    assert "2 rows" in caught.value.details[0].en
    assert count(Coupon) == 2


def test_of_very_many_refused_rows_only_the_first_are_kept(
    tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coupon_imports, "MAX_FAILURES", 2)
    done = taken_in(tenant_id, csv_file(["A", "x" * 101, "A", "A", "B"]))
    assert (done["success"], done["failed"]) == (2, 3)
    assert [number for number, _, _ in refused_rows(done["id"])] == [3, 4]


@pytest.mark.parametrize(
    ("file", "changes", "fields"),
    [
        (("codes.txt", b"code\nA"), {}, {"file"}),
        (csv_file(["A"]), {"name": " "}, {"name"}),
        (csv_file(["A"]), {"name": "x" * 201, "prefix": "A B"}, {"name", "prefix"}),
    ],
)
def test_what_cannot_be_is_named_and_nothing_begun(
    tenant_id: str, file: tuple[str, bytes], changes: dict[str, Any], fields: set[str]
) -> None:
    with pytest.raises(Refusal) as caught:
        coupons.asked_import(tenant_id, file, **changes)
    assert {one.field for one in caught.value.details} == fields
    assert (count(Job), count(CouponSet)) == (0, 0)


def test_refused_rows_are_shown_to_their_tenant(admin: Caller, stranger: Caller) -> None:
    done = taken_in(admin.tenant_id, csv_file(["A", "A", "B", "B"]))
    with unit_of_work():
        rows, total = coupon_imports.list_refused(as_actor(admin), done["id"], 1, 1)
        assert ([row.row_number for row in rows], total) == ([5], 2)
        assert rows[0].reason == "與第 4 列的代碼重複"
        for caller, job_id in ((stranger, done["id"]), (admin, uuid.uuid4())):
            with pytest.raises(Refusal, match="NOT_EXIST"):
                coupon_imports.list_refused(as_actor(caller), job_id, 10)


def test_a_given_code_of_another_pool_is_still_taken(tenant_id: str) -> None:
    codes: Sequence[str] = coupons.codes_of(coupons.pool(tenant_id, 2))
    done = taken_in(tenant_id, csv_file([codes[0], "NEW"]))
    assert (done["success"], done["failed"]) == (1, 1)
