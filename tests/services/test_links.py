"""Invitations and links to new passwords: who may, once, for how long."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

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
)  # fmt: skip
from tests.support.cast import PASSWORD, make_tenant
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR, Actor
from voucherweb.domain.enums import Role
from voucherweb.models import Admin, AdminLink, AuditEntry
from voucherweb.services import admins, links, site_settings, tokens, web_sessions
from voucherweb.services.credentials import password_matches
from voucherweb.transaction import session, unit_of_work

NEW = "seven quiet otters"


def invite(actor: Actor = OPERATOR, role: Role = Role.PLATFORM_ADMIN, **more: Any) -> Any:
    """(Actor, secret) of a person invited."""
    fields = {"account": "new@example.test", "name": "新人", "tenant_id": None, **more}
    with unit_of_work():
        admin, secret = links.invite(actor, role, **fields)
        return Actor(role, admin.id, admin.tenant_id), secret


def reset(admin: Actor, actor: Actor = OPERATOR) -> str:
    with unit_of_work():
        return links.reset_link(actor, admin.id)


def read(secret: str) -> links.Link:
    with unit_of_work():
        return links.read_link(secret)


def use(secret: str, password: str = NEW) -> None:
    with unit_of_work():
        links.use_link(secret, password)


def gone(secret: str) -> bool:
    """Whether reading and using the link are refused alike."""
    told = [
        refusal(lambda: links.read_link(secret)),
        refusal(lambda: links.use_link(secret, NEW)),
    ]
    return told == [("NOT_EXIST", [])] * 2


def opens(actor: Actor, password: str) -> bool:
    return password_matches(row(Admin, actor.id).password_hash, password)


def test_an_invited_person_sets_a_password_and_signs_in(app: Flask, settings: Settings) -> None:
    person, secret = invite()
    link = read(secret)
    assert (link.kind, link.account, link.name) == ("INVITE", "new@example.test", "新人")
    use(secret)
    with unit_of_work():
        opened = web_sessions.open_session(settings, link.account, NEW, None, "", "")
    assert opened.admin_id == person.id
    assert deeds() == ["admin.add", "admin.invite_link", "admin.link_used", "sign_in"]


def test_nothing_opens_before_the_invitation_is_taken_up(app: Flask, settings: Settings) -> None:
    _, secret = invite()
    for password in ("", secret, PASSWORD):
        told = refusal(
            lambda password=password: web_sessions.open_session(  # type: ignore[misc]
                settings, "new@example.test", password, None, "", ""
            )
        )
        assert told == ("UNAUTHORIZED", [])


def test_only_the_digest_of_a_secret_is_kept(app: Flask) -> None:
    _, secret = invite()
    assert len(secret) >= 43, "256 bits"
    with unit_of_work():
        kept = session.scalars(select(AdminLink)).one()
        logged = [str(one) for one in session.scalars(select(AuditEntry.data))]
        assert secret not in kept.token_hash
        assert not any(secret in one for one in logged)


def test_a_link_works_once(app: Flask) -> None:
    person, secret = invite()
    use(secret)
    assert gone(secret)
    assert opens(person, NEW)


@pytest.mark.parametrize("secret", ["", "x", "\0", "連結", "\ud800", "a" * 5000])
def test_an_unknown_link_is_gone(app: Flask, secret: str) -> None:
    invite()
    assert gone(secret)


def test_of_many_who_use_a_link_at_once_one_does(app: Flask) -> None:
    person, secret = invite()
    seen = read(secret), read(secret)
    assert seen[0] == seen[1], "looking first tells both that it is open"
    passwords = [f"{NEW} {number}" for number in range(5)]

    def act(password: str) -> Any:
        return lambda: links.use_link(secret, password) and password

    told = race(app, *(act(one) for one in passwords))
    winners = [one for one in told if one in passwords]
    assert len(winners) == 1
    assert told.count("NOT_EXIST") == 4
    assert opens(person, winners[0])


def test_of_links_made_at_once_one_is_open(app: Flask, tenant_id: str) -> None:
    person = hire(Role.CLERK, tenant_id)
    secrets = race(app, *[lambda: links.reset_link(OPERATOR, person.id)] * 5)
    assert len(set(secrets)) == 5
    with unit_of_work():
        kept = session.scalars(select(AdminLink.token_hash)).one()
    assert [tokens.digest(one) == kept for one in secrets].count(True) == 1


def test_using_and_replacing_a_link_at_once_ends_well(app: Flask, tenant_id: str) -> None:
    person = hire(Role.CLERK, tenant_id)
    for _ in range(5):
        secret = reset(person)
        told = race(
            app,
            lambda secret=secret: links.use_link(secret, NEW) and "used",  # type: ignore[misc]
            lambda: links.reset_link(OPERATOR, person.id) and "made",
        )
        assert told[1] == "made"
        assert told[0] in {"used", "NOT_EXIST"}


def test_a_weak_password_leaves_the_link_open(app: Flask) -> None:
    person, secret = invite()
    before = row(Admin, person.id).password_hash
    assert refusal(lambda: links.use_link(secret, "short")) == ("INVALID_PARAMETER", ["password"])
    assert row(Admin, person.id).password_hash == before
    assert read(secret).kind == "INVITE"


@pytest.mark.parametrize(
    ("setting", "hours"), [(None, 168), ("invite_hours", 2)], ids=["default", "changed"]
)
def test_an_invitation_ends_when_the_site_says(app: Flask, setting: str, hours: int) -> None:
    if setting:
        with unit_of_work():
            site_settings.change(OPERATOR, {setting: hours})
    _, secret = invite()
    ends = read(secret).expires_at
    assert ends - clock.now() < timedelta(hours=hours)
    with clock.frozen(ends - timedelta(milliseconds=1)):
        assert read(secret)
    with clock.frozen(ends):
        assert gone(secret)


def test_a_reset_lasts_a_day_and_ends_all_sessions(
    settings: Settings, app: Flask, tenant_id: str
) -> None:
    clerk = signed_in(settings, hire(Role.CLERK, tenant_id))
    secret = reset(clerk)
    link = read(secret)
    assert link.kind == "RESET"
    assert timedelta(hours=23) < link.expires_at - clock.now() <= timedelta(hours=24)
    assert is_live(clerk), "asking changes nothing yet"
    use(secret)
    assert (live_sessions(clerk), opens(clerk, NEW), opens(clerk, PASSWORD)) == (0, True, False)


def test_a_newer_link_voids_the_older_one(app: Flask, tenant_id: str) -> None:
    clerk = hire(Role.CLERK, tenant_id)
    older, newer = reset(clerk), reset(clerk)
    assert gone(older)
    assert read(newer)


def test_an_invitation_is_renewed_as_one(app: Flask) -> None:
    person, older = invite()
    newer = reset(person)
    assert gone(older)
    assert read(newer).kind == "INVITE"


def test_a_demo_account_with_a_password_of_its_own_is_one_no_more(app: Flask) -> None:
    person = hire(Role.PLATFORM_ADMIN)
    with unit_of_work():
        session.get_one(Admin, person.id).demo = True
    use(reset(person))
    assert row(Admin, person.id).demo is False


def test_a_password_set_otherwise_voids_links(app: Flask) -> None:
    person, secret = invite()
    with unit_of_work():
        admins.reset_password(OPERATOR, account_of(person), NEW)
    assert gone(secret)


def test_disabling_voids_links_for_good(app: Flask) -> None:
    person, secret = invite()
    hire(Role.PLATFORM_ADMIN)
    with unit_of_work():
        admins.disable(OPERATOR, person.id)
    assert gone(secret)
    told = refusal(lambda: links.reset_link(OPERATOR, person.id))
    assert told == ("INVALID_PARAMETER", ["admin"])
    with unit_of_work():
        admins.enable(OPERATOR, person.id)
    assert gone(secret)


@pytest.mark.parametrize("role", [Role.TENANT_ADMIN, Role.CLERK])
def test_a_tenant_admin_invites_people_of_the_own_tenant(tenant_id: str, role: Role) -> None:
    boss = hire(Role.TENANT_ADMIN, tenant_id)
    person, _ = invite(boss, role, desk="二樓")
    found = row(Admin, person.id)
    assert (str(found.tenant_id), found.role, found.desk) == (tenant_id, role, "二樓")


@pytest.mark.parametrize(
    ("inviter", "role", "refused"),
    [
        (Role.TENANT_ADMIN, Role.PLATFORM_ADMIN, "FORBIDDEN"),
        (Role.CLERK, Role.CLERK, "FORBIDDEN"),
        (Role.PLATFORM_ADMIN, Role.MEMBER, "INVALID_PARAMETER"),
        (Role.PLATFORM_ADMIN, Role.CLERK, "INVALID_PARAMETER"),
    ],
)
def test_who_may_not_invite_whom(tenant_id: str, inviter: Role, role: Role, refused: str) -> None:
    actor = hire(inviter, None if inviter is Role.PLATFORM_ADMIN else tenant_id)
    told = refusal(lambda: links.invite(actor, role, "new@example.test", "新人", None))
    assert told[0] == refused
    assert_nobody_came()


def assert_nobody_came() -> None:
    with unit_of_work():
        assert session.scalars(select(AdminLink)).all() == []
        assert session.scalar(select(Admin).where(Admin.account == "new@example.test")) is None


def test_nobody_invites_into_another_tenant(tenant_id: str) -> None:
    boss = hire(Role.TENANT_ADMIN, tenant_id)
    for other in (uuid.UUID(make_tenant("他院")), uuid.UUID(int=3)):
        told = refusal(
            lambda other=other: links.invite(  # type: ignore[misc]
                boss, Role.CLERK, "new@example.test", "新人", other
            )
        )
        assert told == ("NOT_EXIST", [])
    assert_nobody_came()


@pytest.mark.parametrize(
    ("field", "value"), [("name", " "), ("name", "x" * 101), ("account", "no"), ("desk", "x" * 61)]
)
def test_an_invitation_that_cannot_be_is_refused(tenant_id: str, field: str, value: str) -> None:
    boss = hire(Role.TENANT_ADMIN, tenant_id)
    fields = {"account": "new@example.test", "name": "新人", "desk": None, field: value}
    told = refusal(lambda: links.invite(boss, Role.CLERK, tenant_id=None, **fields))  # type: ignore[arg-type]
    assert told == ("INVALID_PARAMETER", [field])
    assert_nobody_came()


def test_resets_stay_in_the_tenant(tenant_id: str) -> None:
    boss = hire(Role.TENANT_ADMIN, tenant_id)
    own = hire(Role.CLERK, tenant_id)
    others = [hire(Role.CLERK, make_tenant("他院")), hire(Role.PLATFORM_ADMIN)]
    assert read(reset(own, boss)).kind == "RESET"
    for other in (*others, Actor(Role.CLERK, uuid.UUID(int=4))):
        told = refusal(lambda other=other: links.reset_link(boss, other.id))  # type: ignore[misc]
        assert told == ("NOT_EXIST", [])
    assert refusal(lambda: links.reset_link(own, boss.id)) == ("FORBIDDEN", [])
    with unit_of_work():
        assert len(session.scalars(select(AdminLink)).all()) == 1
