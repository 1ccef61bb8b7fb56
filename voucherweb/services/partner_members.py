"""Whose member somebody is, as partners see it (contract B).

To a tenant's partners belong the tenant's own members, and those without a tenant who hold a card
of one of its programmes; to the platform's keys belongs everybody but the made-up members of the
sandboxes. On the wire `member_id` is
`household_member_id`.
"""

import uuid
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, or_, select

from voucherweb.domain.texts import storable
from voucherweb.errors import refuse
from voucherweb.models import PLATFORM_OWNER, Card, Member, Programme
from voucherweb.services.autocommit import Execute
from voucherweb.services.members import MAX_HOUSEHOLD_ID
from voucherweb.services.tenants import real_members
from voucherweb.transaction import session

_MEMBER_ID: Final = "SELECT partner_member(%s, %s)"
"""`member_of` for a single statement."""


def member_of(owner_id: uuid.UUID) -> ColumnElement[bool]:
    """The condition on `Member` rows under which the owner's partners may see them."""
    if owner_id == PLATFORM_OWNER:
        return real_members()
    holds_card = exists(
        select(Card.id)
        .join(Programme, Programme.id == Card.programme_id)
        .where(Card.member_id == Member.id, Programme.tenant_id == owner_id)
        .correlate(Member)
    )
    return or_(Member.tenant_id == owner_id, and_(Member.tenant_id.is_(None), holds_card))


def need_member(owner_id: uuid.UUID, household_id: str) -> Member:
    """The owner's member of that id; raises NOT_EXIST alike for unknown and foreign ones."""
    found = None
    if is_member_id(household_id):
        found = session.scalar(
            select(Member).where(Member.household_member_id == household_id, member_of(owner_id))
        )
    if found is None:
        raise refuse("NOT_EXIST")
    return found


def need_member_id(execute: Execute, owner_id: uuid.UUID, household_id: str) -> uuid.UUID:
    """The row's id of the owner's member, in one statement; raises as `need_member` does."""
    found: uuid.UUID | None = None
    if is_member_id(household_id):
        found = execute(_MEMBER_ID, (owner_id, household_id))[0][0]
    if found is None:
        raise refuse("NOT_EXIST")
    return found


def is_member_id(text: str) -> bool:
    """Whether it can be the id of a member."""
    return 0 < len(text) <= MAX_HOUSEHOLD_ID and storable(text)
