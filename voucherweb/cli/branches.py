"""`branches create`."""

import click
from flask.cli import AppGroup

from voucherweb.cli.command import Answer, command
from voucherweb.domain.actor import OPERATOR
from voucherweb.services.branches import create_branch
from voucherweb.services.ids import parse_id
from voucherweb.services.tenants import need_tenant
from voucherweb.transaction import unit_of_work

branches = AppGroup("branches", help="Places of a tenant where coupons are used.")


@command(branches, "create")
@click.option("--tenant", required=True, help="The id of the tenant.")
@click.option("--code", required=True, help="What partners name it by, once per tenant.")
@click.option("--name", required=True, help="The name that people see.")
def create(tenant: str, code: str, name: str) -> Answer:
    """Create a branch."""
    with unit_of_work():
        made = create_branch(OPERATOR, need_tenant(parse_id(tenant)), code, name)
        return {"id": str(made.id), "code": made.code}
