"""Whose coupon imports the pages show, and which of them nobody can change (behaviour §8)."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from tests.support import cast
from tests.support.sheets import GOOD, LIST, address, corrected, ended_import, tables, voucher_of
from tests.support.site import Visitor, make_visitor, tokens
from voucherweb.domain import clock
from voucherweb.models import CouponImport
from voucherweb.transaction import session, unit_of_work


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
        texts = corrected()
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
