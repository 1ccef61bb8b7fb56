"""A slow recount of every statistic in plain Python, sharing no code with the services.

Events come from a log that a test keeps, or from the rows (then each time counts in the group and
on the day of the first, which is all that the rows still tell).
"""

import math
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from voucherweb.transaction import session, unit_of_work

TAIPEI = ZoneInfo("Asia/Taipei")
LABELS = {
    "level1": "30歲以下",
    "level2": "30-39歲",
    "level3": "40-49歲",
    "level4": "50-59歲",
    "level5": "60歲以上",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A voucher that exists."""

    id: uuid.UUID
    tenant: uuid.UUID
    type: str
    price: Decimal
    points: int
    volume: int
    on_start: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One piece redeemed or used, one time seen (REACH) or clicked, who did it just then, and on
    which local day."""

    kind: str
    voucher: uuid.UUID
    member: uuid.UUID
    gender: str
    level: str
    day: date


def level(birthdate: date | None, day: date) -> str:
    """The age level on that day, by whole years lived."""
    if birthdate is None or birthdate > day:
        return "level0"
    before = (day.month, day.day) < (birthdate.month, birthdate.day)
    age = day.year - birthdate.year - before
    return f"level{min(max(age // 10 - 1, 1), 5)}"


def rate(part: int, whole: int) -> float:
    if not whole:
        return 0.0
    return math.floor(Fraction(part * 1000, whole) + Fraction(1, 2)) / 10


def offers() -> list[Offer]:
    with unit_of_work():
        rows = session.execute(
            text(
                "SELECT id, tenant_id, voucher_type, price, redeem_points, volume, on_start"
                " FROM vouchers WHERE deleted_at IS NULL"
            )
        )
        return [Offer(*row) for row in rows]


def events(zone: ZoneInfo = TAIPEI) -> list[Event]:
    """The events that the rows tell of, oldest first."""
    with unit_of_work():
        pieces = session.execute(text("SELECT * FROM redemptions ORDER BY redeemed_at, id")).all()
        met = session.execute(text("SELECT * FROM engagements ORDER BY first_at")).all()

    def seen(at: datetime) -> date:
        return at.astimezone(zone).date()

    found = [
        Event("REDEEM", r.voucher_id, r.member_id, r.gender, r.age_level, seen(r.redeemed_at))
        for r in pieces
    ]
    found += [
        Event("USE", r.voucher_id, r.member_id, r.used_gender, r.used_age_level, seen(r.used_at))
        for r in pieces
        if r.used_at
    ]
    for e in met:
        kind = {"R": "REACH", "C": "CLICK"}[e.kind]
        day = seen(e.first_at)
        found += [Event(kind, e.voucher_id, e.member_id, e.gender, e.age_level, day)] * e.times
    return found


def _of(kind: str, among: Sequence[Offer], log: Iterable[Event]) -> list[Event]:
    ids = {one.id for one in among}
    return [event for event in log if event.kind == kind and event.voucher in ids]


def _persons(seen: Iterable[Event]) -> list[Event]:
    """The first event of each member."""
    first: dict[uuid.UUID, Event] = {}
    for event in seen:
        first.setdefault(event.member, event)
    return list(first.values())


def _amount(among: Sequence[Offer], seen: Iterable[Event]) -> float:
    prices = {one.id: one.price for one in among}
    return float(sum((prices[event.voucher] for event in seen), Decimal(0)))


def _points(among: Sequence[Offer], seen: Iterable[Event]) -> int:
    points = {one.id: one.points for one in among}
    return sum(points[event.voucher] for event in seen)


def _gender(seen: Iterable[Event], gender: str) -> int:
    return sum(event.gender == gender for event in seen)


def _bars(measures: dict[str, list[Event]]) -> list[dict[str, Any]]:
    return [
        {
            "ageLevel": name,
            "label": label,
            **{
                f"{word}{measure}": _gender((e for e in seen if e.level == name), gender)
                for measure, seen in measures.items()
                for word, gender in (("male", "M"), ("female", "F"))
            },
        }
        for name, label in LABELS.items()
    ]


def _pieces(among: Sequence[Offer], seen: list[Event]) -> dict[str, Any]:
    men, women = _gender(seen, "M"), _gender(seen, "F")
    return {
        "totalCount": len(seen),
        "totalAmount": _amount(among, seen),
        "totalMaleCount": men,
        "totalFemaleCount": women,
        "totalMaleRate": rate(men, len(seen)),
        "totalFemaleRate": rate(women, len(seen)),
        "details": _bars({"Count": seen}),
    }


def _audience(seen: list[Event]) -> dict[str, Any]:
    answer: dict[str, Any] = {"details": _bars({"Count": _persons(seen), "Times": seen})}
    for measure, counted in (("Count", _persons(seen)), ("Times", seen)):
        answer[f"total{measure}"] = len(counted)
        for word, gender in (("Male", "M"), ("Female", "F")):
            of_gender = _gender(counted, gender)
            answer[f"total{word}{measure}"] = of_gender
            answer[f"total{word}{measure}Rate"] = rate(of_gender, len(counted))
    return answer


def click_rate(among: Sequence[Offer], log: Sequence[Event]) -> float:
    clicked, reached = (len(_persons(_of(kind, among, log))) for kind in ("CLICK", "REACH"))
    return rate(clicked, reached)


def analyses(among: Sequence[Offer], log: Sequence[Event]) -> dict[str, Any]:
    """The four analyses of `voucher/statistics` over these vouchers."""
    redeemed, used = _of("REDEEM", among, log), _of("USE", among, log)
    return {
        "redeemInfo": {
            **_pieces(among, redeemed),
            "totalRedeemCount": len(redeemed),
            "totalRedeemAmount": _amount(among, redeemed),
            "totalRedeemRate": rate(len(redeemed), sum(one.volume for one in among)),
        },
        "usedInfo": {**_pieces(among, used), "totalUsedRate": rate(len(used), len(redeemed))},
        "reachInfo": _audience(_of("REACH", among, log)),
        "clickInfo": {
            **_audience(_of("CLICK", among, log)),
            "clickRate": click_rate(among, log),
        },
    }


def totals(among: Sequence[Offer], log: Sequence[Event]) -> dict[str, Any]:
    """What `voucher/summary` says besides the books; nothing without vouchers."""
    if not among:
        return {}
    redeemed, used = _of("REDEEM", among, log), _of("USE", among, log)
    volume = sum(one.volume for one in among)
    points = sum(one.points * one.volume for one in among)
    return {
        "totalVolume": volume,
        "totalPoints": points,
        "totalAmount": float(sum(one.price * one.volume for one in among)),
        "totalUnRedeemCount": volume - len(redeemed),
        "totalUnRedeemPoints": points - _points(among, redeemed),
        "totalRedeemCount": len(redeemed),
        "totalRedeemPoints": _points(among, redeemed),
        "totalRedeemAmount": _amount(among, redeemed),
        "totalUsedCount": len(used),
        "totalUsedAmount": _amount(among, used),
        "redeemRate": rate(len(redeemed), volume),
        "usedRate": rate(len(used), len(redeemed)),
    }


def books(tenant: uuid.UUID) -> dict[str, Any]:
    """The books as the purchases and the vouchers say; nothing until quota was bought."""
    with unit_of_work():
        bought = session.scalars(
            text(
                "SELECT p.points FROM quota_purchases p JOIN vendors v ON v.id = p.vendor_id"
                " WHERE v.tenant_id = :tenant"
            ),
            {"tenant": tenant},
        ).all()
    if not bought:
        return {}
    deposit = sum(bought)
    withdraw = sum(one.points * one.volume for one in offers() if one.tenant == tenant)
    return {
        "deposit": deposit,
        "withdraw": withdraw,
        "quota": deposit - withdraw,
        "quotaAvailRate": rate(deposit - withdraw, deposit),
    }


def row(among: Sequence[Offer], log: Sequence[Event]) -> dict[str, Any]:
    """The figures of one row of `statistics/list`; nothing without vouchers."""
    if not among:
        return {}
    redeemed, used = _of("REDEEM", among, log), _of("USE", among, log)
    reached, clicked = _of("REACH", among, log), _of("CLICK", among, log)
    volume = sum(one.volume for one in among)
    return {
        "volume": volume,
        "redeemCount": len(redeemed),
        "redeemRate": rate(len(redeemed), volume),
        "usedCount": len(used),
        "usedAmount": _amount(among, used),
        "usedRate": rate(len(used), len(redeemed)),
        "reachCount": len(_persons(reached)),
        "reachTimes": len(reached),
        "clickCount": len(_persons(clicked)),
        "clickTimes": len(clicked),
        "clickRate": click_rate(among, log),
    }


def daily(among: Sequence[Offer], log: Iterable[Event]) -> dict[date, Counter[str]]:
    """The six measures of each day on which something happened; a person counts on the day of the
    first event with each voucher."""
    days: dict[date, Counter[str]] = {}
    met: set[tuple[str, uuid.UUID, uuid.UUID]] = set()
    ids = {one.id for one in among}
    for event in (one for one in log if one.voucher in ids):
        day = days.setdefault(event.day, Counter())
        if event.kind in {"REDEEM", "USE"}:
            day[{"REDEEM": "redeemed", "USE": "used"}[event.kind]] += 1
            continue
        who = (event.kind, event.voucher, event.member)
        day[f"{event.kind.lower()}_times"] += 1
        day[f"{event.kind.lower()}_persons"] += who not in met
        met.add(who)
    return days


def picked(wanted: Callable[[Offer], bool]) -> list[Offer]:
    """The offers that match."""
    return [one for one in offers() if wanted(one)]
