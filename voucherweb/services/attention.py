"""What a tenant should look at: vouchers that end soon or are nearly gone, drafts, open imports."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, select

from voucherweb.domain import clock
from voucherweb.domain.voucher_rules import Phase
from voucherweb.models import Job, Voucher
from voucherweb.services import jobs
from voucherweb.services.voucher_counts import phase_at
from voucherweb.transaction import session

SOON: Final = timedelta(days=7)
MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Named:
    """A voucher as the list of what needs attention names it."""

    id: uuid.UUID
    title: str
    on_end: datetime
    stock: int
    volume: int


@dataclass(frozen=True, slots=True)
class Attention:
    """Numbers of vouchers and jobs, and the most urgent vouchers by name, five at most of each."""

    ending: int
    nearly_gone: int
    drafts: int
    vouchers: int
    open_imports: int
    ending_first: Sequence[Named]
    scarcest: Sequence[Named]

    @property
    def any(self) -> bool:
        return bool(self.ending or self.nearly_gone or self.drafts or self.open_imports)


def of_tenant(tenant_id: uuid.UUID | None, safety_stock_rate: Decimal) -> Attention:
    """Of vouchers on the shelf, those that leave it within 7 days, and those whose stock is under
    the safety stock (behaviour §5). Four queries."""
    now = clock.now()
    existing = and_(Voucher.tenant_id == tenant_id, Voucher.deleted_at.is_(None))
    on = phase_at(now) == Phase.ON
    ending = and_(on, Voucher.on_end <= now + SOON)
    nearly_gone = and_(on, _stock() < func.ceil(Voucher.volume * safety_stock_rate))
    counted = session.execute(
        select(
            func.count().filter(ending),
            func.count().filter(nearly_gone),
            func.count().filter(phase_at(now) == Phase.DRAFT),
            func.count(),
        ).where(existing)
    ).one()
    return Attention(
        *counted,
        open_imports=_open_imports(tenant_id),
        ending_first=_named(and_(existing, ending), Voucher.on_end),
        scarcest=_named(and_(existing, nearly_gone), _stock()),
    )


def _stock() -> ColumnElement[int]:
    return Voucher.volume - Voucher.redeemed


def _named(picked: ColumnElement[bool], order: Any) -> list[Named]:
    rows = session.execute(
        select(Voucher.id, Voucher.title, Voucher.on_end, _stock(), Voucher.volume)
        .where(picked)
        .order_by(order, Voucher.id)
        .limit(MOST_NAMED)
    )
    return [Named(*row) for row in rows]


def _open_imports(tenant_id: uuid.UUID | None) -> int:
    query = select(func.count()).where(
        Job.tenant_id == tenant_id, Job.kind == jobs.IMPORT, Job.state.in_(jobs.OPEN)
    )
    return session.scalar(query) or 0
