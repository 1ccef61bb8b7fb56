"""The write-off desk: a clerk looks a piece up by its number and writes it off (behaviour §6).

What decides is in the SQL functions `desk_write_off` and `desk_undo`; the member's own use and a
desk's write-off are decided by the same row. What was written off is read in `desk_records`.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, func, select, text

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.domain.numbering import user_voucher_no
from voucherweb.domain.scanning import read_user_voucher_no
from voucherweb.domain.texts import line_problem
from voucherweb.errors import invalid, refuse
from voucherweb.models import Admin, Member, Redemption, Voucher, WriteOff
from voucherweb.services import audit, idempotency
from voucherweb.services.desk_records import Receipt, day_list, known_id, receipt
from voucherweb.services.masking import mask_name, mask_phone
from voucherweb.transaction import session

__all__ = ["Found", "Receipt", "Verdict", "day_list", "look_up", "receipt", "undo", "write_off"]

MAX_REASON: Final = 200
_DESK_ROLES: Final = frozenset({Role.CLERK, Role.TENANT_ADMIN})
_WRITE_OFF = text(
    "SELECT outcome, write_off FROM desk_write_off(:tenant, :admin, :actor, :piece, :at, :day)"
)
_UNDO = text("SELECT outcome, redemption FROM desk_undo(:tenant, :write_off, :actor, :reason, :at)")


class Verdict(StrEnum):
    """What a clerk is told first. NOT_OURS is a piece of another tenant and a number that does not
    exist alike."""

    GOOD = "GOOD"
    USED = "USED"
    NOT_YET = "NOT_YET"
    EXPIRED = "EXPIRED"
    NOT_OURS = "NOT_OURS"


@dataclass(frozen=True, slots=True)
class Use:
    """When, where and by whom a piece was used: `write_off_id`, `desk`, `admin_id` and `by` are
    those of a desk's write-off; without a write-off the member used it himself."""

    at: datetime
    write_off_id: int | None
    desk: str | None
    admin_id: uuid.UUID | None
    by: str | None

    @property
    def by_member(self) -> bool:
        return self.write_off_id is None


@dataclass(frozen=True, slots=True)
class FoundPiece:
    """A piece of the clerk's tenant; the member's name and phone are masked, empty
    when unknown."""

    redemption_id: uuid.UUID
    voucher_id: uuid.UUID
    number: str
    seq: int
    title: str
    picture_key: str | None
    use_type: str
    member_name: str
    member_phone: str
    redeemed_at: datetime
    use_start: datetime
    use_end: datetime
    use: Use | None


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a look-up; `piece` is None exactly when the verdict is NOT_OURS."""

    verdict: Verdict
    piece: FoundPiece | None = None


def look_up(actor: Actor, scanned: str) -> Found:
    """What a desk may know of the piece that a QR code or typing names; raises FORBIDDEN.

    Tolerates spaces, dashes, lower case, full-width digits, and an address that ends with the
    number. Changes nothing.
    """
    _need_desk(actor)
    number = read_user_voucher_no(scanned)
    row = session.execute(_piece_of(actor, number)).one_or_none() if number else None
    if row is None:
        return Found(Verdict.NOT_OURS)
    piece = _found(row)
    return Found(_verdict(piece, clock.now()), piece)


def _need_desk(actor: Actor) -> uuid.UUID:
    if actor.role not in _DESK_ROLES or actor.tenant_id is None:
        raise refuse("FORBIDDEN")
    return actor.tenant_id


def _numbered(number: tuple[str, int]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Voucher.voucher_no == number[0], Redemption.seq == number[1]


def _piece_of(actor: Actor, number: tuple[str, int]) -> Any:
    return (
        select(
            Redemption.id,
            Redemption.voucher_id,
            Redemption.seq,
            Redemption.redeemed_at,
            Redemption.used_at,
            Voucher.voucher_no,
            Voucher.title,
            Voucher.thumbnail_key,
            Voucher.use_type,
            Voucher.use_start,
            Voucher.use_end,
            Member.name,
            Member.phone_number,
            WriteOff.id.label("write_off_id"),
            WriteOff.desk,
            WriteOff.admin_id,
            func.coalesce(Admin.name, Admin.account).label("by"),
        )
        .join(Voucher, Voucher.id == Redemption.voucher_id)
        .join(Member, Member.id == Redemption.member_id)
        .outerjoin(
            WriteOff, (WriteOff.redemption_id == Redemption.id) & WriteOff.undone_at.is_(None)
        )
        .outerjoin(Admin, Admin.id == WriteOff.admin_id)
        .where(*_numbered(number), Voucher.tenant_id == actor.tenant_id)
    )


def _found(row: Row[Any]) -> FoundPiece:
    use = None
    if row.used_at:
        use = Use(row.used_at, row.write_off_id, row.desk, row.admin_id, row.by)
    return FoundPiece(
        redemption_id=row.id,
        voucher_id=row.voucher_id,
        number=user_voucher_no(row.voucher_no, row.seq),
        seq=row.seq,
        title=row.title,
        picture_key=row.thumbnail_key,
        use_type=row.use_type,
        member_name=mask_name(row.name),
        member_phone=mask_phone(row.phone_number),
        redeemed_at=row.redeemed_at,
        use_start=row.use_start,
        use_end=row.use_end,
        use=use,
    )


def _verdict(piece: FoundPiece, at: datetime) -> Verdict:
    """In the order in which `desk_write_off` would refuse."""
    if piece.use is not None:
        return Verdict.USED
    if at > piece.use_end:
        return Verdict.EXPIRED
    return Verdict.NOT_YET if at < piece.use_start else Verdict.GOOD


def write_off(
    actor: Actor, piece: uuid.UUID | str, zone: ZoneInfo, key: str | None = None
) -> Receipt:
    """Write a piece off, exactly once, for its id or for what names it as in `look_up`.

    With a `key` the same call again answers the same receipt. Raises FORBIDDEN, then as
    idempotency does, then NOT_EXIST, VOUCHER_USE_HAD_USED, VOUCHER_USE_EXPIRED and
    VOUCHER_USE_NOT_STARTED.
    """
    tenant_id = _need_desk(actor)
    piece_id = _piece_id(actor, piece)
    print_ = idempotency.fingerprint("POST", "desk", str(piece_id).encode())
    if key is not None:
        known = idempotency.recall(actor.key, _checked_key(key), print_)
        if known:
            return receipt(actor, int(known.body))
    write_off_id = _write_off(actor, tenant_id, piece_id, zone)
    if key is not None:
        answer = idempotency.Answer(200, str(write_off_id).encode())
        idempotency.store(actor.key, key, print_, answer)
    return receipt(actor, write_off_id)


def _checked_key(key: str) -> str:
    if not (0 < len(key) <= idempotency.MAX_KEY and key.isascii() and key.isprintable()):
        raise invalid("key", "is not a key", "不是有效的鍵值")
    return key


def _piece_id(actor: Actor, piece: uuid.UUID | str) -> uuid.UUID:
    if isinstance(piece, uuid.UUID):
        return piece
    number = read_user_voucher_no(piece)
    found = (
        session.scalar(
            select(Redemption.id)
            .join(Voucher, Voucher.id == Redemption.voucher_id)
            .where(*_numbered(number), Voucher.tenant_id == actor.tenant_id)
        )
        if number
        else None
    )
    if found is None:
        raise refuse("NOT_EXIST")
    return found


def _write_off(actor: Actor, tenant_id: uuid.UUID, piece_id: uuid.UUID, zone: ZoneInfo) -> int:
    now = clock.now()
    outcome, write_off_id = session.execute(
        _WRITE_OFF,
        {
            "tenant": tenant_id,
            "admin": actor.id,
            "actor": actor.key,
            "piece": piece_id,
            "at": now,
            "day": clock.local_date(now, zone),
        },
    ).one()
    if outcome != "WRITTEN_OFF":
        raise refuse(outcome)
    audit.record(actor, "desk.write_off", "redemption", piece_id, tenant_id, writeOff=write_off_id)
    session.flush()
    return int(write_off_id)


def undo(actor: Actor, write_off_id: int, reason: str) -> Receipt:
    """Take a desk's write-off back, so that the piece can be used again; the record stays.

    For the tenant's admins. Raises FORBIDDEN, INVALID_PARAMETER for a reason that is missing or
    longer than 200 characters and for a write-off undone before, and NOT_EXIST.
    """
    if actor.role is not Role.TENANT_ADMIN or actor.tenant_id is None:
        raise refuse("FORBIDDEN")
    reason = _checked_reason(reason)
    outcome, piece_id = session.execute(
        _UNDO,
        {
            "tenant": actor.tenant_id,
            "write_off": known_id(write_off_id),
            "actor": actor.key,
            "reason": reason,
            "at": clock.now(),
        },
    ).one()
    if outcome == "UNDONE_BEFORE":
        raise invalid("writeOff", "was undone before", "已取消過核銷")
    if outcome != "UNDONE":
        raise refuse(outcome)
    audit.record(actor, "desk.undo", "redemption", piece_id, writeOff=write_off_id, reason=reason)
    session.flush()
    return receipt(actor, write_off_id)


def _checked_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise invalid("reason", "is required", "必填")
    if len(reason) > MAX_REASON:
        raise invalid(
            "reason", f"is longer than {MAX_REASON} characters", f"超過 {MAX_REASON} 個字"
        )
    problem = line_problem(reason)
    if problem is not None:
        raise invalid("reason", *problem)
    return reason
