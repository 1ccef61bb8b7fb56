"""A voucher as the app shows it, and its three windows on one time line: what the macros
`tickets.card` and `tickets.timeline` draw. Nothing here asks the database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from voucherweb.api.pictures import picture_url
from voucherweb.domain import clock
from voucherweb.domain.voucher_rules import Phase, dates_out_of_order, phase
from voucherweb.errors import Detail
from voucherweb.models import Voucher
from voucherweb.web.language import Text
from voucherweb.web.shown import local, settings

WINDOWS: Final = {
    "on": Text("上架", "On shelf"),
    "redeem": Text("兌換", "Redeem"),
    "use": Text("使用", "Use"),
}
"""The windows in the order in which a member meets them."""
_DAY: Final = timedelta(days=1)
_MOST_TICKS: Final = 40

Span = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class Ticket:
    """One voucher's face. `redeem` and `use` are its windows; `points` of one piece; what is not
    known yet is None. `left` of `volume` pieces are in stock."""

    title: str | None
    points: int | None
    picture: str | None
    redeem: Span
    use: Span
    volume: int | None
    left: int | None
    voucher_type: str | None = None
    target_type: str | None = None
    use_type: str | None = None
    redeem_limit: int | None = None
    phase: Phase | None = None
    number: str | None = None

    @property
    def left_percent(self) -> float:
        if not self.volume or self.left is None:
            return 0
        return round(self.left * 100 / self.volume, 2)


def ticket_of(voucher: Voucher, at: datetime | None = None) -> Ticket:
    """An issued voucher's card, as of an instant (default: now)."""
    return Ticket(
        title=voucher.title,
        points=voucher.redeem_points,
        picture=picture_url(voucher.thumbnail_key),
        redeem=(voucher.redeem_start, voucher.redeem_end),
        use=(voucher.use_start, voucher.use_end),
        volume=voucher.volume,
        left=voucher.volume - voucher.redeemed,
        voucher_type=voucher.voucher_type,
        target_type=voucher.target_type,
        use_type=voucher.use_type,
        redeem_limit=voucher.redeem_limit,
        phase=phase(voucher, at or clock.now()),
        number=voucher.voucher_no,
    )


@dataclass(frozen=True, slots=True)
class Bar:
    """One window. `x` and `width` are percent of the line's width, None until both ends are
    known; `problems` the sentences of the rules that it breaks; `over` that it has ended."""

    name: str
    label: Text
    start: datetime | None
    end: datetime | None
    x: float | None
    width: float | None
    problems: tuple[Text, ...]
    over: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """The windows over whole local days, both inclusive. `today` is percent, None when today lies
    outside; `ticks` are the months' first days (days' when there are few)."""

    bars: tuple[Bar, ...]
    first: date | None
    last: date | None
    today: float | None
    ticks: tuple[float, ...]

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1 if self.first and self.last else 0


def timeline_of(voucher: Voucher) -> Timeline:
    """An issued voucher's windows."""
    spans: dict[str, Span] = {
        "on": (voucher.on_start, voucher.on_end),
        "redeem": (voucher.redeem_start, voucher.redeem_end),
        "use": (voucher.use_start, voucher.use_end),
    }
    return timeline(spans)


def timeline(spans: Mapping[str, Span]) -> Timeline:
    """Windows by name (`on`, `redeem`, `use`), perhaps not filled in yet, with what the rules of
    behaviour §5 say of their order."""
    ends = {
        f"{name}_{edge}": instant
        for name, span in spans.items()
        for edge, instant in zip(("start", "end"), span, strict=True)
        if instant
    }
    problems = dates_out_of_order(ends)
    known = [one for span in spans.values() for one in span if one]
    if not known:
        return Timeline(tuple(_bars(spans, None, problems)), None, None, None, ())
    scale = _Scale(known)
    return Timeline(
        tuple(_bars(spans, scale, problems)),
        scale.first,
        scale.last,
        scale.at(clock.now()) if scale.holds(clock.now()) else None,
        tuple(scale.ticks()),
    )


class _Scale:
    """Percent of the width for instants, from local midnight to local midnight. Today is part of
    it while that at most doubles its length."""

    def __init__(self, known: list[datetime]) -> None:
        self.first, self.last = local(min(known)).date(), local(max(known)).date()
        today, length = local(clock.now()).date(), self.last - self.first + _DAY
        if timedelta(0) < self.first - today <= length:
            self.first = today
        if timedelta(0) < today - self.last <= length:
            self.last = today
        zone = settings().timezone
        self._begin = clock.start_of_day(self.first, zone)
        self._length = clock.end_of_day(self.last, zone) - self._begin

    def at(self, instant: datetime) -> float:
        return round((instant - self._begin) * 100 / self._length, 2)

    def holds(self, instant: datetime) -> bool:
        return timedelta(0) <= instant - self._begin <= self._length

    def ticks(self) -> Iterator[float]:
        zone, days = settings().timezone, (self.last - self.first).days
        monthly = days > _MOST_TICKS
        if days > _MOST_TICKS * 31:
            return
        for number in range(1, days + 1):
            day = self.first + number * _DAY
            if not monthly or day.day == 1:
                yield self.at(clock.start_of_day(day, zone))


def _bars(spans: Mapping[str, Span], scale: _Scale | None, problems: list[Detail]) -> Iterator[Bar]:
    for name, (start, end) in spans.items():
        x = width = None
        if scale and start and end:
            x = scale.at(min(start, end))
            width = max(round(scale.at(max(start, end)) - x, 2), 0.5)
        mine = tuple(
            Text(one.zh, one.en)
            for one in problems
            if one.field in {f"{name}StartDate", f"{name}EndDate"}
        )
        over = end is not None and end < clock.now()
        yield Bar(name, WINDOWS[name], start, end, x, width, mine, over)
