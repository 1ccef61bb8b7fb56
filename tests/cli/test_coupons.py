"""`coupons import` and `coupons generate`: pools that are there when the command returns."""

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from sqlalchemy import select

from tests.cli.conftest import Ran, Run
from tests.support import coupons
from tests.support.errands import count, job
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.models import CodeImportFailure, CouponSet, Job
from voucherweb.services.proof import prove
from voucherweb.transaction import session, unit_of_work


@pytest.fixture
def codes(tmp_path: Path) -> Path:
    file = tmp_path / "codes.csv"
    file.write_bytes(coupons.csv_file(["A-1", "A-2", "A-1", " "])[1])
    return file


def imported(run: Run, tenant_id: str, file: Path, *words: str) -> Ran:
    named = ("--tenant", tenant_id, "--name", "匯入券", *words)
    return run("coupons", "import", *named, str(file), "--json")


def generated(run: Run, tenant_id: str, *words: str) -> Ran:
    named = ("--tenant", tenant_id, "--name", "產生券", *words)
    return run("coupons", "generate", *named, "--json")


def test_codes_exist_when_the_command_returns_without_a_worker(run: Run, tenant_id: str) -> None:
    before = clock.now()
    answer = generated(run, tenant_id, "--quantity", "25", "--prefix", "VIP-").answer
    assert answer.keys() == {"coupon_set_uuid"}
    row = coupons.set_row(answer["coupon_set_uuid"])
    assert (row.source, row.status, row.total) == ("GENERATE", "ACTIVE", 25)
    assert (str(row.tenant_id), row.name) == (tenant_id, "產生券")
    assert all(code.startswith("VIP-") for code in coupons.codes_of(row.id))
    assert row.start_date
    assert row.end_date
    assert before <= row.start_date <= clock.now()
    assert row.end_date - row.start_date == timedelta(days=365)
    assert job(row.id).state == "DONE"
    assert prove().ok


def test_a_file_becomes_a_pool_and_what_was_refused_is_told(
    run: Run, tenant_id: str, codes: Path
) -> None:
    ran = imported(run, tenant_id, codes)
    set_id = ran.answer["coupon_set_uuid"]
    assert ran.answer == {"coupon_set_uuid": set_id, "total": 3, "success": 2, "failed": 1}
    assert coupons.codes_of(set_id) == ["A-1", "A-2"]
    assert coupons.set_row(set_id).source == "IMPORT"
    assert "4: 'A-1' is the same as in row 2" in ran.err


def test_a_workbook_does_as_well(run: Run, tenant_id: str, tmp_path: Path) -> None:
    file = tmp_path / "codes.xlsx"
    file.write_bytes(coupons.xlsx_file([["Code"], ["B-1"], ["B-2"]])[1])
    assert coupons.codes_of(imported(run, tenant_id, file).answer["coupon_set_uuid"]) == [
        "B-1",
        "B-2",
    ]


def test_days_are_local_and_whole(run: Run, tenant_id: str, settings: Settings) -> None:
    words = ("--quantity", "1", "--start", "2026-12-01", "--end", "2026-12-31")
    row = coupons.set_row(generated(run, tenant_id, *words).answer["coupon_set_uuid"])
    assert row.start_date
    assert row.end_date
    assert row.start_date.astimezone(settings.timezone).isoformat() == "2026-12-01T00:00:00+08:00"
    end = row.end_date.astimezone(settings.timezone)
    assert end.isoformat(timespec="milliseconds") == "2026-12-31T23:59:59.999+08:00"


def test_instants_are_taken_too(run: Run, tenant_id: str) -> None:
    words = ("--quantity", "1", "--end", "2099-01-01T00:00:00Z")
    row = coupons.set_row(generated(run, tenant_id, *words).answer["coupon_set_uuid"])
    assert row.end_date
    assert row.end_date.isoformat() == "2099-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("--quantity", "0"), "quantity"),
        (("--quantity", "1000001"), "quantity"),
        (("--quantity", "1", "--prefix", "A B"), "prefix"),
        (("--quantity", "1", "--start", "tomorrow"), "start"),
        (("--quantity", "1", "--end", "2026-12-01T00:00:00"), "end"),
        (("--quantity", "1", "--end", "2001-01-01"), "end_date"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_begun(
    run: Run, tenant_id: str, words: tuple[str, ...], field: str
) -> None:
    assert set(generated(run, tenant_id, *words).fields) == {field}
    assert (count(CouponSet), count(Job)) == (0, 0)


@pytest.mark.parametrize("tenant", ["6b1f5f1e-0c1d-4a57-9a52-2f3f0f6a9d11", "nobody"])
def test_an_unknown_tenant_is_refused(run: Run, codes: Path, tenant: str) -> None:
    for ran in (imported(run, tenant, codes), generated(run, tenant, "--quantity", "1")):
        assert ran.error["code"] == "API_ERROR.NOT_EXIST"
    assert (count(CouponSet), count(Job)) == (0, 0)


def test_without_waiting_a_job_is_left_to_a_worker(
    run: Run, tenant_id: str, codes: Path, settings: Settings
) -> None:
    told = [
        generated(run, tenant_id, "--quantity", "5", "--no-wait").answer,
        imported(run, tenant_id, codes, "--no-wait").answer,
    ]
    with redis.Redis.from_url(settings.redis_url) as client:
        waiting = {one.decode() for one in client.lrange("rq:queue:imports", 0, -1)}
    for one in told:
        assert one.keys() == {"job_id", "coupon_set_uuid"}
        assert job(uuid.UUID(one["job_id"])).state == "QUEUED"
        assert coupons.set_row(one["coupon_set_uuid"]).status == "PENDING"
        assert one["job_id"] in waiting


def test_a_file_without_a_good_row_makes_no_pool(run: Run, tenant_id: str, tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    file.write_bytes(coupons.csv_file(["x" * 101])[1])
    ran = imported(run, tenant_id, file)
    assert set(ran.fields) == {"file"}
    assert "is longer than 100 characters" in ran.err
    assert (count(CouponSet), count(CodeImportFailure)) == (0, 1)


def test_a_file_that_cannot_be_read_leaves_no_pool(
    run: Run, tenant_id: str, tmp_path: Path
) -> None:
    file = tmp_path / "codes.csv"
    file.write_bytes("代碼\r\n折扣".encode("big5"))
    ran = imported(run, tenant_id, file)
    assert ran.error["code"] == "SERVICE_ERROR.IMPORT_FILE_NOT_READABLE"
    assert count(CouponSet) == 0
    with unit_of_work():
        assert session.scalars(select(Job.state)).one() == "FAILED"


def test_other_files_are_refused(run: Run, tenant_id: str, tmp_path: Path) -> None:
    file = tmp_path / "codes.txt"
    file.write_text("code\nA")
    assert set(imported(run, tenant_id, file).fields) == {"file"}
    assert count(Job) == 0
