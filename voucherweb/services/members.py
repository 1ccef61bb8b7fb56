"""Members: created by operators, or on first sight of a host-app token (behaviour §2)."""

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from voucherweb.domain.demographics import gender_of
from voucherweb.domain.people import Unreadable, read_phone
from voucherweb.models import PLATFORM_PROGRAMME, Card, Member
from voucherweb.services.tenants import is_tenant
from voucherweb.transaction import session

MAX_HOUSEHOLD_ID = 255


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a member besides the id; all of it may be missing."""

    name: str | None = None
    gender: str | None = None
    birthdate: date | None = None
    phone_number: str | None = None
    tenant_id: uuid.UUID | None = None


def create_member(person: Person, household_id: str | None = None) -> Member:
    """A new member with an empty card in the platform's programme."""
    member = Member(
        name=person.name,
        gender=gender_of(person.gender),
        birthdate=person.birthdate,
        phone_number=person.phone_number,
        tenant_id=person.tenant_id,
    )
    if household_id:
        member.household_member_id = household_id
    session.add(member)
    session.flush()
    session.add(Card(member_id=member.id, programme_id=PLATFORM_PROGRAMME))
    session.flush()
    return member


def find_member(household_id: str) -> Member | None:
    return session.scalar(select(Member).where(Member.household_member_id == household_id))


def find_or_create_member(household_id: str, person: Person) -> Member:
    """The member of that id, created with 0 points when unknown. Safe beside itself: of two
    simultaneous first sights one inserts, the other finds."""
    found = find_member(household_id)
    if found:
        return found
    new_id = session.scalar(
        insert(Member)
        .values(
            household_member_id=household_id,
            name=person.name,
            gender=gender_of(person.gender),
            birthdate=person.birthdate,
            phone_number=_as_read(person.phone_number),
            tenant_id=_known_tenant(person.tenant_id),
        )
        .on_conflict_do_nothing(index_elements=["household_member_id"])
        .returning(Member.id)
    )
    if new_id is not None:
        session.add(Card(member_id=new_id, programme_id=PLATFORM_PROGRAMME))
        session.flush()
    member = find_member(household_id)
    if member is None:
        raise LookupError("a member that another transaction is creating is not visible yet")
    return member


def _as_read(phone: str | None) -> str | None:
    """A telephone number as operators' entries are stored, so that it is found however it was
    written; what cannot be one is kept as the host app told it."""
    try:
        return read_phone(phone) if phone else None
    except Unreadable:
        return phone


def _known_tenant(tenant_id: uuid.UUID | None) -> uuid.UUID | None:
    """A tenant named by a token counts only when it exists here."""
    return tenant_id if tenant_id and is_tenant(tenant_id) else None
