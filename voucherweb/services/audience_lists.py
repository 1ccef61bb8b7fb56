"""Who saw and who clicked one voucher: the rows behind those two numbers."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ARRAY, Row, Uuid, any_, cast, func, select

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import EngagementKind, Role
from voucherweb.domain.paging import MAX_ALL_ROWS, PageRequest
from voucherweb.errors import invalid, refuse
from voucherweb.models import Engagement, Member, VoucherCell
from voucherweb.services.masking import mask_name, mask_phone
from voucherweb.services.vouchers import get_voucher
from voucherweb.transaction import session

MOST_LISTED: Final = MAX_ALL_ROWS
SORT: Final = ("firstTime",)
_PERSONS: Final = {
    EngagementKind.REACH: VoucherCell.reach_persons,
    EngagementKind.CLICK: VoucherCell.click_persons,
}


@dataclass(frozen=True, slots=True)
class Met:
    """A member who saw or clicked a voucher `times` times; name and telephone are masked, empty
    when unknown. Neither gender nor age is told: small groups may be hidden."""

    member_name: str
    member_phone: str
    first_at: datetime
    last_at: datetime
    times: int


def list_met(
    actor: Actor, voucher_id: uuid.UUID | None, kind: EngagementKind, asked: PageRequest
) -> tuple[list[Met], int]:
    """A page of those who met a voucher, by their first times, and how many they are: as many as
    the statistics say, of whom 10,000 are listed.

    A tenant's admin sees the own vouchers', the platform any. Raises FORBIDDEN for everybody else,
    NOT_EXIST, and INVALID_PARAMETER for a page beyond 10,000 members.
    """
    if actor.role not in {Role.PLATFORM_ADMIN, Role.TENANT_ADMIN}:
        raise refuse("FORBIDDEN")
    voucher = get_voucher(actor, voucher_id)
    if asked.offset >= MOST_LISTED:
        raise invalid(
            "page",
            f"only the first {MOST_LISTED} members are listed",
            f"只列出前 {MOST_LISTED} 位",
        )
    own = Engagement.voucher_id == voucher.id, Engagement.kind == kind
    first = Engagement.first_at
    order = (first.desc() if asked.descending else first.asc(), Engagement.member_id)
    # Found in the index alone, and read afterwards: nobody's row but those of the page.
    members = session.scalars(
        select(Engagement.member_id)
        .where(*own)
        .order_by(*order)
        .limit(asked.size)
        .offset(asked.offset)
    ).all()
    rows = session.execute(
        select(Member.name, Member.phone_number, first, Engagement.last_at, Engagement.times)
        .join(Member, Member.id == Engagement.member_id)
        .where(*own, Engagement.member_id == any_(cast(members, ARRAY(Uuid))))
        .order_by(*order)
    )
    return [_met(row) for row in rows], _persons(voucher.id, kind)


def _persons(voucher_id: uuid.UUID, kind: EngagementKind) -> int:
    """By the counters that every event keeps, as the statistics tell them."""
    added = func.coalesce(func.sum(_PERSONS[kind]), 0)
    return int(session.scalar(select(added).where(VoucherCell.voucher_id == voucher_id)) or 0)


def _met(row: Row[*tuple[Any, ...]]) -> Met:
    name, phone, first_at, last_at, times = row
    return Met(mask_name(name), mask_phone(phone), first_at, last_at, times)
