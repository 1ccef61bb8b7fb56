"""One box that finds vouchers, members' pieces, tenants and members, each as the caller may."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, func, or_, select

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.domain.numbering import user_voucher_no
from voucherweb.domain.scanning import plain, read_user_voucher_no, typed_words
from voucherweb.domain.voucher_rules import Phase
from voucherweb.errors import refuse
from voucherweb.models import Member, Redemption, Tenant, Vendor, Voucher
from voucherweb.services.masking import mask_name
from voucherweb.services.member_search import by_id_or_phone
from voucherweb.services.search import contains
from voucherweb.services.tenants import real_members, real_tenants
from voucherweb.services.voucher_counts import phase_at
from voucherweb.transaction import session

MOST: Final = 50


@dataclass(frozen=True, slots=True)
class VoucherHit:
    id: uuid.UUID
    voucher_no: str
    title: str
    phase: Phase
    tenant_id: uuid.UUID
    tenant_name: str


@dataclass(frozen=True, slots=True)
class PieceHit:
    """A member's piece, found by its whole number; the member's name is masked."""

    id: uuid.UUID
    number: str
    seq: int
    voucher_id: uuid.UUID
    voucher_title: str
    tenant_id: uuid.UUID
    member_name: str
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class TenantHit:
    """A tenant, with the number of its vendor when it has one."""

    id: uuid.UUID
    name: str
    code: str
    vendor_no: str | None


@dataclass(frozen=True, slots=True)
class MemberHit:
    id: uuid.UUID
    household_member_id: str
    name: str | None
    phone_number: str | None


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found, by kind; what the caller may not look for is empty."""

    vouchers: list[VoucherHit] = field(default_factory=list)
    pieces: list[PieceHit] = field(default_factory=list)
    tenants: list[TenantHit] = field(default_factory=list)
    members: list[MemberHit] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        return not (self.vouchers or self.pieces or self.tenants or self.members)


def find(actor: Actor, typed: str, limit: int = 8) -> Findings:
    """Up to `limit` (at most 50) of each kind.

    A clerk finds the own tenant's pieces, a tenant's admin its vouchers too; the platform finds
    them all, and tenants, vendors and members. Raises FORBIDDEN for a member.
    """
    if actor.role is Role.MEMBER:
        raise refuse("FORBIDDEN")
    words, most = typed_words(typed), max(1, min(limit, MOST))
    if not words:
        return Findings()
    if actor.role is Role.CLERK:
        return Findings(pieces=_pieces(actor, typed))
    found = Findings(_vouchers(actor, words, most), _pieces(actor, typed))
    if not actor.is_platform:
        return found
    return Findings(found.vouchers, found.pieces, _tenants(words, most), _members(words, most))


def _own(actor: Actor) -> list[ColumnElement[bool]]:
    return [] if actor.is_platform else [Voucher.tenant_id == actor.tenant_id]


def _vouchers(actor: Actor, words: str, most: int) -> list[VoucherHit]:
    """By the beginning of the number or a part of the title, the latest changed first."""
    number = plain(words)
    query = (
        select(
            Voucher.id,
            Voucher.voucher_no,
            Voucher.title,
            phase_at(clock.now()),
            Voucher.tenant_id,
            Tenant.name,
        )
        .join(Tenant, Tenant.id == Voucher.tenant_id)
        .where(
            Voucher.deleted_at.is_(None),
            or_(
                contains(Voucher.title, words),
                Voucher.voucher_no.startswith(number, autoescape=True),
            )
            if number
            else contains(Voucher.title, words),
            *_own(actor),
        )
        .order_by(Voucher.updated_at.desc(), Voucher.id)
        .limit(most)
    )
    return [
        VoucherHit(row[0], row[1], row[2], Phase(row[3]), row[4], row[5])
        for row in session.execute(query)
    ]


def _pieces(actor: Actor, typed: str) -> list[PieceHit]:
    """The one piece of that number, if there is one that the caller may see."""
    number = read_user_voucher_no(typed)
    if number is None:
        return []
    query = (
        select(
            Redemption.id,
            Redemption.seq,
            Redemption.voucher_id,
            Voucher.title,
            Voucher.tenant_id,
            Member.name,
            Redemption.used_at,
        )
        .join(Voucher, Voucher.id == Redemption.voucher_id)
        .join(Member, Member.id == Redemption.member_id)
        .where(Voucher.voucher_no == number[0], Redemption.seq == number[1], *_own(actor))
    )
    return [
        PieceHit(
            id=id_,
            number=user_voucher_no(number[0], seq),
            seq=seq,
            voucher_id=voucher_id,
            voucher_title=title,
            tenant_id=tenant_id,
            member_name=mask_name(name),
            used_at=used_at,
        )
        for id_, seq, voucher_id, title, tenant_id, name, used_at in session.execute(query)
    ]


def _tenants(words: str, most: int) -> list[TenantHit]:
    """By a part of the name, the code, or the vendor's number."""
    query = (
        select(Tenant.id, Tenant.name, Tenant.code, Vendor.vendor_no)
        .outerjoin(Vendor, Vendor.tenant_id == Tenant.id)
        .where(
            real_tenants(),
            or_(
                contains(Tenant.name, words),
                _same(Tenant.code, words),
                _same(Vendor.vendor_no, words),
            ),
        )
        .order_by(Tenant.name, Tenant.id)
        .limit(most)
    )
    return [TenantHit(*row) for row in session.execute(query)]


def _same(column: SQLColumnExpression[str], words: str) -> ColumnElement[bool]:
    return func.lower(column) == words.lower()


def _members(words: str, most: int) -> list[MemberHit]:
    """By either id or the beginning of the phone number, each through its index."""
    query: Select[uuid.UUID, str, str | None, str | None] = (
        select(Member.id, Member.household_member_id, Member.name, Member.phone_number)
        .where(or_(*by_id_or_phone(words)), real_members())
        .order_by(Member.created_at.desc(), Member.id)
        .limit(most)
    )
    return [MemberHit(*row) for row in session.execute(query)]
