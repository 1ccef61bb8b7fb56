"""`admins create`, `admins invite`, `admins reset`."""

from typing import Any

import click
from flask.cli import AppGroup

from voucherweb.cli.command import Answer, command, settings
from voucherweb.cli.passwords import read_password
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.enums import Role
from voucherweb.services import links, second_factor
from voucherweb.services.admins import create_admin, random_password, reset_password
from voucherweb.services.ids import parse_id
from voucherweb.services.tenants import need_tenant
from voucherweb.transaction import unit_of_work

ROLES = {"platform": Role.PLATFORM_ADMIN, "tenant": Role.TENANT_ADMIN, "clerk": Role.CLERK}

admins = AppGroup("admins", help="People who sign in to manage vouchers.")


@command(admins, "create")
@click.option("--role", required=True, type=click.Choice(list(ROLES)))
@click.option("--tenant", help="The id of the tenant that a tenant's admin or clerk works for.")
@click.option("--account", required=True, help="What the admin signs in with.")
@click.option(
    "--password-stdin",
    is_flag=True,
    required=True,
    help="Read the password (10 characters or more) from the first line of stdin.",
)
def create(role: str, tenant: str | None, account: str, **_stdin: Any) -> Answer:
    """Create an admin."""
    password = read_password()
    with unit_of_work():
        tenant_id = need_tenant(parse_id(tenant)) if tenant is not None else None
        admin = create_admin(OPERATOR, ROLES[role], account, password, tenant_id)
        return {"id": str(admin.id), "account": admin.account}


@command(admins, "invite")
@click.option("--role", required=True, type=click.Choice(list(ROLES)))
@click.option("--tenant", help="The id of the tenant that a tenant's admin or clerk works for.")
@click.option("--account", required=True, help="What the person will sign in with.")
@click.option("--name", required=True, help="The name that people see.")
@click.option("--desk", help="Where a clerk stands.")
def invite(role: str, tenant: str | None, account: str, name: str, desk: str | None) -> Answer:
    """Make an admin who sets the first password by a link.

    The link is shown this once; hand it on by a safe way.
    """
    with unit_of_work():
        tenant_id = need_tenant(parse_id(tenant)) if tenant is not None else None
        admin, secret = links.invite(OPERATOR, ROLES[role], account, name, tenant_id, desk)
        until = links.read_link(secret).expires_at
        return {
            "id": str(admin.id),
            "account": admin.account,
            "link": links.address(settings().public_url, secret),
            "expires": until.isoformat(),
        }


@command(admins, "reset")
@click.option("--account", required=True)
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the new password from the first line of stdin; a random one without it.",
)
@click.option(
    "--drop-second-factor",
    is_flag=True,
    help="Sign in by password alone again: for who lost the code generator and the codes.",
)
def reset(account: str, *, password_stdin: bool, drop_second_factor: bool) -> Answer:
    """Give an admin a new password and end all of his sessions.

    Without --password-stdin the new password is made here and shown this once.
    """
    password = read_password() if password_stdin else random_password()
    with unit_of_work():
        admin = reset_password(OPERATOR, account, password)
        if drop_second_factor:
            second_factor.remove(OPERATOR, admin.id)
        answer = {"id": str(admin.id), "account": admin.account}
    return answer if password_stdin else {**answer, "password": password}
