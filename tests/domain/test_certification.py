"""What certification sees in a log of calls, and what it does not take for evidence."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from voucherweb.domain.certification import (
    Finding,
    Result,
    Seen,
    judge_keys,
    judge_renewals,
    judge_repeats,
    judge_waits,
)
from voucherweb.domain.transaction_windows import judge_windows

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ADD = "/v2/connect/add/points"


def seen(after: float, status: int = 201, **told: Any) -> Seen:
    """A call answered that many seconds after noon; by default one that adds points."""
    values: dict[str, Any] = {
        "at": NOON + timedelta(seconds=after),
        "ms": 5,
        "request_id": f"r{after}",
        "method": "POST",
        "path": ADD,
        "query": "",
        "status": status,
        "code": None,
        "key": None,
        "replayed": False,
        "fingerprint": b"body" if told.get("key") else None,
        "retry_after": None,
    }
    return Seen(**{**values, **told})


def fetched(after: float) -> Seen:
    return seen(after, path="/v1/auth-connect/token")


def found(finding: Finding) -> tuple[Result, tuple[str, ...]]:
    return finding.result, finding.evidence


def test_writes_with_keys_pass() -> None:
    calls = [
        seen(0, key="a"),
        seen(1, key="b", method="DELETE", status=200),
        seen(2, method="GET", status=200),
        fetched(3),
    ]
    assert found(judge_keys(calls)) == (Result.PASSED, ("r0", "r1"))


def test_one_write_without_a_key_fails() -> None:
    calls = [seen(0, key="a"), seen(1, status=404), seen(2, key="c")]
    assert found(judge_keys(calls)) == (Result.FAILED, ("r1",))


def test_a_write_under_the_old_address_is_a_write() -> None:
    assert judge_keys([seen(0, path="/api/v1/connect/add/points")]).result is Result.FAILED


def test_one_key_for_everything_fails() -> None:
    calls = [seen(0, key="a"), seen(1, 422, key="a", code="IDEMPOTENCY_MISMATCH")]
    assert found(judge_keys(calls)) == (Result.FAILED, ("r1",))


@pytest.mark.parametrize(
    "calls", [[], [seen(0, 404, key="a")], [seen(0, 200, method="GET")], [fetched(0)]]
)
def test_no_write_that_succeeded_shows_nothing(calls: list[Seen]) -> None:
    assert judge_keys(calls).result is Result.NOT_SHOWN


LOST = seen(0, 504, key="a")


def test_a_timed_out_write_that_is_replayed_passes() -> None:
    calls = [LOST, seen(1, key="a", replayed=True)]
    assert found(judge_repeats(calls)) == (Result.PASSED, ("r0", "r1"))


@pytest.mark.parametrize(
    "calls",
    [
        [],
        [seen(0, key="a"), seen(1, key="a", replayed=True)],
        [seen(0, 504, method="GET")],
    ],
)
def test_without_a_timed_out_write_nothing_is_shown(calls: list[Seen]) -> None:
    assert judge_repeats(calls).result is Result.NOT_SHOWN


@pytest.mark.parametrize(
    "again",
    [
        [],
        [seen(1, key="b", fingerprint=b"body")],
        [seen(1, key="a", replayed=True, fingerprint=b"another")],
        [seen(1, 504, key="a", replayed=True)],
        [seen(1, key="a")],
        [seen(1, key="b", fingerprint=b"body"), seen(2, key="a", replayed=True)],
    ],
    ids=["never", "another key", "another body", "lost again", "no replay", "twice"],
)
def test_a_timed_out_write_that_is_not_repeated_fails(again: list[Seen]) -> None:
    assert judge_repeats([LOST, *again]).result is Result.FAILED


def test_a_timed_out_write_without_a_key_fails() -> None:
    calls = [seen(0, 504, fingerprint=None), seen(1, replayed=True, fingerprint=None)]
    assert judge_repeats(calls).result is Result.FAILED


def test_every_timed_out_write_counts() -> None:
    calls = [LOST, seen(1, key="a", replayed=True), seen(2, 504, key="b")]
    assert found(judge_repeats(calls)) == (Result.FAILED, ("r2",))


BUSY = seen(0, 429, key="a", retry_after=2)


def test_a_call_that_waited_passes() -> None:
    assert found(judge_waits([BUSY, seen(2.01, key="a")])) == (Result.PASSED, ("r0", "r2.01"))


@pytest.mark.parametrize(
    "calls",
    [
        [],
        [seen(0, key="a")],
        [BUSY],
        [BUSY, seen(3, key="b", path="/v2/connect/burn/points")],
        [seen(0, 503, key="a"), seen(3, key="a")],
    ],
    ids=["no calls", "no refusal", "no other call", "another call", "no Retry-After"],
)
def test_a_wait_that_nobody_saw_is_not_shown(calls: list[Seen]) -> None:
    assert judge_waits(calls).result is Result.NOT_SHOWN


@pytest.mark.parametrize(
    "early",
    [
        seen(0.02, 429, key="a", retry_after=2),
        seen(1.5, key="a"),
        seen(1, 200, method="GET", path="/v2/connect/campaigns"),
    ],
    ids=["at once", "too early", "another call"],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_call_before_the_wait_is_over_fails(early: Seen, status: int) -> None:
    refused = seen(0, status, key="a", retry_after=2)
    finding = judge_waits([refused, early, seen(4, key="a")])
    assert finding.result is Result.FAILED
    assert finding.evidence[:2] == ("r0", early.request_id)


def test_what_was_on_its_way_is_not_early() -> None:
    slow = seen(1, key="b", ms=1200)
    other_thread = seen(0.2, 200, method="GET", path="/v2/connect/campaigns")
    assert judge_waits([BUSY, other_thread, slow, seen(2.1, key="a")]).result is Result.PASSED


REFUSED = seen(0, 401, key="a")


def test_a_new_token_after_a_401_passes() -> None:
    calls = [REFUSED, fetched(1), seen(2, key="a")]
    assert found(judge_renewals(calls)) == (Result.PASSED, ("r0", "r1", "r2"))


@pytest.mark.parametrize(
    "then",
    [
        [],
        [seen(1, key="a")],
        [fetched(1)],
        [fetched(1), seen(2, 401, key="a")],
        [seen(1, 401, key="a"), fetched(2), seen(3, key="a")],
    ],
    ids=["nothing", "the old token", "no call", "refused again", "tried again first"],
)
def test_a_401_without_a_new_token_fails(then: list[Seen]) -> None:
    assert judge_renewals([REFUSED, *then]).result is Result.FAILED


def test_renewing_without_a_401_shows_nothing() -> None:
    assert judge_renewals([fetched(0), seen(1, key="a")]).result is Result.NOT_SHOWN


def read(start: float, end: float, *, page: int = 1, size: int = 2, **told: Any) -> Seen:
    """A page of the window between two seconds of that minute, read at its end."""
    span = {"from": second(start), "to": second(end), "page": page, "size": size}
    values: dict[str, Any] = {
        "status": 200,
        "method": "GET",
        "path": "/v2/connect/transactions",
        "query": urlencode(span),
        "request_id": f"{start}-{end}/{page}",
    }
    return seen(60, **{**values, **told})


def second(after: float) -> str:
    return (NOON + timedelta(seconds=after)).isoformat().replace("+00:00", "Z")


def rows(windows: Sequence[tuple[datetime, datetime]]) -> list[int]:
    """One transaction each second."""
    return [round((end - start).total_seconds()) for start, end in windows]


GOOD = [read(0, 3), read(0, 3, page=2), read(3, 4)]


def test_whole_windows_end_to_start_pass() -> None:
    assert found(judge_windows(GOOD, rows)) == (Result.PASSED, ("0-3/1", "0-3/2", "3-4/1"))


def test_the_old_address_and_another_spelling_pass_too() -> None:
    last = urlencode({"from": "2026-11-22T12:00:03.000Z", "to": second(4), "size": "2.0"})
    again = read(3, 4, query=last, path="/api/v1/connect/transactions")
    assert judge_windows([*GOOD[:2], again], rows).result is Result.PASSED


@pytest.mark.parametrize(
    "calls",
    [
        [],
        [seen(0, 200, method="GET")],
        GOOD[:2],
        [read(0, 2), read(2, 4)],
        [read(0, 3, status=400)],
    ],
    ids=["nothing", "other calls", "one window", "single pages", "refused"],
)
def test_what_windows_do_not_show(calls: list[Seen]) -> None:
    assert judge_windows(calls, rows).result is Result.NOT_SHOWN


@pytest.mark.parametrize(
    "calls",
    [
        [*GOOD, read(4, 6, query="")],
        [*GOOD, read(4, 6, query=urlencode({"from": second(4)}))],
        [read(0, 3), read(3, 4)],
        [read(0, 3, page=2), read(3, 4)],
        [*GOOD, read(5, 6)],
        [*GOOD, read(3.5, 6)],
        [*GOOD, read(4, 61)],
        [read(0, 3, size=1), read(0, 3, page=2, size=2), read(3, 4)],
        [*GOOD, read(3, 5)],
    ],
    ids=[
        *("no window", "no end", "first page", "last page", "gap", "overlap", "future"),
        *("sizes", "twice"),
    ],
)
def test_windows_that_lose_or_double_fail(calls: list[Seen]) -> None:
    assert judge_windows(calls, rows).result is Result.FAILED


def test_a_window_that_was_broken_off_may_be_begun_anew() -> None:
    calls = [*GOOD, read(4, 9), read(4, 8), *(read(4, 8, page=page) for page in (1, 2))]
    assert judge_windows(calls, rows).result is Result.PASSED


@pytest.mark.parametrize(("is_cut", "result"), [(True, Result.PASSED), (False, Result.FAILED)])
def test_the_first_window_may_have_been_begun_before_the_calls(
    *, is_cut: bool, result: Result
) -> None:
    calls = [read(0, 3, page=2), read(3, 6), read(3, 6, page=2), read(6, 7)]
    assert judge_windows(calls, rows, is_cut=is_cut).result is result


def test_a_slow_call_that_began_too_early_is_found() -> None:
    slow = seen(9, ms=8000, key="b")
    finding = judge_waits([BUSY, seen(2.1, key="a"), slow])
    assert found(finding) == (Result.FAILED, ("r0", "r9"))


def test_a_query_is_read_as_it_was_sent() -> None:
    last = "from=2026-11-22T12%3A00%3A03%2B00:00&&tag=&none&to=2026-11-22T12:00:04Z&size=2"
    assert judge_windows([*GOOD[:2], read(3, 4, query=last)], rows).result is Result.PASSED


def test_what_was_answered_first_is_no_repetition_however_quick_the_calls_are() -> None:
    """The same content twice within two milliseconds: times are kept no more exactly."""
    calls = [
        seen(0.000, key="before", ms=1),
        seen(0.002, 504, key="lost", ms=1),
        seen(0.004, key="lost", ms=1, replayed=True),
    ]
    assert found(judge_repeats(calls)) == (Result.PASSED, ("r0.002", "r0.004"))
