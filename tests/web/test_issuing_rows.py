"""The import that a voucher form follows: cancelled, and its refused rows corrected over it."""

import uuid
from typing import Any

import pytest
from flask import Flask

from tests.support.sheets import GOOD, ended_import, running_import
from tests.support.site import Visitor, tenant_visitor, tokens
from tests.support.voucher_forms import NEW
from voucherweb.models import CouponImport, Job
from voucherweb.transaction import session, unit_of_work

COUPONS = "/admin/vouchers/coupons"


def dialog(site: Visitor, job_id: uuid.UUID) -> str:
    return site.part(f"{COUPONS}/{job_id}/refused", "dialog-body")


def save(site: Visitor, job_id: uuid.UUID, row: int, texts: tuple[str, str, str]) -> Any:
    fields = dict(zip(("title", "description", "url"), texts, strict=True))
    return site.send(f"{COUPONS}/{job_id}/rows/{row}", {**tokens(dialog(site, job_id)), **fields})


def counted(import_id: uuid.UUID) -> tuple[int, int]:
    with unit_of_work():
        found = session.get_one(CouponImport, import_id)
        return found.success, found.failed


def test_why_rows_were_refused_is_seen_in_the_form(site: Visitor) -> None:
    job_id, _ = ended_import(site.tenant_id, good=1, failed=7)
    part = site.text(f"{COUPONS}/{job_id}")
    assert part.count("網址：必須是 http:// 或 https:// 開頭的網址") == 5
    assert "還有 2 列" in part
    assert f'href="/admin/imports/{job_id}/failures"' in part


def test_a_row_corrected_over_the_form_is_a_coupon_of_its_choice(site: Visitor) -> None:
    job_id, import_id = ended_import(site.tenant_id, good=2, failed=2)
    page = dialog(site, job_id)
    assert "<html" not in page
    assert page.count("<form") == 2
    assert "/drop" not in page
    answer = save(site, job_id, 4, GOOD)
    assert answer.status_code == 200
    assert "第 4 列已補正" in answer.text
    assert "還有 1 列錯誤" in answer.text
    assert 'data-pieces="3" selected' in answer.text
    assert "成功 3 筆" in answer.text
    assert counted(import_id) == (3, 1)


def test_a_row_that_is_still_wrong_stays_as_it_was_typed(site: Visitor) -> None:
    job_id, import_id = ended_import(site.tenant_id)
    answer = save(site, job_id, 4, ("好", "字", "nowhere"))
    assert answer.status_code == 400
    assert 'value="nowhere" aria-invalid="true"' in answer.text
    assert f'action="{COUPONS}/{job_id}/rows/4' in answer.text
    assert counted(import_id) == (2, 2)


def test_a_row_that_somebody_else_corrected_says_so(site: Visitor) -> None:
    job_id, _ = ended_import(site.tenant_id)
    save(site, job_id, 4, GOOD)
    answer = save(site, job_id, 4, ("券", "字", "https://example.test/other"))
    assert "這一列已由別人補正或捨棄" in answer.text
    assert "row-lost" in answer.text


def test_without_scripts_the_imports_page_corrects_rows(site: Visitor) -> None:
    job_id, _ = ended_import(site.tenant_id)
    answer = site.get(f"{COUPONS}/{job_id}/refused")
    assert (answer.status_code, answer.location) == (303, f"/admin/imports/{job_id}")


def test_an_import_is_cancelled_from_the_form(site: Visitor) -> None:
    job_id = running_import(site.tenant_id)
    assert f"{COUPONS}/{job_id}/cancel" in site.text(f"{COUPONS}/{job_id}")
    answer = site.send(f"{COUPONS}/{job_id}/cancel", tokens(site.text(NEW)))
    assert "已取消" in answer.text
    with unit_of_work():
        assert session.get_one(Job, job_id).state == "CANCELLED"


@pytest.mark.parametrize("path", ["refused", "rows/4", "cancel"])
def test_another_tenants_import_is_unknown(site: Visitor, app: Flask, path: str) -> None:
    job_id, import_id = ended_import(site.tenant_id)
    stranger = tenant_visitor(app)
    address = f"{COUPONS}/{job_id}/{path}"
    guard = tokens(stranger.get("/admin/help").text)
    answer = stranger.get(address) if path == "refused" else stranger.send(address, guard)
    assert (answer.status_code, "NOT_EXIST" in answer.text) == (400, True)
    assert counted(import_id) == (2, 2)
