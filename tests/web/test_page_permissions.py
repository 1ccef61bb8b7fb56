"""Every page and action of the admin site × every role × another tenant's objects.

The table is the list of pages itself: a new page is tested without being named here, unless its
address holds an id of a kind that nobody has made an example of; then the first test says so.
One set of examples serves all addresses, since every visit must leave it as it was.
"""

import re
from dataclasses import dataclass

import pytest
from flask import Flask

from tests.support import cast
from tests.support.examples import NAMES, Examples, fingerprint, make_examples
from tests.support.site import Visitor, make_visitor, tokens
from voucherweb.config import Settings
from voucherweb.domain.enums import Role
from voucherweb.web import modules
from voucherweb.web.page import NOBODY, PAGES, Page

IN_ADDRESS = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")
ROLES = (Role.PLATFORM_ADMIN, Role.TENANT_ADMIN, Role.CLERK)


@dataclass(frozen=True, slots=True)
class Door:
    """One way into a page: its address, and a method."""

    page: Page
    method: str

    def __str__(self) -> str:
        return f"{self.method} {self.page.rule}"

    def address(self, ids: dict[str, str]) -> str:
        return IN_ADDRESS.sub(lambda found: ids[found[1]], self.page.rule)


assert modules.BLUEPRINTS  # Declaring the pages fills the list.
CLOSED = [Door(page, method) for page in PAGES for method in page.methods if page.roles != NOBODY]
HOLDING = [door for door in CLOSED if re.search(r"_id>", door.page.rule)]


@pytest.fixture
def examples(app: Flask, settings: Settings) -> Examples:
    """A tenant with one of everything that an address can name."""
    return make_examples(app, settings)


class Knocker:
    """Somebody who tries doors; a form's guard is satisfied, so that the role alone decides."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.tokens = tokens(visitor.get("/admin/help").text)

    def __call__(self, door: Door, ids: dict[str, str]) -> int:
        path = door.address(ids)
        if door.method == "GET":
            return self.visitor.get(path).status_code
        return self.visitor.send(path, dict(self.tokens)).status_code


def test_there_is_an_example_of_every_id() -> None:
    named = {name for door in CLOSED for name in IN_ADDRESS.findall(door.page.rule)}
    assert named - set(NAMES) == set()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_refused_at_every_door_of_the_others(
    app: Flask, examples: Examples, role: Role
) -> None:
    tenant = None if role is Role.PLATFORM_ADMIN else examples.tenant_id
    knock = Knocker(make_visitor(app, role, tenant))
    doors = [door for door in CLOSED if role not in door.page.roles]
    before = fingerprint()
    answers = {str(door): knock(door, examples.ids) for door in doors}
    assert len(doors) > 10
    assert {door: code for door, code in answers.items() if code != 403} == {}
    assert fingerprint() == before


def test_who_is_not_signed_in_is_sent_to_sign_in(app: Flask, examples: Examples) -> None:
    client = app.test_client()
    wrong = {}
    for door in CLOSED:
        answer = client.open(door.address(examples.ids), method=door.method)
        led_away = (answer.location or "").startswith("/admin/sign-in")
        # Without a session there is no token either: the guard against forged forms comes first.
        if not (led_away if door.method == "GET" else answer.status_code == 403):
            wrong[str(door)] = answer.status_code
    assert wrong == {}


@pytest.mark.parametrize("role", [Role.TENANT_ADMIN, Role.CLERK])
def test_another_tenants_object_is_as_unknown_as_one_that_never_was(
    app: Flask, examples: Examples, role: Role
) -> None:
    other = cast.make_tenant("緯緯醫學", "DEALER")
    cast.fund(other)
    knock = Knocker(make_visitor(app, role, other))
    before = fingerprint()
    doors = [door for door in HOLDING if role in door.page.roles]
    answers = {
        str(door): (knock(door, examples.ids), knock(door, examples.unknown)) for door in doors
    }
    assert {
        door: codes
        for door, codes in answers.items()
        if codes[0] != codes[1] or codes[0] not in {400, 404}
    } == {}
    assert fingerprint() == before
