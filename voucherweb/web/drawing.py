"""The long parts of charts: a year's line and the rows of its table, thousands of numbers."""

from collections.abc import Iterable, Sequence
from numbers import Number

from markupsafe import Markup, escape


def line_points(
    values: Sequence[int], left: float, width: float, bottom: float, height: float, top: int
) -> str:
    """`x,y` for each value, evenly from `left` over `width`; 0 lies at `bottom`, `top` above it
    by `height`. All in units of the drawing."""
    step, rise = width / max(len(values) - 1, 1), height / top
    return " ".join(
        f"{left + n * step:.1f},{bottom - value * rise:.1f}" for n, value in enumerate(values)
    )


def table_rows(rows: Iterable[Sequence[object]]) -> Markup:
    """Rows of a table, each beginning with its name; a count has separators, anything else says
    what stands in its place."""
    return Markup("\n".join(map(_row, rows)))  # noqa: S704 - digits, or escaped.


def _row(row: Sequence[object]) -> str:
    # Counts are by far the most, and written here more quickly than by a call for each.
    cells = [f"{one:,}" if type(one) is int else _told(one) for one in row[1:]]
    told = '</td><td class="num">'.join(cells)
    return f'<tr><th scope="row">{escape(row[0])}</th><td class="num">{told}</td></tr>'


def _told(value: object) -> str:
    return f"{value:,}" if isinstance(value, Number) else escape(value)
