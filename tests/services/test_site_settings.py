"""Settings that a platform admin changes while the system runs."""

import time
from dataclasses import asdict
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support.admins import deeds, hire, race, refusal
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.enums import Role
from voucherweb.models import AuditEntry, SiteSetting
from voucherweb.services import site_settings
from voucherweb.transaction import session, unit_of_work

DEFAULTS = site_settings.SiteSettings()


def read() -> site_settings.SiteSettings:
    with unit_of_work():
        return site_settings.read()


def change(**values: object) -> None:
    with unit_of_work():
        site_settings.change(OPERATOR, values)


def test_what_nobody_changed_has_its_default(app: Flask) -> None:
    assert read() == DEFAULTS
    assert (DEFAULTS.session_idle_minutes, DEFAULTS.invite_hours, DEFAULTS.reset_hours) == (
        720,
        168,
        24,
    )


def test_a_change_holds_at_once_and_leaves_the_rest(app: Flask) -> None:
    read()
    change(notice_zh=" 週六維護 ", reset_hours="72", require_second_factor=True)
    assert asdict(read()) == {
        **asdict(DEFAULTS),
        "notice_zh": "週六維護",
        "reset_hours": 72,
        "require_second_factor": True,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("notice_zh", "長" * 301),
        ("notice_en", "one\ntwo"),
        ("support_contact", "x" * 201),
        ("session_idle_minutes", "14"),
        ("session_idle_minutes", "1441"),
        ("invite_hours", "0"),
        ("invite_hours", "seven"),
        ("invite_hours", "９"),
        ("reset_hours", "73"),
        ("require_second_factor", "maybe"),
        ("colour", "red"),
    ],
)
def test_a_value_that_cannot_be_is_refused(app: Flask, name: str, value: str) -> None:
    bad = {name: value, "notice_en" if name != "notice_en" else "notice_zh": "fine"}
    assert refusal(lambda: site_settings.change(OPERATOR, bad)) == ("INVALID_PARAMETER", [name])
    assert read() == DEFAULTS


def test_every_wrong_field_is_named(app: Flask) -> None:
    bad = {"reset_hours": "", "invite_hours": "-1"}
    assert refusal(lambda: site_settings.change(OPERATOR, bad))[1] == list(bad)


@pytest.mark.parametrize("role", [Role.TENANT_ADMIN, Role.CLERK])
def test_only_the_platform_changes_settings(tenant_id: str, role: Role) -> None:
    actor = hire(role, tenant_id)
    assert refusal(lambda: site_settings.change(actor, {"notice_en": "x"}))[0] == "FORBIDDEN"
    assert read() == DEFAULTS


def test_the_log_tells_what_changed_and_only_that(app: Flask) -> None:
    change(reset_hours=24, invite_hours=10)
    change(invite_hours="10")
    with unit_of_work():
        entry = session.scalars(select(AuditEntry)).one()
        assert entry.data == {"before": {"invite_hours": 168}, "after": {"invite_hours": 10}}
    assert deeds() == ["settings.change"]


def test_another_process_sees_a_change_within_five_seconds(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: started)
    read()
    with unit_of_work():
        session.add(SiteSetting(name="reset_hours", value="3", updated_by="another process"))
    assert read().reset_hours == 24
    monkeypatch.setattr(time, "monotonic", lambda: started + site_settings.CACHE_SECONDS)
    assert read().reset_hours == 3


@pytest.mark.parametrize(("name", "value"), [("reset_hours", "long"), ("gone", "1")])
def test_a_row_that_cannot_be_read_breaks_no_page(app: Flask, name: str, value: str) -> None:
    with unit_of_work():
        session.add(SiteSetting(name=name, value=value, updated_by="somebody"))
    assert read() == DEFAULTS


def test_two_who_change_at_once_both_succeed(app: Flask) -> None:
    def act(**values: Any) -> Any:
        return lambda: site_settings.change(OPERATOR, values).notice_en

    one = act(notice_en="one", notice_zh="一")
    two = act(notice_zh="二", notice_en="two")
    assert race(app, one, two, one, two) == ["one", "two", "one", "two"]
    now = read()
    assert (now.notice_en, now.notice_zh) in {("one", "一"), ("two", "二")}
