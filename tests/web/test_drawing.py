"""The long parts of charts: where a line runs, and what its table says."""

from decimal import Decimal

import pytest

from voucherweb.web.drawing import line_points, table_rows
from voucherweb.web.language import Text


def test_a_line_runs_over_its_whole_width_and_height() -> None:
    assert line_points([0, 5, 10], 6, 290, 104, 78, 10) == "6.0,104.0 151.0,65.0 296.0,26.0"


@pytest.mark.parametrize(("values", "drawn"), [([], ""), ([0], "6.0,104.0"), ([4], "6.0,26.0")])
def test_a_line_of_one_day_or_none_is_no_error(values: list[int], drawn: str) -> None:
    assert line_points(values, 6, 290, 104, 78, max([*values, 1])) == drawn


def test_rows_begin_with_their_name_and_separate_thousands() -> None:
    rows = table_rows([["2026/11/21", 1234567, Decimal("12.5"), "—"]])
    assert rows == (
        '<tr><th scope="row">2026/11/21</th><td class="num">1,234,567</td>'
        '<td class="num">12.5</td><td class="num">—</td></tr>'
    )


def test_names_and_other_values_are_escaped() -> None:
    assert "<b>" not in table_rows([["<b>", "<b>", Text("<b>", "<b>")]])
