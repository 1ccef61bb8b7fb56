"""Addresses of pages as templates ask for them: a list has hundreds that differ in an id only."""

import uuid
from functools import lru_cache
from typing import Any

from flask import request, url_for


def address_of(endpoint: str, **values: Any) -> str:
    """`flask.url_for`. Where all values are ids, its answer for others is kept and filled anew."""
    ids = [one for one in values.values() if type(one) is uuid.UUID]
    if ids and len(ids) == len(values):
        kept = _kept(endpoint, tuple(values), request.root_path)
        if kept is not None:
            return kept.format(*ids)
    return url_for(endpoint, **values)


@lru_cache(maxsize=1024)
def _kept(endpoint: str, names: tuple[str, ...], _mounted_at: str) -> str | None:
    """The address with a gap for each id, in the order of their names; None where an id is not
    written as it is."""
    stand_ins: dict[str, Any] = {name: uuid.uuid4() for name in names}
    found = url_for(endpoint, **stand_ins).replace("{", "{{").replace("}", "}}")
    for n, one in enumerate(stand_ins.values()):
        if str(one) not in found:
            return None
        found = found.replace(str(one), f"{{{n}}}")
    return found
