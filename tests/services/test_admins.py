"""Admins: listed, given roles, disabled, and what they change about themselves."""

import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.support.admins import (
    account_of,
    deeds,
    hire,
    is_live,
    live_sessions,
    race,
    refusal,
    row,
    signed_in,
)
from tests.support.cast import PASSWORD, make_tenant
from voucherweb.config import Settings
from voucherweb.domain.actor import OPERATOR, Actor
from voucherweb.domain.enums import Role
from voucherweb.domain.paging import PageRequest
from voucherweb.models import Admin
from voucherweb.services import admins, links, profile, web_sessions
from voucherweb.services.admins import AdminFilter
from voucherweb.services.credentials import password_matches
from voucherweb.transaction import session, unit_of_work

PAGE = PageRequest(1, 20, "account", descending=False)
NEW = "seven quiet otters"
PLATFORM, CHIEF, CLERK = Role.PLATFORM_ADMIN, Role.TENANT_ADMIN, Role.CLERK


def do(act: Any, *given: Any, **more: Any) -> None:
    with unit_of_work():
        act(*given, **more)


def listed(actor: Actor, **wanted: Any) -> list[uuid.UUID]:
    with unit_of_work():
        rows, total = admins.list_admins(actor, AdminFilter(**wanted), PAGE)
        assert total == len(rows)
        return [one[0].id for one in rows]


def test_a_platform_admin_sees_all_with_their_tenants(tenant_id: str) -> None:
    boss, chief = hire(PLATFORM), hire(CHIEF, tenant_id)
    with unit_of_work():
        links.invite(boss, CLERK, "z-new", "新人", chief.tenant_id)
        rows, _ = admins.list_admins(boss, AdminFilter(), PAGE)
        shown = [(one[0].role, one[1], one[2]) for one in rows]
    assert shown == [
        (PLATFORM, None, False), (CHIEF, "小港醫院", False), (CLERK, "小港醫院", True),
    ]  # fmt: skip


def test_a_tenant_admin_sees_the_own_people(tenant_id: str) -> None:
    chief, clerk = hire(CHIEF, tenant_id), hire(CLERK, tenant_id)
    other = hire(CLERK, make_tenant("他院"))
    hire(PLATFORM)
    assert set(listed(chief)) == {chief.id, clerk.id}
    assert listed(chief, tenant_id=other.tenant_id) == []
    assert refusal(lambda: admins.list_admins(clerk, AdminFilter(), PAGE))[0] == "FORBIDDEN"


def test_lists_are_narrowed(tenant_id: str) -> None:
    boss, chief, clerk = hire(PLATFORM), hire(CHIEF, tenant_id), hire(CLERK, tenant_id)
    do(admins.rename, boss, clerk.id, "100%_林")
    do(admins.disable, boss, chief.id)
    with unit_of_work():
        invited = links.invite(boss, PLATFORM, "z-new", "新人", None)[0].id
    assert listed(boss, keyword="%_\0") == [clerk.id]
    assert listed(boss, keyword=account_of(chief).upper()) == [chief.id]
    assert listed(boss, role=CHIEF) == [chief.id]
    assert listed(boss, state="disabled") == [chief.id]
    assert listed(boss, state="invited") == [invited]
    assert listed(boss, state="active") == [boss.id, clerk.id]


def test_another_tenants_people_are_like_unknown_ones(tenant_id: str) -> None:
    chief, other = hire(CHIEF, tenant_id), hire(CLERK, make_tenant("他院"))
    acts: list[Any] = [
        lambda who: admins.get_admin(chief, who),
        lambda who: admins.change_role(chief, who, CHIEF),
        lambda who: admins.rename(chief, who, "x"),
        lambda who: admins.set_desk(chief, who, "x"),
        lambda who: admins.disable(chief, who),
        lambda who: admins.enable(chief, who),
    ]
    before = deeds()
    for act in acts:
        for who in (other.id, hire(PLATFORM).id, uuid.UUID(int=2), None):
            assert refusal(lambda act=act, who=who: act(who)) == ("NOT_EXIST", [])  # type: ignore[misc]
    assert set(deeds()[len(before) :]) == {"admin.add"}


def test_a_clerk_manages_nobody(tenant_id: str) -> None:
    clerk, chief = hire(CLERK, tenant_id), hire(CHIEF, tenant_id)
    acts: list[Any] = [
        lambda: admins.get_admin(clerk, chief.id),
        lambda: admins.change_role(clerk, clerk.id, CHIEF),
        lambda: admins.rename(clerk, chief.id, "x"),
        lambda: admins.disable(clerk, chief.id),
        lambda: admins.enable(clerk, chief.id),
    ]
    assert [refusal(act)[0] for act in acts] == ["FORBIDDEN"] * 5
    assert row(Admin, clerk.id).role == CLERK


def test_a_role_changes_within_the_tenant(tenant_id: str, settings: Settings) -> None:
    chief, clerk = hire(CHIEF, tenant_id), signed_in(settings, hire(CLERK, tenant_id))
    do(admins.change_role, chief, clerk.id, CHIEF)
    assert (row(Admin, clerk.id).role, is_live(clerk)) == (CHIEF, True)
    assert deeds()[-1] == "admin.role"
    told = refusal(lambda: admins.change_role(chief, clerk.id, PLATFORM))
    assert (told[0], row(Admin, clerk.id).role) == ("FORBIDDEN", CHIEF)


def test_to_the_platform_and_back(tenant_id: str, settings: Settings) -> None:
    boss, clerk = hire(PLATFORM), signed_in(settings, hire(CLERK, tenant_id))
    do(admins.set_desk, boss, clerk.id, "一樓")
    do(admins.change_role, boss, clerk.id, PLATFORM)
    found = row(Admin, clerk.id)
    assert (found.role, found.tenant_id, found.desk) == (PLATFORM, None, None)
    assert not is_live(clerk)
    assert refusal(lambda: admins.change_role(boss, clerk.id, CLERK))[1] == ["tenant"]
    do(admins.change_role, boss, clerk.id, CLERK, uuid.UUID(tenant_id))
    assert str(row(Admin, clerk.id).tenant_id) == tenant_id


def test_nobody_changes_tenants(tenant_id: str) -> None:
    clerk, other = hire(CLERK, tenant_id), uuid.UUID(make_tenant("他院"))
    told = refusal(lambda: admins.change_role(OPERATOR, clerk.id, CHIEF, other))
    assert told == ("INVALID_PARAMETER", ["tenant"])
    assert refusal(lambda: admins.change_role(OPERATOR, clerk.id, Role.MEMBER))[1] == ["role"]
    assert row(Admin, clerk.id).role == CLERK


def test_a_disabled_admin_is_out_at_once_and_may_come_back(
    tenant_id: str, settings: Settings
) -> None:
    chief, clerk = hire(CHIEF, tenant_id), signed_in(settings, hire(CLERK, tenant_id))
    do(admins.disable, chief, clerk.id)
    do(admins.disable, chief, clerk.id)
    assert (is_live(clerk), live_sessions(clerk)) == (False, 0)
    do(admins.enable, chief, clerk.id)
    assert not is_live(clerk), "he signs in again"
    assert is_live(signed_in(settings, clerk))
    assert (deeds().count("admin.disable"), deeds().count("admin.enable")) == (1, 1)


@pytest.mark.parametrize("role", [PLATFORM, CHIEF])
def test_nobody_disables_himself(tenant_id: str, role: Role) -> None:
    hire(PLATFORM)
    actor = hire(role, tenant_id if role is CHIEF else None)
    assert refusal(lambda: admins.disable(actor, actor.id))[1] == ["admin"]
    assert row(Admin, actor.id).disabled_at is None


def test_the_last_platform_admin_stays(app: Flask, tenant_id: str) -> None:
    boss = hire(PLATFORM)
    do(links.invite, OPERATOR, PLATFORM, "not-here-yet", "新人", None)
    home = uuid.UUID(tenant_id)
    for act in (
        lambda: admins.disable(OPERATOR, boss.id),
        lambda: admins.change_role(boss, boss.id, CHIEF, home),
    ):
        assert refusal(act) == ("INVALID_PARAMETER", ["admin"])
    found = row(Admin, boss.id)
    assert (found.role, found.disabled_at) == (PLATFORM, None)


def able() -> int:
    with unit_of_work():
        query = select(func.count()).where(Admin.role == PLATFORM, Admin.disabled_at.is_(None))
        return session.scalar(query) or 0


@pytest.mark.parametrize("second", ["disable", "demote"])
def test_two_platform_admins_who_end_each_other_leave_one(
    app: Flask, tenant_id: str, second: str
) -> None:
    one, two = hire(PLATFORM), hire(PLATFORM)
    home = uuid.UUID(tenant_id)
    assert able() - 1 == 1, "looking first, both would find another one"

    def demote() -> Any:
        return admins.change_role(two, one.id, CLERK, home)

    other = demote if second == "demote" else lambda: admins.disable(two, one.id)
    told = race(app, lambda: admins.disable(one, two.id), other)
    assert [answer for answer in told if isinstance(answer, str)] == ["INVALID_PARAMETER"]
    assert able() == 1


def test_names_are_changed_by_oneself_or_the_manager(tenant_id: str) -> None:
    chief, clerk = hire(CHIEF, tenant_id), hire(CLERK, tenant_id)
    do(admins.rename, clerk, clerk.id, " 林小姐 ")
    assert row(Admin, clerk.id).name == "林小姐"
    do(admins.rename, chief, clerk.id, "林太太")
    do(admins.rename, chief, clerk.id, "林太太")
    assert deeds().count("admin.rename") == 2
    for bad in ("", "x" * 101, "a\nb", "\0"):
        assert refusal(lambda bad=bad: admins.rename(chief, clerk.id, bad))[1] == ["name"]  # type: ignore[misc]
    assert row(Admin, clerk.id).name == "林太太"


def test_desks_are_a_tenants_matter(tenant_id: str) -> None:
    boss, clerk = hire(PLATFORM), hire(CLERK, tenant_id)
    do(admins.set_desk, clerk, clerk.id, "一樓櫃台")
    assert row(Admin, clerk.id).desk == "一樓櫃台"
    do(admins.set_desk, boss, clerk.id, " ")
    assert row(Admin, clerk.id).desk is None
    for who, desk in ((boss, "一樓"), (clerk, "x" * 61)):
        told = refusal(lambda who=who, desk=desk: admins.set_desk(who, who.id, desk))  # type: ignore[misc]
        assert told == ("INVALID_PARAMETER", ["desk"])


def test_a_new_password_ends_the_other_sessions(tenant_id: str, settings: Settings) -> None:
    here = signed_in(settings, hire(CLERK, tenant_id))
    there = signed_in(settings, here)
    do(profile.change_password, here, PASSWORD, NEW)
    assert (is_live(here), is_live(there)) == (True, False)
    assert password_matches(row(Admin, here.id).password_hash, NEW)
    assert deeds()[-1] == "admin.password"


@pytest.mark.parametrize(
    ("old", "new", "field"), [("wrong", NEW, "old"), ("", NEW, "old"), (PASSWORD, "x", "password")]
)
def test_a_refused_password_changes_nothing(
    tenant_id: str, settings: Settings, old: str, new: str, field: str
) -> None:
    here = signed_in(settings, hire(CLERK, tenant_id))
    there = signed_in(settings, here)
    told = refusal(lambda: profile.change_password(here, old, new))
    assert told == ("INVALID_PARAMETER", [field])
    assert password_matches(row(Admin, here.id).password_hash, PASSWORD)
    assert (is_live(here), is_live(there)) == (True, True)


def test_signing_in_with_a_password_that_is_being_replaced_leaves_no_session(
    app: Flask, tenant_id: str, settings: Settings
) -> None:
    clerk = hire(CLERK, tenant_id)
    account = account_of(clerk)
    for number in range(4):
        do(admins.reset_password, OPERATOR, account, PASSWORD)
        race(
            app,
            lambda: admins.reset_password(OPERATOR, account, f"{NEW} {number}"),  # noqa: B023
            lambda: web_sessions.open_session(settings, account, PASSWORD, None, "", ""),
        )
        assert live_sessions(clerk) == 0


@pytest.mark.parametrize(
    ("act", "column", "good", "bad"),
    [
        (profile.set_language, "language", "en", "fr"),
        (profile.set_appearance, "appearance", "dark", "pink"),
    ],
)
def test_language_and_appearance(app: Flask, act: Any, column: str, good: str, bad: str) -> None:
    boss = hire(PLATFORM)
    do(act, boss, good)
    do(act, boss, good)
    assert refusal(lambda: act(boss, bad)) == ("INVALID_PARAMETER", [column])
    assert getattr(row(Admin, boss.id), column) == good
    do(act, boss, None)
    assert getattr(row(Admin, boss.id), column) is None
    assert deeds().count(f"admin.{column}") == 2
