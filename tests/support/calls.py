"""Lines of the log of partners' calls, as tests write them."""

import uuid
from datetime import timedelta
from typing import Any

from voucherweb.domain import clock
from voucherweb.models import ApiKey, PartnerCall
from voucherweb.transaction import session, unit_of_work


def make_key(tenant_id: str | None, name: str = "診間系統", kind: str = "LIVE") -> str:
    """A key of a tenant, or without one of the platform; its name in the books."""
    with unit_of_work():
        key = ApiKey(
            key=f"vk_test_{uuid.uuid4().hex}",
            tenant_id=uuid.UUID(tenant_id) if tenant_id else None,
            kind=kind,
            name=name,
            scopes=[],
            created_by="test",
        )
        session.add(key)
        session.flush()
        return f"key:{key.id}"


def log_call(tenant_id: str | None, caller: str, **said: Any) -> int:
    """One line of the log, answered a minute ago unless `said` tells otherwise; its id."""
    line: dict[str, Any] = {
        "at": clock.now() - timedelta(minutes=1),
        "request_id": uuid.uuid4().hex,
        "method": "POST",
        "path": "/v2/connect/burn/points",
        "status": 201,
        "ms": 12,
        "address": "203.0.113.7",
        **said,
    }
    with unit_of_work():
        call = PartnerCall(
            tenant_id=uuid.UUID(tenant_id) if tenant_id else None, caller=caller, **line
        )
        session.add(call)
        session.flush()
        return call.id
