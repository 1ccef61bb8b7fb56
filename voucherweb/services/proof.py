"""Proves the books: every running total, counter and cell against the rows that it stands for.

Each check is one query over all rows of its subject, `(id, said, should)`: what a row says and
what its entries say it should. All run in one REPEATABLE READ snapshot, so that a proof can run
while the system works (behaviour §10 `books prove`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import text

from voucherweb.services.proof_checks import CHECKS
from voucherweb.services.proof_checks.check import Check
from voucherweb.transaction import session, unit_of_work


@dataclass(frozen=True, slots=True)
class Result:
    """One check: how many rows it looked at, how many are bad, and the first bad one."""

    name: str
    checked: int
    bad: int
    first_bad: str | None


@dataclass(frozen=True, slots=True)
class Proof:
    """`checked` counts the rows looked at over all checks; `first_bad` names the check, the table
    and the id of the first bad row, what it says and what it should say."""

    ok: bool
    checked: int
    first_bad: str | None


Report = Callable[[Result], object]


def prove(report: Report | None = None) -> Proof:
    """Run every check, telling `report` of each as it ends. Opens a unit of work of its own."""
    results: list[Result] = []
    with unit_of_work(snapshot=True):
        _allow_long_reads()
        for check in CHECKS:
            results.append(run_check(check))
            if report:
                report(results[-1])
    return _proof(results)


def _allow_long_reads() -> None:
    """A proof reads whole tables: it may take its time, and sorts in memory where it can."""
    session.execute(text("SET LOCAL statement_timeout = 0"))
    session.execute(text("SET LOCAL work_mem = '64MB'"))


def run_check(check: Check) -> Result:
    """What one check finds, as of the moment of its statement."""
    bad_rows = "said IS DISTINCT FROM should"
    checked, bad = session.execute(
        text(
            f"SELECT count(*), count(*) FILTER (WHERE {bad_rows}) FROM ({check.rows}) AS examined"  # noqa: S608 - the checks are constants of this program.
        )
    ).one()
    if not bad:
        return Result(check.name, checked, 0, None)
    first = session.execute(
        text(
            "SELECT id::text, said::text, should::text"  # noqa: S608 - as above.
            f" FROM ({check.rows}) AS examined WHERE {bad_rows} ORDER BY 1 LIMIT 1"
        )
    ).one()
    told = f"{check.name}: {check.table} {first[0]}: {check.says} {first[1]}, should be {first[2]}"
    return Result(check.name, checked, bad, told)


def _proof(results: Sequence[Result]) -> Proof:
    first_bad = next((one.first_bad for one in results if one.first_bad), None)
    return Proof(first_bad is None, sum(one.checked for one in results), first_bad)
