"""Whether an add-on that an admin has opened has answered."""

import uuid
from datetime import datetime

from sqlalchemy import select

from voucherweb.domain.actor import Actor
from voucherweb.models import ConnectFamily
from voucherweb.services.add_ons import get_add_on
from voucherweb.transaction import session


def has_connected(actor: Actor, add_on_id: uuid.UUID | None, since: datetime) -> bool:
    """Whether the add-on has exchanged a token of the admin's sign-in since then; raises FORBIDDEN
    and NOT_EXIST as `get_add_on` does."""
    add_on = get_add_on(actor, add_on_id)
    exchanged = select(ConnectFamily.id).where(
        ConnectFamily.add_on_id == add_on.id,
        ConnectFamily.session_id == actor.session_id,
        ConnectFamily.created_at >= since,
    )
    return bool(session.scalar(select(exchanged.exists())))
