"""Add-ons and branches: what may be registered, by whom, and what is never kept."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.support.add_ons import URL, register
from tests.support.cast import Caller
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR, Actor
from voucherweb.domain.add_on_rules import looks_secret, read_url
from voucherweb.domain.enums import Role
from voucherweb.domain.people import Unreadable
from voucherweb.errors import Refusal
from voucherweb.models import AddOn, AuditEntry, Branch
from voucherweb.services import add_on_tokens, add_ons, branches
from voucherweb.services.add_on_origins import is_registered_origin
from voucherweb.services.add_ons import AddOnTerms, Plan
from voucherweb.services.autocommit import alone
from voucherweb.transaction import session, unit_of_work

HOUR = timedelta(hours=1)


def actor_of(admin: Caller, role: Role = Role.TENANT_ADMIN) -> Actor:
    return Actor(role, uuid.UUID(admin.id), uuid.UUID(admin.tenant_id))


def refused(act: Callable[..., Any], *args: Any, **named: Any) -> str:
    """The code, and the fields that it names."""
    with pytest.raises(Refusal) as caught, unit_of_work():
        act(*args, **named)
    fields = [one.field for one in caught.value.details]
    return ":".join([caught.value.error.code.rpartition(".")[2], *fields])


def row(add_on_id: str) -> AddOn:
    with unit_of_work():
        found = session.get_one(AddOn, uuid.UUID(add_on_id))
        session.expunge(found)
        return found


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://a.example", "https://a.example"),
        ("HTTPS://A.Example/Path?q=1#x", "https://a.example"),
        ("https://a.example:443/", "https://a.example"),
        ("https://a.example:8443/", "https://a.example:8443"),
        ("http://a.example:80", "http://a.example"),
        ("http://a.example:443", "http://a.example:443"),
        ("http://127.0.0.1:5000/app", "http://127.0.0.1:5000"),
        ("http://[::1]:5000/app", "http://[::1]:5000"),
        ("https://xn--fiq228c.example/", "https://xn--fiq228c.example"),
        ("  https://a.example/  ", "https://a.example"),
    ],
)
def test_the_origin_is_what_browsers_call_it(url: str, origin: str) -> None:
    assert read_url(url) == (url.strip(), origin)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.example",
        "//a.example",
        "ftp://a.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://",
        "https:///path",
        "https://user@a.example",
        "https://user:pass@a.example",
        "https://:x@a.example",
        "https://a.example:port",
        "https://a.example:99999",
        "https://a b.example",
        "https://a.example/\n",
        "https://a.example\\@b.example",
        "https://a.example\0",
        "https://醫院.example",
        "https://a_b.example\t/x",
        "https://[::1",
        "https://*.example",
        "https://a.example/" + "x" * 2000,
    ],
)
def test_an_address_that_cannot_be_is_refused(url: str) -> None:
    if url == "https://a.example/\n":  # Edges are trimmed; a break inside is not.
        url = "https://a.example/\nx"
    with pytest.raises(Unreadable):
        read_url(url)


@pytest.mark.parametrize(
    "name",
    ["secret", "clientSecret", "CLIENT_SECRET", "password", "db-password", "passwd", "token",
     "accessToken", "refresh_tokens", "key", "keys", "apiKey", "API_KEY", "api-key", "apikey",
     "privateKey", "credentials", "ｓｅｃｒｅｔ", "key1 key"],
)  # fmt: skip
def test_a_name_that_says_secret_is_seen(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize("name", ["keyword", "keyboard", "theme", "color", "limit", "名稱", ""])
def test_an_innocent_name_is_let_through(name: str) -> None:
    assert not looks_secret(name)


def deep(levels: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(levels):
        found = {"a": found}
    return found


@pytest.mark.parametrize(
    "config",
    [
        {"apiKey": "x"},
        {"a": {"b": [{"client_secret": "x"}]}},
        {"token": None},
        [],
        "text",
        5,
        {"a": "b\0c"},
        {"a\0": 1},
        {"a": "\ud800"},
        {"a": float("nan")},
        {"a": 1e999},
        {"a": object()},
        {1: "x"},
        {"a": "x" * 16_000},
        deep(10),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(admin: Caller, config: Any) -> None:
    terms = AddOnTerms("排班", URL, config=config)
    told = refused(add_ons.create_add_on, OPERATOR, uuid.UUID(admin.tenant_id), "a", terms)
    assert told == "INVALID_PARAMETER:config"
    with unit_of_work():
        assert session.scalar(select(func.count()).select_from(AddOn)) == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"url": "ftp://x"}, "url"),
        ({"plan": Plan("")}, "plan"),
        ({"plan": Plan("A", clock.now(), clock.now() - HOUR)}, "plan_end"),
    ],
)
def test_terms_that_cannot_be_are_refused(
    admin: Caller, changes: dict[str, Any], field: str
) -> None:
    terms = AddOnTerms(**{"name": "排班", "url": URL, **changes})
    told = refused(add_ons.create_add_on, OPERATOR, uuid.UUID(admin.tenant_id), "a", terms)
    assert told == f"INVALID_PARAMETER:{field}"
    add_on = uuid.UUID(register(admin.tenant_id))
    assert refused(add_ons.change_add_on, OPERATOR, add_on, terms) == told


def test_a_code_is_taken_once_per_tenant(admin: Caller, stranger: Caller) -> None:
    register(admin.tenant_id, "rota")
    register(stranger.tenant_id, "rota")
    terms = AddOnTerms("排班", URL)
    for code in ("rota", "", "a b", "x" * 33, "排班"):
        told = refused(add_ons.create_add_on, OPERATOR, uuid.UUID(admin.tenant_id), code, terms)
        assert told == "INVALID_PARAMETER:code"


def test_a_change_is_kept_and_told_without_values(admin: Caller) -> None:
    add_on = register(admin.tenant_id, config={"a": 1})
    terms = AddOnTerms("新名", "http://b.example:8080/x", Plan("PRO"), {"shade": "confidential"})
    with unit_of_work():
        add_ons.change_add_on(actor_of(admin), uuid.UUID(add_on), terms)
    found = row(add_on)
    assert (found.name, found.origin) == ("新名", "http://b.example:8080")
    assert (found.plan_name, found.config) == ("PRO", {"shade": "confidential"})
    with unit_of_work():
        add_ons.change_add_on(actor_of(admin), uuid.UUID(add_on), terms)
        said = session.scalars(
            select(AuditEntry.data).where(AuditEntry.action == "add_on.change")
        ).all()
    assert said == [{"changed": ["name", "url", "origin", "config", "plan_name"]}]


def test_strangers_and_clerks_touch_no_add_on(admin: Caller, stranger: Caller) -> None:
    add_on, terms = uuid.UUID(register(admin.tenant_id)), AddOnTerms("x", URL)
    told = {}
    for who in (actor_of(stranger), actor_of(admin, Role.CLERK), actor_of(admin, Role.MEMBER)):
        told[who.role] = {
            refused(add_ons.create_add_on, who, uuid.UUID(admin.tenant_id), "b", terms),
            refused(add_ons.change_add_on, who, add_on, terms),
            refused(add_ons.set_enabled, who, add_on, enabled=False),
            refused(add_ons.get_add_on, who, add_on),
            refused(add_ons.list_add_ons, who, uuid.UUID(admin.tenant_id)),
            refused(branches.create_branch, who, uuid.UUID(admin.tenant_id), "b", "x"),
            refused(branches.list_branches, who, uuid.UUID(admin.tenant_id)),
        }
    assert told == {
        Role.TENANT_ADMIN: {"NOT_EXIST"},
        Role.CLERK: {"FORBIDDEN"},
        Role.MEMBER: {"FORBIDDEN"},
    }
    assert row(str(add_on)).status == add_ons.ENABLED


def test_a_tenant_lists_its_own_add_ons(admin: Caller, stranger: Caller) -> None:
    register(stranger.tenant_id, "z")
    made = [register(admin.tenant_id, code) for code in ("b", "a")]
    with unit_of_work():
        listed = add_ons.list_add_ons(actor_of(admin), uuid.UUID(admin.tenant_id))
        assert [str(one.id) for one in listed] == made[::-1]


def test_only_the_origins_of_enabled_add_ons_are_registered(
    settings: Settings, admin: Caller
) -> None:
    add_on = uuid.UUID(register(admin.tenant_id, url="https://a.example:8443/x"))
    execute = alone(settings)
    assert is_registered_origin(execute, "https://a.example:8443")
    for other in ("https://a.example", "http://a.example:8443", "https://a.example:8443/", "null",
                  "", "*", "https://b.a.example:8443", "x" * 5000, "ä"):  # fmt: skip
        assert not is_registered_origin(execute, other)
    with unit_of_work():
        add_ons.set_enabled(OPERATOR, add_on, enabled=False)
    assert not is_registered_origin(execute, "https://a.example:8443")
    with unit_of_work():
        add_ons.set_enabled(OPERATOR, add_on, enabled=True)
    assert is_registered_origin(execute, "https://a.example:8443")


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        (0, 0, "ACTIVE"),
        (1, 2, "PENDING"),
        (-2, -1, "EXPIRED"),
        (None, -1, "EXPIRED"),
        (1, None, "PENDING"),
        (None, None, "ACTIVE"),
    ],
)
def test_a_plan_runs_from_its_start_to_its_end(
    start: int | None, end: int | None, status: str
) -> None:
    now = clock.now()
    ends = [None if one is None else now + timedelta(milliseconds=one) for one in (start, end)]
    assert add_ons.plan_status(ends[0], ends[1], now) == status


def test_an_offer_costs_one_statement_and_is_audited(settings: Settings, admin: Caller) -> None:
    add_on, asked = uuid.UUID(register(admin.tenant_id)), []

    def counted(statement: Any, params: Any) -> Any:
        asked.append(statement)
        return alone(settings)(statement, params)

    with pytest.raises(Refusal, match="FORBIDDEN"):
        add_on_tokens.offer(counted, actor_of(admin), add_on)  # Without a sign-in.
    assert len(asked) == 1
    with unit_of_work():
        said = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert said[-1] == "add_on.refused"


def test_branches_are_named_once_per_tenant(admin: Caller, stranger: Caller) -> None:
    tenant, other = uuid.UUID(admin.tenant_id), uuid.UUID(stranger.tenant_id)
    with unit_of_work():
        for code in ("B2", "B1"):
            branches.create_branch(actor_of(admin), tenant, code, f"門市 {code}")
        branches.create_branch(OPERATOR, other, "B1", "別家")
        listed = branches.list_branches(actor_of(admin), tenant)
        assert [(one.code, one.name) for one in listed] == [("B1", "門市 B1"), ("B2", "門市 B2")]
    create = branches.create_branch
    assert refused(create, OPERATOR, tenant, "B1", "x") == "INVALID_PARAMETER:code"
    assert refused(create, OPERATOR, tenant, "B 3", "x") == "INVALID_PARAMETER:code"
    assert refused(create, OPERATOR, tenant, "B3", " ") == "INVALID_PARAMETER:name"
    assert refused(create, OPERATOR, uuid.uuid4(), "B3", "x") == "NOT_EXIST"
    with unit_of_work():
        assert session.scalar(select(func.count()).select_from(Branch)) == 3


def test_the_platforms_admin_looks_after_every_tenant(app: Flask, admin: Caller) -> None:
    boss = Actor(Role.PLATFORM_ADMIN, uuid.uuid4())
    with unit_of_work():
        made = add_ons.create_add_on(
            boss, uuid.UUID(admin.tenant_id), "rota", AddOnTerms("排班", URL)
        )
        assert add_ons.get_add_on(boss, made.id).code == "rota"
