"""How many vouchers are in each phase, for the tabs of a tenant's list."""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, case, func

from voucherweb.domain import clock
from voucherweb.domain.voucher_rules import Phase
from voucherweb.models import Voucher
from voucherweb.transaction import session


def by_phase(chosen: Select[Voucher]) -> dict[Phase, int]:
    """Every phase with its number among the chosen vouchers, in one query."""
    phase = phase_at(clock.now())
    rows = session.execute(chosen.with_only_columns(phase, func.count()).group_by(phase))
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
