"""The application with three more calls, mounted by the bench alone: what the same stack costs
without any work, and what redeeming costs in the usual ORM style.

    POST /voucher/noop         token and JSON body checked, nothing else
    POST /v2/connect/noop      connect token, rate and JSON body checked, nothing else
    POST /voucher/redeem-orm   lock the voucher, count, check, update, insert: one statement each
"""

import gc
import uuid
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from voucherweb.api.endpoint import MEMBER, endpoint, settings
from voucherweb.api.member.blueprint import blueprint
from voucherweb.api.parsing import Body
from voucherweb.api.partner.call import Asked, call
from voucherweb.api.partner.shapes import PartnerBody, PartnerData
from voucherweb.application import create_app as create_real_app
from voucherweb.config import load_settings
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.partner import Scope
from voucherweb.models import (
    PLATFORM_PROGRAMME,
    Card,
    Member,
    PointsEntry,
    Redemption,
    Voucher,
    VoucherCell,
    VoucherDay,
)
from voucherweb.transaction import session


class BenchBody(Body):
    voucher_id: str


class PartnerBenchBody(PartnerBody):
    code: str


class PartnerBenchData(PartnerData):
    message: str
    code: str


def register() -> None:
    """Declare the calls; they stay out of the application that others run."""

    @endpoint(blueprint, "POST", "/noop", roles=MEMBER, body=BenchBody, own_transaction=True)
    def noop(actor: Actor, body: BenchBody) -> dict[str, Any]:
        now = clock.to_millis(clock.now())
        return {
            "id": str(actor.id),
            "householdMemberId": actor.household_id,
            "voucherId": body.voucher_id,
            "seq": 1,
            "userVoucherNo": "M0000101202202220010000" + "1",
            "redeemTime": now,
            "redeemPoints": 150,
            "status": "VALID",
            "createTime": now,
            "updateTime": now,
        }

    @call(
        "POST",
        "/v2/connect/noop",
        scope=Scope.POINTS_WRITE,
        body=PartnerBenchBody,
        data=PartnerBenchData,
        write=True,
    )
    def partner_noop(asked: Asked) -> PartnerBenchData:
        return PartnerBenchData(message="done", code=asked.body.code)

    @endpoint(blueprint, "POST", "/redeem-orm", roles=MEMBER, body=BenchBody, write=True)
    def redeem_orm(actor: Actor, body: BenchBody) -> dict[str, Any]:
        return _redeem_by_orm(actor, uuid.UUID(body.voucher_id))


def _redeem_by_orm(actor: Actor, voucher_id: uuid.UUID) -> dict[str, Any]:
    """Correct, and slow on a hot voucher: its lock is held over every round trip that follows."""
    voucher = session.get_one(Voucher, voucher_id, with_for_update=True)
    member = session.get_one(Member, actor.id)
    own = (Card.member_id == member.id) & (Card.programme_id == PLATFORM_PROGRAMME)
    card = session.scalars(select(Card).where(own).with_for_update()).one()
    had = session.scalar(
        select(func.count())
        .select_from(Redemption)
        .where(Redemption.voucher_id == voucher.id, Redemption.member_id == member.id)
    )
    if voucher.redeemed >= voucher.volume or card.balance < voucher.redeem_points or had is None:
        raise RuntimeError("the bench sized its stock or its points too small")
    now = clock.now()
    voucher.redeemed += 1
    card.balance -= voucher.redeem_points
    card.entry_count += 1
    day = clock.local_date(now, settings().timezone)
    level = session.scalar(select(func.age_level(member.birthdate, day)))
    piece = Redemption(
        voucher_id=voucher.id,
        member_id=member.id,
        seq=voucher.redeemed,
        points=voucher.redeem_points,
        gender=member.gender,
        age_level=level,
        redeemed_at=now,
    )
    session.add(piece)
    session.flush()
    session.add(
        PointsEntry(
            card_id=card.id,
            seq=card.entry_count,
            kind="REDEEM",
            debit="CARD",
            credit="VOUCHER",
            points=voucher.redeem_points,
            balance_after=card.balance,
            redemption_id=piece.id,
            actor=actor.key,
            created_at=now,
        )
    )
    cell = session.get(VoucherCell, (voucher.id, member.gender, level), with_for_update=True)
    if cell is None:
        cell = VoucherCell(voucher_id=voucher.id, gender=member.gender, age_level=level, redeemed=0)
        session.add(cell)
    cell.redeemed += 1
    today = session.get(VoucherDay, (voucher.id, day), with_for_update=True)
    if today is None:
        today = VoucherDay(voucher_id=voucher.id, day=day, redeemed=0)
        session.add(today)
    today.redeemed += 1
    session.flush()
    return {"id": str(piece.id), "seq": piece.seq}


def create_app() -> Flask:
    register()
    app = create_real_app(load_settings())
    gc.collect()  # As app.py does: else a full collection holds up one answer in some hundreds.
    gc.freeze()
    return app
