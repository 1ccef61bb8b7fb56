"""Tenants as pages show and change them."""

import uuid
from typing import Any

import pytest
from flask import Flask

from tests.support.admins import deeds, hire, refusal, row
from tests.support.cast import make_tenant
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.enums import Role
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import Refusal
from voucherweb.models import Tenant
from voucherweb.services import admins, sandboxes, tenants
from voucherweb.transaction import unit_of_work


def listed(name: str | None = None, size: int = 20) -> Any:
    with unit_of_work():
        rows, total = tenants.list_tenants(name, PageRequest(1, size, "name", descending=False))
        return [(str(one[0].id), one[1]) for one in rows], total


def test_the_list_counts_each_tenants_people(app: Flask, tenant_id: str) -> None:
    other = make_tenant("A 診所", "DEALER")
    hire(Role.CLERK, tenant_id)
    gone = hire(Role.TENANT_ADMIN, tenant_id)
    with unit_of_work():
        admins.disable(OPERATOR, gone.id)
    assert listed() == ([(other, 0), (tenant_id, 1)], 2)
    assert listed(size=1) == ([(other, 0)], 2)
    assert listed("小港") == ([(tenant_id, 1)], 1)
    assert listed(row(Tenant, uuid.UUID(tenant_id)).code)[1] >= 1
    assert listed("%") == ([], 0)


def test_a_sandbox_is_called_as_its_tenant_is(tenant_id: str) -> None:
    mine = uuid.UUID(tenant_id)
    with unit_of_work():
        twin = sandboxes.need_twin(OPERATOR, mine)
        other = sandboxes.need_twin(OPERATOR, uuid.UUID(make_tenant("他院", "DEALER")))
    with unit_of_work():
        tenants.rename_tenant(OPERATOR, mine, "新名稱")
    assert [row(Tenant, one).name for one in (mine, twin, other)] == ["新名稱", "新名稱", "他院"]
    assert row(Tenant, twin).updated_at == row(Tenant, mine).updated_at


def test_a_rename_that_fails_renames_no_sandbox(tenant_id: str) -> None:
    mine = uuid.UUID(tenant_id)
    before = row(Tenant, mine).name
    with unit_of_work():
        twin = sandboxes.need_twin(OPERATOR, mine)

    def rename_twice() -> None:
        with unit_of_work():
            tenants.rename_tenant(OPERATOR, mine, "新名稱")
            tenants.rename_tenant(OPERATOR, mine, "")

    with pytest.raises(Refusal):
        rename_twice()
    assert row(Tenant, twin).name == before


def test_a_tenants_people_see_their_own_only(tenant_id: str) -> None:
    other = uuid.UUID(make_tenant("他院"))
    for role in (Role.TENANT_ADMIN, Role.CLERK):
        actor = hire(role, tenant_id)
        with unit_of_work():
            assert str(tenants.get_tenant(actor, actor.tenant_id).id) == tenant_id
        for unknown in (other, uuid.UUID(int=1), None):
            told = refusal(lambda unknown=unknown: tenants.get_tenant(actor, unknown))  # type: ignore[misc]  # noqa: B023
            assert told == ("NOT_EXIST", [])
    with unit_of_work():
        assert tenants.get_tenant(OPERATOR, other).name == "他院"


def test_the_platform_renames_a_tenant(tenant_id: str) -> None:
    key = uuid.UUID(tenant_id)
    for _ in range(2):
        with unit_of_work():
            tenants.rename_tenant(OPERATOR, key, " 新名 ")
    assert row(Tenant, key).name == "新名"
    assert deeds() == ["tenant.rename"]
    assert refusal(lambda: tenants.rename_tenant(OPERATOR, key, " ")) == (
        "INVALID_PARAMETER",
        ["name"],
    )
    assert refusal(lambda: tenants.rename_tenant(OPERATOR, None, "x"))[0] == "NOT_EXIST"
    chief = hire(Role.TENANT_ADMIN, tenant_id)
    assert refusal(lambda: tenants.rename_tenant(chief, key, "x"))[0] == "FORBIDDEN"
    assert row(Tenant, key).name == "新名"


def test_a_tenant_admin_hides_small_groups(tenant_id: str) -> None:
    chief, key = hire(Role.TENANT_ADMIN, tenant_id), uuid.UUID(tenant_id)
    other = uuid.UUID(make_tenant("他院"))
    for _ in range(2):
        with unit_of_work():
            tenants.set_hide_small_groups(chief, hide=True)
    assert row(Tenant, key).hide_small_groups is True
    assert row(Tenant, other).hide_small_groups is False
    assert deeds().count("tenant.hide_small_groups") == 1


def test_nobody_else_hides_small_groups(tenant_id: str) -> None:
    for actor in (OPERATOR, hire(Role.CLERK, tenant_id)):
        told = refusal(lambda actor=actor: tenants.set_hide_small_groups(actor, hide=True))  # type: ignore[misc]
        assert told == ("FORBIDDEN", [])
    assert row(Tenant, uuid.UUID(tenant_id)).hide_small_groups is False
