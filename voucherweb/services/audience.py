"""Distinct persons over any choice of vouchers, tenant by tenant, at any moment exact.

Persons are not additive over vouchers. Each voucher's are kept as bits (`models/audience.py`), so
that a union is counted in a few milliseconds; pairs that are no bits yet are added at read. Both
are read in one statement: what the chore moves meanwhile is in one of the two places.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import CTE, ColumnElement, Select, and_, func, or_, select, text, union_all

from voucherweb.models import AudienceBlock, AudienceMember, FreshEngagement, Voucher
from voucherweb.transaction import session, unit_of_work

BLOCK: Final = 8192
BITE: Final = 20_000


def persons(
    picked: Sequence[ColumnElement[bool]],
) -> Select[*tuple[object, ...]]:
    """`tenant_id`, `reach_persons` and `click_persons` over the vouchers that fulfil `picked`, for
    tenants of whose vouchers somebody saw or clicked one."""
    chosen = select(Voucher.id, Voucher.tenant_id).where(*picked).cte("chosen")
    unions = _unions(chosen)
    counted = union_all(
        select(
            unions.c.tenant_id,
            unions.c.kind,
            func.sum(func.bit_count(unions.c.bits)).label("persons"),
        ).group_by(unions.c.tenant_id, unions.c.kind),
        _beyond(chosen, unions),
    ).subquery("counted_persons")

    def of_kind(kind: str) -> ColumnElement[int]:
        summed = func.sum(counted.c.persons).filter(counted.c.kind == kind)
        return func.coalesce(summed, 0)

    return select(
        counted.c.tenant_id,
        of_kind("R").label("reach_persons"),
        of_kind("C").label("click_persons"),
    ).group_by(counted.c.tenant_id)


def _unions(chosen: CTE) -> CTE:
    return (
        select(
            chosen.c.tenant_id,
            AudienceBlock.kind,
            AudienceBlock.block,
            func.bit_or(AudienceBlock.bits).label("bits"),
        )
        .join(AudienceBlock, AudienceBlock.voucher_id == chosen.c.id)
        .group_by(chosen.c.tenant_id, AudienceBlock.kind, AudienceBlock.block)
        .cte("unions")
    )


def _beyond(chosen: CTE, unions: CTE) -> Select[*tuple[object, ...]]:
    """Those whom only fresh pairs tell of."""
    fresh = (
        select(chosen.c.tenant_id, FreshEngagement.kind, FreshEngagement.member_id)
        .join(FreshEngagement, FreshEngagement.voucher_id == chosen.c.id)
        .distinct()
        .subquery("fresh")
    )
    number = AudienceMember.number
    return (
        select(fresh.c.tenant_id, fresh.c.kind, func.count())
        .outerjoin(
            AudienceMember,
            and_(
                AudienceMember.tenant_id == fresh.c.tenant_id,
                AudienceMember.member_id == fresh.c.member_id,
            ),
        )
        .outerjoin(
            unions,
            and_(
                unions.c.tenant_id == fresh.c.tenant_id,
                unions.c.kind == fresh.c.kind,
                unions.c.block == number // BLOCK,
            ),
        )
        .where(or_(unions.c.bits.is_(None), func.get_bit(unions.c.bits, number % BLOCK) == 0))
        .group_by(fresh.c.tenant_id, fresh.c.kind)
    )


def fold() -> int:
    """Turn fresh pairs into bits, in bites, each in a unit of work of its own; how many."""
    total = 0
    while True:
        with unit_of_work():
            query = text("SELECT fold_audience(:most)")
            count = int(session.execute(query, {"most": BITE}).scalar_one())
        total += count
        if count < BITE:
            return total
