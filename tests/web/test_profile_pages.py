"""One's own account on the pages: details, password, looks, devices, second factor."""

import uuid
from dataclasses import replace

import pyotp
import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from tests.support.admins import deeds, row
from tests.support.cast import PASSWORD
from tests.support.site import Visitor, make_visitor, tenant_visitor, tokens
from voucherweb import create_app
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.extensions import db, limiter
from voucherweb.models import Admin, AuthSession, IdempotencyKey, RecoveryCode
from voucherweb.services import site_settings
from voucherweb.services.credentials import hash_password, password_matches
from voucherweb.transaction import session, unit_of_work
from voucherweb.web.devices import device_name

HERE = "/admin/profile"
FACTOR = "/admin/profile/second-factor"
NEW = "four more good words"
AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604"


def with_password(visitor: Visitor) -> Visitor:
    with unit_of_work():
        session.execute(
            update(Admin)
            .where(Admin.id == uuid.UUID(visitor.admin_id))
            .values(password_hash=hash_password(PASSWORD))
        )
    return visitor


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return with_password(tenant_visitor(app, funded=False))


def elsewhere(visitor: Visitor, agent: str | None = AGENT) -> str:
    """A second sign-in of the same admin."""
    with unit_of_work():
        now = clock.now()
        opened = AuthSession(
            admin_id=uuid.UUID(visitor.admin_id),
            expires_at=now.replace(year=now.year + 1),
            last_seen_at=now,
            user_agent=agent,
            address="192.0.2.7",
        )
        session.add(opened)
        session.flush()
        return str(opened.id)


def is_over(session_id: str) -> bool:
    return row(AuthSession, uuid.UUID(session_id)).revoked_at is not None


def admin_row(visitor: Visitor) -> Admin:
    found: Admin = row(Admin, uuid.UUID(visitor.admin_id))
    return found


def change(
    visitor: Visitor, old: str, new: str, repeat: str | None = None, **more: str
) -> TestResponse:
    typed = {"deed": "password", "old": old, "password": new, "repeat": repeat or new, **more}
    return visitor.post(HERE, typed)


def test_details_are_kept_and_told_in_the_readers_language(app: Flask) -> None:
    visitor = tenant_visitor(app, funded=False, role="CLERK")
    visitor.headers = {"Accept-Language": "en"}
    answer = visitor.post(HERE, {"deed": "person", "name": " Mei ", "desk": "Ground floor"})
    assert (answer.status_code, answer.location) == (303, HERE)
    assert "Your details were saved." in visitor.text(HERE)
    assert (admin_row(visitor).name, admin_row(visitor).desk) == ("Mei", "Ground floor")


def test_a_name_that_cannot_be_is_refused_and_what_was_typed_stays(visitor: Visitor) -> None:
    answer = visitor.post(HERE, {"deed": "person", "name": " ", "desk": "二樓"})
    assert answer.status_code == 400
    assert 'value="二樓"' in answer.text
    assert 'href="#name"' in answer.text
    assert admin_row(visitor).desk is None


def test_a_platform_admin_has_no_desk(app: Flask) -> None:
    visitor = make_visitor(app)
    assert 'name="desk"' not in visitor.text(HERE)
    visitor.post(HERE, {"deed": "person", "name": "Mei", "desk": "Ground floor"})
    assert admin_row(visitor).desk is None


def test_an_unknown_deed_changes_nothing(visitor: Visitor) -> None:
    assert visitor.post(HERE, {"deed": "else", "name": "x"}).status_code == 400
    assert deeds() == []


def test_another_password_ends_the_other_sign_ins_and_says_so(visitor: Visitor) -> None:
    other = elsewhere(visitor)
    assert change(visitor, PASSWORD, NEW).status_code == 303
    assert "已登出其他 1 個裝置" in visitor.text(HERE)
    assert is_over(other)
    assert password_matches(admin_row(visitor).password_hash, NEW)


@pytest.mark.parametrize(
    ("old", "new", "repeat", "field"),
    [
        ("wrong-one", NEW, NEW, "old"),
        (PASSWORD, "12345678", "12345678", "password"),
        (PASSWORD, NEW, "something else", "repeat"),
    ],
)
def test_a_password_is_refused_by_field_and_never_echoed(
    visitor: Visitor, old: str, new: str, repeat: str, field: str
) -> None:
    other = elsewhere(visitor)
    answer = change(visitor, old, new, repeat)
    assert answer.status_code == 400
    assert f'href="#{field}"' in answer.text
    assert not any(one in answer.text for one in (old, new, repeat))
    assert not is_over(other)
    assert password_matches(admin_row(visitor).password_hash, PASSWORD)


def test_what_is_kept_of_a_sent_form_does_not_depend_on_its_passwords(visitor: Visitor) -> None:
    prints = []
    for old, new in ((PASSWORD, NEW), (NEW, PASSWORD)):
        change(visitor, old, new, once_key="the-same-key")
        with unit_of_work():
            kept = session.query(IdempotencyKey).one()
            prints.append(kept.fingerprint)
            session.delete(kept)
    assert prints[0] == prints[1]


def test_the_language_of_the_profile_goes_before_the_browsers(visitor: Visitor) -> None:
    visitor.post(HERE, {"deed": "looks", "language": "en", "appearance": "dark"})
    page = visitor.text(HERE)
    assert '<html lang="en" data-bs-theme="dark"' in page
    assert "Language and appearance were saved." in page


def test_switching_the_language_in_the_menu_changes_a_chosen_one(visitor: Visitor) -> None:
    visitor.post(HERE, {"deed": "looks", "language": "en", "appearance": ""})
    visitor.post("/admin/language", {"language": "zh-TW", "back": HERE}, at=HERE)
    assert '<html lang="zh-Hant-TW"' in visitor.text(HERE)
    assert admin_row(visitor).language == "zh-TW"


def test_looks_that_do_not_exist_are_refused(visitor: Visitor) -> None:
    answer = visitor.post(HERE, {"deed": "looks", "language": "fr", "appearance": "dark"})
    assert answer.status_code == 400
    assert admin_row(visitor).appearance is None


def test_devices_are_told_in_words_and_ended_one_by_one(visitor: Visitor) -> None:
    other, third = elsewhere(visitor), elsewhere(visitor, None)
    page = visitor.text(HERE)
    assert "Safari（iPhone）" in page
    assert "192.0.2.7" in page
    assert page.count("這個裝置</span>") == 1
    assert visitor.post(f"{HERE}/sessions/{other}/end", at=HERE).location == HERE
    assert [is_over(other), is_over(third)] == [True, False]
    assert "Safari（iPhone）" not in visitor.text(HERE)


def test_all_other_devices_are_signed_out_together(visitor: Visitor) -> None:
    others = [elsewhere(visitor), elsewhere(visitor)]
    visitor.post(f"{HERE}/sessions/end-others", at=HERE)
    assert all(is_over(one) for one in others)
    assert "已登出其他 2 個裝置" in visitor.text(HERE)


def test_nobody_ends_the_sign_in_of_somebody_else(app: Flask, visitor: Visitor) -> None:
    theirs = elsewhere(make_visitor(app))
    answer = visitor.post(f"{HERE}/sessions/{theirs}/end", at=HERE)
    assert "API_ERROR.NOT_EXIST" in answer.text
    assert not is_over(theirs)


@pytest.mark.parametrize(
    ("agent", "zh", "en"),
    [
        (AGENT, "Safari（iPhone）", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140", "Edge（Windows）", None),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Firefox（Linux）", None),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile", "Chrome（Android）", None),
        ("curl/8", "未知的裝置", "Unknown device"),
        ("", "未知的裝置", None),
        (None, "未知的裝置", None),
    ],
)
def test_a_browser_is_called_as_people_call_it(agent: str | None, zh: str, en: str | None) -> None:
    name = device_name(agent)
    assert name.zh == zh
    assert en in {None, name.en}


def begin(visitor: Visitor) -> str:
    """Start to enrol; answers the secret."""
    visitor.post(FACTOR, {"deed": "begin"})
    secret = admin_row(visitor).otp_pending
    assert secret
    return secret


def test_the_second_factor_is_switched_on_by_a_code_and_its_codes_are_shown_once(
    visitor: Visitor,
) -> None:
    secret = begin(visitor)
    page = visitor.text(FACTOR)
    assert '<svg viewBox="0 0' in page
    assert secret in page
    assert "style=" not in page
    sent = {**tokens(page), "deed": "confirm", "code": pyotp.TOTP(secret).now()}
    # The last form on the page is another one; its key is as good.
    answer = visitor.send(FACTOR, sent)
    assert answer.status_code == 200
    assert answer.text.count("<li><code>") == 10
    assert "data-print" in answer.text
    assert answer.headers["Cache-Control"] == "no-store, private"
    again = visitor.send(FACTOR, sent)
    assert (again.status_code, again.location) == (303, FACTOR)
    shown = visitor.text(FACTOR)
    assert "只顯示一次" in shown
    assert "還有 10 組復原碼" in shown
    assert secret not in shown
    assert deeds() == ["otp.begin", "otp.on"]


def test_a_wrong_code_switches_nothing_on(visitor: Visitor) -> None:
    secret = begin(visitor)
    wrong = "000000" if pyotp.TOTP(secret).now() != "000000" else "111111"
    answer = visitor.post(FACTOR, {"deed": "confirm", "code": wrong})
    assert answer.status_code == 400
    assert 'href="#code"' in answer.text
    assert secret in answer.text
    assert admin_row(visitor).otp_secret is None


def switched_on(visitor: Visitor) -> list[str]:
    secret = begin(visitor)
    page = visitor.post(FACTOR, {"deed": "confirm", "code": pyotp.TOTP(secret).now()}).text
    return [part.partition("<")[0] for part in page.split("<li><code>")[1:]]


def test_recovery_codes_are_renewed_by_the_password(visitor: Visitor) -> None:
    old = switched_on(visitor)
    wrong = visitor.post(f"{FACTOR}/renew", {"password": "wrong-one"})
    assert wrong.status_code == 400
    assert "wrong-one" not in wrong.text
    answer = visitor.post(f"{FACTOR}/renew", {"password": PASSWORD})
    assert answer.text.count("<li><code>") == 10
    assert not any(code in answer.text for code in old)


def test_few_recovery_codes_are_warned_of(visitor: Visitor) -> None:
    switched_on(visitor)
    assert "快用完" not in visitor.text(FACTOR)
    with unit_of_work():
        for code in session.query(RecoveryCode).limit(7):
            code.used_at = clock.now()
    assert "還有 3 組復原碼" in visitor.text(FACTOR)
    assert "快用完" in visitor.text(FACTOR)


def test_the_second_factor_is_switched_off_by_the_password_alone(visitor: Visitor) -> None:
    switched_on(visitor)
    assert visitor.post(f"{FACTOR}/off", {"password": "wrong-one"}).status_code == 400
    assert admin_row(visitor).otp_secret
    assert visitor.post(f"{FACTOR}/off", {"password": PASSWORD}).location == FACTOR
    assert admin_row(visitor).otp_secret is None


def test_a_question_in_the_dialog_answers_with_the_codes(visitor: Visitor) -> None:
    switched_on(visitor)
    part = visitor.part(f"{FACTOR}/renew", "dialog-body")
    assert "<html" not in part
    assert 'autocomplete="current-password"' in part


def test_platform_admins_who_must_enrol_are_led_there_and_let_go_afterwards(app: Flask) -> None:
    visitor = with_password(make_visitor(app))
    with unit_of_work():
        site_settings._store(OPERATOR, "require_second_factor", True)
    site_settings.forget()
    assert visitor.get("/admin/vendors").location == FACTOR
    assert "啟用後才能使用其他頁面" in visitor.text(FACTOR)
    switched_on(visitor)
    assert visitor.get("/admin/vendors").status_code == 200


def test_guessing_the_own_password_is_slowed_and_told_how_long(
    settings: Settings, visitor: Visitor
) -> None:
    loud = create_app(replace(settings, ratelimit_enabled=True))
    try:
        client = loud.test_client()
        with visitor.client.session_transaction() as mine, client.session_transaction() as theirs:
            theirs.update(mine)
        guesser = replace(visitor, client=client)
        answers = [change(guesser, "wrong-one", NEW) for _ in range(10)]
        last = change(guesser, PASSWORD, NEW)
    finally:
        limiter.enabled = False
        with loud.app_context():
            db.engine.dispose()
    assert {one.status_code for one in answers} == {400}
    assert last.status_code == 429
    assert "秒 再試" in last.text
    assert password_matches(admin_row(visitor).password_hash, PASSWORD)


def test_the_profile_is_for_those_who_are_signed_in(app: Flask) -> None:
    answer = app.test_client().get(HERE)
    assert answer.location == f"/admin/sign-in?next={HERE}"
