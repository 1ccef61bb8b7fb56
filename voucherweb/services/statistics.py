"""Who redeemed, used, saw and clicked, by gender and age (contract A §票券統計, behaviour §7).

All of it is read from roll-up cells that each event keeps exact in its own transaction. Callers
read in a snapshot, so that the numbers of one answer agree.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    RowMapping,
    Select,
    bindparam,
    cast,
    func,
    select,
)

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import AgeLevel, Gender, VoucherType
from voucherweb.domain.money import rate
from voucherweb.errors import refuse
from voucherweb.models import TenantCell, Voucher, VoucherCell
from voucherweb.services.summary import existing
from voucherweb.transaction import session

EVERY_TYPE = "*"
"""The scope of a tenant's persons over all voucher types."""

Group = tuple[str, str]
"""Gender and age level as stored."""


@dataclass(frozen=True, slots=True)
class Tally:
    """One measure by gender and age level. Unknown ones count in totals, in no bar."""

    counts: Mapping[Group, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def of(self, gender: Gender) -> int:
        """All of a gender, whatever the age, also when the birthday is unknown."""
        return sum(count for (who, _), count in self.counts.items() if who == gender)

    def share(self, gender: Gender) -> Decimal:
        """A gender's percentage of the total."""
        return rate(self.of(gender), self.total)

    def bar(self, gender: Gender, level: AgeLevel) -> int:
        return self.counts.get((gender, level), 0)


@dataclass(frozen=True, slots=True)
class Audience:
    """Persons, each once, in the group of the first event; times in the group of each event."""

    persons: Tally
    times: Tally


@dataclass(frozen=True, slots=True)
class Statistics:
    """The four analyses of one voucher or of a tenant; all zeros when nothing happened yet."""

    volume: int
    redeemed: Tally
    redeemed_amount: Decimal
    used: Tally
    used_amount: Decimal
    reach: Audience
    click: Audience

    @property
    def redeem_rate(self) -> Decimal:
        return rate(self.redeemed.total, self.volume)

    @property
    def used_rate(self) -> Decimal:
        return rate(self.used.total, self.redeemed.total)

    @property
    def click_rate(self) -> Decimal:
        return rate(self.click.persons.total, self.reach.persons.total)


def of_voucher(actor: Actor, voucher_id: uuid.UUID | None) -> Statistics:
    """One voucher of the actor's tenant, for the platform any; raises NOT_EXIST, also for another
    tenant's. 2 queries."""
    query = select(Voucher.volume).where(Voucher.id == voucher_id, Voucher.deleted_at.is_(None))
    if not actor.is_platform:
        query = query.where(Voucher.tenant_id == actor.tenant_id)
    volume = session.scalar(query)
    if volume is None:
        raise refuse("NOT_EXIST")
    cells = session.execute(_cells([Voucher.id == voucher_id])).mappings().all()
    return _statistics(
        volume, cells, _tally(cells, "reach_persons"), _tally(cells, "click_persons")
    )


def of_tenant(tenant_id: uuid.UUID, voucher_type: VoucherType | None = None) -> Statistics:
    """All vouchers of a tenant, or those of one type; persons are distinct over them. 3 queries."""
    scope = voucher_type or EVERY_TYPE
    values = {"tenant_id": tenant_id, "voucher_type": voucher_type, "scope": scope}
    typed = voucher_type is not None
    persons = session.execute(_PERSONS, values).all()
    reached, clicked = (
        Tally({(row.gender, row.age_level): row.persons for row in persons if row.kind == kind})
        for kind in ("R", "C")
    )
    volume = session.scalar(_volume(typed=typed), values) or 0
    cells = session.execute(_cells_of_tenant(typed=typed), values).mappings().all()
    return _statistics(int(volume), cells, reached, clicked)


_PERSONS: Final = select(
    TenantCell.kind, TenantCell.gender, TenantCell.age_level, TenantCell.persons
).where(TenantCell.tenant_id == bindparam("tenant_id"), TenantCell.scope == bindparam("scope"))


@lru_cache
def _volume(*, typed: bool) -> Select[int]:
    return select(func.coalesce(func.sum(Voucher.volume), 0)).where(*existing(typed=typed))


@lru_cache
def _cells_of_tenant(*, typed: bool) -> Select[*tuple[Any, ...]]:
    return _cells(existing(typed=typed))


MEASURES: Final = (
    *("redeemed", "used", "reach_persons", "reach_times", "click_persons", "click_times"),
    *("redeemed_cents", "used_cents"),
)


def _cells(picked: Sequence[ColumnElement[bool]]) -> Select[*tuple[Any, ...]]:
    """The cells of the picked vouchers added up: at most one row for each gender and age level."""
    # Prices have two decimals; thousands of products of whole numbers cost half as much.
    cents = cast(Voucher.price * 100, BigInteger).label("cents")
    priced = select(Voucher.id, cents).where(*picked).subquery("priced")
    added = {name: getattr(VoucherCell, name) for name in MEASURES if not name.endswith("_cents")}
    added |= {f"{name}_cents": priced.c.cents * added[name] for name in ("redeemed", "used")}
    return (
        select(
            VoucherCell.gender,
            VoucherCell.age_level,
            *(func.sum(added[name]).label(name) for name in MEASURES),
        )
        .join(priced, priced.c.id == VoucherCell.voucher_id)
        .group_by(VoucherCell.gender, VoucherCell.age_level)
    )


def _tally(cells: Sequence[RowMapping], measure: str) -> Tally:
    return Tally({(cell["gender"], cell["age_level"]): int(cell[measure]) for cell in cells})


def _amount(cells: Sequence[RowMapping], measure: str) -> Decimal:
    return Decimal(sum(int(cell[measure]) for cell in cells)).scaleb(-2)


def _statistics(
    volume: int, cells: Sequence[RowMapping], reached: Tally, clicked: Tally
) -> Statistics:
    return Statistics(
        volume=volume,
        redeemed=_tally(cells, "redeemed"),
        redeemed_amount=_amount(cells, "redeemed_cents"),
        used=_tally(cells, "used"),
        used_amount=_amount(cells, "used_cents"),
        reach=Audience(reached, _tally(cells, "reach_times")),
        click=Audience(clicked, _tally(cells, "click_times")),
    )
