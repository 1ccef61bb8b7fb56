"""Names of those whom books and the audit log know by key only."""

import uuid
from collections.abc import Iterable
from typing import Final

from sqlalchemy import func, literal, null, select, union_all

from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.partner import CallerKind
from voucherweb.models import AddOn, Admin, ApiKey, Member
from voucherweb.services.ids import parse_id
from voucherweb.services.jobs import SYSTEM
from voucherweb.services.masking import mask_name, short_id
from voucherweb.services.paging import Rows
from voucherweb.transaction import session

NOT_PERSONS: Final[dict[str, tuple[str, str]]] = {
    SYSTEM: ("系統", "System"),
    OPERATOR.key: ("主機操作員", "Operator"),
}
"""Keys without a row of their own, with their names in zh-TW and English."""


def actor_names(keys: Iterable[str], *, english: bool = False) -> dict[str, str]:
    """What to show for each key, in one query at the most: an admin's name (or account), a
    member's masked name (or a part of the id), the name of a partner's key or add-on, or a word
    for the system and the operator. A key that nothing is known of is shown as it is."""
    names = dict.fromkeys(keys, "")
    ids = {kind: _ids(names, kind) for kind in ("admin", "member", *CallerKind)}
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
    rows: Rows = session.execute(
        union_all(
            select(
                literal("admin").label("kind"),
                Admin.id,
                func.coalesce(Admin.name, Admin.account).label("name"),
                null().label("household"),
            ).where(Admin.id.in_(ids["admin"])),
            select(literal("member"), Member.id, Member.name, Member.household_member_id).where(
                Member.id.in_(ids["member"])
            ),
            select(literal(CallerKind.KEY.value), ApiKey.id, ApiKey.name, null()).where(
                ApiKey.id.in_(ids[CallerKind.KEY])
            ),
            select(literal(CallerKind.ADD_ON.value), AddOn.id, AddOn.name, null()).where(
                AddOn.id.in_(ids[CallerKind.ADD_ON])
            ),
        )
    ).all()
    return {
        f"{kind}:{id_}": mask_name(name) or short_id(household) if kind == "member" else name
        for kind, id_, name, household in rows
    }
