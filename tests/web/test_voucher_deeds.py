"""What is done from the voucher pages: asked first, done once, refused in words."""

import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.support import cast
from tests.support.cast import Caller
from tests.support.errands import lines, written
from tests.support.site import Visitor, make_visitor, tokens
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.models import AuditEntry, Job
from voucherweb.services.vendors import vendor_of_tenant
from voucherweb.transaction import session, unit_of_work

LIST = "/admin/vouchers"
DAY = 86_400_000


def status(voucher_id: str) -> str:
    return cast.voucher_row(voucher_id).status


def deeds(action: str) -> int:
    with unit_of_work():
        counted = select(func.count()).where(AuditEntry.action == action)
        return session.scalar(counted) or 0


def queued() -> list[Job]:
    with unit_of_work():
        found = list(session.scalars(select(Job)))
        session.expunge_all()
        return found


def spent(tenant_id: str | None) -> int:
    with unit_of_work():
        vendor = vendor_of_tenant(uuid.UUID(tenant_id))
        assert vendor
        return vendor.withdraw


def over(admin: Caller) -> str:
    """A draft whose last day on the shelf has passed."""
    now = clock.to_millis(clock.now())
    return cast.issue(admin, on=False, onStartDate=now - 2 * DAY, onEndDate=now - DAY)


def test_putting_on_tells_what_members_will_see_and_then_does_it(
    site: Visitor, admin: Caller
) -> None:
    voucher_id = cast.issue(admin, on=False, price=45, volume=20, redeemLimit=2)
    question = site.text(f"{LIST}/{voucher_id}/on")
    for said in ("所有會員", "立刻在 App 看到", "1,350 點", "還有 20 張", "每人最多 2 張"):
        assert said in question
    assert "上架過一次後就不能刪除" in question
    assert status(voucher_id) == "NONE"
    answer = site.post(f"{LIST}/{voucher_id}/on")
    assert answer.status_code == 303
    assert answer.location == f"{LIST}/{voucher_id}"
    assert status(voucher_id) == "ON"
    assert "已上架。" in site.text(answer.location)


def test_a_voucher_for_later_says_from_when_it_is_seen(site: Visitor, admin: Caller) -> None:
    now = clock.to_millis(clock.now())
    later = {f"{one}StartDate": now + 4 * DAY for one in ("redeem", "use", "on")}
    later |= {f"{one}EndDate": now + 10 * DAY for one in ("redeem", "use", "on")}
    voucher_id = cast.issue(admin, on=False, **later)
    assert "在那之前還看不到" in site.text(f"{LIST}/{voucher_id}/on")
    site.post(f"{LIST}/{voucher_id}/on")
    assert "已排定上架" in site.text(f"{LIST}/{voucher_id}")
    assert "原訂" in site.text(f"{LIST}/{voucher_id}/off")


def test_taking_down_tells_what_becomes_of_pieces_that_members_hold(
    site: Visitor, admin: Caller, client: Any, settings: Settings
) -> None:
    voucher_id = cast.issue(admin)
    cast.make_member(client, settings).data("/voucher/redeem", {"voucherId": voucher_id})
    question = site.text(f"{LIST}/{voucher_id}/off")
    assert "剩下的 9 張停止兌換" in question
    assert "已兌換而未使用的 1 張不受影響" in question
    assert "前都可以再上架" in question
    assert site.post(f"{LIST}/{voucher_id}/off").status_code == 303
    assert status(voucher_id) == "OFF"


def test_a_form_that_is_sent_twice_acts_once(site: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin, on=False)
    form = tokens(site.text(f"{LIST}/{voucher_id}/on"))
    answers = [site.send(f"{LIST}/{voucher_id}/on", form) for _ in range(2)]
    assert [one.status_code for one in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert deeds("voucher.status") == 1


def test_from_the_list_the_same_list_is_shown_again_in_place(site: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin)
    here = f"http://localhost{LIST}?phase=ON"
    headers = {"HX_Request": "true", "HX_Request_Type": "partial", "HX_Current_URL": here}
    question = site.get(f"{LIST}/{voucher_id}/off", HX_Target="div#dialog-body", **headers).text
    assert "<html" not in question
    assert f'name="back" value="{LIST}?phase=ON"' in question
    form = {**tokens(question), "back": f"{LIST}?phase=ON"}
    answer = site.send(f"{LIST}/{voucher_id}/off", form, **headers)
    assert answer.headers["HX-Location"] == f"{LIST}?phase=ON"


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/elsewhere"])
def test_nobody_is_led_away_afterwards(site: Visitor, admin: Caller, back: str) -> None:
    voucher_id = cast.issue(admin)
    answer = site.post(f"{LIST}/{voucher_id}/off", {"back": back})
    assert answer.location == f"{LIST}/{voucher_id}"


def test_a_refusal_says_why_and_changes_nothing(site: Visitor, admin: Caller) -> None:
    ended, on = over(admin), cast.issue(admin)
    answer = site.get(f"{LIST}/{ended}/on")
    assert answer.status_code == 422
    assert "下架日或使用迄日已過" in answer.text
    assert "VOUCHER_UPDATE_STATUS_NOT_ALLOWED" in answer.text
    for deed, why in ((f"{on}/on", "已經上架了"), (f"{ended}/off", "不在架上")):
        assert why in site.get(f"{LIST}/{deed}").text
    form = tokens(site.text(f"{LIST}/{on}/off"))
    answer = site.send(f"{LIST}/{ended}/on", form)
    assert answer.status_code == 422
    assert status(ended) == "NONE"


def test_what_a_rival_did_meanwhile_is_said(site: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin)
    form = tokens(site.text(f"{LIST}/{voucher_id}/off"))
    admin.data("/voucher-mgmt/voucher/update-status", {"id": voucher_id, "status": "OFF"})
    answer = site.send(f"{LIST}/{voucher_id}/off", form)
    assert answer.status_code == 422
    assert "不在架上" in answer.text
    assert deeds("voucher.status") == 2


def test_deleting_says_and_returns_the_points(site: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin, on=False, price=45, volume=1000)
    assert spent(admin.tenant_id) == 1_350_000
    assert "刪除並退回 1,350,000 點" in site.text(f"{LIST}/{voucher_id}/delete")
    answer = site.post(f"{LIST}/{voucher_id}/delete", {"back": f"{LIST}/{voucher_id}/history"})
    assert answer.location == LIST
    assert spent(admin.tenant_id) == 0
    assert "1,350,000 點 已退回額度" in site.text(LIST)


def test_what_was_on_the_shelf_is_not_deleted(site: Visitor, admin: Caller) -> None:
    voucher_id, draft = cast.issue(admin), cast.issue(admin, on=False)
    before = spent(admin.tenant_id)
    assert "只有從未上架的草稿可以刪除" in site.get(f"{LIST}/{voucher_id}/delete").text
    form = tokens(site.text(f"{LIST}/{draft}/delete"))
    assert site.send(f"{LIST}/{voucher_id}/delete", form).status_code == 422
    assert spent(admin.tenant_id) == before


@pytest.mark.parametrize("deed", ["on", "off", "delete"])
def test_another_tenants_voucher_is_out_of_reach(
    site: Visitor, admin: Caller, stranger: Caller, deed: str
) -> None:
    own = cast.issue(admin, on=deed == "off")
    foreign = cast.issue(stranger, on=deed == "off")
    before = status(foreign)
    form = tokens(site.text(f"{LIST}/{own}/{deed}"))
    for answer in (
        site.get(f"{LIST}/{foreign}/{deed}"),
        site.send(f"{LIST}/{foreign}/{deed}", form),
    ):
        assert answer.status_code == 400
        assert "NOT_EXIST" in answer.text
    assert status(foreign) == before


@pytest.mark.parametrize("deed", ["on", "off", "delete"])
def test_the_platform_only_reads(app: Flask, admin: Caller, deed: str) -> None:
    voucher_id = cast.issue(admin, on=deed == "off")
    assert make_visitor(app).get(f"{LIST}/{voucher_id}/{deed}").status_code == 403


def test_many_are_taken_down_by_a_job(site: Visitor, admin: Caller, stranger: Caller) -> None:
    own = [cast.issue(admin, title=name) for name in ("甲", "乙")]
    draft, foreign = cast.issue(admin, on=False), cast.issue(stranger, title="別家")
    chosen = "&".join(f"id={one}" for one in (*own, draft, foreign))
    question = site.text(f"{LIST}/take-down?{chosen}")
    assert "下架所選的 2 張票券" in question
    assert "甲、乙" in question
    assert "合計剩下的 20 張" in question
    assert "別家" not in question
    answer = site.post(
        f"{LIST}/take-down", {"ids": ",".join(own)}, at=f"{LIST}/take-down?id={own[0]}"
    )
    (job,) = queued()
    assert answer.location == f"/admin/jobs/{job.id}"
    assert job.kind == "BULK_OFF"
    assert job.params["ids"] == own


@pytest.mark.parametrize("query", ["", "?id=", "?id=nonsense"])
def test_nothing_chosen_is_said(site: Visitor, query: str) -> None:
    answer = site.get(f"{LIST}/take-down{query}")
    assert answer.status_code == 400
    assert "請先勾選" in answer.text
    assert queued() == []


def test_an_export_is_of_the_very_list_that_is_shown(site: Visitor, admin: Caller) -> None:
    cast.issue(admin)
    query = "phase=ON&name=CITY&queryDateType=OD&startDate=2026-01-01"
    answer = site.post(f"{LIST}/export/csv?{query}", at=f"{LIST}?{query}")
    (job,) = queued()
    assert answer.location == f"/admin/jobs/{job.id}"
    assert job.params["what"] == "VOUCHERS"
    assert job.params["format"] == "csv"
    assert job.params["filters"] == {
        "phase": "ON",
        "title": "CITY",
        "dateType": "OD",
        "firstDay": "2026-01-01",
    }


def test_the_file_of_a_tab_holds_its_vouchers_only(site: Visitor, admin: Caller) -> None:
    cast.issue(admin, title="架上")
    cast.issue(admin, title="草稿", on=False)
    site.post(f"{LIST}/export/csv?phase=DRAFT", at=f"{LIST}?phase=DRAFT")
    (job,) = queued()
    rows = lines(Caller(admin.client, "", site.admin_id, admin.tenant_id), written(job.id))
    assert [row[1] for row in rows[1:]] == ["草稿"]


def test_the_page_names_that_very_export(site: Visitor, admin: Caller) -> None:
    cast.issue(admin)
    page = site.part(f"{LIST}?name=CITY&phase=ON&sort=title&order=asc", "list")
    assert f'action="{LIST}/export/xlsx?phase=ON&amp;name=CITY"' in page


def test_the_platform_exports_the_tenant_that_it_named(app: Flask, admin: Caller) -> None:
    cast.issue(admin)
    overseer = make_visitor(app)
    at = f"{LIST}?tenant={admin.tenant_id}"
    overseer.post(f"{LIST}/export/xlsx?tenant={admin.tenant_id}", at=at)
    (job,) = queued()
    assert job.params["filters"]["tenantId"] == admin.tenant_id
    assert overseer.post(f"{LIST}/export/xlsx", at=at).status_code == 400


def test_redemptions_are_exported_of_the_own_voucher_only(
    site: Visitor, admin: Caller, stranger: Caller, client: Any, settings: Settings
) -> None:
    voucher_id, foreign = cast.issue(admin), cast.issue(stranger)
    cast.make_member(client, settings).data("/voucher/redeem", {"voucherId": voucher_id})
    at = f"{LIST}/{voucher_id}/redemptions"
    answer = site.post(f"{LIST}/{foreign}/export/csv", at=at)
    assert answer.status_code == 400
    assert queued() == []
    site.post(f"{LIST}/{voucher_id}/export/csv?status=VALID", at=at)
    (job,) = queued()
    assert job.params["filters"] == {"voucherId": voucher_id, "status": "VALID"}


@pytest.mark.parametrize("path", ["export/pdf", "export/csv?status=GONE"])
def test_an_export_that_cannot_be_is_refused(site: Visitor, admin: Caller, path: str) -> None:
    cast.issue(admin)
    assert site.post(f"{LIST}/{path}", at=LIST).status_code == 400
    assert queued() == []
