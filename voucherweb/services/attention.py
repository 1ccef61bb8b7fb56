"""What a tenant should look at: vouchers that end soon or are nearly gone, drafts, open imports."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Numeric, Select, and_, bindparam, func, select

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
    values = {
        "tenant_id": tenant_id,
        "now": now,
        "soon": now + SOON,
        "safety_stock_rate": safety_stock_rate,
    }
    return Attention(
        *session.execute(_COUNTED, values).one(),
        open_imports=_open_imports(tenant_id),
        ending_first=[Named(*row) for row in session.execute(_ENDING_FIRST, values)],
        scarcest=[Named(*row) for row in session.execute(_SCARCEST, values)],
    )


def _stock() -> ColumnElement[int]:
    return Voucher.volume - Voucher.redeemed


_PHASE: Final = phase_at(bindparam("now", type_=Voucher.on_end.type))
_EXISTING: Final = and_(
    Voucher.tenant_id == bindparam("tenant_id", type_=Voucher.tenant_id.type),
    Voucher.deleted_at.is_(None),
)
_ENDING: Final = and_(_PHASE == Phase.ON, Voucher.on_end <= bindparam("soon"))
_NEARLY_GONE: Final = and_(
    _PHASE == Phase.ON,
    _stock() < func.ceil(Voucher.volume * bindparam("safety_stock_rate", type_=Numeric)),
)
_COUNTED: Final = select(
    func.count().filter(_ENDING),
    func.count().filter(_NEARLY_GONE),
    func.count().filter(_PHASE == Phase.DRAFT),
    func.count(),
).where(_EXISTING)


def _first(picked: ColumnElement[bool], order: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(Voucher.id, Voucher.title, Voucher.on_end, _stock(), Voucher.volume)
        .where(_EXISTING, picked)
        .order_by(order, Voucher.id)
        .limit(MOST_NAMED)
    )


_ENDING_FIRST: Final = _first(_ENDING, Voucher.on_end)
_SCARCEST: Final = _first(_NEARLY_GONE, _stock())


def _open_imports(tenant_id: uuid.UUID | None) -> int:
    query = select(func.count()).where(
        Job.tenant_id == tenant_id, Job.kind == jobs.IMPORT, Job.state.in_(jobs.OPEN)
    )
    return session.scalar(query) or 0
