"""When each offer of the demo is issued, shelved, redeemed and used: days counted from today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import IntEnum
from typing import Final
from zoneinfo import ZoneInfo

from voucherweb.demo.cast import HOUSES
from voucherweb.demo.offers import Offer, catalogue
from voucherweb.domain import clock
from voucherweb.domain.enums import TargetType, UseType, VoucherType
from voucherweb.domain.voucher_rules import VoucherTerms


class Scene(IntEnum):
    """The moment of its life in which the demo shows a voucher."""

    DRAFT = 0
    ON = 1
    WAITING = 2
    OFF = 3
    ENDED = 4
    EXPIRED = 5
    SOLD_OUT = 6
    NEARLY_GONE = 7


@dataclass(frozen=True, slots=True)
class Days:
    """Days from today: of the issue, the first and last one on the shelf, the last one of use;
    `off` is when it was taken down by hand."""

    issued: int
    first: int
    last: int
    use_last: int
    off: int | None = None


def days_of(scene: Scene, n: int) -> Days:
    """The days of the offer of type `n` (0 to 5); no two types share them."""
    return {
        Scene.DRAFT: Days(-2 - n, 5 + 2 * n, 45 + 3 * n, 75 + 3 * n),
        Scene.ON: Days(-90 + 9 * n, -87 + 9 * n, 9 + 8 * n, 54 + 8 * n),
        Scene.WAITING: Days(-3 - n, 3 + 4 * n, 50 + 4 * n, 80 + 4 * n),
        Scene.OFF: Days(-120 + 6 * n, -116 + 6 * n, 30 + 5 * n, 55 + 5 * n, off=-12 - 3 * n),
        Scene.ENDED: Days(-160 + 7 * n, -155 + 7 * n, -24 - 6 * n, 25 + 4 * n),
        Scene.EXPIRED: Days(-196 + 4 * n, -192 + 4 * n, -110 + 5 * n, -60 + 6 * n),
        Scene.SOLD_OUT: Days(-64 + 6 * n, -62 + 6 * n, 12 + 4 * n, 60 + 4 * n),
        Scene.NEARLY_GONE: Days(-54 + 5 * n, -51 + 5 * n, 6 + 5 * n, 50 + 5 * n),
    }[scene]


# How much of the volume is gone: from this part for the first type to that for the last.
SOLD: Final[dict[Scene, tuple[float, float]]] = {
    Scene.ON: (0.66, 0.34),
    Scene.OFF: (0.52, 0.4),
    Scene.ENDED: (0.58, 0.86),
    Scene.EXPIRED: (0.9, 0.62),
    Scene.SOLD_OUT: (1.0, 1.0),
    Scene.NEARLY_GONE: (0.95, 0.98),
}


@dataclass(frozen=True, slots=True)
class Story:
    """One voucher of the demo and what happens to it. `house` is a place in `HOUSES`."""

    kind: VoucherType
    scene: Scene
    offer: Offer
    house: int
    terms: VoucherTerms
    issued_at: datetime
    on_at: datetime | None
    off_at: datetime | None
    pieces: int

    @property
    def seed(self) -> int:
        return int(self.kind) * 10 + self.scene


@dataclass(frozen=True, slots=True)
class Calendar:
    """Instants from days counted from today."""

    today: date
    zone: ZoneInfo

    def at(self, day: int, hour: int, minute: int = 0) -> datetime:
        local = datetime.combine(self.today + timedelta(days=day), time(hour, minute), self.zone)
        return clock.from_millis(clock.to_millis(local))

    def begin(self, day: int) -> datetime:
        return clock.start_of_day(self.today + timedelta(days=day), self.zone)

    def end(self, day: int) -> datetime:
        return clock.end_of_day(self.today + timedelta(days=day), self.zone)


def stories(calendar: Calendar) -> list[Story]:
    """Every type in every scene, dealt to the houses that have a vendor, by time of issue."""
    houses = [n for n, house in enumerate(HOUSES) if house.issues]
    told = [
        _story(calendar, kind, scene, houses[(int(kind) + scene) % len(houses)])
        for kind in VoucherType
        for scene in Scene
    ]
    return sorted(told, key=lambda story: story.issued_at)


def _story(calendar: Calendar, kind: VoucherType, scene: Scene, house: int) -> Story:
    n = int(kind) - 1
    days = days_of(scene, n)
    offer = catalogue().offers[kind][scene]
    terms = _terms(calendar, kind, offer, days)
    first_share, last_share = SOLD.get(scene, (0.0, 0.0))
    share = first_share + (last_share - first_share) * n / 5
    shelved = scene is not Scene.DRAFT
    # Those that wait for their first day were put on the shelf yesterday.
    on_day = -1 if scene is Scene.WAITING else days.first - 1
    off_at = calendar.at(days.off, 18, 5 * n) if days.off is not None else None
    if scene in {Scene.ENDED, Scene.EXPIRED}:
        off_at = terms.on_end + timedelta(milliseconds=1)
    return Story(
        kind=kind,
        scene=scene,
        offer=offer,
        house=house,
        terms=terms,
        issued_at=calendar.at(days.issued, 10 + n, 7 * scene),
        on_at=calendar.at(on_day, 16, 6 * n) if shelved else None,
        off_at=off_at,
        pieces=round(offer.volume * share),
    )


def _terms(calendar: Calendar, kind: VoucherType, offer: Offer, days: Days) -> VoucherTerms:
    # An event is shown first, can be booked two days later and takes place from the fifth day on.
    event = kind is VoucherType.LIMITED
    return VoucherTerms(
        title=offer.title,
        target_type=TargetType.MEMBER if offer.members_only else TargetType.ALL,
        voucher_type=kind,
        use_type=UseType.MERCHANT if offer.merchant else UseType.SELF,
        price=Decimal(offer.price),
        volume=offer.volume,
        redeem_start=calendar.begin(days.first + 2 * event),
        redeem_end=calendar.end(days.last),
        use_start=calendar.begin(days.first + 5 * event),
        use_end=calendar.end(days.use_last),
        on_start=calendar.begin(days.first),
        on_end=calendar.end(days.last),
        redeem_limit=offer.limit,
        description=offer.description,
        notice=catalogue().notices[kind],
        product_id=offer.product_id,
    )


def of_house(told: Sequence[Story], house: int) -> list[Story]:
    return [story for story in told if story.house == house]
