"""Refused rows of an import, made good or dropped (behaviour §8)."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.support.cast import Caller, voucher_body
from tests.support.errands import as_actor, count, store
from voucherweb.domain import clock
from voucherweb.domain.coupon_rules import check_coupon
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import Refusal
from voucherweb.models import (
    AuditEntry,
    Coupon,
    CouponImport,
    CouponImportFailure,
    CouponSet,
    Job,
)
from voucherweb.services import cleanup, imports, repairs
from voucherweb.services.jobs import IMPORT
from voucherweb.spreadsheets.coupons import CouponRow, FailedRow
from voucherweb.transaction import session, unit_of_work

ADD = "/voucher-mgmt/voucher/add"
FIRST = PageRequest(1, 20, "rowNumber", descending=False)
NEWEST = PageRequest(1, 20, "createdAt", descending=True)
GOOD = ("券", "說明", "https://example.test/new")


def bad(row: int) -> FailedRow:
    texts = ("", f"說明 {row}", "ftp://x")
    return FailedRow(row, *texts, tuple(check_coupon(*texts)))


def make(admin: Caller, good: int = 2, failed: int = 2) -> uuid.UUID:
    """An import as its job keeps it: so many good rows, then so many refused ones."""
    tenant = uuid.UUID(str(admin.tenant_id))
    rows: list[Any] = [
        CouponRow("券", "說明", f"https://example.test/{n}") for n in range(1, good + 1)
    ]
    rows += [bad(good + 1 + n) for n in range(1, failed + 1)]
    with unit_of_work():
        job = Job(kind=IMPORT, actor=f"admin:{admin.id}", tenant_id=tenant, state="DONE")
        job.finished_at, job.params = clock.now(), {"fileName": "coupons.xlsx"}
        session.add(job)
        session.flush()
        attempt = imports.Attempt(job.id, 1, IMPORT, tenant, {}, job.actor)
        result = imports._keep(attempt, iter(rows))
        job.result = result.as_json()
        return result.import_id


def counts(admin: Caller, import_id: uuid.UUID) -> tuple[int, int, int]:
    with unit_of_work():
        found = repairs.import_counts(as_actor(admin), import_id)
        return found.total, found.success, found.failed


def repair(admin: Caller, import_id: uuid.UUID | None, row: int, *texts: str) -> None:
    with unit_of_work():
        repairs.repair_row(as_actor(admin), import_id, row, *(texts or GOOD))  # type: ignore[arg-type]


def everything() -> list[int]:
    tables = (Coupon, CouponSet, CouponImportFailure, AuditEntry)
    return [count(table) for table in tables]


def refused(admin: Caller, import_id: uuid.UUID | None, row: int, *texts: str) -> tuple[str, ...]:
    """The code of the refusal of a repair and its fields; nothing has changed."""
    before = everything()
    with pytest.raises(Refusal) as refusal:
        repair(admin, import_id, row, *texts)
    assert everything() == before
    code = refusal.value.error.code.rpartition(".")[2]
    return (code, *(detail.field for detail in refusal.value.details))


def test_a_repaired_row_is_the_last_of_the_good_ones(admin: Caller) -> None:
    import_id = make(admin)
    repair(admin, import_id, 4, " 新券 ", "新說明", GOOD[2])
    assert counts(admin, import_id) == (4, 3, 1)
    with unit_of_work():
        last = session.scalars(select(Coupon).order_by(Coupon.ordinal.desc())).first()
        assert last is not None
        assert (last.ordinal, last.title, last.url) == (3, "新券", GOOD[2])
        assert session.scalars(select(CouponSet.total)).one() == 3
        assert session.scalars(select(CouponImportFailure.row_number)).all() == [5]
    assert admin.data(ADD, offer(import_id, 3))["volume"] == 3


def offer(import_id: uuid.UUID, volume: int) -> dict[str, Any]:
    return voucher_body(voucherType="06", volume=volume, couponImportId=str(import_id))


def test_the_first_repair_of_an_import_without_good_rows_makes_its_set(admin: Caller) -> None:
    import_id = make(admin, good=0)
    repair(admin, import_id, 2)
    repair(admin, import_id, 3, *GOOD[:2], "https://example.test/other")
    assert counts(admin, import_id) == (2, 2, 0)
    assert admin.data(ADD, offer(import_id, 2))["volume"] == 2


def test_a_row_that_is_still_wrong_is_refused_with_every_reason(admin: Caller) -> None:
    import_id = make(admin)
    assert refused(admin, import_id, 4, " ", "x" * 1001, "ftp://x") == (
        *("INVALID_PARAMETER", "title", "description", "url"),
    )
    assert refused(admin, import_id, 4, "券", "說明", "https://example.test/1") == (
        *("INVALID_PARAMETER", "url"),
    )


def test_what_is_not_there_cannot_be_repaired(admin: Caller, stranger: Caller) -> None:
    import_id = make(admin)
    assert refused(stranger, import_id, 4) == ("NOT_EXIST",)
    assert refused(admin, None, 4) == refused(admin, uuid.UUID(int=1), 4) == ("NOT_EXIST",)
    assert refused(admin, import_id, 3) == refused(admin, import_id, 2**40) == ("NOT_EXIST",)
    repair(admin, import_id, 4)
    assert refused(admin, import_id, 4, *GOOD[:2], "https://example.test/b") == ("NOT_EXIST",)


def test_a_set_that_a_voucher_has_taken_grows_no_more(admin: Caller) -> None:
    import_id = make(admin)
    voucher_id = admin.data(ADD, offer(import_id, 2))["id"]
    assert refused(admin, import_id, 4) == ("INVALID_PARAMETER", "importId")
    with unit_of_work():
        found = repairs.import_counts(as_actor(admin), import_id)
    assert (str(found.voucher_id), found.voucher_title) == (voucher_id, "CITY CAFE 中杯拿鐵")
    admin.data("/voucher-mgmt/voucher/delete", {"id": voucher_id})
    repair(admin, import_id, 4)
    assert counts(admin, import_id) == (4, 3, 1)


def test_an_import_that_has_expired_is_gone(admin: Caller) -> None:
    import_id = make(admin)
    with unit_of_work():
        session.execute(update(CouponImport).values(expires_at=clock.now()))
    assert refused(admin, import_id, 4) == ("NOT_EXIST",)
    with pytest.raises(Refusal, match="NOT_EXIST"):
        counts(admin, import_id)
    with unit_of_work():
        (row,), _ = repairs.list_imports(as_actor(admin), NEWEST)
        assert row.counts is None


def test_a_dropped_row_counts_no_more(admin: Caller, stranger: Caller) -> None:
    import_id = make(admin, failed=3)
    with unit_of_work():
        repairs.drop_row(as_actor(admin), import_id, 4)
    assert counts(admin, import_id) == (4, 2, 2)
    for caller, row in ((admin, 4), (stranger, 5)):
        with pytest.raises(Refusal, match="NOT_EXIST"), unit_of_work():
            repairs.drop_row(as_actor(caller), import_id, row)
    with pytest.raises(Refusal, match="NOT_EXIST"), unit_of_work():
        repairs.drop_all(as_actor(stranger), import_id)
    with unit_of_work():
        assert repairs.drop_all(as_actor(admin), import_id) == 2
    assert counts(admin, import_id) == (2, 2, 0)
    assert count(CouponImportFailure) == 0


def test_the_refused_rows_come_by_pages_with_reasons_in_both_languages(
    admin: Caller, stranger: Caller
) -> None:
    import_id = make(admin, failed=3)
    with unit_of_work():
        second = PageRequest(2, 2, "rowNumber", descending=False)
        (row,), total = repairs.failed_page(as_actor(admin), import_id, second)
    assert (row.row_number, total) == (6, 3)
    assert row.reasons == ("標題：必填", "網址：必須是 http:// 或 https:// 開頭的網址")
    assert row.reasons_en[0] == "Title is required"
    with pytest.raises(Refusal, match="NOT_EXIST"), unit_of_work():
        repairs.failed_page(as_actor(stranger), import_id, FIRST)


def test_rows_of_an_earlier_release_keep_the_reasons_that_they_have(admin: Caller) -> None:
    import_id = make(admin)
    with unit_of_work():
        session.execute(update(CouponImportFailure).values(reasons_en=[]))
    with unit_of_work():
        (row, _), _ = repairs.failed_page(as_actor(admin), import_id, FIRST)
    assert row.reasons_en[0] == "Title 必填"


def test_the_list_of_imports_tells_what_became_of_each(admin: Caller, stranger: Caller) -> None:
    make(stranger)
    import_id = make(admin)
    admin.data(ADD, offer(import_id, 2))
    with unit_of_work():
        going = Job(kind=IMPORT, actor="x", tenant_id=uuid.UUID(str(admin.tenant_id)), params={})
        session.add(going)
        session.flush()
        going.created_at = clock.now() + timedelta(seconds=5)
    with unit_of_work():
        (first, second), total = repairs.list_imports(as_actor(admin), NEWEST)
        assert (first.job.state, first.counts, first.file_name) == ("QUEUED", None, None)
        assert second.counts is not None
        assert (second.counts.import_id, second.counts.success) == (import_id, 2)
        assert second.counts.voucher_no
        assert (second.file_name, total) == ("coupons.xlsx", 2)


def test_a_voucher_may_take_what_no_other_has_taken(admin: Caller, stranger: Caller) -> None:
    make(stranger)
    make(admin, good=0)
    taken, old, free = make(admin), make(admin), make(admin, good=3, failed=1)
    voucher = uuid.UUID(admin.data(ADD, offer(taken, 2))["id"])
    with unit_of_work():
        gone = update(CouponImport).where(CouponImport.id == old)
        session.execute(gone.values(expires_at=clock.now()))

    def offered(latest: int, own: uuid.UUID | None = None) -> list[uuid.UUID]:
        with unit_of_work():
            return [one.id for one in repairs.free_imports(as_actor(admin), latest, own)]

    assert offered(9) == [free]
    assert offered(9, voucher) == [free, taken]
    assert offered(1, voucher) == [free]
    with unit_of_work():
        (one,) = repairs.free_imports(as_actor(admin), 9)
    assert (one.file_name, one.success, one.failed) == ("coupons.xlsx", 3, 1)


def test_an_import_remembers_what_its_file_was_called(admin: Caller) -> None:
    imports.start_import(as_actor(admin), store(), b"x", "券" * 300)
    with unit_of_work():
        (row,), _ = repairs.list_imports(as_actor(admin), NEWEST)
        assert row.file_name == "券" * 255


def test_what_was_repaired_goes_with_its_import(admin: Caller) -> None:
    import_id = make(admin, good=0)
    repair(admin, import_id, 2)
    with unit_of_work():
        session.execute(update(CouponImport).values(expires_at=clock.now()))
    assert cleanup.forget_imports() == 1
    assert [count(table) for table in (Coupon, CouponSet, CouponImportFailure)] == [0, 0, 0]
