"""The only place that commits: one unit of work per request, job or command.

Services flush; a raised exception rolls everything back. What must happen outside the database
(queueing, mail, deleting a file) is registered with `after_commit` and runs only once the commit
has been acknowledged.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session, scoped_session

from voucherweb.extensions import db

session = cast("scoped_session[Session]", db.session)
_HOOKS = "after_commit_hooks"
log = structlog.get_logger(__name__)


def after_commit(hook: Callable[[], object]) -> None:
    """Run `hook` after the current unit of work has committed; dropped on roll-back."""
    session().info.setdefault(_HOOKS, []).append(hook)


@contextmanager
def unit_of_work(*, snapshot: bool = False) -> Iterator[None]:
    """Commit at the end, roll back on any exception. `snapshot` reads everything as of one
    moment (REPEATABLE READ, read only): for answers whose numbers must agree."""
    if snapshot:
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    try:
        yield
        hooks = session().info.pop(_HOOKS, [])
        session.commit()
    except BaseException:
        session().info.pop(_HOOKS, None)
        session.rollback()
        raise
    finally:
        session.remove()
    for hook in hooks:
        _run(hook)


def _run(hook: Callable[[], object]) -> None:
    """The effect is committed: a hook that fails is reported, and the job table or the clean-up
    catches up; it must not turn a success into an error answer."""
    try:
        hook()
    except Exception:
        log.exception("after_commit_failed", hook=getattr(hook, "__qualname__", repr(hook)))


def lock_key(kind: str, key: uuid.UUID | str) -> None:
    """Serialise units of work on a named thing until the end of this one (advisory lock)."""
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 11))"),
        {"name": f"{kind}:{key}"},
    )
