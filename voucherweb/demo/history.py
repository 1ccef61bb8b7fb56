"""Months of seeing, clicking, redeeming and using: who did it when, by a seeded generator.

Each narrower step of the funnel is drawn from the wider one. Days follow a curve: busy at the
start, calmer later, with the week's rhythm; hours follow the day's. All moments are epoch
milliseconds and lie where the rules of behaviour §6 allowed them.
"""

import uuid
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate
from math import exp
from random import Random
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from voucherweb.demo.people import DAY, Person, make_id
from voucherweb.demo.schedule import Calendar, Scene, Story
from voucherweb.domain import clock
from voucherweb.domain.enums import TargetType

HOUR: Final = 3_600_000
SECOND_PIECE: Final = 0.3
"""How many of those who may take two pieces do."""
_WEEK: Final = (0.96, 0.9, 0.94, 1.0, 1.22, 1.36, 1.1)
_HOURS: Final = (
    *(2, 1, 1, 1, 1, 2, 5, 12, 15, 14, 15, 22),
    *(26, 18, 13, 13, 14, 18, 22, 26, 30, 27, 16, 6),
)


class Engaged(NamedTuple):
    """One member who saw (R) or clicked (C) one voucher, `times` in all."""

    member_id: str
    voucher_id: str
    kind: str
    times: int
    first_at: int
    last_at: int


class Piece(NamedTuple):
    """One redeemed piece; `used_at` is None while it is not used."""

    id: str
    voucher_id: str
    member_id: str
    points: int
    redeemed_at: int
    used_at: int | None


@dataclass(slots=True)
class History:
    engaged: list[Engaged] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Run:
    """One voucher's time among the members: on the shelf from `first` to `last`."""

    voucher_id: str
    points: int
    story: Story
    first: int
    last: int
    now: int

    @property
    def redeemable(self) -> tuple[int, int]:
        terms = self.story.terms
        start, end = clock.to_millis(terms.redeem_start), clock.to_millis(terms.redeem_end)
        return max(self.first, start), min(self.last, end)

    @property
    def usable(self) -> tuple[int, int]:
        terms = self.story.terms
        return clock.to_millis(terms.use_start), min(clock.to_millis(terms.use_end), self.now)


def run_of(story: Story, voucher_id: uuid.UUID, points: int, now: int) -> Run | None:
    """The voucher's run, or None when no member has met it yet."""
    if story.on_at is None or story.scene is Scene.WAITING:
        return None
    first = clock.to_millis(max(story.terms.on_start, story.on_at))
    ends = [now - 60_000, clock.to_millis(story.terms.on_end)]
    if story.off_at is not None:
        ends.append(clock.to_millis(story.off_at) - 1)
    return Run(str(voucher_id), points, story, first, min(ends), now)


def tell(runs: Iterable[Run], people: Sequence[Person], calendar: Calendar) -> History:
    """What all members did with all vouchers."""
    history = History()
    for run in runs:
        Teller(run, Random(run.story.seed), history, calendar).tell(people)  # noqa: S311 - data to look at.
    return history


@dataclass(slots=True)
class Teller:
    """Tells one voucher's history."""

    run: Run
    rng: Random
    history: History
    calendar: Calendar

    def tell(self, people: Sequence[Person]) -> None:
        run, rng = self.run, self.rng
        curve = Curve.of(run, rng, self.calendar.zone)
        audience = [p for p in people if self._may_see(p)]
        likings = [liking(p, run.story, self.calendar.today) for p in audience]
        per_head = 1 if run.story.offer.limit == 1 else 1 + SECOND_PIECE
        heads = run.story.pieces / per_head
        clicking = min(heads * rng.uniform(1.5, 2.0), len(audience) * 0.72)
        seeing = min(clicking * rng.uniform(1.6, 2.3), len(audience) * 0.94)
        seen = self._see(_pick(rng, audience, likings, round(seeing)), curve)
        keen = sorted(seen, key=lambda one: rng.random() ** (1 / one[0].zeal), reverse=True)
        clicked = self._click(keen[: round(clicking)])
        self._redeem(clicked)

    def _may_see(self, person: Person) -> bool:
        story = self.run.story
        belongs = story.terms.target_type is TargetType.ALL or person.house == story.house
        return belongs and person.joined < self.run.last - DAY

    def _see(self, audience: Iterable[Person], curve: "Curve") -> list[tuple[Person, int]]:
        seen = []
        for person in audience:
            at = curve.moment(self.rng, max(self.run.first, person.joined))
            self._engage(person, "R", at, 1 + min(int(self.rng.expovariate(0.55)), 11))
            seen.append((person, at))
        return seen

    def _click(self, seen: Iterable[tuple[Person, int]]) -> list[tuple[Person, int]]:
        clicked = []
        for person, at in seen:
            clicked_at = self._later(at, 2_000, self.rng.choice((HOUR // 30, 9 * HOUR)))
            self._engage(person, "C", clicked_at, 1 + min(int(self.rng.expovariate(0.9)), 7))
            clicked.append((person, clicked_at))
        return sorted(clicked, key=lambda one: one[1])

    def _later(self, at: int, least: int, mean: float) -> int:
        """A moment after `at`, but still on the shelf."""
        return min(at + least + round(self.rng.expovariate(1 / mean)), self.run.last)

    def _engage(self, person: Person, kind: str, at: int, times: int) -> None:
        span = (self.run.last - at) * self.rng.random() * 0.4 if times > 1 else 0
        self.history.engaged.append(
            Engaged(person.id, self.run.voucher_id, kind, times, at, at + round(span))
        )

    def _redeem(self, clicked: Sequence[tuple[Person, int]]) -> None:
        """Deal the pieces to those who clicked. What is sold out went to the first ones; else
        the first round reaches all days alike. Further rounds deal what is left, second pieces
        where the limit allows them."""
        story = self.run.story
        left, had = story.pieces, [0] * len(clicked)
        per_head = SECOND_PIECE + 1 if story.offer.limit > 1 else 1
        hasty = story.scene is Scene.SOLD_OUT
        first = 0.8 if hasty else left / per_head / max(len(clicked), 1)
        for chance, most in ((first, 1), (1.0, 1), (1.0, story.offer.limit)):
            for place, one in enumerate(clicked):
                if had[place] < most and self.rng.random() < chance:
                    count = min(self._wish(), story.offer.limit - had[place], left)
                    taken = self._take(*one, count)
                    had[place] += taken
                    left -= taken

    def _wish(self) -> int:
        return 1 + (self.rng.random() < SECOND_PIECE)

    def _take(self, person: Person, clicked_at: int, count: int) -> int:
        """Redeem so many pieces some time after the click; answers how many, 0 when the window
        has closed."""
        rng, (start, end) = self.rng, self.run.redeemable
        after = max(clicked_at, start)
        if after >= end:
            return 0
        for _ in range(count):
            at = after + 15_000 + round(rng.expovariate(1 / (22 * HOUR)))
            if at > end:
                at = after + round((end - after) * rng.random())
            piece = Piece(
                make_id(rng), self.run.voucher_id, person.id, self.run.points, at, self._use(at)
            )
            self.history.pieces.append(piece)
        return count

    def _use(self, redeemed_at: int) -> int | None:
        start, end = self.run.usable
        if self.rng.random() > 0.84:
            return None
        wait = round(self.rng.lognormvariate(0.9, 1.1) * DAY)
        at = max(redeemed_at, start) + HOUR // 20 + wait
        return at if at < end else None


@dataclass(frozen=True, slots=True)
class Curve:
    """How busy each local day of a run is."""

    starts: tuple[int, ...]
    weights: tuple[float, ...]
    last: int

    @classmethod
    def of(cls, run: Run, rng: Random, zone: ZoneInfo) -> "Curve":
        day = clock.local_date(clock.from_millis(run.first), zone)
        starts: list[int] = []
        weights: list[float] = []
        length = max((run.last - run.first) / DAY, 1)
        while (begin := clock.to_millis(clock.start_of_day(day, zone))) <= run.last:
            way = len(starts) / length
            # The launch, the long middle, and those who hurry on the last days.
            busy = 0.3 + 1.5 * exp(-7 * way) + 0.35 * exp(-12 * (1 - way))
            weights.append(busy * _WEEK[day.weekday()] * rng.lognormvariate(0, 0.16))
            starts.append(begin)
            day = date.fromordinal(day.toordinal() + 1)
        return cls(tuple(starts), tuple(accumulate(weights)), run.last)

    def moment(self, rng: Random, earliest: int) -> int:
        """A moment from `earliest` to the end of the run, by days and hours of the curve."""
        for _ in range(8):
            day = bisect_left(self.weights, rng.random() * self.weights[-1])
            hour = rng.choices(range(24), _HOURS)[0]
            at = self.starts[day] + hour * HOUR + rng.randrange(HOUR)
            if earliest <= at <= self.last:
                return at
        return rng.randint(earliest, self.last)


def liking(person: Person, story: Story, today: date) -> float:
    """How much an offer appeals to a member, more than 0."""
    offer = story.offer
    share = {"F": offer.women, "M": 1 - offer.women}.get(person.gender, 0.5)
    age = person.age(today)
    near = 0.6 if age is None else exp(-(((age - offer.age) / 20) ** 2) / 2)
    return person.zeal * (0.15 + 2 * share) * (0.2 + near)


def _pick(
    rng: Random, people: Sequence[Person], weights: Sequence[float], count: int
) -> list[Person]:
    """`count` different people, the heavier the likelier (Efraimidis–Spirakis keys)."""
    keyed = [(rng.random() ** (1 / weight), n) for n, weight in enumerate(weights)]
    return [people[n] for _, n in sorted(keyed, reverse=True)[:count]]
