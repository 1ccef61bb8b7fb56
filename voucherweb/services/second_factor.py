"""Signing in with a one-time code too: enrolled, proved by a first code, switched off.

Recovery codes stand in for a lost generator, each once; only their digests are stored.
"""

import secrets
import uuid
from dataclasses import dataclass
from typing import Final

import pyotp
from sqlalchemy import delete, func, select, update

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.errors import invalid, refuse
from voucherweb.models import Admin, RecoveryCode
from voucherweb.services import audit, tokens
from voucherweb.services.admins import end_sessions, get_admin, lock_own
from voucherweb.services.credentials import matching_steps, plain_code
from voucherweb.services.profile import need_password
from voucherweb.transaction import session

ISSUER: Final = "voucherweb"
CODES: Final = 10
# No two look alike, also in bad handwriting: 27 signs, so that 13 of them are 61.8 bits.
ALPHABET: Final = "23456789ACDEFGHJKMNPQRTVWXY"
LENGTH: Final = 13


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a code generator needs; `uri` is for the QR code, `secret` for typing."""

    secret: str
    uri: str


def begin(actor: Actor) -> Enrolment:
    """A new secret, which counts once `confirm` has seen a code of it. Raises INVALID_PARAMETER
    when the second factor is already on: it is switched off, with the password, first."""
    secret = pyotp.random_base32()
    account = session.scalar(
        update(Admin)
        .where(Admin.id == actor.id, Admin.otp_secret.is_(None))
        .values(otp_pending=secret)
        .returning(Admin.account)
    )
    if account is None:
        raise invalid("otp", "two-factor sign-in is already on", "兩步驟驗證已啟用")
    audit.record(actor, "otp.begin", "admin", actor.id)
    return _enrolment(account, secret)


def pending(actor: Actor) -> Enrolment | None:
    """The enrolment that waits for its first code, to be shown again; None when there is none."""
    row = session.execute(
        select(Admin.account, Admin.otp_pending).where(Admin.id == actor.id)
    ).one_or_none()
    return _enrolment(row[0], row[1]) if row and row[1] else None


def _enrolment(account: str, secret: str) -> Enrolment:
    uri = pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)
    return Enrolment(secret, uri)


def confirm(actor: Actor, code: str) -> list[str]:
    """Switch the second factor on by a code of the new secret; answers ten recovery codes, which
    are shown this once. That code is spent; sessions stay.

    Raises INVALID_PARAMETER naming `code`.
    """
    admin = lock_own(actor)
    if admin.otp_pending is None:
        raise invalid("code", "there is nothing to confirm; begin again", "請重新開始設定")
    steps = matching_steps(admin.otp_pending, plain_code(code))
    if not steps:
        raise invalid("code", "is not the code of this moment", "驗證碼不正確")
    admin.otp_secret, admin.otp_pending = admin.otp_pending, None
    admin.otp_last_step = max(steps)
    audit.record(actor, "otp.on", "admin", admin.id, admin.tenant_id)
    return _new_codes(admin.id)


def renew_recovery_codes(actor: Actor, password: str) -> list[str]:
    """Ten new recovery codes; the old ones work no more. Raises INVALID_PARAMETER naming
    `password` when it is wrong, `otp` when the second factor is off."""
    admin = lock_own(actor)
    need_password(admin, password)
    _need_on(admin)
    audit.record(actor, "otp.renew_codes", "admin", admin.id, admin.tenant_id)
    return _new_codes(admin.id)


def switch_off(actor: Actor, password: str) -> None:
    """Sign in by password alone from now on; raises as `renew_recovery_codes`."""
    admin = lock_own(actor)
    need_password(admin, password)
    _need_on(admin)
    _clear(admin)
    audit.record(actor, "otp.off", "admin", admin.id, admin.tenant_id)
    session.flush()


def remove(actor: Actor, admin_id: uuid.UUID | None) -> None:
    """For somebody who lost the generator and the recovery codes: switch the second factor off
    and end all sessions. Platform admins only, and not for themselves.

    Raises FORBIDDEN, NOT_EXIST, and INVALID_PARAMETER when it is off.
    """
    if not actor.is_platform or admin_id == actor.id:
        raise refuse("FORBIDDEN")
    admin = get_admin(actor, admin_id, lock=True)
    _need_on(admin)
    _clear(admin)
    end_sessions(admin.id)
    audit.record(actor, "otp.remove", "admin", admin.id, admin.tenant_id)
    session.flush()


def is_on(actor: Actor) -> bool:
    """Whether the actor's sign-in asks for a code."""
    return bool(session.scalar(select(Admin.otp_secret.is_not(None)).where(Admin.id == actor.id)))


def codes_left(actor: Actor) -> int:
    """How many recovery codes still work."""
    left = select(func.count()).where(
        RecoveryCode.admin_id == actor.id, RecoveryCode.used_at.is_(None)
    )
    return session.scalar(left) or 0


def _need_on(admin: Admin) -> None:
    if admin.otp_secret is None:
        raise invalid("otp", "two-factor sign-in is off", "兩步驟驗證未啟用")


def _clear(admin: Admin) -> None:
    admin.otp_secret = admin.otp_pending = admin.otp_last_step = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.admin_id == admin.id))


def _new_codes(admin_id: uuid.UUID) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.admin_id == admin_id))
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(CODES)]
    now = clock.now()
    session.add_all(
        RecoveryCode(code_hash=tokens.digest(code), admin_id=admin_id, created_at=now)
        for code in codes
    )
    session.flush()
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]
