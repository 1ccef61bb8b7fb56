"""Members that operators enter: one by one, or many from a file (behaviour §10)."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from voucherweb.domain.actor import Actor
from voucherweb.domain.people import (
    Unreadable,
    read_birthday,
    read_gender,
    read_name,
    read_phone,
)
from voucherweb.errors import Detail, refuse
from voucherweb.models import Member
from voucherweb.services import audit
from voucherweb.services.ids import parse_id
from voucherweb.services.members import Person, create_member
from voucherweb.services.tenants import is_tenant
from voucherweb.transaction import session

_T = TypeVar("_T")


@dataclass(slots=True)
class Form:
    """Reads the texts of one member; collects what is wrong instead of stopping at the first."""

    fields: Mapping[str, str]
    problems: list[Detail]

    def take(self, name: str, read: Callable[[str], _T]) -> _T | None:
        try:
            return read(self.fields.get(name) or "")
        except Unreadable as error:
            self.problems.append(Detail(name, *error.problem))
            return None


def read_person(
    fields: Mapping[str, str], today: date, known: Callable[[uuid.UUID], bool]
) -> tuple[Person, list[Detail]]:
    """A member from texts `name`, `gender`, `birthday`, `phone`, `tenant` (an id), and what is
    wrong with them. Name and phone are required; `known` tells whether a tenant exists."""
    form = Form(fields, [])
    person = Person(
        name=form.take("name", read_name),
        gender=form.take("gender", read_gender),
        birthdate=form.take("birthday", lambda text: read_birthday(text, today)),
        phone_number=form.take("phone", read_phone),
        tenant_id=form.take("tenant", lambda text: _read_tenant(text, known)),
    )
    return person, form.problems


def _read_tenant(text: str, known: Callable[[uuid.UUID], bool]) -> uuid.UUID | None:
    if not text.strip():
        return None
    tenant_id = parse_id(text.strip())
    if tenant_id is None or not known(tenant_id):
        raise Unreadable("there is no tenant of this id", "沒有此編號的租戶")
    return tenant_id


def enrol(actor: Actor, fields: Mapping[str, str], today: date) -> Member:
    """A new member with 0 points from the texts of `read_person`; raises INVALID_PARAMETER naming
    every wrong one."""
    person, problems = read_person(fields, today, is_tenant)
    if problems:
        raise refuse("INVALID_PARAMETER", problems)
    member = create_member(person)
    audit.record(actor, "member.add", "member", member.id, person.tenant_id)
    session.flush()
    return member
