"""The batcher by itself: work that tests hold at a gate instead of a database."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from voucherweb.errors import Refusal
from voucherweb.services.autocommit import Unavailable
from voucherweb.services.batching import Batcher

PATIENCE = 10.0


class Gated:
    """Doubles numbers. While the gate is shut, work that began waits; `began` tells of it."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.began = threading.Semaphore(0)
        self.calls: list[list[int]] = []
        self.fail_batch: Exception | None = None
        self.closed = False

    def one(self, request: int) -> int:
        return self._do([request])[0]

    def many(self, requests: Sequence[int]) -> Sequence[int]:
        answers = self._do(list(requests))
        if self.fail_batch:
            raise self.fail_batch
        return answers

    def _do(self, requests: list[int]) -> list[int]:
        self.calls.append(requests)
        self.began.release()
        assert self.gate.wait(PATIENCE)
        if requests == [13]:
            raise ValueError("thirteen")
        return [2 * number for number in requests]

    def free(self, requests: Sequence[int]) -> Sequence[bool]:
        raise AssertionError(f"nothing is held: {requests}")

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def work() -> Gated:
    return Gated()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as pool:
        yield pool


@pytest.fixture
def make(work: Gated) -> Iterator[Callable[..., Batcher[int, int]]]:
    made: list[Batcher[int, int]] = []

    def build(**limits: float) -> Batcher[int, int]:
        made.append(Batcher(work, **limits))  # type: ignore[arg-type]
        return made[-1]

    yield build
    work.gate.set()
    for one in made:
        one.close()


class Queue:
    """A batcher with one request at the gate; `add` queues more behind it, in order."""

    def __init__(
        self, work: Gated, threads: ThreadPoolExecutor, batcher: Batcher[int, int]
    ) -> None:
        self.work, self.threads, self.batcher = work, threads, batcher
        self.answers: list[Future[int]] = []
        work.gate.clear()
        self.first = threads.submit(batcher.submit, 0, lane="first")
        assert work.began.acquire(timeout=PATIENCE)

    def add(self, number: int, lane: object = None, once: object = None) -> Future[int]:
        before = self.batcher.waiting
        asked = self.threads.submit(
            self.batcher.submit,
            number,
            lane=number if lane is None else lane,
            once=once,
        )
        while self.batcher.waiting == before and not asked.done():
            threading.Event().wait(0.001)
        self.answers.append(asked)
        return asked

    def release(self) -> list[int]:
        self.work.gate.set()
        return [one.result(PATIENCE) for one in self.answers]


@pytest.fixture
def queue(
    work: Gated, threads: ThreadPoolExecutor, make: Callable[..., Batcher[int, int]]
) -> Queue:
    return Queue(work, threads, make())


def test_a_lone_caller_does_its_own_work(
    work: Gated, make: Callable[..., Batcher[int, int]]
) -> None:
    batcher = make()
    before = threading.active_count()
    assert [batcher.submit(n, lane=n) for n in (1, 2)] == [2, 4]
    assert work.calls == [[1], [2]]
    assert threading.active_count() == before


def test_what_queues_meanwhile_becomes_one_batch(queue: Queue, work: Gated) -> None:
    for number in (1, 2, 3):
        queue.add(number)
    assert queue.release() == [2, 4, 6]
    assert work.calls == [[0], [1, 2, 3]]


def test_a_queue_of_one_is_done_alone(queue: Queue, work: Gated) -> None:
    queue.add(1)
    assert queue.release() == [2]
    assert work.calls == [[0], [1]]


def test_a_lane_stands_once_in_a_batch_and_keeps_its_order(queue: Queue, work: Gated) -> None:
    for number, lane in ((1, "a"), (2, "a"), (3, "b"), (4, "a")):
        queue.add(number, lane)
    assert queue.release() == [2, 4, 6, 8]
    assert work.calls == [[0], [1, 3], [2], [4]]


def test_a_batch_has_a_largest_size(
    work: Gated, threads: ThreadPoolExecutor, make: Callable[..., Batcher[int, int]]
) -> None:
    queue = Queue(work, threads, make(max_batch=2))
    for number in (1, 2, 3):
        queue.add(number)
    assert queue.release() == [2, 4, 6]
    assert work.calls == [[0], [1, 2], [3]]


def test_a_key_in_hand_is_in_progress_until_it_is_answered(queue: Queue) -> None:
    queue.add(1, once="key")
    with pytest.raises(Refusal, match="IDEMPOTENCY_IN_PROGRESS"):
        queue.batcher.submit(1, lane="other", once="key")
    assert queue.release() == [2]
    assert queue.batcher.submit(1, lane=1, once="key") == 2


def test_a_full_queue_refuses_at_once(
    work: Gated, threads: ThreadPoolExecutor, make: Callable[..., Batcher[int, int]]
) -> None:
    queue = Queue(work, threads, make(max_queue=2))
    queue.add(1)
    queue.add(2)
    with pytest.raises(Unavailable):
        queue.batcher.submit(3, lane=3)
    assert queue.release() == [2, 4]


def test_who_waits_too_long_is_told_so_and_never_begun(
    work: Gated, threads: ThreadPoolExecutor, make: Callable[..., Batcher[int, int]]
) -> None:
    queue = Queue(work, threads, make(wait_seconds=0.05))
    with pytest.raises(Unavailable):
        queue.batcher.submit(7, lane=7, once="key")
    work.gate.set()
    queue.first.result(PATIENCE)
    assert queue.batcher.submit(8, lane=8, once="key") == 16
    assert [7] not in work.calls


def test_a_failed_batch_is_done_again_one_by_one(queue: Queue, work: Gated) -> None:
    work.fail_batch = ValueError("one of them is wrong")
    for number in (1, 13, 2):
        queue.add(number)
    work.gate.set()
    assert queue.answers[0].result(PATIENCE) == 2
    with pytest.raises(ValueError, match="thirteen"):
        queue.answers[1].result(PATIENCE)
    assert queue.answers[2].result(PATIENCE) == 4
    assert work.calls == [[0], [1, 13, 2], [1], [13], [2]]


def test_a_batch_whose_outcome_is_unknown_is_never_repeated(queue: Queue, work: Gated) -> None:
    work.fail_batch = Unavailable()
    asked = [queue.add(1), queue.add(2)]
    work.gate.set()
    for one in asked:
        with pytest.raises(Refusal, match="UNAVAILABLE"):
            one.result(PATIENCE)
    assert work.calls == [[0], [1, 2]]


def test_a_failed_request_leaves_the_next_one_well(
    make: Callable[..., Batcher[int, int]],
) -> None:
    batcher = make()
    with pytest.raises(ValueError, match="thirteen"):
        batcher.submit(13, lane=1, once="key")
    assert batcher.submit(5, lane=1, once="key") == 10


def test_closing_finishes_what_queued_and_takes_no_more(
    queue: Queue, work: Gated, threads: ThreadPoolExecutor
) -> None:
    queue.add(1)
    closing = threads.submit(queue.batcher.close)
    while not queue.batcher.closing:
        threading.Event().wait(0.001)
    with pytest.raises(Unavailable):
        queue.batcher.submit(2, lane=2)
    assert queue.release() == [2]
    closing.result(PATIENCE)
    assert work.closed


def test_every_request_of_many_threads_gets_its_own_answer(
    make: Callable[..., Batcher[int, int]], threads: ThreadPoolExecutor
) -> None:
    batcher = make(max_batch=8)
    asked = [threads.submit(batcher.submit, n, lane=n % 5) for n in range(100, 500)]
    assert [one.result(PATIENCE) for one in asked] == [2 * n for n in range(100, 500)]
