"""Exports: what is in the files, who may have them (no worker: see tests/workers)."""

import io
import uuid
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, update

from tests.support import errands
from tests.support.cast import Caller, issue, make_member, voucher_row
from tests.support.errands import as_actor, asked, downloaded, lines, written
from voucherweb.config import Settings
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.errors import Refusal
from voucherweb.extensions import db
from voucherweb.models import AuditEntry, Job, Member, Redemption, Tenant, Voucher
from voucherweb.services import exports, jobs
from voucherweb.services.export_kinds import EXPORTS
from voucherweb.services.export_kinds import kind as kinds
from voucherweb.storage.keys import export_key
from voucherweb.transaction import session, unit_of_work

NOBODY = str(uuid.UUID(int=7))


def redeemed(admin: Caller, *members: Caller) -> str:
    """A voucher of which each member has a piece."""
    voucher_id = issue(admin)
    for member in members:
        member.data("/voucher/redeem", {"voucherId": voucher_id})
    return voucher_id


def refused(admin: Caller | Actor, what: str, extension: str = "csv", **filters: Any) -> str:
    """The code of the refusal to start an export; nothing is kept of it."""
    before = errands.count(Job), errands.count(AuditEntry)
    actor = admin if isinstance(admin, Actor) else as_actor(admin)
    with pytest.raises(Refusal) as refusal, unit_of_work():
        exports.start_export(actor, what, extension, filters)
    assert (errands.count(Job), errands.count(AuditEntry)) == before
    return refusal.value.error.code.rpartition(".")[2]


def test_a_list_of_vouchers_says_what_the_page_says(admin: Caller) -> None:
    on, draft = issue(admin, title="=1+1", price=45, volume=7), issue(admin, on=False)
    head, first, second = lines(admin, written(asked(admin, "VOUCHERS")))
    assert (head[0], head[1], head[-1]) == ("票券編號", "票券名稱", "更新時間")
    assert (first[0], second[0]) == (voucher_row(on).voucher_no, voucher_row(draft).voucher_no)
    assert first[1:6] == ["'=1+1", "0 元換購", "全平台", "自主核銷", "上架"]
    assert first[6:12] == ["45.00", "1350", "7", "0", "7", ""]
    assert second[5] == "未上架"


def test_a_filter_narrows_and_another_tenant_is_not_in_it(admin: Caller, stranger: Caller) -> None:
    issue(stranger, title="拿鐵")
    issue(admin, title="拿鐵"), issue(admin, title="美式")
    found = lines(admin, written(asked(admin, "VOUCHERS", title="拿鐵", status="ON")))
    assert [line[1] for line in found[1:]] == ["拿鐵"]


def test_a_workbook_holds_texts_numbers_and_local_times(admin: Caller) -> None:
    issue(admin, title="=1+1", price=45)
    with unit_of_work():
        start = datetime(2026, 1, 1, 16, tzinfo=UTC)
        session.execute(update(Voucher).values(on_start=start))
    job_id = written(asked(admin, "VOUCHERS", "xlsx"))
    sheet = openpyxl.load_workbook(io.BytesIO(downloaded(admin, job_id))).worksheets[0]
    title, price, on_start = sheet["B2"], sheet["G2"], sheet["R2"]
    assert (title.value, title.data_type) == ("=1+1", "s")
    assert (price.value, on_start.value) == (45, datetime.fromisoformat("2026-01-02"))
    assert sheet.title == "票券清單"


def test_who_redeemed_is_told_without_telling_who(
    client: FlaskClient, settings: Settings, admin: Caller, member: Caller
) -> None:
    voucher_id = redeemed(admin, member, make_member(client, settings))
    with unit_of_work():
        session.execute(update(Member).values(phone_number="0912345678"))
        session.execute(
            update(Redemption)
            .where(Redemption.seq == 2)
            .values(used_at=Redemption.redeemed_at, used_gender="F", used_age_level="level3")
        )
    head, first, second = lines(admin, written(asked(admin, "REDEMPTIONS", voucherId=voucher_id)))
    number = voucher_row(voucher_id).voucher_no
    assert head == ["序號", "會員", "姓名", "電話", "點數", "兌換時間", "狀態", "核銷時間"]
    assert first[:5] == [f"{number}00001", member.id[:8], "王○明", "09**-***-678", "150"]
    assert (first[6:], second[6]) == (["未使用", ""], "已使用")
    used = lines(admin, written(asked(admin, "REDEMPTIONS", voucherId=voucher_id, status="USED")))
    assert used == [head, second]


def cells(rows: list[list[str]], measure: str) -> list[list[str]]:
    return [row[1:] for row in rows if row[0] == measure]


def test_age_and_gender_stand_in_one_table_for_each_analysis(admin: Caller, member: Caller) -> None:
    voucher_id = redeemed(admin, member)
    rows = lines(admin, written(asked(admin, "VOUCHER_STATISTICS", voucherId=voucher_id)))
    assert rows[0] == ["分析", "年齡層", "男", "女", "未知", "合計"]
    assert cells(rows, "兌換數量") == [
        ["30歲以下", "0", "0", "0", "0"],
        ["30-39歲", "0", "0", "0", "0"],
        ["40-49歲", "0", "1", "0", "1"],
        ["50-59歲", "0", "0", "0", "0"],
        ["60歲以上", "0", "0", "0", "0"],
        ["未知", "0", "0", "0", "0"],
        ["合計", "0", "1", "0", "1"],
    ]
    assert len(rows) == 1 + 6 * 7


def test_small_groups_stay_hidden_where_the_tenant_hides_them(
    client: FlaskClient, settings: Settings, admin: Caller
) -> None:
    people = [make_member(client, settings) for _ in range(5)]
    redeemed(admin, *people, make_member(client, settings, gender="M"))
    with unit_of_work():
        session.execute(update(Tenant).values(hide_small_groups=True))
    rows = cells(lines(admin, written(asked(admin, "VOUCHER_STATISTICS"))), "兌換數量")
    assert rows[2] == ["40-49歲", "<5", "5", "<5", "6"]
    assert rows[-1] == ["合計", "<5", "5", "<5", "6"]
    assert {cell for row in rows for cell in row[1:]} == {"<5", "5", "6"}


def test_the_platform_gets_a_line_for_each_tenant(
    platform: Caller, admin: Caller, stranger: Caller, member: Caller
) -> None:
    redeemed(admin, member)
    rows = lines(platform, written(asked(platform, "STATISTICS_LIST")))
    assert sorted(rows[1:]) == sorted(
        [
            ["小港醫院", "10", "0", "0", "0", "0", "0.0", "1", "10.0", "0", "0.0", "0.00"],
            ["緯緯醫學", *[""] * 11],
        ]
    )
    named = lines(platform, written(asked(platform, "STATISTICS_LIST", name="緯緯")))
    assert [row[0] for row in named] == ["租戶", "緯緯醫學"]


def test_a_list_of_many_pages_has_every_row_once(
    platform: Caller, admin: Caller, stranger: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voucherweb.services.export_kinds.statistics_list.MAX_PAGE_SIZE", 1)
    rows = lines(platform, written(asked(platform, "STATISTICS_LIST")))
    assert sorted(row[0] for row in rows[1:]) == ["小港醫院", "緯緯醫學"]


def test_an_english_export_is_english(admin: Caller) -> None:
    issue(admin)
    with unit_of_work():
        job_id = exports.start_export(as_actor(admin), "VOUCHERS", "csv", {}, english=True)
    head, row = lines(admin, written(job_id))
    assert (head[0], head[5], row[5]) == ("Voucher number", "Status", "On shelf")
    assert errands.job(job_id).result["fileName"].startswith("vouchers_")


@pytest.mark.parametrize(
    ("what", "extension", "filters"),
    [
        ("NOTHING", "csv", {}),
        ("VOUCHERS", "pdf", {}),
        ("VOUCHERS", "csv", {"dateType": "XX"}),
        ("VOUCHERS", "csv", {"firstDay": "2026-02-30"}),
        ("VOUCHERS", "csv", {"status": "GONE"}),
        ("VOUCHERS", "csv", {"title": 5}),
        ("VOUCHER_STATISTICS", "csv", {"voucherType": "99"}),
    ],
)
def test_a_senseless_wish_is_refused(
    admin: Caller, what: str, extension: str, filters: dict[str, Any]
) -> None:
    assert refused(admin, what, extension, **filters) == "INVALID_PARAMETER"


def test_an_export_is_only_for_whom_it_concerns(
    platform: Caller, admin: Caller, stranger: Caller
) -> None:
    voucher_id = issue(admin)
    clerk = Actor(Role.CLERK, uuid.UUID(admin.id), uuid.UUID(str(admin.tenant_id)))
    assert refused(admin, "STATISTICS_LIST") == "FORBIDDEN"
    assert {refused(clerk, what, voucherId=voucher_id) for what in EXPORTS} == {"FORBIDDEN"}
    for what in ("REDEMPTIONS", "VOUCHER_STATISTICS"):
        assert refused(stranger, what, voucherId=voucher_id) == "NOT_EXIST"
        assert refused(stranger, what, voucherId=NOBODY) == "NOT_EXIST"
    assert refused(platform, "VOUCHERS") == "INVALID_PARAMETER"
    assert refused(platform, "VOUCHER_STATISTICS", tenantId=NOBODY) == "NOT_EXIST"


def test_the_platform_may_look_into_a_tenant(platform: Caller, admin: Caller) -> None:
    voucher_id = issue(admin)
    found = lines(platform, written(asked(platform, "VOUCHERS", tenantId=admin.tenant_id)))
    assert len(found) == 2
    told = written(asked(platform, "VOUCHER_STATISTICS", voucherId=voucher_id))
    assert len(lines(platform, told)) == 43


def not_there(caller: Caller | Actor, job_id: uuid.UUID) -> bool:
    actor = caller if isinstance(caller, Actor) else as_actor(caller)
    with pytest.raises(Refusal) as refusal, unit_of_work():
        exports.open_export(actor, errands.store(), job_id)
    return refusal.value.error.code == "API_ERROR.NOT_EXIST"


def test_a_file_is_for_its_tenant_alone_and_each_download_is_on_record(
    app: Flask, platform: Caller, admin: Caller, stranger: Caller
) -> None:
    job_id = asked(admin, "VOUCHERS")
    assert not_there(admin, job_id)
    written(job_id)
    clerk = Actor(Role.CLERK, uuid.UUID(int=3), uuid.UUID(str(admin.tenant_id)))
    assert all(not_there(other, job_id) for other in (stranger, platform, clerk))
    downloaded(admin, job_id)
    with unit_of_work():
        opened = session.query(AuditEntry).filter_by(action="export.open").one()
        assert (opened.actor, opened.object_id) == (f"admin:{admin.id}", str(job_id))
    errands.store().delete(export_key(job_id, 1, "csv"))
    assert not_there(admin, job_id)


def test_too_many_rows_are_refused_by_the_job(
    admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MAX_ROWS", 1)
    issue(admin), issue(admin)
    job_id = asked(admin, "VOUCHERS")
    with pytest.raises(Refusal, match="INVALID_PARAMETER"):
        written(job_id)
    assert errands.store().stat(export_key(job_id, 1, "csv")) is None


def test_an_attempt_that_was_cancelled_leaves_no_file(admin: Caller) -> None:
    issue(admin)
    job_id = asked(admin, "VOUCHERS")

    def cancel(_percent: int) -> None:
        pretend_cancelled(job_id)

    with pytest.raises(jobs.Superseded):
        written(job_id, cancel)
    assert errands.store().stat(export_key(job_id, 1, "csv")) is None


def pretend_cancelled(job_id: uuid.UUID) -> None:
    """As if another process had cancelled the job, beside whatever goes on in this one."""
    with db.engine.begin() as connection:
        values = {"state": "CANCELLED", "finished_at": func.now()}
        connection.execute(update(Job).where(Job.id == job_id).values(**values))


def test_rows_come_by_pages_in_one_snapshot(admin: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voucherweb.services.export_kinds.reading.PAGE", 2)
    for _ in range(5):
        issue(admin)
    seen: list[int] = []
    found = lines(admin, written(asked(admin, "VOUCHERS"), seen.append))
    assert len({line[0] for line in found[1:]}) == 5
    assert seen == [0, 95]
    assert kinds.PAGE == 2000
