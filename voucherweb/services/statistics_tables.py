"""Statistics by gender and age as tables that may be shown: small groups hidden where the tenant
wants that. Pages and exports read the same tables."""

from dataclasses import dataclass

from voucherweb.domain.enums import AgeLevel, Gender
from voucherweb.domain.small_groups import Table, table
from voucherweb.services.statistics import Statistics, Tally


@dataclass(frozen=True, slots=True)
class Tables:
    """Rows are genders, columns age levels, both with the unknown ones."""

    redeemed: Table
    used: Table
    reach_persons: Table
    reach_times: Table
    click_persons: Table
    click_times: Table


def tables(found: Statistics, *, hide: bool) -> Tables:
    """`hide` is the tenant's wish. Where persons are not told, neither are their times."""
    reach_persons = _table(found.reach.persons, hide)
    click_persons = _table(found.click.persons, hide)
    return Tables(
        redeemed=_table(found.redeemed, hide),
        used=_table(found.used, hide),
        reach_persons=reach_persons,
        reach_times=_table(found.reach.times, hide, reach_persons),
        click_persons=click_persons,
        click_times=_table(found.click.times, hide, click_persons),
    )


def _table(tally: Tally, hide: bool, people: Table | None = None) -> Table:
    return table(tally.counts, tuple(Gender), tuple(AgeLevel), hide=hide, people=people)
