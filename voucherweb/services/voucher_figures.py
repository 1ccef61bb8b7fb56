"""One row of figures for each voucher of a tenant: the rows behind the tenant's statistics.

What each voucher's own statistics say (behaviour §7); persons are distinct within a voucher, so
their column adds up to more than the tenant's persons.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    SQLColumnExpression,
    Subquery,
    Text,
    bindparam,
    cast,
    func,
    select,
)

from voucherweb.domain.enums import VoucherType
from voucherweb.domain.paging import PageRequest
from voucherweb.models import Voucher, VoucherCell
from voucherweb.services.paging import AnySelect, fetch_page
from voucherweb.services.statistics_list import FIELDS as FIELDS_OF_TENANTS
from voucherweb.services.statistics_list import Figures, sql_rate

FIELDS: Final = ("title", *FIELDS_OF_TENANTS[1:])
"""What the list can be sorted by; the figures are spelled as in contract A's list of tenants."""
_COUNTS: Final = ("used", "reach_persons", "reach_times", "click_persons", "click_times")


@dataclass(frozen=True, slots=True)
class VoucherRow:
    voucher_id: uuid.UUID
    title: str
    voucher_no: str
    figures: Figures


def list_vouchers(
    tenant_id: uuid.UUID, asked: PageRequest, voucher_type: VoucherType | None = None
) -> tuple[Sequence[VoucherRow], int]:
    """The tenant's vouchers that were not deleted, of a type or of all; 2 queries."""
    query, every, keys = _built(voucher_type is not None)
    values = {"tenant_id": tenant_id, "voucher_type": voucher_type}
    rows, total = fetch_page(query, asked, keys, Voucher.id, every, values=values)
    return [VoucherRow(row.id, row.title, row.voucher_no, _figures(row)) for row in rows], total


@lru_cache
def _built(typed: bool) -> tuple[AnySelect, AnySelect, dict[str, SQLColumnExpression[Any]]]:
    """The statement whose rows are the list's, the one that counts them, and the sort keys;
    composed once."""
    chosen = [Voucher.tenant_id == bindparam("tenant_id"), Voucher.deleted_at.is_(None)]
    if typed:
        chosen.append(Voucher.voucher_type == bindparam("voucher_type", type_=Text))
    every = select(Voucher.id).where(*chosen)
    cells = _cells(every)
    counts = {name: func.coalesce(cells.c[name], 0) for name in _COUNTS}
    amount = Voucher.price * counts["used"]
    query = (
        select(
            Voucher.id,
            Voucher.title,
            Voucher.voucher_no,
            Voucher.volume,
            Voucher.redeemed,
            *(one.label(name) for name, one in counts.items()),
            amount.label("used_amount"),
        )
        .outerjoin(cells, cells.c.voucher_id == Voucher.id)
        .where(*chosen)
    )
    return query, every, _sort_keys(counts, amount)


def _cells(every: AnySelect) -> Subquery:
    """Each voucher's cells added up."""
    return (
        select(
            VoucherCell.voucher_id,
            *(
                cast(func.sum(getattr(VoucherCell, name)), BigInteger).label(name)
                for name in _COUNTS
            ),
        )
        .where(VoucherCell.voucher_id.in_(every))
        .group_by(VoucherCell.voucher_id)
        .subquery("cells")
    )


def _sort_keys(
    counts: dict[str, Any], amount: ColumnElement[Any]
) -> dict[str, SQLColumnExpression[Any]]:
    volume, redeemed, used = Voucher.volume, Voucher.redeemed, counts["used"]
    reached, clicked = counts["reach_persons"], counts["click_persons"]
    keys: tuple[SQLColumnExpression[Any], ...] = (
        Voucher.title,
        volume,
        reached,
        counts["reach_times"],
        clicked,
        counts["click_times"],
        sql_rate(clicked, reached),
        redeemed,
        sql_rate(redeemed, volume),
        used,
        sql_rate(used, redeemed),
        amount,
    )
    return dict(zip(FIELDS, keys, strict=True))


def _figures(row: Any) -> Figures:
    return Figures(
        volume=row.volume,
        redeemed=row.redeemed,
        used_amount=Decimal(row.used_amount),
        **{name: int(getattr(row, name)) for name in _COUNTS},
    )
