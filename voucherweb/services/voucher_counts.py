"""How many vouchers of a tenant are in each phase, for the tabs of its list."""

import uuid
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select

from voucherweb.domain import clock
from voucherweb.domain.voucher_rules import Phase
from voucherweb.models import Voucher
from voucherweb.transaction import session


def by_phase(tenant_id: uuid.UUID | None) -> dict[Phase, int]:
    """Every phase with its number of vouchers, in one query; deleted ones count nowhere."""
    phase = phase_at(clock.now())
    rows = session.execute(
        select(phase, func.count())
        .where(Voucher.tenant_id == tenant_id, Voucher.deleted_at.is_(None))
        .group_by(phase)
    )
    counted = {Phase(name): number for name, number in rows}
    return {one: counted.get(one, 0) for one in Phase}


def phase_at(at: datetime | ColumnElement[datetime]) -> ColumnElement[str]:
    """`voucher_rules.phase` in SQL."""
    return case(
        (Voucher.first_on_at.is_(None), Phase.DRAFT.value),
        (Voucher.use_end < at, Phase.EXPIRED.value),
        (Voucher.on_end < at, Phase.ENDED.value),
        (Voucher.status == "ON", Phase.ON.value),
        else_=Phase.OFF.value,
    )
