"""Small groups stay unknown, also to those who can subtract."""

import itertools
import random
from collections.abc import Mapping

import pytest

from voucherweb.domain.small_groups import ALL, HIDDEN, WITHHELD, Cell, Shown, Table, table

ROWS = ("a", "b")
COLUMNS = ("x", "y", "z")


def grid(*counts: int) -> dict[Cell, int]:
    """Counts for two rows of three."""
    return dict(zip(itertools.product(ROWS, COLUMNS), counts, strict=True))


def told(counts: Mapping[Cell, int], *, hide: bool = True, people: Table | None = None) -> Table:
    return table(counts, ROWS, COLUMNS, hide=hide, people=people)


def square(*counts: int, hide: bool = True) -> Table:
    """Two rows of two."""
    named = dict(zip(itertools.product("ab", "xy"), counts, strict=True))
    return table(named, "ab", "xy", hide=hide)


def solutions(shown: Table) -> dict[Cell, set[int]]:
    """Every value of every cell of a square that fits all that is shown, by trying everything."""
    total = shown.total
    assert isinstance(total, int)
    found: dict[Cell, set[int]] = {at: set() for at in shown.cells}
    first = [_could_be(shown.at(*at), total) for at in (("a", "x"), ("a", "y"), ("b", "x"))]
    for a, b, c in itertools.product(*first):
        if a + b + c > total:
            continue
        whole = square(a, b, c, total - a - b - c, hide=False).cells
        if all(whole[at] in _could_be(value, total) for at, value in shown.cells.items()):
            for at, value in whole.items():
                assert isinstance(value, int)
                found[at].add(value)
    return found


def _could_be(value: Shown, total: int) -> range:
    if isinstance(value, int):
        return range(value, value + 1)
    return range(5) if value == HIDDEN else range(5, total + 1)


def test_without_the_wish_everything_is_told() -> None:
    found = told(grid(1, 2, 3, 4, 5, 6), hide=False)
    assert (found.at("a", "x"), found.row("a"), found.column("x"), found.total) == (1, 6, 5, 21)
    assert not found.hides


@pytest.mark.parametrize(("count", "shown"), [(0, HIDDEN), (4, HIDDEN), (5, 5), (60, 60)])
def test_a_group_of_fewer_than_five_is_not_told(count: int, shown: Shown) -> None:
    assert told(grid(count, 9, 9, 9, 9, 0)).at("a", "x") == shown


def test_the_total_is_always_told() -> None:
    found = told(grid(1, 0, 0, 0, 0, 0))
    assert found.total == 1
    assert {value for at, value in found.cells.items() if at != (ALL, ALL)} == {HIDDEN}


def test_a_second_group_is_hidden_where_only_one_would_be() -> None:
    found = told(grid(3, 8, 20, 9, 30, 40))
    row = [found.at("a", column) for column in COLUMNS]
    assert row == [HIDDEN, WITHHELD, 20]
    assert isinstance(found.row("a"), int)


def test_the_sum_of_a_column_is_hidden_before_a_group() -> None:
    """Of groups that are small in one row, the others stay told."""
    found = told(grid(30, 40, 50, 2, 3, 4))
    assert [found.at("a", column) for column in COLUMNS] == [30, 40, 50]
    assert {found.column(column) for column in COLUMNS} == {WITHHELD}


def test_groups_that_are_all_as_large_as_may_be_are_hidden_by_another() -> None:
    """Two groups of 4 at the most that make 8 together can only be 4 and 4."""
    found = told(grid(4, 4, 30, 50, 60, 70))
    assert WITHHELD in {found.at("a", "z"), found.row("a")}


def test_an_empty_group_takes_no_other_with_it() -> None:
    found = told(grid(0, 8, 20, 9, 30, 40))
    assert found.at("a", "x") == HIDDEN
    assert WITHHELD not in found.cells.values()


@pytest.mark.parametrize("seed", range(60))
def test_no_small_group_can_be_computed(seed: int) -> None:
    """Whoever tries every table that fits finds at least two values for each small group."""
    draw = random.Random(seed)
    counts = [draw.randrange(9) for _ in range(4)]
    found, plain = solutions(square(*counts)), square(*counts, hide=False)
    for at, count in plain.cells.items():
        if at != (ALL, ALL) and isinstance(count, int) and 0 < count < 5:
            assert len(found[at]) > 1, (counts, at)


def test_hiding_small_groups_alone_is_not_enough() -> None:
    """What the test above looks for, it finds where only what is small is hidden."""
    plain = square(3, 8, 7, 9, hide=False).cells
    naive = {at: HIDDEN if isinstance(one, int) and one < 5 else one for at, one in plain.items()}
    assert solutions(Table(naive))["a", "x"] == {3}


def test_times_are_not_told_where_the_persons_are_not() -> None:
    persons = told(grid(2, 8, 20, 9, 30, 40))
    times = told(grid(12, 8, 20, 9, 30, 40), people=persons)
    assert times.at("a", "x") == WITHHELD
    assert times.withheld >= persons.withheld


def test_a_cell_that_nobody_counted_is_empty() -> None:
    assert told({}, hide=False).total == 0
