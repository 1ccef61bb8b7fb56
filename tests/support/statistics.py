"""People who see, click, redeem and use, for tests of statistics, and numbers read off pages."""

import re
import uuid
from datetime import date
from html import unescape

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support import rows
from tests.support.cast import make_member
from voucherweb.config import Settings
from voucherweb.models import Job
from voucherweb.transaction import session, unit_of_work

_ROW = re.compile(r"<tr>(<th scope=\"row\">.*?)</tr>", re.S)
_CELL = re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.S)
_TAG = re.compile(r"<[^>]+>")


def crowd(
    client: FlaskClient,
    settings: Settings,
    offer: str,
    count: int,
    gender: str,
    born: int | None,
    *,
    redeem: bool = True,
) -> None:
    """So many alike see an offer twice and click it; with `redeem` they take a piece, and every
    other one uses it."""
    voucher = uuid.UUID(offer)
    for number in range(count):
        birthdate = date(born, 1, 1) if born else None
        person = make_member(client, settings, gender=gender, birthdate=birthdate)
        member = rows.member_id(person.id)
        rows.engage("R", member, [voucher])
        rows.engage("R", member, [voucher])
        rows.engage("C", member, [voucher])
        if redeem:
            piece = rows.redeem(member, voucher)[1]
            if piece and number % 2:
                rows.use(member, piece)


def tables(html: str) -> list[dict[str, list[str]]]:
    """The rows of every table of a chart, by their first cell."""
    found = re.findall(r'<details class="chart-table">(.*?)</details>', html, re.S)
    return [dict(_row(cells) for cells in _ROW.findall(table)) for table in found]


def _row(cells: str) -> tuple[str, list[str]]:
    name, *values = (text(cell) for cell in _CELL.findall(cells))
    return name, values


def the_job(answer: TestResponse) -> Job:
    """The job to whose page an answer leads."""
    assert answer.status_code == 303, answer.text
    with unit_of_work():
        job = session.get_one(Job, uuid.UUID(answer.location.rpartition("/")[2]))
        session.expunge(job)
        return job


def text(html: str) -> str:
    """What a reader sees of a piece of a page."""
    return " ".join(unescape(_TAG.sub(" ", html)).split())
