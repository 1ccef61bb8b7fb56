"""What a partner is told about itself: its plan, its registration, whose data it works on."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from voucherweb.domain import clock
from voucherweb.domain.partner import CallerKind, Partner
from voucherweb.errors import refuse
from voucherweb.models import PLATFORM_OWNER
from voucherweb.services.add_ons import PlanStatus, plan_status
from voucherweb.services.autocommit import Execute

PLATFORM_CODE: Final = "PLATFORM"
_TENANT: Final = "SELECT t.id, t.code, t.name FROM tenants t WHERE t.id = %s"
_ADD_ON: Final = """
SELECT t.id, t.code, t.name, a.plan_id, a.plan_name, a.plan_start, a.plan_end, a.id, a.code,
       a.name, a.app_connect_id, a.config
FROM add_ons a JOIN tenants t ON t.id = a.tenant_id WHERE a.tenant_id = %s AND a.id = %s
"""


@dataclass(frozen=True, slots=True)
class Business:
    """The tenant worked on (a sandbox key's twin), or the platform."""

    id: uuid.UUID
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class AddOnConfig:
    """An add-on's plan and registration; `config` never holds a secret."""

    plan_id: uuid.UUID
    plan_name: str
    plan_status: PlanStatus
    plan_start: datetime | None
    plan_end: datetime | None
    id: uuid.UUID
    code: str
    name: str
    app_connect_id: uuid.UUID
    config: dict[str, Any]


def extension_config(execute: Execute, partner: Partner) -> tuple[AddOnConfig | None, Business]:
    """The add-on (None for a key) and the business, by one statement at the most (contract B
    call 5). Raises NOT_EXIST when the add-on is gone meanwhile."""
    if partner.is_platform:
        return None, Business(PLATFORM_OWNER, PLATFORM_CODE, "平台")
    if partner.kind is CallerKind.KEY:
        rows = execute(_TENANT, (partner.owner_id,))
    else:
        rows = execute(_ADD_ON, (partner.tenant_id, partner.id))
    if not rows:
        raise refuse("NOT_EXIST")
    row = rows[0]
    business = Business(*row[:3])
    return (_config(row[3:]) if len(row) > len(("id", "code", "name")) else None), business


def _config(row: Any) -> AddOnConfig:
    plan_id, plan_name, start, end, *registered = row
    status = plan_status(start, end, clock.now())
    return AddOnConfig(plan_id, plan_name, status, start, end, *registered)
