"""`apikeys create`, `apikeys rotate`, `apikeys revoke`, `apikeys list`."""

import uuid
from datetime import datetime, timedelta

import click
from flask.cli import AppGroup

from voucherweb.cli.command import Answer, Outcome, command
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.partner import ALL_SCOPES, Scope
from voucherweb.errors import invalid
from voucherweb.models import ApiKey
from voucherweb.services.api_keys import create_key, list_keys, revoke_key, rotate_key
from voucherweb.services.ids import parse_id
from voucherweb.services.tenants import need_tenant
from voucherweb.transaction import unit_of_work

apikeys = AppGroup("apikeys", help="Keys of partners' servers for the Open API.")


@command(apikeys, "create")
@click.option("--tenant", help="The id of the tenant whose data the key opens.")
@click.option("--platform", is_flag=True, help="A key of the platform, as the host app's server.")
@click.option("--sandbox", is_flag=True, help="A key that works in the tenant's test data only.")
@click.option("--name", default="API key", show_default=True, help="What people call it.")
@click.option("--scopes", help="What it may do, as points:read,points:write; all without it.")
def create(
    tenant: str | None, *, platform: bool, sandbox: bool, name: str, scopes: str | None
) -> Answer:
    """Create a key. The secret is shown this once."""
    if platform == (tenant is not None):
        raise click.UsageError("Give either --tenant ID or --platform.")
    with unit_of_work():
        tenant_id = need_tenant(parse_id(tenant)) if tenant is not None else None
        made = create_key(OPERATOR, tenant_id, name, _scopes(scopes), sandbox=sandbox)
    return {"id": str(made.id), "api_key": made.api_key, "api_secret": made.api_secret}


def _scopes(text: str | None) -> frozenset[Scope]:
    if text is None:
        return ALL_SCOPES
    try:
        return frozenset(Scope(one.strip()) for one in text.split(",") if one.strip())
    except ValueError:
        known = ", ".join(Scope)
        raise invalid("scopes", f"must be some of {known}", f"須為 {known} 中的項目") from None


@command(apikeys, "rotate")
@click.argument("key")
@click.option(
    "--overlap-hours",
    type=click.IntRange(0, 720),
    default=24,
    show_default=True,
    help="For how long the old secrets still hold; 0 ends them at once.",
)
def rotate(key: str, overlap_hours: int) -> Answer:
    """Give KEY another secret, which is shown this once."""
    with unit_of_work():
        made = rotate_key(OPERATOR, key, timedelta(hours=overlap_hours))
    return {"id": str(made.id), "api_key": made.api_key, "api_secret": made.api_secret}


@command(apikeys, "revoke")
@click.argument("key")
def revoke(key: str) -> Answer:
    """End KEY at once and for good, with all its secrets and tokens."""
    with unit_of_work():
        return _told(revoke_key(OPERATOR, key))


@command(apikeys, "list")
@click.option("--tenant", help="Only the keys of this tenant.")
def list_(tenant: str | None) -> Outcome:
    """List keys, the latest first, with when each was last used."""
    with unit_of_work():
        tenant_id = need_tenant(parse_id(tenant)) if tenant is not None else None
        keys = [_told(one) for one in list_keys(OPERATOR, tenant_id)]
    return Outcome({"keys": keys}, exit_code=0, lines=[_line(one) for one in keys])


def _line(key: Answer) -> str:
    """A key for people: what it is, whose, and whether it is in use."""
    used = f"last used {key['last_used_at']}" if key["last_used_at"] else "never used"
    state = f"revoked {key['revoked_at']}" if key["revoked_at"] else used
    owner = f"tenant {key['tenant']}" if key["tenant"] else "platform"
    return f"{key['api_key']} {key['kind']} {key['name']} ({owner}, {state})"


def _told(key: ApiKey) -> Answer:
    return {
        "api_key": key.key,
        "name": key.name,
        "kind": key.kind,
        "tenant": _id(key.tenant_id),
        "scopes": list(key.scopes),
        "created_at": _at(key.created_at),
        "last_used_at": _at(key.last_used_at),
        "revoked_at": _at(key.revoked_at),
    }


def _id(value: uuid.UUID | None) -> str | None:
    return str(value) if value else None


def _at(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
