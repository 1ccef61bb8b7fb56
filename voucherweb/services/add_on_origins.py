"""The origins of add-ons that may call contract B from their own pages (CORS)."""

from typing import Final

from voucherweb.services.autocommit import Execute

MAX_ORIGIN: Final = 300


def is_registered_origin(execute: Execute, origin: str) -> bool:
    """Whether an enabled add-on has this origin, spelled as browsers do."""
    if len(origin) > MAX_ORIGIN or not origin.isprintable():
        return False
    statement = "SELECT 1 FROM add_ons WHERE origin = %s AND status = 'ENABLED' LIMIT 1"
    return bool(execute(statement, (origin,)))
