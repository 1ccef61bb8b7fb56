"""Names of those whom books and the audit log know by key only."""

import uuid
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import SQLColumnExpression, Text, cast, func, literal, null, select, union_all

from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.partner import CallerKind
from voucherweb.models import AddOn, Admin, ApiKey, Member
from voucherweb.services.ids import one_of, parse_id
from voucherweb.services.jobs import SYSTEM
from voucherweb.services.masking import mask_name, short_id
from voucherweb.services.paging import AnySelect, Rows
from voucherweb.transaction import session

NOT_PERSONS: Final[dict[str, tuple[str, str]]] = {
    SYSTEM: ("系統", "System"),
    OPERATOR.key: ("主機操作員", "Operator"),
}
"""Keys without a row of their own, with their names in zh-TW and English."""
_NAMED: Final[dict[str, tuple[SQLColumnExpression[uuid.UUID], Any, Any]]] = {
    "admin": (Admin.id, func.coalesce(Admin.name, Admin.account), cast(null(), Text)),
    "member": (Member.id, Member.name, Member.household_member_id),
    CallerKind.KEY: (ApiKey.id, ApiKey.name, cast(null(), Text)),
    CallerKind.ADD_ON: (AddOn.id, AddOn.name, cast(null(), Text)),
}


def actor_names(keys: Iterable[str], *, english: bool = False) -> dict[str, str]:
    """What to show for each key, in one query at the most: an admin's name (or account), a
    member's masked name (or a part of the id), the name of a partner's key or add-on, or a word
    for the system and the operator. A key that nothing is known of is shown as it is."""
    names = dict.fromkeys(keys, "")
    ids = {kind: _ids(names, kind) for kind in _NAMED}
    if any(ids.values()):
        names |= _read(ids)
    for key, name in names.items():
        if key in NOT_PERSONS:
            names[key] = NOT_PERSONS[key][english]
        elif not name:
            names[key] = key
    return names


def _ids(keys: Iterable[str], kind: str) -> list[uuid.UUID]:
    """The ids in the keys of that kind, but for those that are nobody's."""
    parts = (key.partition(":") for key in keys if key not in NOT_PERSONS)
    return [found for head, _, tail in parts if head == kind and (found := parse_id(tail))]


def _read(ids: dict[str, list[uuid.UUID]]) -> dict[str, str]:
    arms = [_arm(kind, found) for kind, found in ids.items() if found]
    rows: Rows = session.execute(union_all(*arms) if len(arms) > 1 else arms[0]).all()
    return {
        f"{kind}:{id_}": mask_name(name) or short_id(household) if kind == "member" else name
        for kind, id_, name, household in rows
    }


def _arm(kind: str, ids: list[uuid.UUID]) -> AnySelect:
    id_, name, household = _NAMED[kind]
    columns = literal(kind).label("kind"), id_, name.label("name"), household.label("household")
    return select(*columns).where(one_of(id_, ids))
