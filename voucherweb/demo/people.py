"""Members of the demo: some thousand people who do not exist."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from voucherweb.demo.cast import HOUSES

COUNT: Final = 3000
DAY: Final = 86_400_000

_SURNAMES: Final = (
    "陳林黃張李王吳劉蔡楊許鄭謝郭洪邱曾廖賴徐周葉蘇莊呂江何蕭羅高潘簡朱鍾游彭詹胡施沈"
)
_WOMEN: Final = ("淑惠美雅怡佳欣詩婉玉秀麗慧靜宜芳", "芬玲華貞君婷雯萱涵琪蓉如娟珍儀穎")
_MEN: Final = ("志建俊家冠承宗明文國柏宇彥哲嘉偉", "豪宏翔廷銘傑霖賢誠達睿恩智安成輝")


@dataclass(frozen=True, slots=True)
class Person:
    """One member; `joined` in epoch milliseconds, `house` a place in `HOUSES` or None."""

    id: str
    household_id: str
    house: int | None
    name: str
    gender: str
    born: date | None
    phone: str
    joined: int
    zeal: float

    def age(self, today: date) -> int | None:
        return None if self.born is None else (today - self.born).days * 100 // 36_525


def make_people(rng: Random, today: date, now: int) -> list[Person]:
    """`COUNT` members: mixed ages and genders, a few of them unknown; seven of ten have been
    members since before the history begins."""
    return [_person(rng, today, now) for _ in range(COUNT)]


def make_id(rng: Random) -> str:
    """The text of a random UUID that a seeded generator gives again."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _person(rng: Random, today: date, now: int) -> Person:
    gender = rng.choices("FMU", (51, 43, 6))[0]
    days_ago = rng.uniform(200, 430) if rng.random() < 0.7 else rng.uniform(1, 200)
    return Person(
        id=make_id(rng),
        household_id=make_id(rng),
        house=_house(rng),
        name=_name(rng, gender),
        gender=gender,
        born=_birthday(rng, today) if rng.random() > 0.07 else None,
        phone=f"0900{rng.randrange(1_000_000):06d}",
        joined=now - round(days_ago * DAY),
        zeal=rng.lognormvariate(0, 0.6),
    )


def _house(rng: Random) -> int | None:
    shares = [house.share for house in HOUSES]
    picked = rng.choices(range(len(HOUSES) + 1), [*shares, 1 - sum(shares)])[0]
    return picked if picked < len(HOUSES) else None


def _name(rng: Random, gender: str) -> str:
    given: Sequence[str] = (
        _MEN if gender == "M" or (gender == "U" and rng.random() < 0.5) else _WOMEN
    )
    # The surnames stand in the order of how common they are.
    place = min(int(rng.expovariate(1 / 9)), len(_SURNAMES) - 1)
    return _SURNAMES[place] + rng.choice(given[0]) + rng.choice(given[1])


def _birthday(rng: Random, today: date) -> date:
    age = min(max(rng.gauss(46, 17), 16), 92)
    return today - timedelta(days=round(age * 365.25) + rng.randrange(365))
