"""What admins change about their own account: password, language, appearance."""

from typing import Final

from voucherweb.domain.actor import Actor
from voucherweb.errors import invalid
from voucherweb.models import Admin
from voucherweb.services import audit
from voucherweb.services.admins import end_sessions, lock_own, set_password
from voucherweb.services.credentials import password_matches
from voucherweb.transaction import session

LANGUAGES: Final = ("zh-TW", "en")
APPEARANCES: Final = ("light", "dark")


def change_password(actor: Actor, old: str, new: str) -> None:
    """Another password for oneself; all other sessions end, open links are void.

    Raises INVALID_PARAMETER naming `old` for a wrong old password, `password` for a weak new one.
    """
    admin = lock_own(actor)
    need_password(admin, old, "old")
    set_password(admin, new)
    end_sessions(admin.id, but=actor.session_id)
    audit.record(actor, "admin.password", "admin", admin.id, admin.tenant_id)
    session.flush()


def need_password(admin: Admin, password: str, field: str = "password") -> None:
    """Raises INVALID_PARAMETER naming the field when this is not the admin's password."""
    if not password_matches(admin.password_hash, password):
        raise invalid(field, "is not your password", "密碼不正確")


def set_language(actor: Actor, language: str | None) -> None:
    """`zh-TW` or `en`; None is what the browser asks for. Raises INVALID_PARAMETER."""
    if language is not None and language not in LANGUAGES:
        raise invalid("language", "must be zh-TW or en", "須為 zh-TW 或 en")
    admin = lock_own(actor)
    if admin.language != language:
        admin.language = language
        audit.record(actor, "admin.language", "admin", admin.id, admin.tenant_id, after=language)
    session.flush()


def set_appearance(actor: Actor, appearance: str | None) -> None:
    """`light` or `dark`; None is what the browser asks for. Raises INVALID_PARAMETER."""
    if appearance is not None and appearance not in APPEARANCES:
        raise invalid("appearance", "must be light or dark", "須為 light 或 dark")
    admin = lock_own(actor)
    if admin.appearance != appearance:
        data = {"after": appearance}
        admin.appearance = appearance
        audit.record(actor, "admin.appearance", "admin", admin.id, admin.tenant_id, **data)
    session.flush()
