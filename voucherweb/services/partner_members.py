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

_MEMBER_ID: Final = """
SELECT m.id FROM members m WHERE m.household_member_id = %s AND (
    m.tenant_id = %s
    OR (%s = '00000000-0000-0000-0000-000000000000'::uuid AND NOT EXISTS (
        SELECT 1 FROM tenants t WHERE t.id = m.tenant_id AND t.sandbox_of IS NOT NULL
    ))
    OR (m.tenant_id IS NULL AND EXISTS (
        SELECT 1 FROM cards c JOIN programmes p ON p.id = c.programme_id
        WHERE c.member_id = m.id AND p.tenant_id = %s
    ))
)
"""
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
    if _is_id(household_id):
        found = session.scalar(
            select(Member).where(Member.household_member_id == household_id, member_of(owner_id))
        )
    if found is None:
        raise refuse("NOT_EXIST")
    return found


def need_member_id(execute: Execute, owner_id: uuid.UUID, household_id: str) -> uuid.UUID:
    """The row's id of the owner's member, in one statement; raises as `need_member` does."""
    owners = [owner_id] * 3
    rows = execute(_MEMBER_ID, [household_id, *owners]) if _is_id(household_id) else ()
    if not rows:
        raise refuse("NOT_EXIST")
    found: uuid.UUID = rows[0][0]
    return found


def _is_id(text: str) -> bool:
    """Whether it can be the id of a member."""
    return 0 < len(text) <= MAX_HOUSEHOLD_ID and storable(text)
