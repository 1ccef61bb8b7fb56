"""What the objects of the audit log are called now, and whether their pages are the reader's."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.numbering import user_voucher_no
from voucherweb.models import (
    AddOn,
    Admin,
    ApiKey,
    AuthSession,
    Branch,
    Card,
    CouponImport,
    CouponSet,
    Job,
    Member,
    Programme,
    QuotaPurchase,
    Redemption,
    Tenant,
    Vendor,
    Voucher,
)
from voucherweb.services.ids import one_of, parse_id
from voucherweb.services.jobs import KEEP, started_by
from voucherweb.services.masking import mask_name, short_id
from voucherweb.transaction import session

Ref = tuple[str, str]
"""A kind of object and the id of one, as entries hold them."""
Arm = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Thing:
    """An object by its title and number, either empty where it has none. `id` is the one that its
    page has, `above` what that page lies below; `opens` tells whether there is a page that the
    reader may see, as far as the object decides."""

    title: str
    number: str
    id: uuid.UUID
    above: uuid.UUID | None
    opens: bool


def things(actor: Actor, refs: Iterable[Ref]) -> dict[Ref, Thing]:
    """Those of the named objects that are still known, in one query at the most. A tenant's admin
    learns nothing of another tenant's; members are masked for everybody."""
    wanted: dict[str, dict[uuid.UUID, str]] = defaultdict(dict)
    for kind, text in refs:
        found = parse_id(text) if kind in _ARMS else None
        if found:
            wanted[kind][found] = text
    if not wanted:
        return {}
    arms = [_ARMS[kind](actor, list(ids)) for kind, ids in wanted.items()]
    rows = session.execute(union_all(*arms) if len(arms) > 1 else arms[0]).all()
    return {(row.kind, wanted[row.kind][row.id]): _thing(*row) for row in rows}


def _thing(
    kind: str,
    object_id: uuid.UUID,
    title: str | None,
    number: str | None,
    seq: int | None,
    place: uuid.UUID | None,
    above: uuid.UUID | None,
    opens: bool | None,
) -> Thing:
    title, number = title or "", number or ""
    if kind in {"member", "card"}:
        title = mask_name(title)
    if kind == "member":
        number = short_id(number)
    if seq is not None:
        number = user_voucher_no(number, seq) if kind == "redemption" else f"{number}-{seq}"
    return Thing(title, "" if number == title else number, place or object_id, above, bool(opens))


def _own(actor: Actor, tenant_id: Any) -> ColumnElement[bool]:
    return true() if actor.is_platform else tenant_id == actor.tenant_id


def _arm(
    kind: str,
    object_id: Any,
    title: Any,
    number: Any = None,
    *,
    seq: Any = None,
    place: Any = None,
    above: Any = None,
    opens: ColumnElement[bool] | None = None,
) -> Arm:
    return select(
        literal(kind).label("kind"),
        object_id.label("id"),
        cast(null() if title is None else title, Text).label("title"),
        cast(null() if number is None else number, Text).label("number"),
        cast(null() if seq is None else seq, Integer).label("seq"),
        (cast(null(), object_id.type) if place is None else place).label("place"),
        (cast(null(), object_id.type) if above is None else above).label("above"),
        (true() if opens is None else opens).label("opens"),
    )


Ids = list[uuid.UUID]


def _of(kind: str, model: Any, title: Any, number: Any = None) -> Callable[[Actor, Ids], Arm]:
    """Objects that bear their tenant's id."""

    def arm(actor: Actor, ids: Ids) -> Arm:
        # What partners use is looked after by the tenant whose it is, or by the platform.
        own = (
            true() if kind == "campaign" else model.tenant_id.is_not_distinct_from(actor.tenant_id)
        )
        found = _arm(kind, model.id, title, number, opens=own)
        return found.where(one_of(model.id, ids), _own(actor, model.tenant_id))

    return arm


def _vouchers(actor: Actor, ids: Ids) -> Arm:
    stands = Voucher.deleted_at.is_(None)
    found = _arm("voucher", Voucher.id, Voucher.title, Voucher.voucher_no, opens=stands)
    return found.where(one_of(Voucher.id, ids), _own(actor, Voucher.tenant_id))


def _redemptions(actor: Actor, ids: Ids) -> Arm:
    number = Voucher.voucher_no
    found = _arm(
        *("redemption", Redemption.id, Voucher.title, number),
        seq=Redemption.seq,
        above=Redemption.voucher_id,
    )
    return found.join(Voucher, Voucher.id == Redemption.voucher_id).where(
        one_of(Redemption.id, ids), _own(actor, Voucher.tenant_id)
    )


def _vendors(actor: Actor, ids: Ids) -> Arm:
    found = _arm("vendor", Vendor.id, Tenant.name, Vendor.vendor_no)
    return found.join(Tenant, Tenant.id == Vendor.tenant_id).where(
        one_of(Vendor.id, ids), _own(actor, Vendor.tenant_id)
    )


def _purchases(actor: Actor, ids: Ids) -> Arm:
    found = _arm(
        *("purchase", QuotaPurchase.id, Tenant.name, Vendor.vendor_no),
        seq=QuotaPurchase.serial,
        above=Vendor.id,
    )
    joined = found.join(Vendor, Vendor.id == QuotaPurchase.vendor_id)
    return joined.join(Tenant, Tenant.id == Vendor.tenant_id).where(
        one_of(QuotaPurchase.id, ids), _own(actor, Vendor.tenant_id)
    )


def _tenants(actor: Actor, ids: Ids) -> Arm:
    found = _arm("tenant", Tenant.id, Tenant.name, Tenant.code)
    return found.where(one_of(Tenant.id, ids), _own(actor, Tenant.id))


def _admins(actor: Actor, ids: Ids) -> Arm:
    """Whoever is on record is named, as those who act are."""
    name = func.coalesce(Admin.name, Admin.account)
    own = _own(actor, Admin.tenant_id)
    return _arm("admin", Admin.id, name, Admin.account, opens=own).where(one_of(Admin.id, ids))


def _sessions(_actor: Actor, ids: Ids) -> Arm:
    name = func.coalesce(Admin.name, Admin.account)
    found = _arm("session", AuthSession.id, name, Admin.account, opens=false())
    return found.join(Admin, Admin.id == AuthSession.admin_id).where(one_of(AuthSession.id, ids))


def _members(_actor: Actor, ids: Ids) -> Arm:
    found = _arm("member", Member.id, Member.name, Member.household_member_id)
    return found.where(one_of(Member.id, ids))


def _cards(actor: Actor, ids: Ids) -> Arm:
    found = _arm("card", Card.id, Member.name, Card.card_no)
    joined = found.join(Programme, Programme.id == Card.programme_id)
    return joined.join(Member, Member.id == Card.member_id).where(
        one_of(Card.id, ids), _own(actor, Programme.tenant_id)
    )


def _jobs(actor: Actor, ids: Ids) -> Arm:
    """A job has a page while its traces are kept; the platform reads of every tenant's, but opens
    those that it began."""
    fresh = or_(Job.finished_at.is_(None), Job.finished_at > clock.now() - KEEP)
    mine = started_by(actor)
    if not actor.is_platform:
        mine = or_(mine, Job.tenant_id == actor.tenant_id)
    name = func.coalesce(
        Job.params["fileName"].astext, Job.result["fileName"].astext, Job.params["name"].astext
    )
    found = _arm("job", Job.id, name, opens=and_(fresh, mine))
    return found.where(one_of(Job.id, ids), _own(actor, Job.tenant_id))


def _imports(actor: Actor, ids: Ids) -> Arm:
    """An import is called as its file; its page is that of its job."""
    named = cast(CouponImport.id, Text) == Job.result["importId"].astext
    found = _arm(
        *("coupon_import", CouponImport.id, Job.params["fileName"].astext),
        place=Job.id,
        opens=CouponImport.expires_at > clock.now(),
    )
    return found.join(Job, (Job.tenant_id == CouponImport.tenant_id) & named).where(
        one_of(CouponImport.id, ids), _own(actor, CouponImport.tenant_id)
    )


_ARMS: Final[dict[str, Callable[[Actor, Ids], Arm]]] = {
    "add_on": _of("add_on", AddOn, AddOn.name, AddOn.code),
    "admin": _admins,
    "api_key": _of("api_key", ApiKey, ApiKey.name, ApiKey.key),
    "branch": _of("branch", Branch, Branch.name, Branch.code),
    "campaign": _of("campaign", Programme, Programme.name),
    "card": _cards,
    "coupon_import": _imports,
    "coupon_set": _of("coupon_set", CouponSet, CouponSet.name),
    "job": _jobs,
    "member": _members,
    "purchase": _purchases,
    "redemption": _redemptions,
    "session": _sessions,
    "tenant": _tenants,
    "vendor": _vendors,
    "voucher": _vouchers,
}
NAMED: Final = frozenset(_ARMS)
"""The kinds of objects that have a name."""
