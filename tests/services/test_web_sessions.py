"""The admin site's sessions: opened, recognised, listed, ended."""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pyotp
import pytest
from flask import Flask
from sqlalchemy import event, select, update

from tests.support.admins import account_of, deeds, hire, is_live, refusal, row, signed_in
from tests.support.cast import PASSWORD, Caller, make_tenant
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR, Actor
from voucherweb.domain.enums import Role
from voucherweb.extensions import db
from voucherweb.models import Admin, AuthSession, Job, Tenant
from voucherweb.services import site_settings, web_sessions
from voucherweb.services.web_sessions import session_person
from voucherweb.transaction import session, unit_of_work


@pytest.fixture
def boss(app: Flask, settings: Settings) -> Actor:
    """A platform admin on a page session."""
    return signed_in(settings, hire(Role.PLATFORM_ADMIN))


def set_admin(actor: Actor, **values: Any) -> None:
    with unit_of_work():
        session.execute(update(Admin).where(Admin.id == actor.id).values(**values))


def set_session(actor: Actor, **values: Any) -> None:
    with unit_of_work():
        session.execute(
            update(AuthSession).where(AuthSession.id == actor.session_id).values(**values)
        )


def seen(actor: Actor) -> datetime:
    found: datetime = row(AuthSession, actor.session_id).last_seen_at
    return found


def test_a_clerk_is_recognised_with_all_that_pages_need(settings: Settings, tenant_id: str) -> None:
    clerk = signed_in(settings, hire(Role.CLERK, tenant_id))
    set_admin(clerk, name="林小姐", language="en", appearance="dark", desk="一樓")
    with unit_of_work():
        session.execute(update(Tenant).values(hide_small_groups=True))
    person = session_person(str(clerk.session_id))
    assert person is not None
    assert person.actor == clerk
    assert (person.name, person.language, person.appearance, person.desk) == (
        "林小姐", "en", "dark", "一樓",
    )  # fmt: skip
    assert (str(person.tenant_id), person.tenant_name) == (tenant_id, "小港醫院")
    assert (person.hide_small_groups, person.second_factor, person.unseen) == (True, False, 0)


def test_a_platform_admin_has_no_tenant(boss: Actor) -> None:
    person = session_person(boss.session_id or "")
    assert person is not None
    assert (person.tenant_id, person.tenant_name, person.hide_small_groups) == (None, None, False)


@pytest.mark.parametrize("wrong", ["account", "password", "disabled", "demo"])
def test_a_wrong_sign_in_opens_nothing(app: Flask, settings: Settings, wrong: str) -> None:
    actor = hire(Role.PLATFORM_ADMIN)
    account = "nobody" if wrong == "account" else account_of(actor)
    password = "wrong password" if wrong == "password" else PASSWORD
    if wrong == "disabled":
        set_admin(actor, disabled_at=clock.now())
    set_admin(actor, demo=wrong == "demo")
    production = replace(settings, environment="production")
    told = refusal(lambda: web_sessions.open_session(production, account, password, None, "", ""))
    assert told == ("UNAUTHORIZED", [])
    with unit_of_work():
        assert session.scalars(select(AuthSession)).all() == []


@pytest.mark.parametrize("account", ["", "\0", "帳號", "a" * 5000, "' OR 1=1 --"])
def test_strange_accounts_are_just_unknown(app: Flask, settings: Settings, account: str) -> None:
    told = refusal(lambda: web_sessions.open_session(settings, account, "x", "\0", "", ""))
    assert told == ("UNAUTHORIZED", [])


def test_a_second_factor_is_asked_for(app: Flask, settings: Settings) -> None:
    actor = hire(Role.PLATFORM_ADMIN)
    secret = pyotp.random_base32()
    set_admin(actor, otp_secret=secret)

    def open_with(otp: str | None) -> Any:
        return refusal(
            lambda: web_sessions.open_session(
                settings, account_of(actor), PASSWORD, otp, "", ""
            )
        )  # fmt: skip

    assert [open_with(one)[0] for one in (None, " ", "abc", "１２")] == [
        "OTP_REQUIRED", "OTP_REQUIRED", "UNAUTHORIZED", "UNAUTHORIZED",
    ]  # fmt: skip
    code = pyotp.TOTP(secret).at(clock.now())
    typed = " ".join(chr(ord(digit) + 0xFEE0) for digit in code)
    assert is_live(signed_in(settings, actor, typed)), "full-width digits and spaces are fine"
    assert open_with(code)[0] == "UNAUTHORIZED", "the same code again"


def test_the_site_may_demand_a_second_factor_of_platform_admins(
    settings: Settings, boss: Actor, tenant_id: str
) -> None:
    people = [boss, signed_in(settings, hire(Role.TENANT_ADMIN, tenant_id))]

    def must() -> list[bool]:
        return [session_person(one.session_id or "").must_enrol for one in people]  # type: ignore[union-attr]

    assert must() == [False, False]
    with unit_of_work():
        site_settings.change(OPERATOR, {"require_second_factor": "1"})
    assert must() == [True, False]
    set_admin(boss, otp_secret="x")
    assert must() == [False, False]


@pytest.mark.parametrize("text", ["", "x", "\0", "0" * 36, str(uuid.UUID(int=5))])
def test_an_unknown_session_is_nobodys(app: Flask, text: str) -> None:
    assert session_person(text) is None


@pytest.mark.parametrize("how", ["revoked", "expired", "disabled", "idle", "api"])
def test_a_session_that_ended_is_nobodys(boss: Actor, how: str) -> None:
    assert is_live(boss)
    now = clock.now()
    if how == "disabled":
        set_admin(boss, disabled_at=now)
    else:
        changes = {
            "revoked": {"revoked_at": now},
            "expired": {"expires_at": now},
            "idle": {"last_seen_at": now - timedelta(minutes=720)},
            "api": {"last_seen_at": None},
        }
        set_session(boss, **changes[how])
    assert not is_live(boss)


def test_the_site_says_how_long_a_session_may_idle(boss: Actor) -> None:
    set_session(boss, last_seen_at=clock.now() - timedelta(minutes=16))
    with unit_of_work():
        site_settings.change(OPERATOR, {"session_idle_minutes": 15})
    assert not is_live(boss)


def test_an_api_token_names_no_page_session(admin: Caller) -> None:
    with unit_of_work():
        api = session.scalars(select(AuthSession.id)).one()
    assert session_person(api) is None


def test_a_session_ends_after_thirty_days_however_busy(boss: Actor) -> None:
    later = clock.now() + timedelta(days=30)
    set_session(boss, last_seen_at=later)
    with clock.frozen(later - timedelta(seconds=1)):
        assert is_live(boss)
    with clock.frozen(later):
        assert not is_live(boss)


def test_being_seen_is_written_every_five_minutes(boss: Actor) -> None:
    start = seen(boss)
    with clock.frozen(start + timedelta(minutes=5)):
        assert is_live(boss)
    assert seen(boss) == start
    with clock.frozen(start + timedelta(minutes=5, seconds=1)):
        assert is_live(boss)
    assert seen(boss) == start + timedelta(minutes=5, seconds=1)


def test_a_page_costs_one_query(boss: Actor) -> None:
    assert is_live(boss)
    asked: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert is_live(boss)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len(asked) == 1, asked


def test_finished_jobs_that_were_not_seen_are_counted(boss: Actor) -> None:
    now, other = clock.now(), Actor(Role.PLATFORM_ADMIN, uuid.UUID(int=7))
    rows: list[tuple[Actor, dict[str, Any]]] = [
        (boss, {"finished_at": now}),
        (boss, {"finished_at": now}),
        (boss, {"finished_at": now, "seen_at": now}),
        (boss, {}),
        (other, {"finished_at": now}),
    ]
    with unit_of_work():
        session.add_all([Job(kind="IMPORT", actor=who.key, **made) for who, made in rows])
    person = session_person(boss.session_id or "")
    assert person is not None
    assert person.unseen == 2


def test_signing_out_ends_the_session_in_use_only(settings: Settings, boss: Actor) -> None:
    other = signed_in(settings, boss)
    with unit_of_work():
        web_sessions.end_session(boss)
    assert (is_live(boss), is_live(other)) == (False, True)
    assert deeds()[-1] == "sign_out"


def test_the_list_shows_ones_own_live_sessions(
    settings: Settings, boss: Actor, tenant_id: str
) -> None:
    signed_in(settings, hire(Role.CLERK, tenant_id))
    ended, idle = signed_in(settings, boss), signed_in(settings, boss)
    set_session(ended, revoked_at=clock.now())
    set_session(idle, last_seen_at=clock.now() - timedelta(days=2))
    other = signed_in(settings, boss)
    with unit_of_work():
        shown = web_sessions.list_sessions(boss)
    assert {(one.id, one.current) for one in shown} == {
        (boss.session_id, True),
        (other.session_id, False),
    }
    assert {(one.address, one.user_agent) for one in shown} == {("192.0.2.1", "Browser")}


def test_one_of_ones_own_sessions_is_ended(settings: Settings, boss: Actor) -> None:
    other = signed_in(settings, boss)
    with unit_of_work():
        web_sessions.end_session_of(boss, other.session_id)
    assert (is_live(boss), is_live(other)) == (True, False)
    assert refusal(lambda: web_sessions.end_session_of(boss, other.session_id))[0] == "NOT_EXIST"


def test_another_admins_session_is_like_an_unknown_one(settings: Settings, boss: Actor) -> None:
    other = signed_in(settings, hire(Role.CLERK, make_tenant()))
    for wanted in (other.session_id, uuid.UUID(int=1), None):
        told = refusal(lambda wanted=wanted: web_sessions.end_session_of(boss, wanted))  # type: ignore[misc]
        assert told == ("NOT_EXIST", [])
    assert is_live(other)


def test_all_other_sessions_are_ended(settings: Settings, boss: Actor) -> None:
    others = [signed_in(settings, boss) for _ in range(2)]
    stranger = signed_in(settings, hire(Role.PLATFORM_ADMIN))
    with unit_of_work():
        assert web_sessions.end_other_sessions(boss) == 2
    with unit_of_work():
        assert web_sessions.end_other_sessions(boss) == 0
    assert [is_live(one) for one in (boss, stranger, *others)] == [True, True, False, False]
    assert deeds().count("session.end_others") == 1
