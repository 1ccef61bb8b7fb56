"""What a platform admin may change while the system runs: the notice on every page, whom to ask
for help, and how long sessions and links last. What nobody has changed has its default."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.domain.people import Unreadable
from voucherweb.domain.texts import line_problem
from voucherweb.errors import Detail, refuse
from voucherweb.models import SiteSetting
from voucherweb.services import audit
from voucherweb.transaction import after_commit, session

CACHE_SECONDS: Final = 5.0
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """The settings as they are now; an empty text is none."""

    notice_zh: str = ""
    notice_en: str = ""
    support_contact: str = ""
    session_idle_minutes: int = 720
    invite_hours: int = 168
    reset_hours: int = 24
    require_second_factor: bool = False


def _text(most: int) -> Callable[[str], str]:
    def read(typed: str) -> str:
        if len(typed) > most:
            raise Unreadable(f"is longer than {most} characters", f"超過 {most} 個字")
        problem = line_problem(typed)
        if problem is not None:
            raise Unreadable(*problem)
        return typed

    return read


def _number(low: int, high: int) -> Callable[[str], int]:
    def read(typed: str) -> int:
        if not (typed.isascii() and typed.isdecimal() and len(typed) < 10):
            raise Unreadable("must be a whole number", "須為整數")
        if not low <= int(typed) <= high:
            raise Unreadable(f"must be from {low} to {high}", f"須介於 {low} 與 {high} 之間")
        return int(typed)

    return read


def _flag(typed: str) -> bool:
    if typed.lower() not in {"0", "1", "true", "false"}:
        raise Unreadable("must be 1 or 0", "須為 1 或 0")
    return typed.lower() in {"1", "true"}


_READERS: Final[dict[str, Callable[[str], str | int | bool]]] = {
    "notice_zh": _text(300),
    "notice_en": _text(300),
    "support_contact": _text(200),
    "session_idle_minutes": _number(15, 1440),
    "invite_hours": _number(1, 720),
    "reset_hours": _number(1, 72),
    "require_second_factor": _flag,
}

_cached: tuple[float, SiteSettings] | None = None


def read() -> SiteSettings:
    """The settings, up to 5 seconds old: every page asks for them."""
    global _cached  # noqa: PLW0603 - one copy for the whole process is the point.
    known = _cached
    if known is None or known[0] <= time.monotonic():
        known = _cached = (time.monotonic() + CACHE_SECONDS, _stored())
    return known[1]


def forget() -> None:
    """Ask the database at the next read."""
    global _cached  # noqa: PLW0603
    _cached = None


def _stored() -> SiteSettings:
    rows = session.execute(select(SiteSetting.name, SiteSetting.value)).all()
    values: dict[str, Any] = {}
    for name, text in rows:
        try:
            values[name] = _READERS[name](text)
        except (KeyError, Unreadable):
            # Written by another release or by hand; the default is better than no page at all.
            log.warning("site_setting_unreadable", name=name)
    return SiteSettings(**values)


def change(actor: Actor, values: Mapping[str, object]) -> SiteSettings:
    """Store the settings that are given; the others stay. Platform admins only.

    Values may be texts as typed, numbers and booleans. Raises FORBIDDEN, and INVALID_PARAMETER
    naming every field that cannot be; then nothing was changed.
    """
    if not actor.is_platform:
        raise refuse("FORBIDDEN")
    wanted = _checked(values)
    before = asdict(_stored())
    changed = {name: value for name, value in wanted.items() if value != before[name]}
    for name in sorted(changed):
        _store(actor, name, changed[name])
    if changed:
        audit.record(
            actor,
            "settings.change",
            "settings",
            "site",
            before={name: before[name] for name in changed},
            after=changed,
        )
        after_commit(forget)
    session.flush()
    return SiteSettings(**{**before, **wanted})


def _checked(values: Mapping[str, object]) -> dict[str, str | int | bool]:
    wanted: dict[str, str | int | bool] = {}
    problems = []
    for name, value in values.items():
        try:
            wanted[name] = _reader(name)(str(value).strip())
        except Unreadable as error:
            problems.append(Detail(name, *error.problem))
    if problems:
        raise refuse("INVALID_PARAMETER", problems)
    return wanted


def _reader(name: str) -> Callable[[str], str | int | bool]:
    if name not in _READERS:
        raise Unreadable("there is no such setting", "沒有此設定")
    return _READERS[name]


def _store(actor: Actor, name: str, value: str | int | bool) -> None:
    row = {"value": str(value), "updated_at": clock.now(), "updated_by": actor.key}
    session.execute(
        insert(SiteSetting)
        .values(name=name, **row)
        .on_conflict_do_update(index_elements=["name"], set_=row)
    )


def demands_second_factor(role: Role) -> bool:
    """Whether somebody of this role may do nothing without a second factor."""
    return role is Role.PLATFORM_ADMIN and read().require_second_factor
