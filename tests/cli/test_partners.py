"""`apikeys`, `addons`, `branches`."""

import json
import uuid
from datetime import UTC, datetime

import pytest

from tests.cli.conftest import Run
from voucherweb.config import Settings
from voucherweb.domain.partner import Partner, Scope
from voucherweb.models import AddOn, Branch
from voucherweb.services import api_keys, partner_tokens
from voucherweb.services.autocommit import alone
from voucherweb.transaction import session, unit_of_work

NOBODY = "00000000-0000-4000-8000-000000000000"
ADD = ("addons", "create", "--code", "rota", "--name", "排班", "--url", "https://a.example/x")


def partner(settings: Settings, made: dict[str, str]) -> Partner:
    token = api_keys.issue_token(settings, made["api_key"], made["api_secret"]).access_token
    return partner_tokens.authenticate(settings, alone(settings), token)


def test_a_tenants_key_is_made_and_shown_once(run: Run, settings: Settings, tenant_id: str) -> None:
    made = run("apikeys", "create", "--tenant", tenant_id, "--json").answer
    assert made.keys() == {"id", "api_key", "api_secret"}
    assert str(partner(settings, made).tenant_id) == tenant_id
    assert made["api_secret"] not in run("apikeys", "list", "--json").out


def test_a_platforms_and_a_sandbox_key_are_made(
    run: Run, settings: Settings, tenant_id: str
) -> None:
    platform = run("apikeys", "create", "--platform", "--json").answer
    sandbox = run("apikeys", "create", "--tenant", tenant_id, "--sandbox", "--json").answer
    assert partner(settings, platform).is_platform
    assert partner(settings, sandbox).sandbox
    assert sandbox["api_key"].startswith("vk_test_")


def test_scopes_are_given_by_name(run: Run, settings: Settings, tenant_id: str) -> None:
    create = ("apikeys", "create", "--tenant", tenant_id, "--json", "--scopes")
    made = run(*create, "points:read, coupons:write").answer
    assert partner(settings, made).scopes == {Scope.POINTS_READ, Scope.COUPONS_WRITE}
    assert run(*create, "points:mint").fields.keys() == {"scopes"}
    assert run(*create, ",").fields.keys() == {"scopes"}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        (("--platform", "--tenant", NOBODY), 2),
        (("--tenant", NOBODY), 1),
        (("--tenant", "x"), 1),
        (("--platform", "--sandbox"), 1),
        (("--platform", "--name", ""), 1),
    ],
)
def test_a_key_needs_one_owner(run: Run, words: tuple[str, ...], code: int) -> None:
    ran = run("apikeys", "create", *words, "--json")
    assert (ran.code, ran.error["code"]) == (code, "API_ERROR.INVALID_PARAMETER")


def test_a_key_is_rotated_revoked_and_listed(run: Run, settings: Settings, tenant_id: str) -> None:
    first = run("apikeys", "create", "--tenant", tenant_id, "--name", "POS", "--json").answer
    key = first["api_key"]
    second = run("apikeys", "rotate", key, "--overlap-hours", "0", "--json").answer
    assert second["api_key"] == key
    assert partner(settings, second)
    (listed,) = run("apikeys", "list", "--tenant", tenant_id, "--json").answer["keys"]
    assert (listed["api_key"], listed["name"], listed["kind"]) == (key, "POS", "LIVE")
    assert listed["last_used_at"]
    revoked = run("apikeys", "revoke", key, "--json").answer
    assert revoked["revoked_at"]
    assert run("apikeys", "rotate", key, "--json").fields.keys() == {"key"}


def test_keys_are_listed_for_people_a_line_each(run: Run, tenant_id: str) -> None:
    tills = [("apikeys", "create", "--tenant", tenant_id, "--name", name) for name in "AB"]
    first, second = (run(*words, "--json").answer["api_key"] for words in tills)
    run("apikeys", "revoke", first)
    lines = run("apikeys", "list").out.splitlines()
    assert lines[0] == f"{second} LIVE B (tenant {tenant_id}, never used)"
    assert lines[1].startswith(f"{first} LIVE A (tenant {tenant_id}, revoked 20")
    assert len(lines) == 2


@pytest.mark.parametrize("name", ["rotate", "revoke"])
def test_an_unknown_key_is_told(run: Run, name: str) -> None:
    ran = run("apikeys", name, "vk_live_unknown", "--json")
    assert (ran.code, ran.error["code"]) == (1, "API_ERROR.NOT_EXIST")


def test_an_overlap_has_bounds(run: Run) -> None:
    assert run("apikeys", "rotate", "x", "--overlap-hours", "721", "--json").code == 2


def test_an_add_on_is_registered_with_its_plan(run: Run, tenant_id: str) -> None:
    plan = ("--plan", "PRO", "--plan-start", "2026-11-01", "--plan-end", "2026-11-30")
    config = json.dumps({"theme": "綠"})
    made = run(*ADD, "--tenant", tenant_id, *plan, "--config", config, "--json").answer
    with unit_of_work():
        found = session.get_one(AddOn, uuid.UUID(made["addon_id"]))
        assert (found.plan_name, found.config) == ("PRO", {"theme": "綠"})
        # Whole days where the site is, eight hours before UTC.
        assert found.plan_start == datetime(2026, 10, 31, 16, tzinfo=UTC)
        assert found.plan_end == datetime(2026, 11, 30, 15, 59, 59, 999000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("--plan-start", "yesterday"), "plan_start"),
        (("--plan-end", "0001-01-01"), "plan_end"),
        (("--plan-end", "9999-12-31"), "plan_end"),
        (("--plan-start", "2026-02-30"), "plan_start"),
        (("--plan-start", "2026-12-01", "--plan-end", "2026-11-01"), "plan_end"),
        (("--config", "{"), "config"),
        (("--config", "[]"), "config"),
        (("--config", '{"api_key": "x"}'), "config"),
        (("--plan", " "), "plan"),
        (("--url", "ftp://a.example"), "url"),
        (("--code", "a b"), "code"),
    ],
)
def test_an_add_on_that_cannot_be_is_refused(
    run: Run, tenant_id: str, words: tuple[str, ...], field: str
) -> None:
    assert run(*ADD, "--tenant", tenant_id, *words, "--json").fields.keys() == {field}


def test_an_instant_may_be_given_with_its_offset(run: Run, tenant_id: str) -> None:
    end = ("--plan-end", "2026-11-30T12:00:00+08:00")
    made = run(*ADD, "--tenant", tenant_id, *end, "--json").answer
    with unit_of_work():
        found = session.get_one(AddOn, uuid.UUID(made["addon_id"]))
        assert found.plan_end == datetime(2026, 11, 30, 4, tzinfo=UTC)


def test_an_add_on_needs_a_tenant_that_exists(run: Run) -> None:
    assert run(*ADD, "--tenant", NOBODY, "--json").fields.keys() == {"tenant"}


def test_a_branch_is_made_once(run: Run, tenant_id: str) -> None:
    create = ("branches", "create", "--tenant", tenant_id, "--name", "門市", "--json", "--code")
    made = run(*create, "B1").answer
    with unit_of_work():
        assert session.get_one(Branch, uuid.UUID(made["id"])).code == "B1"
    assert run(*create, "B1").fields.keys() == {"code"}
