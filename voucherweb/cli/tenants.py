"""`tenants create`."""

import click
from flask.cli import AppGroup

from voucherweb.cli.command import Answer, command
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.enums import TenantType
from voucherweb.services.tenants import create_tenant
from voucherweb.transaction import unit_of_work

tenants = AppGroup("tenants", help="Organisations such as hospitals and dealers.")


@command(tenants, "create")
@click.option("--name", required=True, help="The name that people see.")
@click.option("--type", "kind", required=True, type=click.Choice([one.value for one in TenantType]))
@click.option("--code", help="A short name of your own; a random one without it.")
def create(name: str, kind: str, code: str | None) -> Answer:
    """Create a tenant."""
    with unit_of_work():
        tenant = create_tenant(OPERATOR, name, TenantType(kind), code)
        return {"id": str(tenant.id), "code": tenant.code}
