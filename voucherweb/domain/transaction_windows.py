"""Judges how a partner has read transactions: whole half-open windows, put end to end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from urllib.parse import unquote_plus

from voucherweb.domain.certification import Finding, Seen, Sentence, failed, not_shown, passed

TRANSACTIONS = "/v2/connect/transactions"
DEFAULT_SIZE = 100

CountRows = Callable[[Sequence[tuple[datetime, datetime]]], Sequence[int]]
"""How many transactions there are from one instant to, but not at, another; of all windows at
once."""


@dataclass(slots=True)
class Window:
    """Calls with the same `from` and `to`; `last` is the number of the last page. Only `pages`
    that were read when nothing could be added to the window any more count, and their `sizes`."""

    start: datetime
    end: datetime
    calls: list[Seen] = field(default_factory=list)
    pages: set[int] = field(default_factory=set)
    sizes: set[int] = field(default_factory=set)
    last: int = 1

    @property
    def is_whole(self) -> bool:
        """Whether every page was read."""
        return len(self.sizes) == 1 and self.pages.issuperset(range(1, self.last + 1))

    def add(self, call: Seen, page: int, size: int) -> None:
        self.calls.append(call)
        if self.end <= call.at:
            self.pages.add(page)
            self.sizes.add(size)


def judge_windows(calls: Sequence[Seen], count: CountRows, *, is_cut: bool = False) -> Finding:
    """Transactions were read in windows that lie end to start, each to its last page. `is_cut`
    when there may have been calls before these: the first window may have been begun in them."""
    # A query is taken apart once: of all that is judged this costs most.
    reads = [(one, _query(one)) for one in calls if _is_read(one)]
    if not reads:
        return not_shown(Sentence("沒有讀取交易", "No transactions were read"))
    unbounded = [one for one, told in reads if "from" not in told or "to" not in told]
    if unbounded:
        why = Sentence("讀取交易沒有給 from 與 to", "Transactions were read without from and to")
        return failed(why, unbounded)
    windows = _windows(reads, count)
    if is_cut and not windows[0].is_whole:
        del windows[0]
    kept = _without_broken_off(windows)
    partial = next((one for one in kept if not one.is_whole), None)
    if partial:
        return failed(_why_partial(partial), partial.calls)
    for one, two in pairwise(kept):
        if two.start != one.end:
            told = Sentence(
                "下一段的 from 不等於上一段的 to：交易會遺漏或重複",
                "A window does not begin where the one before ended: transactions are lost or read"
                " twice",
            )
            return failed(told, [*one.calls[-1:], *two.calls[:1]])
    return _shown(kept)


def _shown(windows: Sequence[Window]) -> Finding:
    evidence = [call for one in windows for call in one.calls]
    if len(windows) < 2:
        told = Sentence("只讀了一段，看不出下一段的起點", "Only one window was read")
        return not_shown(told, evidence)
    if all(one.last == 1 for one in windows):
        told = Sentence(
            "每一段都只有一頁，看不出會讀到最後一頁",
            "Every window had a single page, which shows nothing about reading to the last one",
        )
        return not_shown(told, evidence)
    told = Sentence(
        f"{len(windows)} 段首尾相接，每段都讀到最後一頁",
        f"{len(windows)} windows lie end to start, each read to its last page",
    )
    return passed(told, evidence)


def _why_partial(window: Window) -> Sentence:
    if any(window.end > one.at for one in window.calls):
        return Sentence(
            "讀取時 to 還在未來，之後還會有交易加入",
            "A window ended in the future when it was read: more could still come",
        )
    if len(window.sizes) > 1:
        return Sentence("同一段中途改了 size", "The size changed within one window")
    return Sentence(
        f"一段有 {window.last} 頁，沒有全部讀完",
        f"A window of {window.last} pages was not read to its end",
    )


def _is_read(call: Seen) -> bool:
    return call.method == "GET" and call.status == 200 and call.address == TRANSACTIONS


def _query(call: Seen) -> dict[str, str]:
    """The fields that have a value, as `parse_qsl` reads them but in a fraction of its time."""
    pairs = (pair.partition("=") for pair in call.query.split("&"))
    found = {name: value for name, _, value in pairs if value}
    if "%" in call.query or "+" in call.query:
        found = {unquote_plus(name): unquote_plus(value) for name, value in found.items()}
    return found


def _windows(reads: Sequence[tuple[Seen, dict[str, str]]], count: CountRows) -> list[Window]:
    """The windows in the order in which they were first read."""
    found: dict[tuple[datetime, datetime], Window] = {}
    for call, told in reads:
        span = datetime.fromisoformat(told["from"]), datetime.fromisoformat(told["to"])
        window = found.get(span)
        if window is None:
            window = found[span] = Window(*span)
        window.add(call, _number(told, "page", 1), _number(told, "size", DEFAULT_SIZE))
    for window, rows in zip(found.values(), count(list(found)), strict=True):
        window.last = max(1, -(-rows // min(window.sizes, default=DEFAULT_SIZE)))
    return list(found.values())


def _number(told: dict[str, str], name: str, default: int) -> int:
    """A number of the query, which may have been written as `2.0`."""
    return int(told[name].partition(".")[0]) if name in told else default


def _without_broken_off(windows: Sequence[Window]) -> list[Window]:
    """Leaves out a window that was not read to its end and then begun anew with a later end."""
    return [
        one
        for one, two in zip(windows, [*windows[1:], None], strict=True)
        if two is None or one.is_whole or two.start != one.start
    ]
