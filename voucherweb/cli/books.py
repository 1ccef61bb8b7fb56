"""`books prove`."""

from typing import Any

import structlog
from flask.cli import AppGroup

from voucherweb.cli.command import Outcome, command
from voucherweb.services import proof

log = structlog.get_logger(__name__)

books = AppGroup("books", help="Quota, points, stock and statistics as double entries.")


@command(books, "prove")
def prove() -> Outcome:
    """Recompute every running total from its entries; exit 1 and name the first bad row."""
    proved = proof.prove(_report)
    answer: dict[str, Any] = {"ok": proved.ok, "checked": proved.checked}
    if proved.first_bad is not None:
        answer["firstBad"] = proved.first_bad
    return Outcome(answer, exit_code=0 if proved.ok else 1)


def _report(result: proof.Result) -> None:
    if result.bad:
        log.error("books_wrong", check=result.name, bad=result.bad, first=result.first_bad)
    else:
        log.debug("books_right", check=result.name, checked=result.checked)
