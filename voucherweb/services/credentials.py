"""Passwords and one-time codes: what an admin shows to be let in (behaviour §2)."""

import unicodedata
import uuid
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pyotp import TOTP
from sqlalchemy import select, update

from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.errors import refuse
from voucherweb.models import Admin, RecoveryCode
from voucherweb.services import tokens
from voucherweb.transaction import session

OTP_STEP_SECONDS: Final = 30

_hasher = PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)
_NOBODY = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def password_matches(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def check_credentials(settings: Settings, account: str, password: str, otp: str | None) -> Admin:
    """The admin of this account, password and code; `otp` may be a recovery code, which is spent.

    Raises UNAUTHORIZED, or OTP_REQUIRED when only the code is missing. An unknown account costs
    the same time as a wrong password.
    """
    admin = _find(account.strip().lower())
    matches = password_matches(admin.password_hash if admin else _NOBODY, password)
    if admin is None or not matches or admin.disabled_at is not None:
        raise refuse("UNAUTHORIZED")
    if admin.demo and settings.production:
        # Its password is in the README; the check at start cannot see a database that is away.
        raise refuse("UNAUTHORIZED")
    _need_still_valid(admin)
    if admin.otp_secret:
        _check_otp(admin.id, admin.otp_secret, otp)
    return admin


def _need_still_valid(admin: Admin) -> None:
    """Checking a password takes a while: one that was replaced meanwhile opens nothing, and
    whoever replaces it from here on waits for the session that this sign-in begins, and ends it.
    Who shows a code too will write to the row: two of them must not both hold it shared."""
    query = (
        select(Admin.id)
        .where(Admin.id == admin.id, Admin.password_hash == admin.password_hash)
        .where(Admin.otp_secret.is_not_distinct_from(admin.otp_secret))
        .where(Admin.disabled_at.is_(None))
    )
    alone = admin.otp_secret is not None
    if session.scalar(query.with_for_update(read=not alone, key_share=alone)) is None:
        raise refuse("UNAUTHORIZED")


def _find(account: str) -> Admin | None:
    """Accounts have ASCII letters only; other text, which may not be storable, is nobody's."""
    if not (account.isascii() and account.isprintable()):
        return None
    return session.scalar(select(Admin).where(Admin.account == account))


def _check_otp(admin_id: uuid.UUID, secret: str, otp: str | None) -> None:
    if not otp or not otp.strip():
        raise refuse("OTP_REQUIRED")
    code = plain_code(otp)
    if not (_take_step(admin_id, secret, code) or _take_recovery_code(admin_id, code)):
        raise refuse("UNAUTHORIZED")


def plain_code(typed: str) -> str:
    """A typed code as it is stored: full-width signs made plain, no spaces, no dashes, capitals;
    empty when no code can be meant."""
    text = unicodedata.normalize("NFKC", typed).upper()
    code = "".join(sign for sign in text if not sign.isspace() and sign != "-")
    return code if code.isascii() and code.isalnum() else ""


def matching_steps(secret: str, code: str) -> list[int]:
    """The time steps around now whose code this is."""
    step = int(clock.now().timestamp()) // OTP_STEP_SECONDS
    totp = TOTP(secret)
    near = (step, step - 1, step + 1)
    return [one for one in near if totp.verify(code, for_time=one * OTP_STEP_SECONDS)]


def _take_step(admin_id: uuid.UUID, secret: str, code: str) -> bool:
    """A code is good once: its time step is stored, and an older or equal one is refused."""
    for step in matching_steps(secret, code):
        taken = session.scalar(
            update(Admin)
            .where(Admin.id == admin_id, Admin.otp_secret == secret)
            .where((Admin.otp_last_step.is_(None)) | (Admin.otp_last_step < step))
            .values(otp_last_step=step)
            .returning(Admin.id)
        )
        if taken:
            return True
    return False


def _take_recovery_code(admin_id: uuid.UUID, code: str) -> bool:
    """Of two who show the same code the row lets one through."""
    taken = session.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.code_hash == tokens.digest(code),
            RecoveryCode.admin_id == admin_id,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
        .returning(RecoveryCode.admin_id)
    )
    return taken is not None
