"""An answer to a single row of an import brings every count of the page along."""

import pytest
from flask import Flask

from tests.support.sheets import GOOD, address, ended_import, send_row
from tests.support.site import Visitor, tenant_visitor


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return tenant_visitor(app)


def test_the_line_above_the_rows_counts_down_with_them(visitor: Visitor) -> None:
    job_id, _ = ended_import(visitor.tenant_id, good=2, failed=2)
    page = address(job_id)
    assert '<span id="failed-count"><strong>2</strong> 列錯誤' in visitor.text(page)
    answer = send_row(visitor, page, 4, *GOOD)
    assert 'id="failed-count" hx-swap-oob="outerHTML"><strong>1</strong>' in answer.text


def test_one_row_is_one_row_in_english(visitor: Visitor) -> None:
    job_id, _ = ended_import(visitor.tenant_id, good=1, failed=1)
    page = visitor.text(address(job_id), Accept_Language="en")
    assert "<strong>1</strong> refused row</span>" in page
