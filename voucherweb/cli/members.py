"""`members create`, `members import`, `members token`."""

from pathlib import Path

import click
from flask.cli import AppGroup

from voucherweb.cli.command import Answer, command, settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.errors import refuse
from voucherweb.models import Member
from voucherweb.services.enrolling import enrol
from voucherweb.services.importing_members import import_members
from voucherweb.services.members import find_member
from voucherweb.services.tokens import MEMBER_LIFE, member_token
from voucherweb.transaction import unit_of_work

members = AppGroup("members", help="App users; an id here is their householdMemberId.")


def need_member(household_id: str) -> Member:
    """Raises NOT_EXIST. What cannot be shown cannot be stored everywhere, and is no id."""
    member = find_member(household_id) if household_id.isprintable() else None
    if member is None:
        raise refuse("NOT_EXIST")
    return member


@command(members, "create")
@click.option("--name", required=True)
@click.option("--gender", help="M or F.")
@click.option("--birthday", help="YYYY-MM-DD.")
@click.option("--phone", required=True, help="6 to 20 digits, with or without a +.")
@click.option("--tenant", help="The id of the tenant that the member belongs to.")
def create(**given: str | None) -> Answer:
    """Create a member with 0 points."""
    fields = {name: value for name, value in given.items() if value is not None}
    today = clock.local_date(clock.now(), settings().timezone)
    with unit_of_work():
        return {"id": enrol(OPERATOR, fields, today).household_member_id}


@command(members, "import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_file(file: Path) -> Answer:
    """Create a member for each line of a CSV file (UTF-8), all of them or none.

    The first row names the columns: name, phone; and, as you have them, gender, birthday,
    tenant (an id) and id (the householdMemberId of the host app).
    """
    today = clock.local_date(clock.now(), settings().timezone)
    with unit_of_work(), file.open(encoding="utf-8-sig", newline="") as lines:
        return {"imported": import_members(OPERATOR, lines, today)}


@command(members, "token")
@click.argument("member_id", metavar="ID")
def token(member_id: str) -> Answer:
    """A member's token, good for 24 hours, as the host app would make it."""
    with unit_of_work():
        need_member(member_id)
    expires = int(MEMBER_LIFE.total_seconds())
    return {"userToken": member_token(settings(), member_id), "expiresIn": expires}
