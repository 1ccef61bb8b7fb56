"""Keeps small groups of people from being told, where a tenant wants that: the one place.

A table of counts by two attributes is told with its sums. Groups of fewer than 5 are told as `<5`,
and so are their sums. Where a hidden group could still be computed, from the sums or from the
other groups, further groups are told as `*` until it no longer can. The total of all is always
told: lists and books show it anyway. Nobody can be found behind an empty group, so that one is
told as `<5` as well, but nothing else is hidden for its sake.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

SMALL: Final = 5
"""Groups of fewer people are small."""
HIDDEN: Final = f"<{SMALL}"
WITHHELD: Final = "*"
"""Not small itself, but a small group could be computed from it."""
ALL: Final = ""
"""The row and the column of sums."""

Shown = int | str
"""A count, or `HIDDEN` or `WITHHELD` in its place."""
Cell = tuple[str, str]
"""A row and a column; either may be `ALL`."""
_Line = tuple[Sequence[Cell], Cell]
"""Cells, and the one that holds their sum."""
_Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Table:
    """Counts with all their sums, as they may be shown."""

    cells: Mapping[Cell, Shown]

    def at(self, row: str, column: str) -> Shown:
        return self.cells[row, column]

    def row(self, row: str) -> Shown:
        """The sum of a row."""
        return self.cells[row, ALL]

    def column(self, column: str) -> Shown:
        """The sum of a column."""
        return self.cells[ALL, column]

    @property
    def total(self) -> Shown:
        return self.cells[ALL, ALL]

    @property
    def hides(self) -> bool:
        return any(isinstance(value, str) for value in self.cells.values())

    @property
    def withheld(self) -> frozenset[Cell]:
        """The cells that are not told: what else counts the same people must not tell them."""
        return frozenset(at for at, value in self.cells.items() if isinstance(value, str))


def table(
    counts: Mapping[Cell, int],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    hide: bool,
    people: Table | None = None,
) -> Table:
    """The counts with their sums; a cell that `counts` does not name is 0.

    `people` is the table of the persons behind the counts, when these are times: what is not told
    there is not told here. With `hide` False everything is told.
    """
    whole = _with_sums(counts, rows, columns)
    if not hide:
        return Table(whole)
    behind = people.withheld if people else frozenset()
    ranges = _hidden(whole, behind)
    lines = _lines(rows, columns)
    while (more := _needed(whole, ranges, lines)) is not None:
        ranges[more] = (SMALL, whole[ALL, ALL])
    return Table({at: _shown(count, at in ranges) for at, count in whole.items()})


def _with_sums(
    counts: Mapping[Cell, int], rows: Sequence[str], columns: Sequence[str]
) -> dict[Cell, int]:
    whole = {(row, column): counts.get((row, column), 0) for row in rows for column in columns}
    for cells, at in _lines(rows, columns):
        whole[at] = sum(whole[one] for one in cells)
    return whole


def _lines(rows: Sequence[str], columns: Sequence[str]) -> list[_Line]:
    """Every sum of the table; those of sums last."""
    across = [([(row, column) for column in columns], (row, ALL)) for row in rows]
    down = [([(row, column) for row in rows], (ALL, column)) for column in columns]
    corner = (ALL, ALL)
    sums: list[_Line] = [
        ([(row, ALL) for row in rows], corner),
        ([(ALL, column) for column in columns], corner),
    ]
    return [*across, *down, *sums]


def _hidden(whole: Mapping[Cell, int], behind: Collection[Cell]) -> dict[Cell, _Range]:
    """What is hidden from the start, with what anybody knows of it."""
    most = whole[ALL, ALL]
    hidden: dict[Cell, _Range] = {}
    for at, count in whole.items():
        if at == (ALL, ALL):
            continue
        if count < SMALL:
            hidden[at] = (0, min(SMALL - 1, most))
        elif at in behind:
            hidden[at] = (0, most)
    return hidden


def _shown(count: int, hidden: bool) -> Shown:
    if not hidden:
        return count
    return HIDDEN if count < SMALL else WITHHELD


def _needed(
    whole: Mapping[Cell, int], hidden: Mapping[Cell, _Range], lines: Sequence[_Line]
) -> Cell | None:
    """One more cell that must be hidden, because a hidden group could be computed: the sum of a
    column before a group, which says more; then of those that help the one with most hidden ones
    in its lines, so that few are needed; then the smallest."""
    known = _narrowed(whole, hidden, lines)
    for at in hidden:
        if 0 < whole[at] < SMALL and _is_point(known[at]):
            beside = _gave_away(at, hidden, known, lines)
            if beside:
                near = {one: _hidden_beside(one, hidden, lines) for one in beside}
                return min(beside, key=lambda one: (one[0] != ALL, -near[one], whole[one], one))
    return None


def _hidden_beside(at: Cell, hidden: Collection[Cell], lines: Sequence[_Line]) -> int:
    """How many of the lines through a cell hold a hidden one."""
    through = ({*cells, summed} for cells, summed in lines)
    return sum(at in line and not line.isdisjoint(hidden) for line in through)


def _is_point(found: _Range) -> bool:
    return found[0] == found[1]


def _gave_away(
    wanted: Cell,
    hidden: Mapping[Cell, _Range],
    known: Mapping[Cell, _Range],
    lines: Sequence[_Line],
) -> set[Cell]:
    """The shown cells from which a hidden one can be computed, also by way of other hidden ones."""
    found: set[Cell] = set()
    ways, seen = [wanted], {wanted}
    while ways:
        at = ways.pop()
        before = {**known, at: hidden[at]}
        for line in lines:
            beside = {*line[0], line[1]}
            if at not in beside or not _is_point(dict(_concluded(line, before))[at]):
                continue
            found |= {one for one in beside if one not in hidden and one != (ALL, ALL)}
            further = {one for one in beside if one in hidden and _is_point(known[one])} - seen
            ways.extend(further)
            seen |= further
    return found


def _narrowed(
    whole: Mapping[Cell, int], hidden: Mapping[Cell, _Range], lines: Sequence[_Line]
) -> dict[Cell, _Range]:
    """What can be concluded about every cell from the shown ones and the sums."""
    known = {at: hidden.get(at, (count, count)) for at, count in whole.items()}
    changed = True
    while changed:
        changed = False
        for line in lines:
            for at, found in _concluded(line, known):
                if found != known[at]:
                    known[at], changed = found, True
    return known


def _concluded(line: _Line, known: Mapping[Cell, _Range]) -> Iterator[tuple[Cell, _Range]]:
    """What one sum tells of its cells and of itself."""
    cells, summed = line
    least = sum(known[one][0] for one in cells)
    most = sum(known[one][1] for one in cells)
    low, high = known[summed]
    yield summed, (max(low, least), min(high, most))
    for one in cells:
        a, b = known[one]
        if a != b:
            yield one, (max(a, low - (most - b)), min(b, high - (least - a)))
