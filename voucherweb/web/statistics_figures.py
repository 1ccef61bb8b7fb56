"""What the statistics pages show, put in order for the charts: no number is made here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from operator import attrgetter
from typing import Final

from voucherweb.domain.demographics import AGE_LABELS
from voucherweb.domain.enums import AgeLevel, Gender
from voucherweb.domain.small_groups import ALL, Shown, Table
from voucherweb.services.statistics import Statistics, Tally
from voucherweb.services.statistics_tables import Tables
from voucherweb.services.trends import Trend
from voucherweb.web.labels import label
from voucherweb.web.language import Text, t

CLICK_RATE: Final = Text("點擊率 = 點擊人數 ÷ 曝光人數", "Click rate = persons who clicked ÷ seen")
REDEEM_RATE: Final = Text("兌換率 = 已兌換 ÷ 發行張數", "Redeem rate = redeemed ÷ issued")
USED_RATE: Final = Text("核銷率 = 已核銷 ÷ 已兌換", "Use rate = used ÷ redeemed")
PERSONS: Final = Text("人", "persons")
PIECES: Final = Text("張", "pieces")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the funnel; `href` leads to the rows behind its number."""

    name: Text
    unit: Text
    count: int
    rate: Decimal | None = None
    rate_name: Text | None = None
    definition: Text | None = None
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Links:
    """Where the rows behind the numbers are, as far as there are lists of them."""

    volume: str | None = None
    reached: str | None = None
    clicked: str | None = None
    redeemed: str | None = None
    used: str | None = None


def funnel(found: Statistics, links: Links) -> list[Step]:
    """Seen, clicked, redeemed, used. A piece can be redeemed without a click that was counted."""
    return [
        Step(Text("曝光", "Seen"), PERSONS, found.reach.persons.total, href=links.reached),
        Step(
            Text("點擊", "Clicked"),
            PERSONS,
            found.click.persons.total,
            found.click_rate,
            Text("點擊率", "Click rate"),
            CLICK_RATE,
            links.clicked,
        ),
        Step(
            Text("兌換", "Redeemed"),
            PIECES,
            found.redeemed.total,
            found.redeem_rate,
            Text("兌換率", "Redeem rate"),
            REDEEM_RATE,
            links.redeemed,
        ),
        Step(
            Text("核銷", "Used"),
            PIECES,
            found.used.total,
            found.used_rate,
            Text("核銷率", "Use rate"),
            USED_RATE,
            links.used,
        ),
    ]


@dataclass(frozen=True, slots=True)
class Panel:
    """One of the four analyses. `scale` is the length of the longest bar that its pair has."""

    key: str
    name: Text
    unit: Text
    table: Table
    tally: Tally
    scale: int = 1
    times: Table | None = None
    href: str | None = None

    @property
    def bars(self) -> list[tuple[str, Shown, Shown]]:
        """For each known age level: its name, men, women."""
        return [
            (
                label("age", level),
                self.table.at(Gender.MALE, level),
                self.table.at(Gender.FEMALE, level),
            )
            for level in AGE_LABELS
        ]

    @property
    def longest(self) -> int:
        shown = [value for bar in self.bars for value in bar[1:] if isinstance(value, int)]
        return max(shown, default=0)

    @property
    def said(self) -> str:
        """The bars in words, for those who do not see them."""
        men, women = label("gender", Gender.MALE), label("gender", Gender.FEMALE)
        return t("；", "; ").join(f"{age} {men} {a}, {women} {b}" for age, a, b in self.bars)

    @property
    def genders(self) -> list[tuple[str, Shown, Decimal | None]]:
        """Men and women of any age: name, count, and the share where the count may be told."""
        return [
            (label("gender", who), self.table.row(who), self._share(who))
            for who in (Gender.MALE, Gender.FEMALE)
        ]

    def _share(self, who: Gender) -> Decimal | None:
        return self.tally.share(who) if isinstance(self.table.row(who), int) else None

    @property
    def unknown_gender(self) -> Shown:
        return self.table.row(Gender.UNKNOWN)

    @property
    def unknown_age(self) -> Shown:
        return self.table.column(AgeLevel.UNKNOWN)

    @property
    def heads(self) -> list[str]:
        whole = [*(label("gender", who) for who in Gender), t("合計", "Total")]
        if self.times is None:
            return [t("年齡層", "Age"), *whole]
        persons, times = t("人", "pers."), t("次", "times")
        return [
            t("年齡層", "Age"),
            *(f"{one} ({unit})" for unit in (persons, times) for one in whole),
        ]

    @property
    def lines(self) -> list[list[Shown]]:
        levels = (*AGE_LABELS, AgeLevel.UNKNOWN)
        return [self._line(label("age", level), level) for level in levels]

    @property
    def foot(self) -> list[Shown]:
        return self._line(t("合計", "Total"), ALL)

    def _line(self, name: str, level: str) -> list[Shown]:
        tables = [self.table] if self.times is None else [self.table, self.times]
        return [name, *(one.at(who, level) for one in tables for who in (*Gender, ALL))]


def panels(found: Statistics, shown: Tables, links: Links) -> list[Panel]:
    """Reach and click compare persons, redeemed and used pieces: each pair has one scale."""
    audience = [
        Panel(
            "reach",
            Text("曝光", "Seen"),
            PERSONS,
            shown.reach_persons,
            found.reach.persons,
            times=shown.reach_times,
            href=links.reached,
        ),
        Panel(
            "click",
            Text("點擊", "Clicked"),
            PERSONS,
            shown.click_persons,
            found.click.persons,
            times=shown.click_times,
            href=links.clicked,
        ),
    ]
    pieces = [
        Panel(
            "redeemed",
            Text("兌換", "Redeemed"),
            PIECES,
            shown.redeemed,
            found.redeemed,
            href=links.redeemed,
        ),
        Panel("used", Text("核銷", "Used"), PIECES, shown.used, found.used, href=links.used),
    ]
    return [*_to_one_scale(audience), *_to_one_scale(pieces)]


def _to_one_scale(pair: Sequence[Panel]) -> list[Panel]:
    scale = max(1, *(panel.longest for panel in pair))
    return [replace(panel, scale=scale) for panel in pair]


TREND_NAMES: Final = {
    "reach_times": Text("曝光人次", "Times seen"),
    "reach_persons": Text("首次曝光", "First seen"),
    "click_times": Text("點擊次數", "Clicks"),
    "click_persons": Text("首次點擊", "First clicks"),
    "redeemed": Text("兌換", "Redeemed"),
    "used": Text("核銷", "Used"),
}
_COUNTS: Final = attrgetter(*TREND_NAMES)
DRAWN: Final = ("reach_times", "click_times", "redeemed", "used")
"""The measures that are drawn day by day; the table has all."""


def trend_heads() -> list[str]:
    return [t("日期", "Day"), *(str(name) for name in TREND_NAMES.values())]


def trend_rows(trend: Trend) -> list[list[Shown]]:
    """The table of the days, newest first."""
    return [[f"{one.day:%Y/%m/%d}", *_COUNTS(one)] for one in reversed(trend.days)]


def trend_foot(trend: Trend) -> list[Shown]:
    return [t("合計", "Total"), *(trend.total(name) for name in TREND_NAMES)]
