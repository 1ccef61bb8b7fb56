"""The movements of one card, as pages show them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, SQLColumnExpression, literal, select
from sqlalchemy.orm import aliased

from voucherweb.domain.numbering import user_voucher_no
from voucherweb.domain.paging import PageRequest
from voucherweb.models import Card, PointsEntry, Redemption, Voucher
from voucherweb.services.actor_names import actor_names
from voucherweb.services.indexed import as_indexed
from voucherweb.services.paging import AnySelect, fetch_page
from voucherweb.transaction import session

SORT: Final[dict[str, SQLColumnExpression[Any]]] = {
    "seq": as_indexed(PointsEntry.seq),
    "time": as_indexed(PointsEntry.created_at),
}


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One movement; `points` is signed, what was added to the card. `number` is the piece that
    was paid for. `is_void`: it was taken back by a later one."""

    card_no: str
    seq: int
    kind: str
    points: int
    balance_after: int
    redemption_id: uuid.UUID | None
    voucher_id: uuid.UUID | None
    voucher_title: str | None
    number: str | None
    actor: str
    actor_name: str
    reason: str | None
    at: datetime
    transaction_id: uuid.UUID
    ref_no: str | None
    ref_id: str | None
    is_void: bool


def statement_lines(
    wanted: Sequence[ColumnElement[bool]],
    asked: PageRequest,
    *,
    most: int | None = None,
    english: bool = False,
) -> tuple[list[StatementLine], int]:
    """A page of the movements that fulfil the conditions on entries, sorted by `seq` or `time`, and
    how many there are; `most` says where counting may stop. They are found first, by an index
    alone, so that turning pages over reads nothing but what is shown."""
    found, total = fetch_page(
        select(PointsEntry.id).where(*wanted),
        asked,
        SORT,
        PointsEntry.id,
        select(literal(1).label("one")).select_from(PointsEntry).where(*wanted).limit(most),
    )
    return told([row[0] for row in found], english=english), total


def card_lines(
    card_id: uuid.UUID, asked: PageRequest, *, english: bool = False
) -> tuple[list[StatementLine], int]:
    """A page of a card's movements, and how many there are. They are numbered from 1 without a gap
    (`books prove` says so), so a page by `seq` is found by its numbers however far down it is."""
    of_card = PointsEntry.card_id == card_id
    if asked.field != "seq" or asked.size < 0:
        return statement_lines([of_card], asked, english=english)
    total = session.scalars(select(Card.entry_count).where(Card.id == card_id)).one()
    if asked.descending:
        most, order = total - asked.offset, PointsEntry.seq.desc()
    else:
        most, order = asked.offset + asked.size, PointsEntry.seq.asc()
    numbers = PointsEntry.seq > most - asked.size, PointsEntry.seq <= most
    ids = session.scalars(select(PointsEntry.id).where(of_card, *numbers).order_by(order))
    return told(ids.all(), english=english), total


def told(ids: Sequence[int], *, english: bool = False) -> list[StatementLine]:
    """The movements with these ids, in their order."""
    rows = {row[0].id: row for row in session.execute(_told().where(PointsEntry.id.in_(ids)))}
    names = actor_names((row[0].actor for row in rows.values()), english=english)
    return [_line(rows[id_], names) for id_ in ids]


def _told() -> AnySelect:
    taking_back = aliased(PointsEntry)
    return (
        select(
            PointsEntry,
            Card.card_no,
            Redemption.seq,
            Voucher.id,
            Voucher.title,
            Voucher.voucher_no,
            taking_back.id.is_not(None),
        )
        .join(Card, Card.id == PointsEntry.card_id)
        .outerjoin(Redemption, Redemption.id == PointsEntry.redemption_id)
        .outerjoin(Voucher, Voucher.id == Redemption.voucher_id)
        .outerjoin(taking_back, taking_back.voids == PointsEntry.id)
    )


def _line(row: Row[*tuple[Any, ...]], names: dict[str, str]) -> StatementLine:
    entry, card_no, seq, voucher_id, title, voucher_no, is_void = row
    return StatementLine(
        card_no=card_no,
        seq=entry.seq,
        kind=entry.kind,
        points=entry.points if entry.credit == "CARD" else -entry.points,
        balance_after=entry.balance_after,
        redemption_id=entry.redemption_id,
        voucher_id=voucher_id,
        voucher_title=title,
        number=user_voucher_no(voucher_no, seq) if voucher_no else None,
        actor=entry.actor,
        actor_name=names[entry.actor],
        reason=entry.reason,
        at=entry.created_at,
        transaction_id=entry.transaction_id,
        ref_no=entry.ref_no,
        ref_id=entry.ref_id,
        is_void=is_void,
    )
