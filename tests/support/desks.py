"""Clerks, and pieces to bring to their desks."""

import itertools
import uuid

from flask.testing import FlaskClient

from tests.support.books import member_id
from tests.support.cast import Caller, issue, make_member
from voucherweb.config import Settings
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.models import Admin
from voucherweb.transaction import session, unit_of_work

_serial = itertools.count(1)


def actor_of(caller: Caller) -> Actor:
    """The admin of the cast as services know him."""
    tenant = uuid.UUID(caller.tenant_id) if caller.tenant_id else None
    role = Role.TENANT_ADMIN if tenant else Role.PLATFORM_ADMIN
    return Actor(role, uuid.UUID(caller.id), tenant)


def member_actor(member: Caller) -> Actor:
    return Actor(Role.MEMBER, member_id(member.id), None, household_id=member.id)


def make_clerk(tenant_id: str | None, name: str | None = "林小姐", desk: str = "一樓櫃台") -> Actor:
    with unit_of_work():
        clerk = Admin(
            role=Role.CLERK,
            tenant_id=uuid.UUID(tenant_id or ""),
            account=f"clerk{next(_serial)}@example.test",
            name=name,
            password_hash="unusable",
            desk=desk,
        )
        session.add(clerk)
        session.flush()
        return Actor(Role.CLERK, clerk.id, clerk.tenant_id)


def take_piece(member: Caller, voucher_id: str) -> tuple[uuid.UUID, str]:
    """The id and the number of a piece that the member takes for points."""
    piece = member.data("/voucher/redeem", {"voucherId": voucher_id})
    return uuid.UUID(piece["id"]), piece["userVoucherNo"]


def new_piece(client: FlaskClient, settings: Settings, admin: Caller) -> tuple[uuid.UUID, str]:
    """A piece of a new voucher in the hands of a new member."""
    return take_piece(make_member(client, settings), issue(admin))
