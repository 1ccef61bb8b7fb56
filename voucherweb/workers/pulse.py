"""The sign of life of a running job, and the ear for its cancellation."""

import threading
from types import TracebackType
from typing import Final, Self

import structlog
from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from voucherweb.services import jobs
from voucherweb.services.jobs import Attempt, Superseded
from voucherweb.transaction import unit_of_work

SECONDS: Final = 0.5
log = structlog.get_logger(__name__)


class Pulse:
    """Beats while the block lasts, from a thread: parsing may be silent for seconds."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._app = current_app._get_current_object()  # type: ignore[attr-defined]
        self._percent = 0
        self._superseded = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def progress(self, percent: int) -> None:
        """Note how far the job is; raises `Superseded` once the attempt no longer counts."""
        self._percent = percent
        if self._superseded.is_set():
            raise Superseded

    def _beat(self) -> None:
        with self._app.app_context():
            while not self._over.wait(SECONDS):
                try:
                    with unit_of_work():
                        alive = jobs.beat(self._attempt, self._percent)
                except SQLAlchemyError:
                    # Without beats the job counts as lost and is tried again: all that can be done.
                    log.exception("beat_failed")
                    continue
                if not alive:
                    self._superseded.set()
                    return
