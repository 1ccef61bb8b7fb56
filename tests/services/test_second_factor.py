"""Two-factor sign-in: enrolled, confirmed, recovered, switched off."""

import math
import uuid
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
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
from tests.support.cast import PASSWORD
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.models import Admin, RecoveryCode
from voucherweb.services import second_factor, web_sessions
from voucherweb.transaction import session, unit_of_work


@pytest.fixture
def boss(app: Flask) -> Actor:
    return hire(Role.PLATFORM_ADMIN)


def begin(actor: Actor) -> second_factor.Enrolment:
    with unit_of_work():
        return second_factor.begin(actor)


def code_of(secret: str) -> str:
    return pyotp.TOTP(secret).at(clock.now())


def switch_on(actor: Actor) -> list[str]:
    """The recovery codes."""
    code = code_of(begin(actor).secret)
    with unit_of_work():
        return second_factor.confirm(actor, code)


def is_on(actor: Actor) -> bool:
    with unit_of_work():
        return second_factor.is_on(actor)


def codes_left(actor: Actor) -> int:
    with unit_of_work():
        return second_factor.codes_left(actor)


def sign_in(settings: Settings, account: str, otp: str | None) -> Any:
    return web_sessions.open_session(settings, account, PASSWORD, otp, "", "")


def test_a_confirmed_code_switches_it_on(boss: Actor) -> None:
    begun = begin(boss)
    assert begun.uri.startswith("otpauth://totp/voucherweb:person")
    assert f"secret={begun.secret}" in begun.uri
    assert not is_on(boss), "an unconfirmed secret asks nobody for a code"
    with unit_of_work():
        assert second_factor.pending(boss) == begun
        second_factor.confirm(boss, code_of(begun.secret))
    assert (is_on(boss), codes_left(boss)) == (True, 10)
    with unit_of_work():
        assert second_factor.pending(boss) is None
    assert deeds()[-2:] == ["otp.begin", "otp.on"]


@pytest.mark.parametrize("code", ["", "000000x", "abcdef", "\0", "١٢٣٤٥٦", "\ud800"])
def test_a_wrong_code_changes_nothing(boss: Actor, code: str) -> None:
    begun = begin(boss)
    assert refusal(lambda: second_factor.confirm(boss, code)) == ("INVALID_PARAMETER", ["code"])
    found = row(Admin, boss.id)
    assert (found.otp_secret, found.otp_pending) == (None, begun.secret)


def test_a_code_from_long_ago_confirms_nothing(boss: Actor) -> None:
    code = code_of(begin(boss).secret)
    with clock.frozen(clock.now() + timedelta(minutes=5)):
        told = refusal(lambda: second_factor.confirm(boss, code))
    assert told == ("INVALID_PARAMETER", ["code"])
    assert not is_on(boss)


def test_nothing_is_confirmed_that_was_not_begun(boss: Actor) -> None:
    assert refusal(lambda: second_factor.confirm(boss, "123456"))[1] == ["code"]
    assert not is_on(boss)


def test_the_confirming_code_does_not_sign_in(boss: Actor, settings: Settings) -> None:
    begun = begin(boss)
    code = code_of(begun.secret)
    with unit_of_work():
        second_factor.confirm(boss, code)
    account = account_of(boss)
    assert refusal(lambda: sign_in(settings, account, code)) == ("UNAUTHORIZED", [])
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        assert is_live(signed_in(settings, boss, code_of(begun.secret)))


def test_what_is_on_is_not_begun_again(boss: Actor) -> None:
    switch_on(boss)
    before = row(Admin, boss.id).otp_secret
    assert refusal(lambda: second_factor.begin(boss)) == ("INVALID_PARAMETER", ["otp"])
    found = row(Admin, boss.id)
    assert (found.otp_secret, found.otp_pending) == (before, None)


def test_sessions_stay_when_it_is_switched_on(boss: Actor, settings: Settings) -> None:
    here, there = signed_in(settings, boss), signed_in(settings, boss)
    switch_on(here)
    assert (is_live(here), is_live(there)) == (True, True)


def test_recovery_codes_are_hard_to_guess_and_easy_to_read(boss: Actor) -> None:
    codes = switch_on(boss)
    assert len(set(codes)) == 10
    signs = set("".join(codes)) - {"-"}
    assert not signs & set("01ILOUBSZ")
    assert second_factor.LENGTH * math.log2(len(second_factor.ALPHABET)) >= 60
    with unit_of_work():
        kept = session.scalars(select(RecoveryCode.code_hash)).all()
    assert not any(code.replace("-", "") in hashed for code in codes for hashed in kept)


def test_a_recovery_code_signs_in_once(boss: Actor, settings: Settings) -> None:
    code, other, *_ = switch_on(boss)
    assert is_live(signed_in(settings, boss, f" {code.lower().replace('-', ' ')} "))
    account = account_of(boss)
    assert refusal(lambda: sign_in(settings, account, code)) == ("UNAUTHORIZED", [])
    assert (live_sessions(boss), codes_left(boss)) == (1, 9)
    assert is_live(signed_in(settings, boss, other))


def test_a_recovery_code_signs_in_to_the_api(boss: Actor, client: FlaskClient) -> None:
    code = switch_on(boss)[0]
    body = {"account": account_of(boss), "password": PASSWORD, "otp": code}
    answers = [client.post("/auth/login", json=body).status_code for _ in range(2)]
    assert answers == [200, 401]


def test_a_recovery_code_is_its_owners_alone(boss: Actor, settings: Settings) -> None:
    other = hire(Role.PLATFORM_ADMIN)
    theirs, _ = switch_on(other), switch_on(boss)
    account = account_of(boss)
    assert refusal(lambda: sign_in(settings, account, theirs[0]))[0] == "UNAUTHORIZED"
    assert codes_left(other) == 10


def test_a_wrong_password_spends_no_code(boss: Actor, settings: Settings) -> None:
    code, account = switch_on(boss)[0], account_of(boss)
    told = refusal(lambda: web_sessions.open_session(settings, account, "wrong", code, "", ""))
    assert (told[0], codes_left(boss)) == ("UNAUTHORIZED", 10)


def test_of_many_who_show_one_code_at_once_one_gets_in(
    app: Flask, boss: Actor, settings: Settings
) -> None:
    code, account = switch_on(boss)[0], account_of(boss)
    with unit_of_work():
        unused = select(RecoveryCode).where(RecoveryCode.used_at.is_(None))
        assert len(session.scalars(unused).all()) == 10, "looking first, all would get in"
    told = race(app, *[lambda: sign_in(settings, account, code)] * 5)
    assert told.count("UNAUTHORIZED") == 4
    assert live_sessions(boss) == 1


def test_signing_in_while_codes_are_renewed_ends_well(
    app: Flask, boss: Actor, settings: Settings
) -> None:
    codes, account = switch_on(boss), account_of(boss)
    for code in codes[:3]:
        told = race(
            app,
            lambda code=code: sign_in(settings, account, code) and "in",  # type: ignore[misc]
            lambda: second_factor.renew_recovery_codes(boss, PASSWORD) and "renewed",
        )
        assert told[1] == "renewed"
        assert told[0] in {"in", "UNAUTHORIZED"}
    assert codes_left(boss) == 10


def test_of_many_who_confirm_at_once_one_gets_codes(app: Flask, boss: Actor) -> None:
    code = code_of(begin(boss).secret)
    told = race(app, *[lambda: second_factor.confirm(boss, code)] * 4)
    assert told.count("INVALID_PARAMETER") == 3
    assert codes_left(boss) == 10


def test_new_recovery_codes_replace_the_old(boss: Actor, settings: Settings) -> None:
    old, account = switch_on(boss), account_of(boss)
    with unit_of_work():
        new = second_factor.renew_recovery_codes(boss, PASSWORD)
    assert refusal(lambda: sign_in(settings, account, old[0]))[0] == "UNAUTHORIZED"
    assert is_live(signed_in(settings, boss, new[0]))


@pytest.mark.parametrize("act", [second_factor.renew_recovery_codes, second_factor.switch_off])
def test_the_password_is_asked_for(boss: Actor, act: Any) -> None:
    switch_on(boss)
    with unit_of_work():
        before = set(session.scalars(select(RecoveryCode.code_hash)))
    assert refusal(lambda: act(boss, "wrong")) == ("INVALID_PARAMETER", ["password"])
    with unit_of_work():
        assert set(session.scalars(select(RecoveryCode.code_hash))) == before
    assert is_on(boss)


@pytest.mark.parametrize("act", [second_factor.renew_recovery_codes, second_factor.switch_off])
def test_what_is_off_has_no_codes(boss: Actor, act: Any) -> None:
    assert refusal(lambda: act(boss, PASSWORD)) == ("INVALID_PARAMETER", ["otp"])
    assert codes_left(boss) == 0


def test_switched_off_the_password_is_enough(boss: Actor, settings: Settings) -> None:
    switch_on(boss)
    with unit_of_work():
        second_factor.switch_off(boss, PASSWORD)
    assert (is_on(boss), codes_left(boss)) == (False, 0)
    assert is_live(signed_in(settings, boss))
    assert "otp.off" in deeds()


def test_a_platform_admin_helps_who_lost_everything(boss: Actor, settings: Settings) -> None:
    other = hire(Role.PLATFORM_ADMIN)
    code = switch_on(other)[0]
    lost = signed_in(settings, other, code)
    with unit_of_work():
        second_factor.remove(boss, lost.id)
    assert (is_on(other), codes_left(other), is_live(lost)) == (False, 0, False)


def test_nobody_else_removes_a_second_factor(boss: Actor, tenant_id: str) -> None:
    clerk, chief = hire(Role.CLERK, tenant_id), hire(Role.TENANT_ADMIN, tenant_id)
    for one in (clerk, boss):
        switch_on(one)
    tries = [(chief, clerk), (clerk, clerk), (boss, boss)]
    told = [refusal(lambda a=a, b=b: second_factor.remove(a, b.id)) for a, b in tries]  # type: ignore[misc]
    assert told == [("FORBIDDEN", [])] * 3
    unknown = uuid.UUID(int=9)
    assert refusal(lambda: second_factor.remove(boss, unknown)) == ("NOT_EXIST", [])
    assert (is_on(clerk), is_on(boss)) == (True, True)
