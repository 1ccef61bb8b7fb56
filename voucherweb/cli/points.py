"""`points grant`."""

import click
from flask.cli import AppGroup

from voucherweb.cli.command import Answer, command
from voucherweb.cli.members import need_member
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.people import Unreadable, read_name
from voucherweb.errors import invalid
from voucherweb.services.points import grant
from voucherweb.transaction import unit_of_work

REASON_MAX = 200

points = AppGroup("points", help="What members pay with.")


@command(points, "grant")
@click.option("--member", "member_id", required=True, help="The member's id.")
@click.option("--points", "amount", required=True, type=int)
@click.option("--reason", help="What the member's statement says.")
def grant_points(member_id: str, amount: int, reason: str | None) -> Answer:
    """Give a member points."""
    told = _checked(reason) if reason is not None else None
    with unit_of_work():
        balance = grant(OPERATOR, need_member(member_id).id, amount, told)
    return {"memberId": member_id, "points": amount, "balance": balance}


def _checked(reason: str) -> str:
    try:
        return read_name(reason, REASON_MAX)
    except Unreadable as error:
        raise invalid("reason", *error.problem) from error
