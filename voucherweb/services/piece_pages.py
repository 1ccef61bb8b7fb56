"""Which pieces of one voucher stand on a page, however many were sold.

An index over a voucher's pieces by number also tells when they were redeemed; none tells when they
were used. A page near either end of a list by time is found in three steps: the moments of a few
pieces bound those that may stand on it, the others are passed over where they are read, and what
remains is sorted.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ARRAY, ColumnElement, Integer, Select, any_, cast, func, select
from sqlalchemy.orm import aliased

from voucherweb.domain.enums import RedemptionStatus
from voucherweb.domain.paging import PageRequest
from voucherweb.models import Redemption, Voucher, VoucherCell
from voucherweb.transaction import session

SORT: Final = {"seq": "seq", "redeemedAt": "redeemed_at", "usedAt": "used_at"}
MANY: Final = 5000
"""Fewer pieces than these are simply sorted."""
NEAR: Final = 100
"""Pages further from both ends than this are not bounded: that takes too many moments."""
LOOKED_AT: Final = 200
"""The moments of so many pieces between the first and the last are looked at."""
USED, VALID = RedemptionStatus.USED, RedemptionStatus.VALID


@dataclass(frozen=True, slots=True)
class Cut:
    """The rows from `begin` to before `end` of a list of `total`, and how that list is sorted: by
    the column, either way, and by number among equals."""

    status: RedemptionStatus | None
    name: str
    descending: bool
    begin: int
    end: int
    total: int

    @property
    def turned(self) -> bool:
        """Whether it is counted from the end of the list, as all in its second half are."""
        return self.begin > self.total - self.end

    @property
    def upwards(self) -> bool:
        """Whether the column rises from where the rows are counted."""
        return self.descending == self.turned

    @property
    def skipped(self) -> int:
        return self.total - self.end if self.turned else self.begin

    @property
    def reach(self) -> int:
        return self.skipped + self.end - self.begin

    def order(self, piece: Any) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        key = getattr(piece, SORT[self.name])
        tie = piece.seq.desc() if self.turned else piece.seq.asc()
        return key.asc() if self.upwards else key.desc(), tie


def number_of(voucher: Voucher, status: RedemptionStatus | None) -> int:
    """How many pieces there are, by the counters that every event keeps."""
    if status is None:
        return voucher.redeemed
    used = session.scalar(
        select(func.coalesce(func.sum(VoucherCell.used), 0)).where(
            VoucherCell.voucher_id == voucher.id
        )
    )
    return int(used or 0) if status is USED else voucher.redeemed - int(used or 0)


def page_of(
    voucher: Voucher, status: RedemptionStatus | None, asked: PageRequest, total: int
) -> Select[int]:
    """The numbers of the pieces on one page; `total` pieces have the status."""
    begin = min(asked.offset, total) if asked.size > 0 else 0
    end = min(begin + asked.size, total) if asked.size > 0 else total
    cut = _narrowed(voucher, Cut(status, asked.field, asked.descending, begin, end, total))
    pieces = _of(voucher, cut.status)
    if cut.name == "seq" and cut.status is None:
        # Pieces are numbered from 1 without a gap: a page far back costs what the first one does.
        low, high = (total - end, total - begin) if cut.descending else (begin, end)
        return pieces.where(Redemption.seq > low, Redemption.seq <= high)
    bound = _bound(voucher, cut)
    if bound is not None and cut.name == "redeemedAt" and cut.status is not None:
        query = _looked_up(voucher, cut, cut.status, bound)
    else:
        within = [] if bound is None else [_within(cut, bound)]
        query = pieces.where(*within).order_by(*cut.order(Redemption))
    return query.offset(cut.skipped).limit(end - begin)


def _narrowed(voucher: Voucher, cut: Cut) -> Cut:
    """The same rows of a list that is read sooner."""
    if cut.name == "usedAt" and cut.status is None:
        # Used pieces stand before the others, or behind them: few pages have both.
        first, second = (VALID, USED) if cut.descending else (USED, VALID)
        length = number_of(voucher, first)
        if cut.end <= length:
            cut = replace(cut, status=first, total=length)
        elif cut.begin >= length:
            begin, end, total = (one - length for one in (cut.begin, cut.end, cut.total))
            cut = replace(cut, status=second, begin=begin, end=end, total=total)
    if cut.name == "usedAt" and cut.status is VALID:
        return replace(cut, name="seq", descending=False)
    return cut


def _of(voucher: Voucher, status: RedemptionStatus | None) -> Select[int]:
    query = select(Redemption.seq).where(Redemption.voucher_id == voucher.id)
    return query if status is None else query.where(_has(status, Redemption.used_at))


def _has(status: RedemptionStatus, used_at: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = used_at.is_not(None) if status is USED else used_at.is_(None)
    return found


def _bound(voucher: Voucher, cut: Cut) -> datetime | None:
    """A moment that so many pieces do not pass. Looked at are the first ones and the last ones,
    with which most lists begin, and some of all others."""
    last, reach = voucher.redeemed, cut.reach
    is_mixed = cut.name == "usedAt" and cut.status is None
    if cut.name == "seq" or is_mixed or last < MANY or not 0 < reach <= NEAR:
        return None
    step = max(1, last // (LOOKED_AT + 2 * reach))
    first, latest = range(1, 2 * reach), range(max(1, last - 2 * reach), last + 1)
    numbers = sorted({*first, *range(1, last + 1, step), *latest})
    key = getattr(Redemption, SORT[cut.name])
    moment: datetime | None = session.scalar(
        _of(voucher, cut.status)
        .with_only_columns(key)
        .where(Redemption.seq == any_(cast(numbers, ARRAY(Integer))))
        .order_by(key.asc() if cut.upwards else key.desc())
        .offset(reach - 1)
        .limit(1)
    )
    return moment


def _within(cut: Cut, bound: datetime) -> ColumnElement[bool]:
    key = getattr(Redemption, SORT[cut.name])
    found: ColumnElement[bool] = key <= bound if cut.upwards else key >= bound
    return found


def _looked_up(
    voucher: Voucher, cut: Cut, status: RedemptionStatus, bound: datetime
) -> Select[int]:
    """The index says and sorts when pieces were redeemed; whether one was used is asked of the
    piece itself, and only until the page is full."""
    within = _of(voucher, None).add_columns(Redemption.redeemed_at).where(_within(cut, bound))
    near = aliased(Redemption, within.order_by(*cut.order(Redemption)).subquery("near"))
    piece = aliased(Redemption)
    same = (piece.voucher_id == voucher.id) & (piece.seq == near.seq)
    used_at = select(piece.used_at).where(same).correlate(near).scalar_subquery()
    return select(near.seq).where(_has(status, used_at)).order_by(*cut.order(near))
