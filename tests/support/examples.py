"""A tenant with one of everything that an address of the admin site can name."""

import uuid
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import select, text

from tests.support import add_ons, calls, campaigns, cast, coupons, desks, sheets
from voucherweb.config import Settings
from voucherweb.models import AuthSession, Member, QuotaPurchase, Vendor
from voucherweb.services import coupon_gifts, desk
from voucherweb.transaction import session, unit_of_work

UNWATCHED = {"auth_sessions", "admins", "alembic_version"}
"""Tables that a visit itself may write: who was seen when."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Values for the variable parts of addresses, by name; `unknown` are well-formed and
    nobody's."""

    tenant_id: str
    ids: dict[str, str]
    unknown: dict[str, str]


NAMES = (
    *("tenant_id", "vendor_id", "purchase_id", "voucher_id", "member_id", "admin_id"),
    *("session_id", "job_id", "row", "write_off_id", "extension", "call_id"),
    *("campaign_id", "card_id", "card_no", "transaction_id"),
    *("key_id", "add_on_id", "since", "branch_id", "coupon_set_id", "gift_id"),
)


def make_examples(app: Flask, settings: Settings) -> Examples:
    """A funded tenant with an admin, a draft, a piece that its desk wrote off, an import with
    refused rows, and a member."""
    tenant_id = cast.make_tenant("例子醫院")
    cast.fund(tenant_id)
    admin = cast.make_admin(app.test_client(), settings, tenant_id)
    ids = {
        "tenant_id": tenant_id,
        "admin_id": admin.id,
        "voucher_id": cast.issue(admin, on=False),
        "write_off_id": _written_off(app, settings, admin),
        "job_id": str(sheets.ended_import(tenant_id)[0]),
        "row": "4",
        "extension": "csv",
        "call_id": str(calls.log_call(tenant_id, calls.make_key(tenant_id))),
        **_moved_card(tenant_id),
        "key_id": str(add_ons.issue_key(tenant_id, sandbox=True).id),
        "add_on_id": add_ons.register(tenant_id),
        "since": "0",
        "branch_id": str(coupons.branch(tenant_id)),
        **_given_coupon(tenant_id),
    }
    with unit_of_work():
        vendor = session.scalars(
            select(Vendor.id).where(Vendor.tenant_id == uuid.UUID(tenant_id))
        ).one()
        ids["vendor_id"] = str(vendor)
        purchase = select(QuotaPurchase.id).where(QuotaPurchase.vendor_id == vendor)
        ids["purchase_id"] = str(session.scalars(purchase).one())
        ids["member_id"] = str(session.scalars(select(Member.id)).first())
        mine = select(AuthSession.id).where(AuthSession.admin_id == uuid.UUID(admin.id))
        ids["session_id"] = str(session.scalars(mine).one())
    unknown = {name: _like(value) for name, value in ids.items()}
    return Examples(tenant_id, ids, unknown | {"extension": "csv", "row": "4"})


def _given_coupon(tenant_id: str) -> dict[str, str]:
    """A coupon set of which a member holds one."""
    set_id = coupons.auto_set(tenant_id)
    member_id = coupons.member_of(tenant_id)
    (given,) = coupon_gifts.give(coupons.execute(), coupons.caller(tenant_id), member_id, set_id)
    return {"coupon_set_id": str(set_id), "gift_id": str(given.id)}


def _moved_card(tenant_id: str) -> dict[str, str]:
    """A card of a campaign, with points that may be taken back."""
    card = campaigns.make_card(tenant_id)
    return {
        "campaign_id": str(card.campaign_id),
        "card_id": str(card.id),
        "card_no": card.card_no,
        "transaction_id": str(campaigns.add(tenant_id, card, 50)),
    }


def _like(value: str) -> str:
    return "999999" if value.isdecimal() else str(uuid.uuid4())


def _written_off(app: Flask, settings: Settings, admin: cast.Caller) -> str:
    piece, _ = desks.new_piece(app.test_client(), settings, admin)
    clerk = desks.make_clerk(admin.tenant_id)
    with unit_of_work():
        return str(desk.write_off(clerk, piece, settings.timezone).id)


def fingerprint() -> dict[str, Any]:
    """What stands in every table, in one value each."""
    with unit_of_work():
        tables = session.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        ).all()
        rows = "md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
        return {
            table: session.scalar(text(f"SELECT {rows} FROM {table} t"))
            for table in tables
            if table not in UNWATCHED
        }
