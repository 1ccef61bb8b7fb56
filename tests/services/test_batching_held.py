"""The batcher when rows are held: who waits for one, who does not, and when it is given up.

Requests are `(row, name)`; a row that is held makes work give up, as a lock that times out does.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from voucherweb.errors import Refusal
from voucherweb.services.autocommit import Busy, Unavailable
from voucherweb.services.batching import Batcher

PATIENCE = 10.0
Request = tuple[str, int]


class Rows:
    """Answers names. A batch stands at the gate before it is begun."""

    def __init__(self) -> None:
        self.held: set[str] = set()
        self.unseen: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.began = threading.Semaphore(0)
        self.done: list[Request] = []
        self.tried: list[list[Request]] = []
        self.looked_through = 0
        self.looking: Exception | None = None
        self.error: Exception | None = None

    def one(self, request: Request) -> int:
        return self.many([request])[0]

    def many(self, requests: Sequence[Request]) -> list[int]:
        self.tried.append(list(requests))
        self.began.release()
        assert self.gate.wait(PATIENCE)
        if self.error is not None:
            raise self.error
        if (self.held | self.unseen) & {row for row, _ in requests}:
            threading.Event().wait(0.002)
            raise Busy
        self.done += requests
        return [name for _, name in requests]

    def free(self, requests: Sequence[Request]) -> list[bool]:
        self.looked_through += 1
        if self.looking is not None:
            raise self.looking
        return [row not in self.held for row, _ in requests]

    def close(self) -> None:
        pass


@pytest.fixture
def rows() -> Rows:
    return Rows()


Make = Callable[..., Batcher[Request, int]]
Ask = Callable[[Batcher[Request, int], Sequence[Request]], list[Future[int]]]


@pytest.fixture
def make(rows: Rows) -> Iterator[Make]:
    made: list[Batcher[Request, int]] = []

    def build(**limits: float) -> Batcher[Request, int]:
        made.append(Batcher(rows, **limits))  # type: ignore[arg-type]
        return made[-1]

    yield build
    rows.gate.set()
    for one in made:
        one.close()


@pytest.fixture
def ask(rows: Rows) -> Iterator[Ask]:
    """Asks all of it in one batch."""
    with ThreadPoolExecutor(32) as threads:

        def together(batcher: Batcher[Request, int], asked: Sequence[Request]) -> list[Future[int]]:
            rows.gate.clear()
            first = threads.submit(batcher.submit, ("first", 0), lane=object())
            assert rows.began.acquire(timeout=PATIENCE)
            answers = []
            for count, request in enumerate(asked, 1):
                answers.append(threads.submit(batcher.submit, request, lane=object(), once=request))
                while batcher.waiting < count:
                    threading.Event().wait(0.001)
            rows.gate.set()
            assert first.result(PATIENCE) == 0
            return answers

        yield together


def outcome(asked: Future[int]) -> int | str:
    try:
        return asked.result(PATIENCE)
    except Refusal as refusal:
        return type(refusal).__name__


def test_who_needs_no_held_row_is_done_while_the_others_wait(
    rows: Rows, make: Make, ask: Ask
) -> None:
    rows.held = {"held"}
    batcher = make()
    held, free, too = ask(batcher, [("held", 1), ("free", 2), ("free", 3)])
    assert [outcome(free), outcome(too)] == [2, 3]
    assert rows.tried[:3] == [
        [("first", 0)],
        [("held", 1), ("free", 2), ("free", 3)],
        [("free", 2), ("free", 3)],
    ]
    assert not held.done()
    rows.held.clear()
    assert outcome(held) == 1
    assert sorted(rows.done) == [("first", 0), ("free", 2), ("free", 3), ("held", 1)]


def test_a_row_that_is_held_all_the_time_is_given_up(rows: Rows, make: Make, ask: Ask) -> None:
    rows.held = {"held"}
    batcher = make(lock_seconds=0.2)
    asked = ask(batcher, [("held", 1), ("free", 2), ("held", 3)])
    assert [outcome(one) for one in asked] == ["Busy", 2, "Busy"]
    rows.held.clear()
    assert batcher.submit(("held", 1), lane=1, once=("held", 1)) == 1, "its key is free again"
    assert rows.done.count(("free", 2)) == 1


def test_while_somebody_is_put_off_batches_are_looked_through_first(
    rows: Rows, make: Make, ask: Ask
) -> None:
    rows.held = {"held"}
    batcher = make()
    held, free = ask(batcher, [("held", 1), ("free", 2)])
    assert outcome(free) == 2
    before = len(rows.tried)
    with ThreadPoolExecutor(1) as threads:
        more = threads.submit(batcher.submit, ("held", 3), lane=3)
        assert batcher.submit(("free", 4), lane=4) == 4
        assert not [one for one in rows.tried[before:] if ("held", 3) in one], "it met no held row"
        rows.held.clear()
        assert [outcome(held), outcome(more)] == [1, 3]


def test_a_lone_caller_whose_row_is_held_keeps_nobody_waiting(rows: Rows, make: Make) -> None:
    rows.held = {"held"}
    batcher = make()
    with ThreadPoolExecutor(1) as threads:
        held = threads.submit(batcher.submit, ("held", 1), lane=1)
        while not batcher.waiting:
            threading.Event().wait(0.001)
        assert batcher.submit(("free", 2), lane=2) == 2
        rows.held.clear()
        assert outcome(held) == 1


def test_a_key_is_in_progress_while_its_row_is_held(rows: Rows, make: Make, ask: Ask) -> None:
    rows.held = {"held"}
    batcher = make()
    (held,) = ask(batcher, [("held", 1)])
    with pytest.raises(Refusal, match="IDEMPOTENCY_IN_PROGRESS"):
        batcher.submit(("held", 1), lane=1, once=("held", 1))
    rows.held.clear()
    assert outcome(held) == 1


def test_a_held_row_that_is_not_looked_at_stops_its_own_request_only(
    rows: Rows, make: Make, ask: Ask
) -> None:
    rows.unseen = {"deep"}
    batcher = make(lock_seconds=0.5)
    asked = ask(batcher, [("deep", 1), ("free", 2), ("free", 3)])
    assert [outcome(one) for one in asked] == ["Busy", 2, 3]


def test_what_broke_while_batches_were_looked_through_is_told_by_the_batch(
    rows: Rows, make: Make, ask: Ask
) -> None:
    rows.held = {"held"}
    rows.looking = Unavailable()
    batcher = make(lock_seconds=3.0)
    asked = ask(batcher, [("held", 1), ("free", 2)])
    assert [outcome(one) for one in asked] == ["Busy", 2]


def test_a_lost_connection_is_never_taken_for_a_held_row(rows: Rows, make: Make, ask: Ask) -> None:
    """Its outcome is unknown, where a held row's request is known to have changed nothing."""
    batcher = make()
    rows.held = {"held"}
    held, free = ask(batcher, [("held", 1), ("free", 2)])
    assert outcome(free) == 2
    before = len(rows.tried)
    rows.error = Unavailable()
    rows.held.clear()
    assert outcome(held) == "Unavailable"
    assert rows.tried[before:] == [[("held", 1)]]


def test_who_gives_up_while_a_row_is_held_is_never_begun(rows: Rows, make: Make) -> None:
    rows.held = {"held"}
    batcher = make(wait_seconds=0.1)
    with pytest.raises(Unavailable):
        batcher.submit(("held", 1), lane=1, once="key")
    rows.held.clear()
    assert batcher.submit(("held", 2), lane=2, once="key") == 2
    assert rows.done == [("held", 2)]


def test_closing_does_not_wait_for_held_rows(rows: Rows, make: Make, ask: Ask) -> None:
    rows.held = {"held"}
    batcher = make()
    held, free = ask(batcher, [("held", 1), ("free", 2)])
    assert outcome(free) == 2
    began = time.monotonic()
    batcher.close()
    assert outcome(held) == "Busy"
    assert time.monotonic() - began < 1.5


class Wanted(Rows):
    """A row that other processes hand to each other: whoever looks sees it held, and whoever waits
    is given it in turn, but for the first time."""

    def free(self, requests: Sequence[Request]) -> list[bool]:
        super().free(requests)
        return [row != "hot" for row, _ in requests]

    def many(self, requests: Sequence[Request]) -> list[int]:
        stalls = not any(row == "hot" for tried in self.tried for row, _ in tried)
        self.unseen = {"hot"} if stalls else set()
        return super().many(requests)


class TestARowThatAllProcessesWant:
    @pytest.fixture
    def rows(self) -> Rows:
        return Wanted()

    def test_is_waited_for_in_line(self, rows: Rows, make: Make, ask: Ask) -> None:
        naive = rows.free([("hot", 1), ("hot", 2)])
        assert not any(naive), "who only looks at it never finds it free"
        batcher = make(lock_seconds=1.0)
        asked = ask(batcher, [("hot", 1), ("hot", 2), ("free", 3), ("hot", 4)])
        assert [outcome(one) for one in asked] == [1, 2, 3, 4]
        assert sorted(rows.done) == [("first", 0), ("free", 3), ("hot", 1), ("hot", 2), ("hot", 4)]
