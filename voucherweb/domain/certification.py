"""Judges what a partner's log of calls shows about its integration (contract B).

Each item passes on evidence alone: what the log does not show has not been shown, and one
contrary case fails an item. An integrator who has mended something begins anew, with a new
sandbox key or from a later moment.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

CONNECT: Final = "/v2/connect/"
OLD_CONNECT: Final = "/api/v1/connect/"
FETCHING: Final = "/v1/auth-connect/token"
WRITING: Final = frozenset({"POST", "DELETE"})
TOLD: Final = 10
"""Request ids that one item tells at most."""
SLACK: Final = timedelta(milliseconds=3)
"""How exact the log's times are: instants and lengths are kept in whole milliseconds."""
SKEW: Final = timedelta(milliseconds=50)
"""How far the clocks of two servers may be apart."""
ON_THE_WAY: Final = timedelta(milliseconds=500)
"""How long another thread of the partner may not yet know of a refusal."""


class Sentence(NamedTuple):
    """The same in both languages."""

    zh: str
    en: str


class Result(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_SHOWN = "not_shown"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about an item, and the requests that show it."""

    result: Result
    reason: Sentence
    evidence: tuple[str, ...] = ()


Identity = tuple[str, str, str, str | None]


class Seen(NamedTuple):
    """One call as the log has it; `at` is when it was answered. A tuple, and nothing of it is
    kept that can be told from it: hundreds of them are judged at once."""

    at: datetime
    ms: int
    request_id: str
    method: str
    path: str
    query: str
    status: int
    code: str | None
    key: str | None
    replayed: bool
    fingerprint: bytes | None
    retry_after: int | None

    @property
    def began(self) -> datetime:
        return self.at - timedelta(milliseconds=self.ms)

    @property
    def address(self) -> str:
        """The path under its present name."""
        if self.path.startswith(OLD_CONNECT):
            return CONNECT + self.path.removeprefix(OLD_CONNECT)
        return self.path

    @property
    def is_connect(self) -> bool:
        return self.path.startswith((CONNECT, OLD_CONNECT))

    @property
    def is_write(self) -> bool:
        return self.method in WRITING and self.is_connect

    @property
    def is_done(self) -> bool:
        return 200 <= self.status < 300

    def follows(self, other: "Seen", wait: timedelta = timedelta()) -> bool:
        """Whether this began only after the other had been answered, and `wait` was over. What was
        answered first follows nothing, however little time lay between."""
        after = self.at >= other.at and self.began >= other.at + wait - SLACK
        return self is not other and after

    @property
    def identity(self) -> Identity:
        """What two makings of one call have in common."""
        return self.method, self.address, self.query, self.key

    def is_again(self, other: "Seen") -> bool:
        """Whether this is the same call once more."""
        return self is not other and self.identity == other.identity


def passed(reason: Sentence, evidence: Iterable[Seen]) -> Finding:
    return Finding(Result.PASSED, reason, _ids(evidence))


def failed(reason: Sentence, evidence: Iterable[Seen]) -> Finding:
    return Finding(Result.FAILED, reason, _ids(evidence))


def not_shown(reason: Sentence, evidence: Iterable[Seen] = ()) -> Finding:
    return Finding(Result.NOT_SHOWN, reason, _ids(evidence))


def _ids(calls: Iterable[Seen]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.request_id for one in calls))[:TOLD]


def judge_keys(calls: Sequence[Seen]) -> Finding:
    """Every write bore an `Idempotency-Key`, and a key was one request's alone."""
    writes = [one for one in calls if one.is_write]
    without = [one for one in writes if one.key is None]
    if without:
        told = Sentence(
            f"{len(without)} 個寫入沒有 Idempotency-Key",
            f"{len(without)} writes came without an Idempotency-Key",
        )
        return failed(told, without)
    shared = [one for one in writes if one.code == "IDEMPOTENCY_MISMATCH"]
    if shared:
        told = Sentence("同一個鍵用於不同的請求", "A key was used for different requests")
        return failed(told, shared)
    done = [one for one in writes if one.is_done]
    if not done:
        return not_shown(Sentence("沒有成功的寫入", "There is no write that succeeded"))
    told = Sentence(f"{len(writes)} 個寫入都有鍵", f"All {len(writes)} writes bore a key")
    return passed(told, done)


def judge_repeats(calls: Sequence[Seen]) -> Finding:
    """Every write that timed out was sent again with its key, and got the first answer."""
    writes = [one for one in calls if one.is_write]
    lost = [one for one in writes if one.status == 504]
    if not lost:
        return not_shown(Sentence("沒有逾時的寫入", "No write has timed out"))
    found: list[Seen] = []
    for one in lost:
        place = bisect_left(writes, one.at - SLACK, key=lambda two: two.at)
        again = next((two for two in writes[place:] if _is_replay_of(two, one)), None)
        if again is None:
            told = Sentence(
                "逾時的寫入沒有以同一個鍵與內容重送",
                "A write that timed out was not repeated with its key and content",
            )
            return failed(told, [one])
        until = bisect_right(writes, again.at, key=lambda two: two.at)
        anew = [two for two in writes[place:until] if _is_done_anew(two, one)]
        if anew:
            told = Sentence(
                "逾時的寫入改用另一個鍵重送，等於做了兩次",
                "A write that timed out was sent again under another key, and so done twice",
            )
            return failed(told, [one, *anew])
        found += [one, again]
    told = Sentence(
        f"{len(lost)} 個逾時的寫入都以同一個鍵取得結果",
        f"All {len(lost)} timed-out writes got their answer by their keys",
    )
    return passed(told, found)


def _is_replay_of(again: Seen, lost: Seen) -> bool:
    same = lost.key is not None and (again.key, again.fingerprint) == (lost.key, lost.fingerprint)
    return same and again.replayed and again.is_done and again.follows(lost)


def _is_done_anew(again: Seen, lost: Seen) -> bool:
    """The same content under another key, or none, took effect once more."""
    same = lost.fingerprint is not None and again.fingerprint == lost.fingerprint
    return same and again.key != lost.key and again.is_done and again.follows(lost)


def judge_waits(calls: Sequence[Seen]) -> Finding:
    """After each 429 and 503 nothing was asked before `Retry-After` was over."""
    refused = [one for one in calls if one.status in {429, 503} and one.retry_after]
    if not refused:
        return not_shown(Sentence("沒有遇到 429 或 503", "No 429 or 503 was met"))
    shown: list[Seen] = []
    same = _same_as(refused, calls)
    longest = timedelta(milliseconds=max(one.ms for one in calls))
    for one in refused:
        wait = timedelta(seconds=one.retry_after or 0) - SKEW
        # What began before the wait was over had been answered so much later at most.
        first, end = (
            bisect_left(calls, edge - SLACK, key=lambda two: two.at)
            for edge in (one.at, one.at + wait + longest)
        )
        early = [two for two in calls[first:end] if _is_early(two, one, wait)]
        if early:
            early.sort(key=lambda two: two.began)
            told = Sentence(
                f"要等 {one.retry_after} 秒，卻提早呼叫",
                f"It called before the {one.retry_after} seconds were over",
            )
            return failed(told, [one, *early])
        waited = (two for two in same[one.identity] if two.follows(one, wait))
        again = min(waited, key=lambda two: two.began, default=None)
        shown += [one, again] if again else []
    if not shown:
        told = Sentence("被拒絕的呼叫沒有再試", "What was refused was not asked again")
        return not_shown(told, refused)
    told = Sentence("都等了 Retry-After 才再呼叫", "It always waited for Retry-After")
    return passed(told, shown)


def _same_as(these: Iterable[Seen], calls: Iterable[Seen]) -> dict[Identity, list[Seen]]:
    """Of these few every call that is the same."""
    found: dict[Identity, list[Seen]] = {one.identity: [] for one in these}
    for one in calls:
        same = found.get(one.identity)
        if same is not None:
            same.append(one)
    return found


def _is_early(call: Seen, refused: Seen, wait: timedelta) -> bool:
    if not call.follows(refused) or call.follows(refused, wait):
        return False
    return call.is_again(refused) or call.follows(refused, ON_THE_WAY)


def judge_renewals(calls: Sequence[Seen]) -> Finding:
    """After each 401 a new token was fetched before the call was made again."""
    refused = [one for one in calls if one.status == 401 and one.is_connect]
    if not refused:
        return not_shown(Sentence("沒有遇到 401", "No 401 was met"))
    shown: list[Seen] = []
    same = _same_as(refused, calls)
    renewals = [one for one in calls if one.path == FETCHING and one.is_done]
    done_calls = [one for one in calls if one.is_connect and one.is_done]
    for one in refused:
        renewal = _first_after(renewals, one)
        tried = [two for two in same[one.identity] if two is not one and two.follows(one)]
        early = [two for two in tried if renewal is None or two.at < renewal.at]
        if early:
            told = Sentence(
                "收到 401 後用原來的權杖再試",
                "After a 401 it tried again with the token that had been refused",
            )
            return failed(told, [one, *early])
        done = _first_after(done_calls, renewal) if renewal else None
        if renewal is None or done is None:
            told = Sentence(
                "收到 401 後沒有換發權杖並成功呼叫",
                "A 401 was not followed by a new token and a call that succeeded",
            )
            return failed(told, [one])
        shown += [one, renewal, done]
    told = Sentence("收到 401 後都先換發權杖", "It fetched a new token after each 401")
    return passed(told, shown)


def _first_after(calls: Sequence[Seen], other: Seen) -> Seen | None:
    """The first of these, which are in order, that began once the other was answered."""
    place = bisect_left(calls, other.at - SLACK, key=lambda one: one.at)
    return next((one for one in calls[place:] if one.follows(other)), None)
