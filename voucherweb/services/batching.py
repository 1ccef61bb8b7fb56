"""Gathers what callers ask at the same time into batches: one statement, one commit for many.

A batch is what queued while the last one was in flight, so batches grow by themselves in a rush
and nobody waits for company. Each process has one flusher thread and one connection; a caller
that finds nothing in flight does its own work, without a change of threads.

A batch needs the rows of all its requests, and somebody may hold one of them for long. Work then
gives up soon, having changed nothing: those whose rows are held are put off, the others are done,
and while anybody is put off, batches are looked through before they are begun.
"""

import threading
import time
from collections import deque
from collections.abc import Hashable, Sequence
from typing import Generic, Protocol, TypeVar, cast

import structlog

from voucherweb.errors import Refusal, refuse
from voucherweb.services.autocommit import Busy, Unavailable

log = structlog.get_logger(__name__)

Request = TypeVar("Request")
Answer = TypeVar("Answer")
Asked_contra = TypeVar("Asked_contra", contravariant=True)
Given_co = TypeVar("Given_co", covariant=True)

MAX_BATCH = 64
MAX_QUEUE = 512
WAIT_SECONDS = 8.0
LOCK_SECONDS = 3.0
"""How long a request is tried again and again while its row is held."""
PAUSE_SECONDS = 0.05


class Work(Protocol[Asked_contra, Given_co]):
    """What a batcher does. Never called by two threads at once.

    `Busy` means that a row was held for too long, and that nothing was changed: the request is
    tried again. Any other `Refusal` raised by `many` is the answer to each of its requests, whose
    outcome may be unknown. Any other error means that nothing of the batch was kept, so that each
    request may be done alone.
    """

    def one(self, request: Asked_contra, /) -> Given_co: ...

    def many(self, requests: Sequence[Asked_contra], /) -> Sequence[Given_co]: ...

    def free(self, requests: Sequence[Asked_contra], /) -> Sequence[bool]:
        """Of each request, whether nobody holds its rows now. Waits for nothing."""
        ...

    def close(self) -> None: ...


class _Ticket(Generic[Request, Answer]):
    """One caller's request, and where its answer appears."""

    __slots__ = ("_done", "answer", "error", "given_up", "lane", "once", "request", "until")

    def __init__(self, request: Request, lane: Hashable, once: Hashable | None) -> None:
        self.request = request
        self.lane = lane
        self.once = once
        self.until: float | None = None
        """Since its first try: when no other one is begun."""
        self.given_up = False
        self.answer: Answer | None = None
        self.error: BaseException | None = None
        # A bare lock is the cheapest thing that a thread can wait for with a limit.
        self._done = threading.Lock()
        self._done.acquire()

    def settle(self, answer: Answer | None, error: BaseException | None) -> None:
        self.answer, self.error = answer, error
        self._done.release()

    def wait(self, seconds: float) -> bool:
        return self._done.acquire(timeout=seconds)


class Batcher(Generic[Request, Answer]):
    """Answers requests one by one or in batches; safe between threads."""

    def __init__(
        self,
        work: Work[Request, Answer],
        *,
        max_batch: int = MAX_BATCH,
        max_queue: int = MAX_QUEUE,
        wait_seconds: float = WAIT_SECONDS,
        lock_seconds: float = LOCK_SECONDS,
    ) -> None:
        self._work = work
        self._max_batch = max_batch
        self._max_queue = max_queue
        self._wait_seconds = wait_seconds
        self._lock_seconds = lock_seconds
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._queue: deque[_Ticket[Request, Answer]] = deque()
        self._in_hand: set[Hashable] = set()
        self._busy = False
        self._closing = False
        self._flusher: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """Requests that queue behind the work in flight."""
        return len(self._queue)

    @property
    def closing(self) -> bool:
        return self._closing

    def submit(self, request: Request, *, lane: Hashable, once: Hashable | None = None) -> Answer:
        """The answer to a request. No batch holds two requests of one `lane`; the second waits
        for the next batch.

        Raises what the work raises, `Busy` when its row was held all the time;
        IDEMPOTENCY_IN_PROGRESS at once while a request of the same `once` is in hand; UNAVAILABLE
        when the queue is full, when this process ends, or when there is no answer in time: then
        the outcome is unknown.
        """
        with self._lock:
            if once is not None and once in self._in_hand:
                raise refuse("IDEMPOTENCY_IN_PROGRESS", retry_after=1)
            if self._closing or len(self._queue) >= self._max_queue:
                raise Unavailable
            if once is not None:
                self._in_hand.add(once)
            ticket: _Ticket[Request, Answer] = _Ticket(request, lane, once)
            direct = not (self._busy or self._queue)
            if direct:
                self._busy = True
            else:
                self._enqueue(ticket)
        if direct:
            self._directly(ticket)
        return self._await(ticket)

    def _enqueue(self, ticket: _Ticket[Request, Answer]) -> None:
        self._queue.append(ticket)
        if self._flusher is None or not self._flusher.is_alive():
            self._flusher = threading.Thread(target=self._flush, name="batcher", daemon=True)
            self._flusher.start()

    def _directly(self, ticket: _Ticket[Request, Answer]) -> None:
        try:
            self._try([ticket])
            self._alone(ticket)
        except BaseException:  # As when the process is told to end: the key must be free.
            self._settle(ticket)
            raise
        finally:
            self._leave()

    def _leave(self) -> None:
        """Let the next one begin."""
        with self._lock:
            self._busy = False
            if self._queue or self._closing:
                self._wake.notify_all()

    def _await(self, ticket: _Ticket[Request, Answer]) -> Answer:
        if not ticket.wait(self._wait_seconds):
            self._give_up(ticket)
            raise Unavailable
        if ticket.error is not None:
            raise ticket.error
        return cast("Answer", ticket.answer)

    def _give_up(self, ticket: _Ticket[Request, Answer]) -> None:
        """A request that still waits is never begun; one that runs ends by itself."""
        with self._lock:
            ticket.given_up = True
            if ticket in self._queue:
                self._queue.remove(ticket)
                self._in_hand.discard(ticket.once)

    def _flush(self) -> None:
        while batch := self._begin():
            try:
                self._do(batch)
            finally:
                self._leave()

    def _begin(self) -> list[_Ticket[Request, Answer]]:
        """Wait for the next batch and take it; an empty one means the end."""
        with self._lock:
            paused = False
            while self._busy or not self._queue or not (paused or self._has_new()):
                if self._closing and not self._busy and not self._queue:
                    return []
                paused = bool(self._queue) and not self._busy
                self._wake.wait(PAUSE_SECONDS if paused else None)
            self._busy = True
            return self._next_batch()

    def _has_new(self) -> bool:
        return any(ticket.until is None for ticket in self._queue)

    def _next_batch(self) -> list[_Ticket[Request, Answer]]:
        """The oldest requests, at most one of each lane."""
        batch: list[_Ticket[Request, Answer]] = []
        lanes: set[Hashable] = set()
        later: list[_Ticket[Request, Answer]] = []
        while self._queue and len(batch) < self._max_batch:
            ticket = self._queue.popleft()
            if ticket.lane in lanes:
                later.append(ticket)
            else:
                lanes.add(ticket.lane)
                batch.append(ticket)
        self._queue.extendleft(reversed(later))
        return batch

    def _do(self, batch: Sequence[_Ticket[Request, Answer]]) -> None:
        wary = any(ticket.until is not None for ticket in batch)
        self._try(batch)
        if not wary and self._together(batch):
            return
        free, held = self._looked_through(batch)
        # Where all need rows that are held, nobody is spared by putting them off. They wait in
        # line, once more: a row that every process wants is hardly ever seen free, and whoever
        # only looks at it would never have it.
        in_line = wary and not free and self._together(held)
        if not in_line:
            for ticket in held:
                self._put_off(ticket)
        if not self._together(free):
            # It is none of the rows that are looked at, so nobody can tell whose fault it is.
            for ticket in free:
                self._alone(ticket)

    def _try(self, batch: Sequence[_Ticket[Request, Answer]]) -> None:
        until = time.monotonic() + self._lock_seconds
        for ticket in batch:
            if ticket.until is None:
                ticket.until = until

    def _together(self, batch: Sequence[_Ticket[Request, Answer]]) -> bool:
        """Whether everybody was answered or put off; if not, nothing was changed."""
        if len(batch) < 2:
            for ticket in batch:
                self._alone(ticket)
            return True
        try:
            answers = self._work.many([ticket.request for ticket in batch])
        except Busy:
            return False
        except Refusal as refusal:
            for ticket in batch:
                # Each caller raises an error of its own: a traceback belongs to one thread.
                mine = Refusal(refusal.error, refusal.details, refusal.retry_after)
                self._settle(ticket, error=mine)
        except Exception:
            log.exception("batch_failed", size=len(batch))
            for ticket in batch:
                self._alone(ticket)
        else:
            for ticket, answer in zip(batch, answers, strict=True):
                self._settle(ticket, answer)
        return True

    def _looked_through(
        self, batch: Sequence[_Ticket[Request, Answer]]
    ) -> tuple[list[_Ticket[Request, Answer]], list[_Ticket[Request, Answer]]]:
        """Those whose rows nobody holds, and the others; who has tried long enough is answered."""
        try:
            free = self._work.free([ticket.request for ticket in batch])
        except Exception:
            # Looking changes nothing, so whatever ails the database will be met, and told, again.
            log.exception("batch_not_looked_through", size=len(batch))
            return list(batch), []
        parts: tuple[list[_Ticket[Request, Answer]], list[_Ticket[Request, Answer]]] = ([], [])
        for ticket, is_free in zip(batch, free, strict=True):
            if self._is_over(ticket):
                self._settle(ticket, error=Busy())
            else:
                parts[0 if is_free else 1].append(ticket)
        return parts

    def _alone(self, ticket: _Ticket[Request, Answer]) -> None:
        if self._is_over(ticket):
            self._settle(ticket, error=Busy())
            return
        try:
            answer = self._work.one(ticket.request)
        except Busy:
            self._put_off(ticket)
        except Exception as error:  # noqa: BLE001 - it is raised again in the caller's thread.
            self._settle(ticket, error=error)
        else:
            self._settle(ticket, answer)

    def _put_off(self, ticket: _Ticket[Request, Answer]) -> None:
        """To be tried again, as long as there is time and somebody who waits for it."""
        with self._lock:
            again = not (self._closing or ticket.given_up or self._is_over(ticket))
            if again:
                self._enqueue(ticket)
        if not again:
            self._settle(ticket, error=Busy())

    def _is_over(self, ticket: _Ticket[Request, Answer]) -> bool:
        return ticket.until is not None and time.monotonic() >= ticket.until

    def _settle(
        self,
        ticket: _Ticket[Request, Answer],
        answer: Answer | None = None,
        error: BaseException | None = None,
    ) -> None:
        """Free the key before the caller is told, who may ask again with it at once."""
        with self._lock:
            self._in_hand.discard(ticket.once)
        ticket.settle(answer, error)

    def close(self, seconds: float = WAIT_SECONDS) -> None:
        """Take no more, finish what has queued, and end the flusher."""
        with self._lock:
            self._closing = True
            self._wake.notify_all()
            flusher = self._flusher
        if flusher:
            flusher.join(seconds)
        with self._lock:
            while self._busy and self._wake.wait(seconds):
                pass
        self._work.close()
